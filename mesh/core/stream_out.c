/* The sender's side of a stream: see stream_out.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/stream_out.h"
#include "mesh/base/check.h"

void stream_out_init(struct stream_out *stream, struct mesh_address sender, struct mesh_address target,
                     struct stream_credit first) {
    *stream = (struct stream_out){
        .sender = sender,
        .target = target,
        .base = 1,
        .credit_seq = first.messages,
        .credit_bytes = first.bytes,
        .expiry_ns = TIME_NEVER,
        .overdue_ns = TIME_NEVER,
        .idle_ns = TIME_NEVER,
    };
    list_node_init(&stream->of_actor);
    list_node_init(&stream->of_route);
    list_node_init(&stream->ready);
    list_node_init(&stream->resolving);
}

void stream_out_push(struct stream_out *stream, struct message *message, size_t slice_bytes) {
    message->seq = 0;
    message->slice_bytes = (uint32_t)slice_bytes;
    message_list_append(&stream->queue, message);
    stream->queued++;
    stream->unsettled++;
    stream->waiting_bytes += slice_bytes;
    if (message->deadline_ns < stream->expiry_ns) {
        stream->expiry_ns = message->deadline_ns;
    }
}

struct message *stream_out_next(const struct stream_out *stream) {
    struct message *next = stream->cursor ? stream->cursor : stream->queue.first;
    if (!next) {
        return NULL;
    }
    uint64_t seq = stream->cursor ? next->seq : stream->high + 1;
    bool allowed = seq <= stream->credit_seq && stream->flight_bytes + next->slice_bytes <= stream->credit_bytes;
    return allowed ? next : NULL;
}

bool stream_out_sent(struct stream_out *stream) {
    struct message *message = stream->cursor;
    bool again = message != NULL;
    if (again) {
        stream->cursor = message->next;
    } else {
        message = message_list_take(&stream->queue);
        stream->queued--;
        message->seq = ++stream->high;
        stream->halfway = message->kind == FRAME_CHUNK;
        message_list_append(&stream->sent, message);
        if (!stream->resume) {
            stream->resume = message;
        }
    }
    stream->flight_bytes += message->slice_bytes;
    stream->waiting_bytes -= message->slice_bytes;
    return again;
}

void stream_out_received(struct stream_out *stream, uint64_t received, uint64_t credit_seq, uint64_t credit_bytes) {
    CHECK(received >= stream->received && received <= stream->high);
    size_t passed_bytes = 0;
    while (stream->resume && stream->resume->seq <= received) {
        size_t bytes = stream->resume->slice_bytes;
        passed_bytes += bytes;
        if (stream->cursor == stream->resume) { /* it arrived after all */
            stream->cursor = stream->resume->next;
            stream->waiting_bytes -= bytes;
        } else {
            stream->flight_bytes -= bytes;
        }
        stream->resume = stream->resume->next;
    }
    stream->received = received;
    stream->credit_bytes -= passed_bytes < stream->credit_bytes ? passed_bytes : stream->credit_bytes;
    if (credit_bytes > stream->credit_bytes) {
        stream->credit_bytes = credit_bytes;
    }
    if (credit_seq > stream->credit_seq) {
        stream->credit_seq = credit_seq;
    }
}

void stream_out_rewind(struct stream_out *stream) {
    stream->cursor = stream->resume;
    stream->waiting_bytes += stream->flight_bytes;
    stream->flight_bytes = 0;
}

void stream_out_restart(struct stream_out *stream, struct stream_credit first) {
    for (struct message *message = stream->sent.first; message != stream->resume; message = message->next) {
        stream->flight_bytes += message->slice_bytes; /* received once, but by nobody who still is */
    }
    stream->resume = stream->sent.first;
    stream->received = stream->base - 1;
    stream_out_rewind(stream);
    stream->credit_seq = stream->received + first.messages;
    stream->credit_bytes = first.bytes;
    stream->epoch = 0;
}

struct message *stream_out_settle(struct stream_out *stream) {
    if (stream->base > stream->received) {
        return NULL;
    }
    struct message *message = message_list_take(&stream->sent);
    CHECK(message && message->seq == stream->base);
    stream->base++;
    stream->unsettled--;
    return message;
}

/* ---- expiry ---- */

static void become_skip(struct message *record) {
    record->kind = FRAME_SKIP;
    record->deadline_ns = TIME_NEVER;
    record->slice_bytes = 0;
    message_shed(record);
}

/* The receiver has the beginning of the message that is first in the queue: a SKIP in front says that no more will
 * come. False without memory. */
static bool break_off(struct stream_out *stream, struct message_pool *pool, struct message_list *rest) {
    struct message *skip;
    if (stream->queue.first->kind == FRAME_CHUNK) {
        skip = message_list_take(&stream->queue);
        stream->waiting_bytes -= skip->slice_bytes;
    } else {
        skip = message_new(pool, (struct bytes){0}, (struct bytes){0});
        if (!skip) {
            return false;
        }
        stream->queued++;
        stream->unsettled++;
    }
    become_skip(skip);
    message_list_append(rest, skip);
    stream->halfway = false;
    return true;
}

static void expire_queue(struct stream_out *stream, uint64_t now_ns, struct message_pool *pool,
                         struct message_list *out) {
    struct message_list rest = {0};
    struct message *message;
    if (stream->halfway && stream->queue.first->deadline_ns <= now_ns && !break_off(stream, pool, &rest)) {
        message_list_append(&rest, message_list_take(&stream->queue));
        stream->expiry_ns = time_min(stream->expiry_ns, time_add(now_ns, NS_PER_S));
    }
    while ((message = message_list_take(&stream->queue))) {
        if (message->deadline_ns > now_ns) {
            message_list_append(&rest, message);
            stream->expiry_ns = time_min(stream->expiry_ns, message->deadline_ns);
            continue;
        }
        stream->queued--;
        stream->unsettled--;
        stream->waiting_bytes -= message->slice_bytes;
        if (message_is_filler(message)) {
            message_release(message);
        } else {
            message_list_append(out, message);
        }
    }
    stream->queue = rest;
}

/* A sent record will be a SKIP: the bytes between the marks follow, since a SKIP has none. */
static void uncount(struct stream_out *stream, const struct message *record, bool before_cursor) {
    if (record->seq > stream->received) {
        *(before_cursor ? &stream->flight_bytes : &stream->waiting_bytes) -= record->slice_bytes;
    }
}

/* Puts a SKIP in the place of a sent message. */
static void replace(struct stream_out *stream, struct message *old, struct message *skip) {
    become_skip(skip);
    skip->seq = old->seq;
    skip->next = old->next;
    if (stream->resume == old) {
        stream->resume = skip;
    }
    if (stream->cursor == old) {
        stream->cursor = skip;
    }
}

/* What stays in the place of a sent record that has expired: a SKIP; itself, when there is no memory for one. */
static struct message *expire_record(struct stream_out *stream, struct message *record, bool before_cursor,
                                     struct message_pool *pool, struct message_list *out) {
    if (record->kind == FRAME_CHUNK) {
        uncount(stream, record, before_cursor);
        become_skip(record);
        return record;
    }
    struct message *skip = message_new(pool, (struct bytes){0}, (struct bytes){0});
    if (!skip) {
        return record;
    }
    uncount(stream, record, before_cursor);
    replace(stream, record, skip);
    message_list_append(out, record);
    return skip;
}

static void expire_sent(struct stream_out *stream, uint64_t now_ns, struct message_pool *pool,
                        struct message_list *out) {
    struct message_list rest = {0};
    struct message *message;
    bool before_cursor = true;
    while ((message = stream->sent.first)) {
        struct message *next = message->next;
        before_cursor = before_cursor && message != stream->cursor;
        bool due = message->kind != FRAME_SKIP && message->deadline_ns <= now_ns;
        struct message *stays = due ? expire_record(stream, message, before_cursor, pool, out) : message;
        message_list_append(&rest, stays);
        uint64_t again_ns =
            stays->deadline_ns > now_ns ? stays->deadline_ns : time_add(now_ns, NS_PER_S); /* no memory */
        stream->expiry_ns = time_min(stream->expiry_ns, again_ns);
        stream->sent.first = next;
    }
    stream->sent = rest;
}

void stream_out_expire(struct stream_out *stream, uint64_t now_ns, bool sent_too, struct message_pool *pool,
                       struct message_list *out) {
    stream->expiry_ns = TIME_NEVER;
    if (sent_too) {
        expire_sent(stream, now_ns, pool, out);
    }
    expire_queue(stream, now_ns, pool, out);
}

/* ---- the end of what was sent ---- */

/* Nobody can have begun a message whose last slice was never sent: its chunks go back into the queue, before it. */
static void take_back_halfway(struct stream_out *stream) {
    struct message_list kept = {0}, chunks = {0};
    struct message *message;
    while ((message = message_list_take(&stream->sent))) {
        message_list_append(&chunks, message);
        if (message->kind != FRAME_CHUNK) {
            message_list_concat(&kept, &chunks);
        }
    }
    for (message = chunks.first; message; message = message->next) {
        message->seq = 0;
        stream->queued++;
    }
    message_list_concat(&chunks, &stream->queue);
    stream->queue = chunks;
    stream->sent = kept;
    stream->halfway = false;
}

void stream_out_drop(struct stream_out *stream, bool all, struct message_list *out) {
    struct message *message;
    if (stream->halfway) {
        take_back_halfway(stream);
    }
    while ((message = message_list_take(&stream->sent))) {
        stream->unsettled--;
        message_list_append(out, message);
    }
    stream->resume = stream->cursor = NULL;
    stream->flight_bytes = stream->waiting_bytes = 0;
    stream->base = stream->high + 1;
    stream->received = stream->high;
    while (all && (message = message_list_take(&stream->queue))) {
        stream->queued--;
        stream->unsettled--;
        message_list_append(out, message);
    }
    for (message = stream->queue.first; message; message = message->next) {
        stream->waiting_bytes += message->slice_bytes;
    }
}
