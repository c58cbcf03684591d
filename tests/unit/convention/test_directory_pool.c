/* Pools of light actors in the directory (A4): who shares a host with whom, and what a host's end means for each.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/unit/convention/story.h"

static void create_light(struct story *story, uint32_t number, enum control_on_failure on_failure) {
    struct control message = {.id = number, .kind = CONTROL_CREATE};
    message.create.address = at(1, 1, number);
    message.create.parent = at(1, 1, 1);
    message.create.type = bytes_of_text("leaf");
    message.create.supervision = (struct control_supervision){on_failure, 3, 5000};
    step(story, &(struct directory_event){.kind = DIRECTORY_CONTROL,
                                          .asker = at(1, 1, 0),
                                          .control = &message,
                                          .known = true,
                                          .pool = bytes_of_text("leaves.so")});
}

static void actor_up(struct story *story, uint32_t slot, uint32_t number) {
    step(story, &(struct directory_event){.kind = DIRECTORY_ACTOR_UP, .slot = slot, .address = at(1, 1, number)});
}

static void ends(struct story *story, uint32_t slot, enum control_how how) {
    step(story, &(struct directory_event){.kind = DIRECTORY_HOST_DIED, .slot = slot, .how = how});
}

static void forget(struct story *story) {
    story->used = 0;
    story->trace[0] = 0;
}

/* Hosts 2 and 3 have the actors 1 and 2. */
static struct story *story_with_pool(enum control_on_failure on_failure) {
    struct story *story = story_new(OWN);
    create_light(story, 1, on_failure);
    create_light(story, 2, on_failure);
    expect(story, "start 2 for 1.1.1\nstart 3 for 1.1.2\n");
    host_up(story, 2);
    host_up(story, 3);
    expect(story, "1.1.0#1 created 1.1.1 in 102\n1.1.0#2 created 1.1.2 in 103\n");
    return story;
}

Test(directory_pool, A4_the_host_with_the_fewest_actors_gets_it) {
    struct story *story = story_with_pool(CONTROL_STOP);
    create_light(story, 3, CONTROL_STOP);
    create_light(story, 4, CONTROL_STOP);
    create_light(story, 5, CONTROL_STOP);
    expect(story, "1.2.0#3 create 1.1.3 refused 0\n1.3.0#4 create 1.1.4 refused 0\n1.2.0#5 create 1.1.5 refused 0\n");
    actor_up(story, 2, 5);
    actor_up(story, 3, 4);
    actor_up(story, 2, 3);
    expect(story, "1.1.0#5 created 1.1.5 in 102\n1.1.0#4 created 1.1.4 in 103\n1.1.0#3 created 1.1.3 in 102\n");
    story_end(story);
}

Test(directory_pool, A4_who_comes_before_the_host_is_up_waits_for_it) {
    struct story *story = story_new(OWN);
    for (uint32_t i = 1; i <= 4; i++) {
        create_light(story, i, CONTROL_STOP);
    }
    expect(story, "start 2 for 1.1.1\nstart 3 for 1.1.2\n");
    host_up(story, 2);
    expect(story, "1.1.0#1 created 1.1.1 in 102\n1.2.0#3 create 1.1.3 refused 0\n");
    story_end(story);
}

Test(directory_pool, A4_a_create_that_met_its_host_leaving_is_placed_again) {
    struct story *story = story_with_pool(CONTROL_STOP);
    create_light(story, 3, CONTROL_STOP);
    forget(story);
    ends(story, 2, CONTROL_OWN_EXIT); /* its first actor had gone meanwhile */
    expect(story, "start 4 for 1.1.3\n1.1.0#0 exited 1.1.1 how 2\n");
    host_up(story, 4);
    expect(story, "1.1.0#3 created 1.1.3 in 104\n");
    story_end(story);
}

Test(directory_pool, A4_a_host_without_actors_gets_no_more) {
    struct story *story = story_with_pool(CONTROL_STOP);
    exited(story, at(1, 2, 0), at(1, 1, 1));
    forget(story);
    create_light(story, 3, CONTROL_STOP);
    expect(story, "start 4 for 1.1.3\n");
    story_end(story);
}

Test(directory_pool, C4_a_crash_is_told_for_each_actor_of_the_host_and_no_other) {
    struct story *story = story_with_pool(CONTROL_STOP);
    create_light(story, 3, CONTROL_STOP);
    actor_up(story, 2, 3);
    forget(story);
    ends(story, 2, CONTROL_SIGNAL);
    cr_assert(strstr(story->trace, "1.1.0#0 exited 1.1.1 how 4\n"));
    cr_assert(strstr(story->trace, "1.1.0#0 exited 1.1.3 how 4\n"));
    cr_assert_not(strstr(story->trace, "1.1.2"));
    story_end(story);
}

Test(directory_pool, C7_what_dies_together_is_started_anew_together) {
    struct story *story = story_with_pool(CONTROL_RESTART);
    create_light(story, 3, CONTROL_RESTART);
    actor_up(story, 2, 3);
    forget(story);
    ends(story, 2, CONTROL_SIGNAL);
    cr_assert(strcmp(story->trace, "start 4 for 1.1.1\n") == 0 || strcmp(story->trace, "start 4 for 1.1.3\n") == 0,
              "%s", story->trace);
    forget(story);
    host_up(story, 4);
    cr_assert(strncmp(story->trace, "1.4.0#", 6) == 0, "%s", story->trace);
    story_end(story);
}

Test(directory_pool, C7_a_failed_constructor_is_tried_again_beside_the_others) {
    struct story *story = story_with_pool(CONTROL_RESTART);
    struct control message = {.kind = CONTROL_EXITED};
    message.exited = (struct control_exited){.address = at(1, 1, 1), .how = CONTROL_OWN_EXIT, .failed = true};
    control(story, at(1, 2, 0), &message);
    expect(story, "1.2.0#3 create 1.1.1 refused 0\n");
    actor_up(story, 2, 1);
    expect(story, "");
    story_end(story);
}

Test(directory_pool, A4_the_kill_of_an_unrecorded_one_kills_its_host) {
    struct story *story = story_with_pool(CONTROL_STOP);
    struct control kill = {.kind = CONTROL_KILL};
    kill.kill.address = at(1, 2, ADDRESS_LOCAL + 7);
    control(story, at(1, 2, 0), &kill);
    expect(story, "kill host 2\n");
    story_end(story);
}
