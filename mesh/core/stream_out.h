/* The sender's side of one stream: what is queued, what was sent, and how far the receiver has come with it.
 *
 *      base            received         cursor           high
 *   ----|-----------------|----------------|---------------|- - - - - - - - -
 *    settled   handled or    in flight, or    to be sent     queued: no number
 *              in keeping    lost             again          yet
 *   |<----------------------- sent ----------------------->|<--- queue --->
 *
 * A message gets its number when it is first sent, so one that expires before that just vanishes. Numbers never have
 * holes: a sent message that is settled before the receiver's word leaves a SKIP in its place. A large message follows
 * its chunks, records without a fate of their own, each with a number and a slice; it carries the last slice itself, and
 * when it is settled early with only some of them sent, a SKIP tells the receiver that no more will come. The cursor goes back to
 * `received` when frames were lost. Small messages queue up in runs (message.h), so a mark or the cursor may stand within one;
 * the last one sent may be sent in part: its rest is queued, though the run stands in `sent`. An epoch names one life of the stream at its receiver; it is 0 until the first frame of
 * that life is made, and numbers go on across epochs. Rules D3, D5, D7a, D8, D14.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_CORE_STREAM_OUT_H
#define MESH_CORE_STREAM_OUT_H

#include "mesh/base/deadlines.h"
#include "mesh/base/list.h"
#include "mesh/core/message.h"

struct stream_out {
    struct mesh_address sender, target;
    uint64_t epoch;
    uint64_t base, received, high;
    struct message_list sent, queue;
    struct message *resume; /* stands for the first number sent after `received`; NULL when there is none */
    struct message *cursor; /* stands for the next number to send again; NULL when there is none */
    uint64_t cursor_seq;    /* that number */
    size_t flight_bytes;    /* payload between `received` and the cursor */
    size_t waiting_bytes;   /* payload behind the cursor, queued ones included */
    size_t queued, unsettled;
    uint64_t credit_seq;   /* highest number that may be sent */
    uint64_t credit_bytes; /* payload that may follow `received` */
    uint64_t probe, echo;  /* highest asked and answered; the ack that echoes a probe saw all that was sent before it */
    uint64_t expiry_ns;    /* no message expires earlier */
    uint64_t lost_peer;    /* the process that was lost with what had been sent to it; 0 for none */
    bool halfway;          /* what is first in the queue goes on with the message whose chunk was sent last */
    bool probe_wanted, closing;
    bool reopened;  /* while it was closing, and not sent on since: its receiver may know it though it has no epoch */
    bool passed_on; /* the target has forwarded an ask: its end says nothing */

    /* Where delivery keeps it, and when it next looks at it. */
    struct actor *actor; /* the sender; NULL when it was forgotten and the stream only closes */
    struct route *route;
    struct list_node of_actor, of_route, ready, resolving;
    struct deadline deadline;
    uint64_t overdue_ns, patience_ns; /* when to probe, and how long to wait after that */
    uint64_t idle_ns;                 /* when to close */
    uint64_t watch_ns;                /* until when somebody waits for the end of its target (D11); 0: nobody does */
    unsigned unanswered;              /* probes, or closes, since the last word */
};

struct stream_credit {
    size_t messages, bytes;
};

void stream_out_init(struct stream_out *stream, struct mesh_address sender, struct mesh_address target,
                     struct stream_credit first);

/* Queues a message, or a record for a slice of the one behind it; `slice_bytes` of its payload go under its number. */
void stream_out_push(struct stream_out *stream, struct message *message, size_t slice_bytes);

/* Queues a copy of the draft in a run, when it may stand in one and at least `run_min` are queued: whoever sends one now and
 * then does not pay for the room of many. False when it has to stand by itself. */
bool stream_out_push_into_run(struct stream_out *stream, struct message_pool *pool, const struct message *draft,
                              size_t run_min);

/* What goes under one number: an entry of a run, or what of a message has the place `entry` 0. Or under `count` of them. */
struct stream_place {
    struct message *message; /* NULL when there is none or the credit is used up */
    uint32_t entry;
    size_t count, bytes;
};

/* What may be sent next: one number. */
struct stream_place stream_out_next(const struct stream_out *stream);

/* Extends it over what may follow in the same run, to `count_max` numbers and `bytes_max` of payload in all. */
void stream_out_extend(const struct stream_out *stream, struct stream_place *place, size_t count_max, size_t bytes_max);

/* That is being sent; it gets its numbers when this is the first time. True when it was sent before. */
bool stream_out_sent(struct stream_out *stream, const struct stream_place *place);

/* The receiver has taken everything up to `received`, which is at least what it had and at most `high`. */
void stream_out_received(struct stream_out *stream, uint64_t received, uint64_t credit_seq, uint64_t credit_bytes);

/* Sends again from `received` on. */
void stream_out_rewind(struct stream_out *stream);

/* Everything sent has to be sent again, to a receiver that knows nothing of it, in a new epoch. */
void stream_out_restart(struct stream_out *stream, struct stream_credit first);

/* The message, or the run, that stands for the lowest unsettled number, if the receiver has received that; else NULL. */
struct message *stream_out_lowest(const struct stream_out *stream);

/* The `count` lowest numbers, which one message stands for and the receiver has received, are settled. Gives that message when it has
 * left the stream by that; a run whose other entries stay gives NULL. */
struct message *stream_out_pass(struct stream_out *stream, size_t count);

/* The receiver has handled these numbers out of turn, all of which it has received: moves what has none but these to `out`, and leaves a SKIP
 * in its place, one for all in a row. Without memory for that it stays. */
void stream_out_take_ahead(struct stream_out *stream, const struct frame_range *range, struct message_pool *pool,
                           struct message_list *out);

/* Makes sure that what is in `sent` was sent: the rest of a run goes back into the queue. False without memory. */
bool stream_out_part(struct stream_out *stream);

/* Moves to `out` what has expired by `now_ns` of the queue and, if `sent_too`, of what was sent, and finds out when the
 * next will (D8). */
void stream_out_expire(struct stream_out *stream, uint64_t now_ns, bool sent_too, struct message_pool *pool,
                       struct message_list *out);

/* Moves everything to `out` that was sent, and if `all` what is queued too. Of a run that was sent in part, all counts as sent when
 * there is no memory to part it. */
void stream_out_drop(struct stream_out *stream, bool all, struct message_list *out);

/* Whether a sender that is gone need not stay for it (D14). */
static inline bool stream_out_is_received(const struct stream_out *stream) {
    return stream->queued == 0 && stream->received == stream->high;
}

#endif
