/* Guests: members that the leader was told about, line by line of docs/semantics.md, S2A to S2H.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/scenario/story.h"

/* A leader `a`, and `b` that knows nobody and is a member by invitation; two seconds old. */
static struct cluster *host_and_guest(void) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    cluster_start(cluster, 'a', "a");
    cluster_start(cluster, 'b', "");
    cluster_run(cluster, NS_PER_S);
    cr_assert_eq(cluster_preregister(cluster, 'a', 'b', NULL), MESH_OK);
    cluster_run(cluster, NS_PER_S);
    cluster_forget_trace(cluster);
    return cluster;
}

/* ---- S2A ---- */

Test(guests, S2A_who_is_pre_registered_is_invited_at_once_and_noticed_when_it_registers) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    cluster_start(cluster, 'a', "a");
    cluster_start_as(cluster, 'b', &(struct cluster_node){.capability = "gpu"});
    cluster_run(cluster, NS_PER_S);
    cluster_forget_trace(cluster);
    cr_assert_eq(cluster_preregister(cluster, 'a', 'b', "gpu"), MESH_OK);
    run_and_expect(cluster, 12,
                   "1.000 a call\n"
                   "1.001 a Invite b1\n"
                   "1.002 b leader none\n"
                   "1.002 b Register a1 first\n"
                   "1.003 a Registered b1 1:2\n"
                   "1.003 a + b1 b (gpu)\n"
                   "1.004 b + a1 a\n"
                   "1.004 b leader a1\n"
                   "11.004 b Register a1\n"
                   "11.005 a Registered b1 1:0\n");
}

Test(guests, S2A_the_configuration_pre_registers_when_the_node_leads) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    cluster_start(cluster, 'b', "");
    cluster_start_as(cluster, 'a', &(struct cluster_node){.leaders = "a", .preregistered = "b"});
    run_and_expect(cluster, 9,
                   "0.000 b leader b1\n"
                   "0.000 a leader a1\n"
                   "0.000 a call\n"
                   "0.001 a Invite b1\n"
                   "0.002 b leader none\n"
                   "0.002 b Register a1 first\n"
                   "0.003 a Registered b1 1:2\n"
                   "0.003 a + b1 b\n"
                   "0.004 b + a1 a\n"
                   "0.004 b leader a1\n");
}

Test(guests, S2A_what_was_expected_and_is_not_there_is_logged) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    cluster_start(cluster, 'a', "a");
    cluster_start(cluster, 'b', "");
    cr_assert_eq(cluster_preregister(cluster, 'a', 'b', "gpu"), MESH_OK);
    run_and_expect(cluster, 9,
                   "0.000 a leader a1\n"
                   "0.000 b leader b1\n"
                   "0.000 a call\n"
                   "0.001 a Invite b1\n"
                   "0.002 b leader none\n"
                   "0.002 b Register a1 first\n"
                   "0.003 a Registered b1 1:2\n"
                   "0.003 a + b1 b\n"
                   "0.003 a log node b, which was told about, is not as expected: gpu is required and is not there\n"
                   "0.004 b + a1 a\n"
                   "0.004 b leader a1\n");
}

Test(guests, S2A_only_the_leader_takes_it_and_never_itself) {
    struct cluster *cluster = pair();
    cr_assert_eq(cluster_preregister(cluster, 'b', 'c', NULL), MESH_REFUSED);
    cr_assert_eq(cluster_preregister(cluster, 'a', 'a', NULL), MESH_INVALID_ARGUMENT);
    for (const char *letter = "bcdefgh"; *letter; letter++) {
        cr_assert_eq(cluster_preregister(cluster, 'a', *letter, NULL), MESH_OK);
    }
    cluster_destroy(cluster);
}

Test(guests, S2A_who_has_leaders_or_members_stays_as_it_is) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    cluster_start(cluster, 'a', "a");
    cluster_start(cluster, 'b', "");
    cluster_start(cluster, 'c', "b");
    cluster_run(cluster, NS_PER_S);
    cr_assert_eq(cluster_preregister(cluster, 'a', 'b', NULL), MESH_OK);
    cr_assert_eq(cluster_preregister(cluster, 'a', 'c', NULL), MESH_OK);
    run_and_expect(cluster, 9,
                   "0.000 a leader a1\n"
                   "0.000 b leader b1\n"
                   "0.000 c call\n"
                   "0.001 c Register b1 first\n"
                   "0.002 b Registered c1 1:2\n"
                   "0.002 b + c1 c\n"
                   "0.003 c + b1 b\n"
                   "0.003 c leader b1\n"
                   "1.000 a call\n"
                   "1.000 a call\n"
                   "1.001 a Invite b1\n"
                   "1.001 a Invite c1\n"
                   "1.002 b log an invitation by node a is ignored: it leads others\n"
                   "1.002 c log an invitation by node a is ignored: its leaders are configured\n");
}

Test(guests, S2A_a_guest_of_one_leader_is_no_guest_of_another) {
    struct cluster *cluster = host_and_guest();
    cluster_start(cluster, 'c', "c");
    cr_assert_eq(cluster_preregister(cluster, 'c', 'b', NULL), MESH_OK);
    run_and_expect(cluster, 1,
                   "2.000 c leader c1\n"
                   "2.000 c call\n"
                   "2.001 c Invite b1\n"
                   "2.002 b log an invitation by node c is ignored: it is led by another node\n");
}

/* A member by its configuration, of which the leader is told besides, is asked to register at once. */
Test(guests, S2A_a_member_that_is_pre_registered_too_registers_again) {
    struct cluster *cluster = pair();
    cr_assert_eq(cluster_preregister(cluster, 'a', 'b', NULL), MESH_OK);
    run_and_expect(cluster, 8,
                   "1.000 a Invite b1\n"
                   "1.001 b Register a1\n"
                   "1.002 a Registered b1 1:0\n");
}

/* All that the leader's former life has said comes when the present one leads. */
Test(guests, S2A_an_invitation_by_a_former_life_of_the_leader_is_ignored) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    cluster_start(cluster, 'a', "a");
    cluster_start(cluster, 'b', "a");
    cluster_delay(cluster, 'a', 5 * NS_PER_S);
    cluster_run(cluster, NS_PER_S);
    cr_assert_eq(cluster_preregister(cluster, 'a', 'b', NULL), MESH_OK);
    cluster_delay(cluster, 'a', 0);
    cluster_kill(cluster, 'a');
    cluster_start(cluster, 'a', "a");
    cluster_run(cluster, NS_PER_S);
    cluster_forget_trace(cluster);
    run_and_expect(cluster, 14,
                   "5.001 b call a1\n"
                   "5.002 b Register a2 first\n"
                   "5.003 a Registered b1 1:2\n"
                   "5.003 a + b1 b\n"
                   "5.004 b + a2 a\n"
                   "5.004 b leader a2\n"
                   "6.001 b log an invitation by node a is ignored: a former life of the leader has sent it\n"
                   "15.004 b Register a2\n"
                   "15.005 a Registered b1 1:0\n");
}

/* ---- S2B ---- */

Test(guests, S2B_who_cannot_be_reached_is_invited_when_it_can) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    cluster_start(cluster, 'a', "a");
    cr_assert_eq(cluster_preregister(cluster, 'a', 'b', NULL), MESH_OK);
    cluster_run(cluster, 25 * NS_PER_S);
    cluster_expect(cluster, "0.000 a leader a1\n"
                            "0.000 a call\n"
                            "11.000 a call\n"
                            "22.000 a call\n");
    cluster_start(cluster, 'b', "");
    run_and_expect(cluster, 8,
                   "25.000 b leader b1\n"
                   "25.001 a Invite b1\n"
                   "25.002 b leader none\n"
                   "25.002 b Register a1 first\n"
                   "25.003 a Registered b1 1:2\n"
                   "25.003 a + b1 b\n"
                   "25.004 b + a1 a\n"
                   "25.004 b leader a1\n");
}

Test(guests, S2B_who_does_not_register_is_invited_each_period_and_a_tenth) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    cluster_start(cluster, 'a', "a");
    cluster_start(cluster, 'c', "c");
    cr_assert_eq(cluster_preregister(cluster, 'a', 'c', NULL), MESH_OK);
    run_and_expect(cluster, 30,
                   "0.000 a leader a1\n"
                   "0.000 c leader c1\n"
                   "0.000 a call\n"
                   "0.001 a Invite c1\n"
                   "0.002 c log an invitation by node a is ignored: its leaders are configured\n"
                   "11.001 a Invite c1\n"
                   "11.002 c log an invitation by node a is ignored: its leaders are configured\n"
                   "22.001 a Invite c1\n"
                   "22.002 c log an invitation by node a is ignored: its leaders are configured\n");
}

Test(guests, S2B_S4A_pre_registering_again_only_repeats_the_invitation_at_once) {
    struct cluster *cluster = host_and_guest();
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(cluster_preregister(cluster, 'a', 'b', NULL), MESH_OK);
    }
    run_and_expect(cluster, 10,
                   "2.000 a Invite b1\n"
                   "2.000 a Invite b1\n"
                   "2.000 a Invite b1\n"
                   "2.001 b Register a1\n"
                   "2.002 a Registered b1 1:0\n"
                   "2.301 b Register a1\n"
                   "2.302 a Registered b1 1:0\n");
}

Test(guests, S4A_a_guest_that_calls_all_the_time_is_invited_ever_more_seldom) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    cluster_start(cluster, 'a', "a");
    cluster_start(cluster, 'c', "c"); /* comes to nobody */
    cr_assert_eq(cluster_preregister(cluster, 'a', 'c', NULL), MESH_OK);
    struct convention_event event = {.peer = cluster_incarnation(cluster, 'c')};
    for (int i = 0; i < 100; i++) {
        cluster_run(cluster, 50 * NS_PER_MS);
        event.kind = CONVENTION_LINK_DOWN;
        cluster_tell(cluster, 'a', &event);
        event.kind = CONVENTION_LINK_UP;
        cluster_tell(cluster, 'a', &event);
    }
    size_t count = cluster_count(cluster, "a Invite c1");
    cr_assert(count >= 2 && count <= 9, "%zu invitations for 100 links in 5 s", count);
    cluster_destroy(cluster);
}

/* ---- S2C, S2D, S2H ---- */

Test(guests, S2C_a_guest_that_lost_its_leader_waits_for_the_next_invitation) {
    struct cluster *cluster = host_and_guest();
    cluster_kill(cluster, 'a');
    cluster_run(cluster, 60 * NS_PER_S);
    cluster_expect(cluster, "2.000 b suspect a1\n"
                            "2.000 b call a1\n"
                            "4.001 b - a1 its admin is gone\n"
                            "4.001 b leader none\n"
                            "4.001 b log there is no leader any more: this node waits for the next invitation\n");
    cr_assert_str_eq(convention_state_name(cluster_core(cluster, 'b')), "idle");
    cluster_start(cluster, 'c', "b"); /* its plain registrations are ignored */
    cluster_run(cluster, 2 * NS_PER_S);
    cluster_expect(cluster, "62.000 c call\n"
                            "62.001 c Register b1 first\n");
    cluster_kill(cluster, 'c');
    cluster_start(cluster, 'a', "a");
    cr_assert_eq(cluster_preregister(cluster, 'a', 'b', NULL), MESH_OK);
    run_and_expect(cluster, 1,
                   "64.000 a leader a2\n"
                   "64.000 a call\n"
                   "64.001 a Invite b1\n"
                   "64.002 b Register a2 first\n"
                   "64.003 a Registered b1 1:2\n"
                   "64.003 a + b1 b\n"
                   "64.004 b + a2 a\n"
                   "64.004 b leader a2\n");
}

Test(guests, S2C_an_invitation_whose_leader_never_answers_is_given_up) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    cluster_start(cluster, 'a', "a");
    cluster_start(cluster, 'c', "");
    cr_assert_eq(cluster_preregister(cluster, 'a', 'c', NULL), MESH_OK);
    cluster_run(cluster, 2 * CLUSTER_LATENCY_NS); /* the invitation has come */
    cluster_cut(cluster, 'a', 'c');
    cluster_run(cluster, 50 * NS_PER_S);
    cr_assert_str_eq(convention_state_name(cluster_core(cluster, 'c')), "idle");
    run_and_expect(cluster, 0,
                   "0.000 a leader a1\n"
                   "0.000 c leader c1\n"
                   "0.000 a call\n"
                   "0.001 a Invite c1\n"
                   "0.002 c leader none\n"
                   "0.002 c Register a1 first\n"
                   "5.002 c Register a1 first\n"
                   "10.002 c Register a1 first\n"
                   "11.001 a Invite c1\n"
                   "15.002 c Register a1 first\n"
                   "15.002 c log there is no leader any more: this node waits for the next invitation\n"
                   "22.001 a Invite c1\n"
                   "33.001 a Invite c1\n"
                   "44.001 a Invite c1\n");
}

Test(guests, S2D_the_leader_that_lost_a_guest_goes_on_inviting) {
    struct cluster *cluster = host_and_guest();
    cluster_kill(cluster, 'b');
    run_and_expect(cluster, 30,
                   "2.000 a suspect b1\n"
                   "2.000 a call b1\n"
                   "4.001 a - b1 its admin is gone\n"
                   "15.001 a call\n"
                   "26.001 a call\n");
}

Test(guests, S2H_a_link_that_stays_broken_makes_one_side_wait_and_the_other_invite) {
    struct cluster *cluster = host_and_guest();
    cluster_cut(cluster, 'a', 'b');
    cluster_run(cluster, 30 * NS_PER_S);
    cluster_expect(cluster, "5.003 a suspect b1\n"
                            "5.004 b suspect a1\n"
                            "11.004 b Register a1\n"
                            "16.003 a - b1 silent\n"
                            "16.004 b - a1 silent\n"
                            "16.004 b leader none\n"
                            "16.004 b log there is no leader any more: this node waits for the next invitation\n"
                            "27.003 a call\n");
    cluster_heal(cluster, 'a', 'b');
    run_and_expect(cluster, 8,
                   "32.004 a Invite b1\n"
                   "32.005 b Register a1 first\n"
                   "32.006 a Registered b1 3:2\n"
                   "32.006 a + b1 b\n"
                   "32.007 b + a1 a\n"
                   "32.007 b leader a1\n");
}

Test(guests, S2H_a_link_that_is_made_anew_in_time_changes_nothing) {
    struct cluster *cluster = host_and_guest();
    cluster_break(cluster, 'a', 'b');
    run_and_expect(cluster, 8,
                   "2.000 b suspect a1\n"
                   "2.000 b call a1\n"
                   "2.000 a suspect b1\n"
                   "2.000 a call b1\n"
                   "2.001 b Register a1\n"
                   "2.002 a Registered b1 1:0\n");
}

/* ---- S2E, S2F ---- */

Test(guests, S2E_a_guest_that_leaves_is_invited_again_and_comes_back) {
    struct cluster *cluster = host_and_guest();
    cluster_stop(cluster, 'b');
    cluster_run(cluster, NS_PER_S);
    cluster_expect(cluster, "2.000 b Deregister a1\n"
                            "2.001 a - b1 left\n");
    cluster_start(cluster, 'b', "");
    run_and_expect(cluster, 11,
                   "3.001 b leader b2\n"
                   "13.001 a call\n"
                   "13.002 a Invite b2\n"
                   "13.003 b leader none\n"
                   "13.003 b Register a1 first\n"
                   "13.004 a Registered b2 3:2\n"
                   "13.004 a + b2 b\n"
                   "13.005 b + a1 a\n"
                   "13.005 b leader a1\n");
}

Test(guests, S2F_a_guest_that_restarts_is_removed_and_invited_at_once) {
    struct cluster *cluster = host_and_guest();
    cluster_kill(cluster, 'b');
    cluster_start(cluster, 'b', "");
    run_and_expect(cluster, 1,
                   "2.000 a suspect b1\n"
                   "2.000 a call b1\n"
                   "2.000 b leader b2\n"
                   "2.001 a Invite b2\n"
                   "2.002 b leader none\n"
                   "2.002 b Register a1 first\n"
                   "2.003 a - b1 restarted\n"
                   "2.003 a Registered b2 2:2\n"
                   "2.003 a + b2 b\n"
                   "2.004 b + a1 a\n"
                   "2.004 b leader a1\n");
}

/* ---- S2G ---- */

Test(guests, S2G_who_is_deregistered_is_removed_and_idles) {
    struct cluster *cluster = host_and_guest();
    cluster_start(cluster, 'c', "a");
    cluster_run(cluster, NS_PER_S);
    cluster_forget_trace(cluster);
    cr_assert_eq(cluster_dismiss(cluster, 'a', 'b'), MESH_OK);
    cluster_run(cluster, 6 * NS_PER_S);
    cluster_expect(cluster, "3.000 a Deregister b1 dismissed\n"
                            "3.000 a - b1 deregistered\n"
                            "3.000 a Roster c1 3:+0-1\n"
                            "3.001 b - c1 this node was deregistered\n"
                            "3.001 b - a1 this node was deregistered\n"
                            "3.001 b leader none\n"
                            "3.001 b log there is no leader any more: this node waits for the next invitation\n"
                            "3.001 c - b1 left or lost\n");
    cluster_kill(cluster, 'c');
    cluster_run(cluster, 60 * NS_PER_S); /* nothing is sent either way until it is pre-registered again */
    cluster_expect(cluster, "9.000 a suspect c1\n"
                            "9.000 a call c1\n"
                            "11.001 a - c1 its admin is gone\n");
    cr_assert_eq(cluster_preregister(cluster, 'a', 'b', NULL), MESH_OK);
    run_and_expect(cluster, 9,
                   "69.000 a call\n"
                   "69.001 a Invite b1\n"
                   "69.002 b Register a1 first\n"
                   "69.003 a Registered b1 5:2\n"
                   "69.003 a + b1 b\n"
                   "69.004 b + a1 a\n"
                   "69.004 b leader a1\n");
}

/* The link breaks just when it is sent away. */
Test(guests, S2G_who_has_not_heard_that_it_was_sent_away_is_told_when_it_comes) {
    struct cluster *cluster = host_and_guest();
    cluster_cut(cluster, 'a', 'b');
    cr_assert_eq(cluster_dismiss(cluster, 'a', 'b'), MESH_OK);
    cluster_run(cluster, 5 * NS_PER_S);
    cluster_heal(cluster, 'a', 'b');
    cluster_run(cluster, 6 * NS_PER_S);
    cluster_expect(cluster, "2.000 a Deregister b1 dismissed\n"
                            "2.000 a - b1 deregistered\n"
                            "5.004 b suspect a1\n"
                            "11.004 b Register a1\n"
                            "11.005 a log node b was refused: it comes by invitation, and is not pre-registered here\n"
                            "11.005 a Deregister b1 dismissed\n"
                            "11.006 b - a1 this node was deregistered\n"
                            "11.006 b leader none\n"
                            "11.006 b log there is no leader any more: this node waits for the next invitation\n");
    run_and_expect(cluster, 60, "");
}

Test(guests, S2G_who_never_came_is_called_no_more) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    cluster_start(cluster, 'a', "a");
    cr_assert_eq(cluster_preregister(cluster, 'a', 'b', NULL), MESH_OK);
    cluster_run(cluster, NS_PER_S);
    cr_assert_eq(cluster_dismiss(cluster, 'a', 'b'), MESH_OK);
    cr_assert_eq(cluster_dismiss(cluster, 'a', 'b'), MESH_NOT_FOUND);
    cluster_forget_trace(cluster);
    cluster_start(cluster, 'b', "");
    cluster_run(cluster, 60 * NS_PER_S);
    cr_assert_not(cluster_is_linked(cluster, 'a', 'b'));
    run_and_expect(cluster, 0, "1.000 b leader b1\n");
}

Test(guests, S2G_a_member_that_knows_the_leader_by_configuration_joins_again) {
    struct cluster *cluster = pair();
    cr_assert_eq(cluster_dismiss(cluster, 'b', 'a'), MESH_REFUSED);
    cr_assert_eq(cluster_dismiss(cluster, 'a', 'b'), MESH_OK);
    run_and_expect(cluster, 6,
                   "1.000 a Deregister b1 dismissed\n"
                   "1.000 a - b1 deregistered\n"
                   "1.001 b - a1 this node was deregistered\n"
                   "1.001 b leader none\n"
                   "6.001 b call\n"
                   "6.002 b Register a1 first\n"
                   "6.003 a Registered b1 3:2\n"
                   "6.003 a + b1 b\n"
                   "6.004 b + a1 a\n"
                   "6.004 b leader a1\n");
}

/* Found by the simulator of conventions, seeds 83 and 98. */
Test(guests, S2G_one_that_does_not_follow_the_new_leader_yet_idles_when_that_dismisses_it) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    cluster_start(cluster, 'b', "ab");
    cluster_start(cluster, 'c', "");
    cluster_run(cluster, 5 * NS_PER_S);
    cr_assert_eq(cluster_preregister(cluster, 'b', 'c', NULL), MESH_OK);
    cluster_run(cluster, 10 * NS_PER_S);
    cluster_start(cluster, 'a', "ab");
    while (!convention_is_acting(cluster_core(cluster, 'a'))) {
        cluster_run(cluster, NS_PER_MS);
    }
    expect_leader(cluster, "c", 'b');
    cr_assert(cluster_is_linked(cluster, 'a', 'c'));
    cluster_forget_trace(cluster);
    cr_assert_eq(cluster_dismiss(cluster, 'a', 'c'), MESH_OK);
    cluster_run(cluster, NS_PER_S);
    cluster_expect(cluster, "15.003 a Deregister c1 dismissed\n"
                            "15.003 a - c1 deregistered\n"
                            "15.004 a log node c was refused: it comes by invitation, and is not pre-registered here\n"
                            "15.004 a Deregister c1 dismissed\n"
                            "15.004 b leader none\n"
                            "15.004 b Register a1 first\n"
                            "15.004 c Register b1\n"
                            "15.004 c log the leader at tcp://a refused this node: deregistered at the leader\n"
                            "15.004 c - a1 this node was deregistered\n"
                            "15.004 c - b1 this node was deregistered\n"
                            "15.004 c leader none\n"
                            "15.004 c log there is no leader any more: this node waits for the next invitation\n"
                            "15.005 a Registered b1 2:2\n"
                            "15.006 b leader a1\n"
                            "15.304 b Register a1 first\n"
                            "15.305 a Registered b1 2:2\n");
    cr_assert_str_eq(convention_state_name(cluster_core(cluster, 'c')), "idle");
    cr_assert_eq(convention_members(cluster_core(cluster, 'c'))->count, 1);
    cr_assert_eq(cluster_preregister(cluster, 'a', 'c', NULL), MESH_OK);
    run_and_expect(cluster, 1,
                   "16.003 a call\n"
                   "16.003 a Registered b1 3:2\n"
                   "16.004 a Invite c1\n"
                   "16.005 c Register a1 first\n"
                   "16.005 c call\n"
                   "16.006 a Registered c1 4:3\n"
                   "16.006 a + c1 c\n"
                   "16.006 a Roster b1 4:+1-0\n"
                   "16.006 c Register b1 first\n"
                   "16.007 c + a1 a\n"
                   "16.007 c leader a1\n"
                   "16.007 c + b1 b\n");
}

/* ---- the end of the leader ---- */

Test(guests, S2E_a_leader_that_leaves_says_so_to_guests_that_have_not_come_yet) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    cluster_start(cluster, 'a', "a");
    cluster_start(cluster, 'b', "");
    cr_assert_eq(cluster_preregister(cluster, 'a', 'b', NULL), MESH_OK);
    cluster_run(cluster, 2 * CLUSTER_LATENCY_NS); /* the invitation has come, the registration not yet */
    cluster_forget_trace(cluster);
    cluster_stop(cluster, 'a');
    run_and_expect(cluster, 10,
                   "0.002 a Deregister b1\n"
                   "0.003 b log there is no leader any more: this node waits for the next invitation\n");
}

/* ---- the configuration is read again ---- */

Test(guests, S9E_a_leader_invites_who_is_new_in_its_configuration_and_dismisses_who_is_not_there_any_more) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    cluster_start(cluster, 'b', "");
    cluster_start(cluster, 'c', "");
    cluster_start_as(cluster, 'a', &(struct cluster_node){.leaders = "a", .preregistered = "b"});
    cluster_run(cluster, NS_PER_S);
    cluster_forget_trace(cluster);
    cr_assert_eq(cluster_configure(cluster, 'a', 'b', false), MESH_OK);
    cr_assert_eq(cluster_configure(cluster, 'a', 'b', false), MESH_NOT_FOUND);
    cr_assert_eq(cluster_configure(cluster, 'a', 'c', true), MESH_OK);
    run_and_expect(cluster, 9,
                   "1.000 a Deregister b1 dismissed\n"
                   "1.000 a - b1 deregistered\n"
                   "1.000 a call\n"
                   "1.001 b - a1 this node was deregistered\n"
                   "1.001 b leader none\n"
                   "1.001 b log there is no leader any more: this node waits for the next invitation\n"
                   "1.001 a Invite c1\n"
                   "1.002 c leader none\n"
                   "1.002 c Register a1 first\n"
                   "1.003 a Registered c1 3:2\n"
                   "1.003 a + c1 c\n"
                   "1.004 c + a1 a\n"
                   "1.004 c leader a1\n");
}

/* How often the leader that comes after `a` calls somebody; all have registered once more before, and heard of guests. */
static size_t calls_of_the_next_leader(struct cluster *cluster) {
    cluster_run(cluster, 11 * NS_PER_S);
    cluster_kill(cluster, 'a');
    cluster_forget_trace(cluster);
    cluster_run(cluster, 5 * NS_PER_S);
    size_t calls = cluster_count(cluster, " b call");
    cluster_destroy(cluster);
    return calls;
}

Test(guests, S9E_who_may_lead_remembers_it_for_when_it_does) {
    struct cluster *cluster = three_leaders();
    size_t without = calls_of_the_next_leader(cluster);
    cluster = three_leaders();
    cr_assert_eq(cluster_configure(cluster, 'b', 'e', true), MESH_OK);
    cr_assert_eq(cluster_count(cluster, "call"), 0, "it does not lead");
    cr_assert_eq(calls_of_the_next_leader(cluster), without + 1);
    cluster = three_leaders();
    cr_assert_eq(cluster_configure(cluster, 'b', 'e', true), MESH_OK);
    cr_assert_eq(cluster_configure(cluster, 'b', 'e', false), MESH_OK);
    cr_assert_eq(calls_of_the_next_leader(cluster), without);
}

/* The leader tells those that may lead of a guest, and that it has gone; of others it does not know. */
Test(guests, S9E_what_the_leader_knows_does_not_undo_the_configuration) {
    struct cluster *cluster = three_leaders();
    size_t without = calls_of_the_next_leader(cluster);
    cluster = three_leaders();
    cr_assert_eq(cluster_configure(cluster, 'b', 'e', true), MESH_OK);
    cr_assert_eq(cluster_preregister(cluster, 'a', 'f', NULL), MESH_OK);
    cluster_run(cluster, NS_PER_S);
    cr_assert_eq(cluster_dismiss(cluster, 'a', 'f'), MESH_OK);
    cr_assert_eq(calls_of_the_next_leader(cluster), without + 1);
}

Test(guests, S9E_of_a_guest_that_the_leader_knows_too_the_leader_decides) {
    struct cluster *cluster = three_leaders();
    size_t without = calls_of_the_next_leader(cluster);
    for (int dismissed = 0; dismissed < 2; dismissed++) {
        cluster = three_leaders();
        cr_assert_eq(cluster_configure(cluster, 'b', 'e', true), MESH_OK);
        cr_assert_eq(cluster_preregister(cluster, 'a', 'e', NULL), MESH_OK);
        cluster_run(cluster, NS_PER_S);
        cr_assert_eq(cluster_configure(cluster, 'b', 'e', false), MESH_OK);
        if (dismissed) {
            cr_assert_eq(cluster_dismiss(cluster, 'a', 'e'), MESH_OK);
        }
        cr_assert_eq(calls_of_the_next_leader(cluster), without + !dismissed);
    }
}
