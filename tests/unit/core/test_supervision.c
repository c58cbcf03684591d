/* How often an actor may be started anew (C7).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/time.h"
#include "mesh/core/supervision.h"
#include <criterion/criterion.h>

Test(supervision, C7_at_most_so_often_in_any_such_span) {
    struct supervision supervision = {.terms = {CONTROL_RESTART, 2, 1000}};
    cr_assert(supervision_may_restart(&supervision, 1 * NS_PER_MS));
    cr_assert(supervision_may_restart(&supervision, 500 * NS_PER_MS));
    cr_assert_not(supervision_may_restart(&supervision, 1001 * NS_PER_MS - 1));
    cr_assert(supervision_may_restart(&supervision, 1001 * NS_PER_MS));
    cr_assert_not(supervision_may_restart(&supervision, 1500 * NS_PER_MS - 1), "what was refused does not count");
    cr_assert(supervision_may_restart(&supervision, 1500 * NS_PER_MS));
}

Test(supervision, C7_none_is_none) {
    struct supervision supervision = {.terms = {CONTROL_RESTART, 0, 1000}};
    cr_assert_not(supervision_may_restart(&supervision, 0));
    cr_assert_not(supervision_may_restart(&supervision, TIME_NEVER));
}

Test(supervision, C7_the_most_that_a_create_may_allow) {
    struct supervision supervision = {.terms = {CONTROL_RESTART, CONTROL_RESTARTS_MAX, 1000}};
    for (uint64_t round = 0; round < 3; round++) {
        for (uint64_t i = 0; i < CONTROL_RESTARTS_MAX; i++) {
            cr_assert(supervision_may_restart(&supervision, (round * 1000 + i) * NS_PER_MS));
        }
        cr_assert_not(supervision_may_restart(&supervision, (round * 1000 + 1000) * NS_PER_MS - 1));
    }
}

Test(supervision, C7_the_end_says_that_they_are_used_up) {
    struct supervision supervision = {.terms = {CONTROL_RESTART, 3, 5000}};
    char text[80], little[8];
    supervision_print_used_up(&supervision, bytes_of_text("no disk"), text, sizeof text);
    cr_assert_str_eq(text, "no disk; its 3 restarts within 5000 ms are used up");
    supervision_print_used_up(&supervision, bytes_make(NULL, 0), text, sizeof text);
    cr_assert_str_eq(text, "; its 3 restarts within 5000 ms are used up");
    supervision_print_used_up(&supervision, bytes_of_text("no disk"), little, sizeof little);
    cr_assert_str_eq(little, "no disk");
}
