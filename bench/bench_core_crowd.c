/* Crowd: see bench_core_crowd.h.
 *
 * Frames are packed and unpacked as between admins, and take a millisecond; calls do too, and come again until they are answered.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "bench/bench_core_crowd.h"
#include "convention/core/convention.h"
#include "mesh/base/check.h"
#include "mesh/base/deadlines.h"
#include "mesh/base/prng.h"
#include "mesh/core/capability.h"
#include "proto/codec.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LEADERS_MAX = 8, TEXT_BYTES = 64, PLACE_BITS = 16 };

#define LATENCY_NS NS_PER_MS
#define RETRY_NS (250 * NS_PER_MS)

struct node {
    struct convention *core; /* NULL: it is dead */
    uint64_t incarnation;
    char name[TEXT_BYTES], endpoint[TEXT_BYTES];
    uint64_t wake_ns, asked_ns; /* asked_ns: TIME_NEVER when no answer is due */
    bool *linked, *calls;       /* with whom, whom */
};

enum kind {
    ARRIVAL_START,
    ARRIVAL_TICK,
    ARRIVAL_CALL,
    ARRIVAL_DOWN,
    ARRIVAL_FRAME,
};

struct arrival {
    struct deadline due;
    enum kind kind;
    uint64_t from, to; /* incarnations; `to` is who acts, and `from` of a call the place of who is called */
    size_t bytes;
    uint8_t data[];
};

struct crowd {
    size_t count;
    struct node *nodes;
    const char *candidates[LEADERS_MAX + 1];
    size_t leaders;
    struct deadlines agenda;
    struct codec *codec;
    struct prng prng;
    uint64_t now_ns, lives, reads,
        read_ns; /* readings of the real clock around the leader's work, and what one takes */
    struct crowd_figures figures;
};

/* ---- nodes ---- */

static struct node *place(const struct crowd *crowd, uint64_t incarnation) {
    return &crowd->nodes[incarnation & ((1 << PLACE_BITS) - 1)];
}

static struct node *living(const struct crowd *crowd, uint64_t incarnation) {
    struct node *node = incarnation ? place(crowd, incarnation) : NULL;
    return node && node->core && node->incarnation == incarnation ? node : NULL;
}

static size_t index_of(const struct crowd *crowd, const struct node *node) {
    return (size_t)(node - crowd->nodes);
}

static struct arrival *arrival_new(enum kind kind, uint64_t from, uint64_t to, size_t bytes) {
    struct arrival *arrival = calloc(1, sizeof *arrival + bytes);
    CHECK(arrival);
    arrival->kind = kind;
    arrival->from = from;
    arrival->to = to;
    arrival->bytes = bytes;
    return arrival;
}

static void post(struct crowd *crowd, struct arrival *arrival, uint64_t delay_ns) {
    CHECK(deadlines_set(&crowd->agenda, &arrival->due, crowd->now_ns + delay_ns) == MESH_OK);
}

/* ---- what a convention wants ---- */

static size_t place_at(const struct crowd *crowd, struct bytes endpoint) {
    size_t at = 0;
    while (at < crowd->count && !bytes_equal(bytes_of_text(crowd->nodes[at].endpoint), endpoint)) {
        at++;
    }
    CHECK(at < crowd->count);
    return at;
}

static void call(struct crowd *crowd, struct node *node, struct bytes endpoint) {
    size_t at = place_at(crowd, endpoint);
    if (!node->calls[at]) {
        node->calls[at] = true;
        post(crowd, arrival_new(ARRIVAL_CALL, at, node->incarnation, 0), LATENCY_NS);
    }
}

static void hang_up(struct crowd *crowd, struct node *node, struct bytes endpoint) {
    if (endpoint.size > 0) {
        node->calls[place_at(crowd, endpoint)] = false;
    }
}

static void send(struct crowd *crowd, struct node *node, uint64_t peer, struct frame frame) {
    struct node *to = living(crowd, peer);
    struct codec_image image;
    if (!to || !node->linked[index_of(crowd, to)]) {
        return;
    }
    frame.from = node->incarnation;
    frame.to = peer;
    CHECK(codec_prepare(crowd->codec, &frame, &image) == MESH_OK);
    struct arrival *arrival = arrival_new(ARRIVAL_FRAME, frame.from, peer, image.bytes);
    codec_pack(crowd->codec, arrival->data);
    post(crowd, arrival, LATENCY_NS);
    crowd->figures.frames++;
    crowd->figures.bytes += image.bytes;
    crowd->figures.largest = image.bytes > crowd->figures.largest ? image.bytes : crowd->figures.largest;
    if (frame.body == FRAME_REGISTER && convention_is_acting(to->core) && node->asked_ns == TIME_NEVER) {
        node->asked_ns = crowd->now_ns;
    }
}

static void perform(struct crowd *crowd, struct node *node, const struct convention_action *action) {
    struct frame frame;
    if (action->kind == CONVENTION_CONNECT) {
        call(crowd, node, action->endpoint);
    } else if (action->kind == CONVENTION_HANG_UP) {
        hang_up(crowd, node, action->endpoint);
    } else if (convention_frame_of(action, &frame)) {
        send(crowd, node, action->peer, frame);
    }
}

static uint64_t real_ns(struct crowd *crowd) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    crowd->reads++;
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* What one reading takes at least. */
static uint64_t cost_of_clock(struct crowd *crowd) {
    enum { READS = 1000, TRIES = 20 };
    uint64_t least_ns = TIME_NEVER;
    for (int i = 0; i < TRIES; i++) {
        uint64_t begun_ns = real_ns(crowd), end_ns = begun_ns;
        for (int j = 0; j < READS; j++) {
            end_ns = real_ns(crowd);
        }
        least_ns = time_min(least_ns, (end_ns - begun_ns) / READS);
    }
    return least_ns;
}

/* What the core itself needs: its step, and giving out what it wants. What is then packed and sent is not counted. */
static void tell(struct crowd *crowd, struct node *node, const struct convention_event *event) {
    struct convention_action action;
    uint64_t before = crowd->reads, begun_ns = real_ns(crowd), needed_ns = 0;
    (void)convention_step(node->core, crowd->now_ns, event);
    for (bool more = convention_poll(node->core, &action); more; more = convention_poll(node->core, &action)) {
        needed_ns += real_ns(crowd) - begun_ns;
        perform(crowd, node, &action);
        begun_ns = real_ns(crowd);
    }
    needed_ns += real_ns(crowd) - begun_ns;
    uint64_t clock_ns = (crowd->reads - before) / 2 * crowd->read_ns;
    if (convention_is_acting(node->core)) {
        crowd->figures.events++;
        crowd->figures.leader_ns += needed_ns - time_min(needed_ns, clock_ns);
    }
    uint64_t due_ns = convention_deadline(node->core);
    if (due_ns < node->wake_ns) {
        node->wake_ns = due_ns;
        post(crowd, arrival_new(ARRIVAL_TICK, 0, node->incarnation, 0), due_ns - crowd->now_ns);
    }
}

/* ---- what arrives ---- */

static void tell_link(struct crowd *crowd, struct node *node, enum convention_event_kind kind, uint64_t peer,
                      const char *endpoint) {
    tell(crowd, node, &(struct convention_event){.kind = kind, .peer = peer, .endpoint = bytes_of_text(endpoint)});
}

static void on_call(struct crowd *crowd, struct node *node, const struct arrival *arrival) {
    size_t at = arrival->from;
    struct node *to = &crowd->nodes[at];
    if (!node->calls[at]) {
        return;
    }
    if (!to->core) {
        post(crowd, arrival_new(ARRIVAL_CALL, at, node->incarnation, 0), RETRY_NS);
        tell_link(crowd, node, CONVENTION_REFUSED, 0, to->endpoint);
        return;
    }
    node->calls[at] = false;
    if (to != node && !node->linked[at]) {
        node->linked[at] = to->linked[index_of(crowd, node)] = true;
        tell_link(crowd, to, CONVENTION_LINK_UP, node->incarnation, node->endpoint);
    }
    tell_link(crowd, node, CONVENTION_LINK_UP, to->incarnation, to->endpoint);
}

static void on_frame(struct crowd *crowd, struct node *node, const struct arrival *arrival) {
    struct frame frame;
    CHECK(codec_decode(crowd->codec, bytes_make(arrival->data, arrival->bytes), NULL, 0, &frame) == MESH_OK);
    struct convention_event event = convention_event_of(&frame);
    if (event.kind == CONVENTION_REGISTERED) {
        uint64_t waited_ns = node->asked_ns == TIME_NEVER ? 0 : crowd->now_ns - node->asked_ns;
        crowd->figures.longest_ns = waited_ns > crowd->figures.longest_ns ? waited_ns : crowd->figures.longest_ns;
        node->asked_ns = TIME_NEVER;
    }
    tell(crowd, node, &event);
}

static void arrive(struct crowd *crowd, struct arrival *arrival) {
    struct node *node = living(crowd, arrival->to);
    if (!node) {
        free(arrival);
        return;
    }
    if (arrival->kind == ARRIVAL_START) {
        tell(crowd, node, &(struct convention_event){.kind = CONVENTION_START});
    } else if (arrival->kind == ARRIVAL_TICK && node->wake_ns == crowd->now_ns) {
        node->wake_ns = TIME_NEVER;
        tell(crowd, node, &(struct convention_event){.kind = CONVENTION_TICK});
    } else if (arrival->kind == ARRIVAL_CALL) {
        on_call(crowd, node, arrival);
    } else if (arrival->kind == ARRIVAL_DOWN) {
        tell_link(crowd, node, CONVENTION_LINK_DOWN, arrival->from, "");
    } else if (arrival->kind == ARRIVAL_FRAME) {
        on_frame(crowd, node, arrival);
    }
    free(arrival);
}

void crowd_run(struct crowd *crowd, uint64_t span_ns) {
    uint64_t end_ns = crowd->now_ns + span_ns;
    while (deadlines_least(&crowd->agenda) <= end_ns) {
        crowd->now_ns = deadlines_least(&crowd->agenda);
        struct deadline *due = deadlines_pop_due(&crowd->agenda, crowd->now_ns);
        arrive(crowd, DEADLINE_OWNER(due, struct arrival, due));
    }
    crowd->now_ns = end_ns;
}

/* ---- lives ---- */

/* What a node says of itself, and two things that its operator does. */
static void set_capabilities(const struct node *node, struct capability_set *set) {
    struct capability_standard standard = {
        .library_version = "1.0.0",
        .wire_version = "1.0",
        .node_name = node->name,
        .system_base = "tcp",
        .host_architecture = "x86_64",
        .watch_supported = true,
    };
    struct frame_value zone = {.kind = FRAME_VALUE_TEXT, .bytes = bytes_of_text("eu-central-1a")};
    struct frame_value memory = {.kind = FRAME_VALUE_INTEGER, .integer = 64};
    struct frame_capability own[] = {{.name = bytes_of_text("zone"), .values = &zone, .values_count = 1},
                                     {.name = bytes_of_text("memory gb"), .values = &memory, .values_count = 1}};
    CHECK(capability_set_copy(set, own, 2) == MESH_OK && capability_set_standard(set, &standard) == MESH_OK);
}

static void begin(struct crowd *crowd, struct node *node, uint64_t delay_ns) {
    struct capability_set capabilities = {0};
    node->incarnation = ++crowd->lives << PLACE_BITS | index_of(crowd, node);
    node->wake_ns = node->asked_ns = TIME_NEVER;
    memset(node->calls, 0, crowd->count * sizeof *node->calls);
    set_capabilities(node, &capabilities);
    struct convention_options options = {
        .incarnation = node->incarnation,
        .name = node->name,
        .endpoint = node->endpoint,
        .candidates = crowd->candidates,
        .capabilities = &capabilities,
        .times = convention_times_default,
        .members_max = crowd->count,
        .seed = prng_next(&crowd->prng),
    };
    CHECK(convention_new(&node->core, &options) == MESH_OK);
    capability_set_fini(&capabilities);
    post(crowd, arrival_new(ARRIVAL_START, 0, node->incarnation, 0), delay_ns);
}

struct crowd *crowd_new(size_t nodes, size_t leaders, uint64_t seed) {
    struct crowd *crowd = calloc(1, sizeof *crowd);
    CHECK(crowd && nodes < 1 << PLACE_BITS && leaders <= LEADERS_MAX);
    crowd->count = nodes;
    crowd->leaders = leaders;
    crowd->nodes = calloc(nodes, sizeof *crowd->nodes);
    CHECK(crowd->nodes && codec_new(&crowd->codec) == MESH_OK);
    deadlines_init(&crowd->agenda, SIZE_MAX / sizeof(struct deadline *));
    prng_init(&crowd->prng, seed);
    crowd->read_ns = cost_of_clock(crowd);
    for (size_t i = 0; i < nodes; i++) {
        struct node *node = &crowd->nodes[i];
        node->linked = calloc(nodes, sizeof *node->linked);
        node->calls = calloc(nodes, sizeof *node->calls);
        CHECK(node->linked && node->calls);
        snprintf(node->name, sizeof node->name, "node-%04zu.example.org", i);
        snprintf(node->endpoint, sizeof node->endpoint, "tcp://10.20.%zu.%zu:1900", i / 256, i % 256);
    }
    for (size_t i = 0; i < leaders; i++) {
        crowd->candidates[i] = crowd->nodes[i].endpoint;
    }
    for (size_t i = 0; i < nodes; i++) {
        begin(crowd, &crowd->nodes[i], prng_below(&crowd->prng, NS_PER_S));
    }
    return crowd;
}

void crowd_free(struct crowd *crowd) {
    for (size_t i = 0; i < crowd->count; i++) {
        convention_destroy(&crowd->nodes[i].core);
        free(crowd->nodes[i].linked);
        free(crowd->nodes[i].calls);
    }
    for (size_t i = 0; i < crowd->agenda.size; i++) {
        free(DEADLINE_OWNER(crowd->agenda.heap[i], struct arrival, due));
    }
    deadlines_fini(&crowd->agenda);
    codec_destroy(&crowd->codec);
    free(crowd->nodes);
    free(crowd);
}

void crowd_kill(struct crowd *crowd, size_t at) {
    struct node *node = &crowd->nodes[at];
    convention_destroy(&node->core);
    for (size_t i = 0; i < crowd->count; i++) {
        struct node *other = &crowd->nodes[i];
        if (other->linked[at]) {
            other->linked[at] = node->linked[i] = false;
            post(crowd, arrival_new(ARRIVAL_DOWN, node->incarnation, other->incarnation, 0), LATENCY_NS);
        }
    }
}

void crowd_restart(struct crowd *crowd, size_t at) {
    begin(crowd, &crowd->nodes[at], 0);
}

/* ---- figures ---- */

size_t crowd_living(const struct crowd *crowd) {
    size_t count = 0;
    for (size_t i = 0; i < crowd->count; i++) {
        count += crowd->nodes[i].core != NULL;
    }
    return count;
}

static size_t count_following(const struct crowd *crowd, size_t members) {
    const struct node *leader = crowd->nodes;
    size_t count = 0;
    while (!leader->core) {
        leader++;
    }
    for (size_t i = 0; i < crowd->count; i++) {
        struct convention *core = crowd->nodes[i].core;
        count += core && convention_leader(core) == leader->incarnation &&
                 (!members || convention_members(core)->count == members);
    }
    return count;
}

size_t crowd_agreeing(const struct crowd *crowd) {
    return count_following(crowd, crowd_living(crowd));
}

size_t crowd_following(const struct crowd *crowd) {
    return count_following(crowd, 0);
}

uint64_t crowd_now(const struct crowd *crowd) {
    return crowd->now_ns;
}

void crowd_measure(struct crowd *crowd) {
    crowd->figures = (struct crowd_figures){0};
}

struct crowd_figures crowd_figures(const struct crowd *crowd) {
    struct crowd_figures figures = crowd->figures;
    for (size_t i = 0; i < crowd->count; i++) {
        figures.unanswered += crowd->nodes[i].core && crowd->nodes[i].asked_ns != TIME_NEVER;
    }
    return figures;
}
