/* Membership: one test per rule line of docs/semantics.md, S1A to S1F and the losing of a node.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/scenario/cluster.h"
#include <criterion/criterion.h>

/* A leader and one member, one second old, with the trace of the beginning forgotten. */
static struct cluster *pair(void) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    cluster_start(cluster, 'a', 'a', NULL);
    cluster_start(cluster, 'b', 'a', NULL);
    cluster_run(cluster, NS_PER_S);
    cluster_forget_trace(cluster);
    return cluster;
}

static void run_and_expect(struct cluster *cluster, uint64_t seconds, const char *trace) {
    cluster_run(cluster, seconds * NS_PER_S);
    cluster_expect(cluster, trace);
    cluster_destroy(cluster);
}

Test(membership, S1A_first_registration_is_answered_and_noticed_once) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    cluster_start(cluster, 'a', 'a', NULL);
    cluster_start(cluster, 'b', 'a', NULL);
    cluster_run(cluster, NS_PER_S);
    cluster_expect(cluster, "0.000 a leader a1\n"
                            "0.000 b call\n"
                            "0.001 b Register a1 first\n"
                            "0.002 a Registered b1 1:2\n"
                            "0.002 a + b1 b\n"
                            "0.003 b + a1 a\n"
                            "0.003 b leader a1\n");
    cluster_destroy(cluster);
}

Test(membership, S1A_each_period_a_registration_is_answered_without_notice) {
    run_and_expect(pair(), 20,
                   "10.003 b Register a1\n"
                   "10.004 a Registered b1 1:0\n"
                   "20.005 b Register a1\n"
                   "20.006 a Registered b1 1:0\n");
}

Test(membership, S1A_a_third_node_is_told_to_the_second) {
    struct cluster *cluster = pair();
    cluster_start(cluster, 'c', 'a', NULL);
    run_and_expect(cluster, 1,
                   "1.000 c call\n"
                   "1.001 c Register a1 first\n"
                   "1.002 a Registered c1 2:3\n"
                   "1.002 a + c1 c\n"
                   "1.002 a Roster b1 2:+1-0\n"
                   "1.003 c + a1 a\n"
                   "1.003 c leader a1\n"
                   "1.003 c + b1 b\n"
                   "1.003 b + c1 c\n");
}

Test(membership, S1B_without_an_answer_the_member_tries_each_restart_period) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    cluster_start(cluster, 'b', 'a', NULL);
    cluster_run(cluster, 10 * NS_PER_S);
    cluster_start(cluster, 'a', 'a', NULL);
    run_and_expect(cluster, 6,
                   "0.000 b call\n"
                   "5.000 b call\n"
                   "10.000 b call\n"
                   "10.000 a leader a1\n"
                   "10.001 b Register a1 first\n"
                   "10.002 a Registered b1 1:2\n"
                   "10.002 a + b1 b\n"
                   "10.003 b + a1 a\n"
                   "10.003 b leader a1\n");
}

Test(membership, S1B_the_tries_have_a_jitter_of_ten_percent) {
    struct cluster *cluster = cluster_new(&convention_times_default, 0, 3);
    cluster_start(cluster, 'b', 'a', NULL);
    cluster_run(cluster, 1000 * NS_PER_S);
    size_t calls = cluster_count(cluster, "b call");
    cr_assert(calls >= 182 && calls <= 223, "%zu calls in 1000 s", calls);
    cr_assert_eq(cluster_count(cluster, "5.000 b call"), 0);
    cluster_destroy(cluster);
}

Test(membership, all_agree_on_the_roster_a_minute_after_a_third_of_all_frames_was_lost) {
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct cluster *cluster = cluster_new(&convention_times_default, 300, seed);
        for (const char *letter = "abcdef"; *letter; letter++) {
            cluster_start(cluster, *letter, 'a', NULL);
        }
        cluster_run(cluster, 120 * NS_PER_S);
        cluster_lose(cluster, 0);
        cluster_run(cluster, 60 * NS_PER_S);
        for (const char *letter = "abcdef"; *letter; letter++) {
            struct convention *core = cluster_core(cluster, *letter);
            cr_assert_eq(convention_leader(core), cluster_incarnation(cluster, 'a'), "seed %d, %c", (int)seed, *letter);
            cr_assert_eq(convention_members(core)->count, 6, "seed %d, %c", (int)seed, *letter);
        }
        cluster_destroy(cluster);
    }
}

Test(membership, S1C_a_leader_that_does_not_answer_is_dropped) {
    struct convention_times times = convention_times_default;
    times.jitter_percent = 0;
    times.heartbeat_ns = times.suspect_ns = times.silent_ns = 0;
    struct cluster *cluster = cluster_new(&times, 0, 1);
    cluster_start(cluster, 'a', 'a', NULL);
    cluster_start(cluster, 'b', 'a', NULL);
    cluster_run(cluster, NS_PER_S);
    cluster_forget_trace(cluster);
    cluster_freeze(cluster, 'a');
    run_and_expect(cluster, 50,
                   "10.003 b Register a1\n"
                   "20.003 b Register a1\n"
                   "30.003 b Register a1\n"
                   "40.003 b - a1 did not answer\n"
                   "40.003 b leader none\n"
                   "45.003 b call\n"
                   "50.003 b call\n");
}

Test(membership, S1D_a_member_that_does_not_register_is_removed) {
    struct convention_times times = convention_times_default;
    times.jitter_percent = 0;
    times.heartbeat_ns = times.suspect_ns = times.silent_ns = 0;
    struct cluster *cluster = cluster_new(&times, 0, 1);
    cluster_start(cluster, 'a', 'a', NULL);
    cluster_start(cluster, 'b', 'a', NULL);
    cluster_start(cluster, 'c', 'a', NULL);
    cluster_run(cluster, NS_PER_S);
    cluster_forget_trace(cluster);
    cluster_cut(cluster, 'a', 'b');
    run_and_expect(cluster, 35,
                   "10.003 b Register a1\n"
                   "10.003 c Register a1\n"
                   "10.004 a Registered c1 2:0\n"
                   "20.003 b Register a1\n"
                   "20.005 c Register a1\n"
                   "20.006 a Registered c1 2:0\n"
                   "30.002 a - b1 did not register\n"
                   "30.002 a Roster c1 3:+0-1\n"
                   "30.003 c - b1 left or lost\n"
                   "30.003 b Register a1\n"
                   "30.007 c Register a1\n"
                   "30.008 a Registered c1 3:0\n");
}

Test(membership, S1D_a_later_registration_is_a_new_member) {
    struct cluster *cluster = pair();
    cluster_cut(cluster, 'a', 'b');
    cluster_run(cluster, 30 * NS_PER_S);
    cluster_heal(cluster, 'a', 'b');
    run_and_expect(cluster, 10,
                   "4.002 a suspect b1\n"
                   "4.003 b suspect a1\n"
                   "10.003 b Register a1\n"
                   "15.002 a - b1 silent\n"
                   "15.003 b - a1 silent\n"
                   "15.003 b leader none\n"
                   "20.003 b call\n"
                   "25.003 b call\n"
                   "30.003 b call\n"
                   "31.004 b Register a1 first\n"
                   "31.005 a Registered b1 3:2\n"
                   "31.005 a + b1 b\n"
                   "31.006 b + a1 a\n"
                   "31.006 b leader a1\n");
}

Test(membership, S1E_a_member_that_leaves_is_removed_and_may_come_back) {
    struct cluster *cluster = pair();
    cluster_start(cluster, 'c', 'a', NULL);
    cluster_run(cluster, NS_PER_S);
    cluster_forget_trace(cluster);
    cluster_stop(cluster, 'b');
    cluster_run(cluster, NS_PER_S);
    cluster_start(cluster, 'b', 'a', NULL);
    run_and_expect(cluster, 1,
                   "2.000 b Deregister a1\n"
                   "2.001 a - b1 left\n"
                   "2.001 a Roster c1 3:+0-1\n"
                   "2.002 c - b1 left or lost\n"
                   "3.001 b call\n"
                   "3.002 b Register a1 first\n"
                   "3.003 a Registered b2 4:3\n"
                   "3.003 a + b2 b\n"
                   "3.003 a Roster c1 4:+1-0\n"
                   "3.004 b + a1 a\n"
                   "3.004 b leader a1\n"
                   "3.004 b + c1 c\n"
                   "3.004 c + b2 b\n");
}

Test(membership, S1F_a_leader_that_leaves_is_searched_again) {
    struct cluster *cluster = pair();
    cluster_stop(cluster, 'a');
    cluster_run(cluster, 8 * NS_PER_S);
    cluster_start(cluster, 'a', 'a', NULL);
    run_and_expect(cluster, 8,
                   "1.000 a Deregister b1\n"
                   "1.001 b - a1 left\n"
                   "1.001 b leader none\n"
                   "6.001 b call\n"
                   "9.001 a leader a2\n"
                   "11.001 b call\n"
                   "11.002 b Register a2 first\n"
                   "11.003 a Registered b1 1:2\n"
                   "11.003 a + b1 b\n"
                   "11.004 b + a2 a\n"
                   "11.004 b leader a2\n");
}

Test(membership, lost_when_refused_for_two_seconds) {
    struct cluster *cluster = pair();
    cluster_kill(cluster, 'b');
    run_and_expect(cluster, 4,
                   "1.000 a suspect b1\n"
                   "1.000 a call b1\n"
                   "3.001 a - b1 its admin is gone\n");
}

Test(membership, lost_leader_when_refused_for_two_seconds) {
    struct cluster *cluster = pair();
    cluster_kill(cluster, 'a');
    run_and_expect(cluster, 8,
                   "1.000 b suspect a1\n"
                   "1.000 b call a1\n"
                   "3.001 b - a1 its admin is gone\n"
                   "3.001 b leader none\n"
                   "8.001 b call\n");
}

Test(membership, suspect_after_four_and_lost_after_fifteen_silent_seconds) {
    struct cluster *cluster = pair();
    cluster_freeze(cluster, 'b');
    run_and_expect(cluster, 20,
                   "5.001 a suspect b1\n"
                   "16.001 a - b1 silent\n");
}

Test(membership, a_broken_link_only_makes_suspect) {
    struct cluster *cluster = pair();
    cluster_break(cluster, 'a', 'b');
    run_and_expect(cluster, 8,
                   "1.000 b suspect a1\n"
                   "1.000 b call a1\n"
                   "1.000 a suspect b1\n"
                   "1.000 a call b1\n"
                   "1.001 b Register a1\n"
                   "1.002 a Registered b1 1:0\n");
}

Test(membership, a_new_incarnation_is_a_restart_removed_then_added) {
    struct cluster *cluster = pair();
    cluster_start(cluster, 'c', 'a', NULL);
    cluster_run(cluster, NS_PER_S);
    cluster_forget_trace(cluster);
    cluster_kill(cluster, 'b');
    cluster_start(cluster, 'b', 'a', NULL);
    run_and_expect(cluster, 1,
                   "2.000 a suspect b1\n"
                   "2.000 a call b1\n"
                   "2.000 b call\n"
                   "2.001 b Register a1 first\n"
                   "2.002 a - b1 restarted\n"
                   "2.002 a Registered b2 3:3\n"
                   "2.002 a + b2 b\n"
                   "2.002 a Roster c1 3:+1-1\n"
                   "2.003 b + a1 a\n"
                   "2.003 b leader a1\n"
                   "2.003 b + c1 c\n"
                   "2.003 c - b1 left or lost\n"
                   "2.003 c + b2 b\n");
}

Test(membership, a_second_node_of_one_name_is_refused) {
    struct cluster *cluster = pair();
    cluster_start(cluster, 'c', 'a', "b");
    run_and_expect(cluster, 6,
                   "1.000 c call\n"
                   "1.001 c Register a1 first\n"
                   "1.002 a log a second node named b was refused: the name is taken by the node at tcp://b\n"
                   "1.002 a Deregister c1\n"
                   "1.003 c log the leader at tcp://a refused this node: a second node named b was refused: the name "
                   "is taken by the node at tcp://b\n"
                   "6.003 c Register a1 first\n"
                   "6.004 a log a second node named b was refused: the name is taken by the node at tcp://b\n"
                   "6.004 a Deregister c1\n"
                   "6.005 c log the leader at tcp://a refused this node: a second node named b was refused: the name "
                   "is taken by the node at tcp://b\n");
}

Test(membership, a_registration_with_the_own_address_is_ignored) {
    struct cluster *cluster = pair();
    struct frame_register frame = {.member = convention_self(cluster_core(cluster, 'a'))->view, .first_time = true};
    cluster_tell(cluster, 'a',
                 &(struct convention_event){.kind = CONVENTION_REGISTER, .peer = 7, .registration = &frame});
    run_and_expect(cluster, 0, "1.000 a log ignored a registration that carries this node's own address tcp://a\n");
}

Test(membership, a_gap_in_the_roster_asks_for_all) {
    struct cluster *cluster = pair();
    uint64_t left = 77;
    struct frame_roster frame = {.epoch = 1, .number = 5, .left = &left, .left_count = 1};
    cluster_tell(cluster, 'b',
                 &(struct convention_event){
                     .kind = CONVENTION_ROSTER, .peer = cluster_incarnation(cluster, 'a'), .roster = &frame});
    run_and_expect(cluster, 2,
                   "1.000 b Register a1 first\n"
                   "1.001 a Registered b1 1:2\n");
}

Test(membership, nothing_is_sent_after_the_goodbye) {
    struct cluster *cluster = pair();
    cluster_tell(cluster, 'b', &(struct convention_event){.kind = CONVENTION_STOP});
    run_and_expect(cluster, 20,
                   "1.000 b Deregister a1\n"
                   "1.001 a - b1 left\n");
}

Test(membership, a_member_gone_wild_gets_four_answers_in_a_period) {
    struct cluster *cluster = pair();
    struct frame_register frame = {.member = convention_self(cluster_core(cluster, 'b'))->view};
    for (int i = 0; i < 100; i++) {
        cluster_tell(cluster, 'a',
                     &(struct convention_event){.kind = CONVENTION_REGISTER,
                                                .peer = cluster_incarnation(cluster, 'b'),
                                                .registration = &frame});
    }
    cr_assert(cluster_count(cluster, "a Registered b1") == 3, "one of the four was its first");
    cluster_destroy(cluster);
}
