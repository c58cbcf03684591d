/* Passage: how frames get to a process that cannot be called: through its admin, or through the admins of both nodes.
 *
 *   direct           X ------------------------------> Y
 *   receiver's side  X ----------> admin of Y -------> Y     `admin_routing`: of Y's node only the admin can be called
 *   both sides       X -> admin of X -> admin of Y --> Y     `outbound_only`: of Y's node nobody can; its admin calls others
 *
 * Which one it is stands in the address's record, as the endpoint of Y's process; what goes back to X takes the way that the
 * endpoint of X's process names. Admins pass frames on unread, so that acks are end to end, and keep what cannot go at once in
 * bounded queues; what finds no room is dropped and its origin told, which goes on later (D10). The origin asks first whether the
 * way is open, and again as it goes, and is never further ahead of the answers than a window. An admin that has no link to the
 * target's admin lets the leader, its relay, pass on: two nodes that cannot be called reach each other so.
 *
 *   at the origin   OPENING --asked, open--> UP --full, closed, silent--> WAITING --back-off over--> OPENING
 *                                            '--gone--> lost: its streams are resolved anew
 *
 * Pure. Rules S8A to S8F.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_CORE_PASSAGE_H
#define MESH_CORE_PASSAGE_H

#include "mesh/base/list.h"
#include "proto/body.h"
#include <mesh/status.h>

/* ---- its text ---- */

enum {
    PASSAGE_BYTES = 32, /* of the text, its terminator included, in front of an endpoint */
    PASSAGE_HOPS = 2,   /* so many admins pass a frame on to another one at most */
};

/* What an endpoint says that is none to connect to: "admin://NODE/tcp://10.0.0.1:1900", or "admin://NODE". */
struct passage {
    uint64_t node;         /* incarnation of the admin that passes on */
    struct bytes endpoint; /* where it can be called; empty: nowhere */
};

/* False for a plain endpoint. */
bool passage_read(struct bytes text, struct passage *out);

/* Writes the text of one; `endpoint` may be empty. MESH_TOO_LARGE when it does not fit. */
MESH_MUST_USE enum mesh_status passage_print(uint64_t node, const char *endpoint, char *out, size_t bytes);

/* ---- what an admin does with a frame ---- */

/* What it knows. */
struct passage_view {
    uint64_t own;      /* this admin */
    uint64_t from;     /* who has brought the frame */
    bool from_here;    /* that is a process of this node */
    bool target_here;  /* so is the target */
    bool origin_known; /* as a peer: a member, or one that has said hello */
    bool node_linked;  /* there is a link to the target's admin */
    uint64_t relay;    /* who passes on to admins to which there is no link; 0: nobody */
};

enum passage_step {
    PASSAGE_FORGED,    /* who brought it may not say that: dropped, and nobody is told */
    PASSAGE_ARRIVED,   /* it is for this admin */
    PASSAGE_UNKNOWN,   /* so it is, but from an admin that is not known: dropped */
    PASSAGE_TO_TARGET, /* a process of this node */
    PASSAGE_TO_NODE,   /* the target's admin */
    PASSAGE_TO_RELAY,
    PASSAGE_CLOSED, /* there is no way at present */
    PASSAGE_GONE,   /* there is no such process here: only the admin of its node knows */
};

/* An admin that is not known has most likely just left. It is to be no peer again: its node may be followed by another at the same endpoint, to
 * which there must not be two links. */
enum passage_step passage_judge(const struct passage_view *view, const struct frame_forward *forward);

/* ---- how far the origin may be ahead ---- */

#define PASSAGE_WINDOW_BYTES ((uint64_t)1024 * 1024)

/* Counts bytes since the process began, so that an old answer is known as one. Zeroed, nothing was asked yet. */
struct passage_window {
    uint64_t sent, asked, answered;
};

static inline bool passage_window_is_open(const struct passage_window *window) {
    return window->sent - window->answered < PASSAGE_WINDOW_BYTES;
}

/* A question alone: gives its number. */
uint64_t passage_window_ask(struct passage_window *window);

/* So much goes out: gives the number that its frame asks with, 0 when it need not ask. */
uint64_t passage_window_send(struct passage_window *window, size_t bytes);

/* The way begins anew: what is under way counts as lost. Gives the number of the question that opens it. */
uint64_t passage_window_reopen(struct passage_window *window);

/* An answer came: whether that was to the last question. */
bool passage_window_answer(struct passage_window *window, uint64_t number);

/* ---- what waits at an admin for one link ---- */

#define PASSAGE_QUEUE_BYTES ((size_t)4 * 1024 * 1024)
#define PASSAGE_TOTAL_BYTES ((size_t)64 * 1024 * 1024) /* in all queues of an admin */

/* A frame that waits; it holds its parts. */
struct passage_item {
    struct list_node queued;
    uint64_t from;
    struct frame_forward forward;
    size_t bytes;
    struct part *parts[]; /* behind them the origin's endpoint */
};

struct passage_queue {
    struct list items;
    size_t bytes;
    size_t *total; /* of all queues, borrowed */
};

void passage_queue_init(struct passage_queue *queue, size_t *total);
void passage_queue_fini(struct passage_queue *queue);

static inline bool passage_queue_is_empty(const struct passage_queue *queue) {
    return list_is_empty(&queue->items);
}

/* Keeps a copy of the frame. One origin gets half of the room that there is, so that a flood leaves some to the others. MESH_FULL,
 * MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status passage_queue_push(struct passage_queue *queue, uint64_t from,
                                                  const struct frame_forward *forward);

/* The first one, which stays in the queue until it is dropped; NULL when there is none. */
const struct passage_item *passage_queue_first(const struct passage_queue *queue);
void passage_queue_drop_first(struct passage_queue *queue);

#endif
