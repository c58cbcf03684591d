/* Leaders that do not hear each other, S6D, and that have other lists or clocks than others, S6E.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/scenario/story.h"

/* Nothing passes between any of these and any of those. */
static void part(struct cluster *cluster, const char *these, const char *those) {
    for (; *these; these++) {
        for (const char *other = those; *other; other++) {
            cluster_cut(cluster, *these, *other);
        }
    }
}

static void heal(struct cluster *cluster, const char *these, const char *those) {
    for (; *these; these++) {
        for (const char *other = those; *other; other++) {
            cluster_heal(cluster, *these, *other);
        }
    }
}

static void expect_state(struct cluster *cluster, char letter, const char *state) {
    cr_assert_str_eq(convention_state_name(cluster_core(cluster, letter)), state);
}

/* ---- S6D ---- */

Test(leaders, S6D_a_leader_gives_names_when_most_that_may_lead_have_followed_it_for_three_seconds) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    cluster_show_mandates(cluster);
    cluster_start(cluster, 'a', "abc");
    cluster_run(cluster, 10 * NS_PER_S);
    expect_state(cluster, 'a', "degraded");
    cluster_start(cluster, 'b', "abc");
    cluster_run(cluster, 2 * NS_PER_S);
    expect_state(cluster, 'a', "degraded");
    cluster_start(cluster, 'c', "abc");
    cluster_run(cluster, 2 * NS_PER_S);
    expect_state(cluster, 'a', "leader");
    cluster_forget_trace(cluster);
    cluster_kill(cluster, 'b');
    cluster_kill(cluster, 'c');
    run_and_expect(cluster, 4,
                   "14.000 a suspect b1\n"
                   "14.000 a call b1\n"
                   "14.000 c call b1\n"
                   "14.000 a suspect c1\n"
                   "14.000 a call c1\n"
                   "15.000 a call b1\n"
                   "15.000 a call c1\n"
                   "16.001 a - b1 its admin is gone\n"
                   "16.001 a Roster c1 3:+0-1\n"
                   "16.001 a - c1 its admin is gone\n"
                   "16.001 a gives no names the leader does not hear from most of the nodes that may lead\n");
}

Test(leaders, S6D_both_sides_of_a_partition_are_degraded_and_one_gives_names) {
    struct cluster *cluster = three_leaders();
    cluster_run(cluster, 3 * NS_PER_S);
    cluster_show_mandates(cluster);
    cluster_forget_trace(cluster);
    part(cluster, "a", "bcd");
    cluster_run(cluster, 20 * NS_PER_S);
    expect_state(cluster, 'a', "degraded");
    expect_state(cluster, 'b', "degraded");
    heal(cluster, "a", "bcd");
    cluster_run(cluster, 8 * NS_PER_S);
    expect_state(cluster, 'a', "leader");
    cluster_expect(cluster, "5.001 b Register c1 first\n"
                            "5.001 c Register b1 first\n"
                            "5.001 d Register b1 first\n"
                            "5.001 d Register c1 first\n"
                            "6.002 a gives no names the leader does not hear from most of the nodes that may lead\n"
                            "7.002 c suspect a1\n"
                            "7.002 b suspect a1\n"
                            "7.002 a suspect c1\n"
                            "7.002 a suspect b1\n"
                            "7.002 d suspect a1\n"
                            "7.004 a suspect d1\n"
                            "10.003 d Register a1\n"
                            "10.303 b Register a1\n"
                            "10.303 c Register a1\n"
                            "15.001 b Register c1 first\n"
                            "15.001 c Register b1 first\n"
                            "15.001 d Register b1 first\n"
                            "15.001 d Register c1 first\n"
                            "18.002 c - a1 silent\n"
                            "18.002 c leader none\n"
                            "18.002 b - a1 silent\n"
                            "18.002 b leader none\n"
                            "18.002 b leader b1\n"
                            "18.002 b gives names soon\n"
                            "18.002 a - c1 silent\n"
                            "18.002 a - b1 silent\n"
                            "18.002 a Roster d1 4:+0-2\n"
                            "18.002 d - a1 silent\n"
                            "18.002 d leader none\n"
                            "18.003 c Register b1 first\n"
                            "18.003 d Register b1 first\n"
                            "18.004 b Registered c1 1:3\n"
                            "18.004 b Registered d1 1:3\n"
                            "18.004 a - d1 silent\n"
                            "18.005 c leader b1\n"
                            "18.005 d leader b1\n"
                            "21.002 b gives names\n"
                            "23.002 c call\n"
                            "23.002 d call\n"
                            "23.002 b call\n"
                            "23.002 a call\n"
                            "23.002 a call\n"
                            "24.003 c Register a1 first\n"
                            "24.003 d Register a1 first\n"
                            "24.004 a Registered c1 6:2\n"
                            "24.004 a + c1 c\n"
                            "24.004 a Registered d1 7:3\n"
                            "24.004 a + d1 d\n"
                            "24.004 a Roster c1 7:+1-0\n"
                            "24.004 a leader a1\n"
                            "24.004 a gives names soon\n"
                            "24.004 b leader none\n"
                            "24.004 b Register a1 first\n"
                            "24.004 b Register c1 first\n"
                            "24.004 b gives no names another node leads\n"
                            "24.005 c + a1 a\n"
                            "24.005 c leader a1\n"
                            "24.005 d + a1 a\n"
                            "24.005 d leader a1\n"
                            "24.005 a Registered b1 8:4\n"
                            "24.005 a + b1 b\n"
                            "24.006 b + a1 a\n"
                            "24.006 b leader a1\n"
                            "24.303 c Register a1 first\n"
                            "24.303 d Register a1 first\n"
                            "24.304 a Registered c1 8:4\n"
                            "24.304 a Registered d1 8:4\n"
                            "24.304 b Register a1 first\n"
                            "24.305 a Registered b1 8:4\n"
                            "25.001 d Register c1 first\n"
                            "27.004 a gives names\n"
                            "28.005 c Register b1 first\n"
                            "28.005 d Register b1 first\n"
                            "29.004 b Register c1 first\n");
    cluster_destroy(cluster);
}

/* `c` hears both and follows the first. */
Test(leaders, S6D_of_two_that_do_not_hear_each_other_the_one_that_is_followed_gives_names) {
    struct cluster *cluster = three_leaders();
    cluster_run(cluster, 3 * NS_PER_S);
    part(cluster, "a", "b");
    cluster_run(cluster, 40 * NS_PER_S);
    expect_state(cluster, 'b', "degraded");
    cr_assert_eq(convention_mandate(cluster_core(cluster, 'a')), MANDATE_GIVEN);
    cr_assert_eq(convention_mandate(cluster_core(cluster, 'b')), MANDATE_NONE);
    expect_leader(cluster, "cd", 'a');
    cr_assert_eq(convention_epoch(cluster_core(cluster, 'a')), 1);
    cr_assert_eq(convention_epoch(cluster_core(cluster, 'b')), 2);
    cluster_destroy(cluster);
}

Test(leaders, S6D_of_two_that_may_lead_one_alone_gives_no_names) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    cluster_start(cluster, 'a', "ab");
    cluster_start(cluster, 'b', "ab");
    cluster_run(cluster, 5 * NS_PER_S);
    cr_assert_eq(convention_mandate(cluster_core(cluster, 'a')), MANDATE_GIVEN);
    cluster_kill(cluster, 'a');
    cluster_run(cluster, 20 * NS_PER_S);
    expect_state(cluster, 'b', "degraded");
    cr_assert_eq(convention_mandate(cluster_core(cluster, 'b')), MANDATE_NONE);
    cluster_start(cluster, 'a', "ab");
    cluster_run(cluster, 5 * NS_PER_S);
    expect_state(cluster, 'a', "leader");
    cr_assert_eq(convention_mandate(cluster_core(cluster, 'a')), MANDATE_GIVEN);
    cluster_destroy(cluster);
}

/* ---- S6E ---- */

Test(leaders, S6E_of_two_that_both_stand_first_by_their_lists_one_leads) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    cluster_start(cluster, 'a', "ab");
    cluster_start(cluster, 'b', "ba");
    run_and_expect(cluster, 4,
                   "0.000 a call\n"
                   "0.000 b call\n"
                   "0.001 b Register a1 first\n"
                   "0.001 a Register b1 first\n"
                   "0.002 a log the node at tcp://b has another order of leaders than this one: `leaders` has to be "
                   "the same on all nodes; until then this node stands before the other\n"
                   "0.002 a leader a1\n"
                   "0.002 a log node b has another list of leaders: this node is number 2 of 2 there, and 1 of 2 here; "
                   "`leaders` has to be the same on all nodes\n"
                   "0.002 a Registered b1 1:2\n"
                   "0.002 a + b1 b\n"
                   "0.002 b log the node at tcp://a has another order of leaders than this one: `leaders` has to be "
                   "the same on all nodes; until then that node stands before the other\n"
                   "0.002 b log node a has another list of leaders: this node is number 2 of 2 there, and 1 of 2 here; "
                   "`leaders` has to be the same on all nodes\n"
                   "0.003 b + a1 a\n"
                   "0.003 b leader a1\n"
                   "0.301 b Register a1 first\n"
                   "0.302 a Registered b1 1:2\n");
}

Test(leaders, S6E_of_two_that_both_stand_second_by_their_lists_one_leads) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    cluster_start(cluster, 'a', "ba");
    cluster_start(cluster, 'b', "ab");
    run_and_expect(cluster, 4,
                   "0.000 a call\n"
                   "0.000 b call\n"
                   "0.001 b Register a1 first\n"
                   "0.001 a Register b1 first\n"
                   "0.002 a log the node at tcp://b has another order of leaders than this one: `leaders` has to be "
                   "the same on all nodes; until then this node stands before the other\n"
                   "0.002 a leader a1\n"
                   "0.002 a log node b has another list of leaders: this node is number 1 of 2 there, and 2 of 2 here; "
                   "`leaders` has to be the same on all nodes\n"
                   "0.002 a Registered b1 1:2\n"
                   "0.002 a + b1 b\n"
                   "0.002 b log the node at tcp://a has another order of leaders than this one: `leaders` has to be "
                   "the same on all nodes; until then that node stands before the other\n"
                   "0.002 b log node a has another list of leaders: this node is number 1 of 2 there, and 2 of 2 here; "
                   "`leaders` has to be the same on all nodes\n"
                   "0.003 b + a1 a\n"
                   "0.003 b leader a1\n"
                   "0.301 b Register a1 first\n"
                   "0.302 a Registered b1 1:2\n");
}

Test(leaders, S6E_a_member_with_another_list_is_logged_and_follows_who_leads) {
    struct cluster *cluster = three_leaders();
    cluster_start(cluster, 'f', "cab");
    cluster_run(cluster, 25 * NS_PER_S);
    expect_leader(cluster, "f", 'a');
    cr_assert_eq(cluster_count(cluster, "a log node f has another list of leaders: this node is number 2 of 3 there, "
                                        "and 1 of 3 here; `leaders` has to be the same on all nodes"),
                 1);
    cr_assert_eq(convention_counters(cluster_core(cluster, 'a'))->disagreed, 1);
    cluster_destroy(cluster);
}

Test(leaders, S6E_who_does_not_list_the_one_that_leads_is_logged_by_the_others) {
    struct cluster *cluster = three_leaders();
    cluster_start(cluster, 'e', "cb");
    run_and_expect(cluster, 4,
                   "1.000 e call\n"
                   "1.000 e call\n"
                   "1.001 e Register c1 first\n"
                   "1.001 e Register b1 first\n"
                   "1.002 c log node e has another list of leaders: this node is number 1 of 2 there, and 3 of 3 here; "
                   "`leaders` has to be the same on all nodes\n"
                   "1.002 b log node e has another list of leaders: this node is number 2 of 2 there, and 2 of 3 here; "
                   "`leaders` has to be the same on all nodes\n");
}

Test(leaders, S6E_a_leader_that_lists_itself_under_another_name_knows_itself) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    cluster_start(cluster, 'a', "Ab");
    cluster_start(cluster, 'b', "ab");
    run_and_expect(cluster, 4,
                   "0.000 a call\n"
                   "0.000 a call\n"
                   "0.000 b call\n"
                   "0.001 a log the leader tcp://A is this node itself\n"
                   "0.001 b Register a1 first\n"
                   "0.001 a Register b1 first\n"
                   "0.002 a leader a1\n"
                   "0.002 a Registered b1 1:2\n"
                   "0.002 a + b1 b\n"
                   "0.003 b + a1 a\n"
                   "0.003 b leader a1\n"
                   "0.301 b Register a1 first\n"
                   "0.302 a Registered b1 1:2\n");
}

Test(leaders, S6E_who_was_halted_judges_nobody_by_that_time) {
    struct cluster *cluster = three_leaders();
    cluster_freeze(cluster, 'a');
    cluster_run(cluster, 13 * NS_PER_S);
    cluster_thaw(cluster, 'a');
    cluster_forget_trace(cluster);
    run_and_expect(cluster, 3,
                   "14.000 a log this node stood still for 13.0 s: it judges nobody by that time\n"
                   "15.001 c Register b1 first\n"
                   "15.001 d Register b1 first\n"
                   "15.001 d Register c1 first\n"
                   "15.001 b Register c1 first\n");
}
