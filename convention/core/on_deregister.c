/* Deregister: a member leaves (S1E), the leader leaves (S1F), or the leader wants this node no more (S2G) or not at all.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/convention_state.h"
#include "mesh/base/time.h"

static void on_candidate_left(struct convention *convention, struct candidate *candidate) {
    convention_contact_reset(&candidate->contact);
    convention_contact_again(convention, &candidate->contact, convention_restart_span(convention));
    convention->abandoned = convention->invited && !convention->leader && convention->candidates_count == 1;
}

/* The others were told that this node is gone, so they are gone for it. */
static void on_dismissal(struct convention *convention) {
    for (size_t i = convention->members.count; i-- > 0;) {
        if (convention->members.items[i] != convention->self) {
            convention_remove_member(convention, convention->members.items[i], "this node was deregistered");
        }
    }
    convention->abandoned = convention->invited;
}

/* An invited node belongs to whoever of its leaders leads now, whether it knows that already or not. */
static void on_refusal(struct convention *convention, struct candidate *candidate,
                       const struct frame_deregister *frame) {
    char reason[LOG_BYTES];
    struct text_builder text = text_builder(reason, sizeof reason);
    text_append_escaped(&text, frame->reason);
    convention_log(convention, "the leader at %s refused this node: %s", candidate->contact.endpoint, reason);
    convention_contact_again(convention, &candidate->contact, convention_restart_span(convention));
    if (convention->invited) {
        on_dismissal(convention);
    }
}

void convention_on_deregister(struct convention *convention, uint64_t peer, const struct frame_deregister *frame) {
    struct member *member = members_find(&convention->members, peer);
    struct candidate *candidate = convention_candidate(convention, peer);
    if (candidate && !frame->dismissed) {
        candidate->lost = true; /* nobody has to wait for its silence */
    }
    if (member && convention_watches(convention, member)) {
        if (frame->dismissed && !convention->acting) {
            on_dismissal(convention);
        } else {
            convention_remove_member(convention, member, "left");
        }
    } else if (candidate && !convention->acting) {
        if (frame->dismissed) {
            on_refusal(convention, candidate, frame);
        } else {
            on_candidate_left(convention, candidate);
        }
    }
}
