/* The receiver's side of a stream: marks, exceptions, and what an ack says.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/stream_in.h"
#include <criterion/criterion.h>

enum { EXCEPTIONS_MAX = 8 };

static struct message_pool *pool;
static struct stream_in stream;
static struct frame_ack ack;
static struct frame_exception exceptions[EXCEPTIONS_MAX];
static const struct mailbox_share share = {10, 1000};

static void setup(void) {
    cr_assert_eq(message_pool_new(&pool, 16), MESH_OK);
    stream_in_init(&stream, 5, 1, 4, 100);
}

static void teardown(void) {
    stream_in_fini(&stream);
    message_pool_destroy(&pool);
}

TestSuite(stream_in, .init = setup, .fini = teardown);

static void take(size_t count) {
    for (size_t i = 0; i < count; i++) {
        stream_in_took(&stream, 1);
    }
}

static void settle(uint64_t seq, enum frame_outcome outcome) {
    struct message *message = message_new(pool, (struct bytes){0}, (struct bytes){0});
    message->seq = seq;
    message->outcome = outcome;
    stream_in_settle(&stream, message);
}

static bool make_ack(size_t max) {
    return stream_in_ack(&stream, share, &ack, exceptions, max);
}

Test(stream_in, D14_received_and_handled_are_told_apart) {
    take(2);
    settle(1, FRAME_HANDLED);
    cr_assert(make_ack(EXCEPTIONS_MAX));
    cr_assert_eq(ack.received, 2);
    cr_assert_eq(ack.handled, 1);
    cr_assert_eq(ack.exceptions_count, 0);
}

Test(stream_in, D2_an_exception_is_told_until_the_base_has_passed_it) {
    take(2);
    settle(1, FRAME_RETURNED);
    settle(2, FRAME_HANDLED);
    for (int again = 0; again < 2; again++) {
        cr_assert(make_ack(EXCEPTIONS_MAX));
        cr_assert_eq(ack.handled, 2);
        cr_assert_eq(ack.exceptions_count, 1);
        cr_assert_eq(exceptions[0].seq, 1);
        cr_assert_eq(exceptions[0].outcome, FRAME_RETURNED);
    }
    stream_in_pass(&stream, 2);
    cr_assert_eq(stream.kept, 0);
    cr_assert(make_ack(EXCEPTIONS_MAX));
    cr_assert_eq(ack.listed_from, 2);
    cr_assert_eq(ack.exceptions_count, 0);
}

Test(stream_in, C5_what_is_settled_out_of_turn_waits_for_the_mark) {
    take(3);
    settle(3, FRAME_HANDLED);
    settle(2, FRAME_DIED);
    cr_assert_eq(stream.handled, 0);
    settle(1, FRAME_HANDLED);
    cr_assert_eq(stream.handled, 3);
    cr_assert(make_ack(EXCEPTIONS_MAX));
    cr_assert_eq(ack.exceptions_count, 1);
    cr_assert_eq(exceptions[0].seq, 2);
}

static void expect_ranges(size_t max, const struct frame_range *expected, size_t count) {
    struct frame_range ranges[EXCEPTIONS_MAX];
    cr_assert_eq(stream_in_ahead(&stream, ranges, max), count);
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(ranges[i].first, expected[i].first);
        cr_assert_eq(ranges[i].last, expected[i].last);
    }
}

#define EXPECT_RANGES(max, ...)                                                                                        \
    expect_ranges(max, (const struct frame_range[]){__VA_ARGS__},                                                      \
                  sizeof((const struct frame_range[]){__VA_ARGS__}) / sizeof(struct frame_range))

Test(stream_in, D11_what_is_handled_out_of_turn_is_told_before_the_mark) {
    take(5);
    settle(4, FRAME_HANDLED);
    settle(5, FRAME_HANDLED);
    EXPECT_RANGES(EXCEPTIONS_MAX, {4, 5});
    settle(2, FRAME_HANDLED);
    settle(3, FRAME_RETURNED);
    EXPECT_RANGES(EXCEPTIONS_MAX, {2, 2}, {4, 5});
    settle(1, FRAME_HANDLED);
    cr_assert_eq(stream.handled, 5);
    expect_ranges(EXCEPTIONS_MAX, NULL, 0);
    cr_assert_eq(stream.kept, 1); /* the one that was returned */
}

Test(stream_in, D10_what_is_handled_in_a_row_out_of_turn_is_one_record) {
    take(9);
    static const uint64_t order[] = {9, 3, 5, 7, 4, 8, 6, 2};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        settle(order[i], FRAME_HANDLED);
    }
    cr_assert_eq(stream.kept, 1);
    EXPECT_RANGES(EXCEPTIONS_MAX, {2, 9});
    settle(1, FRAME_HANDLED);
    cr_assert_eq(stream.handled, 9);
    cr_assert_eq(stream.kept, 0);
}

Test(stream_in, D11_one_ack_goes_on_where_the_last_one_had_no_room) {
    take(8);
    for (uint64_t seq = 2; seq <= 8; seq += 2) {
        settle(seq, FRAME_HANDLED);
    }
    EXPECT_RANGES(3, {2, 2}, {4, 4}, {6, 6});
    EXPECT_RANGES(3, {8, 8});
    EXPECT_RANGES(3, {2, 2}, {4, 4}, {6, 6}); /* for acks can be lost */
}

Test(stream_in, D1_of_those_handled_out_of_turn_none_dies) {
    take(6);
    settle(5, FRAME_HANDLED);
    settle(2, FRAME_HANDLED);
    settle(3, FRAME_HANDLED);
    stream_in_kill(&stream, FRAME_EXITED);
    cr_assert(make_ack(EXCEPTIONS_MAX));
    cr_assert_eq(ack.handled, 6);
    cr_assert_eq(ack.exceptions_count, 3);
    cr_assert_eq(exceptions[0].seq, 1);
    cr_assert_eq(exceptions[1].seq, 4);
    cr_assert_eq(exceptions[2].seq, 6);
    cr_assert_not(make_ack(1)); /* and when that is told in parts */
    cr_assert_eq(exceptions[0].seq, 1);
    cr_assert_not(make_ack(1));
    cr_assert_eq(exceptions[0].seq, 4);
    cr_assert(make_ack(1));
    cr_assert_eq(exceptions[0].seq, 6);
}

Test(stream_in, D2_an_ack_claims_no_more_than_it_lists) {
    take(3);
    for (uint64_t seq = 1; seq <= 3; seq++) {
        settle(seq, FRAME_RETURNED);
    }
    cr_assert_not(make_ack(2));
    cr_assert_eq(ack.handled, 2);
    cr_assert_eq(ack.listed_from, 1);
    cr_assert(make_ack(2)); /* the rest */
    cr_assert_eq(ack.listed_from, 3);
    cr_assert_eq(ack.handled, 3);
    cr_assert_eq(exceptions[0].seq, 3);
    cr_assert_not(make_ack(2)); /* and from the beginning again, for acks can be lost */
    cr_assert_eq(ack.listed_from, 1);
}

Test(stream_in, D1_the_death_of_its_actor_settles_all_the_rest) {
    take(4);
    settle(1, FRAME_RETURNED);
    settle(3, FRAME_HANDLED);
    stream_in_kill(&stream, FRAME_EXITED);
    stream_in_bury(&stream, 1);
    cr_assert(make_ack(EXCEPTIONS_MAX));
    cr_assert_eq(ack.handled, 5);
    cr_assert_eq(ack.exceptions_count, 4);
    cr_assert_eq(exceptions[0].outcome, FRAME_RETURNED);
    cr_assert_eq(exceptions[1].seq, 2);
    cr_assert_eq(exceptions[1].outcome, FRAME_DIED);
    cr_assert_eq(exceptions[1].reason, FRAME_EXITED);
    cr_assert_eq(exceptions[2].seq, 4); /* 3 was handled */
    cr_assert_eq(exceptions[3].seq, 5);
}

Test(stream_in, D7a_a_credit_never_shrinks) {
    cr_assert(make_ack(EXCEPTIONS_MAX));
    cr_assert_eq(ack.credit_seq, share.messages);
    cr_assert_eq(ack.credit_bytes, share.bytes);
    cr_assert(stream_in_ack(&stream, (struct mailbox_share){1, 1}, &ack, exceptions, EXCEPTIONS_MAX));
    cr_assert_eq(ack.credit_seq, share.messages);
    cr_assert_eq(ack.credit_bytes, share.bytes);
}

Test(stream_in, D7a_a_gap_is_not_told_while_there_is_no_room) {
    stream.dropped = true;
    cr_assert(stream_in_ack(&stream, (struct mailbox_share){0, 0}, &ack, exceptions, EXCEPTIONS_MAX));
    cr_assert_eq(ack.flags, 0);
    cr_assert(make_ack(EXCEPTIONS_MAX));
    cr_assert_eq(ack.flags, FRAME_ACK_GAP);
    cr_assert(make_ack(EXCEPTIONS_MAX));
    cr_assert_eq(ack.flags, 0);
}

Test(stream_in, D2_an_ack_is_eager_when_half_the_credit_is_used) {
    take(1);
    cr_assert_eq(stream_in_wants(&stream), STREAM_WANTS_LAZY_ACK);
    take(1);
    cr_assert_eq(stream_in_wants(&stream), STREAM_WANTS_ACK);
}
