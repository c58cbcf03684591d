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
