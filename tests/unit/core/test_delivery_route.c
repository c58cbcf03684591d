/* Delivery: when it asks where a target lives, and when it need not.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/unit/core/pair.h"

TestSuite(delivery_route, .init = pair_setup, .fini = pair_teardown);

/* A node that fell silent refuses no connection: only by asking is it found that its end was decided. */
Test(delivery_route, D1_a_target_whose_link_stays_down_is_asked_for) {
    struct delivery_action action;
    tell(bob, "one");
    resolve_all();
    carry_all();
    (void)STEP(A, LINK_DOWN, .peer = process_of(B));
    (void)wants(A, DELIVERY_RESOLVE, &action);
    now_ns += limits.overdue_max_ns - 1;
    (void)STEP(A, TICK, .peer = 0);
    cr_assert_not(wants(A, DELIVERY_RESOLVE, &action));
    now_ns += 1;
    (void)STEP(A, TICK, .peer = 0);
    cr_assert(wants(A, DELIVERY_RESOLVE, &action));
    cr_assert(mesh_address_equal(action.address, bob) && mesh_address_equal(action.sender, alice));
    resolve_all();
    now_ns += limits.overdue_max_ns;
    (void)STEP(A, TICK, .peer = 0);
    cr_assert(wants(A, DELIVERY_RESOLVE, &action));
    struct delivery_gone gone = {.reason = FRAME_NODE_LOST, .sender = alice};
    (void)STEP(A, GONE, .address = bob, .gone = &gone);
    expect_settled("one", FRAME_DIED, FRAME_NODE_LOST, true);
    cr_assert_eq(delivery_counters(sides[A])->in_flight, 0);
}

/* Where it was asked there was no room for the question, or no memory. */
Test(delivery_route, D1_a_question_that_is_not_answered_is_asked_again) {
    struct delivery_action action;
    tell(bob, "one");
    (void)wants(A, DELIVERY_RESOLVE, &action);
    cr_assert_leq(delivery_deadline(sides[A]), now_ns + limits.overdue_max_ns);
    for (int i = 0; i < 2; i++) {
        now_ns += limits.overdue_max_ns - 1;
        tick(A);
        cr_assert_not(wants(A, DELIVERY_RESOLVE, &action));
        now_ns += 1;
        tick(A);
        cr_assert(wants(A, DELIVERY_RESOLVE, &action));
        cr_assert(mesh_address_equal(action.address, bob) && mesh_address_equal(action.sender, alice));
    }
    (void)STEP(A, RESOLVED, .address = bob, .peer = process_of(B));
    carry_all();
    expect_handled(bob, "one");
}

/* The process behind the route cannot be connected to, and nobody says so. */
Test(delivery_route, D1_a_target_to_which_nothing_goes_out_is_asked_for) {
    struct delivery_action action;
    tell(bob, "one");
    (void)STEP(A, RESOLVED, .address = bob, .peer = process_of(B));
    while (delivery_poll(sides[A], &action)) {
    }
    for (int i = 0; i < 2; i++) {
        cr_assert_leq(delivery_deadline(sides[A]), now_ns + limits.overdue_max_ns);
        now_ns = delivery_deadline(sides[A]);
        tick(A);
    }
    cr_assert(wants(A, DELIVERY_RESOLVE, &action));
    struct delivery_gone gone = {.reason = FRAME_EXITED, .sender = alice};
    (void)STEP(A, GONE, .address = bob, .gone = &gone);
    expect_settled("one", FRAME_DIED, FRAME_EXITED, false);
}

static void tell_alice(const char *text) {
    struct message *message = make(alice, text);
    message->sender = bob;
    cr_assert_eq(delivery_submit(sides[B], now_ns, message), MESH_OK);
}

Test(delivery_route, B2_who_has_just_called_is_answered_without_a_question) {
    struct delivery_action action;
    tell(bob, "one");
    resolve_all();
    carry_all();
    expect_handled(bob, "one");
    tell_alice("two");
    cr_assert_not(wants(B, DELIVERY_RESOLVE, &action));
    carry_all();
    struct message *message = delivery_take(sides[A], now_ns, alice);
    cr_assert_not_null(message);
    cr_assert(bytes_equal(message->payload, bytes_of_text("two")));
}

Test(delivery_route, B2_who_has_called_over_a_link_that_is_down_is_asked_for) {
    struct delivery_action action;
    tell(bob, "one");
    resolve_all();
    carry_all();
    expect_handled(bob, "one");
    (void)STEP(B, LINK_DOWN, .peer = process_of(A));
    tell_alice("two");
    cr_assert(wants(B, DELIVERY_RESOLVE, &action));
    cr_assert(mesh_address_equal(action.address, alice) && mesh_address_equal(action.sender, bob));
}

Test(delivery_route, D14_who_is_lost_is_asked_for_only_while_something_is_open) {
    struct delivery_action action;
    tell(bob, "one");
    resolve_all();
    carry_all();
    expect_handled(bob, "one");
    carry_all();
    expect_settled("one", FRAME_HANDLED, FRAME_NO_REASON, false);
    (void)STEP(A, PEER_LOST, .peer = process_of(B));
    cr_assert_not(wants(A, DELIVERY_RESOLVE, &action));
    cr_assert_eq(delivery_census(sides[A]).streams_out, 0);
    tell(bob, "two");
    cr_assert(wants(A, DELIVERY_RESOLVE, &action));
    cr_assert(mesh_address_equal(action.address, bob) && mesh_address_equal(action.sender, alice));
}
