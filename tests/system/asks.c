/* Asks that nobody answers: they return early when whoever was to answer is dead, and not before (D11).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/nodes.h"

#include <signal.h>
#include <string.h>

enum { TEXT_BYTES = 64, FAREWELLS = 50 };

static struct node one, two;

/* ---- the actor ---- */

struct clerk {
    struct mesh_address to; /* whom asks are forwarded to; or none */
    struct mesh_message *kept;
};

static enum mesh_verdict verdict_of(enum mesh_status status) {
    return status == MESH_OK ? MESH_DONE : MESH_FAILED;
}

static enum mesh_verdict on_order(struct mesh_actor *self, const struct mesh_message *message, struct clerk *clerk) {
    const char *text = mesh_message_text(message);
    if (strncmp(text, "to ", 3) == 0) {
        return verdict_of(mesh_address_parse(text + 3, &clerk->to) ? MESH_REFUSED
                                                                   : mesh_reply_text(self, message, "noted"));
    }
    if (strcmp(text, "kept?") == 0) {
        return verdict_of(mesh_reply_text(self, message, "%s", clerk->kept ? "yes" : "no"));
    }
    if (strcmp(text, "answer") == 0) {
        return verdict_of(mesh_reply_text(self, clerk->kept, "at last"));
    }
    if (strcmp(text, "farewell") == 0) {
        return mesh_reply_text(self, message, "farewell") == MESH_OK ? MESH_EXIT : MESH_FAILED;
    }
    if (strcmp(text, "abort") == 0) {
        abort();
    }
    return strcmp(text, "leave") == 0 ? MESH_EXIT : MESH_DONE;
}

/* "keep" is kept, to be answered later, or is forwarded, or kept and forwarded later by "pass"; the others are orders. */
static enum mesh_verdict clerk_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct clerk *clerk = state;
    const char *text = mesh_message_text(message);
    if (mesh_message_kind(message) != MESH_USER || !text) {
        return MESH_DONE;
    }
    bool forwards = clerk->to.node != 0 && strncmp(text, "to ", 3) != 0 && strcmp(text, "kept?") != 0;
    if (strcmp(text, "pass") == 0) {
        return verdict_of(mesh_forward(self, clerk->kept, clerk->to) == MESH_OK
                              ? mesh_reply_text(self, message, "passed")
                              : MESH_REFUSED);
    }
    if (forwards && !clerk->kept) {
        return verdict_of(mesh_forward(self, message, clerk->to));
    }
    if (strcmp(text, "keep") == 0) {
        clerk->kept = mesh_message_copy(message);
        return clerk->kept ? MESH_DONE : MESH_FAILED;
    }
    return on_order(self, message, clerk);
}

static const struct mesh_type clerk_type = {
    .name = "test.clerk", .state_bytes = sizeof(struct clerk), .receive = clerk_receive};
static const struct mesh_type light_type = {
    .name = "test.light", .state_bytes = sizeof(struct clerk), .receive = clerk_receive, .light = true};
static const struct mesh_type *const types[] = {&clerk_type, &light_type, NULL};

/* ---- what the cases share ---- */

static struct mesh_address clerk_on(const char *place) {
    return node_create(&one, "test.clerk", place);
}

static void forward_to(struct mesh_address from, struct mesh_address to) {
    char text[TEXT_BYTES], address[MESH_ADDRESS_TEXT_BYTES];
    (void)snprintf(text, sizeof text, "to %s", mesh_address_print(to, address));
    EXPECT(strcmp(node_ask(&one, from, text), "noted") == 0);
}

/* Asks it to keep the question, which can be resumed then, when `keeper` has it. */
static struct mesh_endpoint *ask_and_leave(struct mesh_address asked, struct mesh_address keeper) {
    static const char text[] = "keep";
    struct mesh_endpoint *endpoint;
    struct mesh_message *reply;
    EXPECT(mesh_endpoint_open(one.handle, &endpoint) == MESH_OK);
    EXPECT(mesh_endpoint_ask(endpoint, asked, MESH_TEXT, text, sizeof text, 1, &reply) == MESH_TIMED_OUT);
    node_await_answer(&one, keeper, "kept?", "yes");
    return endpoint;
}

/* The rest of that wait ends early, since `target` is dead. */
static void expect_dead(struct mesh_endpoint *endpoint, struct mesh_address target) {
    struct mesh_message *reply;
    struct mesh_dead dead;
    EXPECT(mesh_endpoint_ask_resume(endpoint, WAIT_MS, &reply) == MESH_DEAD);
    EXPECT(mesh_message_dead(reply, &dead) == MESH_OK && mesh_address_equal(dead.target, target));
    EXPECT(dead.reason == MESH_DEAD_EXITED && dead.maybe_handled);
    mesh_message_release(&reply);
    EXPECT(mesh_endpoint_ask_resume(endpoint, 0, &reply) == MESH_NOT_FOUND);
    mesh_endpoint_close(&endpoint);
}

static void kill_it(struct mesh_address actor) {
    struct mesh_error error;
    struct mesh_report *report;
    EXPECT(mesh_actor_report(one.handle, actor, WAIT_MS, &report, &error) == MESH_OK);
    EXPECT(kill((pid_t)report->actor->actor.pid, SIGKILL) == 0);
    mesh_report_release(&report);
}

static void end_it(struct mesh_address actor) {
    EXPECT(mesh_node_request_exit(one.handle, actor, false) == MESH_OK);
}

/* That it has ended, to this program. */
static void await_known(struct mesh_address actor) {
    struct mesh_message *reply;
    EXPECT(mesh_ask_text(one.handle, actor, "hello", WAIT_MS, &reply) == MESH_DEAD);
    mesh_message_release(&reply);
}

/* ---- cases ---- */

static const char *const places[] = {"one", "two"};
static void (*const ends[])(struct mesh_address actor) = {kill_it, end_it};

static void D11_an_ask_returns_when_its_target_dies_that_has_handled_it(void) {
    for (size_t i = 0; i < 4; i++) {
        struct mesh_address clerk = clerk_on(places[i % 2]);
        struct mesh_endpoint *endpoint = ask_and_leave(clerk, clerk);
        ends[i / 2](clerk);
        expect_dead(endpoint, clerk);
    }
}

/* Its process lives on with the others in it. */
static void D11_an_ask_returns_when_a_light_target_leaves(void) {
    struct mesh_message *reply;
    struct mesh_address clerks[4];
    for (size_t i = 0; i < 4; i++) {
        clerks[i] = node_create(&one, "test.light", "one");
    }
    for (size_t i = 0; i < 2; i++) {
        EXPECT(mesh_ask_text(one.handle, clerks[i], "leave", WAIT_MS, &reply) == MESH_DEAD);
        mesh_message_release(&reply);
    }
    for (size_t i = 2; i < 4; i++) {
        EXPECT(strcmp(node_ask(&one, clerks[i], "kept?"), "no") == 0);
    }
}

static void D11_an_answer_is_not_overtaken_by_the_end_of_who_gave_it(void) {
    for (size_t i = 0; i < FAREWELLS; i++) {
        EXPECT(strcmp(node_ask(&one, clerk_on(places[i % 2]), "farewell"), "farewell") == 0);
    }
}

/* The answer has come while nobody waited for it. */
static void D11_an_answer_that_is_there_counts_when_who_gave_it_has_died(void) {
    for (size_t i = 0; i < 2; i++) {
        struct mesh_address clerk = clerk_on("one");
        struct mesh_endpoint *endpoint = ask_and_leave(clerk, clerk);
        struct mesh_message *reply;
        EXPECT(mesh_tell_text(one.handle, clerk, "answer") == MESH_OK);
        node_await_answer(&one, clerk, "kept?", "yes");
        ends[i](clerk);
        await_known(clerk);
        EXPECT(mesh_endpoint_ask_resume(endpoint, WAIT_MS, &reply) == MESH_OK);
        EXPECT(strcmp(mesh_message_text(reply), "at last") == 0);
        mesh_message_release(&reply);
        mesh_endpoint_close(&endpoint);
    }
}

static void D11_a_forwarded_ask_returns_when_who_got_it_dies(void) {
    struct mesh_message *reply;
    for (size_t i = 0; i < 4; i++) {
        struct mesh_address desk = clerk_on(places[i % 2]), clerk = clerk_on(places[i / 2]);
        forward_to(desk, clerk);
        struct mesh_endpoint *endpoint = ask_and_leave(desk, clerk);
        ends[i % 2](clerk);
        expect_dead(endpoint, clerk);
        EXPECT(mesh_ask_text(one.handle, desk, "hello", WAIT_MS, &reply) == MESH_DEAD);
        mesh_message_release(&reply);
    }
}

static void D11_a_forwarded_ask_returns_with_the_cause_when_its_handler_crashes(void) {
    struct mesh_address desk = clerk_on("one"), clerk = clerk_on("two");
    struct mesh_message *reply;
    forward_to(desk, clerk);
    EXPECT(mesh_ask_text(one.handle, desk, "abort", WAIT_MS, &reply) == MESH_REFUSED);
    EXPECT(mesh_message_kind(reply) == MESH_POISON && strstr(mesh_message_failure(reply), "SIGABRT"));
    EXPECT(mesh_address_equal(mesh_message_sender(reply), clerk));
    mesh_message_release(&reply);
}

/* Also when it was forwarded only after it had been handled. */
static void D11_an_ask_outlives_who_has_forwarded_it(void) {
    struct mesh_message *reply;
    for (size_t i = 0; i < 4; i++) {
        struct mesh_address desk = clerk_on(places[i % 2]), clerk = clerk_on("two");
        bool later = i / 2;
        struct mesh_endpoint *endpoint;
        if (later) {
            endpoint = ask_and_leave(desk, desk);
            forward_to(desk, clerk);
            EXPECT(strcmp(node_ask(&one, desk, "pass"), "passed") == 0);
            node_await_answer(&one, clerk, "kept?", "yes");
        } else {
            forward_to(desk, clerk);
            endpoint = ask_and_leave(desk, clerk);
        }
        ends[i % 2](desk);
        await_known(desk);
        EXPECT(mesh_endpoint_ask_resume(endpoint, 1, &reply) == MESH_TIMED_OUT);
        EXPECT(mesh_tell_text(one.handle, clerk, "answer") == MESH_OK);
        EXPECT(mesh_endpoint_ask_resume(endpoint, WAIT_MS, &reply) == MESH_OK);
        EXPECT(strcmp(mesh_message_text(reply), "at last") == 0);
        mesh_message_release(&reply);
        mesh_endpoint_close(&endpoint);
    }
}

struct test {
    const char *name;
    void (*run)(void);
};

#define TEST(name)                                                                                                     \
    { #name, name }

static const struct test tests[] = {
    TEST(D11_an_ask_returns_when_its_target_dies_that_has_handled_it),
    TEST(D11_an_ask_returns_when_a_light_target_leaves),
    TEST(D11_an_answer_is_not_overtaken_by_the_end_of_who_gave_it),
    TEST(D11_an_answer_that_is_there_counts_when_who_gave_it_has_died),
    TEST(D11_a_forwarded_ask_returns_when_who_got_it_dies),
    TEST(D11_a_forwarded_ask_returns_with_the_cause_when_its_handler_crashes),
    TEST(D11_an_ask_outlives_who_has_forwarded_it),
};

int main(void) {
    mesh_host_enter(types);
    nodes_init(types);
    node_start(&one, "one", NULL);
    node_start(&two, "two", &one);
    (void)node_await_members(&one, 2, WAIT_MS);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        long began_ms = node_now_ms();
        (void)printf("%s", tests[i].name);
        (void)fflush(stdout);
        tests[i].run();
        (void)printf(" (%ld ms)\n", node_now_ms() - began_ms);
    }
    node_stop(&two);
    node_stop(&one);
    return 0;
}
