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

/* ---- the queue ---- */

/* The run that was sent in part, if there is one. */
static struct message *halfway_run(const struct stream_out *stream) {
    struct message *last = stream->sent.last;
    return last && message_last_seq(last) > stream->high ? last : NULL;
}

static void count_in(struct stream_out *stream, size_t slice_bytes, uint64_t deadline_ns) {
    stream->queued++;
    stream->unsettled++;
    stream->waiting_bytes += slice_bytes;
    stream->expiry_ns = time_min(stream->expiry_ns, deadline_ns);
}

void stream_out_push(struct stream_out *stream, struct message *message, size_t slice_bytes) {
    message->seq = 0;
    message->slice_bytes = (uint32_t)slice_bytes;
    message_list_append(&stream->queue, message);
    count_in(stream, slice_bytes, message->deadline_ns);
}

bool stream_out_push_into_run(struct stream_out *stream, struct message_pool *pool, const struct message *draft,
                              size_t run_min) {
    struct message *last = stream->queue.last;
    if (!last || stream->queued < run_min || !message_may_run(draft) || !message_is_alike(last, draft)) {
        return false;
    }
    if (!last->run || !message_run_add(last, draft->payload)) {
        struct message *run = message_run_new(pool, draft);
        if (!run) {
            return false;
        }
        message_list_append(&stream->queue, run);
    }
    count_in(stream, draft->payload.size, draft->deadline_ns);
    return true;
}

/* What goes under the numbers of the entries from `from` to before `to`. */
static size_t bytes_of(const struct message *message, uint32_t from, uint32_t to) {
    return message->run ? message_entries_bytes(message, from, to) : from < to ? message->slice_bytes : 0;
}

static uint64_t next_seq(const struct stream_out *stream) {
    return stream->cursor ? stream->cursor_seq : stream->high + 1;
}

struct stream_place stream_out_next(const struct stream_out *stream) {
    struct stream_place next = {.message = stream->cursor, .count = 1};
    uint64_t seq = next_seq(stream);
    if (next.message || (next.message = halfway_run(stream))) {
        next.entry = (uint32_t)(seq - next.message->seq);
    } else if (!(next.message = stream->queue.first)) {
        return next;
    }
    next.bytes = bytes_of(next.message, next.entry, next.entry + 1);
    bool allowed = seq <= stream->credit_seq && stream->flight_bytes + next.bytes <= stream->credit_bytes;
    return allowed ? next : (struct stream_place){0};
}

void stream_out_extend(const struct stream_out *stream, struct stream_place *place, size_t count_max,
                       size_t bytes_max) {
    const struct message *run = place->message;
    if (!run->run) {
        return;
    }
    uint64_t seq = next_seq(stream);
    size_t most = size_min(run->count - place->entry, count_max);
    most = size_min(most, (size_t)(stream->credit_seq + 1 - seq));
    most = stream->cursor ? size_min(most, (size_t)(stream->high + 1 - seq)) : most;
    size_t within = message_entries_within(run, place->entry, most,
                                           size_min(bytes_max, stream->credit_bytes - stream->flight_bytes));
    if (within > place->count) {
        place->count = within;
        place->bytes = message_entries_bytes(run, place->entry, place->entry + (uint32_t)within);
    }
}

static void set_cursor(struct stream_out *stream, struct message *message, uint64_t seq) {
    stream->cursor_seq = seq;
    stream->cursor = seq > stream->high ? NULL : seq > message_last_seq(message) ? message->next : message;
}

bool stream_out_sent(struct stream_out *stream, const struct stream_place *place) {
    struct message *message = place->message;
    bool again = stream->cursor != NULL;
    if (again) {
        set_cursor(stream, message, stream->cursor_seq + place->count);
    } else {
        if (place->entry == 0) {
            (void)message_list_take(&stream->queue);
            message->seq = stream->high + 1;
            message_list_append(&stream->sent, message);
        }
        stream->high += place->count;
        stream->queued -= place->count;
        stream->halfway = message->kind == FRAME_CHUNK;
        if (!stream->resume) {
            stream->resume = message;
        }
    }
    stream->flight_bytes += place->bytes;
    stream->waiting_bytes -= place->bytes;
    return again;
}

/* ---- marks ---- */

/* The numbers from `from` to `to`, which one message stands for, need no more sending. */
static void uncount(struct stream_out *stream, const struct message *message, uint64_t from, uint64_t to) {
    uint64_t cursor = stream->cursor && stream->cursor_seq <= to ? stream->cursor_seq : to + 1;
    cursor = cursor > from ? cursor : from;
    uint32_t first = (uint32_t)(from - message->seq), middle = (uint32_t)(cursor - message->seq);
    stream->flight_bytes -= bytes_of(message, first, middle);
    stream->waiting_bytes -= bytes_of(message, middle, (uint32_t)(to + 1 - message->seq));
}

void stream_out_received(struct stream_out *stream, uint64_t received, uint64_t credit_seq, uint64_t credit_bytes) {
    CHECK(received >= stream->received && received <= stream->high);
    size_t before = stream->flight_bytes + stream->waiting_bytes;
    while (stream->received < received) {
        struct message *message = stream->resume;
        CHECK(message);
        uint64_t last = message_last_seq(message) < received ? message_last_seq(message) : received;
        uncount(stream, message, stream->received + 1, last);
        if (stream->cursor && stream->cursor_seq <= last) { /* it arrived after all */
            set_cursor(stream, message, last + 1);
        }
        stream->received = last;
        stream->resume = last == stream->high ? NULL : last == message_last_seq(message) ? message->next : message;
    }
    size_t passed_bytes = before - stream->flight_bytes - stream->waiting_bytes;
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
    stream->cursor_seq = stream->received + 1;
    stream->waiting_bytes += stream->flight_bytes;
    stream->flight_bytes = 0;
}

/* What was received once was so by nobody who still is. */
void stream_out_restart(struct stream_out *stream, struct stream_credit first) {
    for (struct message *message = stream->sent.first; message && message->seq <= stream->received;
         message = message->next) {
        uint64_t to = message_last_seq(message) < stream->received ? message_last_seq(message) : stream->received;
        stream->flight_bytes += bytes_of(message, message->begin, (uint32_t)(to + 1 - message->seq));
    }
    stream->resume = stream->base <= stream->high ? stream->sent.first : NULL;
    stream->received = stream->base - 1;
    stream_out_rewind(stream);
    stream->credit_seq = stream->received + first.messages;
    stream->credit_bytes = first.bytes;
    stream->epoch = 0;
}

struct message *stream_out_lowest(const struct stream_out *stream) {
    return stream->base <= stream->received ? stream->sent.first : NULL;
}

struct message *stream_out_pass(struct stream_out *stream, size_t count) {
    struct message *message = stream->sent.first;
    CHECK(message && stream->base == message->seq + message->begin && count <= message_count(message));
    CHECK(stream->base + count <= stream->received + 1);
    stream->base += count;
    stream->unsettled -= count;
    if (count < message_count(message)) {
        message->begin += (uint32_t)count;
        return NULL;
    }
    return message_list_take(&stream->sent);
}

bool stream_out_part(struct stream_out *stream) {
    struct message *run = halfway_run(stream);
    if (!run) {
        return true;
    }
    struct message *rest = message_run_split(run, (uint32_t)(stream->high + 1 - run->seq));
    if (!rest) {
        return false;
    }
    message_list_prepend(&stream->queue, rest);
    if (message_count(run) == 0) { /* all that was sent of it is settled */
        message_release(message_list_take(&stream->sent));
    }
    return true;
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
        stream->queued -= message_count(message);
        stream->unsettled -= message_count(message);
        stream->waiting_bytes -= bytes_of(message, message->begin, message->count);
        if (message_is_filler(message)) {
            message_release(message);
        } else {
            message_list_append(out, message);
        }
    }
    stream->queue = rest;
}

/* A sent record will be a SKIP: the bytes between the marks follow, since a SKIP has none. */
static void uncount_unreceived(struct stream_out *stream, const struct message *record) {
    uint64_t from = record->seq > stream->received ? record->seq : stream->received + 1;
    if (from <= message_last_seq(record)) {
        uncount(stream, record, from, message_last_seq(record));
    }
}

/* Puts a SKIP in the place of a sent message, or of a run. */
static void replace(struct stream_out *stream, struct message *old, struct message *skip) {
    become_skip(skip);
    skip->seq = old->seq;
    skip->begin = old->begin;
    skip->count = old->count;
    skip->next = old->next;
    if (stream->resume == old) {
        stream->resume = skip;
    }
    if (stream->cursor == old) {
        stream->cursor = skip;
    }
}

/* What stays in the place of a sent record that is settled early: a SKIP; itself, when there is no memory for one. */
static struct message *settle_record(struct stream_out *stream, struct message *record, struct message_pool *pool,
                                     struct message_list *out) {
    if (record->kind == FRAME_CHUNK) {
        uncount_unreceived(stream, record);
        become_skip(record);
        return record;
    }
    struct message *skip = message_new(pool, (struct bytes){0}, (struct bytes){0});
    if (!skip) {
        return record;
    }
    uncount_unreceived(stream, record);
    replace(stream, record, skip);
    message_list_append(out, record);
    return skip;
}

static void expire_sent(struct stream_out *stream, uint64_t now_ns, struct message_pool *pool,
                        struct message_list *out) {
    struct message_list rest = {0};
    struct message *message;
    while ((message = stream->sent.first)) {
        struct message *next = message->next;
        bool due = message->kind != FRAME_SKIP && message->deadline_ns <= now_ns;
        struct message *stays = due ? settle_record(stream, message, pool, out) : message;
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
    const struct message *run = halfway_run(stream);
    if (run && run->deadline_ns <= now_ns && !stream_out_part(stream)) {
        stream->expiry_ns = time_add(now_ns, NS_PER_S);
        return;
    }
    run = halfway_run(stream);
    stream->expiry_ns = run ? run->deadline_ns : TIME_NEVER;
    if (sent_too) {
        expire_sent(stream, now_ns, pool, out);
    }
    expire_queue(stream, now_ns, pool, out);
}

/* ---- what is settled out of turn ---- */

/* Nothing refers to a SKIP that the receiver has. */
static bool join_skip(struct message *before, const struct message *skip) {
    bool joins = before && before->kind == FRAME_SKIP && skip->kind == FRAME_SKIP;
    if (joins) {
        before->count += (uint32_t)message_count(skip);
    }
    return joins;
}

void stream_out_take_ahead(struct stream_out *stream, const struct frame_range *range, struct message_pool *pool,
                           struct message_list *out) {
    struct message *before = NULL, *next;
    for (struct message *message = stream->sent.first; message && message->seq <= range->last; message = next) {
        next = message->next;
        if (message->seq + message->begin < range->first || message_last_seq(message) > range->last) {
            before = message;
            continue;
        }
        (void)message_list_take_after(&stream->sent, before);
        struct message *stays = message->kind == FRAME_SKIP ? message : settle_record(stream, message, pool, out);
        if (join_skip(before, stays)) {
            message_release(stays);
        } else {
            message_list_insert(&stream->sent, before, stays);
            before = stays;
        }
    }
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
    (void)stream_out_part(stream);
    while ((message = message_list_take(&stream->sent))) {
        if (message_last_seq(message) > stream->high) { /* it could not be parted */
            stream->queued -= message_last_seq(message) - stream->high;
        }
        stream->unsettled -= message_count(message);
        message_list_append(out, message);
    }
    stream->resume = stream->cursor = NULL;
    stream->flight_bytes = stream->waiting_bytes = 0;
    stream->base = stream->high + 1;
    stream->received = stream->high;
    while (all && (message = message_list_take(&stream->queue))) {
        stream->queued -= message_count(message);
        stream->unsettled -= message_count(message);
        message_list_append(out, message);
    }
    for (message = stream->queue.first; message; message = message->next) {
        stream->waiting_bytes += bytes_of(message, message->begin, message->count);
    }
}
