/* Delivery: its life, its events, its deadlines, and what it wants. The rules stand in the files that
 * delivery_state.h lists.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/delivery.h"
#include "mesh/base/check.h"
#include "mesh/core/delivery_state.h"
#include <stdlib.h>

const struct delivery_limits delivery_limits_default = {
    .window_messages = 16384,
    .window_bytes = 64 * 1024 * 1024,
    .system_messages = 1638,
    .mailbox_messages = 65536,
    .mailbox_bytes = 64 * 1024 * 1024,
    .message_bytes_max = (size_t)1 << 30,
    .chunk_bytes = FRAME_BATCH_BYTES,
    .first_credit_messages = 64,
    .first_credit_bytes = 256 * 1024,
    .actors_max = 1 << 20,
    .streams_max = 1 << 20,
    .peers_max = 4096,
    .overdue_ns = 200 * NS_PER_MS,
    .overdue_max_ns = 5 * NS_PER_S,
    .stream_idle_ns = 60 * NS_PER_S,
    .room_percent = 82,
    .run_min = 48,
    .tell_handled = true,
};

enum { POOL_KEPT = 8192 };

/* A sender that is started anew at its address must not take what its earlier life has on record for its own (C7): where a
 * process's epochs begin is drawn. */
enum { EPOCH_DRAWN_SHIFT = 40, EPOCH_COUNT_BITS = 20 };

/* No payload can have more, so that sums of weights do not overflow. */
static const size_t message_bytes_most = SIZE_MAX / 4;

/* ---- life ---- */

static void init_lists(struct delivery *d) {
    list_init(&d->runnable);
    list_init(&d->room);
    list_init(&d->drained);
    list_init(&d->flushing);
    list_init(&d->checking);
    list_init(&d->resolving);
    list_init(&d->lost);
}

enum mesh_status delivery_new(struct delivery **out, const struct delivery_limits *limits, uint64_t seed) {
    CHECK(limits->chunk_bytes >= FRAME_INLINE_BYTES && limits->chunk_bytes <= FRAME_BATCH_BYTES);
    struct delivery *d = calloc(1, sizeof *d);
    if (!d) {
        return MESH_NO_MEMORY;
    }
    d->limits = *limits;
    d->limits.message_bytes_max = size_min(limits->message_bytes_max, message_bytes_most);
    d->seed = seed;
    d->epoch = seed >> EPOCH_DRAWN_SHIFT << EPOCH_COUNT_BITS;
    map_init(&d->actors, sizeof(struct mesh_address), limits->actors_max, seed);
    map_init(&d->routes, sizeof(struct mesh_address), limits->streams_max, seed);
    map_init(&d->streams_out, 2 * sizeof(struct mesh_address), limits->streams_max, seed);
    map_init(&d->peers, sizeof(uint64_t), limits->peers_max, seed);
    deadlines_init(&d->actors_due, limits->actors_max);
    deadlines_init(&d->streams_due, limits->streams_max);
    init_lists(d);
    actor_init(d, &d->nobody, (struct mesh_address){0});
    d->nobody.closed = true;
    d->nobody.reason = FRAME_EXITED;
    enum mesh_status status = message_pool_new(&d->pool, POOL_KEPT);
    if (status != MESH_OK) {
        delivery_destroy(&d);
        return status;
    }
    *out = d;
    return MESH_OK;
}

static void destroy_peers(struct delivery *d) {
    struct peer *peer;
    for (size_t place = 0; (peer = map_next(&d->peers, &place));) {
        struct stream_in *stream;
        for (size_t inner = 0; (stream = map_next(&peer->streams_in, &inner));) {
            stream_in_over(d, stream);
        }
        peer_free(d, peer);
    }
}

static void destroy_actors(struct delivery *d) {
    struct actor *actor;
    struct message *message;
    for (size_t place = 0; (actor = map_next(&d->actors, &place));) {
        while ((message = actor->in_hand ? actor->in_hand : mailbox_take_whole(&actor->mailbox))) {
            actor->in_hand = NULL;
            if (message->stream) {
                stream_in_leave(message->stream, message_count(message));
            }
            message_release(message);
        }
        map_remove(&d->actors, &actor->address);
        free(actor);
    }
}

void delivery_destroy(struct delivery **delivery) {
    struct delivery *d = *delivery;
    *delivery = NULL;
    if (!d) {
        return;
    }
    struct stream_out *stream;
    for (size_t place = 0; (stream = map_next(&d->streams_out, &place));) {
        stream_free(d, stream);
    }
    destroy_peers(d);
    destroy_actors(d);
    struct message *message;
    while ((message = message_list_take(&d->settled)) || (message = message_list_take(&d->unclaimed))) {
        message_release(message);
    }
    map_fini(&d->actors);
    map_fini(&d->routes);
    map_fini(&d->streams_out);
    map_fini(&d->peers);
    deadlines_fini(&d->actors_due);
    deadlines_fini(&d->streams_due);
    message_pool_destroy(&d->pool);
    free(d);
}

const struct delivery_limits *delivery_limits(const struct delivery *d) {
    return &d->limits;
}

void delivery_set_limits(struct delivery *d, const struct delivery_limits *limits) {
    d->limits.window_messages = limits->window_messages;
    d->limits.window_bytes = limits->window_bytes;
    d->limits.mailbox_messages = limits->mailbox_messages;
    d->limits.mailbox_bytes = limits->mailbox_bytes;
    d->limits.message_bytes_max = size_min(limits->message_bytes_max, message_bytes_most);
}

struct message_pool *delivery_pool(struct delivery *d) {
    return d->pool;
}

static bool is_idle(const struct route *route) {
    LIST_EACH (&route->streams, node, after) {
        const struct stream_out *stream = LIST_OWNER(node, struct stream_out, of_route);
        if (stream->unsettled > 0 || stream->closing || stream->watch_ns != 0) {
            return false;
        }
    }
    return true;
}

bool delivery_is_idle_with(const struct delivery *d, uint64_t id) {
    const struct peer *peer = map_get(&d->peers, &id);
    if (!peer) {
        return true;
    }
    LIST_EACH (&peer->routes, node, after) {
        if (!is_idle(LIST_OWNER(node, struct route, of_peer))) {
            return false;
        }
    }
    return list_is_empty(&peer->ready) && list_is_empty(&peer->acking) && peer->stale_count == 0;
}

struct delivery_census delivery_census(const struct delivery *d) {
    return (struct delivery_census){
        .actors = map_size(&d->actors),
        .routes = map_size(&d->routes),
        .streams_out = map_size(&d->streams_out),
        .streams_in = d->streams_in_count,
        .peers = map_size(&d->peers),
    };
}

const struct delivery_counters *delivery_counters(const struct delivery *d) {
    return &d->counters;
}

static struct message *take_one(struct message_list *list) {
    struct message *first = list->first;
    if (!first || !first->run) {
        return message_list_take(list);
    }
    struct message *message = message_run_first(first);
    first->begin += message != NULL;
    if (message_count(first) == 0) {
        message_release(message_list_take(list));
    }
    return message;
}

struct message *delivery_settled(struct delivery *d) {
    return take_one(&d->settled);
}

struct message *delivery_unclaimed(struct delivery *d) {
    return take_one(&d->unclaimed);
}

/* ---- deadlines ---- */

enum mesh_status delivery_add_deadline(struct deadlines *deadlines, struct deadline *deadline) {
    *deadline = (struct deadline){0};
    return deadlines_set(deadlines, deadline, DEADLINE_FAR);
}

/* A deadline only moves forward here; when it comes too early, its owner sets it anew. So what every message puts off
 * costs nothing. */
void delivery_wake_at(struct deadlines *deadlines, struct deadline *deadline, uint64_t at_ns) {
    if (deadline->slot == 0 || at_ns < deadline->at_ns) {
        enum mesh_status status = deadlines_set(deadlines, deadline, at_ns < DEADLINE_FAR ? at_ns : DEADLINE_FAR);
        CHECK(status == MESH_OK); /* it has its place */
    }
}

uint64_t delivery_deadline(const struct delivery *d) {
    uint64_t least_ns = time_min(deadlines_least(&d->actors_due), deadlines_least(&d->streams_due));
    return least_ns < DEADLINE_FAR ? least_ns : TIME_NEVER;
}

/* At one time the event comes first, then mailboxes, then streams. */
static void come_due(struct delivery *d, uint64_t now_ns) {
    struct deadline *deadline;
    while ((deadline = deadlines_pop_due(&d->actors_due, now_ns))) {
        actor_due(d, DEADLINE_OWNER(deadline, struct actor, deadline), now_ns);
    }
    while ((deadline = deadlines_pop_due(&d->streams_due, now_ns))) {
        stream_due(d, DEADLINE_OWNER(deadline, struct stream_out, deadline), now_ns);
    }
}

/* ---- events ---- */

static enum mesh_status on_event(struct delivery *d, uint64_t now_ns, const struct delivery_event *event) {
    switch (event->kind) {
    case DELIVERY_OPEN:
        return actor_open(d, event->address);
    case DELIVERY_CLOSE:
        return actor_close(d, event->address, event->reason);
    case DELIVERY_FORGET:
        return actor_forget(d, event->address);
    case DELIVERY_RENEW:
        return actor_renew(d, event->address);
    case DELIVERY_PASSED_ON:
        return actor_pass_on(d, event->address);
    case DELIVERY_FRAME:
        delivery_on_frame(d, now_ns, event->peer, event->batch);
        return MESH_OK;
    case DELIVERY_RESOLVED:
        return route_resolved(d, now_ns, event);
    case DELIVERY_GONE:
        return route_gone(d, event->address, event->gone);
    case DELIVERY_LINK_UP:
        return peer_link_up(d, now_ns, event->peer);
    case DELIVERY_LINK_DOWN:
        return peer_link_down(d, now_ns, event->peer);
    case DELIVERY_PEER_LOST:
        return peer_is_lost(d, now_ns, event->peer);
    case DELIVERY_VERDICT:
        return actor_verdict(d, event);
    case DELIVERY_TICK:
        return MESH_OK;
    }
    CHECK_UNREACHABLE();
}

enum mesh_status delivery_step(struct delivery *d, uint64_t now_ns, const struct delivery_event *event) {
    d->now_ns = now_ns;
    enum mesh_status status = on_event(d, now_ns, event);
    come_due(d, now_ns);
    return status;
}

/* ---- what it wants ---- */

void delivery_want_flush(struct delivery *d, struct peer *peer, enum peer_want want) {
    if (peer->down || peer->want >= want) {
        return;
    }
    peer->want = want;
    if (want > peer->told && !list_is_linked(&peer->flushing)) {
        list_push_back(&d->flushing, &peer->flushing);
    }
}

static bool poll_actors(struct delivery *d, struct delivery_action *out) {
    struct list_node *node;
    if ((node = list_pop_front(&d->runnable))) {
        struct actor *actor = LIST_OWNER(node, struct actor, runnable);
        *out = (struct delivery_action){.kind = DELIVERY_RUNNABLE, .address = actor->address};
        return true;
    }
    if ((node = list_pop_front(&d->room))) {
        struct actor *actor = LIST_OWNER(node, struct actor, room);
        *out = (struct delivery_action){.kind = DELIVERY_ROOM, .address = actor->address};
        return true;
    }
    if ((node = list_pop_front(&d->drained))) {
        struct actor *actor = LIST_OWNER(node, struct actor, drained);
        *out = (struct delivery_action){.kind = DELIVERY_DRAINED, .address = actor->address};
        return true;
    }
    return false;
}

static bool poll_peers(struct delivery *d, struct delivery_action *out) {
    struct list_node *node;
    if ((node = list_pop_front(&d->checking))) {
        struct peer *peer = LIST_OWNER(node, struct peer, checking);
        *out = (struct delivery_action){.kind = DELIVERY_CHECK, .peer = peer->id};
        return true;
    }
    if ((node = list_pop_front(&d->flushing))) {
        struct peer *peer = LIST_OWNER(node, struct peer, flushing);
        peer->told = peer->want;
        bool lazy = peer->want == PEER_WANTS_LAZY_FLUSH;
        *out = (struct delivery_action){.kind = DELIVERY_FLUSH, .peer = peer->id, .lazy = lazy};
        return true;
    }
    return false;
}

bool delivery_poll(struct delivery *d, struct delivery_action *out) {
    struct list_node *node = list_pop_front(&d->resolving);
    if (node) {
        struct stream_out *stream = LIST_OWNER(node, struct stream_out, resolving);
        *out = (struct delivery_action){.kind = DELIVERY_RESOLVE, .address = stream->target, .sender = stream->sender};
        return true;
    }
    return poll_actors(d, out) || poll_peers(d, out);
}
