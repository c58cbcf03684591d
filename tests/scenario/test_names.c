/* Global names, G1 to G4: whole sequences, on virtual time.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/scenario/story.h"

/* A leader `a` and members `b` and `c`, old enough for names. */
static struct cluster *named(void) {
    struct cluster *cluster = three();
    cluster_run(cluster, 3 * NS_PER_S);
    cluster_forget_trace(cluster);
    return cluster;
}

/* Three that may lead and two members, of which `e` can host what needs a gpu; old enough for names. */
static struct cluster *named_leaders(void) {
    struct cluster *cluster = three_leaders();
    cluster_start_as(cluster, 'e', &(struct cluster_node){.leaders = "abc", .capability = "gpu"});
    cluster_run(cluster, 4 * NS_PER_S);
    cluster_forget_trace(cluster);
    return cluster;
}

static void part(struct cluster *cluster, const char *these, const char *those, bool cut) {
    for (; *these; these++) {
        for (const char *other = those; *other; other++) {
            (cut ? cluster_cut : cluster_heal)(cluster, *these, *other);
        }
    }
}

/* ---- G1 ---- */

Test(names, G1_a_create_with_a_name_that_is_taken_gives_who_has_it) {
    struct cluster *cluster = named();
    cluster_create_named(cluster, 'b', NULL, "clock");
    cluster_run(cluster, NS_PER_S);
    for (const char *letter = "abc"; *letter; letter++) {
        cluster_create_named(cluster, *letter, "what nobody has", "clock");
    }
    run_and_expect(cluster, 1,
                   "5.002 b start b1.1\n"
                   "5.003 b created b1.1\n"
                   "6.000 a created b1.1\n"
                   "6.000 b created b1.1\n"
                   "6.002 c created b1.1\n");
}

Test(names, G1_of_many_creates_of_one_name_at_a_time_one_starts_an_actor) {
    struct cluster *cluster = named();
    for (int i = 0; i < 2; i++) {
        for (const char *letter = "cab"; *letter; letter++) {
            cluster_create_named(cluster, *letter, NULL, "clock");
        }
    }
    run_and_expect(cluster, 1,
                   "5.000 a start a1.1\n"
                   "5.001 a created a1.1\n"
                   "5.001 a created a1.1\n"
                   "5.002 c created a1.1\n"
                   "5.002 b created a1.1\n"
                   "5.002 c created a1.1\n"
                   "5.002 b created a1.1\n");
}

Test(names, G1_the_name_is_free_when_its_actor_has_exited) {
    struct cluster *cluster = named();
    cluster_create_named(cluster, 'b', NULL, "clock");
    cluster_run(cluster, NS_PER_S);
    cluster_end_actor(cluster, 'b', 1);
    cluster_run(cluster, NS_PER_S);
    cluster_create_named(cluster, 'c', NULL, "clock");
    run_and_expect(cluster, 1,
                   "5.002 b start b1.1\n"
                   "5.003 b created b1.1\n"
                   "7.002 c start c1.1\n"
                   "7.003 c created c1.1\n");
}

Test(names, G1_the_name_is_free_when_its_node_is_lost) {
    struct cluster *cluster = named();
    cluster_create_named(cluster, 'b', NULL, "clock");
    cluster_run(cluster, NS_PER_S);
    cluster_kill(cluster, 'b');
    cluster_run(cluster, 3 * NS_PER_S);
    cluster_forget_trace(cluster);
    cluster_create_named(cluster, 'c', NULL, "clock");
    run_and_expect(cluster, 1,
                   "9.002 c start c1.1\n"
                   "9.003 c created c1.1\n");
}

Test(names, G1_a_create_that_fails_leaves_the_name_to_the_next_who_waits) {
    struct cluster *cluster = named();
    cluster_create_named(cluster, 'b', "what nobody has", "clock");
    cluster_create_named(cluster, 'c', NULL, "clock");
    run_and_expect(cluster, 1,
                   "5.004 b not created : MESH_NO_COMPATIBLE_NODE\n"
                   "5.006 c start c1.1\n"
                   "5.007 c created c1.1\n");
}

Test(names, G1_a_name_whose_asker_is_lost_is_given_to_the_next_who_waits) {
    struct cluster *cluster = named();
    cluster_start_as(cluster, 'd', &(struct cluster_node){.leaders = "a", .capability = "gpu"});
    cluster_run(cluster, NS_PER_S);
    cluster_freeze(cluster, 'd');
    cluster_create_named(cluster, 'b', "gpu", "clock");
    cluster_run(cluster, NS_PER_S);
    cluster_kill(cluster, 'b');
    cluster_run(cluster, NS_PER_S);
    cluster_forget_trace(cluster);
    cluster_create_named(cluster, 'c', NULL, "clock");
    run_and_expect(cluster, 2,
                   "9.001 a - b1 its admin is gone\n"
                   "9.001 a Roster c1 4:+0-1\n"
                   "9.001 a Roster d1 4:+0-1\n"
                   "9.002 c start c1.1\n"
                   "9.002 c - b1 left or lost\n"
                   "9.002 a suspect d1\n"
                   "9.003 c created c1.1\n");
}

/* ---- G2 ---- */

Test(names, G2_who_is_cut_off_resolves_what_it_knows_and_is_given_no_new_name) {
    struct cluster *cluster = named();
    cluster_create_named(cluster, 'b', NULL, "clock");
    cluster_run(cluster, NS_PER_S);
    cluster_create_named(cluster, 'c', NULL, "clock");
    cluster_run(cluster, NS_PER_S);
    cluster_kill(cluster, 'a');
    cluster_run(cluster, 4 * NS_PER_S);
    cluster_forget_trace(cluster);
    for (const char *letter = "bc"; *letter; letter++) {
        cluster_create_named(cluster, *letter, NULL, "clock");
        cluster_create_named(cluster, *letter, NULL, "bell");
    }
    run_and_expect(cluster, 6,
                   "11.000 b created b1.1\n"
                   "11.000 c created b1.1\n"
                   "14.001 b call\n"
                   "14.001 c call\n"
                   "16.000 b not created : MESH_NAME_UNAVAILABLE\n"
                   "16.000 c not created : MESH_NAME_UNAVAILABLE\n");
}

Test(names, G2_who_does_not_know_yet_that_it_is_cut_off_hears_in_time) {
    struct cluster *cluster = named();
    cluster_create_named(cluster, 'b', NULL, "clock");
    cluster_run(cluster, NS_PER_S);
    cluster_create_named(cluster, 'c', NULL, "clock");
    cluster_run(cluster, NS_PER_S);
    cluster_forget_trace(cluster);
    cluster_freeze(cluster, 'a');
    cluster_create_named(cluster, 'c', NULL, "clock");
    cluster_create_named(cluster, 'c', NULL, "bell");
    run_and_expect(cluster, 6,
                   "10.003 b Register a1\n"
                   "10.003 b suspect a1\n"
                   "10.003 c suspect a1\n"
                   "11.003 c Register a1\n"
                   "12.000 c created b1.1\n"
                   "12.000 c not created : MESH_NAME_UNAVAILABLE\n");
}

Test(names, G2_a_name_that_is_given_too_late_goes_back) {
    struct cluster *cluster = named();
    cluster_freeze(cluster, 'c');
    cluster_create_named(cluster, 'c', NULL, "clock");
    cluster_run(cluster, 5500 * NS_PER_MS);
    cluster_thaw(cluster, 'c');
    cluster_run(cluster, NS_PER_S);
    cluster_forget_trace(cluster);
    cluster_create_named(cluster, 'b', NULL, "clock");
    run_and_expect(cluster, 1,
                   "11.502 b start b1.1\n"
                   "11.503 b created b1.1\n");
}

/* The leader has not missed it, and asks for nothing. Found by the simulator of conventions, seed 872. */
Test(names, G2_a_member_that_had_lost_its_leader_tells_it_of_new_names_all_the_same) {
    struct cluster *cluster = named();
    struct frame_deregister goodbye = {.reason = bytes_of_text("as if")};
    cluster_tell(cluster, 'b',
                 &(struct convention_event){
                     .kind = CONVENTION_DEREGISTER, .peer = cluster_incarnation(cluster, 'a'), .deregister = &goodbye});
    cluster_run(cluster, 6 * NS_PER_S);
    cr_assert_eq(cluster_count(cluster, "a - b1"), 0);
    cluster_create_named(cluster, 'b', NULL, "clock");
    cluster_run(cluster, NS_PER_S);
    cluster_create_named(cluster, 'c', NULL, "clock");
    cluster_run(cluster, NS_PER_S);
    cr_assert_eq(cluster_count(cluster, "b created b1.1"), 1);
    cr_assert_eq(cluster_count(cluster, "c created b1.1"), 1);
    cluster_destroy(cluster);
}

/* ---- G3 ---- */

Test(names, G3_who_waits_for_a_create_of_that_name_hears_after_five_seconds) {
    struct cluster *cluster = named();
    cluster_start_as(cluster, 'd', &(struct cluster_node){.leaders = "a", .capability = "gpu"});
    cluster_run(cluster, NS_PER_S);
    cluster_forget_trace(cluster);
    cluster_freeze(cluster, 'd');
    cluster_create_named(cluster, 'b', "gpu", "clock");
    cluster_create_named(cluster, 'c', NULL, "clock");
    run_and_expect(cluster, 6,
                   "9.002 a suspect d1\n"
                   "10.003 b Register a1\n"
                   "10.004 a Registered b1 3:0\n"
                   "11.000 c not created : MESH_NAME_UNAVAILABLE\n"
                   "11.003 c Register a1\n"
                   "11.004 a Registered c1 3:0\n");
}

/* ---- G4 ---- */

Test(names, G4_names_survive_a_change_of_leader) {
    struct cluster *cluster = named_leaders();
    cluster_create_named(cluster, 'd', "gpu", "clock");
    cluster_create_named(cluster, 'b', NULL, "bell");
    cluster_run(cluster, NS_PER_S);
    cluster_kill(cluster, 'a');
    cluster_run(cluster, 3 * NS_PER_S);
    cluster_forget_trace(cluster);
    cluster_create_named(cluster, 'c', NULL, "clock");
    cluster_create_named(cluster, 'c', NULL, "bell");
    cluster_create_named(cluster, 'c', NULL, "horn");
    run_and_expect(cluster, 4,
                   "9.002 c created e1.1\n"
                   "9.002 c created b1.1\n"
                   "11.002 c start c1.1\n"
                   "11.003 c created c1.1\n");
}

Test(names, G4_a_new_leader_gives_names_when_the_old_ones_time_is_over) {
    struct cluster *cluster = named_leaders();
    cluster_show_mandates(cluster);
    cluster_kill(cluster, 'a');
    cluster_run(cluster, 1900 * NS_PER_MS);
    cluster_create_named(cluster, 'd', NULL, "clock");
    run_and_expect(cluster, 5,
                   "5.000 b suspect a1\n"
                   "5.000 b call a1\n"
                   "5.000 c suspect a1\n"
                   "5.000 c call a1\n"
                   "5.000 d suspect a1\n"
                   "5.000 d call a1\n"
                   "5.000 e suspect a1\n"
                   "5.000 e call a1\n"
                   "5.001 b Register c1 first\n"
                   "5.001 c Register b1 first\n"
                   "5.001 d Register b1 first\n"
                   "5.001 d Register c1 first\n"
                   "6.001 e Register b1 first\n"
                   "6.001 e Register c1 first\n"
                   "7.001 b - a1 its admin is gone\n"
                   "7.001 b leader none\n"
                   "7.001 b leader b1\n"
                   "7.001 b gives names soon\n"
                   "7.001 c - a1 its admin is gone\n"
                   "7.001 c leader none\n"
                   "7.001 d - a1 its admin is gone\n"
                   "7.001 d leader none\n"
                   "7.001 e - a1 its admin is gone\n"
                   "7.001 e leader none\n"
                   "7.002 c Register b1 first\n"
                   "7.002 d Register b1 first\n"
                   "7.002 e Register b1 first\n"
                   "7.003 b Registered c1 1:4\n"
                   "7.003 b Registered d1 1:4\n"
                   "7.003 b Registered e1 1:4\n"
                   "7.004 c leader b1\n"
                   "7.004 d leader b1\n"
                   "7.004 e leader b1\n"
                   "10.001 b gives names\n"
                   "10.002 d start d1.1\n"
                   "10.003 d created d1.1\n");
}

Test(names, G4_without_most_of_the_leaders_no_name_is_given) {
    struct cluster *cluster = named_leaders();
    cluster_create_named(cluster, 'd', NULL, "clock");
    cluster_run(cluster, NS_PER_S);
    part(cluster, "ad", "bce", true);
    cluster_run(cluster, 4 * NS_PER_S);
    cluster_forget_trace(cluster);
    cluster_create_named(cluster, 'a', NULL, "clock");
    cluster_create_named(cluster, 'a', NULL, "bell");
    run_and_expect(cluster, 1,
                   "10.000 a created d1.1\n"
                   "10.000 a not created : MESH_NAME_UNAVAILABLE\n"
                   "10.003 d Register a1\n"
                   "10.004 a Registered d1 4:0\n"
                   "10.303 b Register a1\n"
                   "10.303 c Register a1\n");
}

Test(names, G4_a_leader_gives_none_before_who_came_has_told_what_it_holds) {
    struct cluster *cluster = named();
    cluster_start(cluster, 'd', "a");
    cluster_run(cluster, 2500000);
    cr_assert_eq(cluster_count(cluster, "a + d1"), 1);
    cluster_create_named(cluster, 'a', NULL, "clock");
    run_and_expect(cluster, 1,
                   "5.000 d call\n"
                   "5.001 d Register a1 first\n"
                   "5.002 a Registered d1 3:4\n"
                   "5.002 a + d1 d\n"
                   "5.002 a Roster b1 3:+1-0\n"
                   "5.002 a Roster c1 3:+1-0\n"
                   "5.003 d + a1 a\n"
                   "5.003 d leader a1\n"
                   "5.003 d + b1 b\n"
                   "5.003 d + c1 c\n"
                   "5.003 b + d1 d\n"
                   "5.003 c + d1 d\n"
                   "5.004 a start a1.1\n"
                   "5.005 a created a1.1\n");
}

/* Each side gives the name: `b` when the time of `a` is over. */
Test(names, G4_after_a_partition_the_holder_of_the_higher_epoch_stays) {
    struct cluster *cluster = named_leaders();
    cluster_create_named(cluster, 'd', NULL, "clock");
    cluster_run(cluster, NS_PER_S);
    part(cluster, "ad", "bce", true);
    cluster_run(cluster, 20 * NS_PER_S);
    cluster_create_named(cluster, 'e', NULL, "clock");
    cluster_run(cluster, NS_PER_S);
    cr_assert(cluster_has_name(cluster, 'd', "clock") && cluster_has_name(cluster, 'e', "clock"));
    part(cluster, "ad", "bce", false);
    cluster_forget_trace(cluster);
    cluster_run(cluster, 10 * NS_PER_S);
    cr_assert_eq(cluster_count(cluster, "d name taken d1.1"), 1);
    cr_assert_eq(cluster_count(cluster, "name taken"), 1);
    cr_assert(!cluster_has_name(cluster, 'd', "clock") && cluster_has_name(cluster, 'e', "clock"));
    cluster_forget_trace(cluster);
    cluster_create_named(cluster, 'd', NULL, "clock");
    run_and_expect(cluster, 1,
                   "37.002 d created e1.1\n"
                   "37.007 d Register a1\n"
                   "37.008 a Registered d1 9:0\n"
                   "37.305 c Register a1\n"
                   "37.305 e Register a1\n"
                   "37.306 a Registered c1 9:0\n"
                   "37.306 a Registered e1 9:0\n"
                   "37.306 b Register a1\n"
                   "37.307 a Registered b1 9:0\n");
}

/* A heartbeat of one that was lost overtakes its registration, which may be braked: what it holds is free here, until it tells. Found by the
 * model of succession. */
Test(names, S6D_one_that_was_lost_follows_again_when_it_has_registered) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    cluster_start(cluster, 'a', "ab");
    cluster_start(cluster, 'b', "ab");
    cluster_run(cluster, 5 * NS_PER_S);
    cluster_create_named(cluster, 'b', NULL, "n");
    cluster_run(cluster, NS_PER_S);
    cr_assert(cluster_has_name(cluster, 'b', "n"));
    cluster_freeze(cluster, 'b');
    cluster_run(cluster, 15 * NS_PER_S);
    cluster_show_mandates(cluster);
    cluster_forget_trace(cluster);
    struct frame_heartbeat frame = {.epoch = convention_epoch(cluster_core(cluster, 'a'))};
    struct convention_event event = {.kind = CONVENTION_LINK_UP, .peer = cluster_incarnation(cluster, 'b')};
    event.endpoint = bytes_of_text("tcp://b");
    cluster_tell(cluster, 'a', &event);
    event = (struct convention_event){.kind = CONVENTION_HEARTBEAT, .peer = event.peer, .heartbeat = &frame};
    cluster_tell(cluster, 'a', &event);
    cluster_create_named(cluster, 'a', NULL, "n");
    cluster_run(cluster, NS_PER_S);
    cluster_expect(cluster, "21.000 a not created : MESH_NAME_UNAVAILABLE\n");
    cluster_thaw(cluster, 'b');
    cluster_run(cluster, 100 * NS_PER_MS);
    cluster_create_named(cluster, 'a', NULL, "n");
    run_and_expect(cluster, 1,
                   "22.000 b log this node stood still for 16.0 s: it judges nobody by that time\n"
                   "22.000 b Register a1\n"
                   "22.001 a Registered b1 0:0\n"
                   "22.001 a + b1 b\n"
                   "22.100 a created b1.1\n"
                   "22.300 b Register a1 first\n"
                   "22.301 a Registered b1 3:2\n"
                   "23.001 a gives names\n");
}
