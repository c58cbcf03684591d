/* The test kit of <mesh/test.h>: what becomes of actors that fail (C7), of those they leave behind, and of what nobody handles.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <criterion/criterion.h>
#include <mesh/test.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* ---- actors ---- */

/* Replies with how many it was told in this life; "silence" and "wait" are not answered, and at "leave" it does. */
static enum mesh_verdict worker_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    unsigned *told = state;
    const char *text = mesh_message_text(message);
    if (!text || strcmp(text, "silence") == 0 || strcmp(text, "leave") == 0) {
        return text && strcmp(text, "leave") == 0 ? MESH_EXIT : MESH_DONE;
    }
    if (strcmp(text, "wake me") == 0) {
        return mesh_wakeup(self, 100, NULL, 0, NULL) ? MESH_FAILED : MESH_DONE;
    }
    const char *mark = mesh_message_redelivered(message) ? " again" : "";
    return mesh_reply_text(self, message, "%u %s%s", ++*told, text, mark) ? MESH_FAILED : MESH_DONE;
}

static unsigned starts_before_success, silences;

static enum mesh_verdict late_start(struct mesh_actor *self, void *state) {
    (void)state;
    return starts_before_success > 0 && starts_before_success-- ? mesh_fail(self, "too early") : MESH_DONE;
}

static struct mesh_test *test;

/* Makes children, "TYPE ON_FAILURE DETACHED"; writes to an address that it is told, and dies of what comes next; keeps an account of how they end and of what comes back. */
struct boss {
    unsigned ends;
    char last[300];
};

static enum mesh_verdict boss_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct boss *boss = state;
    struct mesh_exit ended;
    struct mesh_address child;
    char type[32], name[MESH_ADDRESS_TEXT_BYTES];
    int on_failure, detached;
    const char *text = mesh_message_text(message);
    if (mesh_message_exit(message, &ended) == MESH_OK) {
        boss->ends++;
        (void)snprintf(boss->last, sizeof boss->last, "%d %d %s", ended.how, ended.number, ended.text);
    }
    if (mesh_message_kind(message) == MESH_POISON) {
        (void)snprintf(boss->last, sizeof boss->last, "poison %s", mesh_message_failure(message));
    }
    if (mesh_message_kind(message) != MESH_USER || !text) {
        return MESH_DONE;
    }
    if (strcmp(text, "account") == 0) {
        return mesh_reply_text(self, message, "%u ends %s", boss->ends, boss->last) ? MESH_FAILED : MESH_DONE;
    }
    if (mesh_address_parse(text, &child) == MESH_OK) {
        return mesh_send_text(self, child, "silence") || mesh_test_crash_in_handler(test, mesh_self(self), SIGSEGV)
                   ? MESH_FAILED
                   : MESH_DONE;
    }
    silences += strcmp(text, "silence") == 0;
    if (sscanf(text, "%31s %d %d", type, &on_failure, &detached) != 3) {
        return MESH_DONE; /* an answer */
    }
    struct mesh_create_options options = {.on_failure = (enum mesh_on_failure)on_failure, .detached = detached != 0};
    return mesh_create(self, type, &options, &child) ||
                   mesh_reply_text(self, message, "%s", mesh_address_print(child, name))
               ? MESH_FAILED
               : MESH_DONE;
}

static struct mesh_address desk_to; /* whom desks forward to */

/* After a "farewell" it is gone when it has forwarded the next. */
static enum mesh_verdict desk_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    bool *leaves = state;
    if (mesh_message_kind(message) != MESH_USER) {
        return MESH_DONE;
    }
    if (strcmp(mesh_message_text(message), "farewell") == 0) {
        *leaves = true;
        return MESH_DONE;
    }
    return mesh_forward(self, message, desk_to) ? MESH_FAILED : *leaves ? MESH_EXIT : MESH_DONE;
}

/* The dead-letter handler while "on". */
static enum mesh_verdict undertaker_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    unsigned *letters = state;
    const char *text = mesh_message_text(message);
    *letters += mesh_message_kind(message) == MESH_DEAD_LETTER;
    if (mesh_message_kind(message) != MESH_USER || !text) {
        return MESH_DONE;
    }
    if (strcmp(text, "how many") != 0 && mesh_dead_letters(self, strcmp(text, "on") == 0) != MESH_OK) {
        return MESH_FAILED;
    }
    return mesh_reply_text(self, message, "%u", *letters) ? MESH_FAILED : MESH_DONE;
}

static const struct mesh_type worker = {.name = "worker", .receive = worker_receive, .state_bytes = sizeof(unsigned)};
static const struct mesh_type late = {
    .name = "late", .start = late_start, .receive = worker_receive, .state_bytes = sizeof(unsigned)};
static const struct mesh_type boss = {.name = "boss", .receive = boss_receive, .state_bytes = sizeof(struct boss)};
static const struct mesh_type desk = {.name = "desk", .receive = desk_receive, .state_bytes = sizeof(bool)};
static const struct mesh_type undertaker = {
    .name = "undertaker", .receive = undertaker_receive, .state_bytes = sizeof(unsigned)};
static const struct mesh_type *const types[] = {&worker, &late, &boss, &desk, &undertaker, NULL};

/* ---- helpers ---- */

static void setup(void) {
    starts_before_success = silences = 0;
    cr_assert_eq(mesh_test_new(&test, &(struct mesh_test_options){.types = types}, NULL), MESH_OK);
}

static void teardown(void) {
    struct mesh_test_counts counts = mesh_test_counts(test);
    cr_assert_eq(counts.accepted, counts.handled + counts.returned + counts.dead + counts.abandoned + counts.in_flight);
    mesh_test_destroy(&test);
}

TestSuite(kit_restart, .init = setup, .fini = teardown);

static struct mesh_address create(const char *type, enum mesh_on_failure on_failure) {
    struct mesh_address address;
    struct mesh_create_options options = {.on_failure = on_failure};
    cr_assert_eq(mesh_test_create(test, type, &options, &address, NULL), MESH_OK);
    return address;
}

static void expect_answer(struct mesh_address actor, const char *question, const char *answer) {
    struct mesh_message *reply;
    cr_assert_eq(mesh_test_ask_text(test, actor, question, 1000, &reply), MESH_OK, "%s", question);
    cr_assert_str_eq(mesh_message_text(reply), answer);
    mesh_message_release(&reply);
}

static struct mesh_address child_of(struct mesh_address actor, const char *question) {
    struct mesh_message *reply;
    struct mesh_address child;
    cr_assert_eq(mesh_test_ask_text(test, actor, question, 1000, &reply), MESH_OK);
    cr_assert_eq(mesh_address_parse(mesh_message_text(reply), &child), MESH_OK);
    mesh_message_release(&reply);
    mesh_test_run(test);
    return child;
}

static void crash(struct mesh_address actor) {
    cr_assert_eq(mesh_test_crash(test, actor, SIGSEGV), MESH_OK);
    mesh_test_run(test);
}

static void create_by(struct mesh_address parent, struct mesh_address *child, const char *type,
                      enum mesh_on_failure on_failure, bool detached) {
    char question[64];
    (void)snprintf(question, sizeof question, "%s %d %d", type, on_failure, detached);
    *child = child_of(parent, question);
}

/* ---- cases ---- */

Test(kit_restart, C7_a_crashed_worker_has_its_address_and_fresh_state) {
    struct mesh_address actor = create("worker", MESH_RESTART);
    expect_answer(actor, "a", "1 a");
    expect_answer(actor, "b", "2 b");
    crash(actor);
    cr_assert(mesh_test_lives(test, actor));
    expect_answer(actor, "c", "1 c");
}

Test(kit_restart, C7_the_message_in_hand_is_poison_and_the_rest_goes_to_the_new_life_in_order) {
    static const char *const said[] = {"a", "b", "c"}, *const wanted[] = {"1 b", "2 c"};
    struct mesh_address actor = create("worker", MESH_RESTART);
    struct mesh_message *mail;
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(mesh_test_tell_text(test, actor, said[i]), MESH_OK);
    }
    cr_assert_eq(mesh_test_crash_in_handler(test, actor, SIGABRT), MESH_OK);
    cr_assert_eq(mesh_test_listen(test, 0, &mail), MESH_OK);
    cr_assert_eq(mesh_message_kind(mail), MESH_POISON);
    cr_assert_str_eq(mesh_message_failure(mail), "killed by SIGABRT");
    mesh_message_release(&mail);
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(mesh_test_listen(test, 0, &mail), MESH_OK);
        cr_assert_str_eq(mesh_message_text(mail), wanted[i]);
        mesh_message_release(&mail);
    }
}

Test(kit_restart, C7_each_life_can_be_crashed_in_its_handler) {
    struct mesh_address actor = create("worker", MESH_RESTART);
    struct mesh_message *reply;
    for (int life = 0; life < 3; life++) {
        cr_assert_eq(mesh_test_crash_in_handler(test, actor, SIGSEGV), MESH_OK);
        cr_assert_eq(mesh_test_ask_text(test, actor, "boom", 1000, &reply), MESH_REFUSED);
        mesh_message_release(&reply);
        expect_answer(actor, "a", "1 a");
    }
}

Test(kit_restart, C7_the_parent_hears_once_when_the_restarts_are_used_up) {
    struct mesh_address parent = create("boss", MESH_STOP), child;
    create_by(parent, &child, "worker", MESH_RESTART, false);
    for (int life = 0; life < 3; life++) {
        crash(child);
        expect_answer(child, "a", "1 a");
        expect_answer(parent, "account", "0 ends ");
    }
    crash(child);
    cr_assert_not(mesh_test_lives(test, child));
    expect_answer(parent, "account", "1 ends 4 11 killed by SIGSEGV; its 3 restarts within 5000 ms are used up");
}

Test(kit_restart, C7_restarts_that_are_long_ago_do_not_count) {
    struct mesh_create_options options = {.on_failure = MESH_RESTART, .restarts_max = 1, .restarts_within_ms = 1000};
    for (unsigned wait_ms = 999; wait_ms <= 1000; wait_ms++) {
        struct mesh_address actor;
        cr_assert_eq(mesh_test_create(test, "worker", &options, &actor, NULL), MESH_OK);
        mesh_test_run(test);
        crash(actor);
        mesh_test_advance(test, wait_ms);
        crash(actor);
        cr_assert_eq(mesh_test_lives(test, actor), wait_ms == 1000);
    }
}

Test(kit_restart, C7_a_constructor_that_fails_is_tried_again) {
    struct mesh_address parent = create("boss", MESH_STOP), child;
    starts_before_success = 3;
    create_by(parent, &child, "late", MESH_RESTART, false);
    expect_answer(child, "at last", "1 at last");
    starts_before_success = 9;
    create_by(parent, &child, "late", MESH_RESTART, false);
    expect_answer(parent, "account", "1 ends 2 0 too early; its 3 restarts within 5000 ms are used up");
}

Test(kit_restart, C7_an_exit_is_no_failure) {
    struct mesh_address actor = create("worker", MESH_RESTART);
    cr_assert_eq(mesh_test_request_exit(test, actor, false), MESH_OK);
    mesh_test_run(test);
    cr_assert_not(mesh_test_lives(test, actor));
}

Test(kit_restart, C7_what_the_failed_life_had_sent_is_abandoned) {
    struct mesh_address sender = create("boss", MESH_RESTART), target = create("worker", MESH_STOP);
    char name[MESH_ADDRESS_TEXT_BYTES];
    mesh_test_run(test);
    cr_assert_eq(mesh_test_crash_in_handler(test, target, SIGSEGV), MESH_OK);
    cr_assert_eq(mesh_test_tell_text(test, sender, mesh_address_print(target, name)), MESH_OK);
    cr_assert_eq(mesh_test_tell_text(test, sender, "die"), MESH_OK);
    mesh_test_run(test);
    cr_assert_eq(mesh_test_counts(test).abandoned, 1);
    cr_assert_not(mesh_test_lives(test, target));
    expect_answer(sender, "account", "0 ends "); /* what came back was not the new life's */
}

Test(kit_restart, C7_what_the_failed_life_had_told_itself_is_lost) {
    struct mesh_address actor = create("boss", MESH_RESTART);
    char name[MESH_ADDRESS_TEXT_BYTES];
    cr_assert_eq(mesh_test_tell_text(test, actor, mesh_address_print(actor, name)), MESH_OK);
    cr_assert_eq(mesh_test_tell_text(test, actor, "die"), MESH_OK);
    cr_assert_eq(mesh_test_tell_text(test, actor, "silence"), MESH_OK);
    mesh_test_run(test);
    cr_assert(mesh_test_lives(test, actor));
    cr_assert_eq(silences, 1); /* the test's */
}

Test(kit_restart, C7_timers_do_not_reach_the_new_life) {
    struct mesh_address actor = create("worker", MESH_RESTART);
    cr_assert_eq(mesh_test_tell_text(test, actor, "wake me"), MESH_OK);
    mesh_test_run(test);
    uint64_t accepted = mesh_test_counts(test).accepted;
    crash(actor);
    uint64_t after = mesh_test_counts(test).accepted;
    mesh_test_advance(test, 1000);
    cr_assert_geq(after, accepted);
    cr_assert_eq(mesh_test_counts(test).accepted, after);
}

Test(kit_restart, C7_a_failure_goes_up_until_somebody_is_started_anew) {
    struct mesh_address top = create("boss", MESH_STOP), middle, child, other;
    create_by(top, &middle, "boss", MESH_RESTART, false);
    create_by(middle, &child, "worker", MESH_ESCALATE, false);
    create_by(middle, &other, "worker", MESH_RESTART, false);
    crash(child);
    cr_assert_not(mesh_test_lives(test, child));
    cr_assert_not(mesh_test_lives(test, other));
    expect_answer(middle, "account", "0 ends ");
    expect_answer(top, "account", "0 ends ");
}

Test(kit_restart, C7_a_failure_that_nobody_stops_names_the_child) {
    struct mesh_address top = create("boss", MESH_STOP), middle, child;
    char name[MESH_ADDRESS_TEXT_BYTES], wanted[200];
    create_by(top, &middle, "boss", MESH_STOP, false);
    create_by(middle, &child, "worker", MESH_ESCALATE, false);
    crash(child);
    (void)snprintf(wanted, sizeof wanted, "1 ends 2 0 its child %s failed: killed by SIGSEGV",
                   mesh_address_print(child, name));
    expect_answer(top, "account", wanted);
    cr_assert_not(mesh_test_lives(test, middle));
}

Test(kit_restart, C7_the_children_of_a_failed_life_go_and_are_not_started_anew) {
    struct mesh_address parent = create("boss", MESH_RESTART), child;
    create_by(parent, &child, "worker", MESH_RESTART, false);
    cr_assert_eq(mesh_test_crash(test, parent, SIGKILL), MESH_OK);
    mesh_test_run(test);
    cr_assert(mesh_test_lives(test, parent));
    cr_assert_not(mesh_test_lives(test, child));
    expect_answer(parent, "account", "0 ends ");
}

Test(kit_restart, C6_a_detached_actor_outlives_its_creator_who_hears_of_no_end) {
    struct mesh_address parent = create("boss", MESH_RESTART), kept;
    create_by(parent, &kept, "worker", MESH_STOP, true);
    crash(parent);
    expect_answer(kept, "a", "1 a");
    crash(kept);
    cr_assert_not(mesh_test_lives(test, kept));
    expect_answer(parent, "account", "0 ends ");
}

Test(kit_restart, C7_a_supervision_that_is_none_is_refused) {
    struct mesh_address actor;
    struct mesh_error error;
    struct mesh_create_options options = {.on_failure = (enum mesh_on_failure)9};
    cr_assert_eq(mesh_test_create(test, "worker", &options, &actor, &error), MESH_INVALID_ARGUMENT);
}

Test(kit_restart, E4_dead_letters_go_to_who_registered_last_until_it_steps_down) {
    struct mesh_address first = create("undertaker", MESH_STOP), last = create("undertaker", MESH_STOP);
    struct mesh_address gone = create("worker", MESH_STOP);
    expect_answer(first, "on", "0");
    expect_answer(last, "on", "0");
    crash(gone);
    cr_assert_eq(mesh_test_tell_text(test, gone, "hello"), MESH_OK);
    mesh_test_run(test);
    expect_answer(last, "how many", "1");
    expect_answer(first, "off", "0"); /* it is not the handler */
    cr_assert_eq(mesh_test_tell_text(test, gone, "hello"), MESH_OK);
    mesh_test_run(test);
    expect_answer(last, "off", "2");
    cr_assert_eq(mesh_test_tell_text(test, gone, "hello"), MESH_OK);
    mesh_test_run(test);
    expect_answer(last, "how many", "2");
    expect_answer(first, "how many", "0");
}

static void expect_ask(struct mesh_address actor, const char *question, enum mesh_status expected) {
    struct mesh_message *reply;
    uint64_t began_ms = mesh_test_now_ms(test);
    cr_assert_eq(mesh_test_ask_text(test, actor, question, 1000, &reply), expected, "%s", question);
    cr_assert_eq(mesh_test_now_ms(test), began_ms + (expected == MESH_TIMED_OUT ? 1000 : 0));
    mesh_message_release(&reply);
}

Test(kit_restart, D11_an_ask_returns_when_its_target_leaves_without_an_answer) {
    struct mesh_address actor = create("worker", MESH_STOP);
    expect_ask(actor, "silence", MESH_TIMED_OUT);
    expect_ask(actor, "leave", MESH_DEAD);
    expect_ask(actor, "still there?", MESH_DEAD);
}

Test(kit_restart, D11_a_forwarded_ask_returns_when_who_got_it_leaves_or_crashes) {
    struct mesh_address actor = create("desk", MESH_STOP);
    desk_to = create("worker", MESH_STOP);
    expect_answer(actor, "a", "1 a");
    expect_ask(actor, "leave", MESH_DEAD);
    expect_ask(actor, "still there?", MESH_DEAD);
    desk_to = create("worker", MESH_STOP);
    cr_assert_eq(mesh_test_crash_in_handler(test, desk_to, SIGSEGV), MESH_OK);
    expect_ask(actor, "boom", MESH_REFUSED);
}

Test(kit_restart, D11_a_forwarded_ask_returns_when_its_handler_crashes_and_the_forwarder_is_gone) {
    struct mesh_address actor = create("desk", MESH_STOP);
    desk_to = create("worker", MESH_STOP);
    cr_assert_eq(mesh_test_tell_text(test, actor, "farewell"), MESH_OK);
    cr_assert_eq(mesh_test_crash_in_handler(test, desk_to, SIGSEGV), MESH_OK);
    expect_ask(actor, "boom", MESH_REFUSED);
}

Test(kit_restart, D11_an_ask_outlives_who_has_forwarded_it) {
    desk_to = create("worker", MESH_STOP);
    for (int i = 0; i < 2; i++) {
        struct mesh_address actor = create("desk", MESH_STOP);
        cr_assert_eq(mesh_test_tell_text(test, actor, "farewell"), MESH_OK);
        expect_ask(actor, i == 0 ? "silence" : "a", i == 0 ? MESH_TIMED_OUT : MESH_OK);
        cr_assert_not(mesh_test_lives(test, actor));
    }
}
