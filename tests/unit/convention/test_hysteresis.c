/* Hysteresis: what passes, what waits, how blackouts grow and shrink, and one delay for all.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/hysteresis.h"
#include "mesh/base/time.h"
#include <criterion/criterion.h>

enum { PAPER = 1, STONE = 2 };

static const struct hysteresis_limits limits = {.first_ns = 1000000, .ceiling_ns = 2000000, .growth_percent = 20};

static bool attempt(struct hysteresis *target, uint64_t now_ns) {
    return hysteresis_attempt(target, &limits, now_ns, PAPER);
}

Test(hysteresis, S4A_the_first_passes_and_begins_a_blackout) {
    struct hysteresis target = {0};
    cr_assert(attempt(&target, 5000000));
    cr_assert_eq(hysteresis_deadline(&target), TIME_NEVER, "nothing waits");
    cr_assert(attempt(&target, 6000000), "the blackout was over, and the next one would be too short");
    cr_assert_not(attempt(&target, 6999999));
}

Test(hysteresis, S4A_what_waits_already_lengthens_nothing_and_is_one_message) {
    struct hysteresis target = {0};
    cr_assert(attempt(&target, 0));
    for (int i = 0; i < 5; i++) {
        cr_assert_not(attempt(&target, (uint64_t)i));
        cr_assert_eq(hysteresis_deadline(&target), 1200000);
    }
    cr_assert_eq(hysteresis_release(&target, &limits, 1199999), 0);
    cr_assert_eq(hysteresis_release(&target, &limits, 1200000), PAPER);
    cr_assert_eq(hysteresis_release(&target, &limits, 1200000), 0, "five attempts are one message");
}

Test(hysteresis, S4A_each_message_that_had_to_wait_makes_the_next_wait_longer_up_to_the_ceiling) {
    struct hysteresis target = {0};
    uint64_t at_ns = 0, spans_ns[] = {1200000, 1440000, 1728000, 2000000, 2000000};
    cr_assert(attempt(&target, at_ns));
    for (int i = 0; i < 5; i++) {
        cr_assert_not(attempt(&target, at_ns));
        at_ns += spans_ns[i];
        cr_assert_eq(hysteresis_deadline(&target), at_ns);
        cr_assert_eq(hysteresis_release(&target, &limits, at_ns), PAPER);
    }
}

Test(hysteresis, S4A_at_the_end_each_kind_goes_out_once_and_a_quiet_blackout_is_followed_by_a_shorter_one) {
    struct hysteresis target = {0};
    cr_assert(attempt(&target, 0));
    cr_assert_not(hysteresis_attempt(&target, &limits, 1, STONE));
    cr_assert_not(attempt(&target, 2));
    cr_assert_not(hysteresis_attempt(&target, &limits, 3, STONE));
    cr_assert_eq(hysteresis_deadline(&target), 1440000, "two kinds wait");
    cr_assert_eq(hysteresis_release(&target, &limits, 1440000), PAPER | STONE);
    cr_assert_eq(hysteresis_release(&target, &limits, 2 * 1440000), 0, "another one, as long");
    cr_assert_not(attempt(&target, 2 * 1440000 + 1), "and then one of 1200000");
    cr_assert_eq(hysteresis_deadline(&target), 2 * 1440000 + 1440000);
}

Test(hysteresis, S4A_without_attempts_the_delay_decays_to_none) {
    struct hysteresis target = {0};
    cr_assert(attempt(&target, 0));
    cr_assert_not(attempt(&target, 1)); /* 1200000, and once more, then 1000000, then none */
    cr_assert_eq(hysteresis_release(&target, &limits, 1200000), PAPER);
    struct hysteresis sooner = target;
    cr_assert_not(attempt(&sooner, 2 * 1200000 + 999999));
    cr_assert(attempt(&target, 2 * 1200000 + 1000000));
    cr_assert_not(attempt(&target, 2 * 1200000 + 1000000 + 999999), "as from the beginning");
}

Test(hysteresis, S4A_what_waits_goes_with_a_newer_one_that_passes) {
    struct hysteresis target = {0};
    cr_assert(attempt(&target, 0));
    cr_assert_not(attempt(&target, 1));
    cr_assert(attempt(&target, 5000000), "nobody released at 1200000");
    cr_assert_eq(hysteresis_release(&target, &limits, 5000000), 0);
}

Test(hysteresis, S4A_cancel_drops_what_waits_and_the_next_passes_at_once) {
    struct hysteresis target = {0};
    cr_assert_eq(hysteresis_cancel(&target), 0);
    cr_assert(attempt(&target, 0));
    cr_assert_not(attempt(&target, 1));
    cr_assert_eq(hysteresis_cancel(&target), PAPER);
    cr_assert_eq(hysteresis_deadline(&target), TIME_NEVER);
    cr_assert_eq(hysteresis_release(&target, &limits, 5000000), 0);
    cr_assert(attempt(&target, 2));
}

Test(hysteresis, S4A_targets_do_not_brake_each_other) {
    struct hysteresis one = {0}, other = {0};
    cr_assert(attempt(&one, 0));
    cr_assert(attempt(&other, 0));
    cr_assert_not(attempt(&one, 1));
    cr_assert_eq(hysteresis_release(&other, &limits, 1200000), 0);
    cr_assert_eq(hysteresis_release(&one, &limits, 1200000), PAPER);
}

Test(hysteresis, S4C_a_shared_delay_brakes_all_targets_and_ends_for_all) {
    struct hysteresis_delay shared = {0};
    struct hysteresis one = {.shared = &shared}, other = {.shared = &shared};
    cr_assert(attempt(&one, 0));
    cr_assert_not(attempt(&other, 1));
    cr_assert_eq(hysteresis_deadline(&other), 1200000);
    cr_assert_not(attempt(&one, 2));
    cr_assert_eq(hysteresis_release(&other, &limits, 1200000), 0, "the other one has lengthened it");
    cr_assert_eq(hysteresis_cancel(&one), PAPER);
    cr_assert_not(attempt(&one, 3), "a cancel leaves what others share");
    cr_assert_eq(hysteresis_release(&one, &limits, 1728000), PAPER);
    cr_assert_eq(hysteresis_release(&other, &limits, 1728000), PAPER);
}

Test(hysteresis, S4C_there_each_attempt_lengthens_it_and_each_end_shortens_the_next) {
    struct hysteresis_delay shared = {0};
    struct hysteresis target = {.shared = &shared};
    cr_assert(attempt(&target, 0));
    cr_assert_not(attempt(&target, 1));
    cr_assert_not(attempt(&target, 2));
    cr_assert_eq(hysteresis_deadline(&target), 1440000);
    cr_assert_eq(hysteresis_release(&target, &limits, 1440000), PAPER);
    cr_assert_not(attempt(&target, 1440000 + 1200000 - 1));
    cr_assert_eq(hysteresis_deadline(&target), 1440000 + 1440000);
}

Test(hysteresis, S4A_a_first_delay_of_none_brakes_nothing) {
    struct hysteresis target = {0};
    const struct hysteresis_limits none = {0};
    for (int i = 0; i < 10; i++) {
        cr_assert(hysteresis_attempt(&target, &none, 7, PAPER));
    }
    cr_assert_eq(hysteresis_deadline(&target), TIME_NEVER);
}
