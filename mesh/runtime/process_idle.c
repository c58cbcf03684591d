/* Which link of a process can be done without, when there are no descriptors for a new one (S9C).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/process_inside.h"

/* Whether its link can be done without at present: it is opened again as soon as something is to be sent. */
static bool is_idle(const struct process *process, const struct peer *peer) {
    return peer->state == PEER_UP && peer->link && peer->link->ready && !peer->back && peer != process->admin &&
           peer->incarnation != process->relay && list_is_empty(&peer->carried) &&
           passage_queue_is_empty(&peer->queue) && !list_is_linked(&peer->flush) && !list_is_linked(&peer->lazy) &&
           delivery_is_idle_with(process->delivery, peer->incarnation);
}

bool process_close_least_used(struct process *process) {
    struct peer *least = NULL;
    size_t place = 0;
    for (struct peer *peer; (peer = peers_next(&process->peers, &place));) {
        if (is_idle(process, peer) && (!least || peer->used < least->used)) {
            least = peer;
        }
    }
    if (least) {
        process_link_drop(process, least);
    }
    return least != NULL;
}
