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

Test(delivery, D3_a_new_link_resumes_at_once_not_when_it_is_overdue) {
    tell(bob, "one");
    resolve_all();
    lose_all(A);
    (void)STEP(A, LINK_DOWN, .peer = process_of(B));
    (void)STEP(A, LINK_UP, .peer = process_of(B));
    carry_all();
    expect_handled(bob, "one");
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

Test(delivery, D5_what_comes_too_early_is_not_taken) {
    tell(bob, "one");
    resolve_all();
    lose_all(A);
    tell(bob, "two");
    carry(A, false);
    cr_assert_null(delivery_take(sides[B], now_ns, bob));
    carry_all();
    expect_handled(bob, "one");
    expect_handled(bob, "two");
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

Test(delivery, D14_what_was_sent_but_not_received_keeps_a_closed_sender) {
    struct delivery_action action;
    tell(bob, "one");
    resolve_all();
    (void)STEP(A, CLOSE, .address = alice, .reason = FRAME_EXITED);
    lose_all(A);
    cr_assert_not(wants(A, DELIVERY_DRAINED, &action));
    (void)STEP(A, LINK_DOWN, .peer = process_of(B));
    (void)STEP(A, LINK_UP, .peer = process_of(B));
    carry_all();
    cr_assert(wants(A, DELIVERY_DRAINED, &action));
}

Test(delivery, D4_an_epoch_that_was_closed_is_never_handled_again) {
    struct frame_batch old;
    tell(bob, "one");
    resolve_all();
    cr_assert(delivery_pull(sides[A], now_ns, process_of(B), &old));
    struct frame_run run = old.runs[0];
    struct bytes payload = bytes_of_text("one");
    run.payloads = &payload;
    run.type = bytes_of_text("text");
    old = (struct frame_batch){.runs_count = 1, .runs = &run};
    cr_assert_eq(STEP(B, FRAME, .peer = process_of(A), .batch = &old), MESH_OK);
    expect_handled(bob, "one");
    carry_all();
    now_ns += limits.stream_idle_ns;
    tick(A);
    carry_all();
    cr_assert_eq(STEP(B, FRAME, .peer = process_of(A), .batch = &old), MESH_OK);
    cr_assert_null(delivery_take(sides[B], now_ns, bob));
    carry_all();
    tell(bob, "two"); /* and a new life of the stream begins */
    resolve_all();
    carry_all();
    expect_handled(bob, "two");
}

Test(delivery, D7_the_window_has_a_limit_and_says_when_there_is_room) {
    struct delivery_action action;
    pair_teardown();
    limits.window_messages = 10;
    limits.room_percent = 50;
    pair_start();
    for (int i = 0; i < 10; i++) {
        tell(bob, "x");
    }
    cr_assert_eq(try_send(bob, "x"), MESH_WOULD_BLOCK);
    resolve_all();
    carry_all();
    for (int i = 0; i < 4; i++) {
        expect_handled(bob, "x");
    }
    carry_all();
    cr_assert_not(wants(A, DELIVERY_ROOM, &action));
    expect_handled(bob, "x");
    carry_all();
    cr_assert(wants(A, DELIVERY_ROOM, &action));
    cr_assert(mesh_address_equal(action.address, alice));
}

Test(delivery, D7_a_message_above_the_byte_limit_goes_alone) {
    static char text[2000];
    memset(text, 'x', sizeof text - 1);
    pair_teardown();
    limits.window_bytes = 1000;
    pair_start();
    tell(bob, text);
    cr_assert_eq(try_send(bob, "x"), MESH_WOULD_BLOCK);
}

Test(delivery, D8_unsent_it_expires_at_its_deadline) {
    struct message *message = make(bob, "one");
    message->deadline_ns = now_ns + NS_PER_S;
    cr_assert_eq(delivery_submit(sides[A], now_ns, message), MESH_OK);
    uint64_t due_ns = message->deadline_ns;
    cr_assert_geq(due_ns, now_ns + NS_PER_S);
    now_ns = due_ns - 1;
    tick(A);
    expect_nothing_settled();
    now_ns = due_ns;
    tick(A);
    expect_settled("one", FRAME_DIED, FRAME_EXPIRED, false);
}

Test(delivery, A1_there_is_no_second_message_while_one_is_in_hand) {
    tell(bob, "one");
    tell(bob, "two");
    resolve_all();
    carry_all();
    struct message *message = delivery_take(sides[B], now_ns, bob);
    cr_assert_not_null(message);
    cr_assert_null(delivery_take(sides[B], now_ns, bob));
    cr_assert_eq(STEP(B, VERDICT, .address = bob, .outcome = FRAME_HANDLED), MESH_OK);
    cr_assert_not_null(delivery_take(sides[B], now_ns, bob));
    cr_assert_eq(STEP(B, VERDICT, .address = bob, .outcome = FRAME_HANDLED), MESH_OK);
    carry_all();
    expect_settled("one", FRAME_HANDLED, FRAME_NO_REASON, false);
    expect_settled("two", FRAME_HANDLED, FRAME_NO_REASON, false);
}

Test(delivery, D8_the_receiver_drops_what_has_not_begun) {
    struct message *message = make(bob, "one");
    message->deadline_ns = now_ns + NS_PER_S;
    cr_assert_eq(delivery_submit(sides[A], now_ns, message), MESH_OK);
    resolve_all();
    carry_all();
    now_ns = delivery_deadline(sides[B]);
    tick(A);
    expect_nothing_settled(); /* the link lives: the receiver's word decides */
    tick(B);
    cr_assert_null(delivery_take(sides[B], now_ns, bob));
    carry_all();
    expect_settled("one", FRAME_DIED, FRAME_EXPIRED, false);
}

Test(delivery, D8_sent_it_expires_when_the_link_is_down) {
    struct message *message = make(bob, "one");
    message->deadline_ns = now_ns + NS_PER_S;
    cr_assert_eq(delivery_submit(sides[A], now_ns, message), MESH_OK);
    resolve_all();
    lose_all(A);
    (void)STEP(A, LINK_DOWN, .peer = process_of(B));
    now_ns += 2 * NS_PER_S;
    tick(A);
    expect_settled("one", FRAME_DIED, FRAME_EXPIRED, true);
    tell(bob, "two");
    (void)STEP(A, LINK_UP, .peer = process_of(B));
    carry_all();
    expect_handled(bob, "two");
}

Test(delivery, D1_the_floors_of_a_crash_settle_what_they_tell) {
    for (const char *const *text = (const char *const[]){"one", "two", "three", NULL}; *text; text++) {
        tell(bob, *text);
    }
    resolve_all();
    carry_all();
    struct delivery_gone gone = {
        .reason = FRAME_EXITED,
        .text = bytes_of_text("killed by SIGSEGV"),
        .sender = alice,
        .floors_known = true,
        .epoch = 1,
        .handled = 1,
        .in_hand = 2,
    };
    cr_assert_eq(STEP(A, GONE, .address = bob, .gone = &gone), MESH_OK);
    expect_settled("one", FRAME_HANDLED, FRAME_NO_REASON, false);
    expect_settled("two", FRAME_RETURNED, FRAME_EXITED, false); /* E3 */
    expect_settled("three", FRAME_DIED, FRAME_EXITED, false);
}

Test(delivery, D1_without_floors_what_was_sent_may_have_been_handled) {
    tell(bob, "one");
    resolve_all();
    carry_all();
    (void)STEP(A, LINK_DOWN, .peer = process_of(B));
    tell(bob, "two");
    struct delivery_gone gone = {.reason = FRAME_NODE_LOST};
    cr_assert_eq(STEP(A, GONE, .address = bob, .gone = &gone), MESH_OK);
    expect_settled("one", FRAME_DIED, FRAME_NODE_LOST, true);
    expect_settled("two", FRAME_DIED, FRAME_NODE_LOST, false);
    (void)STEP(A, GONE, .address = bob, .gone = &gone);
    expect_nothing_settled();
}

/* No admin knows of it: whoever sends to it is told by the process that minted it. */
Test(delivery, A4_a_light_actor_that_is_gone_is_dead_to_whoever_sends) {
    struct mesh_address gone = address_make(7, 2, ADDRESS_LOCAL | 5);
    tell(gone, "one");
    tell(gone, "two");
    (void)STEP(A, RESOLVED, .address = gone, .peer = process_of(B));
    carry_all();
    expect_settled("one", FRAME_DIED, FRAME_EXITED, false);
    expect_settled("two", FRAME_DIED, FRAME_EXITED, false);
    tell(gone, "three");
    carry_all();
    expect_settled("three", FRAME_DIED, FRAME_EXITED, false);
}

Test(delivery, C5_what_is_left_in_a_mailbox_is_dead) {
    tell(bob, "one");
    tell(bob, "two");
    resolve_all();
    carry_all();
    expect_handled(bob, "one");
    (void)STEP(B, CLOSE, .address = bob, .reason = FRAME_EXITED);
    tell(bob, "three");
    carry_all();
    expect_settled("one", FRAME_HANDLED, FRAME_NO_REASON, false);
    expect_settled("two", FRAME_DIED, FRAME_EXITED, false);
    expect_settled("three", FRAME_DIED, FRAME_EXITED, false);
}

/* The credit that a new stream has is too little for it, and so is the whole mailbox. */
Test(delivery, C5_what_would_fit_into_no_mailbox_is_dead_too) {
    char large[3 * MESSAGE_OVERHEAD_BYTES];
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    pair_teardown();
    limits.first_credit_bytes = limits.mailbox_bytes = 2 * MESSAGE_OVERHEAD_BYTES;
    pair_start();
    (void)STEP(B, CLOSE, .address = bob, .reason = FRAME_EXITED);
    tell(bob, "one");
    resolve_all();
    tell(bob, large);
    carry_all();
    for (int i = 0; i < 2; i++) {
        now_ns += limits.overdue_max_ns;
        tick(A);
        carry_all();
    }
    expect_settled("one", FRAME_DIED, FRAME_EXITED, false);
    expect_settled(large, FRAME_DIED, FRAME_EXITED, false);
}

Test(delivery, C5_an_urgent_message_goes_ahead_of_the_mailbox) {
    tell(bob, "one");
    struct message *message = make(bob, "exit");
    message->kind = FRAME_EXIT_REQUEST;
    message->urgent = true;
    cr_assert_eq(delivery_submit(sides[A], now_ns, message), MESH_OK);
    resolve_all();
    carry_all();
    expect_handled(bob, "exit");
    carry_all();
    expect_settled("exit", FRAME_HANDLED, FRAME_NO_REASON, false);
    expect_nothing_settled();
    expect_handled(bob, "one");
    carry_all();
    expect_settled("one", FRAME_HANDLED, FRAME_NO_REASON, false);
}

Test(delivery, D7_a_local_target_never_makes_its_sender_wait) {
    pair_teardown();
    limits.mailbox_messages = 1;
    pair_start();
    cr_assert_eq(STEP(A, OPEN, .address = bob), MESH_OK);
    tell(bob, "one");
    cr_assert_eq(try_send(bob, "two"), MESH_WOULD_BLOCK);
    struct message *message = delivery_take(sides[A], now_ns, bob);
    cr_assert_not_null(message);
    cr_assert_null(delivery_take(sides[A], now_ns, bob)); /* A1 */
    cr_assert_eq(STEP(A, VERDICT, .address = bob, .outcome = FRAME_HANDLED), MESH_OK);
    expect_settled("one", FRAME_HANDLED, FRAME_NO_REASON, false);
}

Test(delivery, D10_an_ack_of_what_was_never_sent_is_dropped) {
    tell(bob, "one");
    resolve_all();
    lose_all(A);
    struct frame_ack ack = {.sender = alice, .target = bob, .epoch = 1, .received = 2, .handled = 2, .listed_from = 1};
    struct frame_batch batch = {.acks_count = 1, .acks = &ack};
    cr_assert_eq(STEP(A, FRAME, .peer = process_of(B), .batch = &batch), MESH_OK);
    cr_assert_eq(delivery_counters(sides[A])->dropped_bad, 1);
    ack.received = 1;
    ack.epoch = 2;
    cr_assert_eq(STEP(A, FRAME, .peer = process_of(B), .batch = &batch), MESH_OK);
    expect_nothing_settled();
}

Test(delivery, D10_a_run_without_numbers_is_dropped) {
    struct bytes payload = bytes_of_text("x");
    struct frame_run run = {
        .sender = alice, .target = bob, .epoch = 0, .first = 1, .base = 1, .count = 1, .payloads = &payload};
    struct frame_batch batch = {.runs_count = 1, .runs = &run};
    (void)STEP(B, FRAME, .peer = process_of(A), .batch = &batch);
    run.epoch = 1;
    run.base = 2;
    (void)STEP(B, FRAME, .peer = process_of(A), .batch = &batch);
    run.base = 0;
    (void)STEP(B, FRAME, .peer = process_of(A), .batch = &batch);
    cr_assert_eq(delivery_counters(sides[B])->dropped_bad, 3);
    cr_assert_null(delivery_take(sides[B], now_ns, bob));
}

/* Its first close is lost, and what was sent next never leaves: found by seed 5615 of the simulator (law 11). */
Test(delivery, D10_a_stream_that_was_used_again_while_it_closed_is_closed_after_all) {
    tell(bob, "one");
    resolve_all();
    carry_all();
    expect_handled(bob, "one");
    carry_all();
    now_ns += limits.stream_idle_ns;
    tick(A);
    lose_all(A);
    tell(bob, "two");
    (void)STEP(A, CLOSE, .address = alice, .reason = FRAME_EXITED);
    (void)STEP(A, FORGET, .address = alice);
    carry_all();
    cr_assert_eq(delivery_census(sides[B]).streams_in, 0);
    cr_assert_eq(delivery_census(sides[A]).streams_out, 0);
}

Test(delivery, D10_an_idle_stream_is_closed_and_nothing_is_left_waiting) {
    tell(bob, "one");
    resolve_all();
    carry_all();
    expect_handled(bob, "one");
    carry_all();
    while (delivery_deadline(sides[A]) != TIME_NEVER) {
        now_ns = delivery_deadline(sides[A]);
        tick(A);
        carry_all();
    }
    cr_assert_eq(delivery_deadline(sides[B]), TIME_NEVER);
    cr_assert_eq(STEP(A, RESOLVED, .address = bob, .peer = process_of(B)), MESH_NOT_FOUND);
}

Test(delivery, D10_a_close_is_repeated_seldom) {
    struct delivery_action action;
    tell(bob, "one");
    resolve_all();
    carry_all();
    expect_handled(bob, "one");
    carry_all();
    do {
        now_ns = delivery_deadline(sides[A]);
        tick(A);
    } while (!wants(A, DELIVERY_FLUSH, &action));
    lose_all(A);
    cr_assert_eq(delivery_deadline(sides[A]), now_ns + limits.overdue_max_ns);
}

Test(delivery, D6_streams_to_one_peer_take_turns_in_a_batch) {
    static char text[3000];
    memset(text, 'x', sizeof text - 1);
    for (int i = 0; i < 40; i++) {
        tell(bob, text);
    }
    tell(carol, "one");
    resolve_all();
    cr_assert(carry(A, false)); /* the first batch alone */
    expect_handled(carol, "one");
}

Test(delivery, D10_actors_are_limited) {
    pair_teardown();
    limits.actors_max = 2;
    pair_start();
    cr_assert_eq(STEP(B, OPEN, .address = alice), MESH_FULL);
    cr_assert_eq(STEP(B, OPEN, .address = bob), MESH_EXISTS);
    cr_assert_eq(STEP(B, CLOSE, .address = alice), MESH_NOT_FOUND);
    (void)STEP(B, CLOSE, .address = bob, .reason = FRAME_EXITED);
    cr_assert_eq(STEP(B, OPEN, .address = alice), MESH_FULL);
    cr_assert_eq(STEP(B, FORGET, .address = bob), MESH_OK);
    cr_assert_eq(STEP(B, OPEN, .address = alice), MESH_OK);
}

Test(delivery, D10_streams_are_limited) {
    pair_teardown();
    limits.streams_max = 1;
    pair_start();
    cr_assert_eq(try_send(bob, "x"), MESH_OK);
    cr_assert_eq(try_send(carol, "x"), MESH_FULL);
    cr_assert_eq(try_send(bob, "x"), MESH_OK);
}

Test(delivery, D10_peers_are_limited_and_a_lost_one_gives_its_place) {
    pair_teardown();
    limits.peers_max = 1;
    pair_start();
    tell(bob, "x");
    tell(carol, "x");
    cr_assert_eq(STEP(A, RESOLVED, .address = bob, .peer = 5), MESH_OK);
    cr_assert_eq(STEP(A, RESOLVED, .address = carol, .peer = 6), MESH_FULL);
    (void)STEP(A, PEER_LOST, .peer = 5);
    cr_assert_eq(STEP(A, RESOLVED, .address = carol, .peer = 6), MESH_OK);
}

Test(delivery, D10_of_a_lost_peer_stays_no_more_than_that_it_was_lost) {
    tell(bob, "x");
    resolve_all();
    carry_all();
    (void)STEP(B, PEER_LOST, .peer = process_of(A));
    cr_assert_eq(delivery_census(sides[B]).peers, 0);
}

Test(delivery, E5_what_cannot_be_sent_stays_the_callers) {
    cr_assert_eq(try_send((struct mesh_address){0}, "x"), MESH_INVALID_ADDRESS);
    struct message *message = make(bob, "x");
    message->sender = bob;
    cr_assert_eq(delivery_submit(sides[A], now_ns, message), MESH_NOT_FOUND);
    message_release(message);
    cr_assert_eq(delivery_counters(sides[A])->accepted, 0);
}

Test(delivery, D2_acks_alone_wait_for_company) {
    struct delivery_action action;
    tell(bob, "one");
    resolve_all();
    cr_assert(carry(A, false));
    cr_assert(wants(B, DELIVERY_FLUSH, &action));
    cr_assert(action.lazy);
    expect_handled(bob, "one");
    cr_assert_not(wants(B, DELIVERY_FLUSH, &action)); /* it was said */
    while (carry(B, false)) {
    }
    expect_settled("one", FRAME_HANDLED, FRAME_NO_REASON, false);
}

/* ---- the status ---- */

Test(delivery, K1_what_an_actor_sent_is_counted_with_its_fate) {
    struct delivery_traffic traffic;
    tell(bob, "one");
    tell(bob, "two");
    tell(carol, "three");
    resolve_all();
    carry_all();
    cr_assert(delivery_traffic(sides[B], bob, &traffic));
    cr_assert_eq(traffic.streams_in, 1);
    cr_assert_eq(traffic.streams_out, 0);
    expect_handled(bob, "one");
    cr_assert_not_null(delivery_take(sides[B], now_ns, bob));
    cr_assert_eq(STEP(B, VERDICT, .address = bob, .outcome = FRAME_RETURNED), MESH_OK);
    cr_assert_eq(STEP(B, CLOSE, .address = carol, .reason = FRAME_EXITED), MESH_OK);
    carry_all();
    for (struct message *message; (message = delivery_settled(sides[A]));) {
        message_release(message);
    }
    struct delivery_load load;
    cr_assert(delivery_load(sides[A], alice, &load));
    cr_assert_eq(load.sent, 3);
    cr_assert_eq(load.returned, 1);
    cr_assert_eq(load.dead, 1);
    cr_assert(delivery_traffic(sides[A], alice, &traffic));
    cr_assert_geq(traffic.streams_out, 1);
    cr_assert_not(delivery_traffic(sides[A], bob, &traffic), "it is not here");
}
