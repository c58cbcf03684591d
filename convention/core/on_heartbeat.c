/* Heartbeat: a sign of life, and the leader's word about itself.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/convention_state.h"

static void on_leaders_word(struct convention *convention, const struct frame_heartbeat *frame) {
    if (!frame->acting) {
        convention_set_leader(convention, 0);
        convention_call_candidates(convention);
    } else if (frame->epoch != convention->epoch) {
        convention_ask_roster(convention);
    }
}

/* A leader that entered another epoch has another roster; one that leads no more has given way to one before it (S6B). */
void convention_on_heartbeat(struct convention *convention, uint64_t peer, const struct frame_heartbeat *frame) {
    struct candidate *candidate = convention_candidate(convention, peer);
    convention->highest_epoch = frame->epoch > convention->highest_epoch ? frame->epoch : convention->highest_epoch;
    if (candidate) {
        convention_on_candidates_word(convention, candidate, frame);
    }
    if (convention->acting) {
        return;
    }
    if (peer == convention->leader) {
        on_leaders_word(convention, frame);
    } else if (candidate && frame->acting && convention_may_lead(convention, candidate)) {
        candidate->first_time = true;
        convention_register(convention, candidate, true);
    }
}
