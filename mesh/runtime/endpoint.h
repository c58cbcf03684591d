/* The inside of an endpoint: where a thread of a node program tells, asks and listens (D11, D12).
 *
 * An endpoint is an actor of the program's delivery without a handler. What comes for it waits in its mailbox: the answer
 * to the ask that a thread waits in is picked out as it arrives, anything else stays until a listen takes it, and only
 * then is settled as handled. An exit request is refused as it arrives (C6).
 *
 * Acks are cumulative, so while an unread message waits, no answer behind it is settled at its sender either; before
 * that fills the sender's window, what was overtaken too often is taken in: handled, and set aside for listen.
 *
 * Everything here is under the process's baton.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_ENDPOINT_H
#define MESH_RUNTIME_ENDPOINT_H

#include "mesh/core/message.h"
#include <mesh/endpoint.h>

enum { ENDPOINT_ASIDE_MAX = 65536, ENDPOINT_OVERTAKEN_MAX = 1024 };

enum endpoint_ask {
    ENDPOINT_ASK_NONE,
    ENDPOINT_ASK_OPEN,   /* waits for its reply, or may be resumed */
    ENDPOINT_ASK_FAILED, /* `ask_failed` says why */
};

struct mesh_endpoint {
    struct mesh_node *node;
    struct mesh_address address;
    uint64_t rooms; /* counts up whenever the window has room again; POST_CLOSED at the end */
    unsigned users; /* threads that are in a call */
    bool closing, drained;
    bool receiving;   /* a thread is in ask or listen */
    unsigned waiting; /* threads that wait for it to be through */

    bool may_have_mail; /* the mailbox was told to have something since it was last found empty */
    struct mesh_message *aside, **aside_tail;
    size_t aside_count;
    unsigned overtaken; /* by answers, since the mailbox was last found empty */

    enum endpoint_ask ask_state;
    bool asking; /* a thread waits for the reply */
    uint64_t ask_id;
    struct mesh_message *ask_reply, *ask_failed;
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

/* ---- for ask and listen ---- */

/* From now on, until `asking` is lowered, the reply to the open ask is picked; it may be here already. */
void endpoint_await(struct mesh_endpoint *endpoint);

/* The next message for listen, which is handled by that; NULL when there is none. */
struct mesh_message *endpoint_take(struct mesh_endpoint *endpoint);

/* ---- what the process tells ---- */

void endpoint_on_mail(struct mesh_endpoint *endpoint);
void endpoint_on_room(struct mesh_endpoint *endpoint);

/* What came back ends the ask that it belongs to; a poison that belongs to none waits for listen. The message stays the
 * caller's. */
void endpoint_on_failed(struct mesh_endpoint *endpoint, const struct message *message);

/* The node is gone: whoever waits for room is told. */
void endpoint_on_gone(struct mesh_endpoint *endpoint);

#endif
