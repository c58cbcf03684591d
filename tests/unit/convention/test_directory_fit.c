/* Who fits a node: creates that are judged again, told as test_directory.c does.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/unit/convention/story.h"

static void forget(struct story *story) {
    story->used = 0;
    story->trace[0] = 0;
}

/* This node has a gpu from now on, or has none any more. */
static void set_gpu(struct story *story, bool there) {
    struct frame_value yes = {.kind = FRAME_VALUE_FLAG, .flag = true};
    struct frame_capability item = {bytes_of_text("gpu"), there, &yes, false};
    struct member *self = members_find(&story->members, OWN);
    cr_assert_eq(capability_set_put(&self->capabilities, &item), MESH_OK);
    step(story, &(struct directory_event){.kind = DIRECTORY_CAPABILITIES});
}

/* ---- H4 ---- */

Test(directory_fit, H4_who_lives_here_is_judged_again_and_asked_to_exit) {
    struct story *story = story_new(OWN);
    set_gpu(story, true);
    create(story, at(1, 1, 0), at(1, 1, 1), true);
    create(story, at(1, 1, 0), at(1, 1, 2), false);
    host_up(story, 2);
    host_up(story, 3);
    forget(story);
    set_gpu(story, true);
    expect(story, "");
    set_gpu(story, false);
    expect(story, "unfit 1.1.1\n");
    exited(story, at(1, 2, 0), at(1, 1, 1));
    forget(story);
    set_gpu(story, false);
    expect(story, "");
    story_end(story);
}

Test(directory_fit, H4_who_is_on_its_way_is_judged_when_it_is_up) {
    struct story *story = story_new(OWN);
    set_gpu(story, true);
    create(story, at(1, 1, 0), at(1, 1, 1), true);
    set_gpu(story, false);
    expect(story, "start 2 for 1.1.1\n");
    host_up(story, 2);
    expect(story, "1.1.0#9 created 1.1.1 in 102\nunfit 1.1.1\n");
    story_end(story);
}

Test(directory_fit, H4_a_create_sees_what_is_there_now) {
    struct story *story = story_new(OWN);
    create(story, at(1, 1, 0), at(1, 1, 1), true);
    set_gpu(story, true);
    forget(story);
    create(story, at(1, 1, 0), at(1, 1, 2), true);
    expect(story, "start 2 for 1.1.2\n");
    story_end(story);
}

Test(directory_fit, H4_who_lives_elsewhere_is_not_judged_here) {
    struct story *story = story_new(OWN);
    join(story, SECOND, true);
    create(story, at(1, 1, 0), at(1, 1, 1), true);
    created(story, 2, 1, at(1, 1, 1));
    forget(story);
    set_gpu(story, false);
    expect(story, "");
    story_end(story);
}

/* ---- H2: check functions ---- */

enum { LIGHT_HOSTS = 2 };

/* The creator requires a gpu; the type has a check function, so that its host asks. */
static void create_checked(struct story *story, uint32_t number, enum control_on_failure on_failure, const char *pool) {
    struct frame_requirement need = {.name = bytes_of_text("gpu"), .comparison = FRAME_COMPARE_PRESENT};
    struct control message = {.id = number, .kind = CONTROL_CREATE};
    message.create.address = at(1, 1, number);
    message.create.parent = at(1, 1, 1);
    message.create.type = bytes_of_text("mapper");
    message.create.requirements = &need;
    message.create.requirements_count = message.create.creators_count = 1;
    message.create.supervision = (struct control_supervision){on_failure, 3, 5000};
    step(story, &(struct directory_event){.kind = DIRECTORY_CONTROL,
                                          .asker = at(1, 1, 0),
                                          .control = &message,
                                          .known = true,
                                          .pool = bytes_of_text(pool)});
}

static void ask_check(struct story *story, uint32_t slot, uint32_t number) {
    struct control question = {.kind = CONTROL_CHECK, .check.address = at(1, 1, number)};
    control(story, at(1, slot, 0), &question);
}

static void process_up(struct story *story, uint32_t slot) {
    step(story, &(struct directory_event){.kind = DIRECTORY_HOST_UP, .slot = slot, .process = 100 + slot});
}

/* `checked`: in the check function of that actor; 0: in none. */
static void dies(struct story *story, uint32_t slot, enum control_how how, uint32_t checked) {
    struct directory_event died = {
        .kind = DIRECTORY_HOST_DIED, .slot = slot, .how = how, .text = bytes_of_text("killed by SIGSEGV")};
    died.checking = checked ? at(1, 1, checked) : died.checking;
    step(story, &died);
}

/* This node, which has a gpu, leads; so does the other one. Host 2 has asked what to check for actor 1. */
static struct story *story_with_check(enum control_on_failure on_failure, const char *pool) {
    struct story *story = story_new(OWN);
    join(story, SECOND, true);
    set_gpu(story, true);
    create_checked(story, 1, on_failure, pool);
    process_up(story, 2);
    expect(story, "start 2 for 1.1.1\n");
    ask_check(story, 2, 1);
    expect(story, "1.2.0#0 check 1.1.1 by 1, required 1\n");
    return story;
}

Test(directory_fit, H2_a_no_of_a_check_function_is_a_refusal) {
    struct story *story = story_with_check(CONTROL_STOP, "");
    step(story, &(struct directory_event){.kind = DIRECTORY_HOST_FAILED,
                                          .slot = 2,
                                          .address = at(1, 1, 1),
                                          .status = MESH_NO_COMPATIBLE_NODE,
                                          .text = bytes_of_text("it says no")});
    expect(story, "2.0.0#1 create 1.1.1 refused 1\n");
    struct control failed = {.id = 1, .kind = CONTROL_CREATE_FAILED};
    failed.create_failed.status = MESH_UNKNOWN_TYPE;
    control(story, admin(2), &failed);
    expect(story, "1.1.0#1 failed 1.1.1 MESH_NO_COMPATIBLE_NODE: no node of 2 can host type mapper: it says no\n");
    story_end(story);
}

Test(directory_fit, H2_a_crash_in_a_check_function_is_a_no_and_no_failure_of_its_actor) {
    struct story *story = story_with_check(CONTROL_RESTART, "");
    dies(story, 2, CONTROL_SIGNAL, 1);
    expect(story, "2.0.0#1 create 1.1.1 refused 1\n");
    story_end(story);
}

Test(directory_fit, C7_H2_a_crash_after_the_check_is_a_failure) {
    struct story *story = story_with_check(CONTROL_RESTART, "");
    dies(story, 2, CONTROL_SIGNAL, 0);
    expect(story, "start 3 for 1.1.1\n");
    story_end(story);
}

Test(directory_fit, H2_a_check_function_that_ends_its_process_says_no) {
    struct story *story = story_with_check(CONTROL_STOP, "");
    dies(story, 2, CONTROL_OWN_EXIT, 1);
    expect(story, "2.0.0#1 create 1.1.1 refused 1\n");
    story_end(story);
}

Test(directory_fit, H2_a_check_function_that_does_not_return_is_a_refusal) {
    struct story *story = story_with_check(CONTROL_STOP, "");
    story->now_ns = directory_limits_default.start_wait_ns - 1;
    step(story, &(struct directory_event){.kind = DIRECTORY_TICK});
    expect(story, "");
    story->now_ns++;
    step(story, &(struct directory_event){.kind = DIRECTORY_TICK});
    expect(story, "kill host 2\n2.0.0#1 create 1.1.1 refused 1\n");
    dies(story, 2, CONTROL_SIGNAL, 1);
    expect(story, "");
    story_end(story);
}

Test(directory_fit, H2_who_waits_for_a_host_that_dies_of_a_check_gets_another) {
    struct story *story = story_with_check(CONTROL_STOP, "m.so");
    for (uint32_t i = 2; i <= LIGHT_HOSTS + 1; i++) {
        create_checked(story, i, CONTROL_STOP, "m.so");
    }
    expect(story, "start 3 for 1.1.2\n");
    dies(story, 2, CONTROL_SIGNAL, 1); /* with actor 1 in its check, and actor 3 to follow */
    expect(story, "2.0.0#1 create 1.1.1 refused 1\nstart 4 for 1.1.3\n");
    story_end(story);
}

Test(directory_fit, H2_who_waits_for_a_host_whose_first_actor_was_refused_gets_another) {
    struct story *story = story_with_check(CONTROL_STOP, "m.so");
    for (uint32_t i = 2; i <= LIGHT_HOSTS + 1; i++) {
        create_checked(story, i, CONTROL_STOP, "m.so");
    }
    step(story,
         &(struct directory_event){
             .kind = DIRECTORY_HOST_FAILED, .slot = 2, .address = at(1, 1, 1), .status = MESH_NO_COMPATIBLE_NODE});
    forget(story);
    dies(story, 2, CONTROL_OWN_EXIT, 0);
    expect(story, "start 4 for 1.1.3\n");
    story_end(story);
}

Test(directory_fit, H2_who_is_started_anew_is_checked_again) {
    struct story *story = story_with_check(CONTROL_RESTART, "");
    step(story, &(struct directory_event){.kind = DIRECTORY_ACTOR_UP, .slot = 2, .address = at(1, 1, 1)});
    forget(story);
    dies(story, 2, CONTROL_SIGNAL, 0);
    expect(story, "start 3 for 1.1.1\n");
    process_up(story, 3);
    ask_check(story, 3, 1);
    expect(story, "1.3.0#0 check 1.1.1 by 1, required 1\n");
    dies(story, 3, CONTROL_SIGNAL, 1);
    expect(story,
           "1.1.0#0 exited 1.1.1 how 4: it failed, and is not started anew: its host ended before it was up: killed "
           "by SIGSEGV\n");
    story_end(story);
}

Test(directory_fit, H2_a_host_that_asks_for_nobody_is_told_to_forget_it) {
    struct story *story = story_with_check(CONTROL_STOP, "");
    ask_check(story, 2, 7);
    expect(story, "1.2.0#0 kill 1.1.7\n");
    ask_check(story, 1, 1);
    expect(story, "");
    story_end(story);
}

Test(directory_fit, H4_hosts_of_check_functions_are_told_of_each_change) {
    struct story *story = story_with_check(CONTROL_STOP, "");
    struct member *self = members_find(&story->members, OWN);
    struct frame_value yes = {.kind = FRAME_VALUE_FLAG, .flag = true};
    struct frame_capability tape = {bytes_of_text("tape"), 1, &yes, false};
    cr_assert_eq(capability_set_put(&self->capabilities, &tape), MESH_OK);
    step(story, &(struct directory_event){.kind = DIRECTORY_CAPABILITIES});
    expect(story, "1.2.0#0 check 1.1.1 by 2, required 1\n");
    step(story, &(struct directory_event){.kind = DIRECTORY_ACTOR_UP, .slot = 2, .address = at(1, 1, 1)});
    forget(story);
    step(story, &(struct directory_event){.kind = DIRECTORY_CAPABILITIES});
    expect(story, "1.2.0#0 check 1.1.1 by 2, required 1\n");
    set_gpu(story, false);
    expect(story, "unfit 1.1.1\n");
    story_end(story);
}

/* ---- H3: counts ---- */

static uint32_t placed_at(const struct story *story, uint64_t incarnation) {
    return members_find(&story->members, incarnation)->placed;
}

static void refuse(struct story *story, uint64_t from, uint64_t id) {
    struct control failed = {.id = id, .kind = CONTROL_CREATE_FAILED};
    failed.create_failed.status = MESH_FULL;
    control(story, admin(from), &failed);
}

Test(directory_fit, H3_an_actor_that_did_not_come_up_is_not_counted) {
    struct story *story = story_new(OWN);
    join(story, SECOND, true);
    join(story, THIRD, true);
    create(story, at(1, 1, 0), at(1, 1, 1), true);
    create(story, at(1, 1, 0), at(1, 1, 2), true);
    cr_assert_eq(placed_at(story, SECOND), 1);
    cr_assert_eq(placed_at(story, THIRD), 1);
    refuse(story, SECOND, 1);
    cr_assert_eq(placed_at(story, SECOND), 0);
    cr_assert_eq(placed_at(story, THIRD), 2);
    created(story, THIRD, 1, at(1, 1, 1));
    cr_assert_eq(placed_at(story, THIRD), 2);
    story_end(story);
}

Test(directory_fit, H3_what_a_member_has_said_since_counts_for_itself) {
    struct story *story = story_new(OWN);
    join(story, SECOND, true);
    create(story, at(1, 1, 0), at(1, 1, 1), true);
    members_report(members_find(&story->members, SECOND), 5);
    create(story, at(1, 1, 0), at(1, 1, 2), true);
    refuse(story, SECOND, 1);
    cr_assert_eq(placed_at(story, SECOND), 1, "the second one's");
    refuse(story, SECOND, 2);
    cr_assert_eq(placed_at(story, SECOND), 0);
    story_end(story);
}
