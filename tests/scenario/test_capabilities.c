/* Capabilities and placement, H3 and H4: whole sequences, on virtual time.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/scenario/story.h"

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
