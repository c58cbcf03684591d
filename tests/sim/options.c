/* Options: what a seed decides before its world begins. Small limits and short times are drawn often, since it is
 * there that things go wrong.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/time.h"
#include "tests/sim/world.h"

static uint64_t draw_ms(struct prng *prng, uint64_t low_ms, uint64_t high_ms) {
    return prng_between(prng, low_ms, high_ms) * NS_PER_MS;
}

/* In half of the worlds 0, else up to `most` permille. */
static unsigned draw_chance(struct prng *prng, unsigned most) {
    return prng_chance(prng, 500) ? 0 : (unsigned)prng_between(prng, 1, most);
}

/* How often a fault comes; in half of the worlds never. */
static uint64_t draw_every(struct prng *prng, uint64_t low_ms, uint64_t high_ms) {
    return prng_chance(prng, 500) ? 0 : draw_ms(prng, low_ms, high_ms);
}

static void draw_limits(struct options *options, struct prng *prng) {
    bool tiny = prng_chance(prng, 500);
    options->delivery = delivery_limits_default;
    options->delivery.window_messages = prng_between(prng, tiny ? 1 : 16, tiny ? 8 : 256);
    options->delivery.window_bytes = prng_between(prng, tiny ? 2048 : 65536, 262144);
    options->delivery.system_messages = prng_between(prng, 2, 64);
    options->delivery.mailbox_messages = prng_between(prng, tiny ? 1 : 8, tiny ? 6 : 128);
    options->delivery.mailbox_bytes = prng_between(prng, tiny ? 16384 : 65536, 262144);
    options->delivery.chunk_bytes = prng_between(prng, FRAME_INLINE_BYTES, 16384);
    options->delivery.first_credit_messages = prng_between(prng, 1, tiny ? 4 : 64);
    options->delivery.first_credit_bytes = prng_between(prng, 1024, 65536);
    options->delivery.actors_max = WORLD_ACTORS_MAX;
    options->delivery.streams_max = 16384;
    options->delivery.peers_max = 1024;
    options->delivery.overdue_ns = draw_ms(prng, 50, 1000);
    options->delivery.overdue_max_ns = options->delivery.overdue_ns * prng_between(prng, 2, 8);
    options->delivery.stream_idle_ns = draw_ms(prng, 200, 5000);
    options->delivery.room_percent = (uint32_t)prng_between(prng, 20, 100);
    options->delivery.run_min = prng_between(prng, 1, tiny ? 2 : 16);
    options->lifecycle = lifecycle_limits_default;
    options->lifecycle.actors_max = WORLD_ACTORS_MAX;
    options->lifecycle.children_max = prng_between(prng, 1, 8);
    options->lifecycle.kin_max = 64;
    options->lifecycle.exit_wait_ns = draw_ms(prng, 50, 3000);
    options->lifecycle.kill_wait_ns = draw_ms(prng, 50, 1000);
    options->lifecycle.drain_wait_ns = draw_ms(prng, 50, 3000);
}

static void draw_network(struct options *options, struct prng *prng) {
    options->delay_min_ns = prng_between(prng, 10, 2000) * NS_PER_US;
    options->delay_max_ns = options->delay_min_ns + prng_between(prng, 10, 20000) * NS_PER_US;
    options->admin_ns = draw_ms(prng, 1, 200);
    options->reconnect_ns = draw_ms(prng, 1, 300);
    options->loss = draw_chance(prng, 200);
    options->duplicate = draw_chance(prng, 200);
    options->late = draw_chance(prng, 200);
    options->told = (unsigned)prng_below(prng, 1001);
    options->reset_every_ns = draw_every(prng, 20, 1000);
    options->silence_every_ns = draw_every(prng, 200, 2000);
    options->crash_every_ns = draw_every(prng, 500, 4000);
    options->exit_every_ns = draw_every(prng, 100, 2000);
}

void options_draw(struct options *options, struct prng *prng) {
    options->processes = prng_between(prng, 2, WORLD_PROCESSES_MAX);
    options->roots = prng_between(prng, 1, 4);
    options->messages_max = prng_between(prng, 200, 6000);
    options->traffic_ns = draw_ms(prng, 3000, 20000);
    options->pause_ns = draw_ms(prng, 1, 200);
    options->handle_ns = prng_between(prng, 0, 10000) * NS_PER_US;
    options->expiry_ns = draw_ms(prng, 5, 2000);
    options->payload_max = prng_between(prng, LEDGER_HEADER_BYTES, 512);
    options->large = draw_chance(prng, 50);
    options->fail = draw_chance(prng, 200);
    options->stall = draw_chance(prng, 20);
    options->own_exit = draw_chance(prng, 10);
    options->create = draw_chance(prng, 50);
    options->create_fail = draw_chance(prng, 300);
    options->constructor_fail = draw_chance(prng, 300);
    options->short_expiry = draw_chance(prng, 500);
    options->floors = (unsigned)prng_below(prng, 1001);
    options->tell_twice = draw_chance(prng, 500);
    options->restart = draw_chance(prng, 1000);
    draw_limits(options, prng);
    draw_network(options, prng);
    options->cut_every_ns = draw_every(prng, 20, 1000);
    options->delivery.tell_handled = prng_chance(prng, 500);
    options->unanswered = draw_chance(prng, 300);
}
