/* What becomes of actors when a member or a guest comes, leaves, restarts, is lost or sent away: docs/semantics.md, S1 and S2 with S3C.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/scenario/story.h"

/* Each of `a` and `b` creates an actor at the other. */
static struct cluster *with_actors(struct cluster *cluster) {
    cluster_forget_trace(cluster);
    cluster_create(cluster, 'a', "gpu");
    cluster_create(cluster, 'b', "disk");
    cluster_run(cluster, 500 * NS_PER_MS);
    return cluster;
}

static struct cluster *silently(struct cluster *cluster) {
    cluster_forget_trace(cluster);
    return cluster;
}

/* ---- members ---- */

/* A leader `a` and its member `b` with an actor of the other each, one second old; `times` as in cluster_new. */
static struct cluster *pair_with_actors(const struct convention_times *times) {
    struct cluster *cluster = cluster_new(times, 0, 1);
    cluster_start_as(cluster, 'a', &(struct cluster_node){.leaders = "a", .capability = "disk"});
    cluster_start_as(cluster, 'b', &(struct cluster_node){.leaders = "a", .capability = "gpu"});
    cluster_run(cluster, 500 * NS_PER_MS);
    return with_actors(cluster);
}

Test(outcomes, S1A_what_fits_nowhere_else_is_placed_at_who_registered) {
    run_and_expect(pair_with_actors(NULL), 1,
                   "0.501 b start a1.1\n"
                   "0.501 a start b1.1\n"
                   "0.503 a created a1.1\n"
                   "0.503 b created b1.1\n");
}

Test(outcomes, S1C_S1D_who_does_not_hear_from_the_other_settles_what_was_there) {
    struct convention_times times = registrations_only();
    struct cluster *cluster = silently(pair_with_actors(&times));
    cluster_cut(cluster, 'a', 'b');
    run_and_expect(cluster, 40,
                   "10.003 b Register a1\n"
                   "20.003 b Register a1\n"
                   "30.002 a - b1 did not register\n"
                   "30.002 a exited a1.1: its node was lost\n"
                   "30.002 a exit request b1.1\n"
                   "30.003 b Register a1\n"
                   "40.003 b - a1 did not answer\n"
                   "40.003 b exited b1.1: its node was lost\n"
                   "40.003 b exit request a1.1\n"
                   "40.003 b leader none\n");
}

Test(outcomes, S1E_of_a_member_that_leaves_everything_is_settled_at_once) {
    struct cluster *cluster = silently(pair_with_actors(NULL));
    cluster_stop(cluster, 'b');
    run_and_expect(cluster, 9,
                   "1.000 b Deregister a1\n"
                   "1.001 a - b1 left\n"
                   "1.001 a exited a1.1: its node was lost\n"
                   "1.001 a exit request b1.1\n");
}

Test(outcomes, S1F_of_a_leader_that_leaves_everything_is_settled_at_once) {
    struct cluster *cluster = silently(pair_with_actors(NULL));
    cluster_stop(cluster, 'a');
    run_and_expect(cluster, 4,
                   "1.000 a Deregister b1\n"
                   "1.001 b - a1 left\n"
                   "1.001 b exited b1.1: its node was lost\n"
                   "1.001 b exit request a1.1\n"
                   "1.001 b leader none\n");
}

Test(outcomes, S1G_what_the_earlier_life_of_a_member_had_is_settled_before_the_new_one_comes) {
    struct cluster *cluster = silently(pair_with_actors(NULL));
    cluster_kill(cluster, 'b');
    cluster_start_as(cluster, 'b', &(struct cluster_node){.leaders = "a", .capability = "gpu"});
    run_and_expect(cluster, 8,
                   "1.000 a suspect b1\n"
                   "1.000 a call b1\n"
                   "1.000 b call\n"
                   "1.001 b Register a1 first\n"
                   "1.002 a - b1 restarted\n"
                   "1.002 a exited a1.1: its node was lost\n"
                   "1.002 a exit request b1.1\n"
                   "1.002 a Registered b2 2:2\n"
                   "1.002 a + b2 b (gpu)\n"
                   "1.003 b + a1 a (disk)\n"
                   "1.003 b leader a1\n");
}

/* ---- guests ---- */

/* A leader `a` and its guest `b`, where each has created an actor at the other; two seconds old. */
static struct cluster *host_and_guest(void) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    cluster_start_as(cluster, 'a', &(struct cluster_node){.leaders = "a", .capability = "disk"});
    cluster_start_as(cluster, 'b', &(struct cluster_node){.capability = "gpu"});
    cluster_run(cluster, NS_PER_S);
    cr_assert_eq(cluster_preregister(cluster, 'a', 'b', NULL), MESH_OK);
    cluster_run(cluster, 500 * NS_PER_MS);
    return with_actors(cluster);
}

Test(outcomes, S2A_who_was_invited_hosts_what_fits_there_and_creates_elsewhere) {
    run_and_expect(host_and_guest(), 1,
                   "1.501 b start a1.1\n"
                   "1.501 a start b1.1\n"
                   "1.503 a created a1.1\n"
                   "1.503 b created b1.1\n");
}

Test(outcomes, S2B_nothing_is_placed_at_a_guest_that_has_not_come) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    cluster_start(cluster, 'a', "a");
    cr_assert_eq(cluster_preregister(cluster, 'a', 'b', "gpu"), MESH_OK);
    cluster_run(cluster, NS_PER_S);
    cluster_create(cluster, 'a', "gpu");
    cluster_start_as(cluster, 'b', &(struct cluster_node){.capability = "gpu"});
    cluster_run(cluster, NS_PER_S);
    cluster_create(cluster, 'a', "gpu");
    run_and_expect(cluster, 1,
                   "0.000 a leader a1\n"
                   "0.000 a call\n"
                   "1.000 a not created a1.1: MESH_NO_COMPATIBLE_NODE\n"
                   "1.000 b leader b1\n"
                   "1.001 a Invite b1\n"
                   "1.002 b leader none\n"
                   "1.002 b Register a1 first\n"
                   "1.003 a Registered b1 1:2\n"
                   "1.003 a + b1 b (gpu)\n"
                   "1.004 b + a1 a\n"
                   "1.004 b leader a1\n"
                   "2.001 b start a1.2\n"
                   "2.003 a created a1.2\n");
}

Test(outcomes, S2C_S2D_who_loses_the_other_settles_what_was_there) {
    struct cluster *cluster = silently(host_and_guest());
    cluster_kill(cluster, 'a');
    run_and_expect(cluster, 10,
                   "2.000 b suspect a1\n"
                   "2.000 b call a1\n"
                   "4.001 b - a1 its admin is gone\n"
                   "4.001 b exited b1.1: its node was lost\n"
                   "4.001 b exit request a1.1\n"
                   "4.001 b leader none\n"
                   "4.001 b log there is no leader any more: this node waits for the next invitation\n");
    cluster = silently(host_and_guest());
    cluster_kill(cluster, 'b');
    run_and_expect(cluster, 10,
                   "2.000 a suspect b1\n"
                   "2.000 a call b1\n"
                   "4.001 a - b1 its admin is gone\n"
                   "4.001 a exited a1.1: its node was lost\n"
                   "4.001 a exit request b1.1\n");
}

Test(outcomes, S2E_of_a_guest_that_leaves_everything_is_settled_at_once) {
    struct cluster *cluster = silently(host_and_guest());
    cluster_stop(cluster, 'b');
    run_and_expect(cluster, 10,
                   "2.000 b Deregister a1\n"
                   "2.001 a - b1 left\n"
                   "2.001 a exited a1.1: its node was lost\n"
                   "2.001 a exit request b1.1\n");
}

Test(outcomes, S2F_what_the_earlier_life_of_a_guest_had_is_settled_before_the_new_one_comes) {
    struct cluster *cluster = silently(host_and_guest());
    cluster_kill(cluster, 'b');
    cluster_start_as(cluster, 'b', &(struct cluster_node){.capability = "gpu"});
    run_and_expect(cluster, 7,
                   "2.000 a suspect b1\n"
                   "2.000 a call b1\n"
                   "2.000 b leader b2\n"
                   "2.001 a Invite b2\n"
                   "2.002 b leader none\n"
                   "2.002 b Register a1 first\n"
                   "2.003 a - b1 restarted\n"
                   "2.003 a exited a1.1: its node was lost\n"
                   "2.003 a exit request b1.1\n"
                   "2.003 a Registered b2 2:2\n"
                   "2.003 a + b2 b (gpu)\n"
                   "2.004 b + a1 a (disk)\n"
                   "2.004 b leader a1\n");
}

Test(outcomes, S2G_who_is_dismissed_and_who_dismisses_settle_what_was_at_the_other) {
    struct cluster *cluster = silently(host_and_guest());
    cr_assert_eq(cluster_dismiss(cluster, 'a', 'b'), MESH_OK);
    run_and_expect(cluster, 10,
                   "2.000 a Deregister b1 dismissed\n"
                   "2.000 a - b1 deregistered\n"
                   "2.000 a exited a1.1: its node was lost\n"
                   "2.000 a exit request b1.1\n"
                   "2.001 b - a1 this node was deregistered\n"
                   "2.001 b exited b1.1: its node was lost\n"
                   "2.001 b exit request a1.1\n"
                   "2.001 b leader none\n"
                   "2.001 b log there is no leader any more: this node waits for the next invitation\n");
}

Test(outcomes, S2H_when_the_link_stays_broken_both_settle_what_was_at_the_other) {
    struct cluster *cluster = silently(host_and_guest());
    cluster_cut(cluster, 'a', 'b');
    run_and_expect(cluster, 15,
                   "5.003 a suspect b1\n"
                   "5.004 b suspect a1\n"
                   "11.004 b Register a1\n"
                   "16.003 a - b1 silent\n"
                   "16.003 a exited a1.1: its node was lost\n"
                   "16.003 a exit request b1.1\n"
                   "16.004 b - a1 silent\n"
                   "16.004 b exited b1.1: its node was lost\n"
                   "16.004 b exit request a1.1\n"
                   "16.004 b leader none\n"
                   "16.004 b log there is no leader any more: this node waits for the next invitation\n");
}
