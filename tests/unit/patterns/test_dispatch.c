/* Dispatch by type of message (P1).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <criterion/criterion.h>
#include <mesh/patterns.h>
#include <mesh/test.h>
#include <string.h>

static enum mesh_verdict answer(struct mesh_actor *self, const struct mesh_message *message, const char *text) {
    return mesh_reply_text(self, message, "%s", text) ? MESH_FAILED : MESH_DONE;
}

static enum mesh_verdict on_add(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    int *sum = state;
    ++*sum;
    return answer(self, message, *sum == 1 ? "one" : "more");
}

static enum mesh_verdict on_text(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)state;
    return answer(self, message, mesh_message_text(message));
}

static enum mesh_verdict on_second(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)state;
    return answer(self, message, "second");
}

static enum mesh_verdict on_timed(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)message;
    (void)state;
    return mesh_wakeup(self, 100, NULL, 0, NULL) ? MESH_FAILED : MESH_DONE;
}

static struct mesh_test *test;

static enum mesh_verdict on_wakeup(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)message;
    (void)state;
    return mesh_send_text(self, mesh_test_address(test), "awake") ? MESH_FAILED : MESH_DONE;
}

static enum mesh_verdict on_others(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)state;
    return answer(self, message, mesh_message_kind(message) == MESH_USER ? "others" : "no user message");
}

static const struct mesh_case strict_cases[] = {
    {.type = "add", .receive = on_add},          {.type = MESH_TEXT, .receive = on_text},
    {.type = "add", .receive = on_second},       {.type = "timed", .receive = on_timed},
    {.kind = MESH_WAKEUP, .receive = on_wakeup}, {0},
};
static const struct mesh_case lenient_cases[] = {
    {.type = "timed", .receive = on_timed},
    {.receive = on_others},
};

static enum mesh_verdict strict_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    return mesh_dispatch(self, message, state, strict_cases);
}

static enum mesh_verdict lenient_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    return mesh_dispatch(self, message, state, lenient_cases);
}

static const struct mesh_type strict = {.name = "strict", .state_bytes = sizeof(int), .receive = strict_receive};
static const struct mesh_type lenient = {.name = "lenient", .receive = lenient_receive};
static const struct mesh_type *const types[] = {&strict, &lenient, NULL};

static void setup(void) {
    cr_assert_eq(mesh_test_new(&test, &(struct mesh_test_options){.types = types}, NULL), MESH_OK);
}

static void teardown(void) {
    mesh_test_destroy(&test);
}

TestSuite(dispatch, .init = setup, .fini = teardown);

static struct mesh_address create(const char *type) {
    struct mesh_address address;
    cr_assert_eq(mesh_test_create(test, type, NULL, &address, NULL), MESH_OK);
    return address;
}

static void expect(struct mesh_address actor, const char *type, const char *text) {
    struct mesh_message *reply;
    cr_assert_eq(mesh_test_ask(test, actor, type, "data", sizeof "data", 1000, &reply), MESH_OK);
    cr_assert_str_eq(mesh_message_text(reply), text);
    mesh_message_release(&reply);
}

Test(dispatch, P1_each_type_has_its_handler_and_the_first_row_counts) {
    struct mesh_address actor = create("strict");
    expect(actor, "add", "one");
    expect(actor, MESH_TEXT, "data");
    expect(actor, "add", "more");
}

Test(dispatch, P1_a_type_without_a_handler_goes_back_to_its_sender) {
    struct mesh_address actor = create("strict");
    struct mesh_message *reply;
    cr_assert_eq(mesh_test_ask(test, actor, "addition", NULL, 0, 1000, &reply), MESH_REFUSED);
    cr_assert_str_eq(mesh_message_failure(reply), "messages of type addition have no handler here");
    mesh_message_release(&reply);
}

Test(dispatch, P1_the_last_row_is_for_the_rest) {
    expect(create("lenient"), "anything", "others");
}

Test(dispatch, P1_system_messages_have_rows_by_kind) {
    struct mesh_address actor = create("strict");
    struct mesh_message *mail;
    cr_assert_eq(mesh_test_tell(test, actor, "timed", NULL, 0), MESH_OK);
    cr_assert_eq(mesh_test_listen(test, 1000, &mail), MESH_OK);
    cr_assert_str_eq(mesh_message_text(mail), "awake");
    mesh_message_release(&mail);
}

Test(dispatch, P1_system_messages_are_not_for_the_last_row) {
    struct mesh_address actor = create("lenient");
    struct mesh_message *mail;
    cr_assert_eq(mesh_test_tell(test, actor, "timed", NULL, 0), MESH_OK);
    cr_assert_eq(mesh_test_listen(test, 1000, &mail), MESH_TIMED_OUT);
    expect(actor, "anything", "others");
}
