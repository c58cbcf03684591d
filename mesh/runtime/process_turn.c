/* One turn of a process: receive, wait, receive, timers, perform, flush.
 *
 * What came in is looked for before anybody waits, and acks that waited for company go out before anybody sleeps.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "mesh/runtime/process_inside.h"
#include <stdio.h>
#include <unistd.h>

enum { TURN_FRAMES = 64, TURN_BYTES = 1024 * 1024 }; /* D7a */

enum { TURNS_UNPOLLED = 16 }; /* a flood of frames keeps other descriptors waiting for so many turns */

#define NOISE_TOLD_NS (10 * NS_PER_S)

/* ---- what comes in ---- */

static void note_noise(struct process *process, const char *what) {
    uint64_t now_ns = process_now(process);
    process->noise.untold++;
    if (process->noise.told_ns == 0 || now_ns - process->noise.told_ns > NOISE_TOLD_NS) {
        log_write(process->log, MESH_LOG_WARNING, NULL, (struct mesh_address){0},
                  "%s (%llu dropped since the last word)", what, (unsigned long long)process->noise.untold);
        process->noise.told_ns = now_ns;
        process->noise.untold = 0;
    }
}

void process_note_malformed(struct process *process, const char *what) {
    process->noise.malformed++;
    note_noise(process, what);
}

struct process_strangers process_strangers(const struct process *process) {
    struct process_strangers strangers = {.malformed = process->noise.malformed};
    const struct callers *callers = transport_callers(process->transport);
    if (callers) {
        strangers.shut = callers->counters.crowding + callers->counters.silence + callers->counters.nonsense;
        strangers.left = callers->counters.left;
    }
    return strangers;
}

static void note_shut(struct process *process) {
    uint64_t shut = process_strangers(process).shut;
    if (shut != process->noise.shut) {
        process->noise.untold += shut - process->noise.shut - 1;
        process->noise.shut = shut;
        note_noise(process, "connections are closed that say no hello, are too many, or send what is no frame");
    }
}

/* Whoever sends too much of it loses its connection: the transport sees to those that call, and this to those that are called (S7K). */
static void on_nonsense(struct process *process, const struct transport_inbound *inbound, const char *what) {
    struct peer *peer = inbound->link ? inbound->link->owner : NULL;
    process_note_malformed(process, what);
    transport_judge(process->transport, false);
    if (peer && !limiter_take(&peer->nonsense, process_now(process))) {
        log_write(process->log, MESH_LOG_WARNING, NULL, (struct mesh_address){0},
                  "the connection to %s is closed: too much of what comes from there is no frame", peer->endpoint);
        process_link_enter_down(process, peer, false);
    }
}

/* Another major version: it is told ours, when there is a way back to it. */
static void on_other_version(struct process *process, const struct transport_inbound *inbound) {
    unsigned major = 0, minor = 0;
    (void)codec_version(inbound->first, &major, &minor);
    char text[160];
    snprintf(text, sizeof text, "wire version %u.%u is not spoken here, but %d.%d: run the same release on all nodes",
             major, minor, CODEC_MAJOR, CODEC_MINOR);
    process->noise.versions++;
    note_noise(process, text);
    if (inbound->link && inbound->link->owner == process->admin) {
        process->refused = MESH_VERSION_MISMATCH;
        snprintf(process->refusal, sizeof process->refusal, "%s", text);
    }
    struct transport_link *back;
    if (inbound->source == 0 || transport_back(process->transport, inbound->source, &back) != MESH_OK) {
        return;
    }
    struct peer passing = {.link = back};
    struct frame frame = {.from = process->incarnation, .body = FRAME_HELLO};
    frame.hello = (struct frame_hello){.role = process->role, .node = process->node, .refusal = bytes_of_text(text)};
    (void)process_link_send(process, &passing, &frame);
    transport_close(process->transport, back);
}

static void on_stale(struct process *process, const struct frame *frame) {
    if (peers_find(&process->peers, frame->stale.meant)) {
        process_peer_lost(process, frame->stale.meant);
    }
}

/* A frame for another incarnation of this process: whoever meant that is told, if we know a way. */
static void on_misled(struct process *process, const struct frame *frame) {
    process->noise.stale++;
    struct peer *peer = peers_find(&process->peers, frame->from);
    if (peer && process_link_takes(peer)) {
        struct frame stale = {
            .from = process->incarnation, .to = frame->from, .body = FRAME_STALE, .stale = {.meant = frame->to}};
        (void)process_link_send(process, peer, &stale);
    }
}

static void on_batch(struct process *process, const struct frame *frame) {
    struct delivery_event event = {.kind = DELIVERY_FRAME, .peer = frame->from, .batch = &frame->batch};
    (void)delivery_step(process->delivery, process_now(process),
                        &event); /* what finds no room is counted and sent again */
}

void process_on_frame(struct process *process, const struct frame *frame) {
    if (frame->to != process->incarnation) {
        on_misled(process, frame);
        return;
    }
    switch (frame->body) {
    case FRAME_BATCH:
        on_batch(process, frame);
        return;
    case FRAME_STALE:
        on_stale(process, frame);
        return;
    case FRAME_PASSAGE:
        process_on_passage(process, frame);
        return;
    case FRAME_HELLO:
    case FRAME_FORWARD:
        CHECK_UNREACHABLE();
    case FRAME_HEARTBEAT:
    case FRAME_REGISTER:
    case FRAME_REGISTERED:
    case FRAME_ROSTER:
    case FRAME_DEREGISTER:
    case FRAME_INVITE:
    case FRAME_TRUST:
        break;
    }
    if (process->callbacks.frame) {
        process->callbacks.frame(process->callbacks.user, frame->from, frame);
    }
}

static void on_frame(struct process *process, const struct transport_inbound *inbound, const struct frame *frame) {
    if (frame->body == FRAME_HELLO) {
        process_link_hello(process, inbound, frame);
    } else if (frame->body == FRAME_FORWARD && frame->to == process->incarnation) {
        process_on_forward(process, inbound, frame);
    } else {
        process_on_frame(process, frame);
    }
}

static void on_inbound(struct process *process, const struct transport_inbound *inbound) {
    struct frame frame;
    enum mesh_status status =
        codec_decode(process->codec, inbound->first, inbound->parts, inbound->parts_count, &frame);
    if (status == MESH_VERSION_MISMATCH) {
        on_other_version(process, inbound);
        return;
    }
    bool forged = process->role == FRAME_ROLE_ADMIN && !inbound->link && inbound->source != frame.from;
    if (status != MESH_OK || forged) {
        on_nonsense(process, inbound, "a stranger sent what is no frame of the mesh");
        return;
    }
    if (!process_trust_admits(process, inbound, &frame)) {
        return;
    }
    on_frame(process, inbound, &frame);
}

static size_t receive_some(struct process *process) {
    size_t frames = 0, bytes = 0;
    struct transport_inbound inbound;
    process->drained = process->transport->stirred = false;
    while (frames < TURN_FRAMES && bytes < TURN_BYTES) {
        if (!transport_receive(process->transport, &inbound)) {
            process->drained = true;
            break;
        }
        frames++;
        bytes += inbound.first.size;
        for (size_t i = 0; i < inbound.parts_count; i++) {
            bytes += inbound.parts[i]->bytes.size;
        }
        on_inbound(process, &inbound);
    }
    process->heard_bytes += bytes;
    process->heard = process->heard || frames > 0;
    return frames;
}

/* Whether any has changed: what had waited for it can go. */
static bool look_at_links(struct process *process) {
    bool any = false;
    for (struct transport_link *link; (link = transport_changed(process->transport)); any = true) {
        process_link_changed(process, link);
    }
    return any;
}

/* ---- what goes out ---- */

static void flush_peer(struct process *process, struct peer *peer) {
    struct frame frame = {.from = process->incarnation, .to = peer->incarnation, .body = FRAME_BATCH};
    while (process_link_takes(peer) &&
           delivery_pull(process->delivery, process_now(process), peer->incarnation, &frame.batch)) {
        enum mesh_status status = process_link_send(process, peer, &frame);
        if (status != MESH_OK) {
            log_write(process->log, MESH_LOG_ERROR, NULL, (struct mesh_address){0}, "a frame is not sent: %s",
                      mesh_status_text(status)); /* an ack will be overdue, and it is sent again */
            break;
        }
    }
}

static void flush_list(struct process *process, struct list *list) {
    struct list blocked;
    list_init(&blocked);
    for (struct list_node *node = list_pop_front(list); node; node = list_pop_front(list)) {
        struct peer *peer =
            list == &process->flush ? LIST_OWNER(node, struct peer, flush) : LIST_OWNER(node, struct peer, lazy);
        process_link_want(process, peer);
        flush_peer(process, peer);
        if (!process_link_takes(peer) && !list_is_linked(&peer->flush)) {
            list_push_back(&blocked, &peer->flush);
        }
    }
    for (struct list_node *node = list_pop_front(&blocked); node; node = list_pop_front(&blocked)) {
        list_push_back(&process->flush, node);
    }
}

void process_flush(struct process *process, bool idle) {
    process_perform(process);
    process_passage_flush(process);
    if (!list_is_empty(&process->flush)) {
        flush_list(process, &process->flush);
    }
    if (idle && !list_is_empty(&process->lazy)) {
        flush_list(process, &process->lazy);
    }
}

bool process_is_pending(const struct process *process) {
    return !list_is_empty(&process->flush) || !list_is_empty(&process->lazy);
}

/* ---- what delivery wants ---- */

void process_ask_where(struct process *process, struct mesh_address address, struct mesh_address sender) {
    if (process->admin && mesh_address_equal(address, process_admin(process))) {
        process_resolved(process, address, process->node, NULL);
    } else if (address_is_local(address) && mesh_address_equal(address_process(address), process_address(process))) {
        process_gone(process, address, &(struct delivery_gone){.reason = FRAME_EXITED});
    } else if (mesh_address_equal(address, process->created.address)) {
        process->created.address = (struct mesh_address){0}; /* if it is not there any more, the admin is asked */
        (void)process_resolved(process, address, process->created.process, process->created.endpoint);
    } else if (process->callbacks.resolve) {
        process->callbacks.resolve(process->callbacks.user, address, sender);
    } else {
        struct control ask = {.kind = CONTROL_RESOLVE, .resolve = {address, sender}};
        if (process_send_control(process, process_admin(process), &ask) != MESH_OK) {
            log_write(process->log, MESH_LOG_ERROR, NULL, address, "cannot ask the admin where it lives");
        }
    }
}

static void want_flush(struct process *process, uint64_t incarnation, bool lazy) {
    struct peer *peer = peers_find(&process->peers, incarnation);
    if (!peer) {
        return; /* it never said hello: nothing can go back to it */
    }
    struct list_node *node = lazy ? &peer->lazy : &peer->flush;
    if (!list_is_linked(node)) {
        list_push_back(lazy ? &process->lazy : &process->flush, node);
    }
}

/* A link of its own tells by itself when it breaks. */
static void check_link(struct process *process, uint64_t incarnation) {
    struct peer *peer = peers_find(&process->peers, incarnation);
    if (peer && peer->via) {
        process_passage_check(process, peer);
    }
}

void process_answer_resolved(struct process *process, const struct control_resolved *resolved, const char *endpoint) {
    struct delivery_gone earlier = {.text = resolved->text,
                                    .sender = resolved->sender,
                                    .floors_known = resolved->floors_known,
                                    .epoch = resolved->epoch,
                                    .handled = resolved->handled,
                                    .in_hand = resolved->in_hand};
    struct delivery_event event = {.kind = DELIVERY_RESOLVED,
                                   .address = resolved->address,
                                   .peer = resolved->process,
                                   .life = resolved->life,
                                   .gone = &earlier};
    if (process_peer(process, resolved->process, endpoint) != MESH_OK) {
        return;
    }
    peers_find(&process->peers, resolved->process)->resident = resolved->address;
    (void)delivery_step(process->delivery, clock_now_ns(), &event); /* NOT_FOUND when nobody asks any more */
}

/* When nobody in particular asked, it was to learn of a process (process_link_learn): each stream to it asks for itself
 * then, for the floors of its own. */
void process_answer_gone(struct process *process, const struct control_gone *gone) {
    if (!mesh_address_is_none(gone->sender)) {
        process_gone(process, gone->address,
                     &(struct delivery_gone){.reason = gone->reason,
                                             .text = gone->text,
                                             .sender = gone->sender,
                                             .floors_known = gone->floors_known,
                                             .epoch = gone->epoch,
                                             .handled = gone->handled,
                                             .in_hand = gone->in_hand});
    }
}

/* An answer of the admin to ask_where. */
static bool is_answer(struct process *process, const struct control *control) {
    if (process->callbacks.resolve) {
        return false;
    }
    if (control->kind == CONTROL_RESOLVED) {
        const struct control_resolved *resolved = &control->resolved;
        process_answer_resolved(process, resolved, (const char *)resolved->endpoint.data);
        process_link_learn(process, resolved->address, resolved->process);
        return true;
    }
    if (control->kind == CONTROL_GONE) {
        process_answer_gone(process, &control->gone);
        process_link_learn(process, control->gone.address, 0);
        return true;
    }
    return false;
}

static void take_control(struct process *process) {
    struct mesh_address self = process_address(process);
    struct message *message;
    while ((message = delivery_take(process->delivery, process_now(process), self))) {
        struct control control;
        struct delivery_event verdict = {.kind = DELIVERY_VERDICT, .address = self, .outcome = FRAME_HANDLED};
        if (message->kind == FRAME_CONTROL && control_decode(process->codec, message->payload, &control) == MESH_OK) {
            if (!is_answer(process, &control) && process->callbacks.control) {
                process->callbacks.control(process->callbacks.user, message->sender, &control);
            }
        } else {
            process_note_malformed(process, "a message to the process itself is no control message");
            verdict.outcome = FRAME_DIED;
            verdict.reason = FRAME_REFUSED;
        }
        (void)delivery_step(process->delivery, process_now(process), &verdict);
    }
}

static void on_runnable(struct process *process, struct mesh_address address) {
    if (mesh_address_equal(address, process_address(process)) && !process->begun) {
        process->told_early = true;
    } else if (mesh_address_equal(address, process_address(process))) {
        take_control(process);
    } else if (process->callbacks.runnable) {
        process->callbacks.runnable(process->callbacks.user, address);
    }
}

static void call_back(void (*callback)(void *user, struct mesh_address address), void *user,
                      struct mesh_address address) {
    if (callback) {
        callback(user, address);
    }
}

static void perform_one(struct process *process, const struct delivery_action *action) {
    switch (action->kind) {
    case DELIVERY_NOTHING:
        return;
    case DELIVERY_RESOLVE:
        process_ask_where(process, action->address, action->sender);
        return;
    case DELIVERY_FLUSH:
        want_flush(process, action->peer, action->lazy);
        return;
    case DELIVERY_CHECK:
        check_link(process, action->peer);
        return;
    case DELIVERY_ROOM:
        call_back(process->callbacks.room, process->callbacks.user, action->address);
        return;
    case DELIVERY_RUNNABLE:
        on_runnable(process, action->address);
        return;
    case DELIVERY_DRAINED:
        call_back(process->callbacks.drained, process->callbacks.user, action->address);
        return;
    }
    CHECK_UNREACHABLE();
}

static void give_back(struct process *process, struct message *message) {
    if (process->callbacks.settled) {
        process->callbacks.settled(process->callbacks.user, message);
    }
    if (message->outcome == FRAME_HANDLED || !process->callbacks.unhandled) {
        message_release(message);
    } else {
        process->callbacks.unhandled(process->callbacks.user, message);
    }
}

static void tell_unclaimed(struct process *process, struct message *message) {
    if (process->callbacks.unclaimed) {
        process->callbacks.unclaimed(process->callbacks.user, message);
    }
    message_release(message);
}

void process_perform(struct process *process) {
    struct delivery_action action;
    struct message *message;
    bool more = true;
    if (process->begun && process->told_early) {
        process->told_early = false;
        take_control(process);
    }
    while (more) {
        more = false;
        while (delivery_poll(process->delivery, &action)) {
            perform_one(process, &action);
            more = true;
        }
        while ((message = delivery_settled(process->delivery))) {
            give_back(process, message);
            more = true;
        }
        while ((message = delivery_unclaimed(process->delivery))) {
            tell_unclaimed(process, message);
            more = true;
        }
        more = process_say(process) || more;
    }
}

/* ---- the turn ---- */

uint64_t process_deadline(const struct process *process) {
    uint64_t least_ns = delivery_deadline(process->delivery);
    least_ns = time_min(least_ns, deadlines_least(&process->peers.retries));
    least_ns = time_min(least_ns, process->rest_ns);
    return time_min(least_ns, process->tick_ns);
}

/* What frames took, of many sizes and in several threads, stays with the allocator in pieces; a process at rest gives it back. */
static void give_back_at_rest(struct process *process, uint64_t now_ns) {
    if (process->heard) {
        process->heard = false;
        process->rest_ns = process->heard_bytes >= REST_BYTES ? time_add(now_ns, REST_NS) : TIME_NEVER;
    } else if (process->rest_ns <= now_ns) {
        process->rest_ns = TIME_NEVER;
        process->heard_bytes = 0;
        process_give_back(process);
    }
}

static void run_timers(struct process *process) {
    uint64_t now_ns = process_now(process);
    give_back_at_rest(process, now_ns);
    if (delivery_deadline(process->delivery) <= now_ns) {
        struct delivery_event tick = {.kind = DELIVERY_TICK};
        (void)delivery_step(process->delivery, now_ns, &tick);
    }
    process_link_retry(process, now_ns);
    process_perform(process);
    if (process->callbacks.tick) {
        process->tick_ns = process->callbacks.tick(process->callbacks.user, now_ns);
    }
}

/* Whether a descriptor will announce whatever comes next. */
static bool is_quiet(const struct process *process) {
    return process->drained && !process->transport->stirred;
}

/* Each look at a socket is a system call: what was found empty is not looked at again before its descriptor is ready. */
enum mesh_status process_turn(struct process *process, uint64_t until_ns) {
    (void)look_at_links(process);
    size_t got = is_quiet(process) ? 0 : receive_some(process);
    if (got == 0) {
        process_flush(process, true);
        got = is_quiet(process) ? 0 : receive_some(process);
    }
    enum mesh_status status = MESH_OK;
    if (got == 0 || ++process->turns >= TURNS_UNPOLLED) {
        /* To receive may have taken in that a link can go on: no descriptor tells of it again, nor of what waits behind. */
        bool went_on = look_at_links(process);
        bool work = got > 0 || went_on || !is_quiet(process) || atomic_load(&process->woken);
        process->turns = 0;
        status = process_wait(process, work ? 0 : time_min(until_ns, process_deadline(process)));
        note_shut(process);
        (void)look_at_links(process);
        (void)receive_some(process);
    }
    run_timers(process);
    process_flush(process, false);
    return status;
}
