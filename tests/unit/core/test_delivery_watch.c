/* Delivery: who waits for an answer is told of the end of its target (D11).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/unit/core/pair.h"

TestSuite(delivery_watch, .init = pair_setup, .fini = pair_teardown);

static void watch(uint64_t until_ns) {
    cr_assert_eq(delivery_watch(sides[A], alice, bob, until_ns), MESH_OK);
}

/* Bob has handled all that alice has sent, and she waits for an answer. */
static void wait_for_bob(uint64_t until_ns) {
    tell(bob, "one");
    watch(until_ns);
    resolve_all();
    carry_all();
    expect_handled(bob, "one");
    carry_all();
    expect_settled("one", FRAME_HANDLED, FRAME_NO_REASON, false);
    expect_nothing_settled();
}

static void bob_ends(void) {
    (void)STEP(B, CLOSE, .address = bob, .reason = FRAME_EXITED);
    (void)STEP(B, FORGET, .address = bob);
    carry_all();
}

static void bob_is_gone(enum frame_reason reason, const char *text) {
    struct delivery_gone gone = {.reason = reason, .text = bytes_of_text(text), .sender = alice};
    (void)STEP(A, PEER_LOST, .peer = process_of(B));
    (void)STEP(A, GONE, .address = bob, .gone = &gone);
}

static void expect_end(enum frame_reason reason, const char *text) {
    struct message *end = delivery_settled(sides[A]);
    cr_assert_not_null(end);
    cr_assert_eq(end->kind, FRAME_SKIP);
    cr_assert(mesh_address_equal(end->sender, alice) && mesh_address_equal(end->target, bob));
    cr_assert_eq(end->outcome, FRAME_DIED);
    cr_assert_eq(end->reason, reason);
    cr_assert(end->maybe_handled);
    cr_assert(bytes_equal(end->text, bytes_of_text(text)));
    message_release(end);
}

Test(delivery_watch, D11_the_end_of_a_target_that_has_handled_all_is_told_once) {
    wait_for_bob(TIME_NEVER);
    bob_ends();
    expect_end(FRAME_EXITED, "");
    (void)STEP(B, LINK_UP, .peer = process_of(A));
    carry_all();
    expect_nothing_settled();
}

/* Until what it had sent is received, its answer may be on the way. */
Test(delivery_watch, D11_a_target_that_is_closed_has_not_ended) {
    wait_for_bob(TIME_NEVER);
    (void)STEP(B, CLOSE, .address = bob, .reason = FRAME_EXITED);
    carry_all();
    expect_nothing_settled();
    (void)STEP(B, FORGET, .address = bob);
    carry_all();
    expect_end(FRAME_EXITED, "");
}

Test(delivery_watch, D11_the_end_of_a_lost_target_is_told_with_its_cause) {
    wait_for_bob(TIME_NEVER);
    bob_is_gone(FRAME_EXITED, "killed by SIGKILL");
    expect_end(FRAME_EXITED, "killed by SIGKILL");
    expect_nothing_settled();
}

/* Its process has said that it ends, and who is asked does not know of that yet: only by a connection is it found again. */
Test(delivery_watch, D11_a_target_that_is_said_to_live_in_a_lost_process_is_looked_for_there) {
    struct delivery_action action;
    wait_for_bob(TIME_NEVER);
    (void)STEP(A, PEER_LOST, .peer = process_of(B));
    cr_assert(wants(A, DELIVERY_RESOLVE, &action));
    (void)STEP(A, RESOLVED, .address = bob, .peer = process_of(B));
    cr_assert(wants(A, DELIVERY_FLUSH, &action));
    bob_is_gone(FRAME_EXITED, "it has exited");
    expect_end(FRAME_EXITED, "it has exited");
}

/* An ack that told of the end may be lost with its connection. */
Test(delivery_watch, D11_who_waits_long_asks_whether_the_target_is_still_there) {
    struct delivery_action action;
    wait_for_bob(TIME_NEVER);
    tick(A);
    now_ns += limits.overdue_max_ns;
    tick(A);
    cr_assert(wants(A, DELIVERY_FLUSH, &action));
}

Test(delivery_watch, D11_what_is_open_is_settled_before_the_end_is_told) {
    wait_for_bob(TIME_NEVER);
    tell(bob, "two");
    bob_is_gone(FRAME_NODE_LOST, "its node was lost");
    expect_settled("two", FRAME_DIED, FRAME_NODE_LOST, false);
    expect_end(FRAME_NODE_LOST, "its node was lost");
}

Test(delivery_watch, D11_the_end_of_one_that_has_passed_on_an_ask_is_not_told) {
    tell(bob, "one");
    watch(TIME_NEVER);
    resolve_all();
    carry_all();
    (void)STEP(B, PASSED_ON, .address = bob);
    expect_handled(bob, "one");
    carry_all();
    expect_settled("one", FRAME_HANDLED, FRAME_NO_REASON, false);
    watch(TIME_NEVER); /* as an ask that is resumed */
    bob_is_gone(FRAME_EXITED, "killed by SIGKILL");
    expect_nothing_settled();
}

Test(delivery_watch, D11_that_it_has_passed_on_an_ask_later_is_told_at_once) {
    wait_for_bob(TIME_NEVER);
    (void)STEP(B, PASSED_ON, .address = bob);
    carry_all();
    bob_is_gone(FRAME_EXITED, "killed by SIGKILL");
    expect_nothing_settled();
}

Test(delivery_watch, D11_nor_is_its_end_when_it_ends_in_good_order) {
    wait_for_bob(TIME_NEVER);
    (void)STEP(B, PASSED_ON, .address = bob);
    bob_ends();
    expect_nothing_settled();
}

Test(delivery_watch, D11_who_has_its_answer_is_told_nothing) {
    wait_for_bob(TIME_NEVER);
    watch(0);
    bob_ends();
    expect_nothing_settled();
}

Test(delivery_watch, D11_a_watched_stream_is_not_closed_before_its_time) {
    wait_for_bob(now_ns + 100 * NS_PER_S);
    now_ns += 99 * NS_PER_S;
    tick(A);
    carry_all();
    cr_assert_eq(delivery_census(sides[B]).streams_in, 1);
    now_ns += 2 * limits.stream_idle_ns;
    tick(A);
    carry_all();
    cr_assert_eq(delivery_census(sides[B]).streams_in, 0);
}

Test(delivery_watch, D11_of_two_times_the_later_one_counts) {
    wait_for_bob(now_ns + 100 * NS_PER_S);
    watch(now_ns + NS_PER_S);
    now_ns += 99 * NS_PER_S;
    tick(A);
    carry_all();
    bob_ends();
    expect_end(FRAME_EXITED, "");
}

Test(delivery_watch, D11_who_is_forgotten_watches_nobody) {
    wait_for_bob(TIME_NEVER);
    (void)STEP(A, CLOSE, .address = alice, .reason = FRAME_EXITED);
    (void)STEP(A, FORGET, .address = alice);
    cr_assert_eq(delivery_watch(sides[A], alice, bob, TIME_NEVER), MESH_NOT_FOUND);
    bob_ends();
    expect_nothing_settled();
}

Test(delivery_watch, D11_nobody_is_watched_to_whom_nothing_was_sent) {
    cr_assert_eq(delivery_watch(sides[A], alice, carol, TIME_NEVER), MESH_NOT_FOUND);
}
