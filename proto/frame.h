/* Frames as the cores see them: plain structs, filled by the codec from the wire and turned into it.
 *
 * Everything here is a view. On the way in it lasts until the codec's arena is reset; on the way out it borrows
 * from the messages that the core keeps. The cores never see a protobuf type.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef PROTO_FRAME_H
#define PROTO_FRAME_H

#include "mesh/base/bytes.h"
#include "mesh/base/part.h"
#include <mesh/address.h>

/* The limits of one frame. A frame above them is refused before it is unpacked. */
enum {
    FRAME_BATCH_BYTES = 64 * 1024,    /* a batch closes at this many bytes of payload */
    FRAME_PAYLOAD_BYTES = 128 * 1024, /* the most payload that one frame carries; above it a message is sliced (D6) */
    FRAME_PACKED_BYTES = 256 * 1024,  /* the most that a packed frame may have, its external parts apart */
    FRAME_INLINE_BYTES = 4 * 1024,    /* a payload above this travels as a ZeroMQ part of its own */
    FRAME_RUNS = 1024,
    FRAME_ACKS = 1024,
    FRAME_PAYLOADS = 16 * 1024, /* in all runs of a frame */
    FRAME_EXCEPTIONS = 4096,    /* in one ack */
    FRAME_RANGES = 64,          /* in one ack */
    FRAME_TYPE_BYTES = 255,
    FRAME_TEXT_BYTES = 1024,
};

/* What a message is; the wire's numbers. */
enum frame_kind {
    FRAME_USER,
    FRAME_EXIT_REQUEST,
    FRAME_CHILD_EXITED,
    FRAME_POISON,
    FRAME_DEAD,
    FRAME_WAKEUP,
    FRAME_WATCH,
    FRAME_CONTROL,
    FRAME_SKIP,
    FRAME_CHUNK,
    FRAME_REPORT,
    FRAME_UPDATE,
    FRAME_SOURCE,
    FRAME_VALIDATE,
};

/* How a message ended (D1). */
enum frame_outcome {
    FRAME_HANDLED,
    FRAME_RETURNED,
    FRAME_DIED,
};

/* Why it is dead. */
enum frame_reason {
    FRAME_NO_REASON,
    FRAME_EXITED,
    FRAME_NEVER_CREATED,
    FRAME_EXPIRED,
    FRAME_REFUSED,
    FRAME_NODE_LOST,
};

enum {
    FRAME_RUN_REDELIVERED = 1,
    FRAME_RUN_CLOSE = 2,  /* the sender forgets this stream; nothing of it is unsettled */
    FRAME_RUN_REPLY = 4,  /* the ask number names the ask that this answers */
    FRAME_RUN_URGENT = 8, /* goes ahead of the mailbox (C5) */
};

enum {
    FRAME_ACK_GAP = 1,   /* something was dropped: resume after `received` */
    FRAME_ACK_STALE = 2, /* the epoch is unknown here and too old: begin a new one; the answer to a close, too */
    FRAME_ACK_LOST =
        4, /* with STALE: the stream was dropped here with its process; what was sent may have been handled */
    FRAME_ACK_ENDED = 8,      /* the target has ended, and what it had sent is received */
    FRAME_ACK_PASSED_ON = 16, /* the target has forwarded an ask, which others may answer (D11) */
};

#define FRAME_TTL_NEVER UINT32_MAX /* of a run whose messages do not expire; a ttl of 0 has expired */

/* Consecutive messages of one stream, alike in all but their payload. None at all makes a probe or a close. With a
 * `total` the payloads are consecutive slices of one message of that size, the first of them at `offset`: all of a run
 * of kind chunk, or the one that completes the message, in a run of the message's own kind. */
struct frame_run {
    struct mesh_address sender, target;
    struct mesh_address asker; /* of a forwarded ask, who asked; none when that is the sender */
    uint64_t epoch, first, base, ask, probe;
    uint64_t total, offset;
    enum frame_kind kind;
    uint32_t ttl_ms, flags;
    struct bytes type;
    size_t count;
    const struct bytes *payloads; /* `count` of them */
    struct part *const *parts;    /* NULL, or the owners of the payloads, which then travel as ZeroMQ parts */
};

struct frame_exception {
    uint64_t seq;
    enum frame_outcome outcome;
    enum frame_reason reason;
    bool maybe_handled;
    struct bytes text;
};

/* Numbers of a stream, both ends included. */
struct frame_range {
    uint64_t first, last;
};

/* The state of one stream at its receiver: see the wire's Ack. `credit_bytes` is the payload that may follow `received`. */
struct frame_ack {
    struct mesh_address sender, target;
    uint64_t epoch, received, handled, listed_from, credit_seq, credit_bytes, echo;
    uint32_t flags;
    size_t exceptions_count;
    const struct frame_exception *exceptions;
    size_t ahead_count;
    const struct frame_range *ahead; /* handled out of turn, beyond `handled`: ascending, and not all there are */
};

struct frame_batch {
    size_t runs_count, acks_count;
    const struct frame_run *runs;
    const struct frame_ack *acks;
};

#endif
