/* The brake on what a node starts, and on what it answers: docs/semantics.md, S4A to S4C.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/scenario/story.h"

/* ---- S4A ---- */

Test(brake, S4A_a_crowd_that_joins_is_told_to_each_member_in_few_messages) {
    struct cluster *cluster = pair();
    for (const char *letter = "cdefg"; *letter; letter++) {
        cluster_start(cluster, *letter, "a");
        cluster_run(cluster, 60 * NS_PER_MS);
    }
    cluster_run(cluster, NS_PER_S);
    cr_assert_eq(cluster_count(cluster, "a Roster b1"), 2);
    cr_assert_eq(cluster_count(cluster, "1.002 a Roster b1 2:+1-0"), 1, "the first at once");
    cr_assert_eq(cluster_count(cluster, "1.302 a Roster b1 6:+4-0"), 1,
                 "four, of which one has lengthened the blackout");
    for (const char *letter = "abcdefg"; *letter; letter++) {
        cr_assert_eq(convention_members(cluster_core(cluster, *letter))->count, 7, "%c", *letter);
    }
    cluster_destroy(cluster);
}

Test(brake, S4A_of_who_joined_and_left_within_a_blackout_nothing_is_noticed) {
    struct cluster *cluster = pair();
    cluster_start(cluster, 'c', "a");
    cluster_run(cluster, 10 * NS_PER_MS);
    cluster_start(cluster, 'd', "a");
    cluster_run(cluster, 10 * NS_PER_MS);
    cluster_stop(cluster, 'd'); /* c was told of it, b not yet */
    cluster_run(cluster, 100 * NS_PER_MS);
    cluster_forget_trace(cluster);
    run_and_expect(cluster, 1,
                   "1.302 a Roster b1 4:+0-1\n"
                   "1.312 a Roster c1 4:+0-1\n"
                   "1.313 c - d1 left or lost\n");
}

Test(brake, S4A_a_link_that_breaks_all_the_time_brings_ever_fewer_registrations) {
    struct cluster *cluster = pair();
    for (int i = 0; i < 100; i++) {
        cluster_break(cluster, 'a', 'b');
        cluster_run(cluster, 50 * NS_PER_MS);
    }
    size_t count = cluster_count(cluster, "b Register a1");
    cr_assert(count >= 1 && count <= 9, "%zu registrations for 100 links in 5 s", count);
    cluster_run(cluster, 60 * NS_PER_S);
    cluster_forget_trace(cluster);
    cluster_run(cluster, 10 * NS_PER_S);
    cr_assert_eq(cluster_count(cluster, "b Register a1"), 1, "as ever");
    cr_assert_eq(cluster_count(cluster, "a Registered b1"), 1);
    cluster_destroy(cluster);
}

Test(brake, S4A_a_leave_drops_what_waits_for_the_leaver) {
    struct cluster *cluster = pair();
    for (const char *letter = "cd"; *letter; letter++) {
        cluster_start(cluster, *letter, "a");
        cluster_run(cluster, 10 * NS_PER_MS);
    }
    cluster_stop(cluster, 'b');
    cluster_run(cluster, NS_PER_S);
    cr_assert_eq(cluster_count(cluster, "a Roster b1"), 1, "of d, b is not told");
    cr_assert_eq(cluster_count(cluster, "a Roster c1"), 2, "of d at once, of b later");
    cluster_destroy(cluster);
}

/* More leave within one blackout than the leader remembers: eight, the most members that there can be here. */
Test(brake, S4A_who_was_told_too_long_ago_is_told_all) {
    struct cluster *cluster = pair();
    for (int i = 0; i < 9; i++) {
        cluster_start(cluster, 'c', "a");
        cluster_run(cluster, 10 * NS_PER_MS);
        cluster_stop(cluster, 'c');
    }
    cluster_run(cluster, 10 * NS_PER_S);
    cr_assert_eq(cluster_count(cluster, "a Roster b1"), 1, "the first");
    cr_assert_eq(cluster_count(cluster, "a Registered b1 19:2"), 1);
    cr_assert_eq(convention_members(cluster_core(cluster, 'b'))->count, 2);
    cluster_destroy(cluster);
}

/* A minute of changes: each blackout at whose end there is something to tell is followed by a longer one. */
Test(brake, S4A_who_would_be_told_all_the_time_is_told_ever_more_seldom) {
    struct cluster *cluster = pair();
    size_t before = 0, told[6];
    for (int i = 0; i < 6; i++) {
        for (int change = 0; change < 200; change++) {
            cluster_start(cluster, 'c', "a");
            cluster_run(cluster, 25 * NS_PER_MS);
            cluster_stop(cluster, 'c');
            cluster_run(cluster, 25 * NS_PER_MS);
        }
        told[i] = cluster_count(cluster, "a Roster b1") + cluster_count(cluster, "a Registered b1") - before;
        before += told[i];
    }
    cr_assert_leq(told[0], 14);
    cr_assert_leq(told[5], 4);
    cluster_destroy(cluster);
}

/* ---- S4B ---- */

Test(brake, S4B_of_one_member_four_registrations_in_a_period_are_answered) {
    struct cluster *cluster = pair();
    for (int i = 0; i < 100; i++) {
        register_first(cluster, 'b');
    }
    cr_assert_eq(cluster_count(cluster, "a Registered b1"), 3, "one of the four was its first");
    cluster_run(cluster, 10 * NS_PER_S);
    cluster_forget_trace(cluster);
    register_first(cluster, 'b');
    cr_assert_eq(cluster_count(cluster, "a Registered b1"), 1, "the next period has its own");
    cluster_destroy(cluster);
}

/* Each time with another endpoint, which all others are to be told. */
Test(brake, S4A_S4B_one_that_registers_a_thousand_times_a_second_troubles_nobody) {
    struct cluster *cluster = three();
    struct frame_register frame = {.member = convention_self(cluster_core(cluster, 'b'))->view, .first_time = true};
    for (int i = 0; i < 1000; i++) {
        frame.member.endpoint = bytes_of_text(i % 2 ? "tcp://b" : "tcp://x");
        cluster_tell(cluster, 'a',
                     &(struct convention_event){.kind = CONVENTION_REGISTER,
                                                .peer = cluster_incarnation(cluster, 'b'),
                                                .registration = &frame});
        cluster_run(cluster, NS_PER_MS);
    }
    size_t answers = cluster_count(cluster, "a Registered b1"), changes = cluster_count(cluster, "a Roster c1");
    cr_assert_leq(answers, 4);
    cr_assert_leq(changes, 3, "after 0, 0.3 and 0.66 s");
    cr_assert_eq(convention_counters(cluster_core(cluster, 'a'))->unanswered, 1000 - answers);
    cluster_forget_trace(cluster);
    cluster_run(cluster, 60 * NS_PER_S);
    cr_assert_leq(cluster_count(cluster, "a Roster"), 2, "what waited, to each of both");
    cr_assert_eq(cluster_count(cluster, "c Register a1"), 6, "as ever");
    cr_assert_eq(cluster_count(cluster, "a Registered c1"), 6);
    cr_assert_str_eq(members_find(convention_members(cluster_core(cluster, 'c')), frame.member.incarnation)->endpoint,
                     "tcp://b");
    cluster_destroy(cluster);
}

Test(brake, S4B_those_that_are_refused_share_what_is_answered_in_a_period) {
    struct cluster *cluster = pair();
    cluster_start_as(cluster, 'c', &(struct cluster_node){.leaders = "a", .name = "b"});
    cluster_run(cluster, 10 * NS_PER_MS);
    for (int i = 0; i < 100; i++) {
        register_first(cluster, 'c');
    }
    cr_assert_eq(cluster_count(cluster, "a Deregister c1"), 4);
    cr_assert_eq(cluster_count(cluster, "a log a second node"), 4);
    cr_assert_eq(convention_counters(cluster_core(cluster, 'a'))->refused, 101);
    cluster_run(cluster, 10 * NS_PER_S);
    cluster_forget_trace(cluster);
    register_first(cluster, 'c');
    cr_assert_eq(cluster_count(cluster, "a Deregister c1"), 1);
    cluster_destroy(cluster);
}

/* What is ignored is logged as seldom, and keeps nobody from hearing that it is refused. */
Test(brake, S4B_of_those_that_are_ignored_the_log_tells_four_times_in_a_period) {
    struct cluster *cluster = pair();
    struct frame_register frame = {.member = convention_self(cluster_core(cluster, 'a'))->view, .first_time = true};
    struct convention_event event = {.kind = CONVENTION_REGISTER, .peer = 7, .registration = &frame};
    for (int i = 0; i < 100; i++) {
        frame.member.endpoint = bytes_of_text(i % 2 ? "tcp://a" : "tcp://elsewhere");
        frame.member.incarnation = i % 2 ? event.peer : 8;
        cluster_tell(cluster, 'a', &event);
    }
    cr_assert_eq(cluster_count(cluster, "a log ignored a registration"), 4);
    cr_assert_eq(convention_counters(cluster_core(cluster, 'a'))->ignored, 100);
    cluster_start_as(cluster, 'c', &(struct cluster_node){.leaders = "a", .name = "b"});
    cluster_run(cluster, 10 * NS_PER_MS);
    cr_assert_eq(cluster_count(cluster, "a log a second node"), 1);
    cluster_destroy(cluster);
}

/* Two nodes that say one address take turns: each is suspect when the other is heard. */
Test(brake, S4B_that_a_member_is_suspect_the_log_tells_four_times_in_sixty_periods) {
    struct cluster *cluster = pair();
    for (int i = 0; i < 100; i++) {
        cluster_break(cluster, 'a', 'b');
        cluster_run(cluster, NS_PER_S);
    }
    cr_assert_eq(cluster_count(cluster, "a suspect b1"), 4);
    cr_assert_eq(cluster_count(cluster, "a doubts b1"), 96);
    cluster_forget_trace(cluster);
    cluster_run(cluster, 501 * NS_PER_S);
    cluster_break(cluster, 'a', 'b');
    cr_assert_eq(cluster_count(cluster, "a suspect b1 (96 more were not told)"), 1);
    cluster_destroy(cluster);
}

Test(brake, S4B_of_invitations_that_are_ignored_the_log_tells_four_times_in_sixty_periods) {
    struct cluster *cluster = pair();
    struct frame_invite frame = {
        .leader = {.incarnation = 7, .name = bytes_of_text("x"), .endpoint = bytes_of_text("tcp://x")}};
    struct convention_event event = {.kind = CONVENTION_INVITE, .peer = 7, .invite = &frame};
    for (int i = 0; i < 100; i++) {
        frame.leader.incarnation = i % 2 ? 7 : 8;
        cluster_tell(cluster, 'b', &event);
    }
    cr_assert_eq(cluster_count(cluster, "b log an invitation by node x is ignored"), 4);
    cr_assert_eq(convention_counters(cluster_core(cluster, 'b'))->invitations, 100);
    cluster_run(cluster, 600 * NS_PER_S);
    cluster_tell(cluster, 'b', &event);
    cr_assert_eq(cluster_count(cluster, "its leaders are configured (96 more were not told)"), 1);
    cluster_destroy(cluster);
}

/* Found by the simulator of conventions, seed 602: each heartbeat braked a registration that waited already the more. */
Test(brake, S4A_frequent_heartbeats_do_not_keep_a_registration_from_going_out) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    cluster_start(cluster, 'b', "a");
    cluster_prepare(cluster, 'a', &(struct cluster_node){.leaders = "a"});
    cluster_run(cluster, NS_PER_S);
    cr_assert(cluster_is_linked(cluster, 'a', 'b'));
    cluster_forget_trace(cluster);
    for (int i = 0; i < 50; i++) {
        struct frame_heartbeat frame = {.epoch = 1, .acting = true};
        cluster_tell(cluster, 'b',
                     &(struct convention_event){
                         .kind = CONVENTION_HEARTBEAT, .peer = cluster_incarnation(cluster, 'a'), .heartbeat = &frame});
        cluster_run(cluster, 100 * NS_PER_MS);
    }
    cr_assert_geq(cluster_count(cluster, "b Register a1 first"), 8);
    cluster_destroy(cluster);
}

/* ---- S4C ---- */

Test(brake, S4C_by_the_reference_one_delay_brakes_what_goes_to_others) {
    struct convention_times times = convention_times_reference;
    times.jitter_percent = 0;
    struct cluster *cluster = pair_with(&times);
    for (const char *letter = "cd"; *letter; letter++) {
        cluster_start(cluster, *letter, "a");
        cluster_run(cluster, 10 * NS_PER_MS);
    }
    cluster_run(cluster, NS_PER_S);
    cr_assert_eq(cluster_count(cluster, "1.002 a Roster b1 2:+1-0"), 1);
    cr_assert_eq(cluster_count(cluster, "1.362 a Roster b1 3:+1-0"), 1, "the attempts for b and c have lengthened it");
    cr_assert_eq(cluster_count(cluster, "1.362 a Roster c1 3:+1-0"), 1, "though c was told nothing before");
    cluster_destroy(cluster);
}
