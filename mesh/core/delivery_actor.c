/* Delivery: the actors of this process. What they are told of what they sent, and what waits for them.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "mesh/core/delivery_state.h"
#include <stdlib.h>

/* An actor is offered again after this when there was no memory. */
#define OFFER_AGAIN_NS (100 * NS_PER_MS)

struct actor *actor_find(struct delivery *d, struct mesh_address address) {
    struct actor *last = d->recent[0], *before = d->recent[1];
    if (last && mesh_address_equal(last->address, address)) {
        return last;
    }
    bool known = before && mesh_address_equal(before->address, address);
    struct actor *actor = known ? before : map_get(&d->actors, &address);
    if (actor) {
        d->recent[0] = actor;
        d->recent[1] = last;
    }
    return actor;
}

/* ---- begin and end ---- */

/* Streams to an address that turns out to live here: what is queued goes into its mailbox, in order (D5). */
static void take_over(struct delivery *d, struct actor *actor) {
    struct route *route = route_find(d, actor->address);
    while (route && !list_is_empty(&route->streams)) {
        struct stream_out *stream = LIST_OWNER(list_front(&route->streams), struct stream_out, of_route);
        bool last = list_front(&route->streams)->next == &route->streams.ends;
        struct message_list sent = {0}, queue = {0};
        stream_out_drop(stream, false, &sent);
        stream_settle_dead(d, stream, &sent, FRAME_NODE_LOST, true);
        stream_out_drop(stream, true, &queue);
        struct message *message;
        while ((message = message_list_take(&queue))) {
            if (message_is_filler(message)) {
                message_release(message);
            } else if (mailbox_fits_all(&actor->mailbox, message)) {
                message->life = stream->actor->life;
                actor_deliver(d, actor, message);
            } else {
                actor_settle_dead(d, stream->actor, message, FRAME_REFUSED, false);
            }
        }
        stream_free(d, stream);
        if (last) {
            return; /* the route went with it */
        }
    }
}

void actor_init(const struct delivery *d, struct actor *actor, struct mesh_address address) {
    actor->address = address;
    mailbox_init(&actor->mailbox, d->limits.mailbox_messages, d->limits.mailbox_bytes);
    list_init(&actor->streams_out);
    list_init(&actor->streams_in);
    list_node_init(&actor->runnable);
    list_node_init(&actor->room);
    list_node_init(&actor->drained);
}

enum mesh_status actor_open(struct delivery *d, struct mesh_address address) {
    if (map_get(&d->actors, &address)) {
        return MESH_EXISTS;
    }
    struct actor *actor = calloc(1, sizeof *actor);
    if (!actor) {
        return MESH_NO_MEMORY;
    }
    actor_init(d, actor, address);
    actor->life = ++d->lives;
    enum mesh_status status = delivery_add_deadline(&d->actors_due, &actor->deadline);
    if (status == MESH_OK) {
        status = map_put(&d->actors, &address, actor);
    }
    if (status != MESH_OK) {
        deadlines_clear(&d->actors_due, &actor->deadline);
        free(actor);
        return status;
    }
    take_over(d, actor);
    return MESH_OK;
}

/* Who sent a local message; NULL when that life of it is over and forgotten, and what it had open counted as abandoned. */
static struct actor *sender_of(struct delivery *d, const struct message *message) {
    struct actor *sender = actor_find(d, message->sender);
    return sender && sender->life == message->life ? sender : NULL;
}

/* A message in this mailbox, or in this handler's hands, is dead. */
static void bury(struct delivery *d, struct actor *actor, struct message *message, bool in_hand) {
    if (!message->stream) {
        actor_settle_dead(d, sender_of(d, message), message, actor->reason, in_hand);
    } else if (in_hand) {
        message->outcome = FRAME_DIED;
        message->reason = actor->reason;
        message->maybe_handled = true;
        stream_in_finish(d, message);
    } else { /* its stream's death tells of it */
        message->outcome = FRAME_DIED;
        message->reason = actor->reason;
        stream_in_release(d, message);
    }
}

enum mesh_status actor_close(struct delivery *d, struct mesh_address address, enum frame_reason reason) {
    struct actor *actor = actor_find(d, address);
    if (!actor || actor->closed) {
        return MESH_NOT_FOUND;
    }
    actor->closed = true;
    actor->reason = reason;
    struct message *message = actor->in_hand;
    actor->in_hand = NULL;
    if (message) {
        bury(d, actor, message, true);
    }
    LIST_EACH (&actor->streams_in, node, after) {
        struct stream_in *stream = LIST_OWNER(node, struct stream_in, of_actor);
        slices_end(d, stream);
        stream_in_kill(stream, reason);
        stream_in_want_ack(d, stream, STREAM_WANTS_ACK);
    }
    while ((message = mailbox_take_whole(&actor->mailbox))) {
        bury(d, actor, message, false);
    }
    list_remove(&actor->runnable);
    list_remove(&actor->room);
    actor_check_drained(d, actor);
    return MESH_OK;
}

/* Whatever becomes of what it has open, nobody is left to be told. */
static void abandon(struct delivery *d, struct actor *actor) {
    uint64_t open = actor->users.messages + actor->system.messages;
    d->counters.abandoned += open;
    d->counters.in_flight -= open;
    LIST_EACH (&actor->streams_out, node, after) {
        stream_abandon(d, LIST_OWNER(node, struct stream_out, of_actor));
    }
}

static void tell_senders(struct delivery *d, struct actor *actor) {
    LIST_EACH (&actor->streams_in, node, after) {
        stream_in_want_ack(d, LIST_OWNER(node, struct stream_in, of_actor), STREAM_WANTS_ACK);
    }
}

enum mesh_status actor_pass_on(struct delivery *d, struct mesh_address address) {
    struct actor *actor = actor_find(d, address);
    if (!actor) {
        return MESH_NOT_FOUND;
    }
    if (!actor->passed_on) {
        actor->passed_on = true;
        tell_senders(d, actor);
    }
    return MESH_OK;
}

enum mesh_status actor_forget(struct delivery *d, struct mesh_address address) {
    struct actor *actor = actor_find(d, address);
    if (!actor || !actor->closed || actor->forgotten) {
        return MESH_NOT_FOUND;
    }
    actor->forgotten = true;
    abandon(d, actor);
    tell_senders(d, actor);
    actor_retire(d, actor);
    return MESH_OK;
}

/* While streams lead to it, it is remembered, so that whoever sends on them or on new ones is told that it is dead. */
void actor_retire(struct delivery *d, struct actor *actor) {
    if (!actor->forgotten || !list_is_empty(&actor->streams_in)) {
        return;
    }
    map_remove(&d->actors, &actor->address);
    deadlines_clear(&d->actors_due, &actor->deadline);
    list_remove(&actor->drained);
    for (int i = 0; i < 2; i++) {
        d->recent[i] = d->recent[i] == actor ? NULL : d->recent[i];
    }
    free(actor);
}

void actor_check_drained(struct delivery *d, struct actor *actor) {
    if (!actor->closed || actor->was_drained || actor->forgotten) {
        return;
    }
    LIST_EACH (&actor->streams_out, node, after) {
        if (!stream_out_is_received(LIST_OWNER(node, struct stream_out, of_actor))) {
            return;
        }
    }
    actor->was_drained = true;
    list_push_back(&d->drained, &actor->drained);
}

/* ---- settlement (D1) ---- */

static void release_window(struct delivery *d, struct actor *sender, struct window *window, size_t count,
                           size_t weight) {
    window->messages -= count;
    window->bytes -= weight;
    const struct delivery_limits *limits = &d->limits;
    if (sender->was_full && sender->users.messages <= limits->window_messages * limits->room_percent / 100 &&
        sender->users.bytes <= limits->window_bytes / 100 * limits->room_percent) {
        sender->was_full = false;
        list_remove(&sender->room);
        list_push_back(&d->room, &sender->room);
    }
}

static bool counts(const struct actor *sender) {
    return sender && !sender->forgotten; /* counted as abandoned when it was forgotten */
}

void actor_settle_handled(struct delivery *d, struct actor *sender, size_t count, size_t weight) {
    if (counts(sender)) {
        d->counters.in_flight -= count;
        d->counters.handled += count;
        release_window(d, sender, &sender->users, count, weight);
    }
}

void actor_release(struct delivery *d, struct message *message, bool unclaimed) {
    bool before = message->outcome == FRAME_DIED && (message->flags & FRAME_RUN_REDELIVERED); /* in an earlier life */
    message->maybe_handled = message->maybe_handled || before;
    if (unclaimed && message->kind == FRAME_USER && message->outcome != FRAME_HANDLED) {
        message_list_append(&d->unclaimed, message);
    } else {
        message_release(message);
    }
}

void actor_settle(struct delivery *d, struct actor *sender, struct message *message) {
    if (!counts(sender)) {
        actor_release(d, message, true);
        return;
    }
    size_t count = message_count(message);
    d->counters.in_flight -= count;
    switch (message->outcome) {
    case FRAME_HANDLED:
        d->counters.handled += count;
        break;
    case FRAME_RETURNED:
        d->counters.returned += count;
        sender->returned += count;
        break;
    case FRAME_DIED:
        d->counters.dead += count;
        sender->dead += count;
        break;
    }
    struct window *window = message->kind == FRAME_USER ? &sender->users : &sender->system;
    release_window(d, sender, window, count, message_weight(message));
    if (message->outcome == FRAME_HANDLED && !d->limits.tell_handled) {
        message_release(message);
    } else {
        message_list_append(&d->settled, message);
    }
}

void actor_settle_dead(struct delivery *d, struct actor *sender, struct message *message, enum frame_reason reason,
                       bool maybe_handled) {
    message->outcome = FRAME_DIED;
    message->reason = reason;
    message->maybe_handled = maybe_handled;
    actor_settle(d, sender, message);
}

/* ---- the mailbox ---- */

static void offer(struct delivery *d, struct actor *actor) {
    if (!actor->in_hand && actor->mailbox.messages > 0 && !list_is_linked(&actor->runnable)) {
        list_push_back(&d->runnable, &actor->runnable);
    }
}

void actor_deliver(struct delivery *d, struct actor *actor, struct message *message) {
    mailbox_push(&actor->mailbox, message);
    delivery_wake_at(&d->actors_due, &actor->deadline, actor->mailbox.expiry_ns);
    offer(d, actor);
}

/* A message that left the mailbox or the hands has found its fate. */
static void finish(struct delivery *d, struct message *message) {
    if (message->stream) {
        stream_in_finish(d, message);
    } else {
        actor_settle(d, sender_of(d, message), message);
    }
}

/* What a process tells its own actors dies with it: ends of children, wake-ups, what came back. What a stream brought is another's,
 * whoever it says it is from. */
static bool is_of_its_own(const struct actor *actor, const struct message *message) {
    bool of_process = message->kind != FRAME_USER && message->kind != FRAME_EXIT_REQUEST;
    return !message->stream && (of_process || mesh_address_equal(message->sender, actor->address));
}

enum mesh_status actor_renew(struct delivery *d, struct mesh_address address) {
    struct actor *actor = actor_find(d, address);
    if (!actor || actor->closed || actor->in_hand) {
        return MESH_NOT_FOUND;
    }
    abandon(d, actor);
    actor->life = ++d->lives;
    actor->users = actor->system = (struct window){0};
    actor->was_full = false;
    list_remove(&actor->room);
    struct message_list kept = {0};
    struct message *message;
    while ((message = mailbox_take_whole(&actor->mailbox))) {
        if (is_of_its_own(actor, message)) {
            message->outcome = FRAME_HANDLED;
            finish(d, message);
        } else {
            message_list_append(&kept, message);
        }
    }
    while ((message = message_list_take(&kept))) {
        actor_deliver(d, actor, message);
    }
    return MESH_OK;
}

static void finish_expired(struct delivery *d, struct message *message) {
    d->counters.expired++;
    message->outcome = FRAME_DIED;
    message->reason = FRAME_EXPIRED;
    finish(d, message);
}

/* ---- room in the mailbox ---- */

static bool is_claimed(const struct delivery *d, const struct actor *actor) {
    return actor->claimant && d->now_ns < actor->claim_until_ns;
}

bool actor_is_claimed(const struct delivery *d, const struct actor *actor, const struct stream_in *stream) {
    return actor->claimant != stream && is_claimed(d, actor);
}

void actor_claim(struct delivery *d, struct actor *actor, struct stream_in *stream, size_t weight) {
    if (is_claimed(d, actor) && actor->claimant != stream) {
        return;
    }
    actor->claimant = stream;
    actor->claimed_bytes = weight;
    actor->claim_until_ns = time_add(d->now_ns, d->limits.overdue_max_ns); /* it asks again before that */
}

void actor_unclaim(struct delivery *d, struct actor *actor, const struct stream_in *stream) {
    if (actor->claimant == stream) {
        actor->claimant = NULL;
        actor_feed_starved(d, actor);
    }
}

/* The claimant comes first; else they go on when half of the mailbox is free again. */
void actor_feed_starved(struct delivery *d, struct actor *actor) {
    const struct mailbox *mailbox = &actor->mailbox;
    if (is_claimed(d, actor)) {
        if (mailbox_fits(mailbox, actor->claimed_bytes)) {
            stream_in_want_ack(d, actor->claimant, STREAM_WANTS_ACK);
        }
        return;
    }
    if (!actor->starved || !mailbox_is_free(mailbox, 2)) {
        return;
    }
    actor->starved = false;
    tell_senders(d, actor);
}

/* What found no memory to leave its run is offered again, a little later; what nobody wanted is not. */
static struct message *hand_out(struct delivery *d, struct actor *actor, struct message *message, bool no_memory) {
    actor->in_hand = message;
    if (no_memory) {
        actor->offer_again = true;
        delivery_wake_at(&d->actors_due, &actor->deadline, time_add(d->now_ns, OFFER_AGAIN_NS));
    }
    if (actor->starved) {
        actor_feed_starved(d, actor);
    }
    return message;
}

struct message *delivery_take(struct delivery *d, uint64_t now_ns, struct mesh_address address) {
    struct actor *actor = actor_find(d, address);
    if (!actor || actor->in_hand) {
        return NULL;
    }
    struct message *message;
    while ((message = mailbox_take(&actor->mailbox)) && message->deadline_ns <= now_ns) {
        finish_expired(d, message);
    }
    return hand_out(d, actor, message, !message && actor->mailbox.messages > 0);
}

struct message *delivery_take_picked(struct delivery *d, uint64_t now_ns, struct mesh_address address,
                                     const struct delivery_pick *pick) {
    struct actor *actor = actor_find(d, address);
    if (!actor || actor->in_hand) {
        return NULL;
    }
    if (pick->again) {
        mailbox_unsee(&actor->mailbox);
    }
    struct message *message;
    while ((message = mailbox_pick(&actor->mailbox, pick->wanted, pick->user)) && message->deadline_ns <= now_ns) {
        finish_expired(d, message);
    }
    return hand_out(d, actor, message, !message && mailbox_has_unseen(&actor->mailbox));
}

enum mesh_status actor_verdict(struct delivery *d, const struct delivery_event *event) {
    struct actor *actor = actor_find(d, event->address);
    if (!actor || !actor->in_hand) {
        return MESH_NOT_FOUND;
    }
    struct message *message = actor->in_hand;
    actor->in_hand = NULL;
    actor->handled++;
    message->outcome = event->outcome;
    message->reason = event->reason;
    if (event->outcome != FRAME_HANDLED) {
        message_set_text(message, event->text);
    }
    offer(d, actor);
    finish(d, message);
    return MESH_OK;
}

/* The next entry of a run in the place of the one in hand, when there is nothing else to be done for either. */
static bool turn_over(struct delivery *d, uint64_t now_ns, struct actor *actor, struct message *message) {
    struct stream_in *stream = message->stream;
    bool in_order = stream && stream->peer && !stream->ahead.first && message->seq == stream->handled + 1;
    if (!in_order || message->holders > 1 || message->deadline_ns <= now_ns ||
        !mailbox_take_next_entry(&actor->mailbox, message)) {
        return false;
    }
    actor->handled++;
    stream->handled++;
    stream_in_leave(stream, 1);
    stream_in_want_ack(d, stream, stream_in_wants(stream));
    return true;
}

struct message *delivery_next(struct delivery *d, uint64_t now_ns, struct mesh_address address) {
    struct actor *actor = actor_find(d, address);
    if (actor && actor->in_hand && turn_over(d, now_ns, actor, actor->in_hand)) {
        return hand_out(d, actor, actor->in_hand, false);
    }
    struct delivery_event verdict = {.kind = DELIVERY_VERDICT, .address = address, .outcome = FRAME_HANDLED};
    return delivery_step(d, now_ns, &verdict) == MESH_OK ? delivery_take(d, now_ns, address) : NULL;
}

static void expire_slices(struct delivery *d, struct actor *actor, uint64_t now_ns) {
    if (actor->mailbox.reserved == 0) {
        return;
    }
    LIST_EACH (&actor->streams_in, node, after) {
        struct stream_in *stream = LIST_OWNER(node, struct stream_in, of_actor);
        if (!assembly_is_filling(&stream->assembly)) {
            continue;
        }
        if (stream->assembly.deadline_ns <= now_ns) {
            slices_expire(d, stream);
        } else {
            actor->mailbox.expiry_ns = time_min(actor->mailbox.expiry_ns, stream->assembly.deadline_ns);
        }
    }
}

void actor_due(struct delivery *d, struct actor *actor, uint64_t now_ns) {
    if (actor->mailbox.expiry_ns <= now_ns) {
        struct message_list expired = {0};
        struct message *message;
        mailbox_expire(&actor->mailbox, now_ns, &expired);
        while ((message = message_list_take(&expired))) {
            finish_expired(d, message);
        }
        expire_slices(d, actor, now_ns);
    }
    if (actor->offer_again) {
        actor->offer_again = false;
        offer(d, actor);
    }
    delivery_wake_at(&d->actors_due, &actor->deadline, actor->mailbox.expiry_ns);
}

bool delivery_load(const struct delivery *d, struct mesh_address address, struct delivery_load *out) {
    const struct actor *actor = map_get(&d->actors, &address);
    if (!actor) {
        return false;
    }
    *out = (struct delivery_load){
        .mailbox_messages = actor->mailbox.messages,
        .mailbox_bytes = actor->mailbox.bytes,
        .unsettled_messages = actor->users.messages + actor->system.messages,
        .unsettled_bytes = actor->users.bytes + actor->system.bytes,
        .system_messages = actor->system.messages,
        .handled = actor->handled,
        .sent = actor->sent,
        .returned = actor->returned,
        .dead = actor->dead,
    };
    return true;
}

static size_t length_of(const struct list *list) {
    size_t number = 0;
    LIST_EACH (list, node, after) {
        number++;
    }
    return number;
}

bool delivery_traffic(const struct delivery *d, struct mesh_address address, struct delivery_traffic *out) {
    const struct actor *actor = map_get(&d->actors, &address);
    if (actor) {
        *out = (struct delivery_traffic){.streams_out = length_of(&actor->streams_out),
                                         .streams_in = length_of(&actor->streams_in)};
    }
    return actor != NULL;
}
