/* Mailboxes: order, limits, expiry and shares.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/time.h"
#include "mesh/core/mailbox.h"
#include <criterion/criterion.h>

enum { MESSAGES_MAX = 4, WEIGHT = MESSAGE_OVERHEAD_BYTES + 1, BYTES_MAX = 3 * WEIGHT };

static struct message_pool *pool;
static struct mailbox mailbox;

static void setup(void) {
    cr_assert_eq(message_pool_new(&pool, 16), MESH_OK);
    mailbox_init(&mailbox, MESSAGES_MAX, 1024 * 1024);
}

static void teardown(void) {
    struct message *message;
    while ((message = mailbox_take(&mailbox))) {
        message_release(message);
    }
    message_pool_destroy(&pool);
}

TestSuite(mailbox, .init = setup, .fini = teardown);

static void put(const char *text, bool urgent, uint64_t deadline_ns) {
    struct message *message = message_new(pool, (struct bytes){0}, bytes_of_text(text));
    message->urgent = urgent;
    message->deadline_ns = deadline_ns;
    mailbox_push(&mailbox, message);
}

static void expect(const char *text) {
    struct message *message = mailbox_take(&mailbox);
    cr_assert_not_null(message);
    cr_assert(bytes_equal(message->payload, bytes_of_text(text)), "expected %s", text);
    message_release(message);
}

Test(mailbox, D5_order_is_kept_and_C5_urgent_goes_ahead) {
    put("1", false, TIME_NEVER);
    put("2", true, TIME_NEVER);
    put("3", false, TIME_NEVER);
    put("4", true, TIME_NEVER);
    expect("2");
    expect("4");
    expect("1");
    expect("3");
    cr_assert_null(mailbox_take(&mailbox));
}

Test(mailbox, D7a_it_is_full_at_its_number_of_messages) {
    for (int i = 0; i < MESSAGES_MAX; i++) {
        cr_assert(mailbox_fits(&mailbox, WEIGHT));
        put("x", false, TIME_NEVER);
    }
    cr_assert_not(mailbox_fits(&mailbox, WEIGHT));
}

Test(mailbox, D7a_it_is_full_at_its_number_of_bytes) {
    mailbox_init(&mailbox, MESSAGES_MAX, BYTES_MAX);
    put("x", false, TIME_NEVER);
    put("x", false, TIME_NEVER);
    cr_assert(mailbox_fits(&mailbox, WEIGHT));
    cr_assert_not(mailbox_fits(&mailbox, WEIGHT + 1));
}

Test(mailbox, D8_what_has_expired_leaves_at_its_deadline) {
    struct message_list expired = {0};
    put("late", false, 100);
    put("later", true, 200);
    put("never", false, TIME_NEVER);
    cr_assert_eq(mailbox.expiry_ns, 100);
    mailbox_expire(&mailbox, 99, &expired);
    cr_assert_null(expired.first);
    mailbox_expire(&mailbox, 100, &expired);
    struct message *message = message_list_take(&expired);
    cr_assert(bytes_equal(message->payload, bytes_of_text("late")));
    message_release(message);
    cr_assert_null(message_list_take(&expired));
    cr_assert_eq(mailbox.expiry_ns, 200);
    expect("later");
    expect("never");
    cr_assert_eq(mailbox.expiry_ns, TIME_NEVER);
}

Test(mailbox, D7a_busy_streams_share_the_free_room) {
    mailbox_init(&mailbox, 100, 1024 * 1024);
    cr_assert_eq(mailbox_share(&mailbox, false).messages, 100);
    mailbox.busy = 4;
    cr_assert_eq(mailbox_share(&mailbox, true).messages, 25);
    cr_assert_eq(mailbox_share(&mailbox, false).messages, 20);
    mailbox.busy = 1000;
    cr_assert_eq(mailbox_share(&mailbox, true).messages, 1);
    cr_assert_eq(mailbox_share(&mailbox, true).bytes, FRAME_PAYLOAD_BYTES);
    mailbox.messages = 100;
    cr_assert_eq(mailbox_share(&mailbox, true).messages, 0);
    mailbox.messages = mailbox.busy = 0;
}
