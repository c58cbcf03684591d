/* Messages: who holds them, and where their payload lies.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/message.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct message_pool *pool;

static void setup(void) {
    cr_assert_eq(message_pool_new(&pool, 1), MESH_OK);
}

static void teardown(void) {
    message_pool_destroy(&pool);
}

TestSuite(message, .init = setup, .fini = teardown);

Test(message, D9_type_and_payload_are_copies) {
    char type[] = "kind", payload[] = "bytes";
    struct message *message = message_new(pool, bytes_of_text(type), bytes_of_text(payload));
    memset(type, 0, sizeof type);
    memset(payload, 0, sizeof payload);
    cr_assert(bytes_equal(message->type, bytes_of_text("kind")));
    cr_assert(bytes_equal(message->payload, bytes_of_text("bytes")));
    message_release(message);
}

Test(message, a_trimmed_pool_goes_on) {
    for (int i = 0; i < 3; i++) {
        struct message *message = message_new(pool, bytes_of_text("kind"), bytes_of_text("bytes"));
        message_release(message);
        message_pool_trim(pool);
    }
}

Test(message, D9_an_empty_payload_is_everyday) {
    struct message *message = message_new(pool, (struct bytes){0}, (struct bytes){0});
    cr_assert_eq(message->payload.size, 0);
    cr_assert_eq(message_weight(message), MESSAGE_OVERHEAD_BYTES);
    message_release(message);
}

Test(message, a_payload_above_the_inline_limit_lies_in_a_part) {
    static uint8_t payload[FRAME_INLINE_BYTES + 1];
    struct message *small = message_new(pool, (struct bytes){0}, bytes_make(payload, FRAME_INLINE_BYTES));
    struct message *large = message_new(pool, (struct bytes){0}, bytes_make(payload, FRAME_INLINE_BYTES + 1));
    cr_assert_null(small->part);
    cr_assert_not_null(large->part);
    cr_assert_eq(large->payload.size, sizeof payload);
    message_release(small);
    message_release(large);
}

Test(message, a_held_message_outlives_its_owner_and_its_pool) {
    struct message *message = message_new(pool, bytes_of_text("t"), bytes_of_text("x"));
    message_hold(message);
    message_release(message);
    message_pool_destroy(&pool);
    cr_assert(bytes_equal(message->payload, bytes_of_text("x")));
    message_release(message);
}

Test(message, a_kept_block_is_blank_when_it_is_used_again) {
    struct message *first = message_new(pool, bytes_of_text("t"), bytes_of_text("x"));
    first->seq = first->ask = 7;
    first->urgent = first->maybe_handled = true;
    first->flags = FRAME_RUN_REPLY;
    message_set_text(first, bytes_of_text("why"));
    message_release(first);
    struct message *again = message_new(pool, bytes_of_text("t"), bytes_of_text("y"));
    cr_assert_eq(again->seq + again->ask + again->flags, 0);
    cr_assert_not(again->urgent || again->maybe_handled);
    cr_assert_eq(again->text.size, 0);
    message_release(again);
}

Test(message, a_text_is_cut_at_its_limit) {
    static char text[FRAME_TEXT_BYTES + 1];
    memset(text, 'a', sizeof text);
    struct message *message = message_new(pool, (struct bytes){0}, (struct bytes){0});
    message_set_text(message, bytes_make(text, FRAME_TEXT_BYTES));
    cr_assert_eq(message->text.size, FRAME_TEXT_BYTES);
    message_set_text(message, bytes_make(text, sizeof text));
    cr_assert_eq(message->text.size, FRAME_TEXT_BYTES);
    message_set_text(message, (struct bytes){0});
    cr_assert_eq(message->text.size, 0);
    message_release(message);
}

Test(message, D10_a_record_of_a_fate_keeps_no_large_payload) {
    static uint8_t payload[FRAME_INLINE_BYTES + 1];
    struct message *message = message_new(pool, (struct bytes){0}, bytes_make(payload, sizeof payload));
    message_hold(message);
    message_shed(message);
    cr_assert_eq(message->payload.size, sizeof payload); /* somebody reads it */
    message_release(message);
    message_shed(message);
    cr_assert_null(message->part);
    cr_assert_eq(message->payload.size, 0);
    message_release(message);
}
