/* Delivery: what goes into a batch. Acks first; then runs of the ready streams, in turn, a quantum each, so that none
 * starves another (D6).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "mesh/core/delivery_state.h"

enum {
    QUANTUM_BYTES = 16 * 1024,   /* of payload that one stream sends before the next has its turn */
    HEADS_BYTES = 64 * 1024,     /* of type names and run heads in one batch */
    RUN_HEAD_BYTES = 128,        /* of a packed run without its type and payloads, at most */
    ACK_EXCEPTIONS_MIN = 32,     /* an ack is put off to the next batch when there is room for fewer */
    ACKS_TEXT_BYTES = 32 * 1024, /* exceptions' texts close a batch of acks */
    SHARED_PART = 4,             /* a mailbox of which less than this part is free gives out no credit */
};

/* ---- acks ---- */

static size_t text_bytes(const struct frame_ack *ack) {
    size_t bytes = 0;
    for (size_t i = 0; i < ack->exceptions_count; i++) {
        bytes += ack->exceptions[i].text.size;
    }
    return bytes;
}

static void pull_stale(struct delivery *d, struct peer *peer) {
    struct batch *batch = &d->batch;
    size_t kept = 0;
    for (size_t i = 0; i < d->stale_count; i++) {
        const struct stale *stale = &d->stale[i];
        if (stale->peer != peer || batch->acks_count == BATCH_ACKS) {
            d->stale[kept++] = *stale;
            continue;
        }
        batch->acks[batch->acks_count++] = (struct frame_ack){
            .sender = stale->sender,
            .target = stale->target,
            .epoch = stale->epoch,
            .listed_from = 1,
            .flags = stale->flags,
        };
        peer->stale_count--;
    }
    d->stale_count = kept;
}

/* A dead stream buries what comes, so it may grant a whole mailbox, and what travels in one piece though it would fit into none. A nearly full
 * mailbox grants nothing: senders who share the little that is left would send a few messages a frame. */
static struct mailbox_share share_of(const struct delivery *d, const struct stream_in *stream) {
    if (stream->dead) {
        return (struct mailbox_share){d->limits.mailbox_messages,
                                      size_max(d->limits.mailbox_bytes, FRAME_PAYLOAD_BYTES)};
    }
    if (stream->assembly.first != 0) {
        return slices_share(d, stream);
    }
    struct actor *actor = stream->actor;
    struct mailbox_share share = {0, 0};
    bool claims = actor->claimant == stream;
    if ((claims || mailbox_is_free(&actor->mailbox, SHARED_PART)) &&
        actor_admits(d, actor, stream, claims ? actor->claimed_bytes : 0)) {
        share = mailbox_share(&actor->mailbox, stream->in_mailbox > 0);
    }
    if (share.messages == 0 || share.bytes == 0) {
        actor->starved = true;
    }
    return share;
}

static void pull_acks(struct delivery *d, struct peer *peer) {
    struct batch *batch = &d->batch;
    size_t texts = 0;
    struct list_node *node;
    if (peer->stale_count > 0) {
        pull_stale(d, peer);
    }
    while (batch->acks_count < BATCH_ACKS && texts < ACKS_TEXT_BYTES &&
           batch->exceptions_count + ACK_EXCEPTIONS_MIN <= BATCH_EXCEPTIONS && (node = list_front(&peer->acking))) {
        struct stream_in *stream = LIST_OWNER(node, struct stream_in, acking);
        struct frame_ack *ack = &batch->acks[batch->acks_count++];
        bool whole = stream_in_ack(stream, share_of(d, stream), ack, batch->exceptions + batch->exceptions_count,
                                   BATCH_EXCEPTIONS - batch->exceptions_count);
        ack->flags |= stream_in_end_flags(stream);
        ack->ahead = batch->ranges + batch->ranges_count;
        ack->ahead_count = stream_in_ahead(stream, batch->ranges + batch->ranges_count,
                                           size_min(FRAME_RANGES, BATCH_RANGES - batch->ranges_count));
        batch->ranges_count += ack->ahead_count;
        batch->exceptions_count += ack->exceptions_count;
        texts += text_bytes(ack);
        if (whole) {
            list_remove(node);
            stream->want = STREAM_WANTS_NOTHING;
        }
    }
    d->counters.acks_sent += batch->acks_count;
}

/* ---- runs ---- */

static bool is_sliced(const struct message *message) {
    return message->kind == FRAME_CHUNK || (!message->run && message->slice_bytes < message->payload.size);
}

static bool is_external(const struct message *message) {
    return message->part && message->slice_bytes > FRAME_INLINE_BYTES;
}

/* What goes under its own number. */
static struct bytes slice_of(const struct message *message) {
    size_t before = message->payload.size - message->slice_bytes;
    return before == 0 ? message->payload : bytes_make(message->payload.data + before, message->slice_bytes);
}

/* Slices say of what, and where they belong (D6). */
static void place_slice(struct frame_run *run, const struct message *message) {
    run->total = message->part->bytes.size;
    run->offset = (uint64_t)(slice_of(message).data - message->part->bytes.data);
}

static uint32_t run_flags(const struct message *message) {
    return (message->flags & (FRAME_RUN_REDELIVERED | FRAME_RUN_REPLY)) | (message->urgent ? FRAME_RUN_URGENT : 0);
}

static uint32_t ttl_of(uint64_t deadline_ns, uint64_t now_ns) {
    if (deadline_ns == TIME_NEVER) {
        return FRAME_TTL_NEVER;
    }
    uint64_t left_ns = time_left(now_ns, deadline_ns);
    uint64_t ms = left_ns / NS_PER_MS + (left_ns % NS_PER_MS != 0);
    return ms < FRAME_TTL_NEVER ? (uint32_t)ms : FRAME_TTL_NEVER - 1;
}

/* Whether the message can travel in the last run: alike in all but its payload. */
static bool continues_run(const struct batch *batch, const struct stream_out *stream,
                          const struct stream_place *place) {
    if (batch->runs_count == 0) {
        return false;
    }
    const struct frame_run *run = &batch->runs[batch->runs_count - 1];
    const struct run_scratch *scratch = &batch->scratch[batch->runs_count - 1];
    const struct message *message = place->message;
    bool next = scratch->stream == stream && run->count > 0 && run->first + run->count == message->seq + place->entry;
    if (!next || (message->run && place->entry > 0 && scratch->message == message)) {
        return next;
    }
    return run->kind == message->kind && scratch->deadline_ns == message->deadline_ns && run->ask == message->ask &&
           mesh_address_equal(run->asker, message->asker) && run->flags == run_flags(message) &&
           scratch->external == is_external(message) && (run->total > 0) == is_sliced(message) &&
           bytes_equal(run->type, message->type);
}

static struct frame_run *begin_run(struct batch *batch, struct stream_out *stream, uint64_t first) {
    batch->scratch[batch->runs_count] = (struct run_scratch){.stream = stream};
    struct frame_run *run = &batch->runs[batch->runs_count++];
    *run = (struct frame_run){
        .sender = stream->sender,
        .target = stream->target,
        .epoch = stream->epoch,
        .first = first,
        .base = stream->base,
    };
    batch->head_bytes += RUN_HEAD_BYTES;
    return run;
}

static bool has_room(const struct batch *batch, size_t payload_bytes) {
    bool first = batch->payloads_count == 0;
    return batch->runs_count < BATCH_RUNS && batch->head_bytes < HEADS_BYTES &&
           batch->payloads_count < BATCH_PAYLOADS && (first || batch->bytes + payload_bytes <= FRAME_BATCH_BYTES);
}

static void add_place(struct delivery *d, struct stream_out *stream, const struct stream_place *place,
                      uint64_t now_ns) {
    struct batch *batch = &d->batch;
    struct message *message = place->message;
    struct frame_run *run = batch->runs + batch->runs_count;
    if (continues_run(batch, stream, place)) {
        run--;
    } else {
        run = begin_run(batch, stream, message->seq + place->entry);
        struct run_scratch *scratch = &batch->scratch[batch->runs_count - 1];
        scratch->deadline_ns = message->deadline_ns;
        scratch->external = is_external(message);
        run->kind = message->kind;
        run->asker = message->asker;
        run->ask = message->ask;
        run->flags = run_flags(message);
        run->type = message->type;
        if (is_sliced(message)) {
            place_slice(run, message);
        }
        run->ttl_ms = ttl_of(message->deadline_ns, now_ns);
        run->payloads = batch->payloads + batch->payloads_count;
        run->parts = scratch->external ? batch->parts + batch->payloads_count : NULL;
        batch->head_bytes += message->type.size;
    }
    batch->scratch[batch->runs_count - 1].message = message;
    if (message->run) {
        message_entries(message, place->entry, place->count, batch->payloads + batch->payloads_count);
    } else {
        batch->payloads[batch->payloads_count] = slice_of(message);
        batch->parts[batch->payloads_count] = message->part;
    }
    batch->payloads_count += place->count;
    batch->bytes += place->bytes;
    run->count += place->count;
}

/* A probe or a close: on the stream's last run, or in one of its own. */
static void add_probe(struct batch *batch, struct stream_out *stream) {
    struct frame_run *run = batch->runs_count > 0 ? &batch->runs[batch->runs_count - 1] : NULL;
    if (!run || batch->scratch[batch->runs_count - 1].stream != stream || stream->closing) {
        run = begin_run(batch, stream, stream->high + 1);
    }
    run->probe = stream->probe;
    run->flags |= stream->closing ? FRAME_RUN_CLOSE : 0;
    stream->probe_wanted = false;
}

/* One turn of a stream. */
static void pull_stream(struct delivery *d, struct stream_out *stream, uint64_t now_ns) {
    struct batch *batch = &d->batch;
    size_t turn_bytes = 0;
    if (stream->epoch == 0) {
        stream->epoch = ++d->epoch;
        stream->reopened = false;
    }
    if (stream->received == stream->high) {
        stream->overdue_ns = TIME_NEVER; /* what is sent now has its own time */
    }
    struct stream_place place = stream_out_next(stream);
    while (place.message && turn_bytes < QUANTUM_BYTES && has_room(batch, place.bytes)) {
        stream_out_extend(stream, &place, BATCH_PAYLOADS - batch->payloads_count,
                          size_min(QUANTUM_BYTES - turn_bytes, FRAME_BATCH_BYTES - batch->bytes));
        turn_bytes += place.bytes;
        d->counters.sent_again += stream_out_sent(stream, &place) ? place.count : 0;
        add_place(d, stream, &place, now_ns);
        place = stream_out_next(stream);
    }
    if (stream->probe_wanted && !place.message && batch->runs_count < BATCH_RUNS) {
        add_probe(batch, stream);
    }
}

/* What is next in the stream has no room in this batch: the next one begins with it, else small messages of others would
 * keep a large one waiting for ever. */
static void keep_turn(struct peer *peer, struct stream_out *stream) {
    if (list_is_linked(&stream->ready)) {
        list_remove(&stream->ready);
        list_push_front(&peer->ready, &stream->ready);
    }
}

static void pull_runs(struct delivery *d, struct peer *peer, uint64_t now_ns) {
    struct list_node *node;
    while ((node = list_front(&peer->ready)) && has_room(&d->batch, 0)) {
        struct stream_out *stream = LIST_OWNER(node, struct stream_out, ready);
        size_t runs = d->batch.runs_count, payloads = d->batch.payloads_count;
        stream_unready(stream);
        pull_stream(d, stream, now_ns);
        stream_review(d, stream, now_ns);
        if (d->batch.runs_count == runs && d->batch.payloads_count == payloads) {
            keep_turn(peer, stream);
            return;
        }
    }
}

bool delivery_pull(struct delivery *d, uint64_t now_ns, uint64_t id, struct frame_batch *out) {
    struct peer *peer = peer_find(d, id);
    if (!peer || peer->down) {
        return false;
    }
    struct batch *batch = &d->batch;
    batch->runs_count = batch->acks_count = batch->payloads_count = batch->exceptions_count = 0;
    batch->ranges_count = 0;
    batch->bytes = batch->head_bytes = 0;
    pull_acks(d, peer);
    pull_runs(d, peer, now_ns);
    if (batch->runs_count == 0 && batch->acks_count == 0) {
        peer->want = peer->told = PEER_WANTS_NOTHING;
        list_remove(&peer->flushing);
        return false;
    }
    *out = (struct frame_batch){batch->runs_count, batch->acks_count, batch->runs, batch->acks};
    return true;
}
