/* Chance: the known sequence, bounds, and evenness.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/prng.h"
#include <criterion/criterion.h>
#include <signal.h>

/* The published first results for this state. */
Test(prng, is_xoshiro256_starstar) {
    struct prng prng = {.state = {1, 2, 3, 4}};
    const uint64_t known[] = {11520, 0, 1509978240, UINT64_C(1215971899390074240), UINT64_C(1216172134540287360)};
    for (int i = 0; i < 5; i++) {
        cr_assert_eq(prng_next(&prng), known[i]);
    }
}

/* The published first results of splitmix64 for the seed 1234567. */
Test(prng, is_seeded_by_splitmix64) {
    struct prng prng;
    prng_init(&prng, 1234567);
    const uint64_t known[] = {UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
                              UINT64_C(9817491932198370423), UINT64_C(4593380528125082431)};
    for (int i = 0; i < 4; i++) {
        cr_assert_eq(prng.state[i], known[i]);
    }
}

Test(prng, a_seed_has_one_sequence_and_another_seed_another) {
    struct prng a, b, c;
    prng_init(&a, 0);
    prng_init(&b, 0);
    prng_init(&c, 1);
    int alike = 0;
    for (int i = 0; i < 100; i++) {
        uint64_t drawn = prng_next(&a);
        cr_assert_eq(drawn, prng_next(&b));
        alike += drawn == prng_next(&c);
    }
    cr_assert_eq(alike, 0);
}

Test(prng, below_reaches_all_below_its_limit_and_nothing_else) {
    struct prng prng;
    prng_init(&prng, 3);
    cr_assert_eq(prng_below(&prng, 1), 0);
    int counts[6] = {0};
    for (int i = 0; i < 60000; i++) {
        uint64_t drawn = prng_below(&prng, 6);
        cr_assert_lt(drawn, 6);
        counts[drawn]++;
    }
    for (int i = 0; i < 6; i++) {
        cr_assert(counts[i] > 9500 && counts[i] < 10500, "%d came %d times", i, counts[i]);
    }
}

/* Of a limit of three quarters of all numbers, a plain remainder would give the lowest third twice as often. */
Test(prng, below_is_even_at_large_limits) {
    struct prng prng;
    prng_init(&prng, 4);
    uint64_t limit = UINT64_C(3) << 62;
    int low = 0;
    for (int i = 0; i < 30000; i++) {
        low += prng_below(&prng, limit) < limit / 3;
    }
    cr_assert(low > 9500 && low < 10500, "%d", low);
}

Test(prng, below_nothing_is_a_mistake, .signal = SIGABRT) {
    struct prng prng;
    prng_init(&prng, 1);
    prng_below(&prng, 0);
}

Test(prng, between_includes_both_ends) {
    struct prng prng;
    prng_init(&prng, 5);
    cr_assert_eq(prng_between(&prng, 9, 9), 9);
    cr_assert_eq(prng_between(&prng, UINT64_MAX, UINT64_MAX), UINT64_MAX);
    int low = 0, high = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t drawn = prng_between(&prng, 10, 13);
        cr_assert(drawn >= 10 && drawn <= 13);
        low += drawn == 10;
        high += drawn == 13;
    }
    cr_assert(low > 150 && high > 150);
    uint64_t bits = 0;
    for (int i = 0; i < 100; i++) {
        bits |= prng_between(&prng, 0, UINT64_MAX);
    }
    cr_assert_eq(bits, UINT64_MAX);
}

Test(prng, between_ends_the_wrong_way_round_is_a_mistake, .signal = SIGABRT) {
    struct prng prng;
    prng_init(&prng, 1);
    prng_between(&prng, 2, 1);
}

Test(prng, chance_is_never_at_0_and_always_at_1000) {
    struct prng prng;
    prng_init(&prng, 6);
    int quarter = 0;
    for (int i = 0; i < 20000; i++) {
        cr_assert_not(prng_chance(&prng, 0));
        cr_assert(prng_chance(&prng, 1000));
        quarter += prng_chance(&prng, 250);
    }
    cr_assert(quarter > 4700 && quarter < 5300, "%d", quarter);
}
