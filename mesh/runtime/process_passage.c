/* How a process sends through admins, and how an admin passes on: see mesh/core/passage.h.
 *
 * What goes through admins is a frame like any other, wrapped: its first part and its payloads are the parts of a Forward. The link
 * that carries it is that to an admin: the process's own, or that of the target's node.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "mesh/runtime/process_inside.h"

#define OPEN_NS (5 * NS_PER_S) /* so long an answer to the first question may take */
#define ASK_AGAIN_NS (250 * NS_PER_MS)
#define SILENCE_NS (10 * NS_PER_S) /* a way on which nobody answers any more is given up */

/* ---- the way of one peer ---- */

/* Who carries what goes to the peer; NULL when there is nobody. */
static struct peer *carrier_of(struct process *process, struct peer *peer, const struct passage *passage) {
    struct peer *carrier = NULL;
    if (process->role != FRAME_ROLE_ADMIN && passage->endpoint.size == 0) {
        return process->admin;
    }
    if (passage->node ==
        peer->incarnation) { /* an admin, which calls us; until it does, the relay passes on, if it is there */
        carrier = peers_find(&process->peers, process->relay);
        return carrier && carrier->state == PEER_UP ? carrier : NULL;
    }
    if (peers_add(&process->peers, passage->node, passage->endpoint, &carrier) != MESH_OK) {
        return NULL;
    }
    carrier->two_way = true;
    process_link_want(process, carrier);
    return carrier->via ? carrier->via : carrier;
}

static void want_to_ask(struct process *process, struct peer *peer) {
    if (!list_is_linked(&peer->asking)) {
        list_push_back(&process->asking, &peer->asking);
    }
}

void process_passage_leave(struct peer *peer) {
    list_remove(&peer->of_via);
    list_remove(&peer->asking);
    peer->via = NULL;
}

void process_passage_open(struct process *process, struct peer *peer, const struct passage *passage) {
    process_passage_leave(peer);
    struct peer *carrier = carrier_of(process, peer, passage);
    bool carried = carrier && carrier != peer;
    uint64_t span_ns = carried ? OPEN_NS : backoff_failed(&peer->backoff, &process->prng);
    uint64_t until_ns = time_add(process_now(process), span_ns);
    bool set = deadlines_set(&process->peers.retries, &peer->retry, until_ns) == MESH_OK;
    if (!carried || !set) {
        peer->state = set ? PEER_WAITING : PEER_LOST; /* until there is a leader, or it calls */
        return;
    }
    peer->via = carrier;
    peer->passage_node = passage->node;
    list_push_back(&carrier->carried, &peer->of_via);
    peer->state = PEER_OPENING;
    want_to_ask(process, peer);
}

void process_passage_carrier_up(struct process *process, struct peer *carrier) {
    LIST_EACH (&carrier->carried, node, after) {
        struct peer *peer = LIST_OWNER(node, struct peer, of_via);
        if (peer->state == PEER_OPENING) {
            want_to_ask(process, peer);
        }
    }
}

static bool is_on_its_way(const struct peer *peer) {
    return peer->state == PEER_UP || peer->state == PEER_OPENING;
}

/* Another way is looked for when it is tried again. */
static void give_up(struct process *process, struct peer *peer) {
    if (is_on_its_way(peer)) {
        process_link_enter_down(process, peer, false);
    }
    process_passage_leave(peer);
}

void process_passage_carrier_lost(struct process *process, struct peer *carrier, bool gone) {
    for (struct list_node *node; (node = list_front(&carrier->carried));) {
        struct peer *peer = LIST_OWNER(node, struct peer, of_via);
        if (gone && peer->passage_node == carrier->incarnation) {
            process_peer_lost(process, peer->incarnation); /* those of its node went with it, not who was relayed */
        } else {
            give_up(process, peer);
        }
    }
}

/* ---- sending ---- */

static struct frame_forward forward_to(const struct process *process, const struct peer *peer) {
    return (struct frame_forward){
        .origin = process->incarnation,
        .origin_node = process->node,
        .origin_slot = process->slot,
        .origin_endpoint = bytes_of_text(process_endpoint(process, true)),
        .target = peer->incarnation,
        .target_node = peer->passage_node,
    };
}

static enum mesh_status send_forward(struct process *process, struct peer *carrier,
                                     const struct frame_forward *forward) {
    struct frame frame = {
        .from = process->incarnation, .to = carrier->incarnation, .body = FRAME_FORWARD, .forward = *forward};
    return process_link_send(process, carrier, &frame);
}

static void note_question(struct process *process, struct peer *peer) {
    uint64_t now_ns = process_now(process);
    peer->silent_ns = peer->silent_ns ? peer->silent_ns : now_ns;
    peer->ask_ns = now_ns + ASK_AGAIN_NS;
    bool up = peer->state == PEER_UP; /* an opening way has its own deadline */
    if (up && deadlines_set(&process->peers.retries, &peer->retry, peer->ask_ns) != MESH_OK) {
        log_write(process->log, MESH_LOG_ERROR, NULL, (struct mesh_address){0},
                  "no memory: how far a way has come is asked again only when an ack is overdue");
    }
}

static void ask(struct process *process, struct peer *peer) {
    struct frame_forward question = forward_to(process, peer);
    bool opening = peer->state == PEER_OPENING;
    question.number = opening ? passage_window_reopen(&peer->window) : passage_window_ask(&peer->window);
    peer->silent_ns = opening ? 0 : peer->silent_ns;
    note_question(process, peer);
    (void)send_forward(process, peer->via, &question); /* what is lost is asked again */
}

/* Of a payload only a slice may be meant. */
static struct part *part_of(struct part *whole, struct bytes payload) {
    bool all = payload.data == whole->bytes.data && payload.size == whole->bytes.size;
    return all ? part_hold(whole) : part_slice(whole, payload);
}

/* The parts of the wrapped frame, each held; how many there are, or 0 without memory. */
static size_t wrap(struct process *process, const struct codec_image *image, struct part *parts[CODEC_PARTS_MAX]) {
    size_t count = 0;
    parts[count] = part_new(image->bytes);
    bool well = parts[count] != NULL;
    if (well) {
        codec_pack(process->codec, (uint8_t *)(uintptr_t)parts[count++]->bytes.data); /* nobody else has it yet */
    }
    for (size_t i = 0; well && i < image->parts_count; i++) {
        parts[count] = part_of(image->parts[i], image->payloads[i]);
        well = parts[count] != NULL;
        count += well;
    }
    while (!well && count > 0) {
        part_release(parts[--count]);
    }
    return count;
}

enum mesh_status process_passage_send(struct process *process, struct peer *peer, const struct frame *frame) {
    struct codec_image image;
    struct part *parts[CODEC_PARTS_MAX];
    struct frame_forward forward = forward_to(process, peer);
    enum mesh_status status = codec_prepare(process->codec, frame, &image);
    if (status != MESH_OK) {
        return status;
    }
    forward.parts = parts;
    forward.parts_count = wrap(process, &image, parts);
    size_t bytes = 0;
    for (size_t i = 0; i < forward.parts_count; i++) {
        bytes += parts[i]->bytes.size;
    }
    forward.number = passage_window_send(&peer->window, bytes);
    if (forward.number != 0) {
        note_question(process, peer);
    }
    status = forward.parts_count > 0 ? send_forward(process, peer->via, &forward) : MESH_NO_MEMORY;
    for (size_t i = 0; i < forward.parts_count; i++) {
        part_release(parts[i]);
    }
    return status;
}

void process_passage_check(struct process *process, struct peer *peer) {
    uint64_t now_ns = process_now(process);
    if (peer->state != PEER_UP) {
        return;
    }
    if (peer->silent_ns != 0 && now_ns - peer->silent_ns > SILENCE_NS) {
        process_link_enter_down(process, peer, false);
    } else if (now_ns >= peer->ask_ns) {
        want_to_ask(process, peer);
    }
}

/* ---- what is said of a way ---- */

static void take_passage(struct process *process, uint64_t from, const struct frame_passage *passage) {
    struct peer *peer = peers_find(&process->peers, passage->target);
    if (!peer || !peer->via || peer->via->incarnation != from) {
        return; /* of a way that was left */
    }
    switch (passage->way) {
    case FRAME_WAY_OPEN:
        peer->silent_ns = 0;
        if (passage_window_answer(&peer->window, passage->number) && is_on_its_way(peer)) {
            deadlines_clear(&process->peers.retries, &peer->retry);
            if (peer->state == PEER_OPENING) {
                process_link_enter_up(process, peer);
            }
        }
        return;
    case FRAME_WAY_FULL:
    case FRAME_WAY_CLOSED:
        if (is_on_its_way(peer)) {
            process_link_enter_down(process, peer, false);
        }
        return;
    case FRAME_WAY_GONE:
        process_peer_lost(process, passage->target);
        return;
    }
    CHECK_UNREACHABLE();
}

/* Of a visitor nothing is kept but where its frame came from. */
static void tell_visitor(struct process *process, const struct frame_passage *passage) {
    struct frame frame = {
        .from = process->incarnation, .to = passage->origin, .body = FRAME_PASSAGE, .passage = *passage};
    struct peer passing = {.incarnation = passage->origin};
    if (transport_back(process->transport, passage->origin, &passing.link) == MESH_OK) {
        (void)process_link_send(process, &passing, &frame);
        transport_close(process->transport, passing.link);
    }
}

/* Towards the origin: over its link, or that of its admin, or else to the admin `otherwise`. What cannot go now is dropped, and asked
 * for again. */
static void send_passage(struct process *process, uint64_t otherwise, const struct frame_passage *passage) {
    struct frame frame = {.from = process->incarnation, .body = FRAME_PASSAGE, .passage = *passage};
    bool here = passage->origin_node == process->node;
    struct peer *peer = peers_find(&process->peers, here ? passage->origin : passage->origin_node);
    if (!here && !(peer && peer->link)) {
        peer = peers_find(&process->peers, otherwise);
    }
    if (peer && !peer->via && process_link_takes(peer)) {
        frame.to = peer->incarnation;
        (void)process_link_send(process, peer, &frame);
    }
}

void process_on_passage(struct process *process, const struct frame *frame) {
    if (frame->passage.origin == process->incarnation) {
        take_passage(process, frame->from, &frame->passage);
    } else if (process->role == FRAME_ROLE_ADMIN) {
        send_passage(process, frame->from == process->relay ? 0 : process->relay, &frame->passage);
    }
}

static void tell(struct process *process, uint64_t from, const struct frame_forward *forward, enum frame_way way) {
    struct frame_passage passage = {forward->origin, forward->origin_node, forward->target, forward->number, way};
    bool visitor = from == forward->origin && from != forward->origin_node && forward->origin_node != process->node;
    process->passed.dropped += way != FRAME_WAY_OPEN;
    if (visitor) {
        tell_visitor(process, &passage);
    } else {
        send_passage(process, from, &passage);
    }
}

/* ---- passing on ---- */

static void pass_on(struct process *process, struct peer *out, uint64_t from, const struct frame_forward *forward) {
    bool last = out->incarnation == forward->target;
    if (!last || forward->parts_count > 0) {
        struct frame_forward next = *forward;
        next.hops++;
        process->passed.on++;
        if (send_forward(process, out, &next) != MESH_OK) {
            tell(process, from, forward, FRAME_WAY_FULL);
            return;
        }
    }
    if (last && forward->number != 0) {
        tell(process, from, forward, FRAME_WAY_OPEN);
    }
}

static void pass_on_or_keep(struct process *process, struct peer *out, uint64_t from,
                            const struct frame_forward *forward) {
    if (!out || out->state != PEER_UP) {
        tell(process, from, forward, FRAME_WAY_CLOSED);
    } else if (passage_queue_is_empty(&out->queue) && process_link_takes(out)) {
        pass_on(process, out, from, forward);
    } else if (passage_queue_push(&out->queue, from, forward) != MESH_OK) {
        tell(process, from, forward, FRAME_WAY_FULL);
    } else if (!list_is_linked(&out->passing)) {
        list_push_back(&process->passing, &out->passing);
    }
}

void process_passage_carrier_down(struct process *process, struct peer *carrier) {
    LIST_EACH (&carrier->carried, node, after) {
        struct peer *peer = LIST_OWNER(node, struct peer, of_via);
        if (is_on_its_way(peer)) {
            process_link_enter_down(process, peer, false);
        }
    }
    for (const struct passage_item *item; (item = passage_queue_first(&carrier->queue));) {
        tell(process, item->from, &item->forward, FRAME_WAY_CLOSED);
        passage_queue_drop_first(&carrier->queue);
    }
    list_remove(&carrier->passing);
}

void process_passage_flush(struct process *process) {
    LIST_EACH (&process->asking, node, after) {
        struct peer *peer = LIST_OWNER(node, struct peer, asking);
        if (peer->via->state == PEER_UP && peer->via->link->ready) {
            list_remove(&peer->asking);
            ask(process, peer);
        }
    }
    LIST_EACH (&process->passing, node, after) {
        struct peer *out = LIST_OWNER(node, struct peer, passing);
        const struct passage_item *item;
        while (process_link_takes(out) && (item = passage_queue_first(&out->queue))) {
            pass_on(process, out, item->from, &item->forward);
            passage_queue_drop_first(&out->queue);
        }
        if (passage_queue_is_empty(&out->queue)) {
            list_remove(&out->passing);
        }
    }
}

/* ---- arriving ---- */

/* Its own process is spoken to: acks and deliveries go back by the way that the endpoint of the origin names. */
static void arrive(struct process *process, const struct frame_forward *forward) {
    uint64_t origin = forward->origin;
    struct mesh_address process_of_origin = address_make(forward->origin_node, forward->origin_slot, 0);
    struct peer *peer;
    struct frame frame;
    if (forward->parts_count == 0) {
        return;
    }
    if (peers_add(&process->peers, origin, forward->origin_endpoint, &peer) != MESH_OK) {
        process_note_malformed(process, "a frame that was passed on has no room here");
        return;
    }
    enum mesh_status status =
        codec_decode(process->codec, forward->parts[0]->bytes, forward->parts + 1, forward->parts_count - 1, &frame);
    if (status != MESH_OK || frame.from != origin || (frame.body != FRAME_BATCH && frame.body != FRAME_STALE)) {
        process_note_malformed(process, "what was passed on is no frame of the mesh");
        return;
    }
    if (mesh_address_is_none(peer->resident)) {
        peer->resident = process_of_origin;
    }
    process_link_want(process, peer);
    process_on_frame(process, &frame);
}

/* To a question, if it is one. */
static void say_open(struct process *process, uint64_t from, const struct frame_forward *forward) {
    if (forward->number != 0) {
        tell(process, from, forward, FRAME_WAY_OPEN);
    }
}

/* The link to a node may have been closed for another: it is opened again, and the origin, which tries anew, finds it open (S9C). */
static void want_node(struct process *process, struct peer *node) {
    if (node) {
        process_link_want(process, node);
    }
}

static void on_forward_at_admin(struct process *process, const struct frame *frame) {
    const struct frame_forward *forward = &frame->forward;
    const struct peer *from = peers_find(&process->peers, frame->from);
    struct peer *target = peers_find(&process->peers, forward->target);
    struct peer *node = peers_find(&process->peers, forward->target_node);
    struct passage_view view = {
        .own = process->incarnation,
        .from = frame->from,
        .from_here = from && from->own,
        .target_here = target && target->own,
        .origin_known = peers_find(&process->peers, forward->origin) != NULL,
        .node_linked = node && node->link && node->state == PEER_UP,
        .relay = process->relay,
    };
    switch (passage_judge(&view, forward)) {
    case PASSAGE_FORGED:
        process_note_malformed(process, "a frame for another process is not passed on: it bears a wrong sender");
        return;
    case PASSAGE_ARRIVED:
        say_open(process, frame->from, forward);
        arrive(process, forward);
        return;
    case PASSAGE_UNKNOWN:
        say_open(process, frame->from, forward);
        process->passed.dropped += forward->parts_count > 0;
        return;
    case PASSAGE_TO_TARGET:
        pass_on_or_keep(process, target, frame->from, forward);
        return;
    case PASSAGE_TO_NODE:
        pass_on_or_keep(process, node, frame->from, forward);
        return;
    case PASSAGE_TO_RELAY:
        want_node(process, node);
        pass_on_or_keep(process, peers_find(&process->peers, process->relay), frame->from, forward);
        return;
    case PASSAGE_CLOSED:
        want_node(process, node);
        tell(process, frame->from, forward, FRAME_WAY_CLOSED);
        return;
    case PASSAGE_GONE:
        tell(process, frame->from, forward, FRAME_WAY_GONE);
        return;
    }
    CHECK_UNREACHABLE();
}

void process_on_forward(struct process *process, const struct transport_inbound *inbound, const struct frame *frame) {
    if (process->role == FRAME_ROLE_ADMIN) {
        on_forward_at_admin(process, frame);
    } else if (inbound->link && inbound->link->owner == process->admin) {
        arrive(process, &frame->forward);
    } else {
        process_note_malformed(process, "a frame was passed on by somebody who is not this node's admin");
    }
}

/* ---- who passes on ---- */

void process_set_relay(struct process *process, uint64_t relay) {
    struct peer *former = peers_find(&process->peers, process->relay);
    process->relay = relay;
    for (struct list_node *node; former && former->incarnation != relay && (node = list_front(&former->carried));) {
        give_up(process, LIST_OWNER(node, struct peer, of_via));
    }
}

struct process_passed process_passed(const struct process *process) {
    return process->passed;
}
