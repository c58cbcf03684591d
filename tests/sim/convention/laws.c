/* The laws of a convention's world.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "tests/sim/convention/world.h"
#include <stdio.h>

/* ---- after each step ---- */

void laws_deadline(struct world *world, const struct sim_node *node, const char *core, uint64_t deadline_ns) {
    if (deadline_ns <= world->now_ns + node->ahead_ns) {
        world_broken(world, LAW_DEADLINE, "a deadline of the %s of %s is in the past", core, node->name);
    }
}

/* So long two that lead may not know of each other: the next call, and then what they tell each other, most of which may be
 * lost. */
static uint64_t rivalry_ns(const struct world *world) {
    const struct convention_times *times = &world->options.times;
    return 2 * times->restart_ns + 10 * (times->heartbeat_ns ? times->heartbeat_ns : times->restart_ns);
}

static void check_unique(struct world *world, const struct sim_node *node) {
    for (size_t i = 0; i < world->options.leaders; i++) {
        const struct sim_node *other = &world->nodes[i];
        bool together = node->apart_ns[i] != TIME_NEVER && world->now_ns > node->apart_ns[i] + rivalry_ns(world);
        if (other != node && together && convention_is_acting(other->convention)) {
            world_broken(world, LAW_UNIQUE, "%s and %s both lead for %.1f s with nothing between them", node->name,
                         other->name, (double)(world->now_ns - node->apart_ns[i]) / 1e9);
        }
    }
}

void laws_after_step(struct world *world, struct sim_node *node) {
    if (convention_members(node->convention)->count > world->options.members_max) {
        world_broken(world, LAW_LIMITS, "%s has more members than it may", node->name);
    }
    if (node->index < world->options.leaders && convention_is_acting(node->convention)) {
        check_unique(world, node);
    }
}

/* ---- names ---- */

void laws_parted(struct world *world, struct sim_node *node) {
    (void)world;
    node->follows = 0;
}

static void review_leader(struct world *world, struct sim_node *node) {
    struct sim_node *leader = node->alive ? world_node(world, convention_leader(node->convention)) : NULL;
    bool follows = leader && !leader->halted && !leader->leaving && !node->halted && !node->leaving &&
                   convention_is_acting(leader->convention) &&
                   members_find(convention_members(leader->convention), node->incarnation) &&
                   (leader == node || node->apart_ns[leader->index] != TIME_NEVER);
    if (!follows) {
        node->follows = 0;
    } else if (node->follows != leader->incarnation) {
        node->follows = leader->incarnation;
        node->follows_ns = world->now_ns;
    }
}

/* Where leader and members have each other, names are unique again within 10 s (G4). */
static void run_names(struct world *world, const struct errand *errand) {
    for (size_t i = 0; i < world->options.nodes; i++) {
        review_leader(world, &world->nodes[i]);
    }
    actors_check_names(world, 10 * NS_PER_S);
    world_later(world, NS_PER_S, *errand);
}

void laws_begin(struct world *world) {
    world_later(world, NS_PER_S, (struct errand){.run = run_names});
}

/* ---- traffic ---- */

/* What one node may send another within a period: heartbeats; what is braked, in each blackout once at most, of two brakes;
 * answers, of two periods; and what changes of the leader and of links bring. */
static unsigned traffic_max(const struct world *world) {
    const struct convention_times *times = &world->options.times;
    uint64_t beats = times->heartbeat_ns ? times->period_ns / times->heartbeat_ns : 0;
    uint64_t braked = times->period_ns / times->hysteresis.first_ns;
    return (unsigned)(beats + 2 * braked + 2 * convention_times_default.answers_max + 20);
}

/* Not of a member gone wild: what others send it counts. */
void laws_sent(struct world *world, struct sim_node *from, const struct sim_node *to) {
    struct traffic *traffic = &from->traffic[to->index];
    bool wild = world->options.wild_every_ns && from->index == world->options.nodes - world->options.guests - 1;
    if (world->now_ns >= traffic->begun_ns + world->options.times.period_ns) {
        *traffic = (struct traffic){.begun_ns = world->now_ns};
    }
    if (++traffic->sent > traffic_max(world) && !wild) {
        world_broken(world, LAW_TRAFFIC, "%s sends %s more than %u messages within a period", from->name, to->name,
                     traffic_max(world));
    }
}

/* ---- watchers ---- */

/* Each is told of a member once when it comes, once of each change, and once when it is gone (S5A). */
void laws_notice(struct world *world, struct sim_node *node, const struct convention_action *notice) {
    struct audience *audience = &node->audiences[notice->watcher.actor.local - 1];
    size_t place = world_place(world, notice->peer)->index;
    int64_t version = node_version(&notice->member->capabilities);
    bool comes = audience->present[place] == 0;
    bool changes = audience->present[place] == notice->peer && audience->versions[place] != version;
    if (notice->added ? !comes && !changes : audience->present[place] != notice->peer) {
        world_broken(world, LAW_NOTHING_LEFT, "a watcher at %s is told once more that %s %s", node->name,
                     notice->member->name, notice->added ? "has come" : "is gone");
    }
    audience->present[place] = notice->added ? notice->peer : 0;
    audience->versions[place] = version;
}

/* ---- agreement ---- */

/* Each step that may follow another, at its longest: whoever is silent is lost, by its registrations or the leader's; who is left
 * over of an earlier leader's roster has as long to come; two restart periods of calls; and what was braked goes out. */
uint64_t laws_agreement_ns(const struct world *world) {
    const struct convention_times *times = &world->options.times;
    return 2 * times->misses * times->period_ns + 3 * times->restart_ns + times->hysteresis.ceiling_ns;
}

uint64_t laws_settling_ns(const struct world *world) {
    const struct directory_limits *limits = &world->options.directory;
    return limits->create_wait_ns + limits->crash_tombstone_ns + 2 * limits->stranger_wait_ns;
}

bool laws_belongs(const struct world *world, const struct sim_node *node) {
    bool guest = node->index >= world->options.nodes - world->options.guests;
    return !guest || world->invited[node->index];
}

/* One that nobody wants leads itself, or waits to be invited. */
static const char *disagreement_of_stranger(struct sim_node *node, char *out) {
    if (!convention_is_acting(node->convention) && strcmp(convention_state_name(node->convention), "idle") != 0) {
        snprintf(out, 200, "%s, whom nobody wants, is %s", node->name, convention_state_name(node->convention));
        return out;
    }
    return NULL;
}

static const char *disagreement_of(struct world *world, struct sim_node *node, size_t count, char *out) {
    const struct members *members = convention_members(node->convention);
    if (convention_leader(node->convention) != world->nodes[0].incarnation) {
        uint64_t leader = convention_leader(node->convention);
        snprintf(out, 200, "%s has the leader %s instead of %s", node->name,
                 leader ? world_place(world, leader)->name : "none", world->nodes[0].name);
        return out;
    }
    for (size_t i = 0; i < world->options.nodes; i++) {
        struct sim_node *other = &world->nodes[i];
        const struct member *member = members_find(members, other->incarnation);
        if (laws_belongs(world, other) && !member) {
            snprintf(out, 200, "%s does not have %s on its roster", node->name, other->name);
            return out;
        }
        if (member && node_version(&member->capabilities) != other->version) {
            snprintf(out, 200, "%s has not heard of the latest change of %s", node->name, other->name);
            return out;
        }
    }
    if (members->count != count) {
        snprintf(out, 200, "%s has %zu members instead of %zu", node->name, members->count, count);
        return out;
    }
    return NULL;
}

const char *laws_disagreement(struct world *world, char out[static 200]) {
    const char *why = NULL;
    size_t count = 0;
    for (size_t i = 0; i < world->options.nodes; i++) {
        count += laws_belongs(world, &world->nodes[i]);
        if (!world->nodes[i].alive || world->nodes[i].leaving) {
            snprintf(out, 200, "%s is not there yet", world->nodes[i].name);
            return out;
        }
    }
    for (size_t i = 0; i < world->options.nodes && !why; i++) {
        struct sim_node *node = &world->nodes[i];
        why =
            laws_belongs(world, node) ? disagreement_of(world, node, count, out) : disagreement_of_stranger(node, out);
    }
    return why;
}

/* ---- at rest ---- */

/* Each member and the leader exchange heartbeats, a registration and its answer; those that may lead do so among each other, and
 * everybody registers with all of them. */
static uint64_t rest_frames_max(const struct world *world, uint64_t span_ns) {
    const struct convention_times *times = &world->options.times;
    uint64_t periods = span_ns / times->period_ns + 1, leaders = world->options.leaders;
    uint64_t beats = times->heartbeat_ns ? times->period_ns / times->heartbeat_ns + 1 : 0;
    uint64_t pairs = leaders * leaders + world->options.nodes;
    return periods * (pairs * 2 * beats + world->options.nodes * (leaders + 2));
}

static void check_watchers(struct world *world, struct sim_node *node) {
    for (size_t w = 0; w < WORLD_WATCHERS; w++) {
        for (size_t i = 0; i < world->options.nodes; i++) {
            uint64_t told = node->audiences[w].present[i];
            const struct member *member = members_find(convention_members(node->convention), told);
            if (told && (!member || node_version(&member->capabilities) != node->audiences[w].versions[i])) {
                world_broken(world, LAW_NOTHING_LEFT, "a watcher at %s was not told that %s is gone or has changed",
                             node->name, world->nodes[i].name);
            }
        }
    }
}

void laws_at_rest(struct world *world, uint64_t span_ns, uint64_t steps, uint64_t frames) {
    uint64_t most = rest_frames_max(world, span_ns);
    if (frames > most) {
        world_broken(world, LAW_TRAFFIC, "%u messages at rest where %u are expected", (unsigned)frames, (unsigned)most);
    }
    if (steps > 4 * most) {
        world_broken(world, LAW_PROGRESS, "%u steps at rest for %u messages", (unsigned)steps, (unsigned)most);
    }
    for (size_t i = 0; i < world->options.nodes; i++) {
        check_watchers(world, &world->nodes[i]);
    }
    actors_check(world);
}
