/* What two nodes tell each other of their actors when they meet, also again, and when one of them never comes: docs/semantics.md,
 * C4 and C8.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/unit/convention/story.h"

/* Node 2, which leads, hosts 1.1.1. */
static struct story *story_with_actor_there(void) {
    struct story *story = story_new(SECOND);
    create(story, at(1, 1, 0), at(1, 1, 1), true);
    created(story, 2, 1, at(1, 1, 1));
    expect(story, "2.0.0#1 create 1.1.1 refused 1\n1.1.0#9 created 1.1.1 in 205\n");
    return story;
}

/* Node 7, which is not on the roster, has 7.4.1 here. */
static struct story *story_of_stranger(void) {
    struct story *story = story_new(SECOND);
    create(story, admin(2), at(7, 4, 1), false);
    host_up(story, 2);
    expect(story, "start 2 for 7.4.1\n2.0.0#9 created 7.4.1 in 102\n7.0.0#0 created 7.4.1 in 102\n");
    return story;
}

static void met(struct story *story, uint64_t from) {
    control(story, admin(from), &(struct control){.kind = CONTROL_MET});
}

static void tick(struct story *story, uint64_t span_ns) {
    story->now_ns += span_ns;
    step(story, &(struct directory_event){.kind = DIRECTORY_TICK});
}

/* ---- they meet again ---- */

Test(directory_meet, C8_an_actor_that_was_lost_with_its_node_is_asked_to_exit_when_that_speaks_of_it) {
    struct story *story = story_with_actor_there();
    lose(story, SECOND);
    expect(story, "1.1.0#0 exited 1.1.1 how 6: its node was lost\n");
    join(story, SECOND, true);
    expect(story, "2.0.0#0 met\n");
    created(story, 2, 0, at(1, 1, 1));
    expect(story, "2.0.0#0 exited 1.1.1 how 6\n");
    story_end(story);
}

Test(directory_meet, C8_an_actor_whose_creator_was_told_of_its_end_is_asked_to_exit) {
    struct story *story = story_new(SECOND);
    create(story, admin(2), at(2, 4, 1), false);
    host_up(story, 2);
    expect(story, "start 2 for 2.4.1\n2.0.0#9 created 2.4.1 in 102\n");
    met(story, 2);
    expect(story, "2.0.0#0 created 2.4.1 in 102\n");
    exited(story, admin(2), at(2, 4, 1));
    expect(story,
           "of mapper 2.4.1: it is asked to exit: its creator's node had taken it for dead\nexit request to 2.4.1\n");
    exited(story, admin(2), at(2, 4, 1));
    expect(story, "exit request to 2.4.1\n");
    host_died(story, 2, NULL);
    expect(story, "2.0.0#0 exited 2.4.1 how 4\n");
    story_end(story);
}

Test(directory_meet, C8_an_actor_that_is_believed_dead_while_it_begins_is_told_of_once) {
    struct story *story = story_new(SECOND);
    create(story, admin(2), at(2, 4, 1), false);
    expect(story, "start 2 for 2.4.1\n");
    exited(story, admin(2), at(2, 4, 1));
    expect(story, "of mapper 2.4.1: it is to exit as soon as it is up: its creator's node had taken it for dead\n");
    exited(story, admin(2), at(2, 4, 1));
    expect(story, "");
    host_up(story, 2);
    expect(story, "2.0.0#9 created 2.4.1 in 102\nexit request to 2.4.1\n");
    story_end(story);
}

Test(directory_meet, C8_a_detached_actor_whose_node_was_believed_lost_stays) {
    struct story *story = story_new(SECOND);
    struct control message = {.id = 9, .kind = CONTROL_CREATE};
    struct control believed = {.kind = CONTROL_EXITED, .exited = {.address = at(2, 4, 1), .how = CONTROL_NODE_LOST}};
    message.create.address = at(2, 4, 1);
    message.create.type = bytes_of_text("mapper");
    message.create.detached = true;
    control(story, admin(2), &message);
    host_up(story, 2);
    control(story, admin(2), &believed);
    expect(story, "start 2 for 2.4.1\n2.0.0#0 1 names in epoch 0\n2.0.0#9 created 2.4.1 in 102 detached\n");
    story_end(story);
}

/* The home may have lost nobody. */
Test(directory_meet, C4_the_end_of_what_a_lost_node_had_here_is_told_when_that_is_back) {
    struct story *story = story_new(SECOND);
    create(story, admin(2), at(2, 4, 1), false);
    host_up(story, 2);
    lose(story, SECOND);
    exited(story, at(1, 2, 0), at(2, 4, 1));
    expect(story, "start 2 for 2.4.1\n2.0.0#9 created 2.4.1 in 102\nexit request to 2.4.1\n");
    join(story, SECOND, true);
    expect(story, "2.0.0#0 met\n2.0.0#0 exited 2.4.1 how 2\n");
    story_end(story);
}

/* The stranger's actor ends, and then one of this node. */
static struct story *story_of_ends(void) {
    struct story *story = story_of_stranger();
    story->now_ns = 0;
    create(story, at(1, 1, 0), at(1, 1, 1), false);
    host_up(story, 3);
    exited(story, at(1, 2, 0), at(7, 4, 1));
    host_died(story, 2, NULL);
    host_died(story, 3, NULL);
    return story;
}

/* They are the first of the tombstones to go, if nobody is to be told. */
Test(directory_meet, C4_an_end_that_is_owed_is_on_record_until_it_is_told) {
    struct story *story = story_of_ends();
    expect(story, "start 3 for 1.1.1\n1.1.0#9 created 1.1.1 in 103\n1.1.0#0 exited 1.1.1 how 4\n");
    tick(story, directory_limits_default.tombstone_ns);
    cr_assert_eq(directory_counters(story->directory)->tombstones_dropped, 0);
    tick(story, directory_limits_default.crash_tombstone_ns);
    cr_assert_eq(directory_find(story->directory, at(1, 1, 1)).how, 0);
    join(story, 7, false);
    expect(story, "7.0.0#0 met\n7.0.0#0 exited 7.4.1 how 2\n");
    story_end(story);
}

/* It is one of many then. */
Test(directory_meet, C4_an_end_that_has_been_told_is_forgotten_in_time) {
    struct story *story = story_of_ends();
    join(story, 7, false);
    tick(story, directory_limits_default.tombstone_ns);
    cr_assert_eq(directory_counters(story->directory)->tombstones_dropped, 1);
    cr_assert_eq(directory_find(story->directory, at(1, 1, 1)).how, CONTROL_SIGNAL);
    story_end(story);
}

/* Two stay. */
Test(directory_meet, C4_of_too_many_ends_that_are_owed_the_oldest_is_dropped) {
    struct story *story = story_new(SECOND);
    for (uint32_t i = 1; i <= 3; i++) {
        create(story, admin(2), at(7, 4, i), false);
        host_up(story, i + 1);
        host_died(story, i + 1, NULL);
    }
    cr_assert_eq(directory_counters(story->directory)->tombstones_dropped, 1);
    cr_assert_eq(directory_find(story->directory, at(7, 4, 1)).how, 0);
    cr_assert_eq(directory_find(story->directory, at(7, 4, 3)).how, CONTROL_SIGNAL);
    story_end(story);
}

Test(directory_meet, C4_who_has_missed_something_asks_for_those_that_it_believes_to_live_there) {
    struct story *story = story_with_actor_there();
    met(story, 3); /* is nobody here */
    expect(story, "");
    met(story, 2);
    expect(story, "2.0.0#0 created 1.1.1 in 205\n");
    exited(story, admin(2), at(1, 1, 1));
    exited(story, admin(2), at(1, 1, 1));
    expect(story, "1.1.0#0 exited 1.1.1 how 2\n");
    story_end(story);
}

Test(directory_meet, C4_a_home_that_believes_in_who_has_ended_is_told) {
    struct story *story = story_new(SECOND);
    created(story, 2, 0, at(2, 4, 1));
    expect(story, "2.0.0#0 exited 2.4.1 how 6: its node was lost for a while\n");
    create(story, admin(2), at(2, 4, 2), false);
    host_up(story, 2);
    created(story, 2, 0, at(2, 4, 2));
    expect(story, "start 2 for 2.4.2\n2.0.0#9 created 2.4.2 in 102\n");
    exited(story, at(1, 2, 0), at(2, 4, 2));
    created(story, 2, 0, at(2, 4, 2));
    expect(story, "2.0.0#0 exited 2.4.2 how 2\n2.0.0#0 exited 2.4.2 how 2\n");
    story_end(story);
}

/* Nodes from `first` on come, and are lost. */
static void lose_many(struct story *story, uint64_t first, size_t count) {
    for (uint64_t node = first; node < first + count; node++) {
        join(story, node, false);
        lose(story, node);
    }
    expect(story, "");
}

Test(directory_meet, C8_each_member_that_was_lost_is_told_so) {
    struct story *story = story_new(SECOND);
    lose(story, SECOND);
    lose_many(story, 3, FRAME_MEMBERS - 1);
    join(story, SECOND, true);
    expect(story, "2.0.0#0 met\n");
    story_end(story);
}

Test(directory_meet, C8_who_was_lost_last_is_told_so) {
    struct story *story = story_new(SECOND);
    lose(story, SECOND);
    lose_many(story, 3, FRAME_MEMBERS - 1);
    control(story, admin(2), &(struct control){.kind = CONTROL_NAMES_WANTED, .names_wanted.epoch = 7});
    expect(story, "2.0.0#0 0 names in epoch 7\n");
    lose_many(story, 3 + FRAME_MEMBERS, 1);
    join(story, SECOND, true);
    expect(story, "2.0.0#0 met\n2.0.0#0 0 names in epoch 7\n");
    story_end(story);
}

/* Found by the simulator of conventions, seed 1171: a new leader asks each member that it is told of. */
Test(directory_meet, G4_a_leader_that_asked_for_the_names_before_it_was_on_the_roster_is_told_them) {
    struct story *story = story_new(SECOND);
    control(story, admin(3), &(struct control){.kind = CONTROL_NAMES_WANTED, .names_wanted.epoch = 7});
    expect(story, "3.0.0#0 0 names in epoch 7\n");
    join(story, 4, false);
    join(story, 3, false);
    expect(story, "3.0.0#0 met\n3.0.0#0 0 names in epoch 7\n");
    story_end(story);
}

/* Who hosts it may have others in its process: a kill would end them. */
Test(directory_meet, C2_who_comes_up_too_late_is_asked_to_exit) {
    struct story *story = story_new(SECOND);
    create(story, at(1, 1, 0), at(1, 1, 1), true);
    tick(story, directory_limits_default.create_wait_ns);
    expect(story, "2.0.0#1 create 1.1.1 refused 1\n"
                  "1.1.0#9 failed 1.1.1 MESH_TIMED_OUT: the admin that was to create it did not answer in time\n");
    created(story, 2, 0, at(1, 1, 1));
    expect(story, "2.0.0#0 exited 1.1.1 how 3\n");
    story_end(story);
}

/* A question waits for it, and nobody has its address. */
Test(directory_meet, C8_who_was_never_heard_of_is_asked_to_exit) {
    struct story *story = story_new(SECOND);
    create(story, at(1, 1, 0), (struct mesh_address){0}, false);
    host_up(story, 2);
    expect(story, "start 2 for 1.0.1\n1.1.0#9 created 1.0.1 in 102\n");
    resolve(story, at(1, 2, 1), at(1, 1, 0));
    created(story, 2, 0, at(1, 2, 1));
    expect(story, "2.0.0#0 exited 1.2.1 how 6\n");
    story_end(story);
}

/* ---- who never comes ---- */

#define TAKEN_FOR_LOST                                                                                                 \
    "of 7.0.0: it does not come to the roster, though an actor belongs to it or lives there: it is taken for lost\n"

Test(directory_meet, C8_what_a_node_has_here_that_does_not_come_to_the_roster_is_asked_to_exit) {
    struct story *story = story_of_stranger();
    uint64_t wait_ns = directory_limits_default.stranger_wait_ns;
    tick(story, wait_ns - 1);
    tick(story, 1);
    tick(story, wait_ns - 1);
    expect(story, "");
    tick(story, 1);
    expect(story, TAKEN_FOR_LOST "exit request to 7.4.1\n");
    tick(story, wait_ns);
    expect(story, "");
    cr_assert_eq(directory_deadline(story->directory), TIME_NEVER);
    story_end(story);
}

Test(directory_meet, C8_who_comes_in_time_is_no_stranger) {
    struct story *story = story_of_stranger();
    tick(story, directory_limits_default.stranger_wait_ns);
    join(story, 7, false);
    tick(story, directory_limits_default.stranger_wait_ns);
    expect(story, "7.0.0#0 met\n7.0.0#0 created 7.4.1 in 102\n");
    story_end(story);
}

/* A look may come at once, since all strangers are looked at together. */
Test(directory_meet, C8_who_comes_as_late_as_the_brake_allows_is_no_stranger) {
    struct story *story = story_of_stranger();
    tick(story, directory_limits_default.stranger_wait_ns);
    tick(story, convention_times_default.hysteresis.ceiling_ns);
    expect(story, "");
    story_end(story);
}

Test(directory_meet, C4_of_what_lives_at_a_node_that_does_not_come_to_the_roster_the_end_is_told) {
    struct story *story = story_new(SECOND);
    struct control message = {.id = 1, .kind = CONTROL_CREATED};
    message.created = (struct control_created){at(1, 1, 1), 705, 7, bytes_of_text("tcp://7"), false};
    create(story, at(1, 1, 0), at(1, 1, 1), true);
    control(story, admin(2), &message);
    expect(story, "2.0.0#1 create 1.1.1 refused 1\n1.1.0#9 created 1.1.1 in 705\n");
    tick(story, directory_limits_default.stranger_wait_ns);
    tick(story, directory_limits_default.stranger_wait_ns);
    expect(story, TAKEN_FOR_LOST "1.1.0#0 exited 1.1.1 how 6: its node was lost\n");
    story_end(story);
}

/* ---- a create that comes twice ---- */

/* Found by the simulator of conventions, seed 2002: its home killed it, and believed the leader's word of it later. */
Test(directory_meet, C4_who_has_come_up_is_believed_while_the_create_waits_for_a_leader) {
    struct story *story = story_new(SECOND);
    join(story, 3, false);
    create(story, at(1, 1, 0), at(1, 1, 1), true);
    lose(story, SECOND);
    created(story, 3, 0, at(1, 1, 1));
    exited(story, admin(3), at(1, 1, 1));
    expect(story, "2.0.0#1 create 1.1.1 refused 1\n1.1.0#9 created 1.1.1 in 205\n1.1.0#0 exited 1.1.1 how 2\n");
    story_end(story);
}

/* Found by the simulator of conventions, seed 2723: it was passed on, came here by way of another leader, too, and failed. */
Test(directory_meet, B2_an_address_that_has_ended_here_is_not_created_again) {
    struct story *story = story_new(OWN);
    join(story, SECOND, false);
    create(story, admin(7), at(7, 4, 9), false);
    create(story, admin(7), at(7, 4, 1), false);
    step(story, &(struct directory_event){.kind = DIRECTORY_LEADER, .admin = SECOND});
    create(story, admin(2), at(7, 4, 1), false);
    step(story, &(struct directory_event){.kind = DIRECTORY_HOST_FAILED, .slot = 3, .status = MESH_LOAD_FAILED});
    expect(story, "start 2 for 7.4.9\n2.0.0#2 create 7.4.1 refused 0\nstart 3 for 7.4.1\n"
                  "2.0.0#9 failed 7.4.1 MESH_LOAD_FAILED: \n");
    lose(story, SECOND);
    expect(story, "7.0.0#9 failed 7.4.1 MESH_EXISTS: this address has an actor already\n");
    story_end(story);
}

/* It was passed on, came here by way of another leader, too, and is on its way into a slot. */
Test(directory_meet, B2_who_is_on_its_way_is_not_created_again_when_who_was_to_host_it_is_lost) {
    struct story *story = story_new(OWN);
    join(story, SECOND, false);
    create(story, admin(7), at(7, 4, 9), false);
    create(story, admin(7), at(7, 4, 1), false);
    join(story, THIRD, false);
    step(story, &(struct directory_event){.kind = DIRECTORY_LEADER, .admin = THIRD});
    create(story, admin(3), at(7, 4, 1), false);
    expect(story, "start 2 for 7.4.9\n2.0.0#2 create 7.4.1 refused 0\nstart 3 for 7.4.1\n");
    lose(story, SECOND);
    expect(story, "7.0.0#9 failed 7.4.1 MESH_EXISTS: this address has an actor already\n");
    host_up(story, 3);
    expect(story, "3.0.0#9 created 7.4.1 in 103\n7.0.0#0 created 7.4.1 in 103\n");
    story_end(story);
}
