/* The directory: each test tells one admin's story in events, and compares what it wants, line by line.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/unit/convention/story.h"

/* ---- creates ---- */

Test(directory, C1_a_create_is_started_here_and_answered_when_up) {
    struct story *story = story_new(OWN);
    create(story, at(1, 1, 0), at(1, 1, 1), false);
    expect(story, "start 2 for 1.1.1\n");
    resolve(story, at(1, 1, 1), at(1, 1, 0));
    expect(story, "");
    host_up(story, 2);
    expect(story, "1.1.0#9 created 1.1.1 in 102\n1.1.0#5 resolved 1.1.1 in 102\n");
    cr_assert_eq(directory_hosted(story->directory), 1);
    story_end(story);
}

Test(directory, C2_without_a_fitting_node_the_text_names_type_and_what_is_missing) {
    struct story *story = story_new(OWN);
    create(story, at(1, 1, 0), (struct mesh_address){0}, true);
    expect(story,
           "1.1.0#9 failed 0.0.0 MESH_NO_COMPATIBLE_NODE: no node of 1 can host type mapper: node n1 does not fit "
           "type mapper: gpu is required and is not there\n");
    story_end(story);
}

Test(directory, C6_a_top_level_address_is_minted_here_and_nobody_hears_of_its_end) {
    struct story *story = story_new(OWN);
    create(story, at(1, 1, 0), (struct mesh_address){0}, false);
    host_up(story, 2);
    host_died(story, 2, NULL);
    expect(story, "start 2 for 1.0.1\n1.1.0#9 created 1.0.1 in 102\n");
    story_end(story);
}

Test(directory, H3_the_leader_sends_it_to_a_fitting_member_and_tries_the_next) {
    struct story *story = story_new(OWN);
    join(story, SECOND, true);
    join(story, THIRD, true);
    create(story, at(1, 1, 0), at(1, 1, 1), true);
    expect(story, "2.0.0#1 create 1.1.1 refused 1\n");
    struct control refusal = {.id = 1, .kind = CONTROL_CREATE_FAILED};
    refusal.create_failed.status = MESH_UNKNOWN_TYPE;
    control(story, admin(2), &refusal);
    expect(story, "3.0.0#1 create 1.1.1 refused 2\n");
    created(story, 3, 1, at(1, 1, 1));
    expect(story, "1.1.0#9 created 1.1.1 in 205\n");
    story_end(story);
}

Test(directory, H3_a_lost_member_makes_the_leader_try_the_next) {
    struct story *story = story_new(OWN);
    join(story, SECOND, true);
    join(story, THIRD, true);
    create(story, at(1, 1, 0), at(1, 1, 1), true);
    lose(story, SECOND);
    expect(story, "2.0.0#1 create 1.1.1 refused 1\n3.0.0#1 create 1.1.1 refused 2\n");
    lose(story, THIRD);
    expect(story,
           "1.1.0#9 failed 1.1.1 MESH_NO_COMPATIBLE_NODE: no node of 1 can host type mapper: node n1 does not fit "
           "type mapper: gpu is required and is not there\n");
    story_end(story);
}

Test(directory, H3_a_member_that_was_chosen_refuses_to_the_leader) {
    struct story *story = story_new(SECOND);
    create(story, admin(2), at(2, 4, 1), true);
    expect(story,
           "2.0.0#9 failed 2.4.1 MESH_NO_COMPATIBLE_NODE: node n1 does not fit type mapper: gpu is required and is "
           "not there\n");
    story_end(story);
}

Test(directory, H3_a_lost_leader_is_waited_for) {
    struct story *story = story_new(SECOND);
    create(story, at(1, 1, 0), at(1, 1, 1), true);
    lose(story, SECOND);
    expect(story, "2.0.0#1 create 1.1.1 refused 1\n");
    join(story, THIRD, true);
    step(story, &(struct directory_event){.kind = DIRECTORY_LEADER, .admin = THIRD});
    expect(story, "3.0.0#1 create 1.1.1 refused 1\n");
    story->now_ns = directory_limits_default.create_wait_ns - 1;
    step(story, &(struct directory_event){.kind = DIRECTORY_TICK});
    expect(story, "");
    story->now_ns++;
    step(story, &(struct directory_event){.kind = DIRECTORY_TICK});
    expect(story, "1.1.0#9 failed 1.1.1 MESH_TIMED_OUT: the admin that was to create it did not answer in time\n");
    story_end(story);
}

/* Who was asked says that the source of the actor is arriving: so long the time stands still, and who asked hears it, too. */
Test(directory, C2_while_a_source_is_arriving_the_time_stands_still) {
    struct story *story = story_new(SECOND);
    struct control arriving = {.id = 1, .kind = CONTROL_SOURCE};
    arriving.source = (struct control_source){.what = CONTROL_SOURCE_ARRIVING, .number = 1000};
    create(story, at(1, 1, 0), at(1, 1, 1), true);
    expect(story, "2.0.0#1 create 1.1.1 refused 1\n");
    (void)control(story, admin(3), &arriving);
    expect(story, "");
    (void)control(story, admin(2), &arriving);
    expect(story, "1.1.0#9 arriving 1000 ms\n");
    story->now_ns = directory_limits_default.create_wait_ns + NS_PER_S - 1;
    step(story, &(struct directory_event){.kind = DIRECTORY_TICK});
    expect(story, "");
    story->now_ns++;
    step(story, &(struct directory_event){.kind = DIRECTORY_TICK});
    expect(story, "1.1.0#9 failed 1.1.1 MESH_TIMED_OUT: the admin that was to create it did not answer in time\n");
    story_end(story);
}

Test(directory, H3_who_hosts_for_another_home_tells_the_home_and_the_leader) {
    struct story *story = story_new(SECOND);
    join(story, THIRD, false);
    create(story, admin(2), at(3, 4, 1), false);
    host_up(story, 2);
    expect(story, "start 2 for 3.4.1\n2.0.0#9 created 3.4.1 in 102\n3.0.0#0 created 3.4.1 in 102\n");
    host_died(story, 2, NULL);
    expect(story, "3.0.0#0 exited 3.4.1 how 4\n");
    story_end(story);
}

Test(directory, B2_a_second_actor_of_one_address_is_killed) {
    struct story *story = story_new(SECOND);
    join(story, THIRD, true);
    create(story, at(1, 1, 0), at(1, 1, 1), true);
    created(story, 2, 1, at(1, 1, 1));
    created(story, 3, 0, at(1, 1, 1));
    created(story, 2, 0, at(1, 1, 1));
    expect(story, "2.0.0#1 create 1.1.1 refused 1\n1.1.0#9 created 1.1.1 in 205\n3.0.0#0 kill 1.1.1\n");
    story_end(story);
}

Test(directory, C1_a_host_that_dies_before_it_is_up_is_a_failed_create) {
    struct story *story = story_new(OWN);
    create(story, at(1, 1, 0), at(1, 1, 1), false);
    host_died(story, 2, NULL);
    expect(story, "start 2 for 1.1.1\n"
                  "1.1.0#9 failed 1.1.1 MESH_LOAD_FAILED: no node of 1 can host type mapper: its host ended before it "
                  "was up: \n");
    resolve(story, at(1, 1, 1), at(1, 1, 0));
    expect(story, "1.1.0#5 gone 1.1.1 reason 2\n");
    story_end(story);
}

/* ---- ends ---- */

Test(directory, C4_an_exit_and_the_death_of_its_process_are_told_once) {
    struct story *story = story_new(OWN);
    create(story, at(1, 1, 0), at(1, 1, 1), false);
    host_up(story, 2);
    expect(story, "start 2 for 1.1.1\n1.1.0#9 created 1.1.1 in 102\n");
    exited(story, at(1, 2, 0), at(1, 1, 1));
    exited(story, at(1, 2, 0), at(1, 1, 1));
    expect(story, "1.1.0#0 exited 1.1.1 how 2\n");
    struct directory_floor floor = {.actor = at(1, 1, 1), .sender = at(1, 1, 0), .handled = 7};
    host_died(story, 2, &floor);
    resolve(story, at(1, 1, 1), at(1, 1, 0));
    expect(story, "1.1.0#5 gone 1.1.1 reason 1 handled 7 of 1.1.0\n");
    story_end(story);
}

Test(directory, C4_a_killed_host_is_told_with_its_signal) {
    struct story *story = story_new(OWN);
    create(story, at(1, 1, 0), at(1, 1, 1), false);
    host_up(story, 2);
    host_died(story, 2, NULL);
    expect(story, "start 2 for 1.1.1\n1.1.0#9 created 1.1.1 in 102\n1.1.0#0 exited 1.1.1 how 4\n");
    story_end(story);
}

Test(directory, C4_a_lost_node_is_told_once_for_each_child_there) {
    struct story *story = story_new(SECOND);
    create(story, at(1, 1, 0), at(1, 1, 1), true);
    created(story, 2, 1, at(1, 1, 1));
    lose(story, SECOND);
    expect(story, "2.0.0#1 create 1.1.1 refused 1\n1.1.0#9 created 1.1.1 in 205\n1.1.0#0 exited 1.1.1 how 6: its node "
                  "was lost\n");
    resolve(story, at(1, 1, 1), at(1, 1, 0));
    expect(story, "1.1.0#5 gone 1.1.1 reason 5\n");
    story_end(story);
}

/* Found by the simulator of conventions, seed 25: a host may be told of the creator's node later than of the actor. */
Test(directory, C4_an_end_is_told_to_the_home_when_that_is_on_the_roster) {
    struct story *story = story_new(SECOND);
    create(story, admin(7), at(7, 4, 1), false);
    host_up(story, 2);
    exited(story, at(1, 2, 0), at(7, 4, 1));
    expect(story, "start 2 for 7.4.1\n7.0.0#9 created 7.4.1 in 102\n");
    join(story, 7, false);
    expect(story, "7.0.0#0 met\n7.0.0#0 exited 7.4.1 how 2\n");
    story_end(story);
}

/* Its home may not have heard of it, or take it for lost with this node. */
Test(directory, C4_who_comes_is_told_of_its_actors_that_live_here) {
    struct story *story = story_new(SECOND);
    create(story, admin(7), at(7, 4, 1), false);
    host_up(story, 2);
    expect(story, "start 2 for 7.4.1\n7.0.0#9 created 7.4.1 in 102\n");
    join(story, 7, false);
    expect(story, "7.0.0#0 met\n7.0.0#0 created 7.4.1 in 102\n");
    story_end(story);
}

/* Found by the simulator of conventions, seed 390: it had left, and the create was with another. */
Test(directory, C4_what_a_node_says_of_actors_that_was_lost_meanwhile_does_not_count) {
    struct story *story = story_new(SECOND);
    create(story, at(1, 1, 0), at(1, 1, 1), true);
    lose(story, SECOND);
    expect(story, "2.0.0#1 create 1.1.1 refused 1\n");
    created(story, 2, 1, at(1, 1, 1));
    expect(story, "");
    story_end(story);
}

Test(directory, C4_nobody_but_the_host_is_believed) {
    struct story *story = story_new(OWN);
    create(story, at(1, 1, 0), at(1, 1, 1), false);
    host_up(story, 2);
    expect(story, "start 2 for 1.1.1\n1.1.0#9 created 1.1.1 in 102\n");
    exited(story, at(1, 1, 0), at(1, 1, 1));
    exited(story, admin(2), at(1, 1, 1));
    expect(story, "");
    story_end(story);
}

Test(directory, C8_actors_whose_parent_lived_on_a_lost_node_are_asked_to_exit) {
    struct story *story = story_new(SECOND);
    create(story, admin(2), at(2, 4, 1), false);
    host_up(story, 2);
    lose(story, SECOND);
    expect(story, "start 2 for 2.4.1\n2.0.0#9 created 2.4.1 in 102\nexit request to 2.4.1\n");
    story_end(story);
}

Test(directory, A4_what_lived_beside_its_parent_is_where_that_is_and_its_floors_are_kept) {
    struct story *story = story_new(OWN);
    struct mesh_address light = at(1, 2, ADDRESS_LOCAL | 3);
    create(story, at(1, 1, 0), at(1, 1, 1), false);
    host_up(story, 2);
    expect(story, "start 2 for 1.1.1\n1.1.0#9 created 1.1.1 in 102\n");
    resolve(story, light, at(1, 1, 0));
    expect(story, "1.1.0#5 resolved 1.2.l3 in 102\n");
    struct directory_floor floor = {.actor = light, .sender = at(1, 1, 0), .handled = 7};
    host_died(story, 2, &floor);
    expect(story, "1.1.0#0 exited 1.1.1 how 4\n");
    resolve(story, light, at(1, 1, 0));
    expect(story, "1.1.0#5 gone 1.2.l3 reason 1 handled 7 of 1.1.0\n");
    resolve(story, at(1, 2, ADDRESS_LOCAL | 4), at(1, 1, 0));
    expect(story, "1.1.0#5 gone 1.2.l4 reason 1\n");
    story_end(story);
}

Test(directory, C5_children_of_a_crashed_process_are_asked_to_exit) {
    struct story *story = story_new(OWN);
    create(story, at(1, 1, 0), at(1, 1, 1), false);
    host_up(story, 2);
    create(story, at(1, 2, 0), at(1, 2, 1), false);
    host_up(story, 3);
    expect(story, "start 2 for 1.1.1\n1.1.0#9 created 1.1.1 in 102\nstart 3 for 1.2.1\n1.2.0#9 created 1.2.1 in 103\n");
    host_died(story, 2, NULL);
    expect(story, "1.1.0#0 exited 1.1.1 how 4\nexit request to 1.2.1\n");
    host_died(story, 3, NULL);
    expect(story, "");
    story_end(story);
}

/* ---- questions ---- */

Test(directory, an_unknown_number_of_a_live_slot_is_parked_until_its_create) {
    struct story *story = story_with_host();
    resolve(story, at(1, 2, 1), at(1, 1, 0));
    expect(story, "");
    create(story, at(1, 2, 0), at(1, 2, 1), false);
    story->now_ns = 11 * NS_PER_S;
    step(story, &(struct directory_event){.kind = DIRECTORY_TICK});
    host_up(story, 3);
    expect(story, "start 3 for 1.2.1\n1.2.0#9 created 1.2.1 in 103\n1.1.0#5 resolved 1.2.1 in 103\n");
    story_end(story);
}

Test(directory, a_parked_question_is_answered_when_the_slot_dies_or_the_time_is_up) {
    struct story *story = story_with_host();
    resolve(story, at(1, 2, 1), at(1, 1, 0));
    story->now_ns = directory_limits_default.park_wait_ns - 1;
    step(story, &(struct directory_event){.kind = DIRECTORY_TICK});
    expect(story, "");
    story->now_ns++;
    step(story, &(struct directory_event){.kind = DIRECTORY_TICK});
    expect(story, "1.1.0#5 gone 1.2.1 reason 2\n");
    resolve(story, at(1, 2, 2), at(1, 1, 0));
    host_died(story, 2, NULL);
    expect(story, "1.1.0#5 gone 1.2.2 reason 2\n");
    story_end(story);
}

Test(directory, a_foreign_address_is_asked_at_its_home_and_gone_with_it) {
    struct story *story = story_new(SECOND);
    resolve(story, at(2, 0, 1), at(1, 1, 0));
    resolve(story, at(2, 0, 2), at(1, 1, 0));
    expect(story, "2.0.0#1 resolve 2.0.1\n2.0.0#2 resolve 2.0.2\n");
    struct control answer = {.id = 1, .kind = CONTROL_RESOLVED};
    answer.resolved = (struct control_resolved){.address = at(2, 0, 1), .process = 204};
    control(story, admin(3), &answer);
    expect(story, "");
    control(story, admin(2), &answer);
    expect(story, "1.1.0#5 resolved 2.0.1 in 204\n");
    lose(story, SECOND);
    expect(story, "1.1.0#5 gone 2.0.2 reason 5\n");
    resolve(story, at(2, 0, 3), at(1, 1, 0));
    expect(story, "1.1.0#5 gone 2.0.3 reason 5\n");
    story_end(story);
}

Test(directory, S9A_a_node_that_has_moved_is_asked_where_its_actors_are) {
    struct story *story = story_new(SECOND);
    create(story, at(1, 1, 0), at(1, 1, 1), true);
    created(story, 2, 1, at(1, 1, 1));
    resolve(story, at(1, 1, 1), at(1, 1, 0));
    expect(story, "2.0.0#1 create 1.1.1 refused 1\n1.1.0#9 created 1.1.1 in 205\n1.1.0#5 resolved 1.1.1 in 205\n");
    step(story, &(struct directory_event){.kind = DIRECTORY_MEMBER_MOVED, .admin = SECOND});
    resolve(story, at(1, 1, 1), at(1, 1, 0));
    expect(story, "2.0.0#2 resolve 1.1.1\n");
    story_end(story);
}

Test(directory, an_address_of_a_node_that_is_about_to_join_is_parked) {
    struct story *story = story_new(OWN);
    resolve(story, at(2, 4, 1), at(1, 1, 0));
    expect(story, "");
    join(story, SECOND, false);
    expect(story, "2.0.0#2 resolve 2.4.1\n");
    story_end(story);
}

Test(directory, a_dropped_tombstone_is_still_dead) {
    struct story *story = story_with_host();
    for (uint32_t i = 1; i <= 3; i++) {
        create(story, at(1, 2, 0), at(1, 2, i), false);
        host_up(story, i + 2);
        host_died(story, i + 2, NULL);
    }
    story->used = 0;
    story->trace[0] = 0;
    resolve(story, at(1, 2, 1), at(1, 1, 0));
    expect(story, "1.1.0#5 gone 1.2.1 reason 1\n");
    cr_assert_eq(directory_counters(story->directory)->tombstones_dropped, 1);
    story_end(story);
}

/* Who asks for it keeps it on record; the latest ones stay however old they are. */
Test(directory, E3_a_tombstone_that_nobody_asks_for_is_dropped_in_time) {
    struct story *story = story_with_host();
    story->now_ns = 0;
    for (uint32_t i = 1; i <= 2; i++) {
        create(story, at(1, 2, 0), at(1, 2, i), false);
        host_up(story, i + 2);
        host_died(story, i + 2, NULL);
    }
    cr_assert_eq(directory_deadline(story->directory), directory_limits_default.crash_tombstone_ns);
    story->now_ns = directory_limits_default.crash_tombstone_ns - 1;
    resolve(story, at(1, 2, 1), at(1, 1, 0));
    cr_assert_eq(directory_counters(story->directory)->tombstones_dropped, 0);
    story->now_ns++;
    step(story, &(struct directory_event){.kind = DIRECTORY_TICK});
    cr_assert_eq(directory_counters(story->directory)->tombstones_dropped, 1);
    cr_assert_eq(directory_find(story->directory, at(1, 2, 1)).how, CONTROL_SIGNAL);
    cr_assert_eq(directory_find(story->directory, at(1, 2, 2)).how, 0);
    cr_assert_eq(directory_deadline(story->directory), TIME_NEVER);
    story_end(story);
}

Test(directory, E3_what_ended_well_is_forgotten_before_what_crashed) {
    struct story *story = story_with_host();
    story->now_ns = 0;
    for (uint32_t i = 1; i <= 2; i++) {
        create(story, at(1, 2, 0), at(1, 2, i), false);
        host_up(story, i + 2);
    }
    host_died(story, 3, NULL);
    exited(story, at(1, 4, 0), at(1, 2, 2));
    host_died(story, 4, NULL);
    cr_assert_eq(directory_deadline(story->directory), directory_limits_default.tombstone_ns);
    story->now_ns = directory_limits_default.tombstone_ns;
    step(story, &(struct directory_event){.kind = DIRECTORY_TICK});
    cr_assert_eq(directory_find(story->directory, at(1, 2, 1)).how, CONTROL_SIGNAL);
    cr_assert_eq(directory_find(story->directory, at(1, 2, 2)).how, 0);
    story_end(story);
}

Test(directory, process_endpoints_resolve_by_their_slot) {
    struct story *story = story_new(OWN);
    resolve(story, at(1, 0, 0), at(1, 1, 0));
    resolve(story, at(1, 1, 0), at(1, 1, 0));
    resolve(story, at(1, 1, 4), at(1, 1, 0));
    resolve(story, at(1, 7, 0), at(1, 1, 0));
    expect(story, "1.1.0#5 resolved 1.0.0 in 1\n1.1.0#5 resolved 1.1.0 in 101\n1.1.0#5 resolved 1.1.4 in 101\n1.1.0#5 "
                  "gone 1.7.0 reason 2\n");
    story_end(story);
}

Test(directory, B4_a_slot_is_never_leased_again) {
    struct story *story = story_new(OWN);
    uint32_t slot;
    host_died(story, 1, NULL);
    cr_assert(directory_lease(story->directory, &slot) == MESH_OK && slot == 2);
    story_end(story);
}

/* ---- where the status of an actor is to be had ---- */

Test(directory, K1_an_actor_is_found_in_each_state_of_its_life) {
    struct story *story = story_with_host();
    struct mesh_address actor = at(1, 2, 1);
    expect_place(story, actor, DIRECTORY_NOWHERE);
    resolve(story, actor, at(1, 1, 0)); /* somebody waits for it */
    expect_place(story, actor, DIRECTORY_NOWHERE);
    create(story, at(1, 2, 0), actor, false);
    expect_place(story, actor, DIRECTORY_STARTING);
    host_up(story, 3);
    expect_place(story, actor, DIRECTORY_HERE);
    struct directory_place place = directory_find(story->directory, actor);
    cr_assert_eq(place.view.slot, 3);
    cr_assert_eq(place.view.process, 103);
    cr_assert_not(place.light);
    exited(story, at(1, 3, 0), actor);
    expect_place(story, actor, DIRECTORY_ENDED);
    host_died(story, 3, NULL);
    expect_place(story, actor, DIRECTORY_ENDED);
    cr_assert_eq(directory_find(story->directory, actor).how, CONTROL_OWN_EXIT);
    story_end(story);
}

Test(directory, K1_an_actor_of_another_node_is_with_its_admin) {
    struct story *story = story_new(SECOND);
    expect_place(story, at(2, 7, 1), DIRECTORY_ELSEWHERE);
    cr_assert_eq(directory_find(story->directory, at(2, 7, 1)).admin, 2);
    expect_place(story, admin(2), DIRECTORY_ELSEWHERE);
    create(story, at(1, 1, 0), at(1, 1, 1), true);
    expect_place(story, at(1, 1, 1), DIRECTORY_STARTING);
    created(story, 2, 1, at(1, 1, 1));
    expect_place(story, at(1, 1, 1), DIRECTORY_ELSEWHERE);
    cr_assert_eq(directory_find(story->directory, at(1, 1, 1)).admin, 2);
    lose(story, SECOND);
    expect_place(story, at(1, 1, 1), DIRECTORY_ENDED);
    cr_assert_eq(directory_find(story->directory, at(1, 1, 1)).how, CONTROL_NODE_LOST);
    expect_place(story, at(2, 7, 1), DIRECTORY_CUT_OFF);
    story_end(story);
}

Test(directory, K1_a_light_child_is_where_it_was_minted) {
    struct story *story = story_with_host();
    expect_place(story, at(1, 2, ADDRESS_LOCAL), DIRECTORY_HERE);
    cr_assert_eq(directory_find(story->directory, at(1, 2, ADDRESS_LOCAL)).view.slot, 2);
    expect_place(story, at(1, 2, 1), DIRECTORY_NOWHERE);
    expect_place(story, at(1, 2, 0), DIRECTORY_PROCESS);
    host_died(story, 2, NULL);
    expect_place(story, at(1, 2, ADDRESS_LOCAL), DIRECTORY_ENDED);
    expect_place(story, at(1, 2, 1), DIRECTORY_ENDED);
    story_end(story);
}

Test(directory, K1_what_is_no_actors_address_is_told_from_those) {
    struct story *story = story_new(OWN);
    expect_place(story, at(1, 5, 1), DIRECTORY_NOWHERE);
    expect_place(story, at(1, 0, 1), DIRECTORY_NOWHERE);
    expect_place(story, admin(1), DIRECTORY_PROCESS);
    expect_place(story, at(1, 1, 0), DIRECTORY_PROCESS);
    story_end(story);
}
