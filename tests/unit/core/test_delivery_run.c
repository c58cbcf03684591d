/* Delivery of small messages that queue up in runs: each has its own fate though many are kept as one.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/unit/core/pair.h"
#include <stdalign.h>
#include <stddef.h>
#include <stdio.h>

enum { CREDIT = 4 };

static void setup(void) {
    limits = delivery_limits_default;
    limits.run_min = 1;
    limits.first_credit_messages = CREDIT;
    pair_start();
}

/* With credit for all, and told of what is handled or not. */
static void begin_anew(bool tell_handled) {
    pair_teardown();
    limits.first_credit_messages = 64;
    limits.tell_handled = tell_handled;
    pair_start();
}

TestSuite(delivery_run, .init = setup, .fini = pair_teardown);

static enum mesh_status post(const char *text, uint64_t deadline_ns) {
    struct message draft = {
        .count = 1,
        .sender = alice,
        .target = bob,
        .deadline_ns = deadline_ns,
        .type = bytes_of_text("text"),
        .payload = bytes_of_text(text),
    };
    return delivery_post(sides[A], now_ns, &draft);
}

/* The messages "1" to `count`: the first stands by itself, the others in a run. */
static void post_all(int count) {
    for (int i = 1; i <= count; i++) {
        char text[12];
        snprintf(text, sizeof text, "%d", i);
        cr_assert_eq(post(text, TIME_NEVER), MESH_OK);
    }
}

static void expect_handled_to(int from, int to) {
    for (int i = from; i <= to; i++) {
        char text[12];
        snprintf(text, sizeof text, "%d", i);
        expect_handled(bob, text);
    }
}

static void expect_settled_to(int from, int to, enum frame_outcome outcome, enum frame_reason reason, bool maybe) {
    for (int i = from; i <= to; i++) {
        char text[12];
        snprintf(text, sizeof text, "%d", i);
        expect_settled(text, outcome, reason, maybe);
    }
}

/* The next batch that A sends, which is lost: its first number, and how many. */
static void expect_lost_batch(uint64_t first, size_t count) {
    struct frame_batch batch;
    cr_assert(delivery_pull(sides[A], now_ns, process_of(B), &batch));
    size_t sent = 0;
    for (size_t i = 0; i < batch.runs_count; i++) {
        sent += batch.runs[i].count;
    }
    cr_assert_eq(batch.runs[0].first, first);
    cr_assert_eq(sent, count);
}

static struct delivery_load load_of(int side, struct mesh_address who) {
    struct delivery_load load;
    cr_assert(delivery_load(sides[side], who, &load));
    return load;
}

Test(delivery_run, D5_what_is_kept_as_a_run_is_handled_in_order_and_settled_one_by_one) {
    post_all(20);
    resolve_all();
    for (int done = 0; done < 20; done += CREDIT) { /* the credit ends within the run */
        carry_all();
        int next = done + CREDIT < 20 ? done + CREDIT : 20;
        expect_handled_to(done + 1, next);
        carry_all();
        expect_settled_to(done + 1, next, FRAME_HANDLED, FRAME_NO_REASON, false);
    }
    cr_assert_eq(load_of(A, alice).unsettled_messages, 0);
    cr_assert_eq(load_of(A, alice).unsettled_bytes, 0);
    cr_assert_eq(load_of(B, bob).mailbox_bytes, 0);
}

Test(delivery_run, D7_a_run_weighs_what_its_messages_do) {
    post_all(9);
    cr_assert_eq(load_of(A, alice).unsettled_messages, 9);
    cr_assert_eq(load_of(A, alice).unsettled_bytes, 9 * (1 + MESSAGE_OVERHEAD_BYTES));
    resolve_all();
    (void)carry(A, false);
    cr_assert_eq(load_of(B, bob).mailbox_messages, CREDIT);
    cr_assert_eq(load_of(B, bob).mailbox_bytes, CREDIT * (1 + MESSAGE_OVERHEAD_BYTES));
}

Test(delivery_run, D7_the_window_is_full_and_has_room_again_within_a_run) {
    limits.window_messages = 8;
    begin_anew(false);
    post_all(8);
    cr_assert_eq(post("9", TIME_NEVER), MESH_WOULD_BLOCK);
    resolve_all();
    carry_all();
    struct delivery_action action;
    expect_handled_to(1, 2); /* 6 of 8 are left: 75 % */
    cr_assert_not(wants(A, DELIVERY_ROOM, &action));
    carry_all();
    cr_assert(wants(A, DELIVERY_ROOM, &action));
    cr_assert_eq(post("9", TIME_NEVER), MESH_OK);
}

Test(delivery_run, D1_what_is_handled_is_counted_also_when_nobody_wants_to_be_told) {
    begin_anew(false);
    post_all(10);
    resolve_all();
    carry_all();
    expect_handled_to(1, 5);
    carry_all();
    expect_nothing_settled();
    cr_assert_eq(delivery_counters(sides[A])->handled, 5);
    cr_assert_eq(load_of(A, alice).unsettled_messages, 5);
    cr_assert_eq(load_of(A, alice).unsettled_bytes, 5 * (1 + MESSAGE_OVERHEAD_BYTES) + 1); /* "10" has two bytes */
}

Test(delivery_run, E1_one_of_a_run_fails_and_goes_back_alone) {
    begin_anew(false);
    post_all(10);
    resolve_all();
    carry_all();
    expect_handled_to(1, 5);
    cr_assert_not_null(delivery_take(sides[B], now_ns, bob));
    cr_assert_eq(STEP(B, VERDICT, .address = bob, .outcome = FRAME_RETURNED, .text = bytes_of_text("no")), MESH_OK);
    expect_handled_to(7, 10);
    carry_all();
    struct message *message = delivery_settled(sides[A]);
    cr_assert_not_null(message);
    cr_assert(bytes_equal(message->payload, bytes_of_text("6")));
    cr_assert(bytes_equal(message->text, bytes_of_text("no")));
    cr_assert_eq(message->outcome, FRAME_RETURNED);
    message_release(message);
    expect_nothing_settled();
    cr_assert_eq(delivery_counters(sides[A])->handled, 9);
}

Test(delivery_run, D3_a_lost_part_of_a_run_is_sent_again) {
    begin_anew(true);
    post_all(10);
    resolve_all();
    expect_lost_batch(1, 10);
    (void)STEP(A, LINK_DOWN, .peer = process_of(B));
    (void)STEP(A, LINK_UP, .peer = process_of(B));
    carry_all();
    expect_handled_to(1, 10);
    carry_all();
    expect_settled_to(1, 10, FRAME_HANDLED, FRAME_NO_REASON, false);
}

Test(delivery_run, D3_what_arrived_of_a_run_is_not_sent_again) {
    post_all(10);
    resolve_all();
    (void)carry(A, false); /* the first ones, as far as the credit goes */
    (void)carry(B, false);
    size_t rest = 10 - CREDIT;
    expect_lost_batch(CREDIT + 1, rest);
    (void)STEP(A, LINK_DOWN, .peer = process_of(B));
    (void)STEP(A, LINK_UP, .peer = process_of(B));
    expect_lost_batch(CREDIT + 1, rest);
}

Test(delivery_run, D8_what_was_not_sent_of_a_run_expires_without_a_number) {
    cr_assert_eq(post("0", TIME_NEVER), MESH_OK);
    uint64_t end_ns = now_ns + NS_PER_S;
    for (const char *text = "123456"; *text; text++) {
        cr_assert_eq(post((char[]){*text, 0}, end_ns), MESH_OK);
    }
    resolve_all();
    (void)carry(A, false); /* 0 to 3, for that is the credit */
    now_ns = end_ns + 8 * NS_PER_MS;
    tick(A);
    expect_settled_to(4, 6, FRAME_DIED, FRAME_EXPIRED, false);
    expect_nothing_settled();
    cr_assert_eq(post("7", TIME_NEVER), MESH_OK);
    (void)carry(B, false);
    struct frame_batch batch;
    cr_assert(delivery_pull(sides[A], now_ns, process_of(B), &batch));
    cr_assert_eq(batch.runs[0].first, CREDIT + 1);
    cr_assert_eq(batch.runs[0].count, 1);
}

Test(delivery_run, D8_what_was_sent_of_a_run_leaves_skips_when_the_link_is_down) {
    begin_anew(true);
    uint64_t end_ns = now_ns + NS_PER_S;
    for (const char *text = "123456"; *text; text++) {
        cr_assert_eq(post((char[]){*text, 0}, end_ns), MESH_OK);
    }
    resolve_all();
    expect_lost_batch(1, 6);
    (void)STEP(A, LINK_DOWN, .peer = process_of(B));
    now_ns = end_ns + 8 * NS_PER_MS;
    tick(A);
    expect_settled_to(1, 6, FRAME_DIED, FRAME_EXPIRED, true);
    cr_assert_eq(post("7", TIME_NEVER), MESH_OK);
    (void)STEP(A, LINK_UP, .peer = process_of(B));
    carry_all();
    expect_handled(bob, "7");
    carry_all();
    expect_settled("7", FRAME_HANDLED, FRAME_NO_REASON, false);
    expect_nothing_settled();
    cr_assert_eq(load_of(A, alice).unsettled_bytes, 0);
}

Test(delivery_run, D8_a_run_in_the_mailbox_expires) {
    uint64_t end_ns = now_ns + NS_PER_S;
    for (const char *text = "1234"; *text; text++) {
        cr_assert_eq(post((char[]){*text, 0}, end_ns), MESH_OK);
    }
    resolve_all();
    carry_all();
    expect_handled(bob, "1");
    expect_handled(bob, "2");
    now_ns = end_ns + NS_PER_S;
    cr_assert_null(delivery_take(sides[B], now_ns, bob));
    carry_all();
    expect_settled_to(1, 2, FRAME_HANDLED, FRAME_NO_REASON, false);
    expect_settled_to(3, 4, FRAME_DIED, FRAME_EXPIRED, false);
    cr_assert_eq(load_of(B, bob).mailbox_messages, 0);
}

Test(delivery_run, C5_what_is_left_of_a_run_in_a_mailbox_is_dead) {
    post_all(CREDIT + 3);
    resolve_all();
    (void)carry(A, false);
    expect_handled(bob, "1");
    cr_assert_eq(STEP(B, CLOSE, .address = bob, .reason = FRAME_EXITED), MESH_OK);
    carry_all();
    expect_settled("1", FRAME_HANDLED, FRAME_NO_REASON, false);
    expect_settled_to(2, CREDIT + 3, FRAME_DIED, FRAME_EXITED, false);
    cr_assert_eq(load_of(B, bob).mailbox_bytes, 0);
}

static bool wants_none(void *user, const struct message *message) {
    (void)user;
    (void)message;
    return false;
}

Test(delivery_run, law12_what_nobody_wants_wakes_nobody) {
    struct delivery_action action;
    post_all(CREDIT);
    resolve_all();
    carry_all();
    (void)wants(B, DELIVERY_RUNNABLE, &action);
    cr_assert_null(delivery_take_picked(sides[B], now_ns, bob, &(struct delivery_pick){.wanted = wants_none}));
    now_ns += NS_PER_S;
    tick(B);
    cr_assert_not(wants(B, DELIVERY_RUNNABLE, &action));
    expect_handled_to(1, CREDIT);
}

static struct delivery_gone record_of(uint64_t handled, uint64_t in_hand) {
    return (struct delivery_gone){.reason = FRAME_EXITED,
                                  .text = bytes_of_text("killed by SIGSEGV"),
                                  .sender = alice,
                                  .floors_known = true,
                                  .epoch = 1,
                                  .handled = handled,
                                  .in_hand = in_hand};
}

Test(delivery_run, E3_a_crash_within_a_run_settles_each_by_the_record) {
    post_all(8);
    resolve_all();
    (void)carry(A, false);
    (void)STEP(A, PEER_LOST, .peer = process_of(B));
    struct delivery_gone record = record_of(2, 3);
    (void)STEP(A, GONE, .address = bob, .gone = &record);
    expect_settled_to(1, 2, FRAME_HANDLED, FRAME_NO_REASON, false);
    expect_settled("3", FRAME_RETURNED, FRAME_EXITED, false);
    expect_settled_to(4, 8, FRAME_DIED, FRAME_EXITED, false);
}

Test(delivery_run, C7_only_what_was_sent_of_a_run_is_marked_as_delivered_again) {
    post_all(8);
    resolve_all();
    expect_lost_batch(1, CREDIT);
    (void)STEP(A, PEER_LOST, .peer = process_of(B));
    (void)STEP(A, RESOLVED, .address = bob, .peer = 9);
    struct frame_batch batch;
    cr_assert(delivery_pull(sides[A], now_ns, 9, &batch));
    for (size_t i = 0; i < batch.runs_count; i++) {
        cr_assert_eq(batch.runs[i].flags & FRAME_RUN_REDELIVERED, FRAME_RUN_REDELIVERED);
    }
    struct frame_ack ack = {.sender = alice, .target = bob, .epoch = batch.runs[0].epoch, .received = CREDIT};
    ack.credit_seq = 64;
    ack.credit_bytes = 4096;
    ack.listed_from = 1;
    (void)STEP(A, FRAME, .peer = 9, .batch = &(struct frame_batch){.acks_count = 1, .acks = &ack});
    cr_assert(delivery_pull(sides[A], now_ns, 9, &batch));
    cr_assert_eq(batch.runs[0].first, CREDIT + 1);
    cr_assert_eq(batch.runs[0].count, 8 - CREDIT);
    cr_assert_eq(batch.runs[0].flags & FRAME_RUN_REDELIVERED, 0);
}

Test(delivery_run, D9_a_payload_within_a_run_begins_where_any_type_may) {
    post_all(CREDIT);
    resolve_all();
    carry_all();
    for (int i = 1; i <= CREDIT; i++) {
        struct message *message = delivery_take(sides[B], now_ns, bob);
        cr_assert_eq((uintptr_t)message->payload.data % alignof(max_align_t), 0);
        (void)STEP(B, VERDICT, .address = bob, .outcome = FRAME_HANDLED);
    }
}

Test(delivery_run, D7a_what_differs_or_is_large_stands_by_itself) {
    static char large[MESSAGE_RUN_PAYLOAD_BYTES + 2];
    memset(large, 'x', sizeof large - 1);
    post_all(2);
    cr_assert_eq(post(large, TIME_NEVER), MESH_OK);
    cr_assert_eq(post("4", now_ns + NS_PER_S), MESH_OK);
    resolve_all();
    carry_all();
    expect_handled_to(1, 2);
    expect_handled(bob, large);
    expect_handled(bob, "4");
}
