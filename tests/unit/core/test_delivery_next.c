/* Handling one message right after another: what a verdict and a take do, at once, and just the same.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/unit/core/pair.h"
#include <stdio.h>

enum { RUN = 10 };

static void setup(void) {
    limits = delivery_limits_default;
    limits.run_min = 1;
    pair_start();
}

TestSuite(next, .init = setup, .fini = pair_teardown);

/* The messages 1 to RUN, of one byte each, in bob's mailbox: all but the first in one run. */
static void deliver(uint64_t deadline_ns) {
    for (size_t number = 1; number <= RUN; number++) {
        uint8_t i = (uint8_t)number;
        struct message draft = {.count = 1,
                                .sender = alice,
                                .target = bob,
                                .deadline_ns = deadline_ns,
                                .type = bytes_of_text("number"),
                                .payload = bytes_make(&i, 1)};
        cr_assert_eq(delivery_post(sides[A], now_ns, &draft), MESH_OK);
    }
    resolve_all();
    carry_all();
}

static struct message *take_first(void) {
    struct message *message = delivery_take(sides[B], now_ns, bob);
    cr_assert_eq(message->payload.data[0], 1);
    return message;
}

static struct message *next(void) {
    return delivery_next(sides[B], now_ns, bob);
}

static struct delivery_load load(void) {
    struct delivery_load load;
    cr_assert(delivery_load(sides[B], bob, &load));
    return load;
}

Test(next, D5_all_are_handled_in_order_and_settled) {
    deliver(TIME_NEVER);
    (void)take_first();
    for (size_t i = 2; i <= RUN; i++) {
        struct message *message = next();
        cr_assert_not_null(message);
        cr_assert_eq(message->payload.data[0], i);
        cr_assert_eq(message->seq, i);
        cr_assert_eq(load().handled, i - 1);
        cr_assert_eq(load().mailbox_messages, RUN - i);
        cr_assert_eq(load().mailbox_bytes, (RUN - i) * (1 + MESSAGE_OVERHEAD_BYTES));
    }
    cr_assert_null(next());
    cr_assert_eq(load().handled, RUN);
    carry_all();
    cr_assert_eq(delivery_counters(sides[A])->handled, RUN);
}

Test(next, D4_one_of_a_run_takes_the_place_of_the_one_before) {
    deliver(TIME_NEVER);
    (void)take_first();
    struct message *second = next();
    cr_assert_eq(next(), second);
    cr_assert_eq(second->seq, 3);
}

Test(next, A1_one_that_somebody_keeps_stays_as_it_is) {
    deliver(TIME_NEVER);
    (void)take_first();
    struct message *kept = message_hold(next());
    cr_assert_eq(next()->payload.data[0], 3);
    cr_assert_eq(kept->payload.data[0], 2);
    message_release(kept);
}

Test(next, D2_an_ack_in_between_tells_how_far_it_is) {
    deliver(TIME_NEVER);
    (void)take_first();
    for (int i = 2; i <= 5; i++) {
        (void)next();
    }
    carry_all();
    cr_assert_eq(delivery_counters(sides[A])->handled, 4);
}

Test(next, C5_an_exit_request_goes_ahead_of_the_rest) {
    deliver(TIME_NEVER);
    (void)take_first();
    (void)next();
    struct message *request = make(bob, "exit");
    request->kind = FRAME_EXIT_REQUEST;
    request->urgent = true;
    cr_assert_eq(delivery_submit(sides[A], now_ns, request), MESH_OK);
    carry_all();
    cr_assert_eq(next()->kind, FRAME_EXIT_REQUEST);
    cr_assert_eq(next()->payload.data[0], 3);
    carry_all();
    cr_assert_eq(delivery_counters(sides[A])->handled, 3); /* the request out of turn */
}

Test(next, E1_one_that_failed_out_of_turn_is_not_passed_over) {
    deliver(TIME_NEVER);
    (void)take_first();
    (void)next();
    cr_assert_eq(STEP(B, VERDICT, .address = bob, .outcome = FRAME_RETURNED, .text = bytes_of_text("no")), MESH_OK);
    cr_assert_eq(delivery_take(sides[B], now_ns, bob)->payload.data[0], 3);
    cr_assert_eq(next()->payload.data[0], 4);
    carry_all();
    cr_assert_eq(delivery_counters(sides[A])->handled, 2);
    cr_assert_eq(delivery_counters(sides[A])->returned, 1);
}

Test(next, D8_what_has_expired_meanwhile_is_not_shown) {
    deliver(now_ns + NS_PER_S);
    (void)take_first();
    (void)next();
    now_ns += 2 * NS_PER_S;
    cr_assert_null(next());
    carry_all();
    cr_assert_eq(delivery_counters(sides[A])->handled, 2);
    cr_assert_eq(delivery_counters(sides[A])->dead, RUN - 2);
}

Test(next, B4_nothing_in_hand_is_nothing_done) {
    cr_assert_null(next());
    cr_assert_null(delivery_next(sides[B], now_ns, alice));
}
