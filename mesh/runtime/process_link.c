/* How a process comes by its links: calling, being called, greeting, losing, calling again.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/process_inside.h"
#include "mesh/runtime/resolver.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    REFUSALS_PER_QUESTION = 3, /* the admin is asked at the first of so many tries */
    REFUSALS_MAX = 20,         /* a process that nothing is known to live in is given up then */
};

#define DOUBT_NS NS_PER_S /* from when a way back is doubtful until it is tried */

static struct mesh_address nobody(void) {
    return (struct mesh_address){0};
}

static void tell_delivery(struct process *process, enum delivery_event_kind kind, uint64_t peer) {
    struct delivery_event event = {.kind = kind, .peer = peer};
    enum mesh_status status = delivery_step(process->delivery, process_now(process), &event);
    if (status != MESH_OK && status != MESH_NOT_FOUND) {
        log_write(process->log, MESH_LOG_ERROR, NULL, nobody(), "a link's change is not noted: %s",
                  mesh_status_text(status));
    }
}

static void tell_user(struct process *process, const struct peer *peer, enum process_link link) {
    if (process->callbacks.link && !peer->via) {
        process->callbacks.link(process->callbacks.user, peer->incarnation, peer->endpoint, link);
    }
}

/* Over its own link, or that of whoever carries it. Sending on a socket that also receives may swallow the sign that something has come in. */
enum mesh_status process_link_send(struct process *process, struct peer *peer, const struct frame *frame) {
    if (peer->via) {
        return process_passage_send(process, peer, frame);
    }
    peer->used = ++process->uses;
    if (peer->two_way || process->role == FRAME_ROLE_ADMIN) {
        process->drained = false;
    }
    struct codec_image image;
    enum mesh_status status = codec_prepare(process->codec, frame, &image);
    if (status == MESH_OK) {
        status = transport_send(process->transport, peer->link, process->codec, &image);
    }
    if (!process->drained || !peer->link->ready || peer->link->state != TRANSPORT_UP) {
        process_look_up(process);
    }
    return status;
}

/* ---- greeting ---- */

/* Where the peer can reach us. Our admin is told every way, since it tells others; another node the remote one only. */
static struct bytes endpoint_for(const struct process *process, const struct peer *peer) {
    if (peer == process->admin) {
        return bytes_of_text(process->endpoints);
    }
    bool local = strncmp(peer->endpoint, "ipc://", 6) == 0 && process->role != FRAME_ROLE_ADMIN;
    return bytes_of_text(process_endpoint(process, !local));
}

/* An admin tells those of its node what its configuration says. */
static struct frame_limits own_limits(const struct process *process) {
    const struct delivery_limits *limits = delivery_limits(process->delivery);
    if (process->role != FRAME_ROLE_ADMIN) {
        return (struct frame_limits){0};
    }
    return (struct frame_limits){
        .window_messages = limits->window_messages,
        .window_bytes = limits->window_bytes,
        .mailbox_messages = limits->mailbox_messages,
        .mailbox_bytes = limits->mailbox_bytes,
        .message_bytes = limits->message_bytes_max,
    };
}

static struct frame_hello own_hello(const struct process *process, const struct peer *peer) {
    return (struct frame_hello){
        .role = process->role,
        .node = process->node,
        .node_name = bytes_of_text(process->node_name),
        .slot = process->slot,
        .endpoint = endpoint_for(process, peer),
        .pid = (uint32_t)getpid(),
        .last_seen = peer->incarnation,
        .limits = own_limits(process),
    };
}

static enum mesh_status send_hello(struct process *process, struct peer *peer, const struct frame_hello *hello) {
    struct frame frame = {.from = process->incarnation, .to = peer->incarnation, .body = FRAME_HELLO, .hello = *hello};
    return process_link_send(process, peer, &frame);
}

/* ---- states ---- */

static void close_link(struct process *process, struct peer *peer) {
    if (peer->link) {
        transport_close(process->transport, peer->link);
        peer->link = NULL;
    }
}

static void enter_waiting(struct process *process, struct peer *peer) {
    close_link(process, peer);
    peer->back = false;
    if (peer->endpoint[0] == '\0') {
        peer->state = PEER_LOST; /* it has to call us */
        return;
    }
    uint64_t at_ns = time_add(process_now(process), backoff_failed(&peer->backoff, &process->prng));
    bool set = deadlines_set(&process->peers.retries, &peer->retry, at_ns) == MESH_OK;
    peer->state = set ? PEER_WAITING : PEER_LOST;
}

static bool is_tcp(const char *endpoint) {
    return strncmp(endpoint, "tcp://", 6) == 0;
}

/* Each time that something is wrong with a call it is counted; the first time in a row the log says so. */
static void note_call(struct process *process, const struct peer *peer, const char *why) {
    char text[FRAME_TEXT_BYTES];
    (void)snprintf(text, sizeof text, "cannot connect to %s: %s", peer->endpoint, why);
    if (peer->backoff.delay_ns == 0) {
        process_note_distrust(process, &process->distrust.calls, text);
    } else {
        process->distrust.calls++;
    }
}

/* Told once, until somebody answers there. */
static void note_silence(struct process *process, struct peer *peer, const char *why) {
    if (!peer->silence_told) {
        peer->silence_told = true;
        log_write(process->log, MESH_LOG_WARNING, NULL, nobody(), "cannot connect to %s: %s", peer->endpoint, why);
    }
}

void process_link_open(struct process *process, struct peer *peer, const char *endpoint) {
    const char *wrong = process_trust_refuses(process, endpoint);
    deadlines_clear(&process->peers.retries, &peer->retry);
    if (wrong) {
        note_call(process, peer, wrong);
        enter_waiting(process, peer);
        return;
    }
    (void)snprintf(peer->called_at, sizeof peer->called_at, "%s", is_tcp(endpoint) ? endpoint : "");
    enum mesh_status status = transport_open(process->transport, endpoint, peer->two_way, &peer->link);
    if (status == MESH_FULL && process_close_least_used(process)) {
        status = transport_open(process->transport, endpoint, peer->two_way, &peer->link);
    }
    if (status == MESH_OK) {
        peer->link->owner = peer;
        peer->state = PEER_OPENING;
        struct frame_hello hello = own_hello(process, peer);
        status = send_hello(process, peer, &hello);
        process_look_up(process);
    }
    if (status != MESH_OK) {
        log_write(process->log, MESH_LOG_ERROR, NULL, nobody(), "cannot connect to %s: %s", peer->endpoint,
                  mesh_status_text(status));
        enter_waiting(process, peer);
    }
}

/* A process that is reached at the endpoint by a link of ours; not `except`. An admin keeps one connection of each process, the latest, so
 * that two links of ours to one admin would end each other for ever. */
static struct peer *who_is_linked(const struct process *process, const char *endpoint, const struct peer *except) {
    size_t place = 0;
    for (struct peer *peer; (peer = peers_next(&process->peers, &place));) {
        if (peer != except && peer->two_way && peer->link && !peer->back && strcmp(peer->endpoint, endpoint) == 0) {
            return peer;
        }
    }
    return NULL;
}

/* In the next turn: who wants it is in the middle of something. */
static void greet_soon(struct process *process, struct peer *peer) {
    if (peer->state == PEER_UP && !list_is_linked(&peer->greeting)) {
        list_push_back(&process->greeting, &peer->greeting);
        process_wake(process);
    }
}

bool process_link_is_known(struct process *process, const char *endpoint) {
    struct peer *peer = who_is_linked(process, endpoint, NULL);
    if (peer) {
        greet_soon(process, peer);
    }
    return peer != NULL;
}

/* Who answers may have forgotten us; the answer is told. */
static void greet_again(struct process *process) {
    LIST_EACH (&process->greeting, node, after) {
        struct peer *peer = LIST_OWNER(node, struct peer, greeting);
        if (peer->state != PEER_UP || !peer->link) {
            list_remove(&peer->greeting);
        } else if (peer->link->ready) {
            struct frame_hello hello = own_hello(process, peer);
            list_remove(&peer->greeting);
            (void)send_hello(process, peer, &hello); /* a link that breaks is made anew, and greeted */
        }
    }
}

/* Another life of that node answers there already: what was for the former one waits until it is known to be lost. */
static bool is_succeeded(const struct process *process, const struct peer *peer) {
    return peer->incarnation != 0 && peer->two_way && who_is_linked(process, peer->endpoint, peer);
}

static void enter_opening(struct process *process, struct peer *peer) {
    struct passage passage;
    if (passage_read(bytes_of_text(peer->endpoint), &passage)) {
        process_passage_open(process, peer, &passage);
    } else if (is_succeeded(process, peer)) {
        enter_waiting(process, peer);
    } else if (resolver_is_needed(peer->endpoint)) {
        process_name_look_up(process, peer);
    } else {
        process_link_open(process, peer, peer->endpoint);
    }
}

void process_link_enter_up(struct process *process, struct peer *peer) {
    peer->state = PEER_UP;
    peer->refusals = 0;
    peer->silence_told = false;
    backoff_succeeded(&peer->backoff);
    if (peer->stale) {
        struct frame stale = {.from = process->incarnation,
                              .to = peer->incarnation,
                              .body = FRAME_STALE,
                              .stale = {.meant = peer->meant}};
        peer->stale = process_link_send(process, peer, &stale) != MESH_OK;
    }
    if (peer->incarnation) {
        tell_delivery(process, DELIVERY_LINK_UP, peer->incarnation);
    }
    if (peer->back) {
        tell_user(process, peer, PROCESS_LINK_UP); /* it has said hello; whoever is called is told of when it answers */
    }
    process_passage_carrier_up(process, peer);
}

void process_link_enter_down(struct process *process, struct peer *peer, bool refused) {
    enter_waiting(process, peer);
    process_passage_carrier_down(process, peer);
    if (peer->incarnation) {
        tell_delivery(process, DELIVERY_LINK_DOWN, peer->incarnation);
    }
    tell_user(process, peer, refused ? PROCESS_LINK_REFUSED : PROCESS_LINK_DOWN);
}

void process_link_want(struct process *process, struct peer *peer) {
    if (peer->state == PEER_LOST && peer->endpoint[0] != '\0') {
        enter_opening(process, peer);
    }
}

void process_link_drop(struct process *process, struct peer *peer) {
    close_link(process, peer);
    list_remove(&peer->naming);
    process_passage_leave(peer);
    peer->state = PEER_LOST;
}

/* Nobody listens where a host or program did. It listens on its ipc endpoint for all of its life, so there it is dead at
 * once; a tcp endpoint may be behind a wall for a while, so there the admin is asked whether its address still lives.
 * What a dead one had in hand is resolved anew, and the admin tells how far it came (E3). */
static void on_refused(struct process *process, struct peer *peer) {
    if (process->role == FRAME_ROLE_ADMIN || peer == process->admin || peer->incarnation == 0) {
        return;
    }
    LIST_EACH (&peer->carried, node, after) {
        on_refused(process, LIST_OWNER(node, struct peer, of_via));
    }
    peer->refusals++;
    bool local = strncmp(peer->endpoint, "ipc://", 6) == 0;
    bool unknown = mesh_address_is_none(peer->resident);
    if (local || (unknown && peer->refusals >= REFUSALS_MAX)) {
        process_peer_lost(process, peer->incarnation);
    } else if (!unknown && peer->refusals % REFUSALS_PER_QUESTION == 1) {
        process_ask_where(process, peer->resident, nobody());
    }
}

void process_link_learn(struct process *process, struct mesh_address address, uint64_t where) {
    size_t place = 0;
    for (struct peer *peer; (peer = peers_next(&process->peers, &place));) {
        if (peer->refusals > 0 && peer->incarnation != where && mesh_address_equal(peer->resident, address)) {
            process_peer_lost(process, peer->incarnation);
        }
    }
}

/* A frame that waits in it would tell, too. */
static void try_doubtful(struct process *process, struct peer *peer) {
    peer->link->doubtful = false;
    if (peer->link->ready) {
        process_link_greet(process, peer, endpoint_for(process, peer));
    }
}

/* Who has called has hung up, or calls by another connection. A moment later the transport knows which, and what had come behind it, a goodbye
 * perhaps, is read. */
static void doubt(struct process *process, struct peer *peer) {
    if (deadlines_set(&process->peers.retries, &peer->retry, time_add(process_now(process), DOUBT_NS)) != MESH_OK) {
        try_doubtful(process, peer);
    }
}

void process_link_changed(struct process *process, struct transport_link *link) {
    struct peer *peer = link->owner;
    switch (link->state) {
    case TRANSPORT_OPENING:
        return;
    case TRANSPORT_UP:
        if (peer->state == PEER_OPENING) {
            process_link_enter_up(process, peer);
        }
        if (link->doubtful) {
            doubt(process, peer);
        }
        return;
    case TRANSPORT_DOWN:
        if (link->why && link->silent) {
            note_silence(process, peer, link->why);
        } else if (link->why) {
            note_call(process, peer, link->why);
        }
        process_link_enter_down(process, peer, false);
        return;
    case TRANSPORT_REFUSED:
        process_link_enter_down(process, peer, true);
        on_refused(process, peer);
        return;
    }
}

void process_link_retry(struct process *process, uint64_t now_ns) {
    greet_again(process);
    struct deadline *due;
    while ((due = deadlines_pop_due(&process->peers.retries, now_ns))) {
        struct peer *peer = DEADLINE_OWNER(due, struct peer, retry);
        if (peer->state == PEER_WAITING) {
            enter_opening(process, peer);
        } else if (peer->state == PEER_OPENING && peer->via) {
            process_link_enter_down(process, peer, false); /* nobody has said that the way is open */
        } else if (peer->state == PEER_UP && peer->link && peer->link->doubtful) {
            try_doubtful(process, peer);
        } else if (peer->state == PEER_UP && peer->via) {
            process_passage_check(process, peer); /* nobody has said how far it has come */
        }
    }
}

void process_link_greet(struct process *process, struct peer *peer, struct bytes endpoint) {
    struct frame_hello hello = own_hello(process, peer);
    hello.endpoint = endpoint;
    (void)send_hello(process, peer, &hello); /* a link that breaks is greeted anew */
}

enum mesh_status process_link_greet_admin(struct process *process) {
    struct frame_hello hello = own_hello(process, process->admin);
    return process->admin->link && process->admin->link->ready ? send_hello(process, process->admin, &hello)
                                                               : MESH_WOULD_BLOCK;
}

/* ---- hellos ---- */

static size_t limit_of(uint64_t told) {
    return told < SIZE_MAX ? (size_t)told : SIZE_MAX;
}

static void take_limits(struct process *process, const struct frame_limits *told) {
    if (told->window_messages == 0) {
        return; /* an earlier version tells none */
    }
    delivery_set_limits(process->delivery, &(struct delivery_limits){
                                               .window_messages = limit_of(told->window_messages),
                                               .window_bytes = limit_of(told->window_bytes),
                                               .mailbox_messages = limit_of(told->mailbox_messages),
                                               .mailbox_bytes = limit_of(told->mailbox_bytes),
                                               .message_bytes_max = limit_of(told->message_bytes),
                                           });
}

/* Our admin speaks: whether it takes us, which slot is ours, and the limits of its node. */
static void on_admin_hello(struct process *process, const struct frame *frame) {
    if (frame->hello.refusal.size > 0) {
        process->refused = MESH_REFUSED;
        snprintf(process->refusal, sizeof process->refusal, "%.*s", (int)frame->hello.refusal.size,
                 (const char *)frame->hello.refusal.data);
        return;
    }
    process_hear_endpoint(process, frame->hello.endpoint);
    take_limits(process, &frame->hello.limits);
    (void)snprintf(process->node_name, sizeof process->node_name, "%.*s", (int)frame->hello.node_name.size,
                   (const char *)frame->hello.node_name.data);
    process->node = frame->hello.node;
    process->slot = process->slot ? process->slot : frame->hello.slot;
    if (!process->greeted) { /* what comes right behind the greeting finds somebody */
        process->refused = process_open_endpoint(process);
        process->greeted = process->refused == MESH_OK;
        (void)snprintf(process->refusal, sizeof process->refusal, "%s", mesh_status_text(process->refused));
    }
}

/* Another incarnation answers where the known one did: the known one is gone. */
static void on_other_incarnation(struct process *process, struct peer *peer) {
    uint64_t lost = peer->incarnation;
    process_passage_carrier_lost(process, peer, true);
    map_remove(&process->peers.by_incarnation, &peer->incarnation);
    peer->incarnation = 0;
    list_push_back(&process->peers.called, &peer->called);
    tell_delivery(process, DELIVERY_PEER_LOST, lost);
    if (process->callbacks.link) {
        process->callbacks.link(process->callbacks.user, lost, peer->endpoint, PROCESS_LINK_REPLACED);
    }
}

static void call_user_hello(struct process *process, uint64_t from, const struct frame_hello *hello,
                            struct frame_hello *answer) {
    if (process->callbacks.hello) {
        process->callbacks.hello(process->callbacks.user, from, hello, answer);
    }
}

/* A call of ours needs no link of its own. Who wanted it learns who answers there, and may hang up at that. An admin answers by the connection
 * that greeted it last, which may be the one that ends here; so the other one greets it again. */
static void end_call(struct process *process, struct peer *peer, uint64_t who) {
    char endpoint[TRANSPORT_ENDPOINT_BYTES];
    memcpy(endpoint, peer->endpoint, sizeof endpoint);
    close_link(process, peer);
    peers_remove(&process->peers, peer);
    struct peer *known = peers_find(&process->peers, who);
    if (known && known->state == PEER_LOST && known->endpoint[0] == '\0') {
        (void)process_call(process, who, endpoint); /* nobody has said where it is, and here it answers */
    }
    if (known) {
        process_link_want(process, known); /* it may have waited for this */
        greet_soon(process, known);
    }
    bool answers = who == process->incarnation || (known && known->state == PEER_UP);
    if (answers && process->callbacks.link) {
        process->callbacks.link(process->callbacks.user, who, endpoint, PROCESS_LINK_UP);
    }
}

/* That a link of ours is up says only that somebody listens there, perhaps a later life of the one that is called: who it is says the answer. */
static void tell_answer(struct process *process, const struct peer *peer) {
    if (peer->state == PEER_UP) {
        tell_user(process, peer, PROCESS_LINK_UP);
    }
}

/* The answer to a hello of ours, on the link that we opened. */
static void on_answer(struct process *process, struct peer *peer, const struct frame *frame) {
    if (frame->from == process->incarnation) {
        end_call(process, peer, frame->from); /* that endpoint is one more of our own, and nobody's peer (B5) */
        return;
    }
    if (peer == process->admin) {
        on_admin_hello(process, frame);
    }
    if (frame->hello.refusal.size > 0) {
        log_write(process->log, MESH_LOG_WARNING, NULL, nobody(), "%s refuses: %.*s", peer->endpoint,
                  (int)frame->hello.refusal.size, (const char *)frame->hello.refusal.data);
        call_user_hello(process, frame->from, &frame->hello, NULL);
        if (frame->from != peer->incarnation && !list_is_empty(&peer->carried)) {
            process_passage_carrier_lost(process, peer, true); /* an earlier life of that node was meant (S8F) */
            process_peer_lost(process, peer->incarnation);
        }
        return;
    }
    if (peer->incarnation && peer->incarnation != frame->from) {
        on_other_incarnation(process, peer);
    }
    call_user_hello(process, frame->from, &frame->hello, NULL);
    if (peer->incarnation != frame->from) {
        if (peers_name(&process->peers, peer, frame->from) != MESH_OK) {
            end_call(process, peer, frame->from); /* that process is known by now: one way to it is enough */
            return;
        }
        process_link_enter_up(process, peer);
    }
    tell_answer(process, peer);
}

/* Answers on the way back, even when there is a link of ours to the same process: the caller waits for it there. */
static void answer_back(struct process *process, struct peer *peer, uint64_t source, const struct frame_hello *answer,
                        bool passing_by) {
    struct peer passing = {.incarnation = peer->incarnation};
    if (transport_back(process->transport, source, &passing.link) != MESH_OK) {
        return;
    }
    passing.link->owner = peer;
    enum mesh_status status = send_hello(process, &passing, answer);
    bool keep = status == MESH_OK && answer->refusal.size == 0 && !passing_by && !(peer->link && !peer->back);
    if (!keep) {
        transport_close(process->transport, passing.link);
        return;
    }
    close_link(process, peer);
    process_passage_leave(peer);
    list_remove(&peer->naming);
    deadlines_clear(&process->peers.retries, &peer->retry);
    peer->link = passing.link;
    peer->back = true;
    peer->state = PEER_OPENING;
    if (peer->link->state == TRANSPORT_UP) {
        process_link_enter_up(process, peer);
    }
}

/* A process of another node, which has frames for processes of this one (S8A). Nothing is kept of it: what is to be told to it goes
 * back where its frame came from. */
static bool is_visitor(const struct process *process, const struct frame_hello *hello) {
    return hello->role != FRAME_ROLE_ADMIN && hello->node != 0 && hello->node != process->node &&
           hello->last_seen == process->incarnation;
}

/* A process calls us, who are an admin. `wrong`: why it is not believed. */
static void on_call(struct process *process, uint64_t source, const struct frame *frame, const char *wrong) {
    struct frame_hello answer = own_hello(process, &(struct peer){0});
    if (wrong) {
        answer.refusal = bytes_of_text(wrong);
    } else if (frame->from == process->incarnation) {
        answer.refusal = bytes_of_text("this is the caller itself");
    } else {
        call_user_hello(process, frame->from, &frame->hello, &answer);
    }
    struct peer refused = {.incarnation = frame->from};
    struct peer *peer = &refused;
    bool visitor = is_visitor(process, &frame->hello);
    if (answer.refusal.size == 0 && !visitor &&
        peers_add(&process->peers, frame->from,
                  frame->hello.role == FRAME_ROLE_ADMIN ? frame->hello.endpoint : bytes_make("", 0),
                  &peer) != MESH_OK) {
        peer = &refused;
        answer.refusal = bytes_of_text("too many processes are connected: raise the limit of actors");
    }
    peer->two_way = true;
    peer->own = frame->hello.role != FRAME_ROLE_ADMIN;
    answer_back(process, peer, source, &answer, visitor);
}

/* A process of the mesh tells a host or program where it can be reached. */
static void on_visit(struct process *process, const struct frame *frame) {
    struct peer *peer;
    if (peers_add(&process->peers, frame->from, frame->hello.endpoint, &peer) != MESH_OK) {
        process->noise.malformed++;
        return;
    }
    if (frame->to != 0 && frame->to != process->incarnation) {
        peer->stale = true;
        peer->meant = frame->to;
    }
    if (mesh_address_is_none(peer->resident) && frame->hello.node != 0) {
        peer->resident = address_make(frame->hello.node, frame->hello.slot,
                                      0); /* it is asked for when nobody listens there any more */
    }
    process_link_want(process, peer); /* acks at least will go back */
}

void process_link_hello(struct process *process, const struct transport_inbound *inbound, const struct frame *frame) {
    const char *wrong = process_trust_judge(process, inbound, frame);
    char key[TRUST_KEY_TEXT] = ""; /* the answer may end its link, which has the key */
    if (inbound->key) {
        memcpy(key, inbound->key, sizeof key);
    }
    if (inbound->link && wrong) {
        process_link_enter_down(process, inbound->link->owner, false);
    } else if (inbound->link) {
        on_answer(process, inbound->link->owner, frame);
    } else if (process->role == FRAME_ROLE_ADMIN) {
        on_call(process, inbound->source, frame, wrong);
    } else if (!wrong) {
        on_visit(process, frame);
    }
    if (!wrong) {
        transport_judge(process->transport, true);
        process_trust_bind(process, key, frame);
    }
}
