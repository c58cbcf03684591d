/* Supervision in the directory (C7, E3): restarts at both sides of their limit, what earlier lives leave on record, who is no
 * failure, and who is told.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/unit/convention/story.h"

static const struct control_supervision twice_in_5_s = {CONTROL_RESTART, 2, 5000};

static void create_supervised(struct story *story, struct mesh_address address, struct control_supervision how) {
    struct control message = {.id = 9, .kind = CONTROL_CREATE};
    message.create.address = address;
    message.create.parent = at(1, 1, 1);
    message.create.type = bytes_of_text("mapper");
    message.create.supervision = how;
    control(story, at(1, 1, 0), &message);
}

static void crash(struct story *story, uint32_t slot, const struct directory_floor *floors, size_t count) {
    step(story, &(struct directory_event){.kind = DIRECTORY_HOST_DIED,
                                          .slot = slot,
                                          .how = CONTROL_SIGNAL,
                                          .number = 11,
                                          .text = bytes_of_text("killed by SIGSEGV"),
                                          .floors = floors,
                                          .floors_count = count});
}

static void forget(struct story *story) {
    story->used = 0;
    story->trace[0] = 0;
}

/* The actor 1.1.1, to be restarted, runs in slot 2. */
static struct story *story_with_worker(struct control_supervision how) {
    struct story *story = story_new(OWN);
    create_supervised(story, at(1, 1, 1), how);
    host_up(story, 2);
    expect(story, "start 2 for 1.1.1\n1.1.0#9 created 1.1.1 in 102\n");
    return story;
}

static void fails(struct story *story, uint32_t slot, struct mesh_address address) {
    struct control message = {.kind = CONTROL_EXITED};
    message.exited = (struct control_exited){
        .address = address, .how = CONTROL_OWN_EXIT, .text = bytes_of_text("no disk"), .failed = true};
    control(story, at(1, slot, 0), &message);
}

Test(directory_restart, C7_a_crashed_actor_is_started_anew_and_nobody_is_told) {
    struct story *story = story_with_worker(twice_in_5_s);
    crash(story, 2, NULL, 0);
    expect(story, "start 3 for 1.1.1\n");
    resolve(story, at(1, 1, 1), at(1, 1, 1));
    expect(story, "");
    host_up(story, 3);
    expect(story, "1.1.0#5 resolved 1.1.1 in 103 life 1\n");
    cr_assert_eq(directory_counters(story->directory)->restarts, 1);
    story_end(story);
}

Test(directory_restart, C7_one_failure_more_than_allowed_is_the_end) {
    struct story *story = story_with_worker(twice_in_5_s);
    crash(story, 2, NULL, 0);
    host_up(story, 3);
    crash(story, 3, NULL, 0);
    host_up(story, 4);
    story->now_ns = 5 * NS_PER_S - 1;
    forget(story);
    crash(story, 4, NULL, 0);
    expect(story, "1.1.0#0 exited 1.1.1 how 4: killed by SIGSEGV; its 2 restarts within 5000 ms are used up\n");
    story_end(story);
}

Test(directory_restart, C7_what_is_long_ago_does_not_count) {
    struct story *story = story_with_worker(twice_in_5_s);
    crash(story, 2, NULL, 0);
    host_up(story, 3);
    crash(story, 3, NULL, 0);
    host_up(story, 4);
    story->now_ns = 5 * NS_PER_S;
    forget(story);
    crash(story, 4, NULL, 0);
    expect(story, "start 5 for 1.1.1\n");
    story_end(story);
}

Test(directory_restart, E3_each_sender_learns_what_the_life_it_had_sent_to_has_on_record) {
    struct story *story = story_with_worker(twice_in_5_s);
    const struct directory_floor first[] = {
        {.actor = at(1, 1, 1), .sender = at(1, 1, 1), .epoch = 1, .handled = 7, .in_hand = 8},
        {.actor = at(1, 1, 1), .sender = at(1, 1, 2), .epoch = 2, .handled = 3},
    };
    crash(story, 2, first, 2);
    host_up(story, 3);
    const struct directory_floor second = {.actor = at(1, 1, 1), .sender = at(1, 1, 2), .epoch = 5, .handled = 20};
    step(story, &(struct directory_event){.kind = DIRECTORY_HOST_DIED,
                                          .slot = 3,
                                          .how = CONTROL_EXIT_CODE,
                                          .number = 3,
                                          .text = bytes_of_text("its process ended with code 3"),
                                          .floors = &second,
                                          .floors_count = 1});
    host_up(story, 4);
    forget(story);
    resolve(story, at(1, 1, 1), at(1, 1, 1));
    resolve(story, at(1, 1, 1), at(1, 1, 2));
    resolve(story, at(1, 1, 1), at(1, 1, 3));
    expect(story, "1.1.0#5 resolved 1.1.1 in 104 life 2 handled 7 in hand 8 of 1.1.1: killed by SIGSEGV\n"
                  "1.1.0#5 resolved 1.1.1 in 104 life 2 handled 20 in hand 0 of 1.1.2: its process ended with code 3\n"
                  "1.1.0#5 resolved 1.1.1 in 104 life 2\n");
    story_end(story);
}

Test(directory_restart, C7_what_somebody_wanted_is_no_failure) {
    struct story *story = story_with_worker(twice_in_5_s);
    struct control kill = {.kind = CONTROL_KILL};
    kill.kill.address = at(1, 1, 1);
    control(story, at(1, 1, 0), &kill);
    crash(story, 2, NULL, 0);
    expect(story, "kill host 2\n1.1.0#0 exited 1.1.1 how 4: killed by SIGSEGV\n");
    create_supervised(story, at(1, 1, 2), twice_in_5_s);
    host_up(story, 3);
    forget(story);
    const struct directory_wanted wanted = {at(1, 1, 2), CONTROL_OWN_EXIT};
    struct directory_event died = {
        .kind = DIRECTORY_HOST_DIED, .slot = 3, .how = CONTROL_SIGNAL, .wanted = &wanted, .wanted_count = 1};
    step(story, &died);
    expect(story, "1.1.0#0 exited 1.1.2 how 2\n");
    story_end(story);
}

Test(directory_restart, C4_an_end_that_was_wanted_is_told_whatever_killed_the_process) {
    struct story *story = story_with_worker(twice_in_5_s);
    create_supervised(story, at(1, 1, 2), twice_in_5_s);
    host_up(story, 3);
    forget(story);
    /* What the page of another process says of an actor is not believed. */
    const struct directory_wanted wanted[] = {{at(1, 1, 2), CONTROL_OWN_EXIT}, {at(1, 1, 1), CONTROL_OWN_EXIT}};
    struct directory_event died = {.kind = DIRECTORY_HOST_DIED,
                                   .slot = 2,
                                   .how = CONTROL_SIGNAL,
                                   .number = 11,
                                   .text = bytes_of_text("killed by SIGSEGV"),
                                   .wanted = wanted,
                                   .wanted_count = 1,
                                   .all_wanted = CONTROL_EXIT_REQUEST};
    step(story, &died);
    expect(story, "1.1.0#0 exited 1.1.1 how 1: killed by SIGSEGV\n");
    forget(story);
    crash(story, 3, NULL, 0);
    expect(story, "start 4 for 1.1.2\n");
    story_end(story);
}

Test(directory_restart, C7_a_node_that_stops_starts_nothing_anew) {
    struct story *story = story_with_worker(twice_in_5_s);
    step(story, &(struct directory_event){.kind = DIRECTORY_STOPPING});
    crash(story, 2, NULL, 0);
    expect(story, "1.1.0#0 exited 1.1.1 how 4: killed by SIGSEGV\n");
    story_end(story);
}

Test(directory_restart, C7_an_orphan_is_not_started_anew) {
    struct story *story = story_with_worker(twice_in_5_s);
    host_died(story, 1, NULL);
    crash(story, 2, NULL, 0);
    expect(story, "exit request to 1.1.1\n");
    story_end(story);
}

Test(directory_restart, C7_a_failed_constructor_gets_a_new_process_or_is_given_up) {
    struct story *story = story_with_worker((struct control_supervision){CONTROL_RESTART, 1, 5000});
    fails(story, 2, at(1, 1, 1));
    expect(story, "kill host 2\n");
    crash(story, 2, NULL, 0);
    host_up(story, 3);
    expect(story, "start 3 for 1.1.1\n");
    fails(story, 3, at(1, 1, 1));
    expect(story, "1.3.0#0 kill 1.1.1\n");
    fails(story, 3, at(1, 1, 1));
    expect(story, "1.1.0#0 exited 1.1.1 how 2: no disk; its 1 restarts within 5000 ms are used up\n");
    story_end(story);
}

Test(directory_restart, C4_who_was_given_up_has_told_how) {
    struct story *story = story_with_worker((struct control_supervision){CONTROL_RESTART, 1, 5000});
    crash(story, 2, NULL, 0);
    host_up(story, 3);
    fails(story, 3, at(1, 1, 1));
    forget(story);
    crash(story, 3, NULL, 0);
    expect(story, "1.1.0#0 exited 1.1.1 how 2: no disk; its 1 restarts within 5000 ms are used up\n");
    story_end(story);
}

Test(directory_restart, C7_a_crash_before_the_host_has_spoken_of_the_actor_counts_too) {
    struct story *story = story_new(OWN);
    create_supervised(story, at(1, 1, 1), (struct control_supervision){CONTROL_RESTART, 1, 5000});
    step(story, &(struct directory_event){.kind = DIRECTORY_HOST_UP, .slot = 2, .process = 102});
    crash(story, 2, NULL, 0);
    expect(story, "start 2 for 1.1.1\nstart 3 for 1.1.1\n");
    step(story, &(struct directory_event){.kind = DIRECTORY_HOST_UP, .slot = 3, .process = 103});
    crash(story, 3, NULL, 0);
    expect(story, "1.1.0#9 failed 1.1.1 MESH_LOAD_FAILED: no node of 1 can host type mapper: its host ended before it "
                  "was up: killed by SIGSEGV\n");
    story_end(story);
}

Test(directory_restart, C7_a_restart_that_cannot_be_is_the_end) {
    struct story *story = story_with_worker(twice_in_5_s);
    crash(story, 2, NULL, 0);
    forget(story);
    step(story, &(struct directory_event){.kind = DIRECTORY_HOST_FAILED,
                                          .slot = 3,
                                          .status = MESH_UNKNOWN_TYPE,
                                          .text = bytes_of_text("the program has left")});
    expect(story, "1.1.0#0 exited 1.1.1 how 4: it failed, and is not started anew: the program has left\n");
    story_end(story);
}

Test(directory_restart, C7_who_escalates_says_so_to_its_parent) {
    struct story *story = story_with_worker((struct control_supervision){.on_failure = CONTROL_ESCALATE});
    crash(story, 2, NULL, 0);
    expect(story, "1.1.0#0 exited 1.1.1 how 4 escalates: killed by SIGSEGV\n");
    story_end(story);
}

Test(directory_restart, C7_the_home_asks_the_admin_that_starts_it_anew) {
    struct story *story = story_new(SECOND);
    struct control message = {.id = 9, .kind = CONTROL_CREATE};
    struct frame_requirement need = {.name = bytes_of_text("gpu"), .comparison = FRAME_COMPARE_PRESENT};
    message.create.address = at(1, 1, 1);
    message.create.parent = at(1, 1, 1);
    message.create.type = bytes_of_text("mapper");
    message.create.requirements = &need;
    message.create.requirements_count = 1;
    message.create.supervision = twice_in_5_s;
    control(story, at(1, 1, 0), &message);
    created(story, 2, 1, at(1, 1, 1));
    forget(story);
    resolve(story, at(1, 1, 1), at(1, 1, 1));
    expect(story, "2.0.0#2 resolve 1.1.1\n");
    struct control answer = {.id = 2, .kind = CONTROL_RESOLVED};
    answer.resolved = (struct control_resolved){.address = at(1, 1, 1), .process = 209};
    control(story, admin(2), &answer);
    expect(story, "1.1.0#5 resolved 1.1.1 in 209\n");
    story_end(story);
}

Test(directory_restart, C7_the_children_of_a_crashed_life_are_asked_to_exit) {
    struct story *story = story_with_worker(twice_in_5_s);
    create(story, at(1, 2, 0), at(1, 2, 1), false);
    host_up(story, 3);
    forget(story);
    crash(story, 2, NULL, 0);
    expect(story, "start 4 for 1.1.1\nexit request to 1.2.1\n");
    story_end(story);
}

Test(directory_restart, C6_a_detached_actor_is_no_orphan_and_nobody_is_told) {
    struct story *story = story_new(OWN);
    struct control message = {.id = 9, .kind = CONTROL_CREATE};
    message.create.address = at(1, 1, 1);
    message.create.type = bytes_of_text("mapper");
    message.create.detached = true;
    control(story, at(1, 1, 0), &message);
    host_up(story, 2);
    forget(story);
    host_died(story, 1, NULL);
    expect(story, "");
    crash(story, 2, NULL, 0);
    expect(story, "");
    story_end(story);
}

static void exits(struct story *story, uint32_t slot, struct mesh_address address, bool alone) {
    struct control message = {.kind = CONTROL_EXITED};
    message.exited = (struct control_exited){.address = address, .how = CONTROL_EXIT_REQUEST, .alone = alone};
    control(story, at(1, slot, 0), &message);
}

/* 1.1.1, in slot 2, has the child 1.2.1, and that the child 1.3.1; then what the process of a slot says of an end. */
static struct story *story_with_grandchild(uint32_t slot, struct mesh_address ended, bool alone) {
    struct story *story = story_with_worker(twice_in_5_s);
    struct control message = {.id = 9, .kind = CONTROL_CREATE};
    for (uint32_t parent = 2; parent <= 3; parent++) {
        message.create.address = at(1, parent, 1);
        message.create.parent = at(1, parent - 1, 1);
        message.create.type = bytes_of_text("mapper");
        control(story, at(1, parent, 0), &message);
        host_up(story, parent + 1);
    }
    exits(story, slot, ended, alone);
    forget(story);
    return story;
}

Test(directory_restart, C5_who_exits_alone_leaves_no_orphans_and_nobody_is_told) {
    struct story *story = story_with_grandchild(2, at(1, 1, 1), true);
    host_died(story, 2, NULL);
    expect(story, "");
    exited(story, at(1, 3, 0), at(1, 2, 1));
    expect(story, "");
    host_died(story, 3, NULL);
    expect(story, "exit request to 1.3.1\n");
    story_end(story);
}

Test(directory_restart, C5_who_exits_with_its_children_leaves_orphans) {
    struct story *story = story_with_grandchild(2, at(1, 1, 1), false);
    host_died(story, 2, NULL);
    expect(story, "exit request to 1.2.1\n");
    story_end(story);
}

Test(directory_restart, C5_nobody_leaves_the_children_of_another_process_be) {
    struct story *story = story_with_grandchild(4, at(1, 1, 1), true);
    host_died(story, 2, NULL);
    expect(story, "start 5 for 1.1.1\nexit request to 1.2.1\n");
    story_end(story);
}

Test(directory_restart, C5_a_child_that_is_still_to_come_is_left_be_too) {
    struct story *story = story_with_worker(twice_in_5_s);
    create(story, at(1, 2, 0), at(1, 2, 1), false);
    exits(story, 2, at(1, 1, 1), true);
    forget(story);
    step(story, &(struct directory_event){
                    .kind = DIRECTORY_HOST_DIED, .slot = 3, .how = CONTROL_SIGNAL, .checking = at(1, 9, 1)});
    host_died(story, 2, NULL);
    host_up(story, 4);
    expect(story, "start 4 for 1.2.1\n1.2.0#9 created 1.2.1 in 104 detached\n");
    story_end(story);
}

Test(directory_restart, K1_who_is_started_anew_is_starting_and_its_restarts_are_counted) {
    struct story *story = story_with_worker(twice_in_5_s);
    fails(story, 2, at(1, 1, 1));
    cr_assert_eq(directory_find(story->directory, at(1, 1, 1)).kind, DIRECTORY_STARTING);
    crash(story, 2, NULL, 0);
    cr_assert_eq(directory_find(story->directory, at(1, 1, 1)).kind, DIRECTORY_STARTING);
    host_up(story, 3);
    struct directory_place place = directory_find(story->directory, at(1, 1, 1));
    cr_assert_eq(place.kind, DIRECTORY_HERE);
    cr_assert_eq(place.restarts, 1);
    story_end(story);
}

static bool has_name(const struct story *story) {
    const void *cursor = NULL;
    struct control_held_name held;
    return directory_next_name(story->directory, &cursor, &held) && bytes_equal(held.name, bytes_of_text("clock"));
}

Test(directory_restart, G1_who_is_started_anew_keeps_its_name) {
    struct story *story = story_new(OWN);
    struct control message = {.id = 9, .kind = CONTROL_CREATE};
    message.create.type = bytes_of_text("mapper");
    message.create.supervision = (struct control_supervision){CONTROL_RESTART, 1, 5000};
    message.create.name = bytes_of_text("clock");
    message.create.name_epoch = 1;
    control(story, at(1, 1, 0), &message);
    host_up(story, 2);
    cr_assert(has_name(story));
    crash(story, 2, NULL, 0);
    cr_assert(has_name(story));
    host_up(story, 3);
    cr_assert(has_name(story));
    crash(story, 3, NULL, 0);
    cr_assert_not(has_name(story), "it has ended");
    story_end(story);
}
