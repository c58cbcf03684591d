/* The test kit of <mesh/test.h>, used as those who test actors use it.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <criterion/criterion.h>
#include <mesh/report.h>
#include <mesh/test.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- actors ---- */

static enum mesh_verdict echo_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    unsigned *count = state;
    if (mesh_message_kind(message) != MESH_USER) {
        return MESH_DONE;
    }
    if (mesh_message_is(message, "tick")) {
        return MESH_DONE;
    }
    ++*count;
    return mesh_reply_text(self, message, "%u %s", *count, mesh_message_text(message)) ? MESH_FAILED : MESH_DONE;
}

static unsigned fails_calls;

static enum mesh_verdict fails_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)state;
    fails_calls += mesh_message_kind(message) == MESH_USER;
    return mesh_message_kind(message) == MESH_USER ? mesh_fail(self, "call %u", fails_calls) : MESH_DONE;
}

/* Creates a child of the type that a text names; what it hears of children and of its own messages goes to the asker. */
struct parent {
    struct mesh_address asker, child;
};

static enum mesh_verdict verdict_of(enum mesh_status status) {
    return status == MESH_OK ? MESH_DONE : MESH_FAILED;
}

static enum mesh_verdict parent_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct parent *parent = state;
    struct mesh_exit exit;
    char text[MESH_ADDRESS_TEXT_BYTES];
    if (mesh_message_exit(message, &exit) == MESH_OK) {
        return verdict_of(mesh_send_text(self, parent->asker, "how %d number %d %s", exit.how, exit.number, exit.text));
    }
    if (mesh_message_kind(message) == MESH_POISON) {
        return verdict_of(mesh_send_text(self, parent->asker, "poison: %s", mesh_message_failure(message)));
    }
    if (mesh_message_kind(message) != MESH_USER || mesh_address_equal(mesh_message_sender(message), parent->child)) {
        return MESH_DONE;
    }
    parent->asker = mesh_message_sender(message);
    if (mesh_create(self, mesh_message_text(message), NULL, &parent->child) != MESH_OK ||
        mesh_send_text(self, parent->child, "welcome") != MESH_OK) {
        return MESH_FAILED;
    }
    return verdict_of(mesh_reply_text(self, message, "%s", mesh_address_print(parent->child, text)));
}

static unsigned stops;

static void count_stop(struct mesh_actor *self, void *state) {
    (void)self;
    (void)state;
    stops++;
}

/* Sets two timers, cancels one of them, and tells of what comes of the other. */
static enum mesh_verdict timed_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    uint64_t *cancelled = state;
    struct mesh_timer timer;
    if (mesh_message_wakeup(message, &timer) == MESH_OK) {
        return verdict_of(mesh_send_text(
            self, *(const struct mesh_address *)timer.data, "%d ms",
            mesh_address_equal(mesh_message_sender(message), mesh_self(self)) ? (int)timer.delay_ms : -1));
    }
    if (mesh_message_kind(message) != MESH_USER) {
        return MESH_DONE;
    }
    struct mesh_address asker = mesh_message_sender(message);
    if (mesh_wakeup(self, 250, &asker, sizeof asker, NULL) || mesh_wakeup(self, 100, &asker, sizeof asker, cancelled) ||
        mesh_wakeup(self, 300, &asker, sizeof asker, NULL)) {
        return MESH_FAILED;
    }
    return verdict_of(mesh_cancel_wakeup(self, *cancelled));
}

/* Sends itself a message for each that is left, and tells how deep in handlers it is. */
struct nested {
    struct mesh_address asker;
    int depth;
};

static enum mesh_verdict nested_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct nested *nested = state;
    size_t left;
    const char *data = mesh_message_data(message, &left);
    if (!mesh_message_is(message, "again")) {
        return MESH_DONE;
    }
    if (!mesh_address_equal(mesh_message_sender(message), mesh_self(self))) {
        nested->asker = mesh_message_sender(message);
    }
    nested->depth++;
    enum mesh_status status = left > 0 ? mesh_send(self, mesh_self(self), "again", data, left - 1) : MESH_OK;
    status = status ? status : mesh_send_text(self, nested->asker, "%d deep, %zu left", nested->depth, left);
    nested->depth--;
    return verdict_of(status);
}

/* Does what it is told, and counts how often it was told. */
static enum mesh_verdict obedient_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    unsigned *told = state;
    const char *text = mesh_message_text(message);
    if (!text) {
        return MESH_DONE;
    }
    ++*told;
    if (strcmp(text, "fail") == 0) {
        return MESH_FAILED;
    }
    return mesh_reply_text(self, message, "%u", *told) ? MESH_FAILED
           : strcmp(text, "exit") == 0                 ? MESH_EXIT
                                                       : MESH_DONE;
}

/* Watches three pipes, of which one is closed, and tells which are readable. */
static int pipes[3][2];

static enum mesh_verdict watching_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct mesh_address *asker = state;
    int ready[3];
    size_t count = mesh_message_ready(message, ready, 3);
    if (mesh_message_kind(message) == MESH_WATCH) {
        char byte;
        bool read_it = count == 1 && read(ready[0], &byte, 1) == 1;
        return verdict_of(mesh_send_text(self, *asker, "%zu ready, %s", count,
                                         read_it && ready[0] == pipes[1][0] ? "the second" : "another"));
    }
    if (mesh_message_kind(message) != MESH_USER || mesh_message_is(message, "nothing")) {
        return MESH_DONE;
    }
    *asker = mesh_message_sender(message);
    return verdict_of(mesh_watch(self, (int[]){pipes[0][0], pipes[1][0], pipes[2][0]}, 3));
}

/* Requests the status of the actor that a text names, and tells what comes. */
static enum mesh_verdict curious_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct mesh_address *asker = state, who = {0};
    static uint64_t requested;
    struct mesh_report *report = NULL;
    struct mesh_error error;
    uint64_t id;
    if (mesh_message_kind(message) == MESH_USER) {
        *asker = mesh_message_sender(message);
        if (mesh_address_parse(mesh_message_text(message), &who) != MESH_OK) {
            who = (struct mesh_address){0}; /* which is none (E5) */
        }
        enum mesh_status status = mesh_request_report(self, who, &requested);
        return verdict_of(status ? mesh_send_text(self, *asker, "%s", mesh_status_name(status)) : MESH_OK);
    }
    enum mesh_status status = mesh_message_report(message, &id, &report, &error);
    if (status == MESH_INVALID_ARGUMENT) {
        return MESH_DONE;
    }
    if (status != MESH_OK) {
        return verdict_of(mesh_send_text(self, *asker, "%s %s", mesh_status_name(status), error.text));
    }
    const struct mesh_actor_details *actor = report->actor;
    status = mesh_send_text(self, *asker, "%s %s%s, %d child, %d timers, %s %d", actor->actor.type, actor->actor.state,
                            id == requested ? "" : " (of another request)", (int)actor->actor.children_count,
                            (int)actor->timers, actor->counters[1].name, (int)actor->counters[1].value);
    mesh_report_release(&report);
    return verdict_of(status);
}

static const struct mesh_type curious = {
    .name = "curious", .receive = curious_receive, .state_bytes = sizeof(struct mesh_address)};
static const struct mesh_type timed = {.name = "timed", .receive = timed_receive, .state_bytes = sizeof(uint64_t)};
static const struct mesh_type watching = {
    .name = "watching", .receive = watching_receive, .state_bytes = sizeof(struct mesh_address)};
static const struct mesh_type nested = {
    .name = "nested", .receive = nested_receive, .state_bytes = sizeof(struct nested)};
static const struct mesh_type obedient = {
    .name = "obedient", .receive = obedient_receive, .state_bytes = sizeof(unsigned)};
static const struct mesh_type echo = {
    .name = "echo", .receive = echo_receive, .stop = count_stop, .state_bytes = sizeof(unsigned)};
static const struct mesh_type fails = {.name = "fails", .receive = fails_receive};
static const struct mesh_type parent = {
    .name = "parent", .receive = parent_receive, .state_bytes = sizeof(struct parent)};
static const struct mesh_type light = {
    .name = "light", .receive = parent_receive, .state_bytes = sizeof(struct parent), .light = true};
static const struct mesh_type *const types[] = {&echo,     &fails,  &parent,   &light,   &timed,
                                                &watching, &nested, &obedient, &curious, NULL};

/* ---- helpers ---- */

static struct mesh_test *test;

static void setup(void) {
    fails_calls = stops = 0;
    cr_assert_eq(mesh_test_new(&test, &(struct mesh_test_options){.types = types}, NULL), MESH_OK);
}

static void teardown(void) {
    struct mesh_test_counts counts = mesh_test_counts(test);
    cr_assert_eq(counts.accepted, counts.handled + counts.returned + counts.dead + counts.abandoned + counts.in_flight);
    mesh_test_destroy(&test);
    cr_assert_null(test);
}

TestSuite(kit, .init = setup, .fini = teardown);

static struct mesh_address create(const char *type) {
    struct mesh_address address;
    struct mesh_error error;
    cr_assert_eq(mesh_test_create(test, type, NULL, &address, &error), MESH_OK);
    return address;
}

static void expect_answer(struct mesh_address actor, const char *question, const char *answer) {
    struct mesh_message *reply;
    cr_assert_eq(mesh_test_ask_text(test, actor, question, 1000, &reply), MESH_OK);
    cr_assert_str_eq(mesh_message_text(reply), answer);
    mesh_message_release(&reply);
}

static void expect_mail(const char *text) {
    struct mesh_message *mail;
    cr_assert_eq(mesh_test_listen(test, 1000, &mail), MESH_OK, "expected %s", text);
    cr_assert_str_eq(mesh_message_text(mail), text);
    mesh_message_release(&mail);
}

static struct mesh_address child_of(struct mesh_address actor, const char *type) {
    struct mesh_message *reply;
    struct mesh_address child;
    cr_assert_eq(mesh_test_ask_text(test, actor, type, 1000, &reply), MESH_OK);
    cr_assert_eq(mesh_address_parse(mesh_message_text(reply), &child), MESH_OK);
    mesh_message_release(&reply);
    return child;
}

/* ---- cases ---- */

Test(kit, an_actor_answers_and_no_time_goes_by) {
    struct mesh_address actor = create("echo");
    expect_answer(actor, "one", "1 one");
    expect_answer(actor, "two", "2 two");
    cr_assert_eq(mesh_test_now_ms(test), 0);
    mesh_test_advance(test, 1500);
    cr_assert_eq(mesh_test_now_ms(test), 1500);
}

Test(kit, nothing_moves_before_it_is_run) {
    struct mesh_address actor = create("echo");
    struct mesh_settlement settlement;
    cr_assert_eq(mesh_test_tell_text(test, actor, "one"), MESH_OK);
    cr_assert_not(mesh_test_settled(test, &settlement));
    mesh_test_run(test);
    cr_assert(mesh_test_settled(test, &settlement));
    cr_assert(mesh_address_equal(settlement.target, actor));
    cr_assert(mesh_address_equal(settlement.sender, mesh_test_address(test)));
    cr_assert_eq(settlement.outcome, MESH_OUTCOME_HANDLED);
    cr_assert_str_eq(settlement.type, MESH_TEXT);
    expect_mail("1 one");
}

Test(kit, an_unanswered_ask_leaps_to_its_end) {
    struct mesh_address actor = create("echo");
    struct mesh_message *reply;
    cr_assert_eq(mesh_test_ask(test, actor, "tick", NULL, 0, 60000, &reply), MESH_TIMED_OUT);
    cr_assert_null(reply);
    cr_assert_eq(mesh_test_now_ms(test), 60000);
}

Test(kit, E1_a_failure_comes_back_after_one_retry) {
    struct mesh_address actor = create("fails");
    struct mesh_message *reply;
    cr_assert_eq(mesh_test_ask_text(test, actor, "please", 1000, &reply), MESH_REFUSED);
    cr_assert_str_eq(mesh_message_failure(reply), "call 2");
    mesh_message_release(&reply);
    cr_assert(mesh_test_lives(test, actor));
}

Test(kit, E1_an_actor_gets_its_own_back_as_poison) {
    (void)child_of(create("parent"), "fails");
    expect_mail("poison: call 2");
}

Test(kit, C1_what_cannot_be_created_is_told_and_its_mail_is_dead) {
    struct mesh_address actor = create("parent");
    struct mesh_settlement settlement;
    (void)child_of(actor, "nobody");
    struct mesh_message *mail;
    cr_assert_eq(mesh_test_listen(test, 1000, &mail), MESH_OK);
    cr_assert_not_null(strstr(mesh_message_text(mail), "nobody"));
    mesh_message_release(&mail);
    bool dead = false;
    while (mesh_test_settled(test, &settlement)) {
        dead = dead || (settlement.outcome == MESH_OUTCOME_DEAD && !settlement.maybe_handled);
    }
    cr_assert(dead);
    struct mesh_address address;
    struct mesh_error error;
    cr_assert_eq(mesh_test_create(test, "nobody", NULL, &address, &error), MESH_UNKNOWN_TYPE);
}

Test(kit, C4_an_exit_is_told_once_and_stop_has_run) {
    struct mesh_address child = child_of(create("parent"), "echo");
    cr_assert_eq(mesh_test_request_exit(test, child, false), MESH_OK);
    expect_mail("how 1 number 0 ");
    cr_assert_not(mesh_test_lives(test, child));
    cr_assert_eq(stops, 1);
    struct mesh_message *mail;
    cr_assert_eq(mesh_test_listen(test, 60000, &mail), MESH_TIMED_OUT);
}

Test(kit, E3_a_crash_in_a_handler_is_poison_and_the_rest_is_dead) {
    struct mesh_address child = child_of(create("parent"), "echo");
    struct mesh_message *reply;
    cr_assert_eq(mesh_test_crash_in_handler(test, child, SIGSEGV), MESH_OK);
    cr_assert_eq(mesh_test_ask_text(test, child, "boom", 1000, &reply), MESH_REFUSED);
    cr_assert_str_eq(mesh_message_failure(reply), "killed by SIGSEGV");
    mesh_message_release(&reply);
    expect_mail("how 4 number 11 killed by SIGSEGV");
    cr_assert_eq(mesh_test_ask_text(test, child, "still there", 1000, &reply), MESH_DEAD);
    mesh_message_release(&reply);
    cr_assert_eq(stops, 0);
    cr_assert_eq(mesh_test_crash(test, child, SIGSEGV), MESH_NOT_FOUND);
}

Test(kit, C8_children_of_the_crashed_are_asked_to_exit) {
    struct mesh_address actor = create("parent");
    struct mesh_address child = child_of(actor, "echo");
    cr_assert_eq(mesh_test_crash(test, actor, SIGKILL), MESH_OK);
    mesh_test_run(test);
    cr_assert_not(mesh_test_lives(test, actor));
    cr_assert_not(mesh_test_lives(test, child));
    cr_assert_eq(stops, 1);
}

Test(kit, A4_light_children_behave_alike) {
    struct mesh_address child = child_of(create("light"), "light");
    cr_assert_eq(mesh_test_crash(test, child, SIGABRT), MESH_OK);
    struct mesh_message *mail;
    bool told = false;
    while (mesh_test_listen(test, 1000, &mail) == MESH_OK) {
        told = told || strcmp(mesh_message_text(mail), "how 4 number 6 killed by SIGABRT") == 0;
        mesh_message_release(&mail);
    }
    cr_assert(told);
}

Test(kit, A1_a_send_to_itself_is_queued) {
    struct mesh_address actor = create("nested");
    cr_assert_eq(mesh_test_tell(test, actor, "again", "xx", 2), MESH_OK);
    expect_mail("1 deep, 2 left");
    expect_mail("1 deep, 1 left");
    expect_mail("1 deep, 0 left");
}

Test(kit, A5_each_verdict_does_what_it_says) {
    struct mesh_address actor = create("obedient");
    struct mesh_message *reply;
    expect_answer(actor, "done", "1");
    cr_assert_eq(mesh_test_ask_text(test, actor, "fail", 1000, &reply), MESH_REFUSED);
    mesh_message_release(&reply);
    expect_answer(actor, "done", "4"); /* the one that failed was shown twice (E1) */
    expect_answer(actor, "exit", "5");
    mesh_test_run(test);
    cr_assert_not(mesh_test_lives(test, actor));
}

Test(kit, F1_a_wakeup_comes_when_its_delay_is_over_and_a_cancelled_one_never) {
    struct mesh_address actor = create("timed");
    struct mesh_message *mail;
    cr_assert_eq(mesh_test_tell_text(test, actor, "go"), MESH_OK);
    mesh_test_advance(test, 249);
    cr_assert_eq(mesh_test_listen(test, 0, &mail), MESH_TIMED_OUT);
    mesh_test_advance(test, 1);
    expect_mail("250 ms");
    cr_assert_eq(mesh_test_now_ms(test), 250);
    expect_mail("300 ms");
    cr_assert_eq(mesh_test_now_ms(test), 300);
    cr_assert_eq(mesh_test_listen(test, 1000, &mail), MESH_TIMED_OUT);
}

Test(kit, F1_timers_go_with_their_actor) {
    struct mesh_address actor = create("timed");
    struct mesh_message *mail;
    cr_assert_eq(mesh_test_tell_text(test, actor, "go"), MESH_OK);
    cr_assert_eq(mesh_test_request_exit(test, actor, false), MESH_OK);
    cr_assert_eq(mesh_test_listen(test, 1000, &mail), MESH_TIMED_OUT);
    cr_assert_not(mesh_test_lives(test, actor));
}

Test(kit, F2_readable_descriptors_are_told_once_until_they_are_watched_again) {
    struct mesh_address actor = create("watching");
    struct mesh_message *mail;
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(pipe(pipes[i]), 0);
    }
    cr_assert_eq(close(pipes[2][0]), 0);
    cr_assert_eq(mesh_test_tell_text(test, actor, "watch"), MESH_OK);
    cr_assert_eq(mesh_test_listen(test, 100, &mail), MESH_TIMED_OUT);
    cr_assert_eq(write(pipes[1][1], "xy", 2), 2);
    expect_mail("1 ready, the second");
    cr_assert_eq(mesh_test_listen(test, 100, &mail), MESH_TIMED_OUT); /* a byte is left, but nobody watches */
    cr_assert_eq(mesh_test_tell_text(test, actor, "watch"), MESH_OK);
    expect_mail("1 ready, the second");
    cr_assert_eq(write(pipes[1][1], "z", 1), 1);
    cr_assert_eq(mesh_test_tell_text(test, actor, "watch"), MESH_OK);
    cr_assert_eq(mesh_test_tell(test, actor, "nothing", NULL, 0), MESH_OK); /* its handler states no set */
    cr_assert_eq(mesh_test_listen(test, 100, &mail), MESH_TIMED_OUT);
}

Test(kit_alone, a_malformed_type_is_refused) {
    static const struct mesh_type nothing = {.name = "nothing"};
    static const struct mesh_type *const wrong[] = {&nothing, NULL};
    struct mesh_test *none = NULL;
    struct mesh_error error;
    cr_assert_eq(mesh_test_new(&none, &(struct mesh_test_options){.types = wrong}, &error), MESH_LOAD_FAILED);
    cr_assert_not_null(strstr(error.text, "nothing"));
    cr_assert_null(none);
    mesh_test_destroy(&none);
}

Test(kit_alone, real_time_is_waited_for) {
    struct mesh_test *real = NULL;
    struct mesh_address actor;
    struct mesh_message *reply;
    struct mesh_test_options options = {.types = types, .real_time = true};
    cr_assert_eq(mesh_test_new(&real, &options, NULL), MESH_OK);
    cr_assert_eq(mesh_test_create(real, "echo", NULL, &actor, NULL), MESH_OK);
    cr_assert_eq(mesh_test_ask_text(real, actor, "one", 1000, &reply), MESH_OK);
    mesh_message_release(&reply);
    cr_assert_eq(mesh_test_ask(real, actor, "tick", NULL, 0, 20, &reply), MESH_TIMED_OUT);
    cr_assert_geq(mesh_test_now_ms(real), 20);
    mesh_test_destroy(&real);
}

/* ---- the status of another ---- */

static void expect_status(struct mesh_address who, const char *text) {
    char address[MESH_ADDRESS_TEXT_BYTES];
    cr_assert_eq(mesh_test_tell_text(test, create("curious"), mesh_address_print(who, address)), MESH_OK);
    expect_mail(text);
}

Test(kit, K1_an_actor_is_told_the_status_of_another) {
    struct mesh_message *reply;
    struct mesh_address family = create("parent"), timer = create("timed"), failing = create("fails");
    cr_assert_eq(mesh_test_ask_text(test, family, "echo", 1000, &reply), MESH_OK);
    mesh_message_release(&reply);
    cr_assert_eq(mesh_test_tell_text(test, timer, "set"), MESH_OK);
    cr_assert_eq(mesh_test_tell_text(test, failing, "once"), MESH_OK);
    mesh_test_run(test);
    cr_assert_eq(mesh_test_listen(test, 1000, &reply), MESH_OK);
    cr_assert_eq(mesh_message_kind(reply), MESH_POISON);
    mesh_message_release(&reply);
    expect_status(family, "parent idle, 1 child, 0 timers, retried 0");
    expect_status(timer, "timed idle, 0 child, 2 timers, retried 0");
    expect_status(failing, "fails idle, 0 child, 0 timers, retried 1");
}

Test(kit, K1_an_actor_is_told_why_there_is_no_status) {
    struct mesh_address gone = create("echo");
    cr_assert_eq(mesh_test_request_exit(test, gone, false), MESH_OK);
    mesh_test_run(test);
    expect_status(gone, "MESH_NOT_FOUND that actor is gone, or never was: its host does not know it");
}

Test(kit, E5_a_status_is_requested_of_an_address) {
    cr_assert_eq(mesh_test_tell_text(test, create("curious"), "no address"), MESH_OK);
    expect_mail("MESH_INVALID_ADDRESS");
}
