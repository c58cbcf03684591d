/* World: see world.h. The three phases of one seed.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/sim/world.h"
#include "mesh/base/check.h"
#include "mesh/base/time.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* How long after healing everything is settled at the latest: the longest doubled probe, several times over, and what
 * a handler, an exit and a drain may take one after the other. Then idle streams close, and the expiry of what was
 * settled long before may still pass. After that no step is taken. */
enum {
    SETTLE_S = 120,
    CLOSE_S = 400,
    REST_S = 600,
    REST_STEPS_MAX = 0,
    LAST_ROUND = 40,
};

void world_count(struct world *world, enum tally_event event, uint64_t count) {
    world->counts[event] += count;
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
    if (world->plant && world->plant != (int)law) {
        longjmp(world->given_up, 1);
    }
    va_start(arguments, format);
    printf("seed %" PRIu64 " breaks law %d at %.6f s, step %" PRIu64 ": ", world->seed, (int)law,
           (double)world->now_ns / 1e9, world->steps);
    vprintf(format, arguments);
    printf("\nreplay: mesh-sim --seed %" PRIu64 " --verbose%s\n", world->seed, world->plant ? " (planted)" : "");
    va_end(arguments);
    fflush(stdout);
    _Exit(world->plant ? 0 : 1);
}

void world_later(struct world *world, uint64_t delay_ns, struct errand errand) {
    errand.at_ns = world->now_ns + delay_ns;
    agenda_add(&world->agenda, errand);
}

struct actor_record *world_actor(struct world *world, struct mesh_address address) {
    CHECK(address.node == 1 && address.local >= 1 && address.local <= world->actors_count);
    return &world->actors[address.local - 1];
}

struct sim_process *world_process(struct world *world, uint64_t incarnation) {
    struct sim_process *process = &world->processes[incarnation % WORLD_PROCESSES_MAX];
    return incarnation && process->alive && process->incarnation == incarnation ? process : NULL;
}

void world_gather(struct world *world, const struct delivery_counters *counters) {
    world_count(world, TALLY_SENT_AGAIN, counters->sent_again);
    world_count(world, TALLY_DUPLICATES, counters->duplicates);
    world_count(world, TALLY_DROPPED_GAP, counters->dropped_gap);
    world_count(world, TALLY_DROPPED_CREDIT, counters->dropped_credit + counters->dropped_full);
    world_count(world, TALLY_DROPPED_UNKNOWN, counters->dropped_unknown);
    world_count(world, TALLY_PROBES, counters->probes);
}

/* What is meant for a process that is no more, or now another, is not done. */
static void run_until(struct world *world, uint64_t until_ns) {
    struct errand errand;
    while (world->agenda.count > 0 && world->agenda.heap[0].at_ns <= until_ns) {
        CHECK(agenda_next(&world->agenda, &errand));
        if (errand.at_ns > world->now_ns) {
            world->now_ns = errand.at_ns;
            world->steps_now = 0;
        }
        if (errand.incarnation == 0 || world_process(world, errand.incarnation)) {
            errand.run(world, &errand);
        }
    }
    world->now_ns = until_ns;
}

static void heal(struct world *world) {
    world_say(world, "healing");
    world->healing = true;
    network_heal(world);
    host_release(world);
}

/* Every message of the last round has a living target, time enough and no faults: it is handled, or its handler fails. */
static void run_last_round(struct world *world) {
    uint64_t first = world->ledger.count;
    for (int i = 0; i < LAST_ROUND; i++) {
        size_t sender = prng_below(&world->prng, world->actors_count);
        size_t target = prng_below(&world->prng, world->actors_count);
        const struct actor_record *to = &world->actors[target];
        if (world->actors[sender].open && to->open && !to->exiting) {
            (void)host_send(world, sender, target, FRAME_USER, prng_next(&world->prng), 300 * NS_PER_S);
        }
    }
    run_until(world, world->now_ns + SETTLE_S * NS_PER_S);
    laws_settle_untold(world);
    for (uint64_t i = first; i < world->ledger.count; i++) {
        const struct ledger_entry *entry = &world->ledger.entries[i];
        if (entry->kind == FRAME_USER && (entry->state != LEDGER_SETTLED || entry->outcome == FRAME_DIED)) {
            world_broken(world, LAW_LIVENESS, "message %" PRIu64 " (%zu to %zu) of the last round is not handled", i,
                         entry->sender, entry->target);
        }
    }
}

static void rest(struct world *world) {
    run_until(world, world->now_ns + CLOSE_S * NS_PER_S);
    uint64_t before = world->steps;
    run_until(world, world->now_ns + REST_S * NS_PER_S);
    if (world->steps > before + REST_STEPS_MAX) {
        world_broken(world, LAW_PROGRESS, "%d steps in %d s at rest", (int)(world->steps - before), REST_S);
    }
}

static void world_fini(struct world *world) {
    for (size_t i = 0; i < world->options.processes; i++) {
        if (world->processes[i].alive) {
            world_gather(world, delivery_counters(world->processes[i].delivery));
            process_end(&world->processes[i]);
        }
    }
    for (size_t i = 0; i < world->agenda.count; i++) {
        network_discard(world->agenda.heap[i].packet);
    }
    agenda_fini(&world->agenda);
    ledger_fini(&world->ledger);
}

static void run_phases(struct world *world) {
    for (size_t i = 0; i < world->options.processes; i++) {
        process_begin(world, i);
    }
    admin_shake(world);
    run_until(world, world->now_ns + world->options.traffic_ns);
    heal(world);
    run_until(world, world->now_ns + SETTLE_S * NS_PER_S);
    laws_at_rest(world);
    run_last_round(world);
    rest(world);
    laws_at_rest(world);
    laws_nothing_left(world);
}

void world_run(uint64_t seed, int plant, bool verbose, uint64_t *counts) {
    struct world *world = calloc(1, sizeof *world);
    CHECK(world);
    world->seed = seed;
    world->plant = plant;
    world->verbose = verbose;
    world->counts = counts;
    world->now_ns = NS_PER_S;
    prng_init(&world->prng, seed);
    options_draw(&world->options, &world->prng);
    ledger_init(&world->ledger, WORLD_ACTORS_MAX);
    if (setjmp(world->given_up) == 0) {
        run_phases(world);
    }
    world_fini(world);
    free(world);
}
