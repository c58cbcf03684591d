/* Deadlines: the order of times, equal times, moves and the maximum.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/deadlines.h"
#include "mesh/base/prng.h"
#include <criterion/criterion.h>
#include <signal.h>

enum { COUNT = 50 };

struct thing {
    int number;
    struct deadline deadline;
};

static struct deadlines deadlines;
static struct thing things[COUNT];

static void setup(void) {
    deadlines_init(&deadlines, COUNT);
    for (int i = 0; i < COUNT; i++) {
        things[i] = (struct thing){.number = i};
    }
}

static void teardown(void) {
    deadlines_fini(&deadlines);
}

TestSuite(deadlines, .init = setup, .fini = teardown);

static void set(int number, uint64_t at_ns) {
    cr_assert_eq(deadlines_set(&deadlines, &things[number].deadline, at_ns), MESH_OK);
}

/* The number of the thing that is due; -1 when none is. */
static int pop(uint64_t now_ns) {
    struct deadline *due = deadlines_pop_due(&deadlines, now_ns);
    return due ? DEADLINE_OWNER(due, struct thing, deadline)->number : -1;
}

Test(deadlines, none_is_never) {
    cr_assert_eq(deadlines_least(&deadlines), TIME_NEVER);
    cr_assert_eq(pop(TIME_NEVER), -1);
    deadlines_clear(&deadlines, &things[0].deadline);
    set(0, TIME_NEVER);
    cr_assert_eq(deadlines.size, 0);
}

Test(deadlines, due_at_its_time_and_not_before) {
    set(0, 100);
    cr_assert_eq(deadlines_least(&deadlines), 100);
    cr_assert_eq(pop(99), -1);
    cr_assert_eq(pop(100), 0);
    cr_assert_eq(pop(100), -1);
    set(0, 100);
    cr_assert_eq(pop(101), 0);
    set(0, 0);
    cr_assert_eq(pop(0), 0);
    set(0, TIME_NEVER - 1);
    cr_assert_eq(pop(TIME_NEVER - 2), -1);
    cr_assert_eq(pop(TIME_NEVER - 1), 0);
}

Test(deadlines, equal_times_come_in_the_order_of_setting) {
    for (int i = 0; i < 20; i++) {
        set(i * 7 % 20, 5);
    }
    set(7, 5); /* set again: it is now the last */
    cr_assert_eq(pop(5), 0);
    for (int i = 2; i < 20; i++) {
        cr_assert_eq(pop(5), i * 7 % 20);
    }
    cr_assert_eq(pop(5), 7);
    cr_assert_eq(pop(5), -1);
}

Test(deadlines, can_be_moved_both_ways_and_cleared) {
    set(0, 10);
    set(1, 20);
    set(2, 30);
    set(2, 5);
    cr_assert_eq(deadlines_least(&deadlines), 5);
    set(2, 25);
    cr_assert_eq(deadlines_least(&deadlines), 10);
    set(0, TIME_NEVER);
    cr_assert_eq(things[0].deadline.slot, 0);
    cr_assert_eq(deadlines_least(&deadlines), 20);
    deadlines_clear(&deadlines, &things[1].deadline);
    deadlines_clear(&deadlines, &things[1].deadline);
    cr_assert_eq(pop(100), 2);
    cr_assert_eq(pop(100), -1);
}

/* 15, 16 and 17 lie around the first growth. */
Test(deadlines, are_full_at_their_maximum_and_not_before) {
    size_t maxima[] = {1, 15, 16, 17};
    for (int m = 0; m < 4; m++) {
        struct deadlines few;
        deadlines_init(&few, maxima[m]);
        setup();
        for (size_t i = 0; i < maxima[m]; i++) {
            cr_assert_eq(deadlines_set(&few, &things[i].deadline, 10 + i), MESH_OK);
        }
        cr_assert_eq(deadlines_set(&few, &things[COUNT - 1].deadline, 1), MESH_FULL);
        cr_assert_eq(things[COUNT - 1].deadline.slot, 0);
        cr_assert_eq(deadlines_least(&few), 10);
        cr_assert_eq(deadlines_set(&few, &things[0].deadline, 3), MESH_OK, "a move needs no room");
        cr_assert_eq(deadlines_set(&few, &things[COUNT - 1].deadline, TIME_NEVER), MESH_OK, "nor does never");
        deadlines_clear(&few, &things[0].deadline);
        cr_assert_eq(deadlines_set(&few, &things[COUNT - 1].deadline, 1), MESH_OK);
        deadlines_fini(&few);
        deadlines_fini(&few);
    }
}

Test(deadlines, have_the_room_that_was_reserved_and_no_more_than_their_maximum) {
    cr_assert_eq(deadlines_reserve(&deadlines, COUNT + 1), MESH_FULL);
    cr_assert_eq(deadlines_reserve(&deadlines, COUNT), MESH_OK);
    struct deadline **heap = deadlines.heap;
    cr_assert_eq(deadlines_reserve(&deadlines, 1), MESH_OK);
    for (int i = 0; i < COUNT; i++) {
        set(i, 10);
    }
    cr_assert_eq(deadlines.heap, heap, "nothing was allocated any more");
}

Test(deadlines, no_maximum_is_a_mistake, .signal = SIGABRT) {
    deadlines_init(&deadlines, 0);
}

/* Against a search of all, in which equal times are frequent. */
Test(deadlines, do_as_a_search_does) {
    struct prng prng;
    prng_init(&prng, 2);
    uint64_t at[COUNT], order[COUNT] = {0}, next = 0, now = 0;
    memset(at, 0xff, sizeof at);
    for (int step = 0; step < 20000; step++) {
        int number = (int)prng_below(&prng, COUNT);
        uint64_t what = prng_below(&prng, 10);
        if (what < 6) {
            at[number] = now + prng_below(&prng, 30);
            order[number] = next++;
            set(number, at[number]);
        } else if (what < 7) {
            at[number] = TIME_NEVER;
            deadlines_clear(&deadlines, &things[number].deadline);
        } else {
            now += prng_below(&prng, 4);
            int least = -1;
            for (int i = 0; i < COUNT; i++) {
                bool before = least < 0 || at[i] < at[least] || (at[i] == at[least] && order[i] < order[least]);
                if (at[i] <= now && before) {
                    least = i;
                }
            }
            cr_assert_eq(pop(now), least);
            if (least >= 0) {
                at[least] = TIME_NEVER;
            }
        }
        for (size_t i = 0; i < deadlines.size; i++) {
            cr_assert_eq(deadlines.heap[i]->slot, i + 1);
        }
    }
}
