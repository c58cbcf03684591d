/* Deregister: a member leaves (S1E), the leader leaves (S1F), or the leader refuses a registration.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/convention_state.h"
#include "mesh/base/time.h"

static void on_refusal(struct convention *convention, struct candidate *candidate,
                       const struct frame_deregister *frame) {
    char reason[LOG_BYTES];
    struct text_builder text = text_builder(reason, sizeof reason);
    text_append_escaped(&text, frame->reason);
    convention_log(convention, "the leader at %s refused this node: %s", candidate->endpoint, reason);
    convention_set_alarm(convention, &candidate->alarm,
                         time_add(convention->now_ns, convention_restart_span(convention)));
}

void convention_on_deregister(struct convention *convention, uint64_t peer, const struct frame_deregister *frame) {
    struct member *member = members_find(&convention->members, peer);
    struct candidate *candidate = convention_candidate(convention, peer);
    if (member && convention_watches(convention, member)) {
        convention_remove_member(convention, member, "left");
    } else if (candidate) {
        on_refusal(convention, candidate, frame);
    }
}
