/* World: see world.h. The three phases of one seed.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/sim/convention/world.h"
#include "mesh/base/check.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { REST_PERIODS = 4 };

void world_count(struct world *world, enum world_event event) {
    world->counts[event]++;
}

void world_say(const struct world *world, const char *format, ...) {
    if (!world->verbose) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    printf("%12.6f  ", (double)world->now_ns / 1e9);
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
}

_Noreturn void world_broken(struct world *world, enum world_law law, const char *format, ...) {
    va_list arguments;
    if (world->plant && world->plant % 100 != (int)law) {
        longjmp(world->given_up, 1);
    }
    va_start(arguments, format);
    printf("seed %" PRIu64 " breaks law %d at %.6f s, step %" PRIu64 ": ", world->seed, (int)law,
           (double)world->now_ns / 1e9, world->steps);
    vprintf(format, arguments);
    printf("\nreplay: mesh-sim-convention --seed %" PRIu64 " --verbose%s\n", world->seed,
           world->plant ? " (planted)" : "");
    va_end(arguments);
    fflush(stdout);
    _Exit(world->plant ? 0 : 1);
}

void world_later(struct world *world, uint64_t delay_ns, struct errand errand) {
    errand.at_ns = world->now_ns + delay_ns;
    agenda_add(&world->agenda, errand);
}

struct sim_node *world_place(struct world *world, uint64_t incarnation) {
    return &world->nodes[(incarnation & 0xff) - 1];
}

struct sim_node *world_node(struct world *world, uint64_t incarnation) {
    struct sim_node *node = incarnation ? world_place(world, incarnation) : NULL;
    return node && node->alive && node->incarnation == incarnation ? node : NULL;
}

/* What is meant for a node that is no more, or now another, is not done. */
void world_run_until(struct world *world, uint64_t until_ns) {
    struct errand errand;
    while (world->agenda.count > 0 && world->agenda.heap[0].at_ns <= until_ns) {
        CHECK(agenda_next(&world->agenda, &errand));
        if (errand.at_ns > world->now_ns) {
            world->now_ns = errand.at_ns;
            world->steps_now = 0;
        }
        if (errand.incarnation == 0 || world_node(world, errand.incarnation)) {
            errand.run(world, &errand);
        }
    }
    world->now_ns = until_ns;
}

/* ---- the phases ---- */

/* What the operator wants he says once more: what a leader that died was told may be lost with it (S6C). */
static void repeat_wishes(struct world *world) {
    for (size_t i = world->options.nodes - world->options.guests; i < world->options.nodes; i++) {
        faults_wish(world, &world->nodes[i]);
    }
}

static void await_agreement(struct world *world) {
    char why[200];
    uint64_t healed_ns = world->now_ns, end_ns = healed_ns + laws_agreement_ns(world);
    uint64_t wish_ns = world->now_ns;
    while (laws_disagreement(world, why)) {
        if (world->now_ns >= end_ns) {
            world_broken(world, LAW_AGREEMENT, "%.0f s after healing %s", (double)(end_ns - healed_ns) / 1e9, why);
        }
        if (world->now_ns >= wish_ns) {
            wish_ns = world->now_ns + world->options.times.period_ns;
            repeat_wishes(world);
        }
        world_run_until(world, world->now_ns + world->options.unit_ns / 4);
    }
    world_say(world, "all agree %.3f periods after healing",
              (double)(world->now_ns - healed_ns) / (double)world->options.times.period_ns);
}

/* Whoever is not on the new leader's roster has three periods to come to it (S3D), and questions have their times; after
 * that there is nothing but what each period brings. */
static void rest(struct world *world) {
    const struct convention_times *times = &world->options.times;
    uint64_t span_ns = REST_PERIODS * times->period_ns;
    world_run_until(world, world->now_ns + (times->misses + 1) * times->period_ns + laws_settling_ns(world));
    uint64_t steps = world->steps, frames = world->frames;
    world_run_until(world, world->now_ns + span_ns);
    laws_at_rest(world, span_ns, world->steps - steps, world->frames - frames);
}

static void run_phases(struct world *world) {
    char why[200];
    for (size_t i = 0; i < world->options.nodes; i++) {
        node_start(world, &world->nodes[i]);
    }
    faults_begin(world);
    laws_begin(world);
    world_run_until(world, world->heals_ns);
    world_say(world, "healing");
    faults_heal(world);
    await_agreement(world);
    rest(world);
    if (laws_disagreement(world, why)) {
        world_broken(world, LAW_AGREEMENT, "after all had agreed, %s", why);
    }
}

static void world_init(struct world *world) {
    prng_init(&world->prng, world->seed);
    options_draw(&world->options, &world->prng);
    world->now_ns = NS_PER_S;
    world->heals_ns = world->now_ns + world->options.safety_ns;
    CHECK(codec_new(&world->codec) == MESH_OK);
    for (size_t i = 0; i < WORLD_NODES_MAX; i++) {
        struct sim_node *node = &world->nodes[i];
        node->index = i;
        snprintf(node->name, sizeof node->name, "n%zu", i);
        list_init(&node->calls);
        for (size_t j = 0; j < WORLD_NODES_MAX; j++) {
            list_init(&node->streams[j].packets);
            node->apart_ns[j] = TIME_NEVER;
        }
    }
}

static void world_fini(struct world *world) {
    for (size_t i = 0; i < world->options.nodes; i++) {
        if (world->nodes[i].alive) {
            node_end(world, &world->nodes[i]);
        }
    }
    for (size_t i = 0; i < world->agenda.count; i++) {
        network_discard(world->agenda.heap[i].packet);
    }
    agenda_fini(&world->agenda);
    codec_destroy(&world->codec);
}

void world_run(uint64_t seed, int plant, bool verbose, uint64_t *counts) {
    struct world *world = calloc(1, sizeof *world);
    CHECK(world);
    world->seed = seed;
    world->plant = plant;
    world->verbose = verbose;
    world->counts = counts;
    world_init(world);
    world->counts[WORLD_REFERENCE] += world->options.reference;
    if (setjmp(world->given_up) == 0) {
        run_phases(world);
    }
    world_fini(world);
    free(world);
}
