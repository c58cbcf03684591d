/* Unit tests of mesh/core/backoff.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/backoff.h"
#include <criterion/criterion.h>

Test(backoff, first_wait_lies_between_half_and_all_of_20_ms) {
    struct prng prng;
    prng_init(&prng, 1);
    for (int i = 0; i < 1000; i++) {
        struct backoff backoff = {0};
        uint64_t wait_ns = backoff_failed(&backoff, &prng);
        cr_assert(wait_ns >= BACKOFF_FIRST_NS / 2 && wait_ns <= BACKOFF_FIRST_NS);
    }
}

Test(backoff, doubles_up_to_the_ceiling_and_stays_there) {
    struct prng prng;
    struct backoff backoff = {0};
    prng_init(&prng, 2);
    uint64_t whole_ns = BACKOFF_FIRST_NS;
    for (int i = 0; i < 20; i++) {
        uint64_t wait_ns = backoff_failed(&backoff, &prng);
        cr_assert(wait_ns >= whole_ns / 2 && wait_ns <= whole_ns, "failure %d", i);
        whole_ns = whole_ns * 2 > BACKOFF_MAX_NS ? BACKOFF_MAX_NS : whole_ns * 2;
    }
    cr_assert_eq(whole_ns, BACKOFF_MAX_NS);
}

Test(backoff, success_starts_anew) {
    struct prng prng;
    struct backoff backoff = {0};
    prng_init(&prng, 3);
    for (int i = 0; i < 10; i++) {
        (void)backoff_failed(&backoff, &prng);
    }
    backoff_succeeded(&backoff);
    cr_assert(backoff_failed(&backoff, &prng) <= BACKOFF_FIRST_NS);
}

Test(backoff, two_that_failed_together_do_not_come_back_together) {
    struct prng prng;
    struct backoff one = {0}, other = {0};
    unsigned together = 0;
    prng_init(&prng, 4);
    for (int i = 0; i < 100; i++) {
        together += backoff_failed(&one, &prng) / NS_PER_MS == backoff_failed(&other, &prng) / NS_PER_MS;
    }
    cr_assert(together < 20);
}
