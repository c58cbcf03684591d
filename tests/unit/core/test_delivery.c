/* Delivery between two processes, rule by rule.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/unit/core/pair.h"

TestSuite(delivery, .init = pair_setup, .fini = pair_teardown);

Test(delivery, D1_a_message_is_settled_once_when_handled) {
    tell(bob, "one");
    resolve_all();
    carry_all();
    expect_nothing_settled(); /* D2: received is not handled */
    expect_handled(bob, "one");
    carry_all();
    expect_settled("one", FRAME_HANDLED, FRAME_NO_REASON, false);
    expect_nothing_settled();
    cr_assert_eq(delivery_counters(sides[A])->in_flight, 0);
}

Test(delivery, D1_a_failed_one_is_returned_with_its_text) {
    tell(bob, "one");
    tell(bob, "two");
    resolve_all();
    carry_all();
    cr_assert_not_null(delivery_take(sides[B], now_ns, bob));
    cr_assert_eq(STEP(B, VERDICT, .address = bob, .outcome = FRAME_RETURNED, .text = bytes_of_text("why")), MESH_OK);
    expect_handled(bob, "two");
    carry_all();
    struct message *message = delivery_settled(sides[A]);
    cr_assert_eq(message->outcome, FRAME_RETURNED);
    cr_assert(bytes_equal(message->text, bytes_of_text("why")));
    message_release(message);
    expect_settled("two", FRAME_HANDLED, FRAME_NO_REASON, false);
}

Test(delivery, D3_what_a_broken_link_lost_is_sent_again) {
    tell(bob, "one");
    resolve_all();
    lose_all(A);
    tell(bob, "two");
    (void)STEP(A, LINK_DOWN, .peer = process_of(B));
    cr_assert_not(carry(A, false));
    (void)STEP(A, LINK_UP, .peer = process_of(B));
    carry_all();
    expect_handled(bob, "one");
    expect_handled(bob, "two");
    carry_all();
    expect_settled("one", FRAME_HANDLED, FRAME_NO_REASON, false);
    expect_settled("two", FRAME_HANDLED, FRAME_NO_REASON, false);
}

Test(delivery, D3_a_lost_frame_is_found_by_the_gap_it_left) {
    resolve_all();
    tell(bob, "one");
    resolve_all();
    lose_all(A);
    tell(bob, "two");
    carry_all();
    expect_handled(bob, "one");
    expect_handled(bob, "two");
    cr_assert_eq(delivery_counters(sides[B])->dropped_gap, 1);
    cr_assert_eq(delivery_counters(sides[A])->sent_again, 2);
}

Test(delivery, D3_a_silence_is_probed_not_before_it_is_overdue) {
    struct delivery_action action;
    tell(bob, "one");
    resolve_all();
    lose_all(A);
    uint64_t due_ns = delivery_deadline(sides[A]);
    cr_assert_eq(due_ns, now_ns + limits.overdue_ns);
    now_ns = due_ns - 1;
    tick(A);
    cr_assert_not(wants(A, DELIVERY_CHECK, &action));
    now_ns = due_ns;
    tick(A);
    cr_assert(wants(A, DELIVERY_CHECK, &action));
    cr_assert_eq(action.peer, process_of(B));
    carry_all();
    expect_handled(bob, "one");
}

Test(delivery, D3_a_lost_ack_is_asked_for) {
    tell(bob, "one");
    resolve_all();
    carry_all();
    expect_handled(bob, "one");
    lose_all(B);
    now_ns += limits.overdue_max_ns;
    tick(A);
    carry_all();
    expect_settled("one", FRAME_HANDLED, FRAME_NO_REASON, false);
}

Test(delivery, D4_duplicate_is_acked_not_handled) {
    tell(bob, "one");
    resolve_all();
    carry(A, false);
    lose_all(B);
    (void)STEP(A, LINK_DOWN, .peer = process_of(B));
    (void)STEP(A, LINK_UP, .peer = process_of(B));
    carry_all();
    cr_assert_eq(delivery_counters(sides[B])->duplicates, 1);
    expect_handled(bob, "one");
    cr_assert_null(delivery_take(sides[B], now_ns, bob));
    carry_all();
    expect_settled("one", FRAME_HANDLED, FRAME_NO_REASON, false);
}

Test(delivery, D5_what_waits_for_a_route_keeps_its_order) {
    tell(bob, "one");
    tell(bob, "two");
    carry_all();
    resolve_all();
    tell(bob, "three");
    carry_all();
    expect_handled(bob, "one");
    expect_handled(bob, "two");
    expect_handled(bob, "three");
}

Test(delivery, D6_a_stopped_target_does_not_delay_another) {
    for (int i = 0; i < 200; i++) {
        tell(bob, "stuck");
    }
    tell(carol, "one");
    resolve_all();
    carry_all();
    expect_handled(carol, "one");
}

Test(delivery, D14_a_closed_sender_is_drained_when_all_is_received) {
    struct delivery_action action;
    tell(bob, "one");
    resolve_all();
    (void)STEP(A, CLOSE, .address = alice, .reason = FRAME_EXITED);
    cr_assert_not(wants(A, DELIVERY_DRAINED, &action));
    carry_all();
    cr_assert(wants(A, DELIVERY_DRAINED, &action));
    cr_assert_eq(STEP(A, FORGET, .address = alice), MESH_OK);
    cr_assert_eq(delivery_counters(sides[A])->abandoned, 1);
    carry_all();
    expect_handled(bob, "one");
    carry_all();
}
