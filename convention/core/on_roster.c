/* Roster at a member: the leader's numbered changes.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/convention_state.h"

static void apply(struct convention *convention, const struct frame_roster *frame) {
    for (size_t i = 0; i < frame->left_count; i++) {
        struct member *member = members_find(&convention->members, frame->left[i]);
        if (member && convention_watches(convention, member)) {
            continue; /* the leader cannot leave by its own roster */
        }
        if (member && member != convention->self) {
            convention_remove_member(convention, member, "left or lost");
        }
    }
    for (size_t i = 0; i < frame->joined_count && i < convention->members.max; i++) {
        convention_learn_member(convention, &frame->joined[i]);
    }
    convention->number = frame->number;
}

void convention_on_roster(struct convention *convention, uint64_t peer, const struct frame_roster *frame) {
    if (convention->acting || peer != convention->leader) {
        return;
    }
    if (frame->epoch != convention->epoch || frame->since > convention->number) {
        convention_ask_roster(convention);
    } else if (frame->number > convention->number) {
        apply(convention, frame);
    }
}
