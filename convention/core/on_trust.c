/* Trust: words on keys, from the leader to its members, and from a member to its leader (S7H).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/convention_state.h"

void convention_on_trust(struct convention *convention, uint64_t peer, const struct frame_trust *frame) {
    bool heeded = members_find(&convention->members, peer) && (convention->acting || peer == convention->leader);
    if (!convention->trust || !heeded) {
        return;
    }
    enum mesh_status status = convention_take_keys(convention, peer, frame->keys, frame->keys_count);
    if (status) {
        convention_log(convention, "not all that another node knows of keys is taken over: %s",
                       mesh_status_text(status));
    }
}
