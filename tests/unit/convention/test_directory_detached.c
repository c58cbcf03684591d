/* A detached actor is found though its home is not on the roster, or had lost it: docs/semantics.md, C6.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/unit/convention/story.h"

static void tell_created(struct story *story, uint64_t from, struct mesh_address address, bool detached) {
    struct control message = {.kind = CONTROL_CREATED};
    message.created = (struct control_created){address, 205, from, bytes_of_text("tcp://5"), detached};
    control(story, admin(from), &message);
}

/* Node 3 has 3.4.1 here, detached or not; node 2 leads, or this node does. */
static struct story *story_of_guest(uint64_t leader, bool detached) {
    struct story *story = story_new(leader);
    struct control message = {.id = 9, .kind = CONTROL_CREATE};
    join(story, THIRD, false);
    message.create.address = at(3, 4, 1);
    message.create.type = bytes_of_text("mapper");
    message.create.detached = detached;
    control(story, admin(3), &message);
    host_up(story, 2);
    return story;
}

static void forget_trace(struct story *story) {
    story->used = 0;
    story->trace[0] = 0;
}

/* The leader's word of what it wants to know. */
static void names_wanted(struct story *story, uint64_t from, uint64_t epoch) {
    control(story, admin(from), &(struct control){.kind = CONTROL_NAMES_WANTED, .names_wanted.epoch = epoch});
}

/* ---- who hosts it ---- */

Test(directory_detached, C6_the_leader_is_told_where_a_detached_actor_of_another_home_lives) {
    struct story *story = story_of_guest(SECOND, true);
    expect(story, "start 2 for 3.4.1\n2.0.0#0 1 names in epoch 0\n3.0.0#9 created 3.4.1 in 102 detached\n");
    lose(story, THIRD);
    expect(story, "");
    exited(story, at(1, 2, 0), at(3, 4, 1));
    expect(story, "2.0.0#0 freed\n");
    story_end(story);
}

Test(directory_detached, C8_an_orphan_is_not_kept_for_anybody) {
    struct story *story = story_of_guest(SECOND, false);
    expect(story, "start 2 for 3.4.1\n3.0.0#9 created 3.4.1 in 102\n");
    lose(story, THIRD);
    expect(story, "exit request to 3.4.1\n");
    story_end(story);
}

Test(directory_detached, C6_the_leader_need_not_be_told_of_one_that_lives_with_its_home) {
    struct story *story = story_new(SECOND);
    struct control message = {.id = 9, .kind = CONTROL_CREATE};
    message.create.address = at(1, 1, 1);
    message.create.type = bytes_of_text("mapper");
    message.create.detached = true;
    control(story, at(1, 1, 0), &message);
    host_up(story, 2);
    expect(story, "start 2 for 1.1.1\n1.1.0#9 created 1.1.1 in 102 detached\n");
    story_end(story);
}

Test(directory_detached, C6_who_comes_up_when_its_home_is_lost_is_told_of) {
    struct story *story = story_new(SECOND);
    struct control message = {.id = 9, .kind = CONTROL_CREATE};
    message.create.address = at(3, 4, 1);
    message.create.type = bytes_of_text("mapper");
    message.create.detached = true;
    control(story, admin(2), &message);
    host_up(story, 2);
    expect(story, "start 2 for 3.4.1\n2.0.0#0 1 names in epoch 0\n2.0.0#9 created 3.4.1 in 102 detached\n"
                  "3.0.0#0 created 3.4.1 in 102 detached\n");
    story_end(story);
}

Test(directory_detached, C6_a_home_that_is_back_is_told) {
    struct story *story = story_of_guest(SECOND, true);
    forget_trace(story);
    lose(story, THIRD);
    join(story, THIRD, false);
    expect(story, "3.0.0#0 met\n3.0.0#0 created 3.4.1 in 102 detached\n");
    host_died(story, 2, NULL);
    expect(story, "3.0.0#0 exited 3.4.1 how 4\n2.0.0#0 freed\n");
    story_end(story);
}

Test(directory_detached, C6_a_new_leader_is_told_where_it_lives) {
    struct story *story = story_of_guest(SECOND, true);
    join(story, 4, false);
    lose(story, THIRD);
    lose(story, SECOND);
    forget_trace(story);
    step(story, &(struct directory_event){.kind = DIRECTORY_LEADER, .admin = 4});
    names_wanted(story, 4, 7);
    expect(story, "4.0.0#0 1 names in epoch 0\n4.0.0#0 1 names in epoch 7\n");
    story_end(story);
}

/* Found by the simulator of conventions, seed 628. */
Test(directory_detached, G4_who_leads_by_then_is_told_when_the_one_that_was_told_is_lost) {
    struct story *story = story_of_guest(SECOND, true);
    join(story, 4, false);
    step(story, &(struct directory_event){.kind = DIRECTORY_LEADER, .admin = 4});
    forget_trace(story);
    lose(story, SECOND);
    expect(story, "4.0.0#0 1 names in epoch 0\n");
    story_end(story);
}

Test(directory_detached, G2_an_address_is_no_name_that_the_status_shows) {
    struct story *story = story_of_guest(SECOND, true);
    const void *cursor = NULL;
    struct control_held_name held;
    lose(story, THIRD);
    cr_assert_not(directory_next_name(story->directory, &cursor, &held));
    story_end(story);
}

static void is_ended_by_its_home(enum control_how how) {
    struct story *story = story_of_guest(SECOND, true);
    struct control message = {.kind = CONTROL_EXITED};
    forget_trace(story);
    message.exited = (struct control_exited){.address = at(3, 4, 1), .how = CONTROL_NODE_LOST};
    control(story, admin(3), &message);
    expect(story, "");
    message.exited.how = how;
    control(story, admin(3), &message);
    expect(story,
           "of mapper 3.4.1: it is asked to exit: its creator's node had taken it for dead\nexit request to 3.4.1\n");
    story_end(story);
}

/* Found by the simulator of conventions, seed 222: it lived on, and nobody knew of it. */
Test(directory_detached, C8_one_whose_creator_was_told_that_it_could_not_be_created_is_asked_to_exit) {
    is_ended_by_its_home(CONTROL_NOT_CREATED);
}

/* Found by the simulator of conventions, seed 553: its create had come twice, and the first that was started had crashed. */
Test(directory_detached, C8_one_whose_address_has_lived_and_ended_already_is_asked_to_exit) {
    is_ended_by_its_home(CONTROL_SIGNAL);
}

/* ---- who is asked ---- */

static void ask(struct story *story, uint64_t from) {
    struct control message = {.id = 5, .kind = CONTROL_RESOLVE, .resolve.address = at(3, 4, 1)};
    control(story, admin(from), &message);
}

static void has_leader(struct story *story, uint64_t leader) {
    step(story, &(struct directory_event){.kind = DIRECTORY_LEADER, .admin = leader});
}

/* Node 3, which is lost, was the home of 3.4.1; node 2 leads, and node 4 is there, too. */
static struct story *story_of_asker(void) {
    struct story *story = story_new(SECOND);
    join(story, THIRD, false);
    join(story, 4, false);
    lose(story, THIRD);
    return story;
}

Test(directory_detached, C6_whose_home_is_no_member_is_asked_for_at_the_leader) {
    struct story *story = story_of_asker();
    resolve(story, at(3, 4, 1), at(1, 1, 0));
    expect(story, "2.0.0#1 resolve 3.4.1\n");
    step(story, &(struct directory_event){.kind = DIRECTORY_MEMBER_SUSPECT});
    expect(story, "");
    story_end(story);
}

Test(directory_detached, C6_who_asks_while_no_leader_is_there_waits_for_one) {
    struct story *story = story_of_asker();
    resolve(story, at(3, 4, 1), at(1, 1, 0));
    expect(story, "2.0.0#1 resolve 3.4.1\n");
    lose(story, SECOND);
    resolve(story, at(3, 4, 1), at(1, 2, 0));
    expect(story, "");
    has_leader(story, 4);
    expect(story, "4.0.0#4 resolve 3.4.1\n4.0.0#5 resolve 3.4.1\n");
    story_end(story);
}

Test(directory_detached, C6_a_leader_is_waited_for_so_long) {
    struct story *story = story_of_asker();
    resolve(story, at(3, 4, 1), at(1, 1, 0));
    lose(story, SECOND);
    expect(story, "2.0.0#1 resolve 3.4.1\n");
    story->now_ns += directory_limits_default.park_wait_ns - 1;
    step(story, &(struct directory_event){.kind = DIRECTORY_TICK});
    expect(story, "");
    story->now_ns++;
    step(story, &(struct directory_event){.kind = DIRECTORY_TICK});
    expect(story, "1.1.0#5 gone 3.4.1 reason 5\n");
    story_end(story);
}

/* Its admin has minted its address, and hosted it; no admin knows of a child in its parent's process. */
Test(directory_detached, C6_who_cannot_have_lived_elsewhere_is_gone_with_its_home) {
    struct story *story = story_of_asker();
    lose(story, SECOND);
    resolve(story, at(3, 0, 1), at(1, 1, 0));
    resolve(story, at(3, 4, 0), at(1, 1, 0));
    resolve(story, at(3, 4, ADDRESS_LOCAL), at(1, 1, 0));
    expect(story, "1.1.0#5 gone 3.0.1 reason 5\n1.1.0#5 gone 3.4.0 reason 5\n1.1.0#5 gone 3.4.l0 reason 5\n");
    story_end(story);
}

/* The answer of the earlier one comes too late, or not at all. */
Test(directory_detached, S6B_a_leader_that_takes_over_is_asked) {
    struct story *story = story_of_asker();
    struct control message = {.id = 1, .kind = CONTROL_GONE, .gone.address = at(3, 4, 1)};
    resolve(story, at(3, 4, 1), at(1, 1, 0));
    has_leader(story, 4);
    control(story, admin(2), &message);
    expect(story, "2.0.0#1 resolve 3.4.1\n4.0.0#2 resolve 3.4.1\n");
    story_end(story);
}

Test(directory_detached, C6_a_home_that_comes_is_asked_in_the_place_of_the_leader) {
    struct story *story = story_new(SECOND);
    resolve(story, at(3, 4, 1), at(1, 1, 0));
    join(story, THIRD, false);
    expect(story, "2.0.0#1 resolve 3.4.1\n3.0.0#2 resolve 3.4.1\n");
    story_end(story);
}

/* It leads and knows, or it will hear who does: this one asks nobody in turn, or two would ask each other for ever. */
Test(directory_detached, C6_an_admin_that_takes_this_one_for_the_leader_will_hear_of_another) {
    struct story *story = story_of_asker();
    ask(story, 4);
    expect(story, "");
    ask(story, 2);
    expect(story, "2.0.0#5 gone 3.4.1 reason 5\n");
    resolve(story, at(3, 4, 1), at(1, 1, 0));
    expect(story, "2.0.0#2 resolve 3.4.1\n");
    story_end(story);
}

/* ---- the leader ---- */

/* That admin tells that 3.4.1 lives there; or, of all that it has, nothing. */
static void tell_place(struct story *story, uint64_t from, uint64_t epoch, bool all) {
    struct control_held_name name = {.address = at(3, 4, 1)};
    char text[MESH_ADDRESS_TEXT_BYTES + 1] = "\x01";
    mesh_address_print(name.address, text + 1);
    name.name = bytes_of_text(text);
    struct control held = {.kind = CONTROL_NAMES_HELD};
    held.names_held = (struct control_names_held){
        .epoch = epoch, .first = all, .last = all, .count = !all, .names = all ? NULL : &name};
    control(story, admin(from), &held);
}

static void has_mandate(struct story *story, uint64_t epoch) {
    step(story, &(struct directory_event){
                    .kind = DIRECTORY_MANDATE, .epoch = epoch, .mandate = MANDATE_NONE, .text = bytes_of_text("none")});
}

/* This node leads; node 2 has told it that 3.4.1 lives there. */
static struct story *story_of_leader(void) {
    struct story *story = story_new(OWN);
    join(story, SECOND, false);
    has_mandate(story, 1);
    join(story, THIRD, false);
    lose(story, THIRD);
    forget_trace(story);
    tell_place(story, 2, 1, false);
    expect(story, "");
    return story;
}

/* It is suspect, and is awaited all the same. */
Test(directory_detached, C6_a_new_leader_knows_when_all_members_have_told) {
    struct story *story = story_of_asker();
    lose(story, SECOND);
    join(story, 5, false);
    has_leader(story, OWN);
    has_mandate(story, 7);
    tell_place(story, 5, 7, true);
    forget_trace(story);
    members_find(&story->members, 4)->liveness.suspect = true;
    step(story, &(struct directory_event){.kind = DIRECTORY_MEMBER_SUSPECT});
    ask(story, 5);
    resolve(story, at(3, 4, 2), at(1, 1, 0));
    expect(story, "");
    tell_place(story, 4, 7, false);
    expect(story, "4.0.0#3 resolve 3.4.1\n");
    tell_place(story, 4, 6, true);
    expect(story, "");
    tell_place(story, 4, 7, true);
    expect(story, "1.1.0#5 gone 3.4.2 reason 5\n");
    story_end(story);
}

Test(directory_detached, C6_the_leader_knows_whom_to_ask_also_without_a_mandate) {
    struct story *story = story_of_leader();
    struct control message = {.id = 1, .kind = CONTROL_RESOLVED};
    join(story, 4, false);
    forget_trace(story);
    ask(story, 4);
    expect(story, "2.0.0#1 resolve 3.4.1\n");
    message.resolved = (struct control_resolved){.address = at(3, 4, 1), .process = 205};
    control(story, admin(2), &message);
    expect(story, "4.0.0#5 resolved 3.4.1 in 205\n");
    story_end(story);
}

Test(directory_detached, C6_the_leader_forgets_who_has_ended_or_is_lost_with_its_node) {
    struct story *story = story_of_leader();
    ask(story, 2);
    expect(story, "2.0.0#1 resolve 3.4.1\n");
    lose(story, SECOND);
    forget_trace(story);
    resolve(story, at(3, 4, 1), at(1, 1, 0));
    expect(story, "1.1.0#5 gone 3.4.1 reason 5\n");
    story_end(story);
}

Test(directory_detached, C6_the_leader_hosts_one_itself) {
    struct story *story = story_of_guest(OWN, true);
    lose(story, THIRD);
    forget_trace(story);
    resolve(story, at(3, 4, 1), at(1, 1, 0));
    expect(story, "1.1.0#5 resolved 3.4.1 in 102\n");
    host_died(story, 2, NULL);
    expect(story, "");
    story_end(story);
}

/* Who asks for its status is sent to the leader, and from there to who hosts it. */
Test(directory_detached, K1_the_leader_knows_where_its_status_is_to_be_had) {
    struct story *story = story_of_asker();
    expect_place(story, at(3, 4, 1), DIRECTORY_ELSEWHERE);
    cr_assert_eq(directory_find(story->directory, at(3, 4, 1)).admin, 2);
    lose(story, SECOND);
    expect_place(story, at(3, 4, 1), DIRECTORY_CUT_OFF);
    story_end(story);
    story = story_of_leader();
    expect_place(story, at(3, 4, 1), DIRECTORY_ELSEWHERE);
    cr_assert_eq(directory_find(story->directory, at(3, 4, 1)).admin, 2);
    expect_place(story, at(3, 4, 2), DIRECTORY_CUT_OFF);
    story_end(story);
}

/* ---- the home ---- */

/* Found by the simulator of conventions, seed 27: it was given another. */
Test(directory_detached, B2_it_keeps_its_address_when_its_first_host_fails) {
    struct story *story = story_new(SECOND);
    struct control message = {.id = 9, .kind = CONTROL_CREATE};
    message.create.address = at(1, 1, 1);
    message.create.type = bytes_of_text("mapper");
    message.create.detached = true;
    control(story, at(1, 1, 0), &message);
    step(story, &(struct directory_event){.kind = DIRECTORY_HOST_FAILED, .slot = 2, .status = MESH_LOAD_FAILED});
    expect(story, "start 2 for 1.1.1\n2.0.0#1 create 1.1.1 refused 1\n");
    created(story, 2, 1, at(1, 1, 1));
    expect(story, "1.1.0#9 created 1.1.1 in 205\n");
    expect_place(story, at(1, 1, 1), DIRECTORY_ELSEWHERE);
    story_end(story);
}

/* A detached actor of this node lives at node 2, which is lost. */
static struct story *story_of_home(void) {
    struct story *story = story_new(SECOND);
    struct frame_requirement need = {.name = bytes_of_text("gpu"), .comparison = FRAME_COMPARE_PRESENT};
    struct control message = {.id = 9, .kind = CONTROL_CREATE};
    message.create.address = at(1, 1, 1);
    message.create.type = bytes_of_text("mapper");
    message.create.detached = true;
    message.create.requirements = &need;
    message.create.requirements_count = 1;
    control(story, at(1, 1, 0), &message);
    created(story, 2, 1, at(1, 1, 1));
    lose(story, SECOND);
    join(story, SECOND, true);
    expect(story, "2.0.0#1 create 1.1.1 refused 1\n1.1.0#9 created 1.1.1 in 205\n2.0.0#0 met\n");
    return story;
}

Test(directory_detached, C6_a_home_takes_back_whom_it_had_lost) {
    struct story *story = story_of_home();
    tell_created(story, 2, at(1, 1, 1), true);
    expect(story, "");
    expect_place(story, at(1, 1, 1), DIRECTORY_ELSEWHERE);
    resolve(story, at(1, 1, 1), at(1, 1, 0));
    expect(story, "2.0.0#2 resolve 1.1.1\n");
    exited(story, admin(2), at(1, 1, 1));
    expect_place(story, at(1, 1, 1), DIRECTORY_ENDED);
    expect(story, "");
    story_end(story);
}

Test(directory_detached, C8_a_home_takes_back_no_orphan) {
    struct story *story = story_of_home();
    tell_created(story, 2, at(1, 1, 1), false);
    expect(story, "2.0.0#0 exited 1.1.1 how 6\n");
    expect_place(story, at(1, 1, 1), DIRECTORY_ENDED);
    story_end(story);
}

/* Its tombstone is forgotten, and somebody has asked for it. */
Test(directory_detached, C6_a_home_takes_back_whom_it_has_forgotten) {
    struct story *story = story_new(SECOND);
    tell_created(story, 2, at(1, 1, 1), true);
    expect_place(story, at(1, 1, 1), DIRECTORY_ELSEWHERE);
    create(story, at(1, 1, 0), (struct mesh_address){0}, false);
    host_up(story, 2);
    expect(story, "start 2 for 1.0.1\n1.1.0#9 created 1.0.1 in 102\n");
    resolve(story, at(1, 2, 1), at(1, 1, 0));
    expect(story, "");
    tell_created(story, 2, at(1, 2, 1), true);
    expect(story, "2.0.0#3 resolve 1.2.1\n");
    story_end(story);
}

Test(directory_detached, D10_a_home_that_is_full_takes_nobody_back) {
    uint32_t most = (uint32_t)directory_limits_default.actors_max;
    struct story *story = story_new(SECOND);
    char text[128];
    for (uint32_t i = 1; i <= most; i++) {
        tell_created(story, 2, at(1, 1, i), true);
    }
    expect(story, "");
    tell_created(story, 2, at(1, 1, most + 1), true);
    (void)snprintf(text, sizeof text,
                   "of 1.1.%u: its home does not know of it any more: the limit `actors` is reached\n", most + 1);
    expect(story, text);
    story_end(story);
}

Test(directory_detached, B2_a_home_that_has_another_of_its_address_takes_nobody_back) {
    struct story *story = story_new(SECOND);
    create(story, at(1, 1, 0), at(1, 1, 1), false);
    host_up(story, 2);
    tell_created(story, 2, at(1, 1, 1), true);
    expect(story, "start 2 for 1.1.1\n1.1.0#9 created 1.1.1 in 102\n2.0.0#0 kill 1.1.1\n");
    story_end(story);
}

Test(directory_detached, C4_a_home_takes_back_nobody_who_has_ended) {
    struct story *story = story_new(SECOND);
    create(story, at(1, 1, 0), at(1, 1, 1), false);
    host_up(story, 2);
    exited(story, at(1, 2, 0), at(1, 1, 1));
    host_died(story, 2, NULL);
    tell_created(story, 2, at(1, 1, 1), true);
    expect_place(story, at(1, 1, 1), DIRECTORY_ENDED);
    story_end(story);
}
