/* Limiters: what passes, what is left out, and when that is told.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/limiter.h"
#include <criterion/criterion.h>

Test(limiter, E4_so_many_pass_in_a_span) {
    struct limiter limiter = limiter_make(2, 100);
    cr_assert(limiter_take(&limiter, 1000));
    cr_assert(limiter_take(&limiter, 1050));
    cr_assert_not(limiter_take(&limiter, 1099));
    cr_assert(limiter_take(&limiter, 1100), "the next span has begun");
    cr_assert(limiter_take(&limiter, 1150));
    cr_assert_not(limiter_take(&limiter, 1199));
}

Test(limiter, E4_what_was_left_out_is_told_once_when_the_span_is_over) {
    struct limiter limiter = limiter_make(1, 100);
    cr_assert_eq(limiter_deadline(&limiter), TIME_NEVER);
    cr_assert(limiter_take(&limiter, 1000));
    cr_assert_eq(limiter_deadline(&limiter), TIME_NEVER);
    cr_assert_not(limiter_take(&limiter, 1001));
    cr_assert_not(limiter_take(&limiter, 1002));
    cr_assert_eq(limiter_deadline(&limiter), 1100);
    cr_assert_eq(limiter_left_out(&limiter, 1099), 0);
    cr_assert_eq(limiter_left_out(&limiter, 1100), 2);
    cr_assert_eq(limiter_left_out(&limiter, 1100), 0);
    cr_assert_eq(limiter_deadline(&limiter), TIME_NEVER);
}
