/* Capabilities and placement, H3 and H4: whole sequences, on virtual time.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/scenario/story.h"

static struct cluster *three_with_gpus(void) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    cluster_start(cluster, 'a', "a");
    for (const char *letter = "bcd"; *letter; letter++) {
        cluster_start_as(cluster, *letter, &(struct cluster_node){.leaders = "a", .capability = "gpu"});
        cluster_run(cluster, NS_PER_S);
    }
    cluster_forget_trace(cluster);
    return cluster;
}

/* ---- H3 ---- */

Test(capabilities, H3_a_parents_own_node_comes_first) {
    struct cluster *cluster = three_with_gpus();
    for (int i = 0; i < 2; i++) {
        cluster_create(cluster, 'd', "gpu");
    }
    run_and_expect(cluster, 1,
                   "3.000 d start d1.1\n"
                   "3.000 d start d1.2\n"
                   "3.001 d created d1.1\n"
                   "3.001 d created d1.2\n");
}

Test(capabilities, H3_the_fewest_actors_first_and_of_equals_the_order_of_nodes) {
    struct cluster *cluster = three_with_gpus();
    for (int i = 0; i < 5; i++) {
        cluster_create(cluster, 'a', "gpu");
    }
    run_and_expect(cluster, 1,
                   "3.001 b start a1.1\n"
                   "3.001 c start a1.2\n"
                   "3.001 d start a1.3\n"
                   "3.001 b start a1.4\n"
                   "3.001 c start a1.5\n"
                   "3.003 a created a1.1\n"
                   "3.003 a created a1.2\n"
                   "3.003 a created a1.3\n"
                   "3.003 a created a1.4\n"
                   "3.003 a created a1.5\n");
}

Test(capabilities, H3_who_is_lost_with_a_create_makes_the_leader_try_the_next) {
    struct cluster *cluster = three_with_gpus();
    cluster_freeze(cluster, 'b');
    cluster_create(cluster, 'a', "gpu");
    cluster_run(cluster, NS_PER_S);
    cluster_kill(cluster, 'b');
    cluster_run(cluster, 4 * NS_PER_S);
    cluster_create(cluster, 'a', "gpu");
    run_and_expect(cluster, 1,
                   "4.000 a suspect b1\n"
                   "4.000 a call b1\n"
                   "6.001 a - b1 its admin is gone\n"
                   "6.001 a Roster c1 4:+0-1\n"
                   "6.001 a Roster d1 4:+0-1\n"
                   "6.002 c start a1.1\n"
                   "6.002 c - b1 left or lost\n"
                   "6.002 d - b1 left or lost\n"
                   "6.004 a created a1.1\n"
                   "8.001 d start a1.2\n"
                   "8.003 a created a1.2\n");
}

/* The leader does not know yet that `b` has no gpu any more. */
Test(capabilities, H3_who_refuses_makes_the_leader_try_the_next_and_is_not_counted) {
    struct cluster *cluster = three_with_gpus();
    cluster_set_capability(cluster, 'b', "gpu", false);
    cluster_create(cluster, 'a', "gpu");
    cluster_run(cluster, NS_PER_S);
    cr_assert_eq(cluster_count(cluster, "3.003 c start a1.1"), 1);
    cluster_set_capability(cluster, 'b', "gpu", true);
    cluster_run(cluster, NS_PER_S);
    cluster_forget_trace(cluster);
    cluster_create(cluster, 'a', "gpu");
    run_and_expect(cluster, 1,
                   "5.001 b start a1.2\n"
                   "5.003 a created a1.2\n");
}

Test(capabilities, H3_a_suspect_is_not_chosen) {
    struct cluster *cluster = three_with_gpus();
    cluster_freeze(cluster, 'b');
    cluster_run(cluster, 5 * NS_PER_S);
    cluster_forget_trace(cluster);
    for (int i = 0; i < 3; i++) {
        cluster_create(cluster, 'a', "gpu");
    }
    run_and_expect(cluster, 1,
                   "8.001 c start a1.1\n"
                   "8.001 d start a1.2\n"
                   "8.001 c start a1.3\n"
                   "8.003 a created a1.1\n"
                   "8.003 a created a1.2\n"
                   "8.003 a created a1.3\n");
}

/* It waits for them, and no longer than until they are lost. */
Test(capabilities, H3_suspects_are_chosen_when_no_other_fits) {
    struct cluster *cluster = three_with_gpus();
    for (const char *letter = "bcd"; *letter; letter++) {
        cluster_freeze(cluster, *letter);
    }
    cluster_run(cluster, 5 * NS_PER_S);
    cluster_create(cluster, 'a', "gpu");
    cluster_run(cluster, 8 * NS_PER_S);
    cr_assert_eq(cluster_count(cluster, "not created"), 0);
    cluster_run(cluster, 3 * NS_PER_S);
    cr_assert_eq(cluster_count(cluster, "a not created a1.1: MESH_NO_COMPATIBLE_NODE"), 1);
    cluster_destroy(cluster);
}

Test(capabilities, H3_a_create_goes_round_once_and_says_what_was_missing) {
    struct cluster *cluster = three_with_gpus();
    cluster_create(cluster, 'b', "what nobody has");
    run_and_expect(cluster, 1, "3.002 b not created b1.1: MESH_NO_COMPATIBLE_NODE\n");
}

/* ---- H4 ---- */

Test(capabilities, H4_a_change_reaches_all_members_and_their_watchers) {
    struct cluster *cluster = three();
    cluster_watch(cluster, 'a', 1, true);
    cluster_watch(cluster, 'b', 2, true);
    cluster_watch(cluster, 'c', 3, true);
    cluster_forget_trace(cluster);
    cluster_set_capability(cluster, 'b', "gpu", true);
    run_and_expect(cluster, 1,
                   "2.000 b changed b1\n"
                   "2.001 a changed b1\n"
                   "2.001 a tell 1 + b1 b\n"
                   "2.001 a Roster b1 3:+1-0\n"
                   "2.001 a Roster c1 3:+1-0\n"
                   "2.002 c changed b1\n"
                   "2.002 c tell 3 + b1 b\n");
}

Test(capabilities, H4_a_leaders_own_change_reaches_all_members) {
    struct cluster *cluster = three();
    cluster_watch(cluster, 'c', 3, true);
    cluster_forget_trace(cluster);
    cluster_set_capability(cluster, 'a', "gpu", true);
    run_and_expect(cluster, 1,
                   "2.000 a changed a1\n"
                   "2.000 a Roster b1 3:+1-0\n"
                   "2.000 a Roster c1 3:+1-0\n"
                   "2.001 b changed a1\n"
                   "2.001 c changed a1\n"
                   "2.001 c tell 3 + a1 a\n");
}

Test(capabilities, H4_a_change_to_what_is_so_already_tells_nobody) {
    struct cluster *cluster = three();
    cluster_set_capability(cluster, 'b', "gpu", false);
    run_and_expect(cluster, 1, "");
}

Test(capabilities, H4_the_leader_places_by_the_new_values) {
    struct cluster *cluster = three();
    cluster_create(cluster, 'c', "gpu");
    cluster_run(cluster, NS_PER_S);
    cluster_set_capability(cluster, 'b', "gpu", true);
    cluster_run(cluster, CLUSTER_LATENCY_NS);
    cluster_create(cluster, 'c', "gpu");
    cluster_run(cluster, NS_PER_S);
    cluster_set_capability(cluster, 'b', "gpu", false);
    cluster_run(cluster, CLUSTER_LATENCY_NS);
    cluster_create(cluster, 'c', "gpu");
    run_and_expect(cluster, 1,
                   "2.002 c not created c1.1: MESH_NO_COMPATIBLE_NODE\n"
                   "3.000 b changed b1\n"
                   "3.001 a changed b1\n"
                   "3.001 a Roster b1 3:+1-0\n"
                   "3.001 a Roster c1 3:+1-0\n"
                   "3.002 c changed b1\n"
                   "3.003 b start c1.2\n"
                   "3.005 c created c1.2\n"
                   "4.001 b changed b1\n"
                   "4.001 b unfit c1.2\n"
                   "4.002 a changed b1\n"
                   "4.002 a Roster b1 4:+1-0\n"
                   "4.002 a Roster c1 4:+1-0\n"
                   "4.003 c changed b1\n"
                   "4.004 c not created c1.3: MESH_NO_COMPATIBLE_NODE\n");
}

Test(capabilities, H4_a_new_leader_learns_of_it_when_the_node_registers) {
    struct cluster *cluster = three_leaders();
    cluster_run(cluster, NS_PER_S);
    cluster_kill(cluster, 'a');
    cluster_set_capability(cluster, 'd', "gpu", true); /* nobody hears of it */
    cluster_run(cluster, 4 * NS_PER_S);
    expect_leader(cluster, "bcd", 'b');
    cluster_forget_trace(cluster);
    cluster_create(cluster, 'c', "gpu");
    run_and_expect(cluster, 1,
                   "6.002 d start c1.1\n"
                   "6.004 c created c1.1\n");
}
