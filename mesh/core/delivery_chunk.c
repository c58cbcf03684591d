/* Delivery: large messages (D6). The sender's records for the slices of one, and its assembly at the receiver.
 *
 * Each slice has its own number, so marks, credit, gaps and duplicates are those of any message. The numbers before the
 * last are settled with it, so a sender keeps all slices until it knows the message's fate, and can begin anew elsewhere.
 * Slices that do not fit together, or make a message above the limit, are a peer's mistake: they are counted, their bytes
 * dropped, and by its last number the message is told dead (refused), so that the stream goes on.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "mesh/core/delivery_state.h"

/* ---- the sender's side ---- */

static struct message *make_chunk(struct delivery *d, const struct message *message, size_t offset) {
    struct message *chunk = message_new_part(d->pool, (struct bytes){0}, message->part);
    if (chunk) {
        chunk->kind = FRAME_CHUNK;
        chunk->sender = message->sender;
        chunk->target = message->target;
        chunk->payload = bytes_make(message->payload.data + offset, d->limits.chunk_bytes);
    }
    return chunk;
}

bool slices_make(struct delivery *d, const struct message *message, struct message_list *chunks, size_t *slice_bytes) {
    size_t offset = 0;
    CHECK(message->part);
    while (message->payload.size - offset > d->limits.chunk_bytes) {
        struct message *chunk = make_chunk(d, message, offset);
        if (!chunk) {
            while ((chunk = message_list_take(chunks))) {
                message_release(chunk);
            }
            return false;
        }
        message_list_append(chunks, chunk);
        offset += d->limits.chunk_bytes;
    }
    *slice_bytes = message->payload.size - offset;
    return true;
}

/* ---- the receiver's side ---- */

struct slice {
    const struct frame_run *run;
    size_t index; /* in the run */
    uint64_t offset, deadline_ns;
};

static size_t weight_of(uint64_t total) {
    return (size_t)total + MESSAGE_OVERHEAD_BYTES;
}

static void reserve(struct delivery *d, struct stream_in *stream) {
    struct actor *actor = stream->actor;
    stream->assembly.reserved_bytes = weight_of(stream->assembly.total);
    mailbox_reserve(&actor->mailbox, stream->assembly.reserved_bytes, stream->assembly.deadline_ns);
    delivery_wake_at(&d->actors_due, &actor->deadline, actor->mailbox.expiry_ns);
}

static void free_room(struct stream_in *stream) {
    if (stream->assembly.reserved_bytes > 0) {
        mailbox_unreserve(&stream->actor->mailbox, stream->assembly.reserved_bytes);
        stream->assembly.reserved_bytes = 0;
    }
}

static void refuse(struct delivery *d, struct stream_in *stream, enum frame_reason reason) {
    free_room(stream);
    assembly_refuse(&stream->assembly, reason);
    *(reason == FRAME_EXPIRED ? &d->counters.expired : &d->counters.dropped_bad) += 1;
    actor_feed_starved(d, stream->actor);
}

void slices_expire(struct delivery *d, struct stream_in *stream) {
    refuse(d, stream, FRAME_EXPIRED);
}

void slices_break_off(struct delivery *d, struct stream_in *stream) {
    if (assembly_is_filling(&stream->assembly)) {
        free_room(stream);
        assembly_refuse(&stream->assembly, FRAME_EXPIRED); /* which nobody will be told */
        actor_feed_starved(d, stream->actor);
    }
    actor_unclaim(d, stream->actor, stream);
}

void slices_end(struct delivery *d, struct stream_in *stream) {
    struct actor *actor = stream->actor;
    if (stream->assembly.first != 0) {
        free_room(stream);
        assembly_end(&stream->assembly);
        actor_feed_starved(d, actor);
    }
    actor_unclaim(d, actor, stream);
}

struct mailbox_share slices_share(const struct delivery *d, const struct stream_in *stream) {
    const struct assembly *assembly = &stream->assembly;
    uint64_t rest = assembly_is_filling(assembly) ? assembly->total - assembly->filled : 0;
    return (struct mailbox_share){
        .messages = d->limits.first_credit_messages,
        .bytes = rest > FRAME_PAYLOAD_BYTES ? (size_t)rest : FRAME_PAYLOAD_BYTES,
    };
}

/* The first slice: room is reserved for the whole. False when there is none. */
static bool begin(struct delivery *d, struct stream_in *stream, const struct slice *slice) {
    uint64_t total = slice->run->total;
    uint64_t first = stream->assembly.first ? stream->assembly.first : stream->received + 1;
    struct actor *actor = stream->actor;
    bool refused = total > d->limits.message_bytes_max || slice->deadline_ns <= d->now_ns;
    if (!refused && !stream_in_finds_room(d, stream, weight_of(total))) {
        actor_claim(d, actor, stream, weight_of(total));
        return false;
    }
    free_room(stream);
    assembly_end(&stream->assembly);
    assembly_begin(&stream->assembly, first, total, slice->deadline_ns);
    if (refused) {
        refuse(d, stream, total > d->limits.message_bytes_max ? FRAME_REFUSED : FRAME_EXPIRED);
    } else {
        reserve(d, stream);
    }
    actor_unclaim(d, actor, stream);
    return true;
}

/* The message whose last slice this is; NULL without memory. */
static struct message *complete(struct delivery *d, struct stream_in *stream, const struct slice *slice) {
    struct assembly *assembly = &stream->assembly;
    struct bytes payload = slice->run->payloads[slice->index];
    struct message *message;
    if (assembly->refused != FRAME_NO_REASON) {
        message = message_new(d->pool, slice->run->type, (struct bytes){0});
        if (message) {
            message->outcome = FRAME_DIED;
            message->reason = assembly->refused;
        }
        return message;
    }
    if (!assembly_add(assembly, payload)) {
        return NULL;
    }
    message = message_new_part(d->pool, slice->run->type, assembly->part);
    if (!message) {
        assembly_take_back(assembly, payload.size);
    }
    return message;
}

/* MESH_FULL when it finds no room now, MESH_NO_MEMORY. */
static enum mesh_status take_slice(struct delivery *d, struct stream_in *stream, const struct slice *slice) {
    struct assembly *assembly = &stream->assembly;
    const struct frame_run *run = slice->run;
    struct bytes payload = run->payloads[slice->index];
    bool last = run->kind != FRAME_CHUNK;
    if (slice->offset == 0 && !last) {
        if (!begin(d, stream, slice)) {
            return MESH_FULL;
        }
    } else if (assembly->first == 0) {
        assembly_begin(assembly, stream->received + 1, run->total, slice->deadline_ns);
        refuse(d, stream, FRAME_REFUSED);
    }
    if (assembly->refused == FRAME_NO_REASON &&
        !assembly_continues(assembly, run->total, slice->offset, payload.size, last)) {
        refuse(d, stream, FRAME_REFUSED);
    }
    if (last) {
        struct message *message = complete(d, stream, slice);
        if (message) {
            message_from_run(message, run, slice->index, slice->deadline_ns);
            stream_in_take(d, stream, message, payload.size);
        }
        return message ? MESH_OK : MESH_NO_MEMORY;
    }
    if (assembly->refused == FRAME_NO_REASON && !assembly_add(assembly, payload)) {
        return MESH_NO_MEMORY;
    }
    stream_in_took(stream, payload.size);
    return MESH_OK;
}

void slices_take_run(struct delivery *d, struct stream_in *stream, const struct frame_run *run, size_t i,
                     uint64_t deadline_ns) {
    struct slice slice = {.run = run, .offset = run->offset, .deadline_ns = deadline_ns};
    for (; slice.index < i; slice.index++) {
        slice.offset += run->payloads[slice.index].size;
    }
    for (; slice.index < run->count; slice.index++) {
        size_t bytes = run->payloads[slice.index].size;
        if (!stream_in_grants(d, stream, bytes, run->count - slice.index)) {
            stream_in_gap(d, stream);
            return;
        }
        enum mesh_status status = take_slice(d, stream, &slice);
        if (status != MESH_OK) {
            d->counters.dropped_full += run->count - slice.index;
            (status == MESH_FULL ? stream_in_gap : stream_in_gap_once)(d, stream);
            return;
        }
        slice.offset += bytes;
    }
}
