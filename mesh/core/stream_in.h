/* The receiver's side of one stream: what was taken, what became of it, and what the sender is told.
 *
 *     base            handled           received
 *   ---|-----------------|------------------|- - - - - ->
 *      every number settled:  in the mailbox,   credit
 *      handled, or `listed`   or `ahead`
 *
 * Only the next number is taken (D5); what comes again is a duplicate (D4), what comes too early is a gap. A message
 * that was settled in another way than by handling is kept in `listed` until the sender's base has passed it, so that
 * any ack can be lost. One that was settled out of turn, urgent, picked or expired, waits in `ahead` for the handled mark; that it was
 * handled is told before. When
 * the actor ends, all that it had not settled is dead at once, without a record for each: every number after
 * `dead_after` that is not listed. Rules D2, D4, D5, D7a, D14.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_CORE_STREAM_IN_H
#define MESH_CORE_STREAM_IN_H

#include "mesh/base/list.h"
#include "mesh/core/assembly.h"
#include "mesh/core/mailbox.h"

enum stream_want { STREAM_WANTS_NOTHING, STREAM_WANTS_LAZY_ACK, STREAM_WANTS_ACK };

struct stream_in {
    struct mesh_address sender, target;
    uint64_t epoch;
    uint64_t base, handled, received;
    struct message_list listed; /* by number, up to `handled` */
    struct message_list ahead;  /* by number, beyond `handled`; what was handled in a row is one record */
    size_t kept;                /* records in both */
    size_t in_mailbox;          /* and in the handler's hands */
    bool dead;
    enum frame_reason dead_reason;
    uint64_t dead_after;

    uint64_t credit_seq;   /* highest number granted */
    uint64_t credit_bytes; /* payload granted after `received` */
    uint64_t echo;         /* highest probe seen */
    bool dropped;          /* something was, which has not been told */
    uint64_t told_gap;     /* `received` when a gap was last told of; once for each */
    uint64_t listing_from; /* the next ack goes on from there, for the last had no room for all; else 0 */
    uint64_t ahead_told;   /* the next ack goes on behind that with what is ahead; 0: from the first */
    uint64_t eager_received, eager_handled; /* an ack should not wait for company from here on */
    uint64_t eager_bytes;                   /* nor when less credit than this is left */

    /* Where delivery keeps it. */
    struct peer *peer;  /* NULL when the stream is over and only its last messages are left */
    uint64_t lost_peer; /* the process whose loss has ended it; 0: nothing has, or its sender is gone */
    struct actor *actor;
    struct list_node of_actor, acking;
    enum stream_want want;

    struct assembly assembly; /* of the message whose slices are coming; its numbers are settled with it (D6) */
};

/* A stream whose sender has `base` as its lowest unsettled number. */
void stream_in_init(struct stream_in *stream, uint64_t epoch, uint64_t base, size_t credit_messages,
                    size_t credit_bytes);

/* Frees what it has kept. */
void stream_in_fini(struct stream_in *stream);

/* The message with the next number is in the stream's keeping from now on. */
static inline void stream_in_took(struct stream_in *stream, size_t payload_bytes) {
    stream->received++;
    stream->credit_bytes -= payload_bytes < stream->credit_bytes ? payload_bytes : stream->credit_bytes;
}

/* Keeps the fate of a taken message, which its outcome says, until the sender knows it, and that of its chunks. */
void stream_in_settle(struct stream_in *stream, struct message *message);

/* The sender has settled everything before `base`. */
void stream_in_pass(struct stream_in *stream, uint64_t base);

/* The actor is gone: all that is not settled is dead with that reason, now and for ever. */
void stream_in_kill(struct stream_in *stream, enum frame_reason reason);

/* A number arrived that belongs to a dead stream: it is settled at once. */
static inline void stream_in_bury(struct stream_in *stream, size_t count) {
    stream->received += count;
    stream->handled = stream->received;
}

/* Fills `out`, with at most `exceptions_max` of them, 1 or more. What has no room is not claimed: false, and the next ack
 * goes on where this one ended. A gap is not told of while the share is nothing, for nothing could be sent again. */
bool stream_in_ack(struct stream_in *stream, struct mailbox_share share, struct frame_ack *out,
                   struct frame_exception *exceptions, size_t exceptions_max);

/* Fills `out` with at most `max` ranges of what was handled out of turn, in ascending order, and gives their number. Where there are more
 * the next call goes on, and then from the first again, for acks can be lost. */
size_t stream_in_ahead(struct stream_in *stream, struct frame_range *out, size_t max);

/* How urgently the sender should hear of it. */
static inline enum stream_want stream_in_wants(const struct stream_in *stream) {
    bool eager = stream->received >= stream->eager_received || stream->handled >= stream->eager_handled ||
                 stream->credit_bytes < stream->eager_bytes;
    return eager ? STREAM_WANTS_ACK : STREAM_WANTS_LAZY_ACK;
}

#endif
