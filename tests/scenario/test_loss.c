/* Losing a node: who counts as suspect, who as lost, and what that brings: docs/semantics.md, S3A to S3D.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/scenario/story.h"

/* ---- S3A ---- */

Test(loss, S3A_each_second_a_member_and_its_leader_exchange_heartbeats) {
    struct cluster *cluster = pair();
    cluster_show_heartbeats(cluster);
    run_and_expect(cluster, 2,
                   "1.002 a Heartbeat b1 acting\n"
                   "1.003 b Heartbeat a1\n"
                   "2.002 a Heartbeat b1 acting\n"
                   "2.003 b Heartbeat a1\n");
}

Test(loss, S3A_a_broken_link_only_makes_suspect_and_is_made_anew) {
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

Test(loss, S3A_a_node_that_is_back_before_it_counts_as_lost_goes_on_and_nobody_is_told) {
    struct cluster *cluster = pair();
    cluster_freeze(cluster, 'b');
    cluster_run(cluster, 6 * NS_PER_S);
    cluster_expect(cluster, "4.002 a suspect b1\n");
    cluster_thaw(cluster, 'b');
    run_and_expect(cluster, 8,
                   "7.000 b log this node stood still for 6.0 s: it judges nobody by that time\n"
                   "10.003 b Register a1\n"
                   "10.004 a Registered b1 1:0\n");
}

/* ---- S3B ---- */

Test(loss, S3B_a_member_is_lost_when_refused_for_two_seconds) {
    struct cluster *cluster = pair();
    cluster_kill(cluster, 'b');
    run_and_expect(cluster, 4,
                   "1.000 a suspect b1\n"
                   "1.000 a call b1\n"
                   "3.001 a - b1 its admin is gone\n");
}

/* A path that refuses for a moment and then lets nothing through is no admin that is gone. */
Test(loss, S3B_who_is_refused_for_a_moment_and_then_not_answered_is_lost_by_silence) {
    struct cluster *cluster = pair();
    cluster_kill(cluster, 'b');
    cluster_run(cluster, NS_PER_S);
    cluster_cut(cluster, 'a', 'b');
    run_and_expect(cluster, 18,
                   "1.000 a suspect b1\n"
                   "1.000 a call b1\n"
                   "15.002 a - b1 silent\n");
}

/* A network that is changed refuses when it goes and when it comes. */
Test(loss, S3B_two_refusals_with_a_vain_try_between_them_are_no_loss) {
    struct cluster *cluster = pair();
    cluster_cut(cluster, 'a', 'b');
    tell_link(cluster, 'a', CONVENTION_REFUSED, 'b');
    cluster_run(cluster, NS_PER_S);
    tell_link(cluster, 'a', CONVENTION_LINK_DOWN, 'b');
    cluster_run(cluster, 2 * NS_PER_S);
    tell_link(cluster, 'a', CONVENTION_REFUSED, 'b');
    cluster_expect(cluster, "1.000 a suspect b1\n"
                            "2.000 a call b1\n");
    cluster_run(cluster, NS_PER_S);
    cluster_heal(cluster, 'a', 'b');
    run_and_expect(cluster, 2, "4.003 b suspect a1\n");
}

/* It is told once, though nobody be reached there any more. */
Test(loss, S3B_a_member_is_lost_two_seconds_after_another_has_answered) {
    struct cluster *cluster = pair();
    cluster_cut(cluster, 'a', 'b');
    cluster_freeze(cluster, 'b');
    cluster_run(cluster, NS_PER_S);
    tell_link(cluster, 'a', CONVENTION_REPLACED, 'b');
    run_and_expect(cluster, 3,
                   "2.000 a suspect b1\n"
                   "4.000 a - b1 its admin is gone\n");
}

/* A member judges no other; but a link that was refused is none, or the node would stay a neighbour when it is lost. */
Test(loss, S3C_a_refused_node_is_not_linked_any_more) {
    struct cluster *cluster = three();
    const struct member *member =
        members_find(convention_members(cluster_core(cluster, 'b')), cluster_incarnation(cluster, 'c'));
    tell_link(cluster, 'b', CONVENTION_LINK_UP, 'c');
    cr_assert(member->linked);
    tell_link(cluster, 'b', CONVENTION_REFUSED, 'c');
    cr_assert_not(member->linked);
    run_and_expect(cluster, 1, "");
}

Test(loss, S3B_a_leader_is_lost_when_refused_for_two_seconds) {
    struct cluster *cluster = pair();
    cluster_kill(cluster, 'a');
    run_and_expect(cluster, 8,
                   "1.000 b suspect a1\n"
                   "1.000 b call a1\n"
                   "3.001 b - a1 its admin is gone\n"
                   "3.001 b leader none\n"
                   "8.001 b call\n");
}

/* The new life knows no leader, so it does not register. */
Test(loss, S3B_a_member_is_lost_when_another_incarnation_answers_for_two_seconds) {
    struct cluster *cluster = pair();
    cluster_kill(cluster, 'b');
    cluster_start(cluster, 'b', "");
    run_and_expect(cluster, 4,
                   "1.000 a suspect b1\n"
                   "1.000 a call b1\n"
                   "1.000 b leader b2\n"
                   "3.001 a - b1 its admin is gone\n");
}

Test(loss, S3B_a_silent_node_is_suspect_after_four_and_lost_after_fifteen_seconds) {
    struct cluster *cluster = pair();
    cluster_freeze(cluster, 'b');
    run_and_expect(cluster, 20,
                   "4.002 a suspect b1\n"
                   "15.002 a - b1 silent\n");
}

Test(loss, S3B_a_side_that_was_cut_off_comes_back_as_new) {
    struct cluster *cluster = pair();
    cluster_cut(cluster, 'a', 'b');
    cluster_run(cluster, 30 * NS_PER_S);
    cluster_heal(cluster, 'a', 'b');
    run_and_expect(cluster, 3,
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

/* ---- S3C ---- */

Test(loss, S3C_the_parent_of_a_lost_child_is_told_once) {
    struct cluster *cluster = pair();
    cluster_start_as(cluster, 'c', &(struct cluster_node){.leaders = "a", .capability = "gpu"});
    cluster_run(cluster, NS_PER_S);
    cluster_forget_trace(cluster);
    cluster_create(cluster, 'b', "gpu");
    cluster_run(cluster, NS_PER_S);
    cluster_expect(cluster, "2.002 c start b1.1\n"
                            "2.004 b created b1.1\n");
    cluster_kill(cluster, 'c');
    run_and_expect(cluster, 30,
                   "3.000 a suspect c1\n"
                   "3.000 a call c1\n"
                   "5.001 a - c1 its admin is gone\n"
                   "5.001 a Roster b1 3:+0-1\n"
                   "5.002 b - c1 left or lost\n"
                   "5.002 b exited b1.1: its node was lost\n"
                   "10.003 b Register a1\n"
                   "10.004 a Registered b1 3:0\n"
                   "20.005 b Register a1\n"
                   "20.006 a Registered b1 3:0\n"
                   "30.007 b Register a1\n"
                   "30.008 a Registered b1 3:0\n");
}

Test(loss, S3C_a_child_of_a_lost_parent_is_asked_to_exit) {
    struct cluster *cluster = pair();
    cluster_start_as(cluster, 'c', &(struct cluster_node){.leaders = "a", .capability = "gpu"});
    cluster_run(cluster, NS_PER_S);
    cluster_create(cluster, 'b', "gpu");
    cluster_run(cluster, NS_PER_S);
    cluster_forget_trace(cluster);
    cluster_kill(cluster, 'b');
    run_and_expect(cluster, 4,
                   "3.000 a suspect b1\n"
                   "3.000 a call b1\n"
                   "5.001 a - b1 its admin is gone\n"
                   "5.001 a Roster c1 3:+0-1\n"
                   "5.002 c - b1 left or lost\n"
                   "5.002 c exit request b1.1\n");
}

Test(loss, S3C_a_create_that_was_pending_on_a_lost_node_tries_the_next) {
    struct cluster *cluster = pair();
    for (const char *letter = "cd"; *letter; letter++) {
        cluster_start_as(cluster, *letter, &(struct cluster_node){.leaders = "a", .capability = "gpu"});
        cluster_run(cluster, NS_PER_S);
    }
    cluster_forget_trace(cluster);
    cluster_freeze(cluster, 'c');
    cluster_create(cluster, 'b', "gpu");
    cluster_run(cluster, NS_PER_S);
    cluster_kill(cluster, 'c');
    run_and_expect(cluster, 3,
                   "4.000 a suspect c1\n"
                   "4.000 a call c1\n"
                   "6.001 a - c1 its admin is gone\n"
                   "6.001 a Roster b1 4:+0-1\n"
                   "6.001 a Roster d1 4:+0-1\n"
                   "6.002 d start b1.1\n"
                   "6.002 b - c1 left or lost\n"
                   "6.002 d - c1 left or lost\n"
                   "6.004 b created b1.1\n");
}

/* ---- S3D ---- */

Test(loss, S3D_losing_the_leader_frees_nothing_but_its_own) {
    struct cluster *cluster = pair();
    cluster_start_as(cluster, 'c', &(struct cluster_node){.leaders = "a", .capability = "gpu"});
    cluster_run(cluster, NS_PER_S);
    cluster_create(cluster, 'b', "gpu");
    cluster_run(cluster, NS_PER_S);
    cluster_forget_trace(cluster);
    cluster_kill(cluster, 'a');
    run_and_expect(cluster, 4,
                   "3.000 b suspect a1\n"
                   "3.000 b call a1\n"
                   "3.000 c suspect a1\n"
                   "3.000 c call a1\n"
                   "5.001 b - a1 its admin is gone\n"
                   "5.001 b leader none\n"
                   "5.001 c - a1 its admin is gone\n"
                   "5.001 c leader none\n");
}

/* The new leader hears of `b` and not of `c`, which has died meanwhile. */
Test(loss, S3D_who_does_not_come_to_a_new_leader_within_three_periods_is_lost) {
    struct cluster *cluster = three();
    cluster_stop(cluster, 'a');
    cluster_kill(cluster, 'c');
    cluster_run(cluster, 4 * NS_PER_S);
    cluster_start(cluster, 'a', "a");
    cluster_run(cluster, 3 * NS_PER_S);
    cluster_expect(cluster, "2.000 a Deregister b1\n"
                            "2.000 a Deregister c1\n"
                            "2.001 b - a1 left\n"
                            "2.001 b leader none\n"
                            "2.001 c - a1 left\n"
                            "2.001 c leader none\n"
                            "6.001 a leader a2\n"
                            "7.001 b call\n"
                            "7.002 b Register a2 first\n"
                            "7.003 a Registered b1 1:2\n"
                            "7.003 a + b1 b\n"
                            "7.004 b + a2 a\n"
                            "7.004 b leader a2\n");
    run_and_expect(cluster, 29,
                   "17.004 b Register a2\n"
                   "17.005 a Registered b1 1:0\n"
                   "27.006 b Register a2\n"
                   "27.007 a Registered b1 1:0\n"
                   "37.004 b - c1 did not come to the new leader\n"
                   "37.008 b Register a2\n"
                   "37.009 a Registered b1 1:0\n");
}
