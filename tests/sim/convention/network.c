/* The simulated network: calls, links, frames and streams. It does what an admin's process does: a call is repeated until it is
 * answered, a link that breaks is made anew, and a frame without a link is lost.
 *
 * Each end has its own belief of a link: one that was not told of a break finds out when it sends.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "tests/sim/convention/world.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* A node that is called, until it answers. */
struct call {
    struct list_node place;
    uint64_t id, peer;
    char endpoint[WORLD_ENDPOINT_BYTES];
};

struct packet {
    struct list_node place; /* of a control message, in its stream */
    uint64_t from, to, generation;
    struct mesh_address target;
    size_t bytes;
    uint8_t data[];
};

void network_discard(struct packet *packet) {
    free(packet);
}

static bool is_cut(const struct sim_node *a, const struct sim_node *b) {
    return a->cut[b->index] || b->cut[a->index];
}

static uint64_t some_delay(struct world *world) {
    return prng_between(&world->prng, world->options.delay_min_ns, world->options.delay_max_ns);
}

static uint64_t some_pause(struct world *world) {
    return prng_between(&world->prng, world->options.reconnect_ns / 2, world->options.reconnect_ns);
}

/* ---- calls ---- */

static struct call *find_call(const struct sim_node *node, uint64_t id) {
    LIST_EACH (&node->calls, place, after) {
        struct call *call = LIST_OWNER(place, struct call, place);
        if (call->id == id) {
            return call;
        }
    }
    return NULL;
}

static void drop_call(struct call *call) {
    list_remove(&call->place);
    free(call);
}

static void drop_calls(struct sim_node *node, uint64_t peer, struct bytes endpoint) {
    LIST_EACH (&node->calls, place, after) {
        struct call *call = LIST_OWNER(place, struct call, place);
        if (peer ? call->peer == peer : !call->peer && bytes_equal(bytes_of_text(call->endpoint), endpoint)) {
            drop_call(call);
        }
    }
}

static struct sim_node *node_at(struct world *world, const char *endpoint) {
    for (size_t i = 0; i < world->options.nodes; i++) {
        if (strcmp(world->nodes[i].endpoint, endpoint) == 0) {
            return &world->nodes[i];
        }
    }
    return NULL;
}

static void tell_link(struct world *world, struct sim_node *node, enum convention_event_kind kind, uint64_t peer,
                      const char *endpoint) {
    struct convention_event event = {.kind = kind, .peer = peer, .endpoint = bytes_of_text(endpoint)};
    (void)node_tell(world, node, &event);
}

static void set_link(struct sim_node *node, const struct sim_node *peer, const char *endpoint, uint64_t generation) {
    struct link *link = &node->links[peer->index];
    *link = (struct link){.peer = peer->incarnation, .up = true, .generation = generation};
    memcpy(link->endpoint, endpoint, strlen(endpoint));
    drop_calls(node, peer->incarnation, bytes_make("", 0));
}

static bool is_linked(const struct sim_node *node, const struct sim_node *peer) {
    const struct link *here = &node->links[peer->index], *there = &peer->links[node->index];
    return here->up && there->up && here->peer == peer->incarnation && there->peer == node->incarnation &&
           here->generation == there->generation;
}

static void on_answered(struct world *world, struct sim_node *node, struct call *call, struct sim_node *target) {
    char endpoint[WORLD_ENDPOINT_BYTES];
    uint64_t wanted = call->peer, from = node->incarnation, peer = target->incarnation;
    memcpy(endpoint, call->endpoint, sizeof endpoint);
    drop_call(call);
    if (wanted && wanted != peer) {
        world_count(world, WORLD_CALLS_MISLED);
        tell_link(world, node, CONVENTION_REPLACED, wanted, endpoint);
    }
    if (target != node && !is_linked(node, target)) {
        world_count(world, WORLD_LINKS);
        world->generation++;
        set_link(node, target, endpoint, world->generation);
        set_link(target, node, node->endpoint, world->generation);
    }
    if (target != node) {
        tell_link(world, target, CONVENTION_LINK_UP, from, node->endpoint);
    }
    tell_link(world, node, CONVENTION_LINK_UP, peer, endpoint);
}

static void run_call(struct world *world, const struct errand *errand) {
    struct sim_node *node = world_node(world, errand->incarnation);
    struct call *call = find_call(node, errand->number);
    if (!call || node_waits(world, node, errand)) {
        return;
    }
    struct sim_node *target = node_at(world, call->endpoint);
    bool lives = target && target->alive;
    bool spurned = lives && !world->healing && prng_chance(&world->prng, world->options.spurned);
    bool answers = lives && !spurned && !target->halted && !target->leaving && !is_cut(node, target);
    bool refuses = target ? (spurned || (!lives && !target->silent)) && !is_cut(node, target)
                          : prng_chance(&world->prng, world->options.answering);
    if (answers) {
        on_answered(world, node, call, target);
        return;
    }
    world_later(world, some_pause(world), *errand);
    world_count(world, refuses ? WORLD_CALLS_REFUSED : WORLD_CALLS_UNANSWERED);
    world->counts[WORLD_CALLS_SPURNED] += spurned;
    world_say(world, "%s calls %s %" PRIx64 ": %d", node->name, call->endpoint, call->peer, refuses);
    if (refuses) {
        char endpoint[WORLD_ENDPOINT_BYTES];
        memcpy(endpoint, call->endpoint, sizeof endpoint); /* the call may be ended by who is told */
        tell_link(world, node, CONVENTION_REFUSED, call->peer, endpoint);
    } else if (call->peer) {
        tell_link(world, node, CONVENTION_LINK_DOWN, call->peer, "");
    }
}

void network_call(struct world *world, struct sim_node *node, uint64_t peer, const char *endpoint) {
    network_know(world, node, peer, endpoint);
    const struct link *link = peer ? &node->links[world_place(world, peer)->index] : NULL;
    bool called = link && link->up && link->peer == peer;
    LIST_EACH (&node->calls, place, after) {
        const struct call *call = LIST_OWNER(place, struct call, place);
        called = called || (call->peer == peer && (peer || strcmp(call->endpoint, endpoint) == 0));
    }
    if (called) {
        return;
    }
    struct call *call = calloc(1, sizeof *call);
    CHECK(call && strlen(endpoint) < WORLD_ENDPOINT_BYTES);
    *call = (struct call){.id = ++world->ids, .peer = peer};
    memcpy(call->endpoint, endpoint, strlen(endpoint) + 1);
    list_node_init(&call->place);
    list_push_back(&node->calls, &call->place);
    world_later(world, some_delay(world),
                (struct errand){.run = run_call, .incarnation = node->incarnation, .number = call->id});
}

void network_know(struct world *world, struct sim_node *node, uint64_t peer, const char *endpoint) {
    struct link *link = peer ? &node->links[world_place(world, peer)->index] : NULL;
    if (!link || peer == node->incarnation || (link->up && link->peer != peer)) {
        return;
    }
    if (link->peer != peer) {
        *link = (struct link){.peer = peer};
    }
    if (endpoint != link->endpoint) {
        snprintf(link->endpoint, sizeof link->endpoint, "%s", endpoint);
    }
}

void network_hang_up(struct sim_node *node, struct bytes endpoint) {
    if (endpoint.size > 0) {
        drop_calls(node, 0, endpoint);
    }
}

/* ---- links that break ---- */

static void run_down(struct world *world, const struct errand *errand) {
    struct sim_node *node = world_node(world, errand->incarnation);
    struct link *link = &node->links[errand->other];
    if (!link->up || link->generation != errand->number || node_waits(world, node, errand)) {
        return;
    }
    link->up = false;
    network_call(world, node, link->peer, link->endpoint);
    tell_link(world, node, CONVENTION_LINK_DOWN, link->peer, "");
}

/* After what is still under way to it. */
static void tell_down(struct world *world, const struct sim_node *node, const struct sim_node *peer) {
    const struct link *link = &node->links[peer->index];
    uint64_t last_ns = peer->last_ns[node->index];
    if (link->up) {
        world_later(
            world, some_delay(world) + (last_ns > world->now_ns ? last_ns - world->now_ns : 0),
            (struct errand){
                .run = run_down, .incarnation = node->incarnation, .other = peer->index, .number = link->generation});
    }
}

/* Nothing that is under way on it arrives: who does not know of the break has a link of another generation. */
void network_reset(struct world *world, struct sim_node *a, struct sim_node *b, bool tell_a, bool tell_b) {
    if (!is_linked(a, b)) {
        return;
    }
    world_count(world, tell_a && tell_b ? WORLD_RESETS : WORLD_RESETS_UNTOLD);
    a->links[b->index].generation = ++world->generation;
    b->links[a->index].generation = ++world->generation;
    if (tell_a) {
        tell_down(world, a, b);
    }
    if (tell_b) {
        tell_down(world, b, a);
    }
}

void network_reset_all(struct world *world, struct sim_node *node, bool told) {
    for (size_t i = 0; i < world->options.nodes; i++) {
        struct sim_node *other = &world->nodes[i];
        if (other->alive && other != node && is_linked(node, other)) {
            network_reset(world, node, other, true, told);
        }
    }
}

static void drop_stream(struct world *world, struct sim_node *node, size_t to, uint64_t peer) {
    LIST_EACH (&node->streams[to].packets, place, after) {
        struct packet *packet = LIST_OWNER(place, struct packet, place);
        if (!peer || packet->to == peer) {
            world_count(world, WORLD_CONTROLS_LOST);
            list_remove(place);
            free(packet);
        }
    }
}

void network_forget(struct world *world, struct sim_node *node, uint64_t peer) {
    struct sim_node *other = peer ? world_place(world, peer) : NULL;
    if (!other) {
        return;
    }
    drop_calls(node, peer, bytes_make("", 0));
    drop_stream(world, node, other->index, peer);
    if (node->links[other->index].peer != peer) {
        return;
    }
    bool told = world_node(world, peer) && is_linked(node, other) && prng_chance(&world->prng, world->options.told);
    node->links[other->index] = (struct link){0};
    if (told) {
        tell_down(world, other, node);
    }
}

void network_end(struct world *world, struct sim_node *node) {
    drop_calls(node, 0, bytes_make("", 0));
    while (!list_is_empty(&node->calls)) {
        drop_call(LIST_OWNER(list_front(&node->calls), struct call, place));
    }
    for (size_t i = 0; i < world->options.nodes; i++) {
        drop_stream(world, node, i, 0);
        node->streams[i].running = false;
        node->links[i] = (struct link){0};
    }
}

/* ---- frames ---- */

static struct packet *packet_new(uint64_t from, uint64_t to, size_t bytes) {
    struct packet *packet = calloc(1, sizeof *packet + bytes);
    CHECK(packet);
    packet->from = from;
    packet->to = to;
    packet->bytes = bytes;
    list_node_init(&packet->place);
    return packet;
}

/* The receiver has no such link: the sender's host is told so, and tells it. */
static void turn_away(struct world *world, const struct packet *packet) {
    struct sim_node *from = world_node(world, packet->from), *to = world_place(world, packet->to);
    if (from && from->links[to->index].generation == packet->generation && !is_cut(from, to)) {
        world_count(world, WORLD_RESETS_FOUND);
        tell_down(world, from, to);
    }
}

/* Plants 8 and 9: what left is not read; who leads is not. */
static void spoil(const struct world *world, struct frame *frame) {
    if (world->plant == LAW_AGREEMENT && frame->body == FRAME_ROSTER) {
        frame->roster.left_count = 0;
    }
    if (world->plant == LAW_UNIQUE && frame->body == FRAME_HEARTBEAT) {
        frame->heartbeat.acting = false;
    }
}

static void run_frame(struct world *world, const struct errand *errand) {
    struct packet *packet = errand->packet;
    struct sim_node *to = world_node(world, packet->to);
    if (to && node_waits(world, to, errand)) {
        return;
    }
    const struct link *link = to ? &to->links[world_place(world, packet->from)->index] : NULL;
    if (link && link->up && link->peer == packet->from && link->generation == packet->generation) {
        struct frame frame;
        enum mesh_status status = codec_decode(world->codec, bytes_make(packet->data, packet->bytes), NULL, 0, &frame);
        CHECK(status == MESH_OK);
        spoil(world, &frame);
        struct convention_event event = convention_event_of(&frame);
        (void)node_tell(world, to, &event);
    } else if (!to || !to->silent) {
        turn_away(world, packet);
    }
    free(packet);
}

/* When it arrives: behind all that was sent before, unless it overtakes that. */
static uint64_t arrival(struct world *world, struct sim_node *node, size_t to) {
    uint64_t at_ns = world->now_ns + some_delay(world);
    if (!world->healing && prng_chance(&world->prng, world->options.late)) {
        world->counts[WORLD_FRAMES_LATE] += at_ns < node->last_ns[to];
        return at_ns;
    }
    node->last_ns[to] = at_ns > node->last_ns[to] ? at_ns : node->last_ns[to];
    return node->last_ns[to];
}

static void post(struct world *world, struct sim_node *node, const struct sim_node *to, const struct packet *image) {
    struct packet *packet = packet_new(image->from, image->to, image->bytes);
    packet->generation = image->generation;
    memcpy(packet->data, image->data, image->bytes);
    world_later(world, arrival(world, node, to->index) - world->now_ns,
                (struct errand){.run = run_frame, .packet = packet});
}

static struct packet *pack(struct world *world, const struct sim_node *node, uint64_t peer, const struct frame *frame) {
    struct frame addressed = *frame;
    struct codec_image image;
    addressed.from = node->incarnation;
    addressed.to = peer;
    CHECK(codec_prepare(world->codec, &addressed, &image) == MESH_OK);
    struct packet *packet = packet_new(node->incarnation, peer, image.bytes);
    codec_pack(world->codec, packet->data);
    return packet;
}

void network_send(struct world *world, struct sim_node *node, uint64_t peer, const struct frame *frame) {
    struct sim_node *to = world_place(world, peer);
    struct link *link = &node->links[to->index];
    if (link->peer != peer) {
        return;
    }
    if (!link->up) {
        network_call(world, node, peer, link->endpoint);
        return;
    }
    world->frames++;
    world_count(world, WORLD_FRAMES);
    laws_sent(world, node, to);
    bool lost = !world->healing && prng_chance(&world->prng, world->options.loss);
    world->counts[WORLD_FRAMES_LOST] += lost;
    world->counts[WORLD_FRAMES_CUT] += node->cut[to->index];
    if (lost || node->cut[to->index]) {
        return;
    }
    struct packet *packet = pack(world, node, peer, frame);
    packet->generation = link->generation;
    post(world, node, to, packet);
    if (!world->healing && prng_chance(&world->prng, world->options.duplicate)) {
        world_count(world, WORLD_FRAMES_DOUBLED);
        post(world, node, to, packet);
    }
    free(packet);
}

/* ---- streams ---- */

static void run_stream(struct world *world, const struct errand *errand);

static void go_on(struct world *world, struct sim_node *node, size_t to, uint64_t delay_ns) {
    struct stream *stream = &node->streams[to];
    stream->running = !list_is_empty(&stream->packets);
    if (stream->running) {
        world_later(world, delay_ns, (struct errand){.run = run_stream, .incarnation = node->incarnation, .other = to});
    }
}

static void run_stream(struct world *world, const struct errand *errand) {
    struct sim_node *node = world_node(world, errand->incarnation), *to = &world->nodes[errand->other];
    struct stream *stream = &node->streams[to->index];
    if (list_is_empty(&stream->packets)) {
        stream->running = false;
        return;
    }
    struct packet *packet = LIST_OWNER(list_front(&stream->packets), struct packet, place);
    if (!world_node(world, packet->to)) {
        drop_stream(world, node, to->index, packet->to);
        go_on(world, node, to->index, 0);
        return;
    }
    if (node->halted || to->halted || is_cut(node, to)) {
        world_count(world, WORLD_CONTROLS_WAITED);
        go_on(world, node, to->index, some_pause(world));
        return;
    }
    struct control control;
    list_remove(&packet->place);
    go_on(world, node, to->index, some_delay(world));
    if (packet->bytes == 0) {
        actors_ask_to_exit(world, packet->target);
        free(packet);
        return;
    }
    CHECK(control_decode(world->codec, bytes_make(packet->data, packet->bytes), &control) == MESH_OK);
    node_take_control(world, to, (struct mesh_address){packet->from, 0}, packet->target, &control);
    free(packet);
}

/* A node that is neither a member nor linked cannot be found: what is for it is dead at once. */
static void push(struct world *world, struct sim_node *node, uint64_t peer, struct mesh_address target,
                 struct bytes data) {
    struct sim_node *other = world_place(world, peer);
    const struct link *link = &node->links[other->index];
    world_count(world, WORLD_CONTROLS);
    if (!members_find(convention_members(node->convention), peer) && !(link->up && link->peer == peer)) {
        world_count(world, WORLD_CONTROLS_LOST);
        return;
    }
    struct packet *packet = packet_new(node->incarnation, peer, data.size);
    packet->target = target;
    memcpy(packet->data, data.data, data.size);
    list_push_back(&node->streams[other->index].packets, &packet->place);
    if (!node->streams[other->index].running) {
        go_on(world, node, other->index, some_delay(world));
    }
}

void network_send_control(struct world *world, struct sim_node *node, struct mesh_address to,
                          const struct control *control) {
    struct bytes packed;
    CHECK(control_encode(world->codec, control, &packed) == MESH_OK);
    push(world, node, to.node, to, packed);
}

void network_send_exit(struct world *world, struct sim_node *node, uint64_t host, struct mesh_address actor) {
    push(world, node, host, actor, bytes_make("", 0));
}
