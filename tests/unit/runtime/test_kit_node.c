/* The test kit as a node: private endpoints and their inboxes, capabilities and requirements.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <criterion/criterion.h>
#include <mesh/convention.h>
#include <mesh/test.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* ---- actors ---- */

static enum mesh_verdict verdict_of(enum mesh_status status) {
    return status == MESH_OK ? MESH_DONE : MESH_FAILED;
}

/* Answers what it is asked: "wait" after a while, "fail" never. */
static enum mesh_verdict answering_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct mesh_address *asker = state;
    const char *text = mesh_message_text(message);
    if (mesh_message_wakeup(message, &(struct mesh_timer){0}) == MESH_OK) {
        return verdict_of(mesh_send_text(self, *asker, "late"));
    }
    if (mesh_message_kind(message) != MESH_USER) {
        return MESH_DONE;
    }
    *asker = mesh_message_sender(message);
    if (strcmp(text, "fail") == 0) {
        return mesh_fail(self, "as told");
    }
    if (strcmp(text, "wait") == 0) {
        return verdict_of(mesh_wakeup(self, 500, NULL, 0, NULL));
    }
    return verdict_of(mesh_reply_text(self, message, "%s", text));
}

/* Keeps what says "keep"; at anything else it answers first that, and then the message in hand. */
static enum mesh_verdict keeper_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct mesh_message **kept = state;
    const char *text = mesh_message_text(message);
    if (!text || strcmp(text, "keep") == 0) {
        *kept = text ? mesh_message_copy(message) : *kept;
        return MESH_DONE;
    }
    enum mesh_status status = mesh_reply_text(self, *kept, "kept");
    mesh_message_release(kept);
    return verdict_of(status ? status : mesh_reply_text(self, message, "%s", text));
}

/* Creates a child of the type that a text names, and tells who asked of its end. */
static enum mesh_verdict parent_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct mesh_address *asker = state, child;
    struct mesh_exit exit;
    char text[MESH_ADDRESS_TEXT_BYTES];
    if (mesh_message_exit(message, &exit) == MESH_OK) {
        return verdict_of(mesh_send_text(self, *asker, "how %d %s", (int)exit.how, exit.text));
    }
    if (mesh_message_kind(message) != MESH_USER) {
        return MESH_DONE;
    }
    *asker = mesh_message_sender(message);
    struct mesh_create_options restarts = {.on_failure = MESH_RESTART};
    enum mesh_status status = mesh_create(self, mesh_message_text(message), &restarts, &child);
    return verdict_of(status ? status : mesh_reply_text(self, message, "%s", mesh_address_print(child, text)));
}

/* Creates an answering actor by the name that a text says, and tells its address. */
static enum mesh_verdict namer_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct mesh_address named;
    char text[MESH_ADDRESS_TEXT_BYTES];
    (void)state;
    if (mesh_message_kind(message) != MESH_USER) {
        return MESH_DONE;
    }
    struct mesh_create_options options = {.name = mesh_message_text(message)};
    enum mesh_status status = mesh_create(self, "answering", &options, &named);
    return verdict_of(status ? status : mesh_reply_text(self, message, "%s", mesh_address_print(named, text)));
}

/* Sets the capability gpu to what it is told. */
static enum mesh_verdict setter_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)state;
    if (mesh_message_kind(message) != MESH_USER) {
        return MESH_DONE;
    }
    return verdict_of(mesh_set_capabilities(self, &(struct mesh_capability){"gpu", mesh_message_text(message)}, 1));
}

static const struct mesh_requirement needs[] = {{"gpu", MESH_PRESENT, NULL}, {"cores", MESH_EQUAL, "8"}};

static const struct mesh_type answering = {
    .name = "answering", .receive = answering_receive, .state_bytes = sizeof(struct mesh_address)};
static const struct mesh_type keeper = {
    .name = "keeper", .receive = keeper_receive, .state_bytes = sizeof(struct mesh_message *)};
static const struct mesh_type parent = {
    .name = "parent", .receive = parent_receive, .state_bytes = sizeof(struct mesh_address)};
static const struct mesh_type needy = {.name = "needy",
                                       .receive = answering_receive,
                                       .state_bytes = sizeof(struct mesh_address),
                                       .requirements = needs,
                                       .requirements_count = 2};
/* Agrees when the node is vetted, and the creator requires as much as the node has. */
static bool is_vetted(const struct mesh_fit *fit, void *user) {
    const char *room = mesh_fit_value(fit, "room");
    return mesh_fit_value(fit, user) != NULL &&
           (fit->requirements_count == 0 || (room && strcmp(room, fit->requirements[0].value) == 0));
}

static const struct mesh_type checked = {.name = "checked",
                                         .receive = answering_receive,
                                         .state_bytes = sizeof(struct mesh_address),
                                         .check = is_vetted,
                                         .user = "vetted"};
static const struct mesh_type setter = {.name = "setter", .receive = setter_receive};
static const struct mesh_type namer = {.name = "namer", .receive = namer_receive};
static const struct mesh_type *const types[] = {&answering, &keeper, &parent, &needy, &namer, &setter, &checked, NULL};

/* ---- helpers ---- */

static struct mesh_test *test;
static struct mesh_error error;

static void setup(void) {
    cr_assert_eq(mesh_test_new(&test, &(struct mesh_test_options){.types = types}, NULL), MESH_OK);
}

static void teardown(void) {
    struct mesh_test_counts counts = mesh_test_counts(test);
    cr_assert_eq(counts.accepted, counts.handled + counts.returned + counts.dead + counts.abandoned + counts.in_flight);
    mesh_test_destroy(&test);
}

TestSuite(kit_node, .init = setup, .fini = teardown);

static struct mesh_address create(const char *type) {
    struct mesh_address address;
    cr_assert_eq(mesh_test_create(test, type, NULL, &address, &error), MESH_OK, "%s", error.text);
    return address;
}

static struct mesh_test_endpoint *open_endpoint(void) {
    struct mesh_test_endpoint *endpoint;
    cr_assert_eq(mesh_test_endpoint_open(test, &endpoint), MESH_OK);
    return endpoint;
}

static enum mesh_status tell(struct mesh_test_endpoint *from, struct mesh_address to, const char *text) {
    return mesh_test_endpoint_tell(from, to, MESH_TEXT, text, strlen(text) + 1);
}

static enum mesh_status ask(struct mesh_test_endpoint *from, struct mesh_address to, const char *text,
                            struct mesh_message **reply) {
    return mesh_test_endpoint_ask(from, to, MESH_TEXT, text, strlen(text) + 1, 100, reply);
}

static void expect_text(struct mesh_message *message, const char *text) {
    cr_assert_str_eq(mesh_message_text(message), text);
    mesh_message_release(&message);
}

static void expect_mail_at(struct mesh_test_endpoint *endpoint, const char *text) {
    struct mesh_message *mail;
    cr_assert_eq(mesh_test_endpoint_listen(endpoint, 1000, &mail), MESH_OK, "expected %s", text);
    expect_text(mail, text);
}

static void expect_mail(const char *text) {
    struct mesh_message *mail;
    cr_assert_eq(mesh_test_listen(test, 1000, &mail), MESH_OK, "expected %s", text);
    expect_text(mail, text);
}

static void expect_silence(void) {
    struct mesh_message *mail;
    cr_assert_eq(mesh_test_listen(test, 60000, &mail), MESH_TIMED_OUT);
}

static struct mesh_address child_of(struct mesh_address actor, const char *type) {
    struct mesh_message *reply;
    struct mesh_address child;
    cr_assert_eq(mesh_test_ask_text(test, actor, type, 1000, &reply), MESH_OK);
    cr_assert_eq(mesh_address_parse(mesh_message_text(reply), &child), MESH_OK);
    mesh_message_release(&reply);
    return child;
}

static void set(const char *name, const char *value) {
    cr_assert_eq(mesh_test_set_capability(test, name, value), MESH_OK);
}

/* ---- endpoints ---- */

Test(kit_node, D12_a_hundred_endpoints_have_addresses_and_inboxes_of_their_own) {
    enum { ENDPOINTS = 100 };
    struct mesh_test_endpoint *endpoints[ENDPOINTS];
    struct mesh_address actor = create("answering");
    for (int i = 0; i < ENDPOINTS; i++) {
        endpoints[i] = open_endpoint();
        cr_assert_not(mesh_address_equal(mesh_test_endpoint_address(endpoints[i]), mesh_test_address(test)));
        cr_assert_eq(tell(endpoints[i], actor, i % 2 ? "odd" : "even"), MESH_OK);
    }
    expect_silence();
    for (int i = ENDPOINTS - 1; i >= 0; i--) {
        struct mesh_message *none;
        expect_mail_at(endpoints[i], i % 2 ? "odd" : "even");
        cr_assert_eq(mesh_test_endpoint_listen(endpoints[i], 0, &none), MESH_TIMED_OUT);
        mesh_test_endpoint_close(&endpoints[i]);
        cr_assert_null(endpoints[i]);
    }
}

Test(kit_node, D12_an_ask_leaves_the_mail_of_its_endpoint_and_of_others) {
    struct mesh_address actor = create("answering");
    struct mesh_test_endpoint *endpoint = open_endpoint();
    struct mesh_message *reply;
    cr_assert_eq(tell(endpoint, actor, "told"), MESH_OK);
    cr_assert_eq(mesh_test_tell_text(test, actor, "told"), MESH_OK);
    cr_assert_eq(ask(endpoint, actor, "asked", &reply), MESH_OK);
    expect_text(reply, "asked");
    expect_mail_at(endpoint, "told");
    expect_mail("told");
}

Test(kit_node, D12_what_is_told_and_fails_comes_back_to_who_told_it) {
    struct mesh_address actor = create("answering");
    struct mesh_test_endpoint *endpoint = open_endpoint();
    struct mesh_message *mail;
    cr_assert_eq(tell(endpoint, actor, "fail"), MESH_OK);
    expect_silence();
    cr_assert_eq(mesh_test_endpoint_listen(endpoint, 0, &mail), MESH_OK);
    cr_assert_eq(mesh_message_kind(mail), MESH_POISON);
    cr_assert_str_eq(mesh_message_failure(mail), "as told");
    mesh_message_release(&mail);
}

Test(kit_node, D11_a_message_is_handled_when_listen_returns_it) {
    struct mesh_address actor = create("answering");
    cr_assert_eq(mesh_test_tell_text(test, actor, "here"), MESH_OK);
    mesh_test_run(test);
    cr_assert_eq(mesh_test_counts(test).in_flight, 1);
    expect_mail("here");
    cr_assert_eq(mesh_test_counts(test).in_flight, 0);
}

Test(kit_node, D11_what_is_unread_when_an_endpoint_closes_is_dead) {
    struct mesh_address actor = create("answering");
    struct mesh_test_endpoint *endpoint = open_endpoint();
    struct mesh_settlement settlement;
    struct mesh_address closed = mesh_test_endpoint_address(endpoint);
    cr_assert_eq(tell(endpoint, actor, "unread"), MESH_OK);
    mesh_test_run(test);
    cr_assert(mesh_test_settled(test, &settlement));
    cr_assert_not(mesh_test_settled(test, &settlement));
    mesh_test_endpoint_close(&endpoint);
    cr_assert_eq(mesh_test_tell_text(test, closed, "too late"), MESH_OK);
    mesh_test_run(test);
    for (int i = 0; i < 2; i++) {
        cr_assert(mesh_test_settled(test, &settlement));
        cr_assert_eq(settlement.outcome, MESH_OUTCOME_DEAD);
        cr_assert(mesh_address_equal(settlement.target, closed));
    }
}

Test(kit_node, D11_a_late_answer_stays_for_listen) {
    struct mesh_address actor = create("answering");
    struct mesh_message *reply;
    cr_assert_eq(mesh_test_ask_text(test, actor, "wait", 100, &reply), MESH_TIMED_OUT);
    cr_assert_null(reply);
    expect_mail("late");
}

Test(kit_node, D11_the_answer_to_a_kept_question_is_not_that_to_the_one_in_hand) {
    struct mesh_address actor = create("keeper");
    struct mesh_message *reply;
    cr_assert_eq(mesh_test_ask_text(test, actor, "keep", 0, &reply), MESH_TIMED_OUT);
    cr_assert_eq(mesh_test_ask_text(test, actor, "now", 100, &reply), MESH_OK);
    expect_text(reply, "now");
    expect_mail("kept");
}

Test(kit_node, D10_endpoints_are_limited) {
    struct mesh_test_endpoint *endpoint;
    enum mesh_status status = MESH_OK;
    int count = 1; /* the test's own */
    while ((status = mesh_test_endpoint_open(test, &endpoint)) == MESH_OK) {
        count++;
    }
    cr_assert_eq(status, MESH_FULL);
    cr_assert_eq(count, 4096);
}

/* ---- requirements ---- */

Test(kit_node, H2a_a_create_says_what_is_missing) {
    struct mesh_address address;
    set("cores", "4");
    cr_assert_eq(mesh_test_create(test, "needy", NULL, &address, &error), MESH_NO_COMPATIBLE_NODE);
    cr_assert_str_eq(error.text, "no node of 1 can host type needy: node test does not fit type needy: gpu is required "
                                 "and is not there; cores = 8 is required and is 4");
    set("gpu", "true");
    set("cores", "8");
    (void)create("needy");
}

Test(kit_node, H2a_the_creators_requirements_count_too) {
    struct mesh_requirement wanted = {"disk", MESH_EQUAL, "fast"};
    struct mesh_create_options options = {.requirements = &wanted, .requirements_count = 1};
    struct mesh_address address;
    cr_assert_eq(mesh_test_create(test, "answering", &options, &address, &error), MESH_NO_COMPATIBLE_NODE);
    set("disk", "fast");
    cr_assert_eq(mesh_test_create(test, "answering", &options, &address, &error), MESH_OK);
    set("disk", "slow");
    mesh_test_run(test);
    cr_assert_not(mesh_test_lives(test, address));
}

Test(kit_node, H2a_a_child_that_does_not_fit_is_never_created) {
    (void)child_of(create("parent"), "needy");
    expect_mail("how 3 no node of 1 can host type needy: node test does not fit type needy: gpu is required and is not "
                "there; cores = 8 is required and is not there");
}

/* ---- changes ---- */

static struct mesh_address fitting_child(struct mesh_address of) {
    set("gpu", "true");
    set("cores", "8");
    return child_of(of, "needy");
}

Test(kit_node, H2a_who_does_not_fit_any_more_is_asked_to_exit) {
    struct mesh_address creator = create("parent"), child = fitting_child(creator),
                        other = child_of(creator, "answering");
    set("gpu", NULL);
    mesh_test_run(test);
    cr_assert_not(mesh_test_lives(test, child));
    cr_assert(mesh_test_lives(test, other));
    expect_mail("how 1 ");
    (void)child_of(creator, "needy");
    expect_mail("how 3 no node of 1 can host type needy: node test does not fit type needy: gpu is required and is not "
                "there");
}

Test(kit_node, H2a_comparisons_are_those_of_a_node) {
    struct mesh_requirement wanted[] = {{"cores", MESH_GREATER_OR_EQUAL, "8"}, {"zone", MESH_IN, "north, south"}};
    struct mesh_create_options options = {.requirements = wanted, .requirements_count = 2};
    struct mesh_address address;
    set("cores", "7.5");
    set("zone", "east");
    cr_assert_eq(mesh_test_create(test, "answering", &options, &address, &error), MESH_NO_COMPATIBLE_NODE);
    cr_assert_str_eq(
        error.text,
        "no node of 1 can host type answering: node test does not fit type answering: cores >= 8 is required "
        "and is 7.5; zone in (\"north\", \"south\") is required and is \"east\"");
    set("cores", "8.0");
    set("zone", "west, south");
    cr_assert_eq(mesh_test_create(test, "answering", &options, &address, &error), MESH_OK);
    set("cores", "7");
    mesh_test_run(test);
    cr_assert_not(mesh_test_lives(test, address));
}

Test(kit_node, H2a_an_actor_changes_what_its_node_offers) {
    struct mesh_address changer = create("setter"), child = fitting_child(create("parent"));
    mesh_test_run(test);
    cr_assert(mesh_test_lives(test, child));
    cr_assert_eq(mesh_test_tell_text(test, changer, "false"), MESH_OK);
    mesh_test_run(test);
    cr_assert_not(mesh_test_lives(test, child));
}

Test(kit_node, H2a_a_check_function_judges_creates_and_changes) {
    struct mesh_requirement wanted = {"room", MESH_GREATER, "2"};
    struct mesh_create_options options = {.requirements = &wanted, .requirements_count = 1};
    struct mesh_address plain, with_room;
    cr_assert_eq(mesh_test_create(test, "checked", NULL, &plain, &error), MESH_NO_COMPATIBLE_NODE);
    cr_assert_str_eq(error.text, "no node of 1 can host type checked: node test does not fit type checked: its check "
                                 "function says no");
    set("vetted", "true");
    cr_assert_eq(mesh_test_create(test, "checked", NULL, &plain, &error), MESH_OK);
    set("room", "3");
    cr_assert_eq(mesh_test_create(test, "checked", &options, &with_room, &error), MESH_NO_COMPATIBLE_NODE);
    wanted.comparison = MESH_LESS_OR_EQUAL;
    wanted.value = "3";
    cr_assert_eq(mesh_test_create(test, "checked", &options, &with_room, &error), MESH_OK);
    set("room", "2");
    mesh_test_run(test);
    cr_assert_not(mesh_test_lives(test, with_room));
    cr_assert(mesh_test_lives(test, plain));
    set("vetted", NULL);
    mesh_test_run(test);
    cr_assert_not(mesh_test_lives(test, plain));
}

Test(kit_node, H2a_a_change_to_the_same_value_does_nothing) {
    struct mesh_address child = fitting_child(create("parent"));
    set("cores", "8");
    set("tape", NULL);
    set("colour", "red");
    mesh_test_run(test);
    cr_assert(mesh_test_lives(test, child));
    expect_silence();
}

Test(kit_node, H2a_who_was_started_anew_is_judged_as_well) {
    struct mesh_address child = fitting_child(create("parent"));
    mesh_test_run(test);
    cr_assert_eq(mesh_test_crash(test, child, SIGSEGV), MESH_OK);
    mesh_test_run(test);
    cr_assert(mesh_test_lives(test, child));
    set("cores", "9");
    mesh_test_run(test);
    cr_assert_not(mesh_test_lives(test, child));
}

Test(kit_node, H1_standard_capabilities_cannot_be_set) {
    cr_assert_eq(mesh_test_set_capability(test, "node name", "ash"), MESH_REFUSED);
    cr_assert_eq(mesh_test_set_capability(test, "watch supported", NULL), MESH_REFUSED);
    cr_assert_eq(mesh_test_set_capability(test, "", "1"), MESH_INVALID_ARGUMENT);
}

/* ---- names ---- */

Test(kit_node, G1_one_actor_has_a_name_until_it_ends) {
    struct mesh_create_options clock = {.name = "clock"}, nameless = {.name = ""}, bad = {.name = "a\nb"};
    struct mesh_address first, again, maker;
    struct mesh_message *reply;
    cr_assert_eq(mesh_test_create(test, "answering", &clock, &first, NULL), MESH_OK);
    cr_assert_eq(mesh_test_create(test, "no such type", &clock, &again, NULL), MESH_OK, "the name beats the type");
    cr_assert(mesh_address_equal(first, again));
    cr_assert_eq(mesh_test_create(test, "namer", NULL, &maker, NULL), MESH_OK);
    cr_assert_eq(mesh_test_ask_text(test, maker, "clock", 0, &reply), MESH_OK);
    cr_assert_eq(mesh_address_parse(mesh_message_text(reply), &again), MESH_OK);
    mesh_message_release(&reply);
    cr_assert(mesh_address_equal(first, again));
    cr_assert_eq(mesh_test_request_exit(test, first, false), MESH_OK);
    mesh_test_run(test);
    cr_assert_eq(mesh_test_create(test, "answering", &clock, &again, NULL), MESH_OK);
    cr_assert(!mesh_address_equal(first, again) && mesh_test_lives(test, again));
    cr_assert_eq(mesh_test_create(test, "answering", &nameless, &again, NULL), MESH_INVALID_ARGUMENT);
    cr_assert_eq(mesh_test_create(test, "answering", &bad, &again, NULL), MESH_INVALID_ARGUMENT);
}
