/* Time: sums that stop at never, and waits that are never too short.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/time.h"
#include <criterion/criterion.h>

Test(time, add_stops_at_never) {
    cr_assert_eq(time_add(5, 7), 12);
    cr_assert_eq(time_add(TIME_NEVER - 7, 6), TIME_NEVER - 1);
    cr_assert_eq(time_add(TIME_NEVER - 7, 7), TIME_NEVER);
    cr_assert_eq(time_add(TIME_NEVER - 7, 8), TIME_NEVER);
    cr_assert_eq(time_add(TIME_NEVER, 1), TIME_NEVER);
    cr_assert_eq(time_add(0, TIME_NEVER), TIME_NEVER);
    cr_assert_eq(time_add(1, TIME_NEVER), TIME_NEVER);
}

Test(time, min_and_left) {
    cr_assert_eq(time_min(3, 4), 3);
    cr_assert_eq(time_min(4, 3), 3);
    cr_assert_eq(time_min(4, TIME_NEVER), 4);
    cr_assert_eq(time_left(9, 10), 1);
    cr_assert_eq(time_left(10, 10), 0);
    cr_assert_eq(time_left(11, 10), 0);
}

Test(time, milliseconds_round_up) {
    cr_assert_eq(time_ms_round_up(0), 0);
    cr_assert_eq(time_ms_round_up(1), 1);
    cr_assert_eq(time_ms_round_up(NS_PER_MS - 1), 1);
    cr_assert_eq(time_ms_round_up(NS_PER_MS), 1);
    cr_assert_eq(time_ms_round_up(NS_PER_MS + 1), 2);
    cr_assert_eq(time_ms_round_up(NS_PER_S), 1000);
}

Test(time, milliseconds_end_at_what_poll_takes) {
    uint64_t most = INT_MAX * NS_PER_MS;
    cr_assert_eq(time_ms_round_up(most - NS_PER_MS), INT_MAX - 1);
    cr_assert_eq(time_ms_round_up(most), INT_MAX);
    cr_assert_eq(time_ms_round_up(most + 1), INT_MAX);
    cr_assert_eq(time_ms_round_up(TIME_NEVER - 1), INT_MAX);
    cr_assert_eq(time_ms_round_up(TIME_NEVER), -1);
}
