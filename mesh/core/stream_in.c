/* The receiver's side of a stream: see stream_in.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/stream_in.h"
#include "mesh/base/check.h"

/* A receiver that never idles still acknowledges this often, so that a sender's window does not run dry (D2). */
enum { ACK_EVERY = 512 };

/* Texts of exceptions that one ack carries at most; one text more always fits into its frame. */
enum { ACK_TEXT_BYTES = 16 * 1024 };

static void set_eagerness(struct stream_in *stream) {
    uint64_t credit = stream->credit_seq > stream->received ? stream->credit_seq - stream->received : 0;
    stream->eager_received = stream->received + (credit > 1 ? credit / 2 : 1);
    stream->eager_handled = stream->handled + ACK_EVERY;
    stream->eager_bytes = stream->credit_bytes / 2;
}

void stream_in_init(struct stream_in *stream, uint64_t epoch, uint64_t base, size_t credit_messages,
                    size_t credit_bytes) {
    *stream = (struct stream_in){
        .epoch = epoch,
        .base = base,
        .handled = base - 1,
        .received = base - 1,
        .told_gap = UINT64_MAX,
        .credit_seq = base - 1 + credit_messages,
        .credit_bytes = credit_bytes,
    };
    list_node_init(&stream->of_actor);
    list_node_init(&stream->acking);
    set_eagerness(stream);
}

void stream_in_fini(struct stream_in *stream) {
    struct message *message;
    while ((message = message_list_take(&stream->listed)) || (message = message_list_take(&stream->ahead))) {
        message_release(message);
    }
    stream->kept = 0;
    assembly_end(&stream->assembly);
}

/* The handled mark has reached a message that was settled out of turn or in another way. */
static void list_or_release(struct stream_in *stream, struct message *message) {
    if (message->outcome == FRAME_HANDLED) {
        stream->kept--;
        message_release(message);
    } else {
        message_list_append(&stream->listed, message);
    }
}

/* A large message settles the numbers of its chunks with its own, and a record of handled ones those of the others. */
static uint64_t first_of(const struct message *message) {
    return message->seq - message->chunks;
}

/* What is handled in a row ahead of the mark is one record, so that what an unread message holds up needs no memory (D10). */
static void join_ahead(struct stream_in *stream, struct message *message) {
    struct message *next = message->next;
    bool in_row = next && message->seq + 1 == first_of(next);
    if (in_row && message->outcome == FRAME_HANDLED && next->outcome == FRAME_HANDLED &&
        next->seq - first_of(message) <= UINT32_MAX) {
        message->chunks += (uint32_t)(next->seq - message->seq);
        message->seq = next->seq;
        stream->kept--;
        message_release(message_list_take_after(&stream->ahead, message));
    }
}

static void keep_ahead(struct stream_in *stream, struct message *message) {
    struct message *before = stream->ahead.last;
    if (before && before->seq > message->seq) {
        before = NULL;
        for (struct message *other = stream->ahead.first; other->seq < message->seq; other = other->next) {
            before = other;
        }
    }
    message_list_insert(&stream->ahead, before, message);
    join_ahead(stream, message);
    if (before) {
        join_ahead(stream, before);
    }
}

void stream_in_settle(struct stream_in *stream, struct message *message) {
    if (first_of(message) == stream->handled + 1 && message->outcome == FRAME_HANDLED) {
        stream->handled = message->seq;
        message_release(message);
    } else {
        stream->kept++;
        message_shed(message); /* D10 */
        keep_ahead(stream, message);
    }
    while (stream->ahead.first && first_of(stream->ahead.first) == stream->handled + 1) {
        message = message_list_take(&stream->ahead);
        stream->handled = message->seq;
        list_or_release(stream, message);
    }
}

void stream_in_pass(struct stream_in *stream, uint64_t base) {
    if (base <= stream->base) {
        return;
    }
    stream->base = base;
    while (stream->listed.first && stream->listed.first->seq < base) {
        message_release(message_list_take(&stream->listed));
        stream->kept--;
    }
}

/* What is ahead becomes listed, also what was handled: between the dead it has to be told from them. */
void stream_in_kill(struct stream_in *stream, enum frame_reason reason) {
    stream->dead = true;
    stream->dead_reason = reason;
    stream->dead_after = stream->handled;
    message_list_concat(&stream->listed, &stream->ahead);
    stream->handled = stream->received;
}

static struct frame_exception exception_of(const struct message *message) {
    return (struct frame_exception){
        .seq = message->seq,
        .outcome = message->outcome,
        .reason = message->reason,
        .maybe_handled = message->maybe_handled,
        .text = message->text,
    };
}

/* The first number from `from` on that is dead without a record. */
static uint64_t first_dead(const struct stream_in *stream, uint64_t from) {
    if (!stream->dead) {
        return UINT64_MAX;
    }
    return stream->dead_after >= from ? stream->dead_after + 1 : from;
}

/* Lists what must be told of the numbers from `from` to handled, in order, as far as there is room; gives the last number
 * for which the list is complete. */
static uint64_t list_exceptions(const struct stream_in *stream, uint64_t from, struct frame_exception *out, size_t max,
                                size_t *count) {
    const struct message *message = stream->listed.first;
    while (message && message->seq < from) {
        message = message->next;
    }
    uint64_t dead = first_dead(stream, from);
    size_t text_bytes = 0;
    *count = 0;
    for (;;) {
        bool recorded = message && first_of(message) <= dead;
        uint64_t seq = recorded ? message->seq : dead;
        if (seq > stream->handled) {
            return stream->handled;
        }
        if (*count == max || text_bytes >= ACK_TEXT_BYTES) {
            return seq - 1;
        }
        if (!recorded) {
            out[(*count)++] =
                (struct frame_exception){.seq = seq, .outcome = FRAME_DIED, .reason = stream->dead_reason};
        } else if (message->outcome != FRAME_HANDLED) {
            out[(*count)++] = exception_of(message);
            text_bytes += message->text.size;
        }
        message = recorded ? message->next : message;
        dead = dead <= seq ? seq + 1 : dead;
    }
}

size_t stream_in_ahead(struct stream_in *stream, struct frame_range *out, size_t max) {
    size_t count = 0;
    const struct message *message = stream->ahead.first;
    while (message && message->seq <= stream->ahead_told) {
        message = message->next;
    }
    for (; message && count < max; message = message->next) {
        if (message->outcome == FRAME_HANDLED) {
            out[count++] = (struct frame_range){first_of(message), message->seq};
        }
    }
    stream->ahead_told = message && count > 0 ? out[count - 1].last : 0;
    return count;
}

bool stream_in_ack(struct stream_in *stream, struct mailbox_share share, struct frame_ack *out,
                   struct frame_exception *exceptions, size_t exceptions_max) {
    if (stream->received + share.messages > stream->credit_seq) {
        stream->credit_seq = stream->received + share.messages;
    }
    if (share.bytes > stream->credit_bytes) {
        stream->credit_bytes = share.bytes;
    }
    bool gap = stream->dropped && share.messages > 0 && share.bytes > 0;
    stream->dropped = stream->dropped && !gap;
    uint64_t from = stream->listing_from > stream->base ? stream->listing_from : stream->base;
    size_t count;
    uint64_t told = list_exceptions(stream, from, exceptions, exceptions_max, &count);
    stream->listing_from = told < stream->handled ? told + 1 : 0;
    *out = (struct frame_ack){
        .sender = stream->sender,
        .target = stream->target,
        .epoch = stream->epoch,
        .received = stream->received,
        .handled = told,
        .listed_from = from,
        .credit_seq = stream->credit_seq,
        .credit_bytes = stream->credit_bytes,
        .echo = stream->echo,
        .flags = gap ? FRAME_ACK_GAP : 0,
        .exceptions_count = count,
        .exceptions = exceptions,
    };
    set_eagerness(stream);
    if (share.messages == 0) {
        stream->eager_received = UINT64_MAX; /* nothing more is granted for that */
        stream->eager_bytes = 0;
    }
    return told == stream->handled;
}
