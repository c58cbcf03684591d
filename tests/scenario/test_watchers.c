/* Watchers: actors that are told of members: docs/semantics.md, S5A and S5B.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/scenario/story.h"

Test(watchers, S5A_who_registers_is_told_of_each_member_at_once_and_of_every_change) {
    struct cluster *cluster = pair();
    cluster_watch(cluster, 'a', 1, true);
    cluster_expect(cluster, "1.000 a tell 1 + b1 b\n");
    cluster_start(cluster, 'c', "a");
    cluster_run(cluster, NS_PER_S);
    cluster_expect(cluster, "1.000 c call\n"
                            "1.001 c Register a1 first\n"
                            "1.002 a Registered c1 2:3\n"
                            "1.002 a + c1 c\n"
                            "1.002 a tell 1 + c1 c\n"
                            "1.002 a Roster b1 2:+1-0\n"
                            "1.003 c + a1 a\n"
                            "1.003 c leader a1\n"
                            "1.003 c + b1 b\n"
                            "1.003 b + c1 c\n");
    cluster_stop(cluster, 'b');
    run_and_expect(cluster, 1,
                   "2.000 b Deregister a1\n"
                   "2.001 a - b1 left\n"
                   "2.001 a tell 1 - b1 left\n"
                   "2.001 a Roster c1 3:+0-1\n"
                   "2.002 c - b1 left or lost\n");
}

Test(watchers, S5A_registering_twice_sends_nothing) {
    struct cluster *cluster = pair();
    cluster_watch(cluster, 'a', 1, true);
    cluster_forget_trace(cluster);
    cluster_watch(cluster, 'a', 1, true);
    cluster_expect(cluster, "");
    cluster_stop(cluster, 'b');
    cr_assert_eq(cluster_count(cluster, "tell 1 - b1"), 1);
    cluster_destroy(cluster);
}

Test(watchers, S5A_several_may_register_on_any_node) {
    struct cluster *cluster = three();
    cluster_watch(cluster, 'a', 1, true);
    cluster_watch(cluster, 'a', 2, true);
    cluster_watch(cluster, 'b', 3, true);
    cluster_expect(cluster, "2.000 a tell 1 + b1 b\n"
                            "2.000 a tell 1 + c1 c\n"
                            "2.000 a tell 2 + b1 b\n"
                            "2.000 a tell 2 + c1 c\n"
                            "2.000 b tell 3 + a1 a\n"
                            "2.000 b tell 3 + c1 c\n");
    cluster_stop(cluster, 'c');
    run_and_expect(cluster, 1,
                   "2.000 c Deregister a1\n"
                   "2.001 a - c1 left\n"
                   "2.001 a tell 1 - c1 left\n"
                   "2.001 a tell 2 - c1 left\n"
                   "2.001 a Roster b1 3:+0-1\n"
                   "2.002 b - c1 left or lost\n"
                   "2.002 b tell 3 - c1 left or lost\n");
}

Test(watchers, S5A_of_a_restart_both_are_told) {
    struct cluster *cluster = pair();
    cluster_watch(cluster, 'a', 1, true);
    cluster_kill(cluster, 'b');
    cluster_start(cluster, 'b', "a");
    cluster_forget_trace(cluster);
    run_and_expect(cluster, 1,
                   "1.001 b Register a1 first\n"
                   "1.002 a - b1 restarted\n"
                   "1.002 a tell 1 - b1 restarted\n"
                   "1.002 a Registered b2 2:2\n"
                   "1.002 a + b2 b\n"
                   "1.002 a tell 1 + b2 b\n"
                   "1.003 b + a1 a\n"
                   "1.003 b leader a1\n");
}

Test(watchers, S5A_nobody_is_told_of_a_guest_before_it_comes) {
    struct cluster *cluster = pair();
    cluster_watch(cluster, 'a', 1, true);
    cr_assert_eq(cluster_preregister(cluster, 'a', 'c', NULL), MESH_OK);
    cluster_run(cluster, NS_PER_S);
    cr_assert_eq(cluster_count(cluster, "tell 1"), 1, "of b alone");
    cluster_start(cluster, 'c', "");
    cluster_run(cluster, NS_PER_S);
    cr_assert_eq(cluster_count(cluster, "tell 1 + c1"), 1);
    cluster_destroy(cluster);
}

Test(watchers, S5B_an_exit_removes_the_watcher_and_no_other) {
    struct cluster *cluster = pair();
    for (unsigned actor = 1; actor <= 3; actor++) {
        cluster_watch(cluster, 'a', actor, true);
    }
    cluster_watch(cluster, 'a', 2, false);
    cluster_watch(cluster, 'a', 7, false);
    cluster_forget_trace(cluster);
    cluster_stop(cluster, 'b');
    run_and_expect(cluster, 0,
                   "1.000 b Deregister a1\n"
                   "1.001 a - b1 left\n"
                   "1.001 a tell 1 - b1 left\n"
                   "1.001 a tell 3 - b1 left\n");
}

Test(watchers, S5B_the_end_of_a_process_removes_all_of_its_watchers) {
    struct cluster *cluster = pair();
    for (unsigned actor = 1; actor <= 3; actor++) {
        cluster_watch(cluster, 'a', actor, true);
    }
    cluster_end_watchers(cluster, 'a');
    cluster_stop(cluster, 'b');
    cr_assert_eq(cluster_count(cluster, "- b1 left"), 1, "only the convention's own notice");
    cluster_destroy(cluster);
}

Test(watchers, S5A_their_number_has_a_limit) {
    struct cluster *cluster = pair();
    struct convention *core = cluster_core(cluster, 'a');
    struct convention_action action;
    for (unsigned actor = 1; actor <= CONVENTION_WATCHERS + 1; actor++) {
        struct convention_event event = {.kind = CONVENTION_WATCH, .watcher.actor = {1, actor}};
        enum mesh_status expected = actor <= CONVENTION_WATCHERS ? MESH_OK : MESH_FULL;
        cr_assert_eq(convention_step(core, NS_PER_S, &event), expected);
        while (convention_poll(core, &action)) {
            cr_assert_leq(actor, CONVENTION_WATCHERS);
        }
    }
    cluster_destroy(cluster);
}
