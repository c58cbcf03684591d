/* Delivery: the streams out. A message is accepted, waits for a route and for credit, and is settled by the receiver's
 * word, by its expiry, or by the end of the receiver.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "mesh/core/delivery_state.h"
#include <stdlib.h>

/* Expiries are rounded up to this, 2^23 ns, so that neighbours travel in one run. */
#define EXPIRY_TICK_NS ((UINT64_C(1) << 23))

struct stream_key {
    struct mesh_address sender, target;
};

struct stream_out *stream_find(const struct delivery *d, struct mesh_address sender, struct mesh_address target) {
    struct stream_key key = {sender, target};
    return map_get(&d->streams_out, &key);
}

struct stream_credit delivery_first_credit(const struct delivery *d) {
    return (struct stream_credit){d->limits.first_credit_messages, d->limits.first_credit_bytes};
}

/* ---- submit ---- */

static bool window_fits(const struct delivery *d, const struct actor *actor, const struct message *message) {
    bool user = message->kind == FRAME_USER;
    const struct window *window = user ? &actor->users : &actor->system;
    size_t messages_max = user ? d->limits.window_messages : d->limits.system_messages;
    size_t bytes_max = user ? d->limits.window_bytes : d->limits.window_bytes / 10;
    return window->messages == 0 ||
           (window->messages < messages_max && window->bytes + message_weight(message) <= bytes_max);
}

bool delivery_system_room(const struct delivery *d, struct mesh_address sender) {
    const struct actor *actor = map_get(&d->actors, &sender);
    return actor && actor->system.messages < d->limits.system_messages;
}

static uint64_t round_expiry(uint64_t deadline_ns) {
    return deadline_ns < TIME_NEVER - EXPIRY_TICK_NS ? (deadline_ns + EXPIRY_TICK_NS - 1) & ~(EXPIRY_TICK_NS - 1)
                                                     : deadline_ns;
}

static void count_accepted(struct delivery *d, struct actor *actor, const struct message *message) {
    struct window *window = message->kind == FRAME_USER ? &actor->users : &actor->system;
    window->messages++;
    window->bytes += message_weight(message);
    actor->sent++;
    d->counters.accepted++;
    d->counters.in_flight++;
}

static void accept(struct delivery *d, struct actor *actor, struct message *message) {
    count_accepted(d, actor, message);
    message->seq = message->epoch = 0;
    message->stream = NULL;
    message->maybe_handled = false;
    message->deadline_ns = round_expiry(message->deadline_ns);
}

/* A local target's mailbox gets it at once; it never waits (D7). */
static enum mesh_status submit_local(struct delivery *d, struct actor *actor, struct actor *target,
                                     struct message *message) {
    if (!target->closed && !mailbox_fits(&target->mailbox, message_weight(message))) {
        return MESH_WOULD_BLOCK;
    }
    accept(d, actor, message);
    message->life = actor->life;
    if (target->closed) {
        actor_settle_dead(d, actor, message, target->reason, false);
    } else {
        actor_deliver(d, target, message);
    }
    return MESH_OK;
}

static enum mesh_status stream_make(struct delivery *d, struct stream_key key, struct stream_out **out) {
    struct stream_out *stream = malloc(sizeof *stream);
    if (!stream) {
        return MESH_NO_MEMORY;
    }
    stream_out_init(stream, key.sender, key.target, delivery_first_credit(d));
    enum mesh_status status = delivery_add_deadline(&d->streams_due, &stream->deadline);
    if (status == MESH_OK) {
        status = map_put(&d->streams_out, &key, stream);
    }
    if (status == MESH_OK && (status = route_attach(d, stream)) != MESH_OK) {
        map_remove(&d->streams_out, &key);
    }
    if (status != MESH_OK) {
        deadlines_clear(&d->streams_due, &stream->deadline);
        free(stream);
        return status;
    }
    *out = stream;
    return MESH_OK;
}

/* The stream from the actor to the target; one that was closing begins a new life. */
static enum mesh_status stream_to(struct delivery *d, struct actor *actor, struct mesh_address target,
                                  struct stream_out **out) {
    struct stream_key key = {actor->address, target};
    struct stream_out *stream = map_get(&d->streams_out, &key);
    if (!stream) {
        enum mesh_status status = stream_make(d, key, &stream);
        if (status != MESH_OK) {
            return status;
        }
    } else if (stream->closing) {
        stream->closing = stream->probe_wanted = false;
        stream->reopened = true;
        stream_out_restart(stream, delivery_first_credit(d));
    }
    if (!stream->actor) {
        stream->actor = actor;
        list_push_back(&actor->streams_out, &stream->of_actor);
    }
    actor->recent = stream;
    *out = stream;
    return MESH_OK;
}

static enum mesh_status submit_remote(struct delivery *d, uint64_t now_ns, struct stream_out *stream,
                                      struct message *message) {
    struct message_list chunks = {0};
    size_t slice_bytes = message->payload.size;
    if (slice_bytes > 2 * d->limits.chunk_bytes && !slices_make(d, message, &chunks, &slice_bytes)) {
        stream_review(d, stream, now_ns); /* it may be new, and stay empty */
        return MESH_NO_MEMORY;
    }
    accept(d, stream->actor, message);
    struct message *chunk;
    while ((chunk = message_list_take(&chunks))) {
        chunk->deadline_ns = message->deadline_ns;
        stream_out_push(stream, chunk, chunk->payload.size);
    }
    stream_out_push(stream, message, slice_bytes);
    stream_review(d, stream, now_ns);
    return MESH_OK;
}

/* Whether the sender, which is given out then, may send it now. */
static enum mesh_status check(struct delivery *d, const struct message *message, struct actor **out) {
    if (mesh_address_is_none(message->target)) {
        return MESH_INVALID_ADDRESS;
    }
    if (message->payload.size > d->limits.message_bytes_max || message->type.size > FRAME_TYPE_BYTES) {
        return MESH_TOO_LARGE;
    }
    struct actor *actor = actor_find(d, message->sender);
    if (!actor || actor->closed) {
        return MESH_NOT_FOUND;
    }
    if (!window_fits(d, actor, message)) {
        actor->was_full = actor->was_full || message->kind == FRAME_USER;
        return MESH_WOULD_BLOCK;
    }
    *out = actor;
    return MESH_OK;
}

/* The stream on which the actor sent last, if that one leads to the target. */
static struct stream_out *recent_stream(const struct actor *actor, struct mesh_address target) {
    struct stream_out *stream = actor->recent;
    return stream && !stream->closing && mesh_address_equal(stream->target, target) ? stream : NULL;
}

static enum mesh_status submit(struct delivery *d, uint64_t now_ns, struct actor *actor, struct message *message) {
    struct stream_out *stream = recent_stream(actor, message->target);
    if (!stream) {
        struct actor *target = actor_find(d, message->target);
        if (target) {
            return submit_local(d, actor, target, message);
        }
        enum mesh_status status = stream_to(d, actor, message->target, &stream);
        if (status != MESH_OK) {
            return status;
        }
    }
    return submit_remote(d, now_ns, stream, message);
}

enum mesh_status delivery_submit(struct delivery *d, uint64_t now_ns, struct message *message) {
    struct actor *actor;
    enum mesh_status status = check(d, message, &actor);
    return status == MESH_OK ? submit(d, now_ns, actor, message) : status;
}

enum mesh_status delivery_post(struct delivery *d, uint64_t now_ns, struct message *draft) {
    struct actor *actor;
    enum mesh_status status = check(d, draft, &actor);
    if (status != MESH_OK) {
        return status;
    }
    draft->deadline_ns = round_expiry(draft->deadline_ns);
    struct stream_out *stream = recent_stream(actor, draft->target);
    if (stream && stream_out_push_into_run(stream, d->pool, draft, d->limits.run_min)) {
        count_accepted(d, actor, draft); /* behind others that expire no later: nothing to review */
        return MESH_OK;
    }
    struct message *message = message_new_from(d->pool, draft);
    status = message ? submit(d, now_ns, actor, message) : MESH_NO_MEMORY;
    if (status != MESH_OK) {
        message_release(message);
    }
    return status;
}

/* ---- what a stream waits for ---- */

void stream_unready(struct stream_out *stream) {
    if (list_is_linked(&stream->ready)) {
        CHECK(stream->route->peer);
        list_remove(&stream->ready);
    }
}

void stream_want_resolve(struct delivery *d, struct stream_out *stream) {
    if (!list_is_linked(&stream->resolving)) {
        list_push_back(&d->resolving, &stream->resolving);
    }
}

static void make_ready(struct delivery *d, struct stream_out *stream, struct peer *peer) {
    if (!list_is_linked(&stream->ready)) {
        list_push_back(&peer->ready, &stream->ready);
        delivery_want_flush(d, peer, PEER_WANTS_FLUSH);
    }
}

/* Nothing is open without a time at which it is asked for: a frame may be lost, a question where somebody lives may have met a limit, and a
 * connection may never come about. Seldom, what is only not handled yet, for handlers may take their time, and a close, for nobody waits for
 * it; as seldom, where a target lives that cannot be reached: a node that fell silent refuses no connection. */
static void set_overdue(struct delivery *d, struct stream_out *stream, uint64_t now_ns, bool reachable) {
    if (stream_is_at_rest(stream)) {
        stream->overdue_ns = TIME_NEVER;
    } else if (stream->overdue_ns == TIME_NEVER) {
        bool urgent = reachable && !stream_out_is_received(stream);
        stream->patience_ns = urgent ? d->limits.overdue_ns : d->limits.overdue_max_ns;
        stream->overdue_ns = time_add(now_ns, stream->patience_ns);
    }
}

void stream_review(struct delivery *d, struct stream_out *stream, uint64_t now_ns) {
    struct peer *peer = stream_peer(stream);
    bool reachable = peer && !peer->down;
    if (reachable && (stream->probe_wanted || stream_out_next(stream).message)) {
        make_ready(d, stream, peer);
    } else {
        stream_unready(stream);
    }
    set_overdue(d, stream, now_ns, reachable);
    if (stream->unsettled > 0 || stream->closing) {
        stream->idle_ns = TIME_NEVER;
    } else if (stream->idle_ns == TIME_NEVER) {
        stream->idle_ns = time_add(now_ns, d->limits.stream_idle_ns);
    }
    uint64_t next_ns = time_min(time_min(stream->overdue_ns, stream->idle_ns), stream->expiry_ns);
    delivery_wake_at(&d->streams_due, &stream->deadline, next_ns);
    if (stream->actor && stream->actor->closed) {
        actor_check_drained(d, stream->actor);
    }
}

/* ---- time ---- */

/* While the link lives the receiver's word decides about what was sent (D8). */
void stream_expire(struct delivery *d, struct stream_out *stream, uint64_t now_ns) {
    struct peer *peer = stream_peer(stream);
    struct message_list expired = {0};
    struct message *message;
    stream_out_expire(stream, now_ns, !peer || peer->down, d->pool, &expired);
    while ((message = message_list_take(&expired))) {
        d->counters.expired++;
        actor_settle_dead(d, stream->actor, message, FRAME_EXPIRED, message->seq > 0);
    }
}

/* Nothing was heard in time: asks, and lets the link be looked at. An old silence has the target resolved anew. */
static void on_overdue(struct delivery *d, struct stream_out *stream, uint64_t now_ns) {
    struct peer *peer = stream_peer(stream);
    if (!peer || peer->down) {
        stream_want_resolve(d, stream);
        stream->overdue_ns = time_add(now_ns, d->limits.overdue_max_ns);
        return;
    }
    d->counters.probes++;
    stream->unanswered++;
    stream->probe++;
    stream->probe_wanted = true;
    if (stream->closing || !stream_out_is_received(stream)) {
        if (!list_is_linked(&peer->checking)) {
            list_push_back(&d->checking, &peer->checking);
        }
        if (stream->unanswered > 1 && !stream->closing) {
            stream_want_resolve(d, stream);
        }
    }
    uint64_t most_ns = stream->closing ? d->limits.stream_idle_ns : d->limits.overdue_max_ns;
    stream->patience_ns = time_min(stream->patience_ns * 2, most_ns);
    stream->overdue_ns = time_add(now_ns, stream->patience_ns);
}

/* Whether there is a receiver that may have to forget it. */
static bool may_be_known(const struct stream_out *stream) {
    return (stream->epoch != 0 || stream->reopened) && stream_peer(stream);
}

/* Tells the receiver to forget it. The close is repeated, ever more seldom, until it is answered or the process is lost: else
 * the receiver would keep the stream for ever (law 11 of the simulator). */
static void begin_closing(struct stream_out *stream) {
    stream->closing = stream->probe_wanted = true;
    stream->unanswered = 0;
    stream->overdue_ns = TIME_NEVER;
}

void stream_due(struct delivery *d, struct stream_out *stream, uint64_t now_ns) {
    if (stream->expiry_ns <= now_ns) {
        stream_expire(d, stream, now_ns);
    }
    if (stream->idle_ns <= now_ns && stream->watch_ns > now_ns) {
        stream->idle_ns = time_add(now_ns, d->limits.stream_idle_ns);
    } else if (stream->idle_ns <= now_ns) {
        stream->watch_ns = 0;
        if (!may_be_known(stream)) {
            stream_free(d, stream);
            return;
        }
        begin_closing(stream);
    }
    if (stream->overdue_ns <= now_ns && !stream_is_at_rest(stream)) {
        on_overdue(d, stream, now_ns);
    }
    stream_review(d, stream, now_ns);
}

/* ---- the receiver's word ---- */

/* Takes the lowest entry of the run out of the stream; NULL without memory. */
static struct message *take_entry(struct stream_out *stream, struct message *run) {
    struct message *message = message_run_first(run);
    if (message) {
        message_release(stream_out_pass(stream, 1));
    }
    return message;
}

/* The `count` lowest entries of a run are handled. */
static bool settle_handled_run(struct delivery *d, struct stream_out *stream, struct message *run, size_t count) {
    struct message *message;
    if (!d->limits.tell_handled) {
        size_t bytes = message_entries_bytes(run, run->begin, run->begin + (uint32_t)count);
        actor_settle_handled(d, stream->actor, count, bytes + count * MESSAGE_OVERHEAD_BYTES);
        message_release(stream_out_pass(stream, count));
        return true;
    }
    for (; count > 0; count--) {
        if (!(message = take_entry(stream, run))) {
            return false;
        }
        actor_settle(d, stream->actor, message);
    }
    return true;
}

static void set_fate(struct message *message, const struct frame_exception *exception) {
    message->outcome = exception->outcome;
    message->reason = exception->reason;
    bool before = exception->outcome == FRAME_DIED && (message->flags & FRAME_RUN_REDELIVERED); /* an earlier life */
    message->maybe_handled = exception->maybe_handled || before;
    message_set_text(message, exception->text);
}

/* Takes the lowest unsettled message out of the stream, also when it stands in a run. NULL without memory. */
static struct message *take_lowest(struct stream_out *stream) {
    struct message *lowest = stream_out_lowest(stream);
    return lowest->run ? take_entry(stream, lowest) : stream_out_pass(stream, 1);
}

/* How many of the lowest numbers have no word of their own, up to `last` and within one message or run. */
static size_t handled_alike(const struct stream_out *stream, const struct message *lowest, uint64_t last,
                            const struct frame_exception *exception) {
    uint64_t end = message_last_seq(lowest) < last ? message_last_seq(lowest) : last;
    end = end < stream->received ? end : stream->received;
    end = exception && exception->seq <= end ? exception->seq - 1 : end;
    return (size_t)(end + 1 - stream->base);
}

bool stream_settle(struct delivery *d, struct stream_out *stream, const struct frame_ack *ack) {
    const struct frame_exception *exception = ack->exceptions, *end = exception + ack->exceptions_count;
    struct message *lowest;
    while (stream->base <= ack->handled && (lowest = stream_out_lowest(stream))) {
        while (exception < end && exception->seq < stream->base) {
            exception++;
        }
        size_t alike = handled_alike(stream, lowest, ack->handled, exception < end ? exception : NULL);
        if (message_is_filler(lowest)) {
            message_release(stream_out_pass(stream, alike > 0 ? alike : 1));
        } else if (lowest->run && alike > 0) {
            if (!settle_handled_run(d, stream, lowest, alike)) {
                return false;
            }
        } else {
            struct message *message = take_lowest(stream);
            if (!message) {
                return false;
            }
            if (alike == 0) {
                set_fate(message, exception);
            }
            actor_settle(d, stream->actor, message);
        }
    }
    return true;
}

/* What the receiver has handled out of turn; what stands in a run with others waits for the mark. */
static void settle_ahead(struct delivery *d, struct stream_out *stream, const struct frame_ack *ack) {
    struct message_list handled = {0};
    struct message *message;
    for (size_t i = 0; i < ack->ahead_count; i++) {
        stream_out_take_ahead(stream, &ack->ahead[i], d->pool, &handled);
    }
    while ((message = message_list_take(&handled))) {
        actor_settle(d, stream->actor, message);
    }
}

void stream_settle_dead(struct delivery *d, struct stream_out *stream, struct message_list *list,
                        enum frame_reason reason, bool maybe_handled) {
    struct message *message;
    while ((message = message_list_take(list))) {
        if (message_is_filler(message)) {
            message_release(message);
        } else {
            actor_settle_dead(d, stream->actor, message, reason, maybe_handled);
        }
    }
}

void stream_break(struct delivery *d, struct stream_out *stream) {
    struct message_list sent = {0};
    stream_out_drop(stream, false, &sent);
    stream_settle_dead(d, stream, &sent, FRAME_NODE_LOST, true);
    stream_out_restart(stream, delivery_first_credit(d));
}

/* The receiver does not know this epoch: it has forgotten a closed stream, or never knew this one. */
static void on_stale(struct delivery *d, struct stream_out *stream, const struct frame_ack *ack, uint64_t now_ns) {
    if (stream->closing) {
        stream_free(d, stream);
        return;
    }
    if ((ack->flags & FRAME_ACK_LOST) || stream->received >= stream->base) {
        stream_break(d, stream);
    } else {
        stream_out_restart(stream, delivery_first_credit(d));
    }
    stream->overdue_ns = TIME_NEVER;
    stream_review(d, stream, now_ns);
}

static bool makes_sense(const struct stream_out *stream, const struct frame_ack *ack) {
    return ack->received <= stream->high && ack->handled <= ack->received && ack->echo <= stream->probe;
}

/* Lost is what was not received before an answer that left later than it, or what the receiver says it dropped. */
static void resume_if_lost(struct stream_out *stream, const struct frame_ack *ack) {
    bool answered = ack->echo > stream->echo && ack->echo == stream->probe;
    bool dropped = (ack->flags & FRAME_ACK_GAP) && ack->received == stream->received;
    if (ack->echo > stream->echo) {
        stream->echo = ack->echo;
    }
    if ((answered || dropped) && stream->received < stream->high) {
        stream_out_rewind(stream);
    }
}

void stream_on_ack(struct delivery *d, uint64_t now_ns, struct peer *peer, const struct frame_ack *ack) {
    struct stream_out *stream = stream_find(d, ack->sender, ack->target);
    d->counters.acks_received++;
    if (!stream || stream_peer(stream) != peer || stream->epoch == 0 || ack->epoch != stream->epoch) {
        d->counters.dropped_unknown++;
        return;
    }
    if (ack->flags & FRAME_ACK_STALE) {
        on_stale(d, stream, ack, now_ns);
        return;
    }
    if (!makes_sense(stream, ack)) {
        d->counters.dropped_bad++;
        return;
    }
    if (stream->closing) {
        return;
    }
    uint64_t before = stream->received, base = stream->base;
    if (ack->received >= stream->received) {
        stream_out_received(stream, ack->received, ack->credit_seq, ack->credit_bytes);
    }
    resume_if_lost(stream, ack);
    if (ack->listed_from <= stream->base) {
        (void)stream_settle(d, stream, ack); /* without memory for all the next ack goes on */
    }
    settle_ahead(d, stream, ack);
    stream_on_end(d, stream, ack->flags);
    stream->unanswered = 0;
    if (stream->received > before || stream->base > base) {
        stream->overdue_ns = TIME_NEVER; /* the wait begins anew */
    }
    stream_review(d, stream, now_ns);
}

/* ---- the end ---- */

/* What its receiver keeps dies there, if it does; the rest, which it may yet get, is given up here (D14). */
static void give_up(struct delivery *d, struct message *message, uint64_t received) {
    bool sent = message->seq > 0;
    bool kept = sent && message_last_seq(message) <= received;
    if (sent && !kept && message->seq + message->begin <= received) {
        message->begin = (uint32_t)(received + 1 - message->seq);
    }
    message->outcome = FRAME_DIED;
    message->reason = FRAME_EXPIRED;
    message->maybe_handled = sent;
    actor_release(d, message, !kept);
}

void stream_abandon(struct delivery *d, struct stream_out *stream) {
    uint64_t received = stream->lost_peer ? 0 : stream->received;
    struct message_list all = {0};
    struct message *message;
    stream_out_drop(stream, true, &all);
    while ((message = message_list_take(&all))) {
        give_up(d, message, received);
    }
    stream_orphan(d, stream);
}

void stream_orphan(struct delivery *d, struct stream_out *stream) {
    if (!may_be_known(stream)) {
        stream_free(d, stream);
        return;
    }
    if (stream->actor && stream->actor->recent == stream) {
        stream->actor->recent = NULL;
    }
    stream->actor = NULL;
    stream->watch_ns = 0;
    list_remove(&stream->of_actor);
    list_remove(&stream->resolving);
    stream->expiry_ns = stream->idle_ns = TIME_NEVER;
    begin_closing(stream);
    stream_review(d, stream, d->now_ns);
}

void stream_free(struct delivery *d, struct stream_out *stream) {
    struct stream_key key = {stream->sender, stream->target};
    struct actor *actor = stream->actor;
    struct message_list all = {0};
    struct message *message;
    stream_unready(stream);
    stream->watch_ns = 0;
    stream_out_drop(stream, true, &all);
    while ((message = message_list_take(&all))) {
        message_release(message);
    }
    map_remove(&d->streams_out, &key);
    deadlines_clear(&d->streams_due, &stream->deadline);
    list_remove(&stream->of_actor);
    list_remove(&stream->resolving);
    route_detach(d, stream);
    free(stream);
    if (actor) {
        actor->recent = actor->recent == stream ? NULL : actor->recent;
        actor_check_drained(d, actor);
    }
}
