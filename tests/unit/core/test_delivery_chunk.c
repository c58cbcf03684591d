/* Large messages (D6): in slices from one delivery to another, with what may happen between two of them.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/unit/core/pair.h"
#include <stdlib.h>

enum {
    CHUNK = FRAME_INLINE_BYTES,
    LARGE = 4 * CHUNK + 1, /* five slices, the last of one byte */
    SLICES = 5,
    MAILBOX_BYTES = 16 * CHUNK,
};

static uint8_t content[64 * CHUNK];

static void setup(void) {
    limits = delivery_limits_default;
    limits.chunk_bytes = CHUNK;
    limits.message_bytes_max = sizeof content;
    limits.mailbox_bytes = MAILBOX_BYTES;
    limits.first_credit_bytes = sizeof content;
    for (size_t i = 0; i < sizeof content; i++) {
        content[i] = (uint8_t)(i * 31 + i / CHUNK);
    }
    pair_start();
}

TestSuite(chunk, .init = setup, .fini = pair_teardown);

static void restart(void) {
    pair_teardown();
    pair_start();
}

/* ---- what the tests do ---- */

static struct message *make_large(struct mesh_address to, size_t size) {
    struct message *message = message_new(delivery_pool(sides[A]), bytes_of_text("large"), bytes_make(content, size));
    message->sender = alice;
    message->target = to;
    message->deadline_ns = TIME_NEVER;
    return message;
}

static enum mesh_status try_large(struct mesh_address to, size_t size) {
    struct message *message = make_large(to, size);
    enum mesh_status status = delivery_submit(sides[A], now_ns, message);
    if (status != MESH_OK) {
        message_release(message);
    }
    return status;
}

static void tell_large(struct mesh_address to, size_t size, uint64_t deadline_ns) {
    struct message *message = make_large(to, size);
    message->deadline_ns = deadline_ns;
    cr_assert_eq(delivery_submit(sides[A], now_ns, message), MESH_OK);
}

/* Gives B the first `count` payloads of what A sends next, and loses the rest. */
static void carry_some(size_t count) {
    struct frame_batch batch;
    cr_assert(delivery_pull(sides[A], now_ns, process_of(B), &batch));
    cr_assert_eq(batch.runs_count > 0, true);
    struct frame_run run = batch.runs[0];
    cr_assert_geq(run.count, count);
    run.count = count;
    struct frame_batch some = {.runs_count = 1, .runs = &run};
    cr_assert_eq(STEP(B, FRAME, .peer = process_of(A), .batch = &some), MESH_OK);
}

static void expect_large(struct mesh_address who, size_t size) {
    struct message *message = delivery_take(sides[B], now_ns, who);
    cr_assert_not_null(message);
    cr_assert(bytes_equal(message->payload, bytes_make(content, size)), "%zu bytes, got %zu", size,
              message->payload.size);
    cr_assert(bytes_equal(message->type, bytes_of_text("large")));
    cr_assert_eq(STEP(B, VERDICT, .address = who, .outcome = FRAME_HANDLED), MESH_OK);
}

static void expect_large_settled(size_t size, enum frame_outcome outcome, enum frame_reason reason, bool maybe) {
    struct message *message = delivery_settled(sides[A]);
    cr_assert_not_null(message);
    cr_assert(bytes_equal(message->payload, bytes_make(content, size)));
    cr_assert_eq(message->outcome, outcome);
    cr_assert_eq(message->reason, reason);
    cr_assert_eq(message->maybe_handled, maybe);
    message_release(message);
}

static size_t mailbox_bytes(struct mesh_address who) {
    struct delivery_load load;
    cr_assert(delivery_load(sides[B], who, &load));
    return load.mailbox_bytes;
}

/* ---- slices ---- */

Test(chunk, D6_a_large_message_arrives_whole_whatever_its_size) {
    static const size_t sizes[] = {0, 1, 2 * CHUNK, 2 * CHUNK + 1, 3 * CHUNK - 1, 3 * CHUNK, 3 * CHUNK + 1, LARGE};
    resolve_all();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        cr_assert_eq(try_large(bob, sizes[i]), MESH_OK);
        resolve_all();
        carry_all();
        expect_large(bob, sizes[i]);
        carry_all();
        expect_large_settled(sizes[i], FRAME_HANDLED, FRAME_NO_REASON, false);
    }
    cr_assert_eq(delivery_counters(sides[B])->dropped_bad, 0);
}

Test(chunk, D6_slices_say_where_they_belong) {
    struct frame_batch batch;
    cr_assert_eq(try_large(bob, LARGE), MESH_OK);
    resolve_all();
    cr_assert(delivery_pull(sides[A], now_ns, process_of(B), &batch));
    cr_assert_eq(batch.runs_count, 2);
    const struct frame_run *chunks = &batch.runs[0], *last = &batch.runs[1];
    cr_assert_eq(chunks->kind, FRAME_CHUNK);
    cr_assert_eq(chunks->count, SLICES - 1);
    cr_assert_eq(chunks->total, LARGE);
    cr_assert_eq(chunks->offset, 0);
    cr_assert_eq(last->kind, FRAME_USER);
    cr_assert_eq(last->first, SLICES);
    cr_assert_eq(last->total, LARGE);
    cr_assert_eq(last->offset, LARGE - 1);
    cr_assert_eq(last->payloads[0].size, 1);
}

Test(chunk, D6_small_messages_to_another_pass_between_the_slices) {
    limits.chunk_bytes = FRAME_BATCH_BYTES;
    limits.message_bytes_max = limits.mailbox_bytes = SIZE_MAX / 4;
    limits.first_credit_bytes = SIZE_MAX / 4;
    restart();
    enum { BATCHES = 8 };
    static uint8_t big[BATCHES * FRAME_BATCH_BYTES];
    struct message *message = message_new(delivery_pool(sides[A]), bytes_of_text("large"), bytes_make(big, sizeof big));
    message->sender = alice;
    message->target = bob;
    message->deadline_ns = TIME_NEVER;
    cr_assert_eq(delivery_submit(sides[A], now_ns, message), MESH_OK);
    resolve_all();
    cr_assert(carry(A, false));
    tell(carol, "small");
    (void)STEP(A, RESOLVED, .address = carol, .peer = process_of(B));
    cr_assert(carry(A, false));
    cr_assert(carry(A, false));
    expect_handled(carol, "small");
    cr_assert_null(delivery_take(sides[B], now_ns, bob));
}

/* A stream whose next slice has no room in a batch begins the next one. */
Test(chunk, D6_a_flood_of_small_messages_does_not_stop_the_slices) {
    limits.chunk_bytes = FRAME_BATCH_BYTES;
    limits.message_bytes_max = limits.mailbox_bytes = limits.first_credit_bytes = SIZE_MAX / 4;
    limits.first_credit_messages = 100000;
    restart();
    static uint8_t big[4 * FRAME_BATCH_BYTES];
    for (int i = 0; i < 10000; i++) {
        tell(carol, "a small message that does not come alone");
    }
    struct message *message = message_new(delivery_pool(sides[A]), bytes_of_text("large"), bytes_make(big, sizeof big));
    message->sender = alice;
    message->target = bob;
    message->deadline_ns = TIME_NEVER;
    cr_assert_eq(delivery_submit(sides[A], now_ns, message), MESH_OK);
    resolve_all();
    for (int batches = 0; batches < 9; batches++) {
        cr_assert(carry(A, false));
    }
    cr_assert_not_null(delivery_take(sides[B], now_ns, bob));
}

Test(chunk, D4_D5_slices_are_taken_once_and_in_order) {
    cr_assert_eq(try_large(bob, LARGE), MESH_OK);
    tell(bob, "after");
    resolve_all();
    carry_some(2);
    (void)STEP(A, LINK_UP, .peer = process_of(B)); /* all again */
    carry_all();
    cr_assert_eq(delivery_counters(sides[B])->duplicates, 2);
    expect_large(bob, LARGE);
    expect_handled(bob, "after");
    carry_all();
    expect_large_settled(LARGE, FRAME_HANDLED, FRAME_NO_REASON, false);
    expect_settled("after", FRAME_HANDLED, FRAME_NO_REASON, false);
}

Test(chunk, D1_no_number_of_it_is_settled_before_its_handler_is_through) {
    struct frame_batch batch;
    cr_assert_eq(try_large(bob, LARGE), MESH_OK);
    resolve_all();
    cr_assert(carry(A, false));
    cr_assert_not_null(delivery_take(sides[B], now_ns, bob));
    cr_assert(delivery_pull(sides[B], now_ns, process_of(A), &batch));
    cr_assert_eq(batch.acks[0].received, SLICES);
    cr_assert_eq(batch.acks[0].handled, 0);
    cr_assert_eq(STEP(B, VERDICT, .address = bob, .outcome = FRAME_RETURNED, .text = bytes_of_text("no")), MESH_OK);
    carry_all();
    expect_large_settled(LARGE, FRAME_RETURNED, FRAME_NO_REASON, false);
}

/* ---- limits ---- */

Test(chunk, D6_the_limit_of_one_message) {
    limits.message_bytes_max = LARGE;
    restart();
    cr_assert_eq(try_large(bob, LARGE + 1), MESH_TOO_LARGE);
    cr_assert_eq(try_large(bob, LARGE), MESH_OK);
}

Test(chunk, D7_limits_that_are_told_later_hold_at_once) {
    struct delivery_limits told = limits;
    told.window_messages = 2;
    told.message_bytes_max = LARGE;
    delivery_set_limits(sides[A], &told);
    cr_assert_eq(try_large(bob, LARGE + 1), MESH_TOO_LARGE);
    tell(bob, "one");
    tell(bob, "two");
    cr_assert_eq(try_send(bob, "three"), MESH_WOULD_BLOCK);
}

Test(chunk, D7_one_above_the_window_is_taken_when_nothing_is_unsettled) {
    limits.window_bytes = LARGE;
    restart();
    tell(bob, "small");
    cr_assert_eq(try_large(bob, LARGE), MESH_WOULD_BLOCK);
    resolve_all();
    carry_all();
    expect_handled(bob, "small");
    carry_all();
    expect_settled("small", FRAME_HANDLED, FRAME_NO_REASON, false);
    cr_assert_eq(try_large(bob, LARGE), MESH_OK);
    cr_assert_eq(try_send(bob, "small"), MESH_WOULD_BLOCK);
}

Test(chunk, D7a_room_is_reserved_with_the_first_slice) {
    enum { HALF = MAILBOX_BYTES / 2 + 1 };
    struct mesh_address dave = address_make(7, 1, 2);
    cr_assert_eq(STEP(A, OPEN, .address = dave), MESH_OK);
    cr_assert_eq(try_large(bob, HALF), MESH_OK);
    resolve_all();
    carry_some(1);
    struct message *other = make_large(bob, HALF);
    other->sender = dave;
    cr_assert_eq(delivery_submit(sides[A], now_ns, other), MESH_OK);
    while (carry(A, false)) {
    }
    cr_assert_gt(delivery_counters(sides[B])->dropped_full, 0);
    (void)STEP(A, LINK_UP, .peer = process_of(B));
    carry_all();
    expect_large(bob, HALF);
    carry_all();
    expect_large(bob, HALF);
    carry_all();
    expect_large_settled(HALF, FRAME_HANDLED, FRAME_NO_REASON, false);
    expect_large_settled(HALF, FRAME_HANDLED, FRAME_NO_REASON, false);
}

Test(chunk, D7a_one_above_the_mailbox_waits_until_it_is_empty) {
    enum { HUGE = MAILBOX_BYTES + 1 };
    tell(bob, "before");
    cr_assert_eq(try_large(bob, HUGE), MESH_OK);
    resolve_all();
    carry_all();
    cr_assert_gt(delivery_counters(sides[B])->dropped_full, 0);
    cr_assert_leq(mailbox_bytes(bob), MAILBOX_BYTES);
    expect_handled(bob, "before");
    carry_all();
    expect_large(bob, HUGE);
}

/* Whoever was refused room for a large message has a claim, so that small ones cannot keep the mailbox full for ever. */
Test(chunk, D6_a_flood_does_not_keep_a_large_message_out) {
    enum { HUGE = MAILBOX_BYTES + 1 };
    struct mesh_address dave = address_make(7, 1, 2);
    cr_assert_eq(STEP(A, OPEN, .address = dave), MESH_OK);
    cr_assert_eq(try_large(bob, HUGE), MESH_OK);
    bool handled = false;
    for (int round = 0; round < 50 && !handled; round++) {
        for (int i = 0; i < 2; i++) {
            struct message *small = make(bob, "small");
            small->sender = dave;
            cr_assert_eq(delivery_submit(sides[A], now_ns, small), MESH_OK);
        }
        resolve_all();
        carry_all();
        struct message *message = delivery_take(sides[B], now_ns, bob);
        if (message) {
            handled = message->payload.size == HUGE;
            cr_assert_eq(STEP(B, VERDICT, .address = bob, .outcome = FRAME_HANDLED), MESH_OK);
        }
        now_ns += limits.overdue_ns;
        tick(A);
        tick(B);
    }
    cr_assert(handled);
}

/* ---- ends ---- */

Test(chunk, D8_what_expires_in_the_queue_half_sent_leaves_a_skip) {
    limits.first_credit_messages = 2;
    restart();
    uint64_t deadline_ns = now_ns + NS_PER_S;
    tell_large(bob, LARGE, deadline_ns);
    tell(bob, "after");
    resolve_all();
    cr_assert(carry(A, false)); /* two slices: no more credit */
    now_ns = deadline_ns + NS_PER_S;
    tick(A);
    expect_large_settled(LARGE, FRAME_DIED, FRAME_EXPIRED, false);
    tick(B);
    carry_all();
    expect_handled(bob, "after");
    carry_all();
    expect_settled("after", FRAME_HANDLED, FRAME_NO_REASON, false);
    cr_assert_eq(mailbox_bytes(bob), 0);
}

/* Without the SKIP the slices that were sent would wait for ever for the message that settles them. */
Test(chunk, D8_nothing_is_left_of_half_a_message_that_expired) {
    limits.first_credit_messages = 2;
    restart();
    uint64_t deadline_ns = now_ns + NS_PER_S;
    tell_large(bob, LARGE, deadline_ns);
    resolve_all();
    cr_assert(carry(A, false));
    now_ns = deadline_ns + NS_PER_S;
    tick(A);
    expect_large_settled(LARGE, FRAME_DIED, FRAME_EXPIRED, false);
    carry_all();
    now_ns += limits.stream_idle_ns;
    tick(A);
    carry_all();
    cr_assert_eq(delivery_census(sides[A]).streams_out, 0);
    cr_assert_eq(delivery_census(sides[B]).streams_in, 0);
}

Test(chunk, D8_what_expires_while_the_link_is_down_leaves_skips) {
    uint64_t deadline_ns = now_ns + NS_PER_S;
    tell_large(bob, LARGE, deadline_ns);
    tell(bob, "after");
    resolve_all();
    carry_some(3);
    (void)STEP(A, LINK_DOWN, .peer = process_of(B));
    now_ns = deadline_ns + NS_PER_S;
    tick(A);
    expect_large_settled(LARGE, FRAME_DIED, FRAME_EXPIRED, true);
    (void)STEP(A, LINK_UP, .peer = process_of(B));
    carry_all();
    expect_handled(bob, "after");
    carry_all();
    expect_settled("after", FRAME_HANDLED, FRAME_NO_REASON, false);
}

Test(chunk, D8_the_receiver_drops_the_half_that_has_expired) {
    uint64_t deadline_ns = now_ns + NS_PER_S;
    tell_large(bob, LARGE, deadline_ns);
    resolve_all();
    carry_some(3);
    now_ns = deadline_ns + NS_PER_S;
    tick(B);
    cr_assert_eq(delivery_counters(sides[B])->expired, 1);
    (void)STEP(A, LINK_UP, .peer = process_of(B));
    carry_all();
    cr_assert_null(delivery_take(sides[B], now_ns, bob));
    expect_large_settled(LARGE, FRAME_DIED, FRAME_EXPIRED, false);
}

Test(chunk, D3_all_slices_go_again_to_another_process) {
    enum { C = 9 };
    cr_assert_eq(try_large(bob, LARGE), MESH_OK);
    resolve_all();
    carry_some(3);
    cr_assert(carry(B, false)); /* three are received */
    (void)STEP(A, PEER_LOST, .peer = process_of(B));
    delivery_destroy(&sides[B]);
    cr_assert_eq(delivery_new(&sides[B], &limits, 2), MESH_OK);
    cr_assert_eq(STEP(B, OPEN, .address = bob), MESH_OK);
    (void)STEP(A, RESOLVED, .address = bob, .peer = C);
    struct frame_batch batch;
    while (delivery_pull(sides[A], now_ns, C, &batch)) {
        cr_assert_eq(STEP(B, FRAME, .peer = process_of(A), .batch = &batch), MESH_OK);
    }
    expect_large(bob, LARGE);
}

Test(chunk, D1_the_unsent_half_was_not_handled_when_its_stream_is_lost) {
    limits.first_credit_messages = 2;
    restart();
    cr_assert_eq(try_large(bob, LARGE), MESH_OK);
    resolve_all();
    cr_assert(carry(A, false));
    (void)STEP(A, PEER_LOST, .peer = process_of(B)); /* a mistake: it lives, and knows the stream */
    resolve_all();
    expect_nothing_settled();
    carry_all();
    expect_large(bob, LARGE);
    carry_all();
    expect_large_settled(LARGE, FRAME_HANDLED, FRAME_NO_REASON, false);
}

Test(chunk, E3_the_record_of_a_crash_settles_it_by_its_last_number) {
    cr_assert_eq(try_large(bob, LARGE), MESH_OK);
    resolve_all();
    cr_assert(carry(A, false));
    struct delivery_gone gone = {.reason = FRAME_EXITED, .sender = alice, .floors_known = true, .epoch = 1};
    gone.in_hand = SLICES;
    (void)STEP(A, GONE, .address = bob, .gone = &gone);
    expect_large_settled(LARGE, FRAME_RETURNED, FRAME_EXITED, false);
}

Test(chunk, D1_an_actor_that_ends_half_way_buries_it) {
    cr_assert_eq(try_large(bob, LARGE), MESH_OK);
    resolve_all();
    carry_some(2);
    cr_assert_eq(STEP(B, CLOSE, .address = bob, .reason = FRAME_EXITED), MESH_OK);
    (void)STEP(A, LINK_UP, .peer = process_of(B));
    carry_all();
    expect_large_settled(LARGE, FRAME_DIED, FRAME_EXITED, false);
}

Test(chunk, D7_a_local_target_gets_it_whole) {
    struct mesh_address dave = address_make(7, 1, 2);
    cr_assert_eq(STEP(A, OPEN, .address = dave), MESH_OK);
    cr_assert_eq(try_large(dave, LARGE), MESH_OK);
    struct message *message = delivery_take(sides[A], now_ns, dave);
    cr_assert(bytes_equal(message->payload, bytes_make(content, LARGE)));
}

Test(chunk, D5_a_target_that_turns_out_to_be_local_gets_what_was_half_sent_whole) {
    struct mesh_address dave = address_make(7, 1, 2);
    limits.first_credit_messages = 2;
    restart();
    cr_assert_eq(try_large(dave, LARGE), MESH_OK);
    (void)STEP(A, RESOLVED, .address = dave, .peer = process_of(B));
    lose_all(A);
    cr_assert_eq(STEP(A, OPEN, .address = dave), MESH_OK);
    struct message *message = delivery_take(sides[A], now_ns, dave);
    cr_assert_not_null(message);
    cr_assert(bytes_equal(message->payload, bytes_make(content, LARGE)));
}

/* ---- peers that cannot be trusted ---- */

static struct frame_run hostile(uint64_t first, enum frame_kind kind, uint64_t total, uint64_t offset) {
    return (struct frame_run){
        .sender = alice,
        .target = bob,
        .epoch = 1,
        .first = first,
        .base = 1,
        .kind = kind,
        .ttl_ms = FRAME_TTL_NEVER,
        .total = total,
        .offset = offset,
        .count = 1,
    };
}

static void attack(struct frame_run run, size_t slice_bytes) {
    struct bytes payload = bytes_make(content, slice_bytes);
    run.payloads = &payload;
    struct frame_batch batch = {.runs_count = 1, .runs = &run};
    cr_assert_eq(STEP(B, FRAME, .peer = process_of(A), .batch = &batch), MESH_OK);
}

/* What does not fit together is told dead by its last number, and the stream goes on. */
static void expect_refused_at(uint64_t seq) {
    struct frame_batch batch;
    cr_assert_eq(delivery_counters(sides[B])->dropped_bad, 1);
    cr_assert_null(delivery_take(sides[B], now_ns, bob));
    cr_assert(delivery_pull(sides[B], now_ns, process_of(A), &batch));
    const struct frame_ack *ack = &batch.acks[0];
    cr_assert_eq(ack->handled, seq);
    cr_assert_eq(ack->exceptions_count, 1);
    cr_assert_eq(ack->exceptions[0].seq, seq);
    cr_assert_eq(ack->exceptions[0].outcome, FRAME_DIED);
    cr_assert_eq(ack->exceptions[0].reason, FRAME_REFUSED);
    cr_assert_eq(mailbox_bytes(bob), 0);
    attack(hostile(seq + 1, FRAME_USER, 0, 0), 3);
    cr_assert_not_null(delivery_take(sides[B], now_ns, bob));
}

Test(chunk, D10_a_total_above_the_limit_is_refused) {
    attack(hostile(1, FRAME_CHUNK, UINT64_MAX, 0), CHUNK);
    attack(hostile(2, FRAME_USER, UINT64_MAX, CHUNK), CHUNK);
    expect_refused_at(2);
}

/* A weight that wrapped around would reserve next to nothing. */
Test(chunk, D10_a_total_that_no_memory_holds_is_refused_without_a_limit) {
    limits.message_bytes_max = limits.mailbox_bytes = SIZE_MAX;
    restart();
    attack(hostile(1, FRAME_CHUNK, SIZE_MAX - 1, 0), CHUNK);
    attack(hostile(2, FRAME_USER, SIZE_MAX - 1, CHUNK), CHUNK);
    expect_refused_at(2);
}

Test(chunk, D10_slices_beyond_the_total_are_refused) {
    attack(hostile(1, FRAME_CHUNK, 3 * CHUNK, 0), 2 * CHUNK);
    attack(hostile(2, FRAME_CHUNK, 3 * CHUNK, 2 * CHUNK), CHUNK);
    attack(hostile(3, FRAME_USER, 3 * CHUNK, 3 * CHUNK - 1), 2);
    expect_refused_at(3);
}

Test(chunk, D10_a_total_that_changes_is_refused) {
    attack(hostile(1, FRAME_CHUNK, LARGE, 0), CHUNK);
    attack(hostile(2, FRAME_USER, 2 * CHUNK, CHUNK), CHUNK);
    expect_refused_at(2);
}

Test(chunk, D10_a_slice_that_continues_nothing_is_refused) {
    attack(hostile(1, FRAME_USER, LARGE, LARGE - 1), 1);
    expect_refused_at(1);
}

Test(chunk, D10_slices_of_nothing_are_refused) {
    attack(hostile(1, FRAME_CHUNK, LARGE, 0), 0);
    attack(hostile(2, FRAME_USER, LARGE, 0), LARGE);
    expect_refused_at(2);
}

Test(chunk, D10_a_claim_costs_no_memory_before_its_bytes_come) {
    limits.message_bytes_max = limits.mailbox_bytes = SIZE_MAX / 4;
    restart();
    attack(hostile(1, FRAME_CHUNK, SIZE_MAX / 8, 0), CHUNK); /* no machine could give that */
    cr_assert_eq(delivery_counters(sides[B])->dropped_bad, 0);
    attack(hostile(2, FRAME_SKIP, 0, 0), 0);
    cr_assert_eq(mailbox_bytes(bob), 0);
}

Test(chunk, D10_a_message_within_another_ends_it) {
    attack(hostile(1, FRAME_CHUNK, LARGE, 0), CHUNK);
    attack(hostile(2, FRAME_USER, 0, 0), 3);
    struct message *message = delivery_take(sides[B], now_ns, bob);
    cr_assert_eq(message->payload.size, 3);
    cr_assert_eq(STEP(B, VERDICT, .address = bob, .outcome = FRAME_HANDLED), MESH_OK);
    struct frame_batch batch;
    cr_assert(delivery_pull(sides[B], now_ns, process_of(A), &batch));
    cr_assert_eq(batch.acks[0].handled, 2);
}
