/* One simulated node: its cores, what they want, and the time at which they want to be asked again. It does what the
 * admin's shell does.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "tests/sim/convention/world.h"
#include <inttypes.h>
#include <stdio.h>

/* ---- time ---- */

static uint64_t clock_of(const struct world *world, const struct sim_node *node) {
    return world->now_ns + node->ahead_ns;
}

/* What the cores take the time for. Plant 7: a caller that lags behind. */
static uint64_t told_time(const struct world *world, const struct sim_node *node) {
    uint64_t lag_ns = world->plant == LAW_DEADLINE ? 300 * NS_PER_MS : 0;
    return clock_of(world, node) - lag_ns;
}

static void run_tick(struct world *world, const struct errand *errand) {
    struct sim_node *node = world_node(world, errand->incarnation);
    if (node->wake_ns != errand->at_ns || node->halted) {
        return;
    }
    node->wake_ns = TIME_NEVER;
    if (convention_deadline(node->convention) <= clock_of(world, node) || world->plant == LAW_PROGRESS) {
        (void)node_tell(world, node, &(struct convention_event){.kind = CONVENTION_TICK});
    }
    if (node->alive && directory_deadline(node->directory) <= clock_of(world, node)) {
        node_tell_directory(world, node, &(struct directory_event){.kind = DIRECTORY_TICK});
    }
    node_keep_deadline(world, node);
}

/* Plant 12: a node that looks around all the time. */
void node_keep_deadline(struct world *world, struct sim_node *node) {
    uint64_t due_ns = time_min(convention_deadline(node->convention), directory_deadline(node->directory));
    uint64_t at_ns = due_ns == TIME_NEVER ? due_ns : due_ns - time_min(due_ns, node->ahead_ns);
    at_ns = at_ns > world->now_ns ? at_ns : world->now_ns;
    if (world->plant == LAW_PROGRESS) {
        at_ns = time_min(at_ns, world->now_ns + NS_PER_MS);
    }
    if (at_ns < node->wake_ns && !node->halted) {
        node->wake_ns = at_ns;
        world_later(world, at_ns - world->now_ns, (struct errand){.run = run_tick, .incarnation = node->incarnation});
    }
}

bool node_waits(struct world *world, const struct sim_node *node, const struct errand *errand) {
    if (node->halted) {
        world_later(world, node->halted_until_ns - world->now_ns, *errand);
    }
    return node->halted;
}

/* ---- what the convention wants ---- */

static void on_added(struct world *world, struct sim_node *node, const struct convention_action *action) {
    world_count(world, WORLD_ADDED);
    world_say(world, "%s + %s %" PRIx64, node->name, action->member->name, action->peer);
    network_know(world, node, action->peer, action->member->endpoint);
    node_tell_directory(world, node, &(struct directory_event){.kind = DIRECTORY_MEMBER_ADDED, .admin = action->peer});
}

static void on_removed(struct world *world, struct sim_node *node, const struct convention_action *action) {
    world_count(world, WORLD_REMOVED);
    struct sim_node *alive = world_node(world, action->peer);
    if (alive) {
        world_count(world, WORLD_REMOVED_ALIVE);
        laws_parted(world, alive);
    }
    world_say(world, "%s - %s %" PRIx64 ": %s", node->name, action->member->name, action->peer, action->text);
    if (world->plant != LAW_NOTHING_LEFT || prng_chance(&world->prng, 500)) { /* plant 11: not all losses are told of */
        node_tell_directory(world, node,
                            &(struct directory_event){.kind = DIRECTORY_MEMBER_LOST, .admin = action->peer});
    }
    network_forget(world, node, action->peer);
}

static void on_mandate(struct world *world, struct sim_node *node, const struct convention_action *action) {
    static const char *const words[] = {"gives no names", "gives names soon", "gives names"};
    world->counts[WORLD_MANDATES] += action->mandate == MANDATE_GIVEN;
    world_say(world, "%s %s, epoch %" PRIu64, node->name, words[action->mandate], action->epoch);
    node_tell_directory(world, node,
                        &(struct directory_event){.kind = DIRECTORY_MANDATE,
                                                  .epoch = action->epoch,
                                                  .mandate = action->mandate,
                                                  .text = bytes_of_text(action->text)});
}

static void on_leader(struct world *world, struct sim_node *node, const struct convention_action *action) {
    laws_parted(world, node);
    world_count(world, action->peer == node->incarnation ? WORLD_REIGNS : WORLD_LEADERS);
    world_say(world, "%s has the leader %s", node->name,
              action->peer ? world_place(world, action->peer)->name : "none");
    node_tell_directory(world, node, &(struct directory_event){.kind = DIRECTORY_LEADER, .admin = action->peer});
}

static void on_changed(struct world *world, struct sim_node *node, const struct convention_action *action) {
    world_count(world, WORLD_CHANGED);
    world_say(world, "%s knows that %s has changed", node->name, action->member->name);
    if (action->peer == node->incarnation) {
        node_tell_directory(world, node, &(struct directory_event){.kind = DIRECTORY_CAPABILITIES});
    }
}

static void on_moved(struct world *world, struct sim_node *node, const struct convention_action *action) {
    world_count(world, WORLD_MOVED);
    network_know(world, node, action->peer, action->member->endpoint);
    node_tell_directory(world, node, &(struct directory_event){.kind = DIRECTORY_MEMBER_MOVED, .admin = action->peer});
}

static void on_suspect(struct world *world, struct sim_node *node, const struct convention_action *action) {
    world_count(world, WORLD_SUSPECTED);
    world_say(world, "%s suspects %s", node->name, action->member->name);
    node_tell_directory(world, node, &(struct directory_event){.kind = DIRECTORY_MEMBER_SUSPECT});
}

static void send(struct world *world, struct sim_node *node, const struct convention_action *action) {
    static const struct {
        enum world_event event;
        const char *word;
    } kinds[] = {[FRAME_HEARTBEAT] = {WORLD_HEARTBEATS, NULL},
                 [FRAME_REGISTER] = {WORLD_REGISTERS, "registers with"},
                 [FRAME_REGISTERED] = {WORLD_ANSWERS, "answers"},
                 [FRAME_ROSTER] = {WORLD_ROSTERS, "tells its roster to"},
                 [FRAME_DEREGISTER] = {WORLD_GOODBYES, "says goodbye to"},
                 [FRAME_INVITE] = {WORLD_INVITES, "invites"}};
    struct frame frame;
    CHECK(convention_frame_of(action, &frame));
    world_count(world, kinds[frame.body].event);
    world->counts[WORLD_PARTS] += frame.body == FRAME_REGISTERED && frame.registered.part > 0;
    if (kinds[frame.body].word) {
        world_say(world, "%s %s %s %" PRIx64, node->name, kinds[frame.body].word,
                  world_place(world, action->peer)->name, action->peer);
    }
    network_send(world, node, action->peer, &frame);
}

static void perform(struct world *world, struct sim_node *node, const struct convention_action *action) {
    uint64_t peer = action->peer;
    switch (action->kind) {
    case CONVENTION_CONNECT:
        network_call(world, node, peer, (const char *)action->endpoint.data);
        return;
    case CONVENTION_HANG_UP:
        network_hang_up(node, action->endpoint);
        network_forget(world, node, peer);
        return;
    case CONVENTION_SEND_HEARTBEAT:
    case CONVENTION_SEND_REGISTER:
    case CONVENTION_SEND_REGISTERED:
    case CONVENTION_SEND_ROSTER:
    case CONVENTION_SEND_DEREGISTER:
    case CONVENTION_SEND_INVITE:
        send(world, node, action);
        return;
    case CONVENTION_SEND_TRUST:
    case CONVENTION_KEYS_CHANGED:
        break; /* nobody has keys */
    case CONVENTION_MEMBER_CHANGED:
        on_changed(world, node, action);
        return;
    case CONVENTION_MEMBER_ADDED:
        on_added(world, node, action);
        return;
    case CONVENTION_MEMBER_MOVED:
        on_moved(world, node, action);
        return;
    case CONVENTION_MEMBER_REMOVED:
        on_removed(world, node, action);
        return;
    case CONVENTION_MEMBER_ANEW:
        return;
    case CONVENTION_MEMBER_SUSPECT:
        on_suspect(world, node, action);
        return;
    case CONVENTION_NOTICE:
        world_count(world, WORLD_NOTICES);
        laws_notice(world, node, action);
        return;
    case CONVENTION_LEADER:
        on_leader(world, node, action);
        return;
    case CONVENTION_MANDATE:
        on_mandate(world, node, action);
        return;
    case CONVENTION_LOG:
        world_say(world, "%s logs: %s", node->name, action->text);
        return;
    }
    CHECK_UNREACHABLE();
}

/* ---- steps ---- */

static void begin_step(struct world *world, struct sim_node *node) {
    enum { STEPS_AT_ONE_TIME = 20000 };
    world->steps++;
    node->steps++;
    if (++world->steps_now > STEPS_AT_ONE_TIME) {
        world_broken(world, LAW_PROGRESS, "%s takes the step %d at one time", node->name, STEPS_AT_ONE_TIME);
    }
}

/* Not in the middle of what a convention wants. */
static void tell_actors(struct world *world, struct sim_node *node) {
    uint32_t actors = (uint32_t)directory_hosted(node->directory);
    if (actors != node->actors_told) {
        node->actors_told = actors;
        (void)node_tell(world, node, &(struct convention_event){.kind = CONVENTION_ACTORS, .actors = actors});
    }
}

enum mesh_status node_tell(struct world *world, struct sim_node *node, const struct convention_event *event) {
    struct convention_action action;
    begin_step(world, node);
    node->stepping = true;
    enum mesh_status status = convention_step(node->convention, told_time(world, node), event);
    while (convention_poll(node->convention, &action)) {
        perform(world, node, &action);
    }
    node->stepping = false;
    tell_actors(world, node);
    laws_deadline(world, node, "convention", convention_deadline(node->convention));
    laws_after_step(world, node);
    node_keep_deadline(world, node);
    return status;
}

void node_tell_directory(struct world *world, struct sim_node *node, const struct directory_event *event) {
    struct directory_action action;
    begin_step(world, node);
    enum mesh_status status = directory_step(node->directory, told_time(world, node), event);
    CHECK(status != MESH_NO_MEMORY);
    while (directory_poll(node->directory, &action)) {
        actors_perform(world, node, &action);
    }
    laws_deadline(world, node, "directory", directory_deadline(node->directory));
    if (!node->stepping) {
        tell_actors(world, node);
        node_keep_deadline(world, node);
    }
}

void node_take_control(struct world *world, struct sim_node *node, struct mesh_address from, struct mesh_address to,
                       const struct control *control) {
    CHECK(to.local == 0);
    if (control->kind == CONTROL_CAPABILITIES) { /* a member's own word */
        struct convention_event event = {.kind = CONVENTION_CAPABILITIES,
                                         .peer = from.node,
                                         .capabilities = control->capabilities.items,
                                         .capabilities_count = control->capabilities.count};
        (void)node_tell(world, node, &event);
        return;
    }
    node_tell_directory(
        world, node,
        &(struct directory_event){.kind = DIRECTORY_CONTROL, .asker = from, .control = control, .known = true});
}

/* ---- life ---- */

static void run_start(struct world *world, const struct errand *errand) {
    struct sim_node *node = world_node(world, errand->incarnation);
    node->active = true;
    (void)node_tell(world, node, &(struct convention_event){.kind = CONVENTION_START});
    for (int i = 0; i < WORLD_WATCHERS; i++) {
        struct convention_watcher watcher = {{node->incarnation, (uint64_t)i + 1}, {node->incarnation, 0}};
        (void)node_tell(world, node, &(struct convention_event){.kind = CONVENTION_WATCH, .watcher = watcher});
    }
}

/* By the seed's numbers, so that of two leaders any may have the lower one (S6E); the place is in its last byte. */
static uint64_t draw_incarnation(struct world *world, const struct sim_node *node) {
    return prng_between(&world->prng, 1, UINT32_MAX) << 32 | node->lives << 8 | (node->index + 1);
}

/* The version, one of any size, and, at random, what creates may require. */
static size_t draw_capabilities(struct world *world, struct sim_node *node,
                                struct frame_capability out[WORLD_CAPABILITIES],
                                struct frame_value values[WORLD_CAPABILITIES]) {
    static const uint8_t padding[WORLD_PADDING_MAX];
    values[0] = (struct frame_value){.kind = FRAME_VALUE_INTEGER, .integer = ++node->version};
    values[1] = (struct frame_value){.kind = FRAME_VALUE_DATA, .bytes = bytes_make(padding, world->options.padding)};
    out[0] = (struct frame_capability){.name = bytes_of_text("version"), .values = &values[0], .values_count = 1};
    values[2] = (struct frame_value){.kind = FRAME_VALUE_FLAG, .flag = true};
    out[1] = (struct frame_capability){.name = bytes_of_text("padding"), .values = &values[1], .values_count = 1};
    out[2] = (struct frame_capability){.name = bytes_of_text("gpu"), .values = &values[2], .values_count = 1};
    return prng_chance(&world->prng, 500) ? 2 : 3;
}

int64_t node_version(const struct capability_set *capabilities) {
    const struct frame_capability *version = capability_set_get(capabilities, bytes_of_text("version"));
    CHECK(version);
    return version->values->integer;
}

void node_change(struct world *world, struct sim_node *node) {
    struct frame_value values[WORLD_CAPABILITIES];
    struct frame_capability items[WORLD_CAPABILITIES];
    size_t count = draw_capabilities(world, node, items, values);
    world_say(world, "%s has the capabilities of version %d", node->name, (int)node->version);
    CHECK(node_tell(world, node,
                    &(struct convention_event){.kind = CONVENTION_CAPABILITIES,
                                               .peer = node->incarnation,
                                               .capabilities = items,
                                               .capabilities_count = count}) == MESH_OK);
    uint64_t leader = convention_leader(node->convention);
    if (leader && leader != node->incarnation) {
        struct control control = {.kind = CONTROL_CAPABILITIES, .capabilities = {count, items}};
        network_send_control(world, node, (struct mesh_address){leader, 0}, &control);
    }
}

static enum mesh_status convention_begin(struct world *world, struct sim_node *node) {
    static const char *const none[] = {NULL};
    char endpoints[WORLD_LEADERS_MAX][WORLD_ENDPOINT_BYTES];
    const char *candidates[WORLD_LEADERS_MAX + 1] = {NULL};
    struct frame_value values[WORLD_CAPABILITIES];
    struct frame_capability items[WORLD_CAPABILITIES];
    struct capability_set capabilities = {.count = draw_capabilities(world, node, items, values), .items = items};
    for (size_t i = 0; i < world->options.leaders; i++) {
        snprintf(endpoints[i], sizeof endpoints[i], "tcp://n%zu", i);
        candidates[i] = endpoints[i];
    }
    bool guest = node->index >= world->options.nodes - world->options.guests;
    struct convention_options options = {
        .incarnation = node->incarnation,
        .name = node->name,
        .endpoint = node->endpoint,
        .candidates = guest ? none : candidates,
        .capabilities = &capabilities,
        .times = world->options.times,
        .members_max = world->options.members_max,
        .seed = prng_next(&world->prng),
    };
    if (world->plant == LAW_TRAFFIC) {
        options.times.answers_max = 0; /* plant 10: whoever registers is answered, however often */
    }
    return convention_new(&node->convention, &options);
}

void node_start(struct world *world, struct sim_node *node) {
    node->lives++;
    node->alive = true;
    node->active = node->halted = node->leaving = node->silent = false;
    node->ahead_ns = prng_below(&world->prng, 1000 * NS_PER_S);
    node->wake_ns = TIME_NEVER;
    node->incarnation = draw_incarnation(world, node);
    memset(node->audiences, 0, sizeof node->audiences);
    snprintf(node->endpoint, sizeof node->endpoint, node->moves ? "tcp://%s.%u" : "tcp://%s", node->name, node->moves);
    CHECK(convention_begin(world, node) == MESH_OK);
    CHECK(directory_new(&node->directory, &world->options.directory, node->incarnation, node->endpoint,
                        convention_members(node->convention)) == MESH_OK);
    node->actors_told = 0;
    actors_begin(world, node);
    world_count(world, node->lives > 1 ? WORLD_RESTARTS : WORLD_STARTS);
    world_say(world, "%s starts as %" PRIx64, node->name, node->incarnation);
    faults_review(world, node);
    world_later(world, prng_below(&world->prng, world->options.unit_ns),
                (struct errand){.run = run_start, .incarnation = node->incarnation});
}

void node_end(struct world *world, struct sim_node *node) {
    network_end(world, node);
    actors_end(world, node);
    node->alive = false;
    directory_destroy(&node->directory);
    convention_destroy(&node->convention);
    faults_review(world, node);
}
