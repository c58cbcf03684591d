/* Several leaders, S6A to S6C: whole sequences, on virtual time.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/scenario/story.h"

/* ---- S6A ---- */

Test(leaders, S6A_the_first_that_is_alive_leads_and_every_node_registers_with_each) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    for (const char *letter = "abd"; *letter; letter++) {
        cluster_start(cluster, *letter, "ab");
    }
    run_and_expect(cluster, 5,
                   "0.000 a call\n"
                   "0.000 b call\n"
                   "0.000 d call\n"
                   "0.000 d call\n"
                   "0.001 b Register a1 first\n"
                   "0.001 a Register b1 first\n"
                   "0.001 d Register a1 first\n"
                   "0.001 d Register b1 first\n"
                   "0.002 a leader a1\n"
                   "0.002 a Registered b1 1:2\n"
                   "0.002 a + b1 b\n"
                   "0.002 a Registered d1 2:3\n"
                   "0.002 a + d1 d\n"
                   "0.002 a Roster b1 2:+1-0\n"
                   "0.003 b + a1 a\n"
                   "0.003 b leader a1\n"
                   "0.003 d + a1 a\n"
                   "0.003 d leader a1\n"
                   "0.003 d + b1 b\n"
                   "0.003 b + d1 d\n"
                   "0.301 b Register a1 first\n"
                   "0.302 a Registered b1 2:3\n");
}

Test(leaders, S6A_the_second_leads_when_the_first_was_refused_for_two_seconds) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    cluster_start(cluster, 'b', "ab");
    cluster_start(cluster, 'd', "ab");
    run_and_expect(cluster, 4,
                   "0.000 b call\n"
                   "0.000 d call\n"
                   "0.000 d call\n"
                   "0.001 d Register b1 first\n"
                   "2.001 b leader b1\n"
                   "2.002 d Register b1 first\n"
                   "2.003 b Registered d1 1:2\n"
                   "2.003 b + d1 d\n"
                   "2.004 d + b1 b\n"
                   "2.004 d leader b1\n");
}

Test(leaders, S6A_the_second_leads_when_the_first_was_silent_for_fifteen_seconds) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    cluster_start(cluster, 'a', "ab");
    cluster_freeze(cluster, 'a');
    cluster_start(cluster, 'b', "ab");
    run_and_expect(cluster, 16,
                   "0.000 a call\n"
                   "0.000 b call\n"
                   "5.000 b call\n"
                   "10.000 b call\n"
                   "15.000 b call\n"
                   "15.000 b leader b1\n");
}

Test(leaders, S6A_who_is_killed_is_replaced_by_the_next_and_that_by_the_next) {
    struct cluster *cluster = three_leaders();
    cluster_kill(cluster, 'a');
    cluster_run(cluster, 3 * NS_PER_S);
    cluster_kill(cluster, 'b');
    run_and_expect(cluster, 4,
                   "1.000 b suspect a1\n"
                   "1.000 b call a1\n"
                   "1.000 c suspect a1\n"
                   "1.000 c call a1\n"
                   "1.000 d suspect a1\n"
                   "1.000 d call a1\n"
                   "3.001 b - a1 its admin is gone\n"
                   "3.001 b leader none\n"
                   "3.001 b leader b1\n"
                   "3.001 b call d1\n"
                   "3.001 c - a1 its admin is gone\n"
                   "3.001 c leader none\n"
                   "3.001 d - a1 its admin is gone\n"
                   "3.001 d leader none\n"
                   "3.002 c Register b1 first\n"
                   "3.002 d Register b1 first\n"
                   "3.003 b Registered c1 1:3\n"
                   "3.003 b Registered d1 1:3\n"
                   "3.004 c leader b1\n"
                   "3.004 d leader b1\n"
                   "4.000 c suspect b1\n"
                   "4.000 c call b1\n"
                   "4.000 d suspect b1\n"
                   "4.000 d call b1\n"
                   "5.001 d Register c1 first\n"
                   "6.001 c - b1 its admin is gone\n"
                   "6.001 c leader none\n"
                   "6.001 c leader c1\n"
                   "6.001 d - b1 its admin is gone\n"
                   "6.001 d leader none\n"
                   "6.002 d Register c1 first\n"
                   "6.003 c Registered d1 1:2\n"
                   "6.004 d leader c1\n");
}

Test(leaders, S3B_a_leader_is_not_replaced_when_it_was_refused_and_refused_but_not_throughout) {
    struct cluster *cluster = three_leaders();
    cluster_cut(cluster, 'a', 'b');
    tell_link(cluster, 'b', CONVENTION_REFUSED, 'a');
    cluster_run(cluster, NS_PER_S);
    tell_link(cluster, 'b', CONVENTION_LINK_DOWN, 'a');
    cluster_run(cluster, 2 * NS_PER_S);
    tell_link(cluster, 'b', CONVENTION_REFUSED, 'a');
    cluster_run(cluster, NS_PER_S);
    expect_leader(cluster, "abcd", 'a');
    cluster_destroy(cluster);
}

Test(leaders, S6A_who_leaves_is_replaced_at_once) {
    struct cluster *cluster = three_leaders();
    cluster_stop(cluster, 'a');
    run_and_expect(cluster, 1,
                   "1.000 a Deregister c1\n"
                   "1.000 a Deregister d1\n"
                   "1.000 a Deregister b1\n"
                   "1.001 c - a1 left\n"
                   "1.001 c leader none\n"
                   "1.001 d - a1 left\n"
                   "1.001 d leader none\n"
                   "1.001 b - a1 left\n"
                   "1.001 b leader none\n"
                   "1.001 b leader b1\n"
                   "1.001 b call c1\n"
                   "1.001 b call d1\n"
                   "1.002 c Register b1 first\n"
                   "1.002 d Register b1 first\n"
                   "1.003 b Registered c1 1:3\n"
                   "1.003 b Registered d1 1:3\n"
                   "1.004 c leader b1\n"
                   "1.004 d leader b1\n");
}

Test(leaders, S6A_without_heartbeats_three_periods_without_a_word_are_a_loss) {
    struct convention_times times = registrations_only();
    struct cluster *cluster = cluster_new(&times, 0, 1);
    for (const char *letter = "abd"; *letter; letter++) {
        cluster_start(cluster, *letter, "ab");
    }
    cluster_run(cluster, NS_PER_S);
    cluster_freeze(cluster, 'a');
    cluster_run(cluster, 70 * NS_PER_S);
    expect_leader(cluster, "bd", 'b');
    cluster_destroy(cluster);
}

/* ---- S6B ---- */

/* What it told at its beginning was lost. Found by the simulator of conventions, seed 395. */
Test(leaders, S6B_without_heartbeats_a_leader_tells_the_others_each_restart_period_that_it_leads) {
    struct convention_times times = convention_times_reference;
    struct cluster *cluster = cluster_new(&times, 0, 1);
    cluster_start(cluster, 'a', "ab");
    cluster_start(cluster, 'b', "ab");
    cluster_run(cluster, 60 * NS_PER_S);
    cluster_freeze(cluster, 'a');
    cluster_run(cluster, 40 * 60 * NS_PER_S);
    expect_leader(cluster, "b", 'b');
    cluster_lose(cluster, 1000);
    cluster_thaw(cluster, 'a');
    cluster_run(cluster, NS_PER_S);
    cluster_lose(cluster, 0);
    cr_assert(convention_is_acting(cluster_core(cluster, 'a')) && convention_is_acting(cluster_core(cluster, 'b')));
    cluster_run(cluster, times.restart_ns + NS_PER_S);
    expect_leader(cluster, "ab", 'a');
    cluster_destroy(cluster);
}

Test(leaders, S6B_who_comes_back_takes_the_roster_and_then_the_lead) {
    struct cluster *cluster = three_leaders();
    cluster_kill(cluster, 'a');
    cluster_run(cluster, 7 * NS_PER_S);
    cluster_forget_trace(cluster);
    cluster_start(cluster, 'a', "abc");
    run_and_expect(cluster, 3,
                   "8.000 a call\n"
                   "8.000 a call\n"
                   "8.001 a Register b1 first\n"
                   "8.001 c Register a2 first\n"
                   "8.001 a Register c1 first\n"
                   "8.001 d call\n"
                   "8.002 b Registered a2 2:4\n"
                   "8.002 b + a2 a\n"
                   "8.002 b Roster c1 2:+1-0\n"
                   "8.002 b Roster d1 2:+1-0\n"
                   "8.002 d Register a2 first\n"
                   "8.003 a + b1 b\n"
                   "8.003 a leader b1\n"
                   "8.003 a + c1 c\n"
                   "8.003 a + d1 d\n"
                   "8.003 a leader a2\n"
                   "8.003 a call c1\n"
                   "8.003 a call d1\n"
                   "8.003 c + a2 a\n"
                   "8.003 d + a2 a\n"
                   "8.003 a Registered d1 1:4\n"
                   "8.004 b leader none\n"
                   "8.004 b Register a2 first\n"
                   "8.004 b Register c1 first\n"
                   "8.004 d leader a2\n"
                   "8.005 c leader none\n"
                   "8.005 c Register b1 first\n"
                   "8.005 a Registered b1 1:4\n"
                   "8.006 b leader a2\n"
                   "8.301 c Register a2 first\n"
                   "8.302 a Registered c1 1:4\n"
                   "8.302 d Register a2 first\n"
                   "8.303 c leader a2\n"
                   "8.303 a Registered d1 1:4\n"
                   "8.304 b Register a2 first\n"
                   "8.305 a Registered b1 1:4\n");
}

/* convention-sim, seed 4. */
Test(leaders, S6B_who_registered_with_a_new_leader_hears_of_the_next_change) {
    struct cluster *cluster = three_leaders();
    cluster_kill(cluster, 'a');
    cluster_run(cluster, 3 * NS_PER_S);
    cluster_start(cluster, 'e', "abc");
    cluster_run(cluster, NS_PER_S);
    cr_assert_eq(cluster_count(cluster, "c + e1 e"), 1);
    cr_assert_eq(cluster_count(cluster, "d + e1 e"), 1);
    cluster_destroy(cluster);
}

Test(leaders, S6B_who_was_halted_leads_again_under_a_new_epoch) {
    struct cluster *cluster = three_leaders();
    cluster_freeze(cluster, 'a');
    cluster_run(cluster, 17 * NS_PER_S);
    expect_leader(cluster, "bcd", 'b');
    cr_assert_eq(convention_epoch(cluster_core(cluster, 'b')), 2);
    cluster_thaw(cluster, 'a');
    cluster_forget_trace(cluster);
    cluster_run(cluster, 10 * NS_PER_S);
    cr_assert_eq(convention_epoch(cluster_core(cluster, 'a')), 4);
    cr_assert_eq(convention_counters(cluster_core(cluster, 'a'))->stood_still, 1);
    cluster_expect(cluster, "18.000 a log this node stood still for 17.0 s: it judges nobody by that time\n"
                            "20.303 b call\n"
                            "20.303 c call\n"
                            "20.303 d call\n"
                            "20.304 c Register a1 first\n"
                            "20.304 d Register a1 first\n"
                            "20.305 a leader a1\n"
                            "20.305 a Registered c1 3:4\n"
                            "20.305 a Registered d1 3:4\n"
                            "20.306 b leader none\n"
                            "20.306 b Register a1 first\n"
                            "20.306 b Register c1 first\n"
                            "20.306 c + a1 a\n"
                            "20.306 c leader a1\n"
                            "20.306 d + a1 a\n"
                            "20.306 d leader a1\n"
                            "20.307 a Registered b1 3:4\n"
                            "20.308 b + a1 a\n"
                            "20.308 b leader a1\n"
                            "20.604 c Register a1 first\n"
                            "20.604 d Register a1 first\n"
                            "20.605 a Registered c1 3:4\n"
                            "20.605 a Registered d1 3:4\n"
                            "20.606 b Register a1 first\n"
                            "20.607 a Registered b1 3:4\n"
                            "25.001 d Register c1 first\n"
                            "25.306 b Register c1 first\n"
                            "25.306 c Register b1 first\n"
                            "25.306 d Register b1 first\n");
    cluster_destroy(cluster);
}

/* ---- S6C ---- */

Test(leaders, S6C_guests_survive_a_change_of_leader_present_or_not) {
    struct cluster *cluster = three_leaders();
    cluster_start(cluster, 'e', NULL);
    cluster_preregister(cluster, 'a', 'e', NULL);
    cluster_preregister(cluster, 'a', 'f', NULL);
    cluster_run(cluster, 2 * NS_PER_S);
    cluster_forget_trace(cluster);
    cluster_kill(cluster, 'a');
    cluster_run(cluster, 4 * NS_PER_S);
    cluster_start(cluster, 'f', NULL);
    cluster_run(cluster, 10 * NS_PER_S);
    expect_leader(cluster, "bcdef", 'b');
    cr_assert_eq(cluster_count(cluster, "- e1"), 0);
    cluster_expect(cluster, "3.000 b suspect a1\n"
                            "3.000 b call a1\n"
                            "3.000 c suspect a1\n"
                            "3.000 c call a1\n"
                            "3.000 d suspect a1\n"
                            "3.000 d call a1\n"
                            "3.000 e suspect a1\n"
                            "3.000 e call a1\n"
                            "5.001 b Register c1 first\n"
                            "5.001 b - a1 its admin is gone\n"
                            "5.001 b leader none\n"
                            "5.001 b leader b1\n"
                            "5.001 b call d1\n"
                            "5.001 b call\n"
                            "5.001 c Register b1 first\n"
                            "5.001 c - a1 its admin is gone\n"
                            "5.001 c leader none\n"
                            "5.001 d Register b1 first\n"
                            "5.001 d Register c1 first\n"
                            "5.001 d - a1 its admin is gone\n"
                            "5.001 d leader none\n"
                            "5.001 e - a1 its admin is gone\n"
                            "5.001 e leader none\n"
                            "5.002 e Register b1 first\n"
                            "5.002 b Registered c1 1:4\n"
                            "5.002 b Registered d1 1:4\n"
                            "5.003 b Registered e1 1:4\n"
                            "5.003 c leader b1\n"
                            "5.003 d leader b1\n"
                            "5.004 e leader b1\n"
                            "5.301 c Register b1 first\n"
                            "5.301 d Register b1 first\n"
                            "5.302 b Registered c1 1:4\n"
                            "5.302 b Registered d1 1:4\n"
                            "6.003 e Register c1 first\n"
                            "7.000 f leader f1\n"
                            "7.002 b Invite f1\n"
                            "7.003 f leader none\n"
                            "7.003 f call\n"
                            "7.003 f Register b1 first\n"
                            "7.003 f call\n"
                            "7.004 b Registered f1 2:5\n"
                            "7.004 b + f1 f\n"
                            "7.004 b Roster c1 2:+1-0\n"
                            "7.004 b Roster d1 2:+1-0\n"
                            "7.004 b Roster e1 2:+1-0\n"
                            "7.004 f Register c1 first\n"
                            "7.005 f + b1 b\n"
                            "7.005 f leader b1\n"
                            "7.005 f + c1 c\n"
                            "7.005 f + d1 d\n"
                            "7.005 f + e1 e\n"
                            "7.005 c + f1 f\n"
                            "7.005 d + f1 f\n"
                            "7.005 e + f1 f\n"
                            "10.001 b call\n"
                            "10.001 c call\n"
                            "10.001 d call\n"
                            "10.001 e call\n"
                            "12.003 f call\n"
                            "12.004 f Register c1 first\n"
                            "15.001 b call\n"
                            "15.001 d Register c1 first\n"
                            "15.004 e Register b1\n"
                            "15.005 b Registered e1 2:0\n"
                            "15.303 c Register b1\n"
                            "15.303 d Register b1\n"
                            "15.304 b Registered c1 2:0\n"
                            "15.304 b Registered d1 2:0\n"
                            "16.003 e Register c1 first\n");
    cluster_destroy(cluster);
}

Test(leaders, S6C_a_guest_that_is_dismissed_is_forgotten_by_all_that_may_lead) {
    struct cluster *cluster = three_leaders();
    cluster_start(cluster, 'e', NULL);
    cluster_preregister(cluster, 'a', 'e', NULL);
    cluster_run(cluster, 2 * NS_PER_S);
    cluster_dismiss(cluster, 'a', 'e');
    cluster_run(cluster, 2 * NS_PER_S);
    cluster_kill(cluster, 'a');
    cluster_run(cluster, 30 * NS_PER_S);
    cr_assert_eq(cluster_count(cluster, "b Invite"), 0);
    cr_assert_eq(convention_members(cluster_core(cluster, 'b'))->count, 3);
    cluster_destroy(cluster);
}

Test(leaders, S6C_guests_of_the_configuration_stay_those_of_their_leader) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    cluster_start(cluster, 'a', "ab");
    cluster_start_as(cluster, 'b', &(struct cluster_node){.leaders = "ab", .preregistered = "e"});
    cluster_start(cluster, 'e', NULL);
    cluster_run(cluster, 20 * NS_PER_S);
    expect_leader(cluster, "e", 'e');
    cluster_kill(cluster, 'a');
    cluster_run(cluster, 10 * NS_PER_S);
    expect_leader(cluster, "be", 'b');
    cluster_destroy(cluster);
}

Test(leaders, S6C_a_new_leader_knows_how_many_actors_each_member_has) {
    struct cluster *cluster = three_leaders();
    for (const char *letter = "ef"; *letter; letter++) {
        cluster_start_as(cluster, *letter, &(struct cluster_node){.leaders = "abc", .capability = "gpu"});
    }
    cluster_run(cluster, NS_PER_S);
    cluster_tell(cluster, 'e', &(struct convention_event){.kind = CONVENTION_ACTORS, .actors = 3});
    cluster_kill(cluster, 'a');
    cluster_run(cluster, 4 * NS_PER_S);
    cluster_forget_trace(cluster);
    cluster_create(cluster, 'd', "gpu");
    cluster_create(cluster, 'd', "gpu");
    run_and_expect(cluster, 1,
                   "6.001 e Register c1 first\n"
                   "6.001 f Register c1 first\n"
                   "6.002 f start d1.1\n"
                   "6.002 f start d1.2\n"
                   "6.004 d created d1.1\n"
                   "6.004 d created d1.2\n");
}

/* `b` is cut off when it is to hear of the guest, and asks when it sees that it has missed something. */
Test(leaders, S6C_who_may_lead_and_has_missed_a_guest_asks_for_it) {
    struct cluster *cluster = three_leaders();
    cluster_cut(cluster, 'a', 'b');
    cluster_preregister(cluster, 'a', 'e', NULL);
    cluster_run(cluster, 3 * NS_PER_S);
    cluster_heal(cluster, 'a', 'b');
    cluster_run(cluster, 12 * NS_PER_S);
    cluster_kill(cluster, 'a');
    cluster_run(cluster, 4 * NS_PER_S);
    size_t cursor = 0;
    expect_leader(cluster, "bcd", 'b');
    cr_assert_str_eq(convention_next_guest(cluster_core(cluster, 'b'), &cursor), "tcp://e");
    cluster_destroy(cluster);
}
