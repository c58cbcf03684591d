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
