/* Delivery: what a sender that is gone had open, for the dead-letter handler of its node (D14).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/unit/core/pair.h"

static struct mesh_address dave; /* a second actor of side A */

static void setup(void) {
    limits = delivery_limits_default;
    limits.first_credit_messages = 2;
    limits.run_min = 1;
    pair_start();
    dave = address_make(7, 1, 2);
    cr_assert_eq(STEP(A, OPEN, .address = dave), MESH_OK);
}

TestSuite(delivery_unclaimed, .init = setup, .fini = pair_teardown);

static void expect_unclaimed(int side, const char *text, enum frame_reason reason, bool maybe) {
    struct message *message = delivery_unclaimed(sides[side]);
    cr_assert_not_null(message, "expected %s", text);
    cr_assert(bytes_equal(message->payload, bytes_of_text(text)), "expected %s, got %.*s", text,
              (int)message->payload.size, (const char *)message->payload.data);
    cr_assert(mesh_address_equal(message->sender, alice));
    cr_assert_eq(message->outcome, FRAME_DIED);
    cr_assert_eq(message->reason, reason, "%s", text);
    cr_assert_eq(message->maybe_handled, maybe, "%s", text);
    message_release(message);
}

static void expect_nothing_unclaimed(int side) {
    cr_assert_null(delivery_unclaimed(sides[side]));
}

static void tell_briefly(const char *text) {
    struct message *message = make(bob, text);
    message->deadline_ns = now_ns + NS_PER_S;
    cr_assert_eq(delivery_submit(sides[A], now_ns, message), MESH_OK);
}

/* Three messages are with bob: the first is in his hands, the time of the second is short. */
static void send_three(void) {
    tell(bob, "one");
    tell_briefly("two");
    tell(bob, "three");
    resolve_all();
    carry_all();
    cr_assert_not_null(delivery_take(sides[B], now_ns, bob));
}

static void alice_is_forgotten(void) {
    (void)STEP(A, CLOSE, .address = alice, .reason = FRAME_EXITED);
    (void)STEP(A, FORGET, .address = alice);
}

/* Each way in which bob's process learns that nobody waits for word of them. */
static void lose_process(void) {
    (void)STEP(B, PEER_LOST, .peer = process_of(A));
}

static void close_stream(void) {
    alice_is_forgotten();
    carry_all();
}

/* All that A has for that process is sent, and lost. */
static void lose_at(uint64_t process) {
    struct frame_batch batch;
    while (delivery_pull(sides[A], now_ns, process, &batch)) {
    }
}

static void expect_told_as_they_die(void (*lose)(void)) {
    send_three();
    lose();
    expect_nothing_unclaimed(B);
    now_ns += 2 * NS_PER_S;
    tick(B);
    expect_unclaimed(B, "two", FRAME_EXPIRED, false);
    expect_nothing_unclaimed(B);
    (void)STEP(B, CLOSE, .address = bob, .reason = FRAME_EXITED);
    expect_unclaimed(B, "one", FRAME_EXITED, true);
    expect_unclaimed(B, "three", FRAME_EXITED, false);
    expect_nothing_unclaimed(B);
    cr_assert_eq(delivery_counters(sides[B])->dead, 0);
}

Test(delivery_unclaimed, D14_what_a_lost_sender_had_here_is_told_as_it_dies) {
    expect_told_as_they_die(lose_process);
}

Test(delivery_unclaimed, D14_what_a_forgotten_sender_had_here_is_told_as_it_dies) {
    expect_told_as_they_die(close_stream);
    expect_nothing_unclaimed(A);
    cr_assert_eq(delivery_counters(sides[A])->abandoned, 3);
}

Test(delivery_unclaimed, D14_what_a_lost_sender_had_here_is_handled_without_a_word) {
    send_three();
    lose_process();
    cr_assert_eq(STEP(B, VERDICT, .address = bob, .outcome = FRAME_HANDLED), MESH_OK);
    expect_handled(bob, "two");
    expect_handled(bob, "three");
    (void)STEP(B, CLOSE, .address = bob, .reason = FRAME_EXITED);
    expect_nothing_unclaimed(B);
}

/* Bob lives here again, and nothing is on record of the process that he had before (C7). */
Test(delivery_unclaimed, D14_what_an_earlier_life_may_have_handled_is_told_so) {
    tell(bob, "one");
    (void)STEP(A, RESOLVED, .address = bob, .peer = 99);
    lose_at(99);
    (void)STEP(A, PEER_LOST, .peer = 99);
    (void)STEP(A, RESOLVED, .address = bob, .peer = process_of(B), .life = 1);
    carry_all();
    lose_process();
    (void)STEP(B, CLOSE, .address = bob, .reason = FRAME_EXITED);
    expect_unclaimed(B, "one", FRAME_EXITED, true);
}

/* For whoever waits for an answer, which the sender does not (D11). */
Test(delivery_unclaimed, D14_what_is_returned_to_a_lost_sender_is_told_too) {
    send_three();
    lose_process();
    cr_assert_eq(STEP(B, VERDICT, .address = bob, .outcome = FRAME_RETURNED, .text = bytes_of_text("why")), MESH_OK);
    struct message *message = delivery_unclaimed(sides[B]);
    cr_assert_not_null(message);
    cr_assert_eq(message->outcome, FRAME_RETURNED);
    cr_assert(bytes_equal(message->text, bytes_of_text("why")));
    message_release(message);
}

Test(delivery_unclaimed, D14_a_sender_that_was_taken_for_lost_claims_its_own) {
    send_three();
    lose_process();
    (void)STEP(B, LINK_UP, .peer = process_of(A));
    (void)STEP(B, CLOSE, .address = bob, .reason = FRAME_EXITED);
    expect_nothing_unclaimed(B);
}

Test(delivery_unclaimed, D14_a_living_sender_claims_its_own) {
    send_three();
    (void)STEP(B, CLOSE, .address = bob, .reason = FRAME_EXITED);
    carry_all();
    expect_nothing_unclaimed(B);
    expect_settled("one", FRAME_DIED, FRAME_EXITED, true);
    expect_settled("two", FRAME_DIED, FRAME_EXITED, false);
    expect_settled("three", FRAME_DIED, FRAME_EXITED, false);
}

/* The other actor lives in the same process. */
Test(delivery_unclaimed, D14_what_a_forgotten_neighbour_had_here_is_told_as_it_dies) {
    tell(dave, "one");
    alice_is_forgotten();
    expect_nothing_unclaimed(A);
    cr_assert_eq(delivery_counters(sides[A])->abandoned, 1);
    (void)STEP(A, CLOSE, .address = dave, .reason = FRAME_EXITED);
    expect_unclaimed(A, "one", FRAME_EXITED, false);
    expect_nothing_unclaimed(A);
    expect_nothing_settled();
    cr_assert_eq(delivery_counters(sides[A])->dead, 0);
}

Test(delivery_unclaimed, D14_what_never_left_is_told_when_its_sender_is_forgotten) {
    tell(bob, "one");
    alice_is_forgotten();
    expect_unclaimed(A, "one", FRAME_EXPIRED, false);
    expect_nothing_unclaimed(A);
    expect_nothing_settled();
}

/* Of what stands in one run, bob has the first two. */
Test(delivery_unclaimed, D14_what_was_on_its_way_may_have_been_handled) {
    for (const char *const *text = (const char *const[]){"one", "two", "three", "four", NULL}; *text; text++) {
        struct message draft = {.sender = alice, .target = bob, .deadline_ns = TIME_NEVER, .count = 1};
        draft.payload = bytes_of_text(*text);
        cr_assert_eq(delivery_post(sides[A], now_ns, &draft), MESH_OK);
    }
    resolve_all();
    cr_assert(carry(A, false) && carry(B, false));
    lose_all(A);
    alice_is_forgotten();
    expect_unclaimed(A, "three", FRAME_EXPIRED, true);
    expect_unclaimed(A, "four", FRAME_EXPIRED, true);
    expect_nothing_unclaimed(A);
}

/* What had been received there was lost with the process, and nobody has said yet what became of it. */
Test(delivery_unclaimed, D14_what_was_with_a_lost_receiver_may_have_been_handled) {
    send_three();
    (void)STEP(A, PEER_LOST, .peer = process_of(B));
    alice_is_forgotten();
    expect_unclaimed(A, "one", FRAME_EXPIRED, true);
    expect_unclaimed(A, "two", FRAME_EXPIRED, true);
    expect_unclaimed(A, "three", FRAME_EXPIRED, true);
    expect_nothing_unclaimed(A);
}
