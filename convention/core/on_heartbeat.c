/* Heartbeat: a sign of life, and the leader's word about itself.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/convention_state.h"

/* A leader that entered another epoch has another roster. */
void convention_on_heartbeat(struct convention *convention, uint64_t peer, const struct frame_heartbeat *frame) {
    if (peer == convention->leader && !convention->acting && frame->acting && frame->epoch != convention->epoch) {
        convention_ask_roster(convention);
    }
}
