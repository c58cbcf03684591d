/* Actors that are shown nothing until they have all that they need (P4).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <criterion/criterion.h>
#include <mesh/patterns.h>
#include <mesh/test.h>
#include <stdio.h>
#include <string.h>

enum { KEPT_MAX = 3, BYTES_MAX = 100 };

/* ---- actors ---- */

struct clerk {
    struct mesh_needs needs;
    char shown[64]; /* the first letter of each message */
};

/* Replies with all that it was shown; at "fail" it fails once, at "Fail" always, and "leave" is its exit. */
static enum mesh_verdict work(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct clerk *clerk = state;
    bool user = mesh_message_kind(message) == MESH_USER;
    size_t length = strlen(clerk->shown), bytes;
    const char *text = mesh_message_data(message, &bytes);
    bool failed = length > 0 && clerk->shown[length - 1] == 'f';
    (void)snprintf(clerk->shown + length, sizeof clerk->shown - length, "%c", user ? text[0] : '!');
    if ((user && strcmp(text, "fail") == 0 && !failed) || (user && strcmp(text, "Fail") == 0)) {
        return mesh_fail(self, "as told");
    }
    if (user && mesh_reply_text(self, message, "%s", clerk->shown) != MESH_OK) {
        return MESH_FAILED;
    }
    return user && strcmp(text, "leave") == 0 ? MESH_EXIT : MESH_DONE;
}

static enum mesh_verdict work_timed(struct mesh_actor *self, void *state) {
    (void)state;
    return mesh_wakeup(self, 100, NULL, 0, NULL) ? MESH_FAILED : MESH_DONE;
}

static const char *const needed[] = {"config", "peers", NULL};
static const struct mesh_initial initial = {
    .types = needed, .kept_max = KEPT_MAX, .kept_bytes_max = BYTES_MAX, .receive = work};

static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct clerk *clerk = state;
    return mesh_initial_receive(self, message, state, &initial, &clerk->needs);
}

static const struct mesh_type clerk = {.name = "clerk", .state_bytes = sizeof(struct clerk), .receive = receive};
static const struct mesh_type timed = {
    .name = "timed", .state_bytes = sizeof(struct clerk), .receive = receive, .start = work_timed};
static const struct mesh_type *const types[] = {&clerk, &timed, NULL};

/* ---- helpers ---- */

static struct mesh_test *test;
static struct mesh_address actor;

static void create(const char *type) {
    cr_assert_eq(mesh_test_create(test, type, NULL, &actor, NULL), MESH_OK);
}

static void setup(void) {
    cr_assert_eq(mesh_test_new(&test, &(struct mesh_test_options){.types = types}, NULL), MESH_OK);
    create("clerk");
}

static void teardown(void) {
    mesh_test_destroy(&test);
}

TestSuite(initial, .init = setup, .fini = teardown);

static void tell(const char *type, const char *text) {
    cr_assert_eq(mesh_test_tell(test, actor, type, text, strlen(text) + 1), MESH_OK);
    mesh_test_run(test);
}

static void expect_mail(const char *type, const char *text) {
    struct mesh_message *mail;
    size_t bytes;
    cr_assert_eq(mesh_test_listen(test, 0, &mail), MESH_OK, "expected %s", text);
    cr_assert_str_eq(mesh_message_type(mail), type);
    cr_assert_str_eq((const char *)mesh_message_data(mail, &bytes), text);
    mesh_message_release(&mail);
}

static void expect_silence(void) {
    struct mesh_message *mail;
    cr_assert_eq(mesh_test_listen(test, 0, &mail), MESH_TIMED_OUT);
}

static void expect_returned(const char *text) {
    struct mesh_message *mail;
    cr_assert_eq(mesh_test_listen(test, 0, &mail), MESH_OK);
    cr_assert_eq(mesh_message_kind(mail), MESH_POISON);
    cr_assert_str_eq(mesh_message_failure(mail), text);
    mesh_message_release(&mail);
}

/* ---- tests ---- */

Test(initial, P4_nothing_is_shown_before_the_set_is_complete_and_then_all_in_order) {
    tell(MESH_TEXT, "1");
    tell("peers", "p");
    tell("peers", "2"); /* a second one is a message like any other */
    tell(MESH_TEXT, "3");
    expect_silence();
    tell("config", "c");
    expect_mail(MESH_TEXT, "c");
    expect_mail(MESH_TEXT, "cp");
    expect_mail(MESH_TEXT, "cp1");
    expect_mail(MESH_TEXT, "cp12");
    expect_mail(MESH_TEXT, "cp123");
    tell("config", "4");
    expect_mail(MESH_TEXT, "cp1234");
    expect_silence();
}

Test(initial, P4_an_ask_that_waited_is_answered) {
    struct mesh_test_endpoint *other;
    struct mesh_message *reply;
    cr_assert_eq(mesh_test_endpoint_open(test, &other), MESH_OK);
    cr_assert_eq(mesh_test_endpoint_ask(other, actor, MESH_TEXT, "1", 2, 0, &reply), MESH_TIMED_OUT);
    tell("config", "c");
    cr_assert_eq(mesh_test_ask(test, actor, "peers", "p", 2, 100, &reply), MESH_OK);
    cr_assert_str_eq(mesh_message_text(reply), "cp");
    mesh_message_release(&reply);
    cr_assert_eq(mesh_test_endpoint_listen(other, 0, &reply), MESH_OK);
    cr_assert_str_eq(mesh_message_text(reply), "cp1");
    mesh_message_release(&reply);
}

Test(initial, P4_what_finds_no_room_goes_back_to_its_sender) {
    for (int i = 0; i < KEPT_MAX; i++) {
        tell(MESH_TEXT, "1");
    }
    expect_silence();
    tell(MESH_TEXT, "2");
    expect_returned("too much waits for the initial messages: 3 messages, 6 bytes");
    tell("config", "c"); /* one of the set has its place */
    tell("peers", "p");
    expect_mail(MESH_TEXT, "c");
}

Test(initial, P4_bytes_are_limited_too) {
    char text[BYTES_MAX + 1] = {0};
    cr_assert_eq(mesh_test_tell(test, actor, MESH_TEXT, text, BYTES_MAX), MESH_OK);
    mesh_test_run(test);
    expect_silence();
    tell("config", "");
    expect_returned("too much waits for the initial messages: 1 messages, 100 bytes");
}

Test(initial, P4_a_kept_message_that_fails_is_shown_once_more) {
    tell(MESH_TEXT, "fail");
    tell("config", "c");
    tell("peers", "p");
    expect_mail(MESH_TEXT, "c");
    expect_mail(MESH_TEXT, "cp");
    expect_mail(MESH_TEXT, "cpff");
    expect_silence();
}

Test(initial, P4_who_sent_a_kept_message_that_fails_twice_is_told) {
    tell("config", "c");
    tell(MESH_TEXT, "Fail");
    tell("peers", "p");
    expect_mail(MESH_TEXT, "c");
    expect_mail(MESH_TEXT, "cp");
    expect_mail(MESH_FAILURE, "the handler of a message that was kept has failed");
    tell(MESH_TEXT, "on");
    expect_mail(MESH_TEXT, "cpFFo");
}

Test(initial, P4_an_exit_tells_all_who_waited) {
    tell(MESH_TEXT, "1");
    tell("peers", "p");
    cr_assert_eq(mesh_test_request_exit(test, actor, false), MESH_OK);
    mesh_test_run(test);
    expect_mail(MESH_FAILURE, "the actor has exited before it could begin");
    expect_mail(MESH_FAILURE, "the actor has exited before it could begin");
    expect_silence();
}

Test(initial, P4_an_exit_on_the_way_tells_those_behind_it) {
    tell(MESH_TEXT, "leave");
    tell(MESH_TEXT, "behind");
    tell("peers", "p");
    tell("config", "c");
    expect_mail(MESH_TEXT, "c");
    expect_mail(MESH_TEXT, "cp");
    expect_mail(MESH_TEXT, "cpl");
    expect_mail(MESH_FAILURE, "the actor has exited before it could begin");
    cr_assert_not(mesh_test_lives(test, actor));
}

Test(initial, P4_system_messages_are_shown_as_they_come) {
    create("timed");
    mesh_test_run(test);
    mesh_test_advance(test, 100);
    tell("config", "c");
    tell("peers", "p");
    expect_mail(MESH_TEXT, "!c");
    expect_mail(MESH_TEXT, "!cp");
}
