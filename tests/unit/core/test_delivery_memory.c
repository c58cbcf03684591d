/* Delivery without memory: each trial goes through the same story again and again, and each time another allocation of one part of it fails,
 * alone or with all after it. A step is whole or not at all, what was accepted finds one true fate in the end, and nothing leaks.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/support/scarce.h"
#include "tests/unit/core/pair.h"
#include <stdio.h>
#include <stdlib.h>

enum { MESSAGES_MAX = 64, AGAIN = 99, ROUNDS_MAX = 400, ROUND_MS = 300 };

struct trial {
    void (*prepare)(void);
    void (*squeeze)(void);      /* with an allocation that fails */
    void (*after)(void);        /* NULL for nothing; then both come to rest */
    enum frame_outcome outcome; /* of every message, but where a trial says otherwise */
    bool tell_handled;
};

struct fate {
    unsigned handled, told; /* how often: at bob, and by his word at alice */
    enum frame_outcome outcome;
    bool maybe;
};

static struct fate fates[MESSAGES_MAX + 1];
static int posted, last_handled;
static uint64_t bobs; /* his process */
static const struct delivery_gone *record;

static void setup(void) {
    limits = delivery_limits_default;
    limits.run_min = 1;
}

TestSuite(delivery_memory, .init = setup);

/* ---- messages ---- */

/* Its number as text, and then nothing but zeros. */
static enum mesh_status post_number(int number, size_t bytes, uint64_t deadline_ns) {
    static uint8_t room[512 * 1024];
    memset(room, 0, bytes);
    (void)snprintf((char *)room, bytes, "%d", number);
    struct message draft = {.count = 1, .sender = alice, .target = bob, .deadline_ns = deadline_ns};
    draft.type = bytes_of_text("number");
    draft.payload = bytes_make(room, bytes);
    return delivery_post(sides[A], now_ns, &draft);
}

static int number_of(const struct message *message) {
    int number = (int)strtol((const char *)message->payload.data, NULL, 10);
    cr_assert(number > 0 && number <= posted, "%d was never accepted", number);
    return number;
}

static struct delivery_load load_of(int side, struct mesh_address who) {
    struct delivery_load load;
    cr_assert(delivery_load(sides[side], who, &load));
    return load;
}

/* Accepted, or as if it had never been. */
static void post_until(size_t bytes, uint64_t deadline_ns) {
    struct delivery_load before = load_of(A, alice);
    struct delivery_counters counted = *delivery_counters(sides[A]);
    enum mesh_status status = post_number(posted + 1, bytes, deadline_ns);
    struct delivery_load after = load_of(A, alice);
    if (status == MESH_OK) {
        posted++;
        cr_assert_eq(after.unsettled_messages, before.unsettled_messages + 1);
        return;
    }
    cr_assert_eq(status, MESH_NO_MEMORY);
    cr_assert_eq(memcmp(&before, &after, sizeof before), 0);
    cr_assert_eq(memcmp(&counted, delivery_counters(sides[A]), sizeof counted), 0);
}

static void post(size_t bytes) {
    post_until(bytes, TIME_NEVER);
}

static void note_handled(const struct message *message) {
    int number = number_of(message);
    cr_assert_gt(number, last_handled, "D5");
    last_handled = number;
    fates[number].handled++;
}

static void take_all(void) {
    while (true) {
        struct delivery_load before = load_of(B, bob);
        uint64_t expired = delivery_counters(sides[B])->expired;
        const struct message *message = delivery_take(sides[B], now_ns, bob);
        struct delivery_load after = load_of(B, bob);
        if (!message) {
            expired = delivery_counters(sides[B])->expired - expired;
            cr_assert_eq(before.mailbox_messages, after.mailbox_messages + expired);
            cr_assert(expired > 0 || before.mailbox_bytes == after.mailbox_bytes);
            return;
        }
        note_handled(message);
        cr_assert_eq(STEP(B, VERDICT, .address = bob, .outcome = FRAME_HANDLED), MESH_OK);
    }
}

static void hear_all(void) {
    struct message *message;
    while ((message = delivery_settled(sides[A]))) {
        struct fate *fate = &fates[number_of(message)];
        fate->told++;
        fate->outcome = message->outcome;
        fate->maybe = message->maybe_handled;
        message_release(message);
    }
}

/* ---- between the two ---- */

static void resolve(void) {
    (void)STEP(A, RESOLVED, .address = bob, .peer = bobs, .life = bobs == AGAIN, .gone = record);
}

static bool carry_one(int from) {
    struct frame_batch batch;
    if (!delivery_pull(sides[from], now_ns, from == A ? bobs : process_of(A), &batch)) {
        return false;
    }
    cr_assert_eq(STEP(1 - from, FRAME, .peer = from == A ? process_of(A) : bobs, .batch = &batch), MESH_OK);
    return true;
}

static void carry_both(void) {
    for (int i = 0; i < ROUNDS_MAX; i++) {
        bool any = carry_one(A);
        any = carry_one(B) || any;
        if (!any) {
            return;
        }
    }
    cr_assert_fail("the two never come to rest");
}

static void pass_time(uint64_t ms) {
    now_ns += ms * NS_PER_MS;
    tick(A);
    tick(B);
}

static void come_to_rest(void) {
    for (int i = 0; i < ROUNDS_MAX; i++) {
        resolve();
        carry_both();
        take_all();
        carry_both();
        hear_all();
        if (delivery_counters(sides[A])->in_flight == 0) {
            return;
        }
        pass_time(ROUND_MS);
    }
    cr_assert_fail("something is never settled");
}

/* ---- trials ---- */

static void judge(const struct trial *trial) {
    for (int i = 1; i <= posted; i++) {
        const struct fate *fate = &fates[i];
        cr_assert_leq(fate->handled, 1, "D4: %d", i);
        cr_assert_eq(fate->told, trial->tell_handled || trial->outcome != FRAME_HANDLED, "D1: %d", i);
        cr_assert(fate->told == 0 || fate->outcome == trial->outcome, "%d is told as %d", i, (int)fate->outcome);
        cr_assert(fate->outcome == FRAME_DIED ? fate->handled == 0 || fate->maybe : fate->handled == 1, "D1: %d", i);
    }
}

static bool run(const struct trial *trial, size_t before, size_t count) {
    size_t blocks = scarce_blocks();
    memset(fates, 0, sizeof fates);
    posted = last_handled = 0;
    bobs = process_of(B);
    record = NULL;
    limits.tell_handled = trial->tell_handled;
    pair_start();
    trial->prepare();
    message_pool_trim(delivery_pool(sides[A]));
    message_pool_trim(delivery_pool(sides[B]));
    scarce_begin(before, count);
    trial->squeeze();
    bool refused = scarce_end();
    if (trial->after) {
        trial->after();
    }
    come_to_rest();
    judge(trial);
    pair_teardown();
    cr_assert_eq(scarce_blocks(), blocks, "%zu blocks leak", scarce_blocks() - blocks);
    return refused;
}

/* Until all that the part allocates was granted. */
static void try_all(const struct trial *trial) {
    size_t refused = 0;
    for (size_t before = 0; run(trial, before, 1); before++) {
        refused++;
    }
    for (size_t before = 0; run(trial, before, SIZE_MAX); before++) {
        refused++;
    }
    cr_assert_gt(refused, 0, "it allocates nothing");
}

static void nothing(void) {
}

static void post_small(int count) {
    for (int i = 0; i < count; i++) {
        post(8);
    }
}

static void post_twenty(void) {
    post_small(20);
}

/* Several runs, since a run has room for eight of these. */
static void post_fat(void) {
    for (int i = 0; i < 20; i++) {
        post(1800);
    }
}

/* Outside of the frame, and in slices. */
static void post_large(void) {
    post(8);
    post(5000);
    post(200 * 1024);
    post(8);
}

static void bring(void) {
    resolve();
    carry_both();
}

static void post_and_bring(void) {
    post_twenty();
    bring();
}

Test(delivery_memory, D1_a_post_is_accepted_or_has_not_been) {
    try_all(&(struct trial){.prepare = nothing, .squeeze = post_twenty, .tell_handled = true});
    try_all(&(struct trial){.prepare = nothing, .squeeze = post_fat, .tell_handled = true});
    try_all(&(struct trial){.prepare = nothing, .squeeze = post_large, .tell_handled = true});
    try_all(&(struct trial){.prepare = post_and_bring, .squeeze = post_fat, .tell_handled = true});
}

Test(delivery_memory, D3_what_finds_no_memory_at_its_receiver_is_sent_again) {
    try_all(&(struct trial){.prepare = post_twenty, .squeeze = bring, .tell_handled = true});
    try_all(&(struct trial){.prepare = post_fat, .squeeze = bring, .tell_handled = true});
    try_all(&(struct trial){.prepare = post_large, .squeeze = bring, .tell_handled = true});
}

/* ---- out of a mailbox ---- */

static void expect_offer(void) {
    struct delivery_action action;
    bool waits = load_of(B, bob).mailbox_messages > 0;
    while (delivery_poll(sides[B], &action)) {
    }
    pass_time(100);
    cr_assert_eq(wants(B, DELIVERY_RUNNABLE, &action), waits);
}

static void take_by_next(void) {
    const struct message *message = delivery_take(sides[B], now_ns, bob);
    while (message) {
        note_handled(message);
        message = delivery_next(sides[B], now_ns, bob);
    }
}

static bool any(void *user, const struct message *message) {
    (void)user;
    return message != NULL;
}

static void take_picked(void) {
    const struct delivery_pick pick = {.wanted = any};
    const struct message *message;
    while ((message = delivery_take_picked(sides[B], now_ns, bob, &pick))) {
        note_handled(message);
        cr_assert_eq(STEP(B, VERDICT, .address = bob, .outcome = FRAME_HANDLED), MESH_OK);
    }
}

Test(delivery_memory, D1_a_message_that_finds_no_memory_to_leave_its_mailbox_stays_and_is_offered_again) {
    struct trial trial = {.prepare = post_and_bring, .squeeze = take_all, .after = expect_offer, .tell_handled = true};
    try_all(&trial);
    trial.squeeze = take_by_next;
    try_all(&trial);
    trial.squeeze = take_picked;
    try_all(&trial);
}

static void post_short_lived(void) {
    for (int i = 0; i < 20; i++) {
        post_until(8, now_ns + NS_PER_S);
    }
}

static void bring_short_lived(void) {
    post_short_lived();
    bring();
}

static void outlive(void) {
    pass_time(2000);
}

Test(delivery_memory, D8_what_expires_in_a_mailbox_is_told_once) {
    try_all(&(struct trial){.prepare = bring_short_lived, .squeeze = outlive, .outcome = FRAME_DIED});
}

static void close_bob(void) {
    cr_assert_eq(STEP(B, CLOSE, .address = bob, .reason = FRAME_EXITED), MESH_OK);
    resolve();
    carry_both();
    hear_all();
}

Test(delivery_memory, C5_what_is_left_in_a_mailbox_is_told_once) {
    try_all(&(struct trial){.prepare = post_and_bring, .squeeze = close_bob, .outcome = FRAME_DIED});
}

/* ---- out of a stream ---- */

static void all_handled_at_bob(void) {
    post_twenty();
    bring();
    take_all();
}

static void hear_of_it(void) {
    carry_both();
    hear_all();
}

Test(delivery_memory, D1_a_settlement_that_finds_no_memory_comes_later) {
    try_all(&(struct trial){.prepare = all_handled_at_bob, .squeeze = hear_of_it, .tell_handled = true});
}

/* Some are sent, and the link is down. */
static void send_half(void) {
    post_short_lived();
    (void)STEP(A, RESOLVED, .address = bob, .peer = bobs);
    struct frame_batch batch;
    cr_assert(delivery_pull(sides[A], now_ns, bobs, &batch));
    (void)STEP(A, LINK_DOWN, .peer = bobs);
}

static void link_comes_up(void) {
    pass_time(2000);
    (void)STEP(A, LINK_UP, .peer = bobs);
}

Test(delivery_memory, D8_what_expires_in_a_stream_is_told_once) {
    limits.first_credit_messages = 7;
    try_all(&(struct trial){.prepare = send_half, .squeeze = link_comes_up, .outcome = FRAME_DIED});
}

/* ---- restarts (C7) ---- */

/* Bob has handled one, and his process died of the second; he lives again. */
static void lose_bob(void) {
    static struct delivery_gone gone;
    post_and_bring();
    const struct message *first = delivery_take(sides[B], now_ns, bob);
    note_handled(first);
    last_handled = 2;
    gone = (struct delivery_gone){.text = bytes_of_text("killed by SIGSEGV"),
                                  .sender = alice,
                                  .floors_known = true,
                                  .epoch = 1,
                                  .handled = 1,
                                  .in_hand = 2};
    (void)STEP(A, PEER_LOST, .peer = bobs);
    delivery_destroy(&sides[B]);
    cr_assert_eq(delivery_new(&sides[B], &limits, 1), MESH_OK);
    cr_assert_eq(STEP(B, OPEN, .address = bob), MESH_OK);
    bobs = AGAIN;
    record = &gone;
}

static void expect_poison(void) {
    come_to_rest();
    cr_assert_eq(fates[2].told, 1);
    cr_assert_eq(fates[2].outcome, FRAME_RETURNED, "E3");
    cr_assert_eq(fates[2].handled, 0, "what was in hand is not handled again");
    fates[2] = (struct fate){.handled = 1, .told = fates[1].told}; /* as the others, for who judges */
}

Test(delivery_memory, C7_a_record_that_finds_no_memory_is_asked_for_again) {
    struct trial trial = {.prepare = lose_bob, .squeeze = resolve, .after = expect_poison};
    try_all(&trial);
    trial.tell_handled = true;
    try_all(&trial);
}
