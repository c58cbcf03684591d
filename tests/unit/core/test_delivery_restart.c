/* Delivery across a supervised restart: bob's process 2 is lost, and bob lives again in process 99 (C7).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/unit/core/pair.h"

enum { AGAIN = 99 };

static struct mesh_address dave; /* a second sender of side A */

static void setup(void) {
    pair_setup();
    dave = address_make(7, 1, 2);
    cr_assert_eq(STEP(A, OPEN, .address = dave), MESH_OK);
}

TestSuite(delivery_restart, .init = setup, .fini = pair_teardown);

/* Four messages are with bob, who has handled none as far as A knows; then his process is lost. */
static void lose_bob(void) {
    for (const char *const *text = (const char *const[]){"one", "two", "three", "four", NULL}; *text; text++) {
        tell(bob, *text);
    }
    resolve_all();
    carry_all();
    (void)STEP(A, PEER_LOST, .peer = process_of(B));
}

static struct delivery_gone record_of(struct mesh_address sender, uint64_t handled, uint64_t in_hand) {
    return (struct delivery_gone){
        .text = bytes_of_text("killed by SIGSEGV"),
        .sender = sender,
        .floors_known = true,
        .epoch = 1,
        .handled = handled,
        .in_hand = in_hand,
    };
}

static void bob_lives_again(const struct delivery_gone *record) {
    (void)STEP(A, RESOLVED, .address = bob, .peer = AGAIN, .life = 1, .gone = record);
}

/* What goes to the new process: the first number of the next run, how many, and whether they are marked. */
static void expect_run(uint64_t first, size_t count, bool marked) {
    struct frame_batch batch;
    cr_assert(delivery_pull(sides[A], now_ns, AGAIN, &batch));
    cr_assert_eq(batch.runs[0].first, first);
    cr_assert_eq(batch.runs[0].count, count);
    cr_assert_eq(batch.runs[0].flags, marked ? FRAME_RUN_REDELIVERED : 0);
}

Test(delivery_restart, C7_what_is_on_record_is_settled_and_the_rest_goes_again_unmarked) {
    lose_bob();
    struct delivery_gone record = record_of(alice, 2, 0);
    bob_lives_again(&record);
    expect_settled("one", FRAME_HANDLED, FRAME_NO_REASON, false);
    expect_settled("two", FRAME_HANDLED, FRAME_NO_REASON, false);
    expect_nothing_settled();
    expect_run(3, 2, false);
}

Test(delivery_restart, E3_the_message_in_hand_goes_back_with_the_cause) {
    lose_bob();
    struct delivery_gone record = record_of(alice, 1, 2);
    bob_lives_again(&record);
    expect_settled("one", FRAME_HANDLED, FRAME_NO_REASON, false);
    struct message *message = delivery_settled(sides[A]);
    cr_assert_eq(message->outcome, FRAME_RETURNED);
    cr_assert(bytes_equal(message->text, bytes_of_text("killed by SIGSEGV")));
    message_release(message);
    expect_nothing_settled();
    expect_run(3, 2, false);
}

Test(delivery_restart, D4_without_a_record_all_that_was_sent_goes_again_marked) {
    lose_bob();
    bob_lives_again(NULL);
    expect_nothing_settled();
    expect_run(1, 4, true);
}

Test(delivery_restart, D4_a_record_of_another_epoch_settles_nothing) {
    lose_bob();
    struct delivery_gone record = record_of(alice, 4, 0);
    record.epoch = 2;
    bob_lives_again(&record);
    expect_nothing_settled();
    expect_run(1, 4, true);
}

Test(delivery_restart, D1_a_record_beyond_what_was_sent_settles_no_more_than_that) {
    lose_bob();
    tell(bob, "five");
    struct delivery_gone record = record_of(alice, 1000, 0);
    bob_lives_again(&record);
    for (const char *const *text = (const char *const[]){"one", "two", "three", "four", NULL}; *text; text++) {
        expect_settled(*text, FRAME_HANDLED, FRAME_NO_REASON, false);
    }
    expect_nothing_settled();
    expect_run(5, 1, false);
}

Test(delivery_restart, D1_the_record_of_one_sender_says_nothing_of_another) {
    struct message *message = make(bob, "of dave");
    message->sender = dave;
    cr_assert_eq(delivery_submit(sides[A], now_ns, message), MESH_OK);
    lose_bob();
    struct delivery_gone record = record_of(alice, 4, 0);
    record.epoch = 2; /* dave's is the first stream */
    bob_lives_again(&record);
    for (int i = 0; i < 4; i++) {
        message = delivery_settled(sides[A]);
        cr_assert_not_null(message);
        message_release(message);
    }
    expect_nothing_settled();
    struct frame_batch batch;
    cr_assert_not(delivery_pull(sides[A], now_ns, AGAIN, &batch), "it waits for its own answer");
    record = record_of(dave, 0, 0);
    bob_lives_again(&record);
    expect_run(1, 1, false);
}

Test(delivery_restart, C7_two_restarts_before_the_answer_settle_once) {
    lose_bob();
    struct delivery_gone record = record_of(alice, 2, 3);
    bob_lives_again(&record);
    (void)STEP(A, PEER_LOST, .peer = AGAIN); /* before anything was sent there */
    (void)STEP(A, RESOLVED, .address = bob, .peer = AGAIN + 1, .life = 2, .gone = &record);
    expect_settled("one", FRAME_HANDLED, FRAME_NO_REASON, false);
    expect_settled("two", FRAME_HANDLED, FRAME_NO_REASON, false);
    expect_settled("three", FRAME_RETURNED, FRAME_EXITED, false);
    expect_nothing_settled();
    struct frame_batch batch;
    cr_assert(delivery_pull(sides[A], now_ns, AGAIN + 1, &batch));
    cr_assert_eq(batch.runs[0].first, 4);
}

Test(delivery_restart, D4_an_answer_that_a_restart_has_overtaken_is_asked_again) {
    struct delivery_action action;
    lose_bob();
    bob_lives_again(NULL);
    expect_run(1, 4, true);
    (void)STEP(A, RESOLVED, .address = bob, .peer = process_of(B)); /* as it was before */
    (void)STEP(A, PEER_LOST, .peer = AGAIN);
    (void)STEP(A, RESOLVED, .address = bob, .peer = process_of(B));
    cr_assert(wants(A, DELIVERY_RESOLVE, &action));
    bob_lives_again(NULL);
    expect_run(1, 4, true);
}

Test(delivery_restart, D4_an_answer_of_a_life_that_nobody_met_is_asked_again) {
    struct delivery_action action;
    struct frame_batch nothing;
    lose_bob();
    (void)STEP(A, RESOLVED, .address = bob, .peer = AGAIN + 1, .life = 2);
    (void)STEP(A, RESOLVED, .address = bob, .peer = AGAIN, .life = 1);
    cr_assert_not(delivery_pull(sides[A], now_ns, AGAIN, &nothing));
    cr_assert(delivery_pull(sides[A], now_ns, AGAIN + 1, &nothing));
    (void)STEP(A, PEER_LOST, .peer = AGAIN + 1);
    (void)wants(A, DELIVERY_RESOLVE, &action);
    (void)STEP(A, RESOLVED, .address = bob, .peer = AGAIN, .life = 1);
    cr_assert(wants(A, DELIVERY_RESOLVE, &action));
    cr_assert_not(delivery_pull(sides[A], now_ns, AGAIN, &nothing));
    (void)STEP(A, RESOLVED, .address = bob, .peer = AGAIN + 2, .life = 3);
    cr_assert(delivery_pull(sides[A], now_ns, AGAIN + 2, &nothing));
}

/* Seed 1496: a late frame made the earlier process look alive, a late answer named it, and the present one was sent all again. */
Test(delivery_restart, D4_a_late_frame_of_an_earlier_life_brings_nobody_back) {
    struct delivery_action action;
    struct frame_batch nothing = {0};
    lose_bob();
    bob_lives_again(NULL);
    expect_run(1, 4, true);
    (void)STEP(A, FRAME, .peer = process_of(B), .batch = &nothing);
    (void)STEP(A, RESOLVED, .address = bob, .peer = process_of(B));
    cr_assert_not(delivery_pull(sides[A], now_ns, process_of(B), &nothing));
    bob_lives_again(NULL);
    cr_assert_not(delivery_pull(sides[A], now_ns, AGAIN, &nothing));
    cr_assert_not(wants(A, DELIVERY_RESOLVE, &action));
}

Test(delivery_restart, D1_what_an_earlier_life_may_have_handled_stays_open_when_this_one_has_not) {
    lose_bob();
    (void)STEP(A, RESOLVED, .address = bob, .peer = AGAIN);
    struct frame_batch batch;
    cr_assert(delivery_pull(sides[A], now_ns, AGAIN, &batch));
    struct frame_exception exceptions[] = {{1, FRAME_DIED, FRAME_EXITED, false, {0}}};
    struct frame_ack ack = {.sender = alice,
                            .target = bob,
                            .epoch = batch.runs[0].epoch,
                            .received = 1,
                            .handled = 1,
                            .listed_from = 1,
                            .exceptions_count = 1,
                            .exceptions = exceptions};
    struct frame_batch answer = {.acks_count = 1, .acks = &ack};
    (void)STEP(A, FRAME, .peer = AGAIN, .batch = &answer);
    expect_settled("one", FRAME_DIED, FRAME_EXITED, true);
}

/* Found by tests/models/stream_resume.pml: the later life's own record was crowded out of its crash page. */
Test(delivery_restart, D1_the_record_of_an_earlier_life_says_nothing_of_what_the_later_one_had) {
    lose_bob();
    struct delivery_gone record = record_of(alice, 3, 0);
    bob_lives_again(&record);
    expect_settled("one", FRAME_HANDLED, FRAME_NO_REASON, false);
    expect_settled("two", FRAME_HANDLED, FRAME_NO_REASON, false);
    expect_settled("three", FRAME_HANDLED, FRAME_NO_REASON, false);
    expect_run(4, 1, false);
    (void)STEP(A, PEER_LOST, .peer = AGAIN);
    record.reason = FRAME_EXITED;
    (void)STEP(A, GONE, .address = bob, .gone = &record);
    expect_settled("four", FRAME_DIED, FRAME_EXITED, true);
}

Test(delivery_restart, D5_what_is_sent_meanwhile_keeps_its_place_behind) {
    lose_bob();
    tell(bob, "five");
    struct delivery_gone record = record_of(alice, 3, 0);
    bob_lives_again(&record);
    expect_run(4, 2, false);
}

Test(delivery_restart, D4_processes_begin_their_epochs_apart) {
    struct delivery *other;
    uint64_t epochs[2];
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(delivery_new(&other, &limits, (i + 1) << 40), MESH_OK);
        struct delivery *kept = sides[A];
        sides[A] = other;
        cr_assert_eq(STEP(A, OPEN, .address = alice), MESH_OK);
        tell(bob, "one");
        resolve_all();
        struct frame_batch batch;
        cr_assert(delivery_pull(other, now_ns, process_of(B), &batch));
        epochs[i] = batch.runs[0].epoch;
        sides[A] = kept;
        delivery_destroy(&other);
    }
    cr_assert_eq(epochs[1] - epochs[0], 1 << 20);
}

Test(delivery_restart, D4_a_process_that_was_not_lost_after_all_handles_nothing_twice) {
    tell(bob, "one");
    resolve_all();
    carry_all();
    expect_handled(bob, "one");
    tell(bob, "two");
    (void)STEP(A, PEER_LOST, .peer = process_of(B));
    tell(bob, "three");
    resolve_all();
    carry_all();
    expect_handled(bob, "two");
    expect_handled(bob, "three");
    carry_all();
    for (const char *const *text = (const char *const[]){"one", "two", "three", NULL}; *text; text++) {
        expect_settled(*text, FRAME_HANDLED, FRAME_NO_REASON, false);
    }
    expect_nothing_settled();
}

Test(delivery_restart, D4_what_two_processes_took_each_other_for_lost_with_is_not_sent_again) {
    tell(bob, "one");
    resolve_all();
    carry_all();
    (void)STEP(A, PEER_LOST, .peer = process_of(B));
    (void)STEP(B, PEER_LOST, .peer = process_of(A));
    resolve_all();
    carry_all();
    tell(bob, "two");
    carry_all();
    (void)STEP(B, LINK_UP, .peer = process_of(A));
    now_ns += limits.overdue_ns;
    tick(A);
    carry_all();
    expect_handled(bob, "one");
    expect_handled(bob, "two");
    expect_settled("one", FRAME_DIED, FRAME_NODE_LOST, true);
}

/* Law 11, seed 43 of the simulator: a stream of a process that is no more would stay for ever. */
Test(delivery_restart, D10_a_late_frame_of_a_lost_process_begins_nothing) {
    struct delivery_action action;
    struct frame_batch late;
    tell(bob, "one");
    resolve_all();
    carry_all();
    (void)STEP(B, PEER_LOST, .peer = process_of(A));
    tell(carol, "late");
    (void)STEP(A, RESOLVED, .address = carol, .peer = process_of(B));
    cr_assert(delivery_pull(sides[A], now_ns, process_of(B), &late));
    (void)STEP(B, FRAME, .peer = process_of(A), .batch = &late);
    cr_assert_eq(delivery_census(sides[B]).streams_in, 0);
    cr_assert_null(delivery_take(sides[B], now_ns, carol));
    cr_assert(wants(B, DELIVERY_FLUSH, &action)); /* a connection shows whether it lives */
    (void)STEP(B, LINK_UP, .peer = process_of(A));
    now_ns += limits.overdue_ns;
    tick(A);
    carry_all();
    expect_handled(carol, "late");
}

Test(delivery_restart, D10_the_first_frame_of_a_process_that_is_lost_already_begins_nothing) {
    struct frame_batch late;
    tell(bob, "one");
    resolve_all();
    cr_assert(delivery_pull(sides[A], now_ns, process_of(B), &late));
    (void)STEP(B, PEER_LOST, .peer = process_of(A));
    (void)STEP(B, PEER_LOST, .peer = process_of(A));
    (void)STEP(B, FRAME, .peer = process_of(A), .batch = &late);
    cr_assert_eq(delivery_census(sides[B]).streams_in, 0);
    (void)STEP(B, LINK_UP, .peer = process_of(A)); /* it lives after all */
    now_ns += limits.overdue_ns;
    tick(A);
    carry_all();
    expect_handled(bob, "one");
}

/* Law 11, seed 575: a receiver keeps what its sender has forgotten. */
Test(delivery_restart, D10_a_close_is_repeated_until_it_is_answered) {
    tell(bob, "one");
    resolve_all();
    carry_all();
    expect_handled(bob, "one");
    carry_all();
    expect_settled("one", FRAME_HANDLED, FRAME_NO_REASON, false);
    for (int i = 0; i < 40; i++) {
        now_ns += limits.stream_idle_ns;
        tick(A);
        lose_all(A);
    }
    cr_assert_eq(delivery_census(sides[B]).streams_in, 1);
    now_ns += limits.stream_idle_ns;
    tick(A);
    carry_all();
    cr_assert_eq(delivery_census(sides[A]).streams_out + delivery_census(sides[B]).streams_in, 0);
}

/* A's stream to bob has been idle, and its close meets no link. */
static void close_behind_a_broken_link(void) {
    tell(bob, "one");
    resolve_all();
    carry_all();
    expect_handled(bob, "one");
    carry_all();
    now_ns += limits.stream_idle_ns;
    tick(A);
    (void)STEP(A, LINK_DOWN, .peer = process_of(B));
}

Test(delivery_restart, D10_a_close_to_a_dead_target_behind_a_dead_link_is_given_up) {
    close_behind_a_broken_link();
    struct delivery_action action;
    now_ns += limits.overdue_max_ns;
    tick(A);
    cr_assert(wants(A, DELIVERY_RESOLVE, &action));
    (void)STEP(A, GONE, .address = bob, .gone = &(struct delivery_gone){.reason = FRAME_NODE_LOST});
    cr_assert_eq(delivery_census(sides[A]).streams_out, 0);
}

/* Law 11, seed 2650: the target had exited, but not its process. */
Test(delivery_restart, D10_a_close_outlasts_a_broken_link_to_a_process_that_lives) {
    close_behind_a_broken_link();
    now_ns += limits.overdue_max_ns;
    tick(A);
    (void)STEP(A, GONE, .address = bob, .gone = &(struct delivery_gone){.reason = FRAME_EXITED});
    (void)STEP(A, LINK_UP, .peer = process_of(B));
    now_ns += limits.stream_idle_ns;
    tick(A);
    carry_all();
    cr_assert_eq(delivery_census(sides[A]).streams_out + delivery_census(sides[B]).streams_in, 0);
}

Test(delivery_restart, D4_what_goes_to_another_incarnation_is_marked) {
    tell(bob, "one");
    resolve_all();
    lose_all(A);
    (void)STEP(A, PEER_LOST, .peer = process_of(B));
    (void)STEP(A, RESOLVED, .address = bob, .peer = 99);
    struct frame_batch batch;
    cr_assert(delivery_pull(sides[A], now_ns, 99, &batch));
    cr_assert_eq(batch.runs[0].flags, FRAME_RUN_REDELIVERED);
    cr_assert_eq(batch.runs[0].first, 1);
}

/* Found by fuzz-delivery: the window of the new life was credited with what only the old one had taken. */
Test(delivery_restart, D1_what_an_earlier_life_had_open_is_not_settled_to_the_next) {
    struct delivery_load load;
    tell(dave, "old");
    cr_assert_eq(STEP(A, CLOSE, .address = alice, .reason = FRAME_EXITED), MESH_OK);
    cr_assert_eq(STEP(A, FORGET, .address = alice), MESH_OK);
    cr_assert_eq(STEP(A, OPEN, .address = alice), MESH_OK);
    cr_assert_not_null(delivery_take(sides[A], now_ns, dave));
    cr_assert_eq(STEP(A, VERDICT, .address = dave, .outcome = FRAME_HANDLED), MESH_OK);
    expect_nothing_settled();
    cr_assert(delivery_load(sides[A], alice, &load));
    cr_assert_eq(load.unsettled_messages, 0);
    cr_assert_eq(delivery_counters(sides[A])->abandoned, 1);
}

/* ---- a new life in the same process ---- */

Test(delivery_restart, C7_a_renewed_actor_inherits_nothing_of_what_it_had_sent) {
    tell(bob, "one");
    resolve_all();
    carry_all();
    tell(bob, "two");
    cr_assert_eq(STEP(A, RENEW, .address = alice), MESH_OK);
    cr_assert_eq(delivery_counters(sides[A])->abandoned, 2);
    cr_assert_eq(delivery_counters(sides[A])->in_flight, 0);
    tell(bob, "three");
    resolve_all();
    carry_all();
    expect_handled(bob, "one"); /* it had arrived */
    expect_handled(bob, "three");
    carry_all();
    expect_settled("three", FRAME_HANDLED, FRAME_NO_REASON, false);
    expect_nothing_settled();
}

Test(delivery_restart, C7_what_others_sent_to_a_renewed_actor_stays_in_order) {
    tell(bob, "one");
    tell(bob, "two");
    resolve_all();
    carry_all();
    cr_assert_not_null(delivery_take(sides[B], now_ns, bob));
    cr_assert_eq(STEP(B, RENEW, .address = bob), MESH_NOT_FOUND, "a handler is at work");
    cr_assert_eq(STEP(B, VERDICT, .address = bob, .outcome = FRAME_HANDLED), MESH_OK);
    cr_assert_eq(STEP(B, RENEW, .address = bob), MESH_OK);
    expect_handled(bob, "two");
    carry_all();
    expect_settled("one", FRAME_HANDLED, FRAME_NO_REASON, false);
    expect_settled("two", FRAME_HANDLED, FRAME_NO_REASON, false);
    cr_assert_eq(STEP(B, RENEW, .address = alice), MESH_NOT_FOUND);
}

Test(delivery_restart, C7_what_came_by_a_stream_stays_whoever_it_says_it_is_from) {
    struct bytes payloads[] = {bytes_of_text("one"), bytes_of_text("two")};
    struct frame_run run = {
        .sender = bob, .target = bob, .epoch = 1, .first = 1, .base = 1, .count = 2, .ttl_ms = FRAME_TTL_NEVER};
    run.payloads = payloads;
    struct frame_batch batch = {.runs_count = 1, .runs = &run};
    cr_assert_eq(STEP(B, FRAME, .peer = process_of(A), .batch = &batch), MESH_OK);
    cr_assert_eq(STEP(B, RENEW, .address = bob), MESH_OK);
    expect_handled(bob, "one");
    expect_handled(bob, "two");
}
