/* The lifecycle of one process's actors, rule by rule, at both sides of each deadline.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/time.h"
#include "mesh/core/lifecycle.h"
#include <criterion/criterion.h>
#include <string.h>

enum { ACTIONS_MAX = 64 };

static struct lifecycle *life;
static struct lifecycle_action actions[ACTIONS_MAX];
static char texts[ACTIONS_MAX][64];
static size_t actions_count;

static const struct lifecycle_limits limits = {
    .actors_max = 3,
    .children_max = 3,
    .kin_max = 4,
    .exit_wait_ns = 7 * NS_PER_S,
    .kill_wait_ns = 1 * NS_PER_S,
    .drain_wait_ns = 7 * NS_PER_S,
};

static struct mesh_address address(uint64_t number) {
    return (struct mesh_address){1, number};
}

static const struct mesh_address parent = {2, 2};

static void drain_actions(void) {
    struct lifecycle_action action;
    actions_count = 0;
    while (lifecycle_poll(life, &action)) {
        cr_assert_lt(actions_count, ACTIONS_MAX);
        size_t bytes = action.text.size < 63 ? action.text.size : 63;
        if (bytes) {
            memcpy(texts[actions_count], action.text.data, bytes);
        }
        texts[actions_count][bytes] = '\0';
        actions[actions_count++] = action;
    }
}

static enum mesh_status step(uint64_t now_ns, struct lifecycle_event event) {
    enum mesh_status status = lifecycle_step(life, now_ns, &event);
    drain_actions();
    cr_assert_gt(lifecycle_deadline(life), now_ns, "a deadline in the past after a step");
    return status;
}

static void happens(uint64_t now_ns, enum lifecycle_event_kind kind, uint64_t actor) {
    cr_assert_eq(step(now_ns, (struct lifecycle_event){.kind = kind, .actor = address(actor)}), MESH_OK);
}

static enum mesh_status child(uint64_t actor, uint64_t number) {
    return step(0,
                (struct lifecycle_event){.kind = LIFECYCLE_CHILD, .actor = address(actor), .child = address(number)});
}

static void child_ends(uint64_t now_ns, uint64_t number, enum mesh_how how) {
    struct lifecycle_event event = {
        .kind = LIFECYCLE_CHILD_ENDED, .child = address(number), .how = how, .number = 9, .text = bytes_of_text("why")};
    cr_assert_eq(step(now_ns, event), MESH_OK);
}

static enum mesh_status born(uint64_t number) {
    return step(0, (struct lifecycle_event){.kind = LIFECYCLE_BORN, .actor = address(number), .parent = parent});
}

static void setup(void) {
    cr_assert_eq(lifecycle_new(&life, &limits, 1), MESH_OK);
    cr_assert_eq(born(1), MESH_OK);
}

static void setup_running(void) {
    setup();
    happens(0, LIFECYCLE_STARTED, 1);
    cr_assert_eq(actions_count, 0);
}

static void setup_family(void) {
    setup_running();
    cr_assert_eq(child(1, 11), MESH_OK);
    cr_assert_eq(child(1, 12), MESH_OK);
}

/* The exit request of a family has been shown at `now_ns`; the children are told. */
static void exits_at(uint64_t now_ns) {
    happens(now_ns, LIFECYCLE_EXIT_REQUEST, 1);
    happens(now_ns, LIFECYCLE_SHOWN, 1);
}

static void teardown(void) {
    lifecycle_destroy(&life);
    cr_assert_null(life);
}

static enum lifecycle_state state(uint64_t actor) {
    struct lifecycle_view view;
    return lifecycle_look(life, address(actor), &view) ? view.state : LIFECYCLE_GONE;
}

static void expect(size_t at, enum lifecycle_action_kind kind, uint64_t actor) {
    cr_assert_lt(at, actions_count, "no action %zu", at);
    cr_assert_eq(actions[at].kind, kind, "action %zu is %d", at, actions[at].kind);
    cr_assert(mesh_address_equal(actions[at].actor, address(actor)));
}

static void expect_child(size_t at, enum lifecycle_action_kind kind, uint64_t number) {
    expect(at, kind, 1);
    cr_assert(mesh_address_equal(actions[at].child, address(number)));
}

static void expect_report(enum mesh_how how) {
    cr_assert_eq(actions_count, 2);
    expect(0, LIFECYCLE_FORGET, 1);
    expect(1, LIFECYCLE_REPORT_EXITED, 1);
    cr_assert(mesh_address_equal(actions[1].parent, parent));
    cr_assert_eq(actions[1].how, how);
    cr_assert_eq(lifecycle_count(life), 0);
}

TestSuite(lifecycle, .init = setup_running, .fini = teardown);
TestSuite(lifecycle_starting, .init = setup, .fini = teardown);
TestSuite(lifecycle_family, .init = setup_family, .fini = teardown);

/* ---- starting ---- */

Test(lifecycle_starting, C3_a_failed_constructor_is_an_exit) {
    struct lifecycle_event event = {
        .kind = LIFECYCLE_STARTED, .actor = address(1), .verdict = MESH_FAILED, .text = bytes_of_text("no disk")};
    cr_assert_eq(step(0, event), MESH_OK);
    cr_assert_eq(actions_count, 1);
    expect(0, LIFECYCLE_CLOSE_MAILBOX, 1);
    happens(0, LIFECYCLE_DRAINED, 1);
    expect_report(MESH_EXITED_ITSELF);
    cr_assert_str_eq(texts[1], "no disk");
}

Test(lifecycle_starting, C3_the_children_of_a_failed_constructor_go_too) {
    cr_assert_eq(child(1, 11), MESH_OK);
    step(0, (struct lifecycle_event){.kind = LIFECYCLE_STARTED, .actor = address(1), .verdict = MESH_EXIT});
    cr_assert_eq(actions_count, 1);
    expect_child(0, LIFECYCLE_ASK_CHILD_EXIT, 11);
}

Test(lifecycle_starting, C5_a_request_before_the_start_is_shown_after_it) {
    happens(0, LIFECYCLE_EXIT_REQUEST, 1);
    cr_assert_eq(actions_count, 0);
    happens(0, LIFECYCLE_STARTED, 1);
    cr_assert_eq(actions_count, 1);
    expect(0, LIFECYCLE_SHOW_EXIT, 1);
}

Test(lifecycle_starting, A1_nothing_is_taken_before_the_constructor_is_over) {
    cr_assert_eq(lifecycle_treat(life, address(1), FRAME_USER), LIFECYCLE_HOLD);
    happens(0, LIFECYCLE_STARTED, 1);
    cr_assert_eq(lifecycle_treat(life, address(1), FRAME_USER), LIFECYCLE_SHOW);
}

Test(lifecycle, A4_actors_up_to_the_limit) {
    cr_assert_eq(born(1), MESH_EXISTS);
    cr_assert_eq(born(2), MESH_OK);
    cr_assert_eq(born(3), MESH_OK);
    cr_assert_eq(born(4), MESH_FULL);
    cr_assert_eq(lifecycle_count(life), 3);
}

Test(lifecycle, children_up_to_both_limits) {
    cr_assert_eq(child(1, 11), MESH_OK);
    cr_assert_eq(child(1, 11), MESH_EXISTS);
    cr_assert_eq(child(1, 12), MESH_OK);
    cr_assert_eq(child(1, 13), MESH_OK);
    cr_assert_eq(child(1, 14), MESH_FULL);
    cr_assert_eq(born(2), MESH_OK);
    cr_assert_eq(child(2, 14), MESH_OK);
    cr_assert_eq(child(2, 15), MESH_FULL);
    child_ends(0, 12, MESH_EXITED_ITSELF);
    cr_assert_eq(child(2, 15), MESH_OK);
}

Test(lifecycle, an_unknown_actor_is_not_found) {
    struct lifecycle_event event = {.kind = LIFECYCLE_DRAINED, .actor = address(7)};
    cr_assert_eq(step(0, event), MESH_NOT_FOUND);
    event.kind = LIFECYCLE_EXIT_REQUEST;
    cr_assert_eq(step(0, event), MESH_NOT_FOUND);
    cr_assert_eq(child(7, 11), MESH_NOT_FOUND);
}

/* ---- children that end ---- */

Test(lifecycle_family, C4_each_child_is_told_of_once) {
    child_ends(0, 11, MESH_EXITED_BY_SIGNAL);
    cr_assert_eq(actions_count, 1);
    expect_child(0, LIFECYCLE_CHILD_EXITED, 11);
    cr_assert_eq(actions[0].how, MESH_EXITED_BY_SIGNAL);
    cr_assert_eq(actions[0].number, 9);
    cr_assert_str_eq(texts[0], "why");
    child_ends(0, 11, MESH_EXITED_ITSELF);
    cr_assert_eq(actions_count, 0);
}

Test(lifecycle_family, C4_the_first_word_stands_also_before_it_is_polled) {
    struct lifecycle_event event = {.kind = LIFECYCLE_CHILD_ENDED, .child = address(11), .how = MESH_EXITED_ON_REQUEST};
    cr_assert_eq(lifecycle_step(life, 0, &event), MESH_OK);
    event.how = MESH_EXITED_WITH_NODE;
    cr_assert_eq(lifecycle_step(life, 0, &event), MESH_OK);
    drain_actions();
    cr_assert_eq(actions_count, 1);
    cr_assert_eq(actions[0].how, MESH_EXITED_ON_REQUEST);
}

Test(lifecycle_family, C1_a_child_that_was_never_created_is_told_of_like_the_others) {
    child_ends(0, 12, MESH_EXITED_UNCREATED);
    cr_assert_eq(actions_count, 1);
    cr_assert_eq(actions[0].how, MESH_EXITED_UNCREATED);
}

Test(lifecycle, C4_the_end_of_a_stranger_changes_nothing) {
    child_ends(0, 99, MESH_EXITED_ITSELF);
    cr_assert_eq(actions_count, 0);
}

/* ---- exit requests ---- */

Test(lifecycle_family, C5_the_actor_sees_it_first_then_its_children) {
    happens(0, LIFECYCLE_EXIT_REQUEST, 1);
    cr_assert_eq(actions_count, 1);
    expect(0, LIFECYCLE_SHOW_EXIT, 1);
    happens(0, LIFECYCLE_SHOWN, 1);
    cr_assert_eq(actions_count, 2);
    expect_child(0, LIFECYCLE_ASK_CHILD_EXIT, 11);
    expect_child(1, LIFECYCLE_ASK_CHILD_EXIT, 12);
    cr_assert_eq(state(1), LIFECYCLE_WAITING);
}

Test(lifecycle, E2_an_exit_request_is_shown_once) {
    happens(0, LIFECYCLE_EXIT_REQUEST, 1);
    happens(0, LIFECYCLE_EXIT_REQUEST, 1);
    cr_assert_eq(actions_count, 0);
    happens(0, LIFECYCLE_SHOWN, 1);
    expect(0, LIFECYCLE_CLOSE_MAILBOX, 1);
    happens(0, LIFECYCLE_EXIT_REQUEST, 1);
    cr_assert_eq(actions_count, 0);
}

Test(lifecycle_family, C5_a_child_that_has_ended_is_not_asked) {
    child_ends(0, 11, MESH_EXITED_ITSELF);
    exits_at(0);
    cr_assert_eq(actions_count, 1);
    expect_child(0, LIFECYCLE_ASK_CHILD_EXIT, 12);
}

Test(lifecycle_family, C5_alone_leaves_the_children_be) {
    struct lifecycle_event event = {.kind = LIFECYCLE_EXIT_REQUEST, .actor = address(1), .alone = true};
    step(0, event);
    happens(0, LIFECYCLE_SHOWN, 1);
    cr_assert_eq(actions_count, 1);
    expect(0, LIFECYCLE_CLOSE_MAILBOX, 1);
    child_ends(0, 11, MESH_EXITED_ITSELF);
    cr_assert_eq(actions_count, 0);
    happens(1, LIFECYCLE_DRAINED, 1);
    expect_report(MESH_EXITED_ON_REQUEST);
    cr_assert(actions[1].alone, "who has its children on record is told that they live on");
}

Test(lifecycle_family, C5_a_recursive_request_beats_one_alone) {
    struct lifecycle_event event = {.kind = LIFECYCLE_EXIT_REQUEST, .actor = address(1), .alone = true};
    step(0, event);
    happens(0, LIFECYCLE_EXIT_REQUEST, 1);
    step(0, event);
    happens(0, LIFECYCLE_SHOWN, 1);
    cr_assert_eq(actions_count, 2);
}

Test(lifecycle_family, C5_it_waits_until_the_last_end_was_shown) {
    exits_at(0);
    child_ends(1, 11, MESH_EXITED_ON_REQUEST);
    child_ends(2, 12, MESH_EXITED_ON_REQUEST);
    happens(3, LIFECYCLE_CHILD_SHOWN, 1);
    cr_assert_eq(state(1), LIFECYCLE_WAITING);
    happens(4, LIFECYCLE_CHILD_SHOWN, 1);
    cr_assert_eq(state(1), LIFECYCLE_DRAINING);
    expect(0, LIFECYCLE_CLOSE_MAILBOX, 1);
}

Test(lifecycle_family, C5_what_it_takes_while_it_waits) {
    happens(0, LIFECYCLE_EXIT_REQUEST, 1);
    cr_assert_eq(lifecycle_treat(life, address(1), FRAME_USER), LIFECYCLE_HOLD);
    happens(0, LIFECYCLE_SHOWN, 1);
    cr_assert_eq(lifecycle_treat(life, address(1), FRAME_USER), LIFECYCLE_REFUSE);
    cr_assert_eq(lifecycle_treat(life, address(1), FRAME_CHILD_EXITED), LIFECYCLE_SHOW);
    cr_assert_eq(lifecycle_treat(life, address(1), FRAME_EXIT_REQUEST), LIFECYCLE_SETTLE);
}

Test(lifecycle_family, C5_no_child_is_made_by_an_actor_that_exits) {
    happens(0, LIFECYCLE_EXIT_REQUEST, 1);
    cr_assert_eq(child(1, 13), MESH_SHUTTING_DOWN);
}

/* ---- deadlines ---- */

Test(lifecycle_family, C5_children_are_killed_after_exit_wait) {
    exits_at(0);
    cr_assert_eq(lifecycle_deadline(life), limits.exit_wait_ns);
    happens(limits.exit_wait_ns - 1, LIFECYCLE_TICK, 0);
    cr_assert_eq(actions_count, 0);
    happens(limits.exit_wait_ns, LIFECYCLE_TICK, 0);
    cr_assert_eq(actions_count, 2);
    expect_child(0, LIFECYCLE_KILL_CHILD, 11);
    expect_child(1, LIFECYCLE_KILL_CHILD, 12);
    cr_assert_eq(state(1), LIFECYCLE_KILLING);
}

Test(lifecycle_family, C5_only_those_left_are_killed) {
    exits_at(0);
    child_ends(1, 11, MESH_EXITED_ON_REQUEST);
    happens(1, LIFECYCLE_CHILD_SHOWN, 1);
    happens(limits.exit_wait_ns, LIFECYCLE_TICK, 0);
    cr_assert_eq(actions_count, 1);
    expect_child(0, LIFECYCLE_KILL_CHILD, 12);
    child_ends(limits.exit_wait_ns + 1, 12, MESH_EXITED_BY_SIGNAL);
    expect_child(0, LIFECYCLE_CHILD_EXITED, 12);
    happens(limits.exit_wait_ns + 1, LIFECYCLE_CHILD_SHOWN, 1);
    cr_assert_eq(state(1), LIFECYCLE_DRAINING);
}

Test(lifecycle_family, C5_it_goes_on_without_word_of_the_killed) {
    exits_at(0);
    uint64_t killed_ns = limits.exit_wait_ns + 5;
    happens(killed_ns, LIFECYCLE_TICK, 0);
    happens(killed_ns + limits.kill_wait_ns - 1, LIFECYCLE_TICK, 0);
    cr_assert_eq(state(1), LIFECYCLE_KILLING);
    happens(killed_ns + limits.kill_wait_ns, LIFECYCLE_TICK, 0);
    cr_assert_eq(state(1), LIFECYCLE_DRAINING);
    child_ends(killed_ns + limits.kill_wait_ns, 12, MESH_EXITED_BY_SIGNAL);
    cr_assert_eq(actions_count, 0);
}

Test(lifecycle_family, C5_an_end_at_the_deadline_comes_before_it) {
    exits_at(0);
    child_ends(1, 11, MESH_EXITED_ON_REQUEST);
    happens(1, LIFECYCLE_CHILD_SHOWN, 1);
    child_ends(limits.exit_wait_ns, 12, MESH_EXITED_ON_REQUEST);
    cr_assert_eq(actions_count, 1);
    expect_child(0, LIFECYCLE_CHILD_EXITED, 12);
}

Test(lifecycle, D14_it_stays_until_what_it_sent_is_received) {
    exits_at(0);
    cr_assert_eq(state(1), LIFECYCLE_DRAINING);
    happens(limits.drain_wait_ns - 1, LIFECYCLE_TICK, 0);
    cr_assert_eq(actions_count, 0);
    happens(limits.drain_wait_ns - 1, LIFECYCLE_DRAINED, 1);
    expect_report(MESH_EXITED_ON_REQUEST);
}

Test(lifecycle, D14_but_no_longer_than_drain_wait) {
    exits_at(0);
    happens(limits.drain_wait_ns, LIFECYCLE_TICK, 0);
    expect_report(MESH_EXITED_ON_REQUEST);
    struct lifecycle_event late = {.kind = LIFECYCLE_DRAINED, .actor = address(1)};
    cr_assert_eq(step(limits.drain_wait_ns, late), MESH_NOT_FOUND);
    cr_assert_eq(actions_count, 0);
}

Test(lifecycle, D14_drained_at_the_deadline_comes_before_it) {
    exits_at(0);
    happens(limits.drain_wait_ns, LIFECYCLE_DRAINED, 1);
    expect_report(MESH_EXITED_ON_REQUEST);
}

/* ---- other ends ---- */

Test(lifecycle_family, C5_an_own_exit_takes_the_children_along) {
    happens(0, LIFECYCLE_OWN_EXIT, 1);
    cr_assert_eq(actions_count, 2);
    expect_child(0, LIFECYCLE_ASK_CHILD_EXIT, 11);
    expect_child(1, LIFECYCLE_ASK_CHILD_EXIT, 12);
}

Test(lifecycle, C4_the_first_cause_is_reported) {
    happens(0, LIFECYCLE_OWN_EXIT, 1);
    happens(0, LIFECYCLE_EXIT_REQUEST, 1);
    cr_assert_eq(actions_count, 0);
    happens(0, LIFECYCLE_DRAINED, 1);
    expect_report(MESH_EXITED_ITSELF);
}

Test(lifecycle, C5_an_exit_verdict_in_the_last_handler_changes_nothing) {
    happens(0, LIFECYCLE_EXIT_REQUEST, 1);
    happens(0, LIFECYCLE_OWN_EXIT, 1);
    cr_assert_eq(state(1), LIFECYCLE_EXITING);
    happens(0, LIFECYCLE_SHOWN, 1);
    happens(0, LIFECYCLE_DRAINED, 1);
    expect_report(MESH_EXITED_ON_REQUEST);
}

Test(lifecycle, C12_a_shutdown_asks_everyone_and_lets_nobody_in) {
    cr_assert_eq(born(2), MESH_OK);
    happens(0, LIFECYCLE_SHUTDOWN, 0);
    cr_assert_eq(actions_count, 1);
    expect(0, LIFECYCLE_SHOW_EXIT, 1);
    cr_assert_eq(born(3), MESH_SHUTTING_DOWN);
    happens(0, LIFECYCLE_STARTED, 2);
    expect(0, LIFECYCLE_SHOW_EXIT, 2);
    happens(1, LIFECYCLE_SHUTDOWN, 0);
    cr_assert_eq(actions_count, 0);
}

Test(lifecycle, B4_what_is_gone_is_forgotten_after_its_report) {
    exits_at(0);
    struct lifecycle_event event = {.kind = LIFECYCLE_DRAINED, .actor = address(1)};
    cr_assert_eq(lifecycle_step(life, 0, &event), MESH_OK);
    cr_assert_eq(state(1), LIFECYCLE_GONE);
    cr_assert_eq(lifecycle_count(life), 1);
    drain_actions();
    expect_report(MESH_EXITED_ON_REQUEST);
    cr_assert_eq(lifecycle_deadline(life), TIME_NEVER);
}

TestSuite(lifecycle_cut, .init = setup_family, .fini = teardown);

Test(lifecycle_cut, C5_who_is_cut_short_ends_at_once_and_is_reported_once) {
    exits_at(1);
    cr_assert_eq(state(1), LIFECYCLE_WAITING);
    cr_assert_eq(
        step(2,
             (struct lifecycle_event){.kind = LIFECYCLE_CUT, .actor = address(1), .text = bytes_of_text("too late")}),
        MESH_OK);
    expect(0, LIFECYCLE_CLOSE_MAILBOX, 1);
    happens(3, LIFECYCLE_CUT, 1);
    cr_assert_eq(actions_count, 0);
    happens(4, LIFECYCLE_DRAINED, 1);
    expect(0, LIFECYCLE_FORGET, 1);
    expect(1, LIFECYCLE_REPORT_EXITED, 1);
    cr_assert_eq(actions[1].how, MESH_EXITED_ON_REQUEST);
}

Test(lifecycle_cut, C5_it_need_not_have_been_asked) {
    cr_assert_eq(
        step(2,
             (struct lifecycle_event){.kind = LIFECYCLE_CUT, .actor = address(1), .text = bytes_of_text("too late")}),
        MESH_OK);
    happens(4, LIFECYCLE_DRAINED, 1);
    cr_assert_eq(actions[1].kind, LIFECYCLE_REPORT_EXITED);
    cr_assert_str_eq(texts[1], "too late");
}

/* ---- failures (C7) ---- */

static void setup_restarting(void) {
    cr_assert_eq(lifecycle_new(&life, &limits, 1), MESH_OK);
    struct lifecycle_event event = {.kind = LIFECYCLE_BORN, .actor = address(1), .parent = parent, .restarts = true};
    cr_assert_eq(step(0, event), MESH_OK);
}

static void constructor_fails(void) {
    struct lifecycle_event event = {
        .kind = LIFECYCLE_STARTED, .actor = address(1), .verdict = MESH_FAILED, .text = bytes_of_text("no disk")};
    cr_assert_eq(step(0, event), MESH_OK);
}

static void child_escalates(uint64_t number, const char *text) {
    struct lifecycle_event event = {.kind = LIFECYCLE_CHILD_ENDED,
                                    .child = address(number),
                                    .how = MESH_EXITED_BY_SIGNAL,
                                    .text = bytes_of_text(text),
                                    .escalates = true};
    cr_assert_eq(step(0, event), MESH_OK);
}

TestSuite(lifecycle_restarting, .init = setup_restarting, .fini = teardown);

Test(lifecycle_restarting, C7_a_failed_constructor_waits_to_be_born_again) {
    constructor_fails();
    cr_assert_eq(actions_count, 1);
    expect(0, LIFECYCLE_REPORT_FAILED, 1);
    cr_assert_str_eq(texts[0], "no disk");
    cr_assert_eq(lifecycle_treat(life, address(1), FRAME_USER), LIFECYCLE_HOLD);
    cr_assert_eq(born(1), MESH_OK);
    happens(0, LIFECYCLE_STARTED, 1);
    cr_assert_eq(state(1), LIFECYCLE_RUNNING);
}

Test(lifecycle_restarting, C7_given_up_it_ends_like_any_other) {
    constructor_fails();
    happens(0, LIFECYCLE_GIVEN_UP, 1);
    cr_assert_eq(actions_count, 1);
    expect(0, LIFECYCLE_CLOSE_MAILBOX, 1);
    happens(0, LIFECYCLE_DRAINED, 1);
    expect_report(MESH_EXITED_ITSELF);
    cr_assert_str_eq(texts[1], "no disk");
    cr_assert(actions[1].failed);
}

Test(lifecycle_restarting, C7_a_shutdown_gives_it_up) {
    constructor_fails();
    cr_assert_eq(step(0, (struct lifecycle_event){.kind = LIFECYCLE_SHUTDOWN}), MESH_OK);
    cr_assert_eq(state(1), LIFECYCLE_DRAINING);
}

Test(lifecycle_restarting, C7_the_children_of_a_failed_life_are_told_and_forgotten) {
    cr_assert_eq(child(1, 11), MESH_OK);
    constructor_fails();
    cr_assert_eq(actions_count, 2);
    expect_child(0, LIFECYCLE_ASK_CHILD_EXIT, 11);
    expect(1, LIFECYCLE_REPORT_FAILED, 1);
    cr_assert_eq(born(1), MESH_OK);
    happens(0, LIFECYCLE_STARTED, 1);
    child_ends(0, 11, MESH_EXITED_ON_REQUEST);
    cr_assert_eq(actions_count, 0);
    cr_assert_eq(lifecycle_treat(life, address(1), FRAME_CHILD_EXITED), LIFECYCLE_SETTLE, "of the earlier life");
}

static void crashes(void) {
    struct lifecycle_event event = {
        .kind = LIFECYCLE_CUT, .actor = address(1), .how = MESH_EXITED_BY_SIGNAL, .number = 11, .crashed = true};
    cr_assert_eq(step(0, event), MESH_OK);
}

Test(lifecycle_restarting, C7_after_a_crash_it_waits_to_be_born_again_and_a_second_changes_nothing) {
    happens(0, LIFECYCLE_STARTED, 1);
    crashes();
    cr_assert_eq(actions_count, 1);
    expect(0, LIFECYCLE_REPORT_FAILED, 1);
    crashes();
    cr_assert_eq(actions_count, 0);
    cr_assert_eq(state(1), LIFECYCLE_FAILED);
}

Test(lifecycle_restarting, C7_a_crash_of_one_that_exits_is_no_failure) {
    happens(0, LIFECYCLE_STARTED, 1);
    happens(0, LIFECYCLE_EXIT_REQUEST, 1);
    crashes();
    happens(0, LIFECYCLE_DRAINED, 1);
    expect_report(MESH_EXITED_ON_REQUEST);
    cr_assert_not(actions[1].failed);
}

Test(lifecycle_restarting, C7_an_exit_by_its_own_will_is_no_failure) {
    happens(0, LIFECYCLE_STARTED, 1);
    happens(0, LIFECYCLE_OWN_EXIT, 1);
    happens(0, LIFECYCLE_DRAINED, 1);
    expect_report(MESH_EXITED_ITSELF);
    cr_assert_not(actions[1].failed);
}

Test(lifecycle_family, C7_a_child_that_escalates_takes_its_parent_and_the_others_along) {
    child_escalates(11, "killed by SIGSEGV");
    cr_assert_eq(actions_count, 1);
    expect_child(0, LIFECYCLE_CHILD_EXITED, 11);
    happens(0, LIFECYCLE_CHILD_SHOWN, 1);
    cr_assert_eq(actions_count, 1);
    expect(0, LIFECYCLE_SHOW_EXIT, 1);
    happens(0, LIFECYCLE_SHOWN, 1);
    expect_child(0, LIFECYCLE_ASK_CHILD_EXIT, 12);
    child_ends(0, 12, MESH_EXITED_ON_REQUEST);
    happens(0, LIFECYCLE_CHILD_SHOWN, 1);
    happens(0, LIFECYCLE_DRAINED, 1);
    expect_report(MESH_EXITED_ITSELF);
    cr_assert(actions[1].failed);
    cr_assert_str_eq(texts[1], "its child 0000000000000001.0.11 failed: killed by SIGSEGV");
}

Test(lifecycle_family, C7_who_exits_already_does_not_fail_with_its_child) {
    happens(0, LIFECYCLE_EXIT_REQUEST, 1);
    happens(0, LIFECYCLE_SHOWN, 1);
    child_escalates(11, "why");
    child_ends(0, 12, MESH_EXITED_ON_REQUEST);
    happens(0, LIFECYCLE_CHILD_SHOWN, 1);
    happens(0, LIFECYCLE_CHILD_SHOWN, 1);
    happens(0, LIFECYCLE_DRAINED, 1);
    expect_report(MESH_EXITED_ON_REQUEST);
    cr_assert_not(actions[1].failed);
}

/* ---- the status ---- */

Test(lifecycle_family, K1_living_children_are_listed_in_the_order_of_their_births) {
    struct mesh_address children[2] = {{0}, {0}};
    cr_assert_eq(child(1, 13), MESH_OK);
    cr_assert_eq(lifecycle_children(life, address(1), children, 2), 3, "more than are listed");
    cr_assert(mesh_address_equal(children[0], address(11)));
    cr_assert(mesh_address_equal(children[1], address(12)));
    /* It is gone before its parent is told. */
    struct lifecycle_event end = {.kind = LIFECYCLE_CHILD_ENDED, .child = address(11), .how = MESH_EXITED_ITSELF};
    cr_assert_eq(lifecycle_step(life, 0, &end), MESH_OK);
    cr_assert_eq(lifecycle_children(life, address(1), children, 2), 2);
    cr_assert(mesh_address_equal(children[0], address(12)));
    cr_assert_eq(lifecycle_children(life, address(1), NULL, 0), 2);
    cr_assert_eq(lifecycle_children(life, address(2), children, 2), 0, "of nobody");
}
