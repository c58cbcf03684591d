/* Delivery and the receiver's room: what it grants, and what becomes of more than that.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/unit/core/pair.h"

TestSuite(credit, .init = pair_setup, .fini = pair_teardown);

Test(credit, D7a_what_exceeds_the_credit_is_dropped) {
    pair_teardown();
    limits.first_credit_messages = 2;
    pair_start();
    struct bytes payloads[] = {bytes_of_text("1"), bytes_of_text("2"), bytes_of_text("3")};
    struct frame_run run = {.sender = alice,
                            .target = bob,
                            .epoch = 1,
                            .first = 1,
                            .base = 1,
                            .count = 3,
                            .ttl_ms = FRAME_TTL_NEVER,
                            .payloads = payloads};
    struct frame_batch batch = {.runs_count = 1, .runs = &run};
    (void)STEP(B, FRAME, .peer = process_of(A), .batch = &batch);
    cr_assert_eq(delivery_counters(sides[B])->received, 2);
    cr_assert_eq(delivery_counters(sides[B])->dropped_credit, 1);
}

/* So many messages for a mailbox of that size, with a credit of 8 to begin with. */
static void flood(size_t mailbox_messages, int messages) {
    pair_teardown();
    limits.mailbox_messages = mailbox_messages;
    limits.first_credit_messages = 8;
    pair_start();
    for (int i = 0; i < messages; i++) {
        tell(bob, "x");
    }
    resolve_all();
    carry_all();
}

static size_t in_mailbox(void) {
    struct delivery_load load;
    cr_assert(delivery_load(sides[B], bob, &load));
    return load.mailbox_messages;
}

Test(credit, D7a_a_full_mailbox_drops_and_gets_it_again) {
    flood(4, 8);
    cr_assert_eq(in_mailbox(), 4);
    cr_assert_eq(delivery_counters(sides[B])->dropped_full, 4);
    for (int i = 0; i < 8; i++) {
        expect_handled(bob, "x");
        carry_all();
    }
    cr_assert_eq(delivery_counters(sides[A])->handled, 8);
}

Test(credit, D7a_a_nearly_full_mailbox_gives_out_no_crumbs) {
    flood(8, 16);
    static const size_t left[] = {7, 8, 7, 8};
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++) {
        expect_handled(bob, "x");
        carry_all();
        cr_assert_eq(in_mailbox(), left[i], "after %zu", i + 1);
    }
    cr_assert_eq(delivery_counters(sides[B])->dropped_full, 0);
}
