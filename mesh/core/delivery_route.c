/* Delivery: where targets live. A route is unknown or leads to a peer; its streams go with it. A peer is one
 * incarnation of a process: what it has heard, and from whom.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "mesh/core/delivery_state.h"
#include <stdlib.h>

enum { CALLERS_LOOKED_AT = 8 };

/* ---- peers ---- */

struct peer *peer_find(struct delivery *d, uint64_t id) {
    if (d->recent_peer && d->recent_peer->id == id) {
        return d->recent_peer;
    }
    struct peer *peer = map_get(&d->peers, &id);
    if (peer) {
        d->recent_peer = peer;
    }
    return peer;
}

static struct loss *find_loss(struct delivery *d, uint64_t id) {
    size_t count = d->losses_count < LOSSES_MAX ? d->losses_count : LOSSES_MAX;
    for (size_t i = 0; i < count; i++) {
        if (d->losses[i].id == id) {
            return &d->losses[i];
        }
    }
    return NULL;
}

static void note_loss(struct delivery *d, uint64_t id, uint64_t epoch) {
    d->losses[d->losses_count++ % LOSSES_MAX] = (struct loss){.id = id, .epoch = epoch};
}

/* Of a lost peer to which nothing leads only that is remembered. */
static bool evict_lost(struct delivery *d) {
    bool evicted = false;
    LIST_EACH (&d->lost, node, after) {
        struct peer *peer = LIST_OWNER(node, struct peer, of_lost);
        if (list_is_empty(&peer->routes) && map_size(&peer->streams_in) == 0) {
            note_loss(d, peer->id, peer->seen_epoch);
            peer_free(d, peer);
            evicted = true;
        }
    }
    return evicted;
}

static void recall(struct delivery *d, struct peer *peer) {
    struct loss *loss = find_loss(d, peer->id);
    if (loss) {
        peer->lost = true;
        peer->seen_epoch = peer->closed_epoch = peer->lost_epoch = loss->epoch;
        list_push_back(&d->lost, &peer->of_lost);
        *loss = (struct loss){0};
    }
}

enum mesh_status peer_make(struct delivery *d, uint64_t id, struct peer **out) {
    struct peer *peer = peer_find(d, id);
    if (peer) {
        *out = peer;
        return MESH_OK;
    }
    if (map_size(&d->peers) >= d->limits.peers_max && !evict_lost(d)) {
        return MESH_FULL;
    }
    peer = calloc(1, sizeof *peer);
    if (!peer) {
        return MESH_NO_MEMORY;
    }
    peer->id = id;
    map_init(&peer->streams_in, 2 * sizeof(struct mesh_address), d->limits.streams_max, d->seed);
    list_init(&peer->routes);
    list_init(&peer->ready);
    list_init(&peer->acking);
    list_node_init(&peer->flushing);
    list_node_init(&peer->checking);
    list_node_init(&peer->of_lost);
    enum mesh_status status = map_put(&d->peers, &id, peer);
    if (status != MESH_OK) {
        free(peer);
        return status;
    }
    recall(d, peer);
    *out = peer;
    return MESH_OK;
}

static void forget_stale(struct delivery *d, const struct peer *peer) {
    size_t kept = 0;
    for (size_t i = 0; i < d->stale_count; i++) {
        if (d->stale[i].peer != peer) {
            d->stale[kept++] = d->stale[i];
        }
    }
    d->stale_count = kept;
}

void peer_free(struct delivery *d, struct peer *peer) {
    forget_stale(d, peer);
    map_remove(&d->peers, &peer->id);
    map_fini(&peer->streams_in);
    list_remove(&peer->flushing);
    list_remove(&peer->checking);
    list_remove(&peer->of_lost);
    d->recent_peer = d->recent_peer == peer ? NULL : d->recent_peer;
    free(peer);
}

static void nothing_to_flush(struct peer *peer) {
    peer->want = peer->told = PEER_WANTS_NOTHING;
    list_remove(&peer->flushing);
    list_remove(&peer->checking);
}

/* ---- routes ---- */

struct route *route_find(struct delivery *d, struct mesh_address target) {
    return map_get(&d->routes, &target);
}

/* Who has just sent something to this sender lives where that came from, so nobody need be asked: an answer goes out at once. Of the latest
 * few callers only; NULL for any other. */
static struct peer *where_it_called_from(struct delivery *d, const struct stream_out *stream) {
    struct actor *actor = actor_find(d, stream->sender);
    struct list_node *node = actor ? actor->streams_in.ends.previous : NULL;
    for (int i = 0; i < CALLERS_LOOKED_AT && node && node != &actor->streams_in.ends; i++, node = node->previous) {
        const struct stream_in *call = LIST_OWNER(node, struct stream_in, of_actor);
        if (mesh_address_equal(call->sender, stream->target)) {
            return call->peer->lost || call->peer->down ? NULL : call->peer;
        }
    }
    return NULL;
}

enum mesh_status route_attach(struct delivery *d, struct stream_out *stream) {
    struct route *route = route_find(d, stream->target);
    if (!route) {
        route = calloc(1, sizeof *route);
        if (!route) {
            return MESH_NO_MEMORY;
        }
        route->target = stream->target;
        list_init(&route->streams);
        list_node_init(&route->of_peer);
        enum mesh_status status = map_put(&d->routes, &route->target, route);
        if (status != MESH_OK) {
            free(route);
            return status;
        }
        route->peer = where_it_called_from(d, stream);
        if (route->peer) {
            list_push_back(&route->peer->routes, &route->of_peer);
        }
    }
    stream->route = route;
    list_push_back(&route->streams, &stream->of_route);
    if (!route->peer) {
        stream_want_resolve(d, stream);
    }
    return MESH_OK;
}

void route_detach(struct delivery *d, struct stream_out *stream) {
    struct route *route = stream->route;
    list_remove(&stream->of_route);
    if (list_is_empty(&route->streams)) {
        list_remove(&route->of_peer);
        map_remove(&d->routes, &route->target);
        free(route);
    }
    stream->route = NULL;
}

/* ---- resolved ---- */

static void resume(struct delivery *d, struct stream_out *stream, uint64_t now_ns) {
    if (stream->received < stream->high) {
        stream_out_rewind(stream);
    } else if (stream->base <= stream->high || stream->closing || stream->watch_ns != 0) {
        stream->probe++;
        stream->probe_wanted = true;
    }
    stream->unanswered = 0;
    stream->overdue_ns = TIME_NEVER;
    stream_review(d, stream, now_ns);
}

/* What an earlier life of the target has on record is settled: up to the mark as handled, and the message in hand failed
 * with its process (E3). Before that one stands nothing that was not begun. MESH_NOT_FOUND when the record is not of this very
 * stream; MESH_NO_MEMORY when something is still to be settled. */
static enum mesh_status settle_recorded(struct delivery *d, struct stream_out *stream,
                                        const struct delivery_gone *record, enum frame_reason reason) {
    if (!record || !record->floors_known || record->epoch != stream->epoch) {
        return MESH_NOT_FOUND;
    }
    uint64_t last = record->in_hand > record->handled ? record->in_hand : record->handled;
    last = last < stream->high ? last : stream->high;
    if (last > stream->received) {
        stream_out_received(stream, last, 0, 0);
    }
    struct frame_exception in_hand = {
        .seq = record->in_hand, .outcome = FRAME_RETURNED, .reason = reason, .text = record->text};
    struct frame_ack ack = {.handled = last, .exceptions = &in_hand, .exceptions_count = record->in_hand > 0};
    return stream_settle(d, stream, &ack) ? MESH_OK : MESH_NO_MEMORY;
}

/* A stream meets the process of its target. What went to another one goes again (D3), marked unless it is on record
 * that it was not begun there (D4). To this very one, which was taken for lost, it goes on as if nothing had been: the receiver
 * knows what it has (D4). */
static void meet(struct delivery *d, struct stream_out *stream, const struct delivery_event *event, uint64_t now_ns) {
    uint64_t lost = stream->lost_peer;
    enum mesh_status recorded = MESH_NOT_FOUND;
    if (lost != 0 && lost != event->peer) {
        recorded = settle_recorded(d, stream, event->gone, FRAME_EXITED);
    }
    if (recorded == MESH_NO_MEMORY) {
        stream_want_resolve(d, stream); /* what is on record must not go again */
        return;
    }
    stream->lost_peer = 0;
    list_remove(&stream->resolving);
    if (lost == event->peer) {
        resume(d, stream, now_ns);
    } else if (lost != 0) {
        (void)stream_out_part(stream); /* without memory the rest of a run is marked, too */
        for (struct message *message = stream->sent.first; message && recorded != MESH_OK; message = message->next) {
            message->flags |= FRAME_RUN_REDELIVERED;
        }
        stream_out_restart(stream, delivery_first_credit(d));
    }
    stream->unanswered = 0;
    stream->overdue_ns = TIME_NEVER;
    stream_review(d, stream, now_ns);
}

/* The process behind the route is not there any more, or never was the right one. Of a stream at rest nothing depends on where its target
 * lives: the next message makes it anew. */
static void part(struct delivery *d, struct route *route, uint64_t now_ns) {
    CHECK(route->peer);
    uint64_t was = route->peer->id;
    bool last;
    list_remove(&route->of_peer);
    LIST_EACH (&route->streams, node, after) {
        stream_unready(LIST_OWNER(node, struct stream_out, of_route));
    }
    route->peer = NULL;
    for (struct list_node *node = route->streams.ends.next, *after; node != &route->streams.ends; node = after) {
        struct stream_out *stream = LIST_OWNER(node, struct stream_out, of_route);
        after = node->next;
        last = after == &route->streams.ends;
        if (stream->closing || stream_is_at_rest(stream)) {
            stream_free(d, stream); /* perhaps the route with it */
            if (last) {
                return;
            }
            continue;
        }
        if (stream->epoch != 0 && stream->lost_peer == 0) {
            stream->lost_peer = was;
        }
        stream_want_resolve(d, stream);
        stream_expire(d, stream, now_ns);
        stream_review(d, stream, now_ns);
    }
}

/* What had been sent to a process that is lost waits for the answer to its own sender: each has a record of its own. */
static bool is_answered(const struct stream_out *stream, const struct delivery_event *event) {
    return stream->lost_peer == 0 || stream->lost_peer == event->peer || !event->gone ||
           mesh_address_equal(event->gone->sender, stream->sender);
}

static void ask_again(struct delivery *d, const struct route *route) {
    LIST_EACH (&route->streams, node, after) {
        struct stream_out *stream = LIST_OWNER(node, struct stream_out, of_route);
        if (!stream_peer(stream)) {
            stream_want_resolve(d, stream);
        }
    }
}

enum mesh_status route_resolved(struct delivery *d, uint64_t now_ns, const struct delivery_event *event) {
    struct route *route = route_find(d, event->address);
    if (!route) {
        return MESH_NOT_FOUND;
    }
    if (event->life < route->life) { /* a restart has overtaken it: what goes there would be handled again (D4) */
        ask_again(d, route);
        return MESH_OK;
    }
    struct peer *peer;
    enum mesh_status status = peer_make(d, event->peer, &peer);
    if (status != MESH_OK) {
        return status;
    }
    bool known = route->peer == peer;
    if (route->peer && !known) {
        part(d, route, now_ns);
        route = route_find(d, event->address);
        if (!route) {
            return MESH_OK;
        }
    }
    route->life = event->life;
    if (!known) {
        route->peer = peer;
        list_push_back(&peer->routes, &route->of_peer);
    }
    LIST_EACH (&route->streams, node, after) {
        struct stream_out *stream = LIST_OWNER(node, struct stream_out, of_route);
        if ((!known || stream->lost_peer != 0) && is_answered(stream, event)) {
            meet(d, stream, event, now_ns);
        }
    }
    return MESH_OK;
}

/* ---- gone ---- */

/* What became of a message of a dead target that is not on its record as begun. On record it never was; off the record,
 * whatever was sent may have been. */
static void settle_gone(struct delivery *d, struct stream_out *stream, struct message *message,
                        const struct delivery_gone *gone, bool on_record) {
    bool begun = (message->seq > 0 && !on_record) || (message->flags & FRAME_RUN_REDELIVERED);
    message->outcome = FRAME_DIED;
    message->reason = gone->reason;
    message->maybe_handled = begun && gone->reason != FRAME_NEVER_CREATED;
    message_set_text(message, gone->text);
    actor_settle(d, stream->actor, message);
}

/* The record of an earlier life says nothing of what the later one had, whose own may have been crowded out of its crash page. */
static void bury_stream(struct delivery *d, struct stream_out *stream, const struct delivery_gone *gone) {
    bool on_record =
        mesh_address_equal(gone->sender, stream->sender) && settle_recorded(d, stream, gone, gone->reason) == MESH_OK;
    struct message_list all = {0};
    struct message *message;
    stream_out_drop(stream, true, &all);
    while ((message = message_list_take(&all))) {
        if (message_is_filler(message)) {
            message_release(message);
        } else {
            settle_gone(d, stream, message, gone, on_record);
        }
    }
    stream_tell_end(d, stream, gone->reason, gone->text);
    struct actor *actor = stream->actor;
    stream_orphan(d, stream);
    if (actor) {
        actor_check_drained(d, actor);
    }
}

enum mesh_status route_gone(struct delivery *d, struct mesh_address target, const struct delivery_gone *gone) {
    struct route *route = route_find(d, target);
    if (!route) {
        return MESH_NOT_FOUND;
    }
    bool last = false;
    for (struct list_node *node = route->streams.ends.next, *after; !last; node = after) {
        struct stream_out *stream = LIST_OWNER(node, struct stream_out, of_route);
        after = node->next;
        last = after == &route->streams.ends; /* with the last stream the route may go */
        if (stream->closing) {
            if (route->peer && route->peer->down && gone->reason == FRAME_NODE_LOST) {
                stream_free(d, stream); /* nobody is left to be told; of any other actor the process may still live */
            }
        } else if (mesh_address_is_none(gone->sender) || mesh_address_equal(gone->sender, stream->sender)) {
            bury_stream(d, stream, gone);
        }
    }
    return MESH_OK;
}

/* ---- links ---- */

/* What the old connection had in its hands is lost, in both directions: streams resume, and acks are told again. */
enum mesh_status peer_link_up(struct delivery *d, uint64_t now_ns, uint64_t id) {
    struct peer *peer = peer_find(d, id);
    enum mesh_status status = !peer && find_loss(d, id) ? peer_make(d, id, &peer) : MESH_OK;
    if (!peer) {
        return status;
    }
    nothing_to_flush(peer);
    peer->down = peer->lost = false;
    list_remove(&peer->of_lost);
    LIST_EACH (&peer->routes, node, after) {
        struct route *route = LIST_OWNER(node, struct route, of_peer);
        LIST_EACH (&route->streams, inner, inner_after) {
            struct stream_out *stream = LIST_OWNER(inner, struct stream_out, of_route);
            if (stream->lost_peer == 0) {
                resume(d, stream, now_ns);
            }
        }
    }
    struct stream_in *stream;
    for (size_t place = 0; (stream = map_next(&peer->streams_in, &place));) {
        stream->listing_from = 0;
        stream_in_want_ack(d, stream, STREAM_WANTS_ACK);
    }
    if (!list_is_empty(&peer->ready) || !list_is_empty(&peer->acking) || peer->stale_count > 0) {
        delivery_want_flush(d, peer, PEER_WANTS_FLUSH);
    }
    return MESH_OK;
}

enum mesh_status peer_link_down(struct delivery *d, uint64_t now_ns, uint64_t id) {
    struct peer *peer = peer_find(d, id);
    if (!peer || peer->down) {
        return MESH_OK;
    }
    peer->down = true;
    nothing_to_flush(peer);
    LIST_EACH (&peer->routes, node, after) {
        struct route *route = LIST_OWNER(node, struct route, of_peer);
        LIST_EACH (&route->streams, inner, inner_after) {
            struct stream_out *stream = LIST_OWNER(inner, struct stream_out, of_route);
            stream->overdue_ns = TIME_NEVER;
            stream_expire(d, stream, now_ns);
            stream_review(d, stream, now_ns);
        }
    }
    return MESH_OK;
}

enum mesh_status peer_is_lost(struct delivery *d, uint64_t now_ns, uint64_t id) {
    struct peer *peer = peer_find(d, id);
    if (!peer) { /* it has sent nothing yet, but that may still come */
        if (!find_loss(d, id)) {
            note_loss(d, id, 0);
        }
        return MESH_OK;
    }
    struct stream_in *stream;
    for (size_t place = 0; (stream = map_next(&peer->streams_in, &place));) {
        stream->lost_peer = id;
        stream_in_over(d, stream);
    }
    peer->lost = true;
    peer->lost_epoch = peer->closed_epoch = peer->seen_epoch;
    struct list_node *node;
    while ((node = list_front(&peer->routes))) {
        part(d, LIST_OWNER(node, struct route, of_peer), now_ns);
    }
    forget_stale(d, peer);
    peer->stale_count = 0;
    peer->down = false;
    nothing_to_flush(peer);
    if (!list_is_linked(&peer->of_lost)) {
        list_push_back(&d->lost, &peer->of_lost);
    }
    (void)evict_lost(d);
    return MESH_OK;
}
