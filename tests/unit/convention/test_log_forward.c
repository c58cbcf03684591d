/* Lines on their way to the leader: what waits, what is lost, and how fast it goes; on virtual time.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/log_forward.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define BEGIN_NS (100 * NS_PER_S)

enum { LEADER = 7, OTHER = 8 };

static const struct log_forward_limits limits = {
    .lines_max = 10, .bytes_max = 100, .burst = 5, .per_second = 2, .batch_bytes = 60};

static struct log_forward *forward;
static struct log_forward_batch batch;
static uint64_t now_ns, last_id;

static void begin(void) {
    now_ns = BEGIN_NS;
    cr_assert_eq(log_forward_new(&forward, &limits), MESH_OK);
}

static void end(void) {
    log_forward_destroy(&forward);
}

TestSuite(log_forward, .init = begin, .fini = end);

static void push(int from, int count) {
    for (int i = from; i < from + count; i++) {
        char line[24];
        (void)snprintf(line, sizeof line, "line %d", i);
        log_forward_push(forward, bytes_of_text(line));
    }
}

static void follow(uint64_t leader) {
    log_forward_follow(forward, now_ns, leader, false);
}

static bool poll(void) {
    return log_forward_poll(forward, now_ns, ++last_id, &batch);
}

static void expect_batch(uint64_t leader, int from, size_t count, uint64_t lost) {
    cr_assert(poll());
    cr_assert_eq(batch.leader, leader);
    cr_assert_eq(batch.id, last_id);
    cr_assert_eq(batch.count, count, "%zu lines", batch.count);
    cr_assert_eq(batch.lost, lost);
    for (size_t i = 0; i < count; i++) {
        char line[24];
        (void)snprintf(line, sizeof line, "line %d", from + (int)i);
        cr_assert(bytes_equal(batch.lines[i], bytes_of_text(line)));
    }
}

static void answer(bool taken) {
    cr_assert(log_forward_answer(forward, now_ns, batch.leader, batch.id, taken));
}

static void expect_counted(uint64_t forwarded, uint64_t lost) {
    cr_assert_eq(log_forward_counters(forward)->forwarded, forwarded);
    cr_assert_eq(log_forward_counters(forward)->lost, lost);
}

Test(log_forward, K2_lines_wait_until_somebody_leads_and_go_in_order) {
    push(0, 3);
    cr_assert_not(poll());
    cr_assert_eq(log_forward_deadline(forward), TIME_NEVER);
    follow(LEADER);
    cr_assert_leq(log_forward_deadline(forward), now_ns);
    expect_batch(LEADER, 0, 3, 0);
    cr_assert_not(poll());
    answer(true);
    cr_assert_not(poll());
    cr_assert_eq(log_forward_deadline(forward), TIME_NEVER);
    expect_counted(3, 0);
}

Test(log_forward, K2_what_finds_no_room_is_lost_counted_and_told) {
    push(0, 12);
    expect_counted(0, 2);
    follow(LEADER);
    expect_batch(LEADER, 0, 5, 2);
    answer(true);
    now_ns += 10 * NS_PER_S;
    expect_batch(LEADER, 5, 5, 0);
    answer(true);
    expect_counted(10, 2);
}

Test(log_forward, K2_bytes_have_a_limit_as_well) {
    static const char line[50];
    for (int i = 0; i < 3; i++) {
        log_forward_push(forward, bytes_make(line, sizeof line));
    }
    expect_counted(0, 1);
    follow(LEADER);
    cr_assert(poll());
    cr_assert_eq(batch.count, 1); /* two are more than a batch may have */
}

Test(log_forward, K2_a_node_gone_wild_is_braked) {
    follow(LEADER);
    push(0, 10);
    expect_batch(LEADER, 0, 5, 0);
    answer(true);
    cr_assert_not(poll());
    cr_assert_eq(log_forward_deadline(forward), BEGIN_NS + NS_PER_S);
    now_ns = BEGIN_NS + NS_PER_S - 1;
    cr_assert_not(poll());
    now_ns++;
    expect_batch(LEADER, 5, 2, 0);
    answer(true);
    push(10, 100);
    uint64_t sent = 0;
    for (int s = 0; s < 60; s++) {
        now_ns += NS_PER_S;
        while (poll()) {
            sent += batch.count;
            answer(true);
        }
        push(1000, 100);
    }
    cr_assert_leq(sent, 60 * 2 + 5);
    cr_assert_geq(sent, 60 * 2 - 2);
}

Test(log_forward, who_was_quiet_for_long_has_the_burst_and_no_more) {
    follow(LEADER);
    now_ns += 1000 * NS_PER_S;
    push(0, 10);
    expect_batch(LEADER, 0, 5, 0);
    answer(true);
    cr_assert_not(poll());
}

Test(log_forward, K2_what_the_old_leader_did_not_answer_goes_to_the_new_one) {
    follow(LEADER);
    push(0, 2);
    expect_batch(LEADER, 0, 2, 0);
    uint64_t old = batch.id;
    push(2, 1);
    follow(0);
    cr_assert_not(poll());
    follow(OTHER);
    expect_batch(OTHER, 0, 3, 0);
    cr_assert_not(log_forward_answer(forward, now_ns, LEADER, old, true));
    cr_assert_not(log_forward_answer(forward, now_ns, OTHER, old, true));
    answer(true);
    expect_counted(3, 0);
}

Test(log_forward, K2_a_batch_that_is_not_taken_goes_again_after_a_while) {
    follow(LEADER);
    push(0, 2);
    expect_batch(LEADER, 0, 2, 0);
    answer(false);
    cr_assert_eq(log_forward_deadline(forward), now_ns + LOG_FORWARD_RETRY_NS);
    now_ns += LOG_FORWARD_RETRY_NS - 1;
    cr_assert_not(poll());
    now_ns++;
    expect_batch(LEADER, 0, 2, 0);
    cr_assert_eq(log_forward_deadline(forward), now_ns + LOG_FORWARD_WAIT_NS);
    now_ns += LOG_FORWARD_WAIT_NS - 1;
    cr_assert_not(poll());
    now_ns++;
    expect_batch(LEADER, 0, 2, 0); /* the answer is late */
    answer(true);
    expect_counted(2, 0);
}

Test(log_forward, lines_that_never_came_are_told_even_without_a_line) {
    follow(LEADER);
    log_forward_lose(forward, 4);
    expect_batch(LEADER, 0, 0, 4);
    log_forward_lose(forward, 1);
    answer(true);
    expect_batch(LEADER, 0, 0, 1);
    answer(true);
    cr_assert_not(poll());
    expect_counted(0, 5);
}

Test(log_forward, K2_who_leads_forwards_nothing) {
    push(0, 12);
    log_forward_follow(forward, now_ns, LEADER, true);
    push(0, 3);
    cr_assert_not(poll());
    follow(OTHER);
    cr_assert_not(poll());
    push(5, 1);
    expect_batch(OTHER, 5, 1, 0);
}
