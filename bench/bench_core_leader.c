/* Leader: see bench_core_leader.h.
 *
 * One real convention core; its members are played: each sends a heartbeat a second and a registration a period, and what the leader
 * sends is counted. Cores of all members in one process would push that of the leader out of the processor's caches.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "bench/bench_core_leader.h"
#include "convention/core/convention.h"
#include "mesh/base/check.h"
#include "mesh/base/time.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TEXT_BYTES = 64, BEATS = 10, DEAD_BEATS = 4, WARM_PERIODS = 2, PERIODS = 8, LEADER = 1 };

struct played {
    uint64_t incarnation;
    char name[TEXT_BYTES], endpoint[TEXT_BYTES];
    bool dead;
};

struct stage {
    struct convention *core;
    struct played *members;
    size_t count;
    uint64_t now_ns, incarnations, events, sent, received;
};

static uint64_t real_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static bool is_message(enum convention_action_kind kind) {
    return kind == CONVENTION_SEND_HEARTBEAT || kind == CONVENTION_SEND_REGISTERED || kind == CONVENTION_SEND_ROSTER ||
           kind == CONVENTION_SEND_DEREGISTER;
}

static void step(struct stage *stage, const struct convention_event *event) {
    struct convention_action action;
    (void)convention_step(stage->core, stage->now_ns, event);
    while (convention_poll(stage->core, &action)) {
        stage->sent += is_message(action.kind);
    }
    stage->events++;
}

/* What time brings until then comes first. */
static void tell(struct stage *stage, uint64_t at_ns, const struct convention_event *event) {
    while (convention_deadline(stage->core) <= at_ns) {
        stage->now_ns = convention_deadline(stage->core);
        step(stage, &(struct convention_event){.kind = CONVENTION_TICK});
    }
    stage->now_ns = at_ns;
    step(stage, event);
}

static void tell_link(struct stage *stage, enum convention_event_kind kind, const struct played *member) {
    struct convention_event event = {
        .kind = kind, .peer = member->incarnation, .endpoint = bytes_of_text(member->endpoint)};
    tell(stage, stage->now_ns, &event);
}

/* What a node says of itself, and two things that its operator does. */
static void registers(struct stage *stage, uint64_t at_ns, const struct played *member, bool first_time) {
    static const char *const names[] = {"host architecture", "library version", "memory gb",    "node name",
                                        "system base",       "watch supported", "wire version", "zone"};
    struct frame_value values[sizeof names / sizeof *names];
    struct frame_capability capabilities[sizeof names / sizeof *names];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        values[i] = (struct frame_value){.kind = FRAME_VALUE_TEXT, .bytes = bytes_of_text(member->name)};
        capabilities[i] =
            (struct frame_capability){.name = bytes_of_text(names[i]), .values = &values[i], .values_count = 1};
    }
    struct frame_register frame = {.first_time = first_time, .place = 1, .places = 1};
    frame.member = (struct frame_member){
        .incarnation = member->incarnation,
        .name = bytes_of_text(member->name),
        .endpoint = bytes_of_text(member->endpoint),
        .capabilities = capabilities,
        .capabilities_count = sizeof names / sizeof *names,
    };
    stage->received++;
    tell(stage, at_ns,
         &(struct convention_event){.kind = CONVENTION_REGISTER, .peer = member->incarnation, .registration = &frame});
}

static void starts(struct stage *stage, struct played *member) {
    member->incarnation = ++stage->incarnations;
    member->dead = false;
    tell_link(stage, CONVENTION_LINK_UP, member);
    registers(stage, stage->now_ns, member, true);
}

static void beats(struct stage *stage, uint64_t at_ns, const struct played *member) {
    struct frame_heartbeat heartbeat = {.epoch = convention_epoch(stage->core)};
    stage->received++;
    tell(
        stage, at_ns,
        &(struct convention_event){.kind = CONVENTION_HEARTBEAT, .peer = member->incarnation, .heartbeat = &heartbeat});
}

static void play_second(struct stage *stage, size_t beat, struct played *victim) {
    uint64_t begun_ns = stage->now_ns;
    for (size_t i = 0; i < stage->count; i++) {
        uint64_t at_ns = begun_ns + NS_PER_S / stage->count * i;
        struct played *member = &stage->members[i];
        if (!member->dead) {
            beats(stage, at_ns, member);
        }
        if (!member->dead && i % BEATS == beat) {
            registers(stage, at_ns, member, false);
        }
    }
    if (beat == 0) {
        victim->dead = true;
        tell_link(stage, CONVENTION_LINK_DOWN, victim);
    }
    if (victim->dead) {
        tell_link(stage, CONVENTION_REFUSED, victim);
    }
    if (beat == DEAD_BEATS) {
        starts(stage, victim);
    }
    stage->now_ns = begun_ns + NS_PER_S;
}

static struct stage stage_make(size_t members) {
    static const char *const candidates[] = {"tcp://10.0.0.1:1900", NULL};
    struct stage stage = {.count = members, .incarnations = LEADER, .members = calloc(members, sizeof *stage.members)};
    struct capability_set none = {0};
    struct convention_options options = {.incarnation = LEADER,
                                         .name = "leader",
                                         .endpoint = candidates[0],
                                         .candidates = candidates,
                                         .capabilities = &none,
                                         .times = convention_times_default,
                                         .members_max = members + 1,
                                         .seed = 1};
    CHECK(stage.members && convention_new(&stage.core, &options) == MESH_OK);
    tell(&stage, 0, &(struct convention_event){.kind = CONVENTION_START});
    for (size_t i = 0; i < members; i++) {
        struct played *member = &stage.members[i];
        snprintf(member->name, sizeof member->name, "node-%04zu.example.org", i);
        snprintf(member->endpoint, sizeof member->endpoint, "tcp://10.20.%zu.%zu:1900", i / 256, i % 256);
        starts(&stage, member);
    }
    return stage;
}

void leader_cost(size_t members, double *event_ns, double *messages) {
    struct stage stage = stage_make(members);
    for (size_t period = 0; period < WARM_PERIODS + PERIODS; period++) {
        uint64_t begun_ns = real_ns();
        stage.events = 0;
        for (size_t beat = 0; beat < BEATS; beat++) {
            play_second(&stage, beat, &stage.members[period % members]);
        }
        double ns = (double)(real_ns() - begun_ns) / (double)stage.events;
        *event_ns = period <= WARM_PERIODS || ns < *event_ns ? ns : *event_ns;
        if (period + 1 == WARM_PERIODS) {
            stage.sent = stage.received = 0;
        }
    }
    CHECK(convention_members(stage.core)->count == members + 1);
    *messages = (double)(stage.sent + stage.received) / (double)members / PERIODS;
    convention_destroy(&stage.core);
    free(stage.members);
}
