/* Actors that exit by themselves (P3): both sides of their ends.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <criterion/criterion.h>
#include <mesh/patterns.h>
#include <mesh/test.h>
#include <string.h>

/* ---- actors ---- */

struct clerk {
    struct mesh_lifetime life;
    unsigned wakeups;
};

/* Answers with how often it was woken up; at "timed" it sets a timer of its own, "fail" fails, and "leave" is its exit. */
static enum mesh_verdict work(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct clerk *clerk = state;
    const char *text = mesh_message_text(message);
    clerk->wakeups += mesh_message_kind(message) == MESH_WAKEUP;
    if (!text || strcmp(text, "fail") == 0) {
        return text ? mesh_fail(self, "as told") : MESH_DONE;
    }
    if (strcmp(text, "timed") == 0 && mesh_wakeup(self, 100, NULL, 0, NULL) != MESH_OK) {
        return MESH_FAILED;
    }
    enum mesh_status status = mesh_reply_text(self, message, "%u", clerk->wakeups);
    return status ? MESH_FAILED : strcmp(text, "leave") == 0 ? MESH_EXIT : MESH_DONE;
}

static const struct mesh_transient by_default = {.receive = work};
static const struct mesh_transient first = {.from = MESH_AFTER_FIRST, .after_ms = 500, .receive = work};

static enum mesh_verdict last_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct clerk *clerk = state;
    return mesh_transient_receive(self, message, state, &by_default, &clerk->life);
}

static enum mesh_verdict first_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct clerk *clerk = state;
    return mesh_transient_receive(self, message, state, &first, &clerk->life);
}

static const struct mesh_type last_type = {
    .name = "last", .state_bytes = sizeof(struct clerk), .receive = last_receive};
static const struct mesh_type first_type = {
    .name = "first", .state_bytes = sizeof(struct clerk), .receive = first_receive};
static const struct mesh_type *const types[] = {&last_type, &first_type, NULL};

/* ---- helpers ---- */

static struct mesh_test *test;

static void setup(void) {
    cr_assert_eq(mesh_test_new(&test, &(struct mesh_test_options){.types = types}, NULL), MESH_OK);
}

static void teardown(void) {
    mesh_test_destroy(&test);
}

TestSuite(transient, .init = setup, .fini = teardown);

static struct mesh_address create(const char *type) {
    struct mesh_address address;
    cr_assert_eq(mesh_test_create(test, type, NULL, &address, NULL), MESH_OK);
    mesh_test_run(test);
    return address;
}

static void expect(struct mesh_address actor, const char *question, const char *text) {
    struct mesh_message *reply;
    cr_assert_eq(mesh_test_ask_text(test, actor, question, 0, &reply), MESH_OK);
    cr_assert_str_eq(mesh_message_text(reply), text);
    mesh_message_release(&reply);
}

/* It goes in so many milliseconds, not before. */
static void expect_end(struct mesh_address actor, uint64_t span_ms) {
    mesh_test_advance(test, span_ms - 1);
    cr_assert(mesh_test_lives(test, actor));
    mesh_test_advance(test, 1);
    cr_assert_not(mesh_test_lives(test, actor));
}

/* ---- tests ---- */

Test(transient, P3_it_goes_ten_seconds_after_its_last_message) {
    struct mesh_address actor = create("last");
    expect(actor, "hello", "0");
    mesh_test_advance(test, 9999);
    expect(actor, "again", "0");
    expect_end(actor, 10000);
}

Test(transient, P3_it_goes_some_time_after_its_first_message) {
    struct mesh_address actor = create("first");
    expect(actor, "hello", "0");
    mesh_test_advance(test, 400);
    expect(actor, "again", "0");
    expect_end(actor, 100);
}

Test(transient, P3_it_stays_until_a_message_has_come) {
    struct mesh_address actor = create("first");
    mesh_test_advance(test, 60000);
    cr_assert(mesh_test_lives(test, actor));
}

Test(transient, P3_its_own_timers_are_its_own) {
    struct mesh_address actor = create("last");
    expect(actor, "timed", "0");
    mesh_test_advance(test, 100);
    expect(actor, "hello", "1");
}

Test(transient, P3_a_wakeup_is_no_message_of_anybody) {
    struct mesh_address actor = create("last");
    expect(actor, "timed", "0");
    mesh_test_advance(test, 100);
    expect_end(actor, 9900);
}

Test(transient, P3_what_fails_is_a_message_too) {
    struct mesh_address actor = create("first");
    struct mesh_message *reply;
    cr_assert_eq(mesh_test_ask_text(test, actor, "fail", 0, &reply), MESH_REFUSED);
    mesh_message_release(&reply);
    expect_end(actor, 500);
}

Test(transient, P3_its_own_exit_comes_first) {
    struct mesh_address actor = create("last");
    expect(actor, "leave", "0");
    mesh_test_run(test);
    cr_assert_not(mesh_test_lives(test, actor));
}
