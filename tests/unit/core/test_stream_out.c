/* The sender's side of a stream: numbers, credit, marks, expiry.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/stream_out.h"
#include <criterion/criterion.h>

enum { CREDIT = 3, CREDIT_BYTES = 100 };

static struct message_pool *pool;
static struct stream_out stream;
static const struct stream_credit credit = {CREDIT, CREDIT_BYTES};

static void release_all(struct message_list *list) {
    struct message *message;
    while ((message = message_list_take(list))) {
        message_release(message);
    }
}

static void setup(void) {
    cr_assert_eq(message_pool_new(&pool, 16), MESH_OK);
    stream_out_init(&stream, (struct mesh_address){1, 1}, (struct mesh_address){2, 2}, credit);
}

static void teardown(void) {
    struct message_list all = {0};
    stream_out_drop(&stream, true, &all);
    release_all(&all);
    message_pool_destroy(&pool);
}

TestSuite(stream_out, .init = setup, .fini = teardown);

static void push(size_t bytes, uint64_t deadline_ns) {
    static const uint8_t payload[CREDIT_BYTES + 1];
    struct message *message = message_new(pool, (struct bytes){0}, bytes_make(payload, bytes));
    message->deadline_ns = deadline_ns;
    stream_out_push(&stream, message, message->payload.size);
}

static struct message *next(void) {
    return stream_out_next(&stream).message;
}

/* The number that what is next has, or will get. */
static uint64_t next_seq(void) {
    struct stream_place place = stream_out_next(&stream);
    cr_assert_not_null(place.message);
    return place.message->seq + place.entry;
}

static bool send_next(void) {
    struct stream_place place = stream_out_next(&stream);
    cr_assert_not_null(place.message);
    return stream_out_sent(&stream, &place);
}

static size_t send_all(void) {
    size_t count = 0;
    while (next()) {
        (void)send_next();
        count++;
    }
    return count;
}

static struct message *settle(void) {
    return stream_out_lowest(&stream) ? stream_out_pass(&stream, 1) : NULL;
}

Test(stream_out, D5_a_number_is_given_at_the_first_sending) {
    push(1, TIME_NEVER);
    struct message *message = next();
    cr_assert_eq(message->seq, 0);
    cr_assert_not(send_next());
    cr_assert_eq(message->seq, 1);
    cr_assert_eq(stream.high, 1);
}

Test(stream_out, D7a_no_more_messages_than_the_credit) {
    for (int i = 0; i < CREDIT + 1; i++) {
        push(1, TIME_NEVER);
    }
    cr_assert_eq(send_all(), CREDIT);
    stream_out_received(&stream, 1, CREDIT + 1, 0);
    cr_assert_eq(send_all(), 1);
}

Test(stream_out, D7a_no_more_bytes_than_the_credit) {
    push(CREDIT_BYTES, TIME_NEVER);
    push(1, TIME_NEVER);
    cr_assert_eq(send_all(), 1);
    stream_out_received(&stream, 1, 0, 1);
    cr_assert_eq(send_all(), 1);
    push(CREDIT_BYTES + 1, TIME_NEVER);
    cr_assert_eq(send_all(), 0);
}

Test(stream_out, D7a_an_old_ack_takes_no_credit_away) {
    stream_out_received(&stream, 0, 10, 1000);
    stream_out_received(&stream, 0, CREDIT, CREDIT_BYTES);
    cr_assert_eq(stream.credit_seq, 10);
    cr_assert_eq(stream.credit_bytes, 1000);
}

Test(stream_out, D3_a_rewind_sends_again_what_was_not_received) {
    for (int i = 0; i < CREDIT; i++) {
        push(10, TIME_NEVER);
    }
    send_all();
    stream_out_received(&stream, 1, 0, 0);
    cr_assert_eq(stream.flight_bytes, 20);
    stream_out_rewind(&stream);
    cr_assert_eq(stream.flight_bytes, 0);
    cr_assert_eq(stream.waiting_bytes, 20);
    cr_assert_eq(next_seq(), 2);
    cr_assert(send_next());
    stream_out_received(&stream, 3, 0, 0); /* the first copies arrived after all */
    cr_assert_eq(stream.waiting_bytes + stream.flight_bytes, 0);
    cr_assert_null(next());
}

Test(stream_out, D2_only_what_was_received_is_settled) {
    push(1, TIME_NEVER);
    push(1, TIME_NEVER);
    send_all();
    cr_assert_null(settle());
    stream_out_received(&stream, 1, 0, 0);
    struct message *message = settle();
    cr_assert_eq(message->seq, 1);
    message_release(message);
    cr_assert_null(settle());
    cr_assert_eq(stream.base, 2);
}

Test(stream_out, D8_an_unsent_message_vanishes_at_its_deadline) {
    struct message_list expired = {0};
    push(5, 100);
    push(7, 200);
    stream_out_expire(&stream, 99, false, pool, &expired);
    cr_assert_null(expired.first);
    stream_out_expire(&stream, 100, false, pool, &expired);
    cr_assert_eq(expired.first, expired.last);
    cr_assert_eq(stream.waiting_bytes, 7);
    cr_assert_eq(stream.expiry_ns, 200);
    release_all(&expired);
    cr_assert_eq(send_all(), 1);
    cr_assert_eq(stream.high, 1);
}

Test(stream_out, D8_a_sent_message_leaves_a_skip_in_its_place) {
    struct message_list expired = {0};
    push(5, 100);
    push(7, 200);
    send_all();
    stream_out_expire(&stream, 150, false, pool, &expired);
    cr_assert_null(expired.first); /* the receiver's word decides */
    stream_out_expire(&stream, 150, true, pool, &expired);
    cr_assert_eq(expired.first->seq, 1);
    release_all(&expired);
    cr_assert_eq(stream.flight_bytes, 7);
    stream_out_rewind(&stream);
    cr_assert_eq(next()->kind, FRAME_SKIP);
    cr_assert_eq(next_seq(), 1);
    cr_assert_eq(send_all(), 2);
}

/* The receiver has handled these. */
static size_t take_ahead(uint64_t first, uint64_t last) {
    struct message_list out = {0};
    size_t count = 0;
    stream_out_take_ahead(&stream, &(struct frame_range){first, last}, pool, &out);
    for (struct message *message; (message = message_list_take(&out)); count += message_count(message)) {
        cr_assert_eq(message->kind, FRAME_USER);
        cr_assert(message_last_seq(message) <= last && message->seq >= first);
        message_release(message);
    }
    return count;
}

Test(stream_out, D11_what_is_settled_out_of_turn_leaves_one_skip) {
    for (int i = 0; i < 5; i++) {
        push(1, TIME_NEVER);
    }
    stream_out_received(&stream, 0, 5, CREDIT_BYTES);
    (void)send_all();
    stream_out_received(&stream, 5, 5, CREDIT_BYTES);
    cr_assert_eq(take_ahead(3, 3), 1);
    cr_assert_eq(take_ahead(2, 4), 2);
    cr_assert_eq(take_ahead(2, 4), 0);
    message_release(settle());
    struct message *lowest = stream_out_lowest(&stream);
    cr_assert_eq(lowest->kind, FRAME_SKIP);
    cr_assert_eq(message_count(lowest), 3);
    message_release(stream_out_pass(&stream, 3));
    cr_assert_eq(stream_out_lowest(&stream)->kind, FRAME_USER);
    cr_assert_eq(stream_out_lowest(&stream)->seq, 5);
}

Test(stream_out, D11_the_skips_go_again_one_by_one) {
    for (int i = 0; i < 3; i++) {
        push(1, TIME_NEVER);
    }
    (void)send_all();
    stream_out_received(&stream, 3, 3, CREDIT_BYTES);
    cr_assert_eq(take_ahead(2, 3), 2);
    stream_out_restart(&stream, credit);
    for (uint64_t seq = 1; seq <= 3; seq++) {
        cr_assert_eq(next_seq(), seq);
        cr_assert_eq(next()->kind, seq == 1 ? FRAME_USER : FRAME_SKIP);
        cr_assert(send_next());
    }
    cr_assert_null(next());
}

Test(stream_out, D3_a_restart_sends_everything_to_a_receiver_that_knows_nothing) {
    for (int i = 0; i < CREDIT; i++) {
        push(10, TIME_NEVER);
    }
    send_all();
    stream.epoch = 4;
    stream_out_received(&stream, 2, 50, 5000);
    message_release(settle());
    stream_out_restart(&stream, credit);
    cr_assert_eq(stream.epoch, 0);
    cr_assert_eq(stream.received, 1);
    cr_assert_eq(stream.waiting_bytes, 20);
    cr_assert_eq(next_seq(), 2);
    cr_assert_eq(stream.credit_seq, 1 + CREDIT);
}

Test(stream_out, D14_it_is_received_when_nothing_is_queued_or_in_flight) {
    cr_assert(stream_out_is_received(&stream));
    push(1, TIME_NEVER);
    cr_assert_not(stream_out_is_received(&stream));
    send_all();
    cr_assert_not(stream_out_is_received(&stream));
    stream_out_received(&stream, 1, 0, 0);
    cr_assert(stream_out_is_received(&stream));
}

/* A run of five payloads of 30 bytes, behind one by itself. */
static struct stream_place push_run(void) {
    static const uint8_t payload[30];
    push(1, TIME_NEVER);
    struct message draft = {.count = 1, .deadline_ns = TIME_NEVER, .payload = bytes_make(payload, sizeof payload)};
    for (int i = 0; i < 5; i++) {
        cr_assert(stream_out_push_into_run(&stream, pool, &draft, 1));
    }
    (void)send_next();
    return stream_out_next(&stream);
}

Test(stream_out, D7a_many_of_a_run_go_at_once_as_far_as_the_credit_goes) {
    struct stream_place place = push_run();
    cr_assert_eq(place.count, 1);
    stream_out_extend(&stream, &place, 100, 1000);
    cr_assert_eq(place.count, CREDIT - 1);
    cr_assert_eq(place.bytes, (CREDIT - 1) * 30);
    cr_assert_not(stream_out_sent(&stream, &place));
    cr_assert_eq(stream.high, CREDIT);
    cr_assert_eq(stream.queued, 6 - CREDIT);
    cr_assert_null(next());
    stream_out_received(&stream, 1, 100, 0); /* of 99 bytes 60 are under way */
    place = stream_out_next(&stream);
    stream_out_extend(&stream, &place, 100, 1000);
    cr_assert_eq(place.entry, 2);
    cr_assert_eq(place.count, 1);
}

/* What was handled of it alone waits for the mark. */
Test(stream_out, D11_a_run_is_settled_out_of_turn_as_a_whole) {
    (void)push_run();
    stream_out_received(&stream, 0, 6, 1000);
    (void)send_all();
    stream_out_received(&stream, 6, 6, 1000);
    cr_assert_eq(take_ahead(2, 5), 0);
    cr_assert_eq(take_ahead(2, 6), 5);
    message_release(settle());
    cr_assert_eq(message_count(stream_out_lowest(&stream)), 5);
}

Test(stream_out, D6_no_more_of_a_run_than_is_wanted) {
    struct stream_place place = push_run();
    stream_out_received(&stream, 1, 100, 1000);
    stream_out_extend(&stream, &place, 4, 1000);
    cr_assert_eq(place.count, 4);
    place = stream_out_next(&stream);
    stream_out_extend(&stream, &place, 100, 119);
    cr_assert_eq(place.count, 3);
    place = stream_out_next(&stream);
    stream_out_extend(&stream, &place, 100, 5);
    cr_assert_eq(place.count, 1);
}

Test(stream_out, D3_many_of_a_run_go_again_but_no_more_than_went) {
    struct stream_place place = push_run();
    stream_out_received(&stream, 1, 100, 1000);
    stream_out_extend(&stream, &place, 3, 1000);
    cr_assert_not(stream_out_sent(&stream, &place));
    stream_out_rewind(&stream);
    place = stream_out_next(&stream);
    stream_out_extend(&stream, &place, 100, 1000);
    cr_assert_eq(place.count, 3);
    cr_assert(stream_out_sent(&stream, &place));
    place = stream_out_next(&stream);
    stream_out_extend(&stream, &place, 100, 1000);
    cr_assert_eq(place.count, 2);
    cr_assert_not(stream_out_sent(&stream, &place));
    cr_assert_eq(stream.high, 6);
}
