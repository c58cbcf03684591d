/* The inside of an endpoint: where a thread of a node program tells, asks and listens (D11, D12): an inbox, and who waits at it.
 *
 * Everything here is under the process's baton.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_ENDPOINT_H
#define MESH_RUNTIME_ENDPOINT_H

#include "mesh/runtime/inbox.h"
#include <mesh/endpoint.h>

struct mesh_endpoint {
    struct mesh_node *node;
    struct inbox inbox;
    uint64_t rooms; /* counts up whenever the window has room again; POST_CLOSED at the end */
    unsigned users; /* threads that are in a call */
    bool closing, drained;
    bool receiving;   /* a thread is in ask or listen */
    unsigned waiting; /* threads that wait for it to be through */
};

/* Opens one with that address. MESH_NO_MEMORY, MESH_FULL. */
MESH_MUST_USE enum mesh_status endpoint_open(struct mesh_node *node, struct mesh_address address,
                                             struct mesh_endpoint **out);

/* Lets nobody in any more, waits until nobody is left inside, and closes the mailbox: what is unread is dead. */
void endpoint_begin_close(struct mesh_endpoint *endpoint);

/* Whether what it sent is received (D14), or never will be. */
bool endpoint_is_drained(void *endpoint);

/* Forgets it. */
void endpoint_destroy(struct mesh_endpoint *endpoint);

/* ---- what the process tells ---- */

void endpoint_on_room(struct mesh_endpoint *endpoint);

/* The node is gone: whoever waits for room is told. */
void endpoint_on_gone(struct mesh_endpoint *endpoint);

#endif
