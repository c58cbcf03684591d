/* Options: what a seed decides before its world begins. Most worlds are small, since most goes wrong between few.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "tests/sim/convention/world.h"

/* In half of the worlds 0, else up to `most` permille. */
static unsigned draw_chance(struct prng *prng, unsigned most) {
    return prng_chance(prng, 500) ? 0 : (unsigned)prng_between(prng, 1, most);
}

/* How often a fault comes, in tenths of a unit; in so many of a thousand worlds never. */
static uint64_t draw_every(struct prng *prng, uint64_t unit_ns, unsigned never, uint64_t low, uint64_t high) {
    return prng_chance(prng, never) ? 0 : prng_between(prng, low, high) * (unit_ns / 10);
}

static size_t draw_nodes(struct prng *prng) {
    uint64_t size = prng_below(prng, 16);
    return size < 10 ? prng_between(prng, 2, 7) : size < 15 ? prng_between(prng, 8, 18) : prng_between(prng, 19, 50);
}

static void draw_limits(struct options *options, struct prng *prng) {
    bool tiny = prng_chance(prng, 300);
    options->members_max = options->nodes + (tiny ? 0 : prng_below(prng, 60));
    options->padding = options->nodes < 16 && prng_chance(prng, 150) ? prng_between(prng, 8192, WORLD_PADDING_MAX) : 0;
    options->directory = directory_limits_default;
    if (tiny) {
        options->directory.actors_max = prng_between(prng, 4, 40);
        options->directory.slots_max = prng_between(prng, 4, 40);
        options->directory.waits_max = prng_between(prng, 2, 20);
        options->directory.tombstones_max = prng_between(prng, 2, 20);
        options->directory.tombstones_kept = prng_between(prng, 0, options->directory.tombstones_max);
        options->directory.names_max = prng_between(prng, 1, 8);
    }
}

/* Faster by the same factor: what waits for what is as by default. */
static void draw_times(struct options *options, struct prng *prng) {
    options->reference = prng_chance(prng, 120);
    options->times = options->reference ? convention_times_reference : convention_times_default;
    uint64_t factor = prng_chance(prng, 500) ? 1 : prng_between(prng, 2, 5);
    options->times.period_ns /= factor;
    options->times.restart_ns /= factor;
    options->times.heartbeat_ns /= factor;
    options->times.suspect_ns /= factor;
    options->times.refused_ns /= factor;
    options->times.silent_ns /= factor;
    options->times.hysteresis.first_ns /= factor;
    options->times.hysteresis.ceiling_ns /= factor;
    options->unit_ns = options->times.period_ns / 10;
}

void options_draw(struct options *options, struct prng *prng) {
    options->nodes = draw_nodes(prng);
    options->leaders = prng_between(prng, 1, size_min(options->nodes, WORLD_LEADERS_MAX));
    options->guests = prng_chance(prng, 600) ? 0 : prng_below(prng, size_min(options->nodes - options->leaders, 3) + 1);
    draw_limits(options, prng);
    draw_times(options, prng);
    uint64_t unit_ns = options->unit_ns;
    options->safety_ns = prng_between(prng, 20, 80) * unit_ns;
    options->delay_min_ns = prng_between(prng, 10, 2000) * NS_PER_US;
    options->delay_max_ns = options->delay_min_ns + prng_between(prng, 10, 100000) * NS_PER_US;
    options->reconnect_ns = prng_between(prng, 20, 1000) * NS_PER_MS;
    options->loss = draw_chance(prng, 200);
    options->duplicate = draw_chance(prng, 200);
    options->late = draw_chance(prng, 200);
    options->told = (unsigned)prng_below(prng, 1001);
    options->answering = (unsigned)prng_below(prng, 1001);
    options->spurned = draw_chance(prng, 200);
    options->strike_leader = (unsigned)prng_below(prng, 1001);
    options->strike_every_ns = draw_every(prng, unit_ns, 200, 10, 150);
    options->cut_every_ns = draw_every(prng, unit_ns, 500, 20, 200);
    options->reset_every_ns = draw_every(prng, unit_ns, 500, 2, 50);
    options->move_every_ns = draw_every(prng, unit_ns, 700, 20, 200);
    options->change_every_ns = draw_every(prng, unit_ns, 500, 10, 100);
    options->create_every_ns = draw_every(prng, unit_ns, 200, 1, 20);
    options->exit_every_ns = draw_every(prng, unit_ns, 400, 1, 50);
    options->birth_fail = draw_chance(prng, 200);
    options->named = draw_chance(prng, 600);
    options->guest_every_ns = options->guests ? draw_every(prng, unit_ns, 100, 20, 150) : 0;
    options->wild_every_ns = prng_chance(prng, 850) ? 0 : prng_between(prng, 1, 20) * (unit_ns / 100);
}
