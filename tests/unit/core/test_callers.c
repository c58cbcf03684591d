/* Callers: how many strangers get in, for how long, and what nonsense costs.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/callers.h"
#include <criterion/criterion.h>

enum { HOME = 1, AWAY = 2 };

static struct callers callers;

static void begin(void) {
    struct callers_limits limits = {.callers = 6,
                                    .strangers = 4,
                                    .strangers_each = 3,
                                    .suspects_each = 1,
                                    .arrivals_each = 12,
                                    .nonsense = 3,
                                    .silence_ns = 100,
                                    .memory_ns = 50};
    callers_init(&callers, &limits);
}

static void end(void) {
    callers_fini(&callers);
}

TestSuite(callers, .init = begin, .fini = end);

static bool blame(uint64_t at_ns) {
    uint64_t address = 0;
    bool shut = callers_blame(&callers, at_ns, 10, &address);
    cr_assert_eq(address, shut ? HOME : 0);
    return shut;
}

static size_t take_many(uint64_t first, size_t count, uint64_t address) {
    size_t taken = 0;
    for (size_t i = 0; i < count; i++) {
        taken += callers_take(&callers, 0, first + i, address);
    }
    return taken;
}

Test(callers, S7K_an_address_has_so_many_strangers_and_all_have_so_many) {
    cr_assert_eq(take_many(10, 5, HOME), 3);
    cr_assert_eq(take_many(20, 5, AWAY), 1);
    cr_assert_eq(callers.counters.crowding, 6);
    callers_leave(&callers, 10);
    cr_assert_eq(take_many(40, 1, HOME), 1, "who leaves makes room");
    callers_leave(&callers, 99);
    cr_assert_eq(take_many(30, 1, HOME), 0);
    cr_assert_eq(callers.counters.left, 1);
}

Test(callers, S7K_who_says_hello_is_no_stranger) {
    cr_assert_eq(take_many(10, 3, HOME), 3);
    callers_greet(&callers, 10);
    callers_greet(&callers, 10);
    callers_greet(&callers, 99);
    cr_assert_eq(take_many(20, 3, HOME), 1);
    callers_greet(&callers, 11);
    callers_greet(&callers, 12);
    callers_greet(&callers, 20);
    cr_assert_eq(take_many(30, 3, HOME), 2, "there are six callers at most");
}

Test(callers, S7K_a_connection_is_known_until_it_ends) {
    cr_assert(callers_take(&callers, 5, 10, HOME));
    callers_greet(&callers, 10);
    cr_assert(callers_has(&callers, 10));
    cr_assert_not(callers_has(&callers, 11));
    callers_leave(&callers, 10);
    cr_assert_not(callers_has(&callers, 10));
}

Test(callers, S7K_a_stranger_that_says_nothing_is_shut) {
    uint64_t connection = 0, address = 0;
    cr_assert(callers_take(&callers, 5, 10, HOME));
    cr_assert(callers_take(&callers, 6, 11, HOME));
    cr_assert_not(callers_next_silent(&callers, 104, &connection, &address));
    cr_assert(callers_next_silent(&callers, 105, &connection, &address));
    cr_assert_eq(connection, 10);
    cr_assert_eq(address, HOME);
    cr_assert_not(callers_next_silent(&callers, 105, &connection, &address));
    callers_greet(&callers, 11);
    cr_assert_not(callers_next_silent(&callers, 1000, &connection, &address));
    cr_assert_eq(callers.counters.silence, 1);
}

Test(callers, S7K_so_much_nonsense_in_so_long_shuts_a_connection) {
    cr_assert_eq(take_many(10, 1, HOME), 1);
    callers_greet(&callers, 10);
    cr_assert_not(blame(0));
    cr_assert_not(blame(49));
    cr_assert_not(blame(50), "the first is forgotten");
    cr_assert_not(blame(60));
    cr_assert(blame(99));
    cr_assert_not(blame(99), "it is gone");
    cr_assert_eq(callers.counters.nonsense, 1);
}

Test(callers, S7K_where_nonsense_came_from_fewer_get_in_for_a_while) {
    cr_assert_eq(take_many(10, 1, HOME), 1);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(blame(10), i == 2);
    }
    cr_assert_eq(take_many(20, 3, HOME), 1);
    cr_assert_eq(take_many(30, 2, AWAY), 2, "others do not suffer");
    cr_assert_not(callers_take(&callers, 59, 40, HOME));
    cr_assert(callers_take(&callers, 60, 40, HOME));
}

Test(callers, S7K_an_address_calls_so_often_in_so_long) {
    for (uint64_t i = 0; i < 12; i++) {
        cr_assert(callers_take(&callers, i, 10, HOME));
        callers_leave(&callers, 10);
    }
    cr_assert_not(callers_take(&callers, 49, 10, HOME));
    cr_assert(callers_take(&callers, 49, 11, AWAY));
    cr_assert(callers_take(&callers, 50, 10, HOME));
}

Test(callers, S7K_a_number_that_is_given_anew_is_another_connection) {
    cr_assert_eq(take_many(10, 3, HOME), 3);
    cr_assert(callers_take(&callers, 7, 10, AWAY));
    cr_assert_eq(take_many(20, 1, HOME), 1);
    cr_assert_eq(callers.counters.left, 1);
}
