/* Timers, at both sides of each deadline.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/timers.h"
#include <criterion/criterion.h>
#include <stdlib.h>

static struct timers timers;
static const struct mesh_address alice = {1, 1}, bob = {1, 2};

static void setup(void) {
    timers_init(&timers, 3, 1);
}

static void teardown(void) {
    timers_fini(&timers);
}

TestSuite(timers, .init = setup, .fini = teardown);

static uint64_t set(struct mesh_address owner, uint64_t now_ms, uint64_t delay_ms, const char *payload) {
    uint64_t id = 0;
    cr_assert_eq(timers_set(&timers, now_ms * NS_PER_MS, owner, delay_ms, bytes_of_text(payload), &id), MESH_OK);
    cr_assert_neq(id, 0);
    return id;
}

static void expect_due(uint64_t now_ns, uint64_t id) {
    struct timer *timer = timers_pop(&timers, now_ns);
    cr_assert_not_null(timer);
    cr_assert_eq(timer->id, id);
    free(timer);
}

Test(timers, F1_it_comes_due_not_before_its_delay_is_over) {
    uint64_t id = set(alice, 10, 5, "tea");
    cr_assert_eq(timers_deadline(&timers), 15 * NS_PER_MS);
    cr_assert_null(timers_pop(&timers, 15 * NS_PER_MS - 1));
    struct timer *timer = timers_pop(&timers, 15 * NS_PER_MS);
    cr_assert_not_null(timer);
    cr_assert_eq(timer->id, id);
    cr_assert_eq(timer->delay_ms, 5);
    cr_assert(mesh_address_equal(timer->owner, alice));
    cr_assert(bytes_equal(timer->payload, bytes_of_text("tea")));
    free(timer);
    cr_assert_null(timers_pop(&timers, TIME_NEVER));
    cr_assert_eq(timers_deadline(&timers), TIME_NEVER);
}

Test(timers, F1_several_come_in_the_order_of_their_times) {
    uint64_t late = set(alice, 0, 9, ""), early = set(alice, 0, 1, ""), same = set(bob, 8, 1, "");
    cr_assert_eq(timers_count(&timers, alice), 2);
    expect_due(NS_PER_S, early);
    expect_due(NS_PER_S, late);
    expect_due(NS_PER_S, same);
    cr_assert_eq(timers_count(&timers, alice), 0);
}

Test(timers, A2_nobody_cancels_the_timer_of_another) {
    uint64_t id = set(alice, 0, 5, "");
    cr_assert_eq(timers_cancel(&timers, bob, id), MESH_NOT_FOUND);
    expect_due(NS_PER_S, id);
}

Test(timers, F1_a_cancelled_one_never_comes) {
    uint64_t id = set(alice, 0, 5, "");
    cr_assert_eq(timers_cancel(&timers, bob, id), MESH_NOT_FOUND);
    cr_assert_eq(timers_cancel(&timers, alice, id), MESH_OK);
    cr_assert_eq(timers_cancel(&timers, alice, id), MESH_NOT_FOUND);
    cr_assert_null(timers_pop(&timers, TIME_NEVER));
    id = set(alice, 0, 5, "");
    expect_due(NS_PER_S, id);
    cr_assert_eq(timers_cancel(&timers, alice, id), MESH_NOT_FOUND);
}

Test(timers, F1_they_go_with_their_owner) {
    (void)set(alice, 0, 1, "");
    (void)set(alice, 0, 2, "");
    uint64_t of_bob = set(bob, 0, 3, "");
    timers_drop(&timers, alice);
    timers_drop(&timers, alice);
    expect_due(NS_PER_S, of_bob);
    cr_assert_null(timers_pop(&timers, TIME_NEVER));
}

Test(timers, D10_they_are_limited) {
    uint64_t id = 0;
    for (int i = 0; i < 3; i++) {
        (void)set(alice, 0, 1, "");
    }
    cr_assert_eq(timers_set(&timers, 0, bob, 1, bytes_of_text(""), &id), MESH_FULL);
    cr_assert_eq(id, 0);
    cr_assert_eq(timers_count(&timers, bob), 0);
    cr_assert_eq(timers_count(&timers, alice), 3);
}

Test(timers, F1_an_endless_delay_can_be_cancelled) {
    uint64_t id = set(alice, 0, UINT64_MAX, "");
    cr_assert_eq(timers_deadline(&timers), TIME_NEVER);
    cr_assert_eq(timers_cancel(&timers, alice, id), MESH_OK);
}
