/* The faults of a world, each with its own clock, and their end.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "mesh/base/time.h"
#include "tests/sim/convention/world.h"
#include <stdio.h>
#include <string.h>

static uint64_t some_units(struct world *world, uint64_t most) {
    return prng_between(&world->prng, 1, 10 * most) * (world->options.unit_ns / 10);
}

/* Its next time comes half to one and a half times so late, on average as often as drawn; false when faults have ended. */
static bool again(struct world *world, const struct errand *errand, uint64_t every_ns) {
    if (!world->healing) {
        world_later(world, prng_between(&world->prng, every_ns / 2, every_ns * 3 / 2), *errand);
    }
    return !world->healing;
}

static struct sim_node *some_node(struct world *world) {
    return &world->nodes[prng_below(&world->prng, world->options.nodes)];
}

static struct sim_node *acting(struct world *world) {
    for (size_t i = 0; i < world->options.leaders; i++) {
        struct sim_node *node = &world->nodes[i];
        if (node->alive && !node->halted && !node->leaving && convention_is_acting(node->convention)) {
            return node;
        }
    }
    return NULL;
}

/* ---- what is between two nodes ---- */

void faults_review(struct world *world, struct sim_node *node) {
    bool out = !node->alive || node->halted || node->leaving;
    for (size_t i = 0; i < world->options.nodes; i++) {
        struct sim_node *other = &world->nodes[i];
        bool apart = out || !other->alive || other->halted || other->leaving || node->cut[i] || other->cut[node->index];
        if (apart) {
            node->apart_ns[i] = other->apart_ns[node->index] = TIME_NEVER;
        } else if (node->apart_ns[i] == TIME_NEVER) {
            node->apart_ns[i] = other->apart_ns[node->index] = world->now_ns;
        }
    }
}

/* ---- nodes that fail ---- */

/* Who may lead, and guests, are called where they were at the beginning. */
static bool may_move(const struct world *world, const struct sim_node *node) {
    return node->index >= world->options.leaders && node->index < world->options.nodes - world->options.guests;
}

static void run_restart(struct world *world, const struct errand *errand) {
    struct sim_node *node = &world->nodes[errand->process];
    if (!node->alive && node->lives == errand->number) {
        node->moves += may_move(world, node) && world->options.move_every_ns && prng_chance(&world->prng, 500);
        node_start(world, node);
    }
}

static void die(struct world *world, struct sim_node *node, bool silent) {
    world_count(world, silent ? WORLD_VANISHED : WORLD_CRASHES);
    world_say(world, "%s %s", node->name, silent ? "vanishes" : "crashes");
    if (!silent) {
        network_reset_all(world, node, true);
    }
    node_end(world, node);
    node->silent = silent;
    uint64_t span_ns = some_units(world, prng_chance(&world->prng, 500) ? 3 : 40);
    world_later(world, world->healing ? 0 : span_ns,
                (struct errand){.run = run_restart, .process = node->index, .number = node->lives});
}

static void run_gone(struct world *world, const struct errand *errand) {
    die(world, world_node(world, errand->incarnation), false);
}

static void leave(struct world *world, struct sim_node *node) {
    world_count(world, WORLD_LEAVES);
    world_say(world, "%s leaves", node->name);
    (void)node_tell(world, node, &(struct convention_event){.kind = CONVENTION_STOP});
    node->leaving = true;
    faults_review(world, node);
    world_later(world, some_units(world, 1), (struct errand){.run = run_gone, .incarnation = node->incarnation});
}

static void run_thaw(struct world *world, const struct errand *errand) {
    struct sim_node *node = world_node(world, errand->incarnation);
    if (node->halted && world->now_ns >= node->halted_until_ns) {
        node->halted = false;
        world_say(world, "%s goes on", node->name);
        faults_review(world, node);
        node_keep_deadline(world, node);
    }
}

static void halt(struct world *world, struct sim_node *node) {
    world_count(world, WORLD_HALTS);
    uint64_t span_ns = some_units(world, prng_chance(&world->prng, 500) ? 4 : 40);
    world_say(world, "%s halts for %.1f s", node->name, (double)span_ns / 1e9);
    node->halted = true;
    node->wake_ns = TIME_NEVER;
    node->halted_until_ns = time_min(world->now_ns + span_ns, world->heals_ns);
    faults_review(world, node);
    world_later(world, node->halted_until_ns - world->now_ns,
                (struct errand){.run = run_thaw, .incarnation = node->incarnation});
}

static void jump(struct world *world, struct sim_node *node) {
    world_count(world, WORLD_CLOCK_JUMPS);
    uint64_t span_ns = some_units(world, prng_chance(&world->prng, 500) ? 2 : 60);
    world_say(world, "the clock of %s jumps by %.1f s", node->name, (double)span_ns / 1e9);
    node->ahead_ns += span_ns;
    node->wake_ns = TIME_NEVER;
    node_keep_deadline(world, node);
}

static void run_strike(struct world *world, const struct errand *errand) {
    struct sim_node *leader = prng_chance(&world->prng, world->options.strike_leader) ? acting(world) : NULL;
    struct sim_node *node = leader ? leader : some_node(world);
    bool due = again(world, errand, world->options.strike_every_ns);
    if (!due || !node->alive || node->halted || node->leaving) {
        return;
    }
    world->counts[WORLD_LEADERS_STRUCK] += leader != NULL;
    switch (prng_below(&world->prng, 5)) {
    case 0:
        die(world, node, false);
        return;
    case 1:
        die(world, node, true);
        return;
    case 2:
        leave(world, node);
        return;
    case 3:
        halt(world, node);
        return;
    default:
        jump(world, node);
        return;
    }
}

/* ---- the network ---- */

static void set_cuts(struct world *world, const bool *side, bool forth, bool back) {
    for (size_t i = 0; i < world->options.nodes; i++) {
        for (size_t j = 0; j < world->options.nodes; j++) {
            world->nodes[i].cut[j] = (forth && side[i] && !side[j]) || (back && !side[i] && side[j]);
        }
    }
    for (size_t i = 0; i < world->options.nodes; i++) {
        faults_review(world, &world->nodes[i]);
    }
}

static void run_mend(struct world *world, const struct errand *errand) {
    bool nobody[WORLD_NODES_MAX] = {false};
    (void)errand;
    world_say(world, "the partition ends");
    set_cuts(world, nobody, false, false);
}

static void run_cut(struct world *world, const struct errand *errand) {
    bool side[WORLD_NODES_MAX] = {false}, one_way = prng_chance(&world->prng, 300);
    unsigned share = (unsigned)prng_between(&world->prng, 50, 500);
    for (size_t i = 0; i < world->options.nodes; i++) {
        side[i] = prng_chance(&world->prng, share);
    }
    if (!again(world, errand, world->options.cut_every_ns)) {
        return;
    }
    world_count(world, one_way ? WORLD_PARTITIONS_ONE_WAY : WORLD_PARTITIONS);
    world_say(world, "a partition begins, %s", one_way ? "in one direction" : "in both directions");
    set_cuts(world, side, true, !one_way);
    world_later(world, some_units(world, 40), (struct errand){.run = run_mend});
}

static void run_reset(struct world *world, const struct errand *errand) {
    struct sim_node *a = some_node(world), *b = some_node(world);
    if (again(world, errand, world->options.reset_every_ns) && a->alive && b->alive && a != b) {
        network_reset(world, a, b, prng_chance(&world->prng, world->options.told),
                      prng_chance(&world->prng, world->options.told));
    }
}

static void run_move(struct world *world, const struct errand *errand) {
    struct sim_node *node = some_node(world);
    bool due = again(world, errand, world->options.move_every_ns);
    if (!due || !may_move(world, node) || !node->alive || !node->active || node->leaving || node->halted) {
        return;
    }
    world_count(world, WORLD_MOVES);
    node->moves++;
    char moved[sizeof node->endpoint];
    snprintf(moved, sizeof moved, "tcp://%s.%u", node->name, node->moves);
    memcpy(node->endpoint, moved, sizeof moved);
    world_say(world, "%s moves to %s", node->name, node->endpoint);
    network_reset_all(world, node, prng_chance(&world->prng, world->options.told));
    struct bytes endpoint = bytes_of_text(node->endpoint);
    node_tell_directory(world, node, &(struct directory_event){.kind = DIRECTORY_MOVED, .endpoint = endpoint});
    (void)node_tell(world, node, &(struct convention_event){.kind = CONVENTION_MOVED, .endpoint = endpoint});
}

static void run_change(struct world *world, const struct errand *errand) {
    struct sim_node *node = some_node(world);
    bool due = again(world, errand, world->options.change_every_ns);
    if (due && node->alive && node->active && !node->leaving && !node->halted) {
        world_count(world, WORLD_CHANGES);
        node_change(world, node);
    }
}

static void run_create(struct world *world, const struct errand *errand) {
    struct sim_node *node = some_node(world);
    if (again(world, errand, world->options.create_every_ns) && node->alive && node->active && !node->leaving &&
        !node->halted) {
        actors_create(world, node);
    }
}

static void run_exit(struct world *world, const struct errand *errand) {
    if (again(world, errand, world->options.exit_every_ns)) {
        actors_strike(world);
    }
}

/* The last of the members that no guest is registers with everybody all the time, whatever its core says. */
static void run_wild(struct world *world, const struct errand *errand) {
    struct sim_node *node = &world->nodes[world->options.nodes - world->options.guests - 1];
    bool due = again(world, errand, world->options.wild_every_ns);
    if (!due || !node->alive || node->leaving || node->halted || node->index < world->options.leaders) {
        return;
    }
    for (size_t i = 0; i < world->options.leaders; i++) {
        struct frame frame = {.body = FRAME_REGISTER};
        frame.registration.member = convention_self(node->convention)->view;
        frame.registration.first_time = prng_chance(&world->prng, 500);
        if (node->links[i].up) {
            world_count(world, WORLD_FRAMES_WILD);
            network_send(world, node, node->links[i].peer, &frame);
        }
    }
}

/* ---- the operator ---- */

void faults_wish(struct world *world, struct sim_node *guest) {
    struct sim_node *leader = acting(world);
    bool wanted = world->invited[guest->index];
    struct convention_event event = {.kind = wanted ? CONVENTION_PREREGISTER : CONVENTION_DISMISS,
                                     .endpoint = bytes_of_text(guest->endpoint)};
    if (leader) {
        world_count(world, wanted ? WORLD_PREREGISTERED : WORLD_DISMISSED);
        world_say(world, "%s is told to %s %s", leader->name, wanted ? "invite" : "dismiss", guest->name);
        (void)node_tell(world, leader, &event);
    }
}

static void run_guest(struct world *world, const struct errand *errand) {
    size_t first = world->options.nodes - world->options.guests;
    struct sim_node *guest = &world->nodes[first + prng_below(&world->prng, world->options.guests)];
    if (again(world, errand, world->options.guest_every_ns)) {
        world->invited[guest->index] = !world->invited[guest->index];
        faults_wish(world, guest);
    }
}

/* ---- beginning and end ---- */

static void begin(struct world *world, uint64_t every_ns, void (*run)(struct world *, const struct errand *)) {
    if (every_ns) {
        struct errand errand = {.run = run};
        (void)again(world, &errand, every_ns);
    }
}

void faults_begin(struct world *world) {
    const struct options *options = &world->options;
    begin(world, options->strike_every_ns, run_strike);
    begin(world, options->nodes > 1 ? options->cut_every_ns : 0, run_cut);
    begin(world, options->reset_every_ns, run_reset);
    begin(world, options->move_every_ns, run_move);
    begin(world, options->change_every_ns, run_change);
    begin(world, options->create_every_ns, run_create);
    begin(world, options->exit_every_ns, run_exit);
    begin(world, options->guest_every_ns, run_guest);
    begin(world, options->wild_every_ns, run_wild);
}

void faults_heal(struct world *world) {
    world->healing = true;
    run_mend(world, NULL);
    for (size_t i = 0; i < world->options.nodes; i++) {
        struct sim_node *node = &world->nodes[i];
        if (!node->alive) {
            run_restart(world, &(struct errand){.process = i, .number = node->lives});
        }
    }
}
