/* Delivery: what a batch brings. Acks go to the streams out; runs are taken message by message, in order, as far as
 * there is credit and room (D4, D5, D7a). A run that makes no sense is counted and dropped.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "mesh/core/address.h"
#include "mesh/core/delivery_state.h"
#include <stdlib.h>

struct stream_key {
    struct mesh_address sender, target;
};

/* ---- acks ---- */

void stream_in_want_ack(struct delivery *d, struct stream_in *stream, enum stream_want want) {
    if (!stream->peer || stream->want >= want) {
        return;
    }
    stream->want = want;
    if (!list_is_linked(&stream->acking)) {
        list_push_back(&stream->peer->acking, &stream->acking);
    }
    delivery_want_flush(d, stream->peer, want == STREAM_WANTS_ACK ? PEER_WANTS_FLUSH : PEER_WANTS_LAZY_FLUSH);
}

/* A stream that is not known here, because it was closed or because of a loss, is answered once for each frame; what
 * finds no room is asked again. */
static void answer_stale(struct delivery *d, struct peer *peer, const struct frame_run *run) {
    for (size_t i = 0; i < d->stale_count; i++) {
        const struct stale *other = &d->stale[i];
        if (other->peer == peer && other->epoch == run->epoch && mesh_address_equal(other->sender, run->sender) &&
            mesh_address_equal(other->target, run->target)) {
            return;
        }
    }
    if (d->stale_count == STALE_MAX) {
        return;
    }
    d->stale[d->stale_count++] = (struct stale){
        .peer = peer,
        .sender = run->sender,
        .target = run->target,
        .epoch = run->epoch,
        .flags = run->epoch <= peer->lost_epoch ? FRAME_ACK_STALE | FRAME_ACK_LOST : FRAME_ACK_STALE,
    };
    peer->stale_count++;
    delivery_want_flush(d, peer, PEER_WANTS_FLUSH);
}

/* ---- the life of a stream in ---- */

void stream_in_over(struct delivery *d, struct stream_in *stream) {
    struct stream_key key = {stream->sender, stream->target};
    struct peer *peer = stream->peer;
    struct actor *actor = stream->actor;
    slices_end(d, stream);
    map_remove(&peer->streams_in, &key);
    d->streams_in_count--;
    peer->recent = peer->recent == stream ? NULL : peer->recent;
    list_remove(&stream->acking);
    list_remove(&stream->of_actor);
    stream_in_fini(stream);
    stream->peer = NULL;
    if (stream->in_mailbox == 0) {
        free(stream);
    }
    actor_retire(d, actor);
}

/* A frame of a lost process that comes late begins nothing, for nobody would ever end it (law 11 of the simulator). If the
 * process lives, taken for lost by mistake, a connection to it shows that, and it sends again. */
static void want_proof_of_life(struct delivery *d, struct peer *peer) {
    peer->want = peer->told = PEER_WANTS_NOTHING; /* each frame asks anew: it may not have been reachable before */
    delivery_want_flush(d, peer, PEER_WANTS_FLUSH);
}

static struct stream_in *begin(struct delivery *d, struct peer *peer, const struct frame_run *run) {
    struct stream_key key = {run->sender, run->target};
    struct actor *actor = actor_find(d, run->target);
    if (peer->lost) {
        want_proof_of_life(d, peer);
    }
    if (peer->lost || (!actor && !address_is_local(run->target))) {
        d->counters.dropped_unknown += run->count;
        return NULL;
    }
    actor = actor ? actor : &d->nobody;
    struct stream_in *stream = d->streams_in_count < d->limits.streams_max ? malloc(sizeof *stream) : NULL;
    if (!stream || map_put(&peer->streams_in, &key, stream) != MESH_OK) {
        free(stream);
        d->counters.dropped_full += run->count;
        return NULL;
    }
    stream_in_init(stream, run->epoch, run->base, d->limits.first_credit_messages, d->limits.first_credit_bytes);
    stream->sender = run->sender;
    stream->target = run->target;
    stream->peer = peer;
    stream->actor = actor;
    list_push_back(&actor->streams_in, &stream->of_actor);
    d->streams_in_count++;
    if (run->epoch > peer->seen_epoch) {
        peer->seen_epoch = run->epoch;
    }
    if (actor->closed) {
        stream_in_kill(stream, actor->reason);
    }
    return stream;
}

/* The sender forgets the stream, and so does the receiver; told again, it only answers again. */
static void on_close(struct delivery *d, struct peer *peer, struct stream_in *stream, const struct frame_run *run) {
    if (stream) {
        stream_in_over(d, stream);
    }
    if (run->epoch > peer->closed_epoch) {
        peer->closed_epoch = run->epoch;
    }
    if (run->epoch > peer->seen_epoch) {
        peer->seen_epoch = run->epoch;
    }
    answer_stale(d, peer, run);
}

/* ---- messages ---- */

void stream_in_gap(struct delivery *d, struct stream_in *stream) {
    stream->dropped = true;
    if (stream->told_gap != stream->received) {
        stream->told_gap = stream->received;
        stream_in_want_ack(d, stream, STREAM_WANTS_ACK);
    }
}

void stream_in_gap_once(struct delivery *d, struct stream_in *stream) {
    if (stream->told_gap != stream->received) {
        stream_in_gap(d, stream);
    }
}

void message_from_run(struct message *message, const struct frame_run *run, size_t i, uint64_t deadline_ns) {
    message->sender = run->sender;
    message->target = run->target;
    message->asker = run->asker;
    message->ask = run->ask;
    message->deadline_ns = deadline_ns;
    message->seq = run->first + i;
    message->epoch = run->epoch;
    message->kind = run->kind;
    message->flags = (uint16_t)(run->flags & (FRAME_RUN_REDELIVERED | FRAME_RUN_REPLY));
    message->urgent = run->flags & FRAME_RUN_URGENT;
}

static struct message *make_message(struct delivery *d, uint64_t deadline_ns, const struct frame_run *run, size_t i) {
    struct message *message = run->parts && run->parts[i] ? message_new_part(d->pool, run->type, run->parts[i])
                                                          : message_new(d->pool, run->type, run->payloads[i]);
    if (message) {
        message_from_run(message, run, i, deadline_ns);
    }
    return message;
}

void stream_in_enter(struct stream_in *stream) {
    if (stream->in_mailbox++ == 0) {
        stream->actor->mailbox.busy++;
    }
}

void stream_in_leave(struct stream_in *stream, size_t count) {
    stream->in_mailbox -= count;
    if (stream->in_mailbox == 0) {
        stream->actor->mailbox.busy--;
        if (!stream->peer) {
            free(stream);
        }
    }
}

/* Whether nobody is left to be told. A process that was taken for lost and has shown that it lives settles by itself what it had
 * sent. */
static bool is_unclaimed(struct delivery *d, const struct stream_in *stream) {
    const struct peer *sender = peer_find(d, stream->lost_peer);
    return !stream->peer && !(sender && !sender->lost);
}

void stream_in_release(struct delivery *d, struct message *message) {
    struct stream_in *stream = message->stream;
    bool unclaimed = is_unclaimed(d, stream);
    stream_in_leave(stream, message_count(message));
    message->stream = NULL;
    actor_release(d, message, unclaimed);
}

void stream_in_finish(struct delivery *d, struct message *message) {
    struct stream_in *stream = message->stream;
    if (!stream->peer) {
        stream_in_release(d, message);
        return;
    }
    stream_in_leave(stream, 1);
    stream_in_settle(stream, message);
    stream_in_want_ack(d, stream, stream_in_wants(stream));
}

bool stream_in_grants(struct delivery *d, const struct stream_in *stream, size_t slice_bytes, size_t rest) {
    if (stream->received >= stream->credit_seq || slice_bytes > stream->credit_bytes) {
        d->counters.dropped_credit += rest;
        return false;
    }
    return true;
}

static inline bool finds_room(const struct delivery *d, struct stream_in *stream, size_t weight) {
    if (actor_admits(d, stream->actor, stream, weight) && stream->kept < d->limits.mailbox_messages) {
        return true;
    }
    stream->actor->starved = true;
    return false;
}

bool stream_in_finds_room(const struct delivery *d, struct stream_in *stream, size_t weight) {
    return finds_room(d, stream, weight);
}

/* Whether the next message is granted and finds room; when not, it is counted as dropped, with the `rest` behind it. */
static bool admits(struct delivery *d, struct stream_in *stream, size_t payload_bytes, size_t rest) {
    if (!stream_in_grants(d, stream, payload_bytes, rest)) {
        return false;
    }
    if (!finds_room(d, stream, payload_bytes + MESSAGE_OVERHEAD_BYTES)) {
        d->counters.dropped_full += rest;
        return false;
    }
    return true;
}

static inline void take(struct delivery *d, struct stream_in *stream, struct message *message, size_t slice_bytes) {
    message->stream = stream;
    if (stream->assembly.first != 0) {
        message->chunks = (uint32_t)(message->seq - stream->assembly.first);
        slices_end(d, stream);
    }
    stream_in_took(stream, slice_bytes);
    d->counters.received++;
    if (message->kind == FRAME_SKIP || message->outcome != FRAME_HANDLED) {
        stream_in_settle(stream, message);
    } else {
        stream_in_enter(stream);
        actor_deliver(d, stream->actor, message);
    }
}

void stream_in_take(struct delivery *d, struct stream_in *stream, struct message *message, size_t slice_bytes) {
    take(d, stream, message, slice_bytes);
}

/* Whether so many of a run are kept as one. A message behind slices settles their numbers with its own, so it stands alone. */
static bool is_kept_as_run(const struct delivery *d, const struct stream_in *stream, const struct frame_run *run,
                           size_t count) {
    return count >= d->limits.run_min && stream->assembly.first == 0 && run->kind == FRAME_USER && !run->parts &&
           !(run->flags & FRAME_RUN_URGENT);
}

/* Begins a run in the mailbox with the message. Without memory the message stands alone. */
static struct message *take_as_run(struct delivery *d, struct stream_in *stream, struct message *message) {
    struct message *run = message_run_new(d->pool, message);
    size_t payload_bytes = message->payload.size;
    if (run) {
        run->seq = message->seq;
        message_release(message);
    }
    take(d, stream, run ? run : message, payload_bytes);
    return run;
}

static void take_messages(struct delivery *d, struct stream_in *stream, const struct frame_run *run, size_t i,
                          uint64_t deadline_ns) {
    struct message *kept = NULL; /* the run in the mailbox that takes more */
    if (stream->assembly.first != 0 || stream->actor->claimant == stream) {
        slices_break_off(d, stream);
    }
    for (; i < run->count; i++) {
        struct bytes payload = run->payloads[i];
        if (!admits(d, stream, payload.size, run->count - i)) {
            stream_in_gap(d, stream);
            return;
        }
        if (kept && payload.size <= MESSAGE_RUN_PAYLOAD_BYTES &&
            mailbox_push_into(&stream->actor->mailbox, kept, payload)) {
            stream_in_took(stream, payload.size);
            stream_in_enter(stream);
            d->counters.received++;
            continue;
        }
        struct message *message = make_message(d, deadline_ns, run, i);
        if (!message) {
            d->counters.dropped_full += run->count - i;
            stream_in_gap_once(d, stream);
            return;
        }
        if (is_kept_as_run(d, stream, run, run->count - i) && message_may_run(message)) {
            kept = take_as_run(d, stream, message);
        } else {
            kept = NULL;
            take(d, stream, message, payload.size);
        }
    }
}

/* The run from its `i`th payload on, which has the next number of the stream. */
static void take_run(struct delivery *d, uint64_t now_ns, struct stream_in *stream, const struct frame_run *run,
                     size_t i) {
    uint64_t deadline_ns =
        run->ttl_ms == FRAME_TTL_NEVER ? TIME_NEVER : time_add(now_ns, (uint64_t)run->ttl_ms * NS_PER_MS);
    if (run->total > 0) {
        slices_take_run(d, stream, run, i, deadline_ns);
    } else {
        take_messages(d, stream, run, i, deadline_ns);
    }
    stream_in_want_ack(d, stream, stream_in_wants(stream));
}

static void on_messages(struct delivery *d, uint64_t now_ns, struct stream_in *stream, const struct frame_run *run) {
    size_t known = 0;
    if (run->first <= stream->received) {
        uint64_t overlap = stream->received - run->first + 1;
        known = overlap < run->count ? (size_t)overlap : run->count;
        d->counters.duplicates += known;
        stream->listing_from = 0;
        stream_in_want_ack(d, stream, STREAM_WANTS_ACK);
    }
    size_t fresh = run->count - known;
    if (fresh == 0) {
        return;
    }
    if (run->first + known > stream->received + 1) {
        d->counters.dropped_gap += fresh;
        stream_in_gap_once(d, stream);
    } else if (stream->dead) {
        d->counters.received += fresh;
        stream_in_bury(stream, fresh);
        stream_in_want_ack(d, stream, STREAM_WANTS_ACK);
    } else {
        take_run(d, now_ns, stream, run, known);
    }
}

/* ---- runs ---- */

static bool makes_sense(const struct frame_run *run) {
    bool numbered = run->epoch > 0 && run->base > 0 && run->base <= run->first && run->first <= UINT64_MAX / 2;
    bool whole = run->total > 0 || run->kind != FRAME_CHUNK;
    return numbered && whole && !mesh_address_is_none(run->sender) && !mesh_address_is_none(run->target);
}

static struct stream_in *find(struct peer *peer, const struct frame_run *run) {
    struct stream_in *stream = peer->recent;
    if (stream && mesh_address_equal(stream->sender, run->sender) && mesh_address_equal(stream->target, run->target)) {
        return stream;
    }
    struct stream_key key = {run->sender, run->target};
    stream = map_get(&peer->streams_in, &key);
    peer->recent = stream;
    return stream;
}

static void on_run(struct delivery *d, uint64_t now_ns, struct peer *peer, const struct frame_run *run) {
    if (!makes_sense(run)) {
        d->counters.dropped_bad += run->count;
        return;
    }
    struct stream_in *stream = find(peer, run);
    bool later = stream && run->epoch > stream->epoch;
    if (stream && run->epoch < stream->epoch) {
        d->counters.duplicates += run->count;
        return;
    }
    if (run->flags & FRAME_RUN_CLOSE) {
        on_close(d, peer, stream, run);
        return;
    }
    if (!stream && run->epoch <= peer->closed_epoch) {
        d->counters.duplicates += run->count;
        answer_stale(d, peer, run);
        return;
    }
    if (later) {
        stream_in_over(d, stream);
    }
    if (!stream || later) {
        stream = begin(d, peer, run);
    }
    if (!stream) {
        return;
    }
    if (run->base > stream->handled + 1) {
        d->counters.dropped_bad += run->count;
        return;
    }
    stream_in_pass(stream, run->base);
    if (run->probe > stream->echo) {
        stream->echo = run->probe;
        stream->listing_from = 0;
    }
    on_messages(d, now_ns, stream, run);
    if (run->probe > 0) {
        stream_in_want_ack(d, stream, STREAM_WANTS_ACK);
    }
}

void delivery_on_frame(struct delivery *d, uint64_t now_ns, uint64_t from, const struct frame_batch *batch) {
    struct peer *peer;
    if (peer_make(d, from, &peer) != MESH_OK) {
        d->counters.dropped_full++;
        return;
    }
    for (size_t i = 0; i < batch->acks_count; i++) {
        stream_on_ack(d, now_ns, peer, &batch->acks[i]);
    }
    for (size_t i = 0; i < batch->runs_count; i++) {
        on_run(d, now_ns, peer, &batch->runs[i]);
    }
}
