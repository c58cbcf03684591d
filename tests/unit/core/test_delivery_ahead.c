/* Delivery: what is handled past an unread message is settled before that is (D11).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/unit/core/pair.h"

enum { ANSWERS = 1000, LARGE_BYTES = 300 * 1024 };

TestSuite(delivery_ahead, .init = pair_setup, .fini = pair_teardown);

static bool is_answer(void *user, const struct message *message) {
    (void)user;
    return message->payload.size > 0 && message->payload.data[0] == 'a';
}

/* Takes the next answer, past what is no answer. */
static void pick_answer(void) {
    struct delivery_pick pick = {.wanted = is_answer, .again = true};
    cr_assert_not_null(delivery_take_picked(sides[B], now_ns, bob, &pick));
    cr_assert_eq(STEP(B, VERDICT, .address = bob, .outcome = FRAME_HANDLED), MESH_OK);
}

static size_t unsettled(void) {
    struct delivery_load load;
    cr_assert(delivery_load(sides[A], alice, &load));
    return load.unsettled_messages;
}

static void tell_and_pick(const char *unread, const char *answer) {
    if (unread) {
        tell(bob, unread);
    }
    tell(bob, answer);
    carry_all();
    pick_answer();
}

static void begin(void) {
    tell(bob, "one");
    resolve_all();
    carry_all();
}

Test(delivery_ahead, D11_answers_do_not_fill_the_window_behind_an_unread_message) {
    pair_teardown();
    limits.window_messages = 2;
    pair_start();
    begin();
    for (int i = 0; i < ANSWERS; i++) {
        tell_and_pick(NULL, "answer");
        carry_all();
        expect_settled("answer", FRAME_HANDLED, FRAME_NO_REASON, false);
        expect_nothing_settled();
    }
    cr_assert_eq(unsettled(), 1);
    expect_handled(bob, "one");
    carry_all();
    expect_settled("one", FRAME_HANDLED, FRAME_NO_REASON, false);
    cr_assert_eq(unsettled(), 0);
}

Test(delivery_ahead, D11_each_of_many_unread_messages_is_passed) {
    begin();
    for (int i = 0; i < ANSWERS; i++) {
        tell_and_pick("unread", "answer");
    }
    carry_all();
    for (int i = 0; unsettled() > ANSWERS + 1; i++) { /* there are more ranges than one ack tells */
        cr_assert_lt(i, ANSWERS / FRAME_RANGES + 1);
        now_ns += limits.overdue_max_ns;
        tick(A);
        carry_all();
    }
    for (int i = 0; i < ANSWERS; i++) {
        expect_settled("answer", FRAME_HANDLED, FRAME_NO_REASON, false);
    }
    expect_nothing_settled();
}

Test(delivery_ahead, D1_only_the_unread_are_dead_at_the_end) {
    begin();
    tell_and_pick(NULL, "answer");
    tell_and_pick("two", "again");
    carry_all();
    (void)STEP(B, CLOSE, .address = bob, .reason = FRAME_EXITED);
    carry_all();
    expect_settled("answer", FRAME_HANDLED, FRAME_NO_REASON, false);
    expect_settled("again", FRAME_HANDLED, FRAME_NO_REASON, false);
    expect_settled("one", FRAME_DIED, FRAME_EXITED, false);
    expect_settled("two", FRAME_DIED, FRAME_EXITED, false);
    expect_nothing_settled();
}

/* The same when the end is the first that the sender hears. */
Test(delivery_ahead, D1_what_was_handled_before_the_end_is_not_told_dead) {
    begin();
    tell_and_pick("two", "answer");
    lose_all(B);
    (void)STEP(B, CLOSE, .address = bob, .reason = FRAME_EXITED);
    carry_all();
    expect_settled("one", FRAME_DIED, FRAME_EXITED, false);
    expect_settled("two", FRAME_DIED, FRAME_EXITED, false);
    expect_settled("answer", FRAME_HANDLED, FRAME_NO_REASON, false);
    expect_nothing_settled();
}

Test(delivery_ahead, D2_what_an_ack_told_that_was_lost_is_told_again) {
    begin();
    tell_and_pick(NULL, "answer");
    lose_all(B);
    expect_nothing_settled();
    now_ns += limits.overdue_max_ns;
    tick(A);
    carry_all();
    expect_settled("answer", FRAME_HANDLED, FRAME_NO_REASON, false);
}

Test(delivery_ahead, D6_a_large_answer_is_settled_with_its_slices) {
    static char large[LARGE_BYTES];
    memset(large, 'a', sizeof large - 1);
    begin();
    tell_and_pick(NULL, large);
    tell_and_pick(NULL, "again");
    carry_all();
    expect_settled(large, FRAME_HANDLED, FRAME_NO_REASON, false);
    expect_settled("again", FRAME_HANDLED, FRAME_NO_REASON, false);
    cr_assert_eq(unsettled(), 1);
}

/* A new process of the target's knows nothing: what was settled takes its numbers there, and is shown to nobody (C7). */
Test(delivery_ahead, D4_what_was_settled_is_not_shown_to_a_later_life) {
    begin();
    tell_and_pick(NULL, "answer");
    tell_and_pick("two", "again");
    carry_all();
    struct delivery *before = sides[B];
    (void)STEP(A, PEER_LOST, .peer = process_of(B));
    (void)STEP(A, RESOLVED, .address = bob, .peer = 99, .life = 1);
    delivery_destroy(&before);
    cr_assert_eq(delivery_new(&sides[B], &limits, 1), MESH_OK);
    cr_assert_eq(STEP(B, OPEN, .address = bob), MESH_OK);
    struct frame_batch batch;
    while (delivery_pull(sides[A], now_ns, 99, &batch)) {
        (void)STEP(B, FRAME, .peer = process_of(A), .batch = &batch);
    }
    expect_handled(bob, "one");
    expect_handled(bob, "two");
    cr_assert_null(delivery_take(sides[B], now_ns, bob));
}
