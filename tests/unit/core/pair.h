/* Two deliveries that exchange batches by hand, for the tests of delivery's rules: A in process 1, B in process 2.
 *
 * Every batch that is carried can be lost; time only moves when a test moves it.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef TESTS_UNIT_CORE_PAIR_H
#define TESTS_UNIT_CORE_PAIR_H

#include "mesh/base/time.h"
#include "mesh/core/address.h"
#include "mesh/core/delivery.h"
#include <criterion/criterion.h>
#include <string.h>

enum { A, B };

static struct delivery *sides[2];
static uint64_t now_ns;
static struct mesh_address alice, bob, carol;
static struct delivery_limits limits;

static inline uint64_t process_of(int side) {
    return (uint64_t)side + 1;
}

static inline enum mesh_status step(int side, struct delivery_event event) {
    enum mesh_status status = delivery_step(sides[side], now_ns, &event);
    const struct delivery_counters *c = delivery_counters(sides[side]);
    cr_assert_eq(c->accepted, c->handled + c->returned + c->dead + c->abandoned + c->in_flight, "D1");
    cr_assert_gt(delivery_deadline(sides[side]), now_ns, "law 7");
    return status;
}

#define STEP(side, what, ...) step(side, (struct delivery_event){.kind = DELIVERY_##what, __VA_ARGS__})

static inline void tick(int side) {
    (void)step(side, (struct delivery_event){.kind = DELIVERY_TICK});
}

static inline void pair_start(void) {
    now_ns = NS_PER_S;
    alice = address_make(7, 1, 1);
    bob = address_make(7, 2, 1);
    carol = address_make(7, 2, 2);
    for (int side = A; side <= B; side++) {
        cr_assert_eq(delivery_new(&sides[side], &limits, 1), MESH_OK);
    }
    cr_assert_eq(STEP(A, OPEN, .address = alice), MESH_OK);
    cr_assert_eq(STEP(B, OPEN, .address = bob), MESH_OK);
    cr_assert_eq(STEP(B, OPEN, .address = carol), MESH_OK);
}

static inline void pair_setup(void) {
    limits = delivery_limits_default;
    pair_start();
}

static inline void pair_teardown(void) {
    delivery_destroy(&sides[A]);
    delivery_destroy(&sides[B]);
}

static inline struct message *make(struct mesh_address to, const char *text) {
    struct message *message = message_new(delivery_pool(sides[A]), bytes_of_text("text"), bytes_of_text(text));
    message->sender = alice;
    message->target = to;
    message->deadline_ns = TIME_NEVER;
    return message;
}

static inline enum mesh_status try_send(struct mesh_address to, const char *text) {
    struct message *message = make(to, text);
    enum mesh_status status = delivery_submit(sides[A], now_ns, message);
    if (status != MESH_OK) {
        message_release(message);
    }
    return status;
}

static inline void tell(struct mesh_address to, const char *text) {
    cr_assert_eq(try_send(to, text), MESH_OK);
}

static inline void resolve_all(void) {
    (void)STEP(A, RESOLVED, .address = bob, .peer = process_of(B));
    (void)STEP(A, RESOLVED, .address = carol, .peer = process_of(B));
}

/* Carries one batch, or loses it; false when there is none. */
static inline bool carry(int from, bool lose) {
    struct frame_batch batch;
    if (!delivery_pull(sides[from], now_ns, process_of(1 - from), &batch)) {
        return false;
    }
    if (!lose) {
        cr_assert_eq(STEP(1 - from, FRAME, .peer = process_of(from), .batch = &batch), MESH_OK);
    }
    return true;
}

static inline void carry_all(void) {
    for (int rounds = 0; rounds < 100; rounds++) {
        bool any = carry(A, false);
        any = carry(B, false) || any;
        if (!any) {
            return;
        }
    }
    cr_assert_fail("the two never come to rest");
}

static inline void lose_all(int from) {
    while (carry(from, true)) {
    }
}

/* Takes the next message of an actor of B's and checks its text; its handler is through at once. */
static inline void expect_handled(struct mesh_address who, const char *text) {
    struct message *message = delivery_take(sides[B], now_ns, who);
    cr_assert_not_null(message, "expected %s", text);
    cr_assert(bytes_equal(message->payload, bytes_of_text(text)), "expected %s, got %.*s", text,
              (int)message->payload.size, (const char *)message->payload.data);
    cr_assert_eq(STEP(B, VERDICT, .address = who, .outcome = FRAME_HANDLED), MESH_OK);
}

static inline void expect_settled(const char *text, enum frame_outcome outcome, enum frame_reason reason, bool maybe) {
    struct message *message = delivery_settled(sides[A]);
    cr_assert_not_null(message, "expected %s", text);
    cr_assert(bytes_equal(message->payload, bytes_of_text(text)), "expected %s, got %.*s", text,
              (int)message->payload.size, (const char *)message->payload.data);
    cr_assert_eq(message->outcome, outcome, "%s", text);
    cr_assert_eq(message->reason, reason, "%s", text);
    cr_assert_eq(message->maybe_handled, maybe, "%s", text);
    message_release(message);
}

static inline void expect_nothing_settled(void) {
    cr_assert_null(delivery_settled(sides[A]));
}

/* Whether that side wants it; throws away what comes before it. */
static inline bool wants(int side, enum delivery_action_kind kind, struct delivery_action *out) {
    while (delivery_poll(sides[side], out)) {
        if (out->kind == kind) {
            return true;
        }
    }
    return false;
}

#endif
