/* The public interface, used as a program would: api [RUN-DIRECTORY].
 *
 * Without a directory it starts a node of its own in a new one, and looks whether anything is left in the end. Each case prints its name; the first that fails ends the program with what was expected and what was seen.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/api_types.h"

#include <mesh/mesh.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define EXPECT(condition)                                                                                              \
    ((condition) ? (void)0 : (void)(fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition), exit(1)))

enum { WAIT_MS = 5000 };

static struct mesh_node *node;

static struct mesh_address create(const char *type) {
    struct mesh_address address;
    struct mesh_error error;
    enum mesh_status status = mesh_node_create(node, type, NULL, &address, &error);
    if (status != MESH_OK) {
        (void)fprintf(stderr, "create %s: %s: %s\n", type, mesh_status_name(status), error.text);
        exit(1);
    }
    return address;
}

/* Asks, and compares the answer's text. */
static void expect_answer(struct mesh_address actor, const char *question, const char *answer) {
    struct mesh_message *reply = NULL;
    enum mesh_status status = mesh_ask_text(node, actor, question, WAIT_MS, &reply);
    const char *text = status == MESH_OK ? mesh_message_text(reply) : mesh_status_name(status);
    if (!text || strcmp(text, answer) != 0) {
        (void)fprintf(stderr, "\"%s\" was answered \"%s\", not \"%s\"\n", question, text ? text : "(no text)", answer);
        exit(1);
    }
    mesh_message_release(&reply);
}

static struct mesh_address answered_address(struct mesh_address actor, const char *question) {
    struct mesh_message *reply = NULL;
    struct mesh_address address;
    EXPECT(mesh_ask_text(node, actor, question, WAIT_MS, &reply) == MESH_OK);
    EXPECT(mesh_address_parse(mesh_message_text(reply), &address) == MESH_OK);
    mesh_message_release(&reply);
    return address;
}

/* ---- cases ---- */

static void an_actor_answers_and_keeps_its_state(void) {
    struct mesh_address echo = create("test.echo");
    expect_answer(echo, "one", "1 one");
    expect_answer(echo, "two", "2 two");
    char blob[100000];
    struct mesh_message *reply;
    size_t bytes = 0;
    memset(blob, 7, sizeof blob);
    EXPECT(mesh_ask(node, echo, "blob", blob, sizeof blob, WAIT_MS, &reply) == MESH_OK);
    EXPECT(mesh_message_is(reply, "blob"));
    EXPECT(memcmp(mesh_message_data(reply, &bytes), blob, sizeof blob) == 0 && bytes == sizeof blob);
    EXPECT(mesh_address_equal(mesh_message_sender(reply), echo));
    mesh_message_release(&reply);
    EXPECT(mesh_ask(node, echo, "nothing", NULL, 0, WAIT_MS, &reply) == MESH_OK);
    EXPECT(mesh_message_data(reply, &bytes) && bytes == 0);
    mesh_message_release(&reply);
}

static void C2_an_unknown_type_is_an_error_that_names_it(void) {
    struct mesh_address address;
    struct mesh_error error;
    EXPECT(mesh_node_create(node, "test.nobody", NULL, &address, &error) == MESH_UNKNOWN_TYPE);
    EXPECT(strstr(error.text, "test.nobody"));
    EXPECT(mesh_node_create(node, "a b", NULL, &address, &error) == MESH_INVALID_ARGUMENT);
}

static void E1_a_failure_comes_back_after_one_retry(void) {
    struct mesh_address fails = create("test.fails");
    struct mesh_message *reply;
    EXPECT(mesh_ask_text(node, fails, "x.txt", WAIT_MS, &reply) == MESH_REFUSED);
    EXPECT(mesh_message_kind(reply) == MESH_POISON);
    EXPECT(strcmp(mesh_message_failure(reply), "no such file: x.txt") == 0);
    EXPECT(strcmp(mesh_message_text(mesh_message_inner(reply)), "x.txt") == 0);
    mesh_message_release(&reply);
    EXPECT(mesh_tell_text(node, fails, "y.txt") == MESH_OK);
    EXPECT(mesh_listen(node, WAIT_MS, &reply) == MESH_OK);
    EXPECT(mesh_message_kind(reply) == MESH_POISON);
    EXPECT(mesh_address_equal(mesh_message_sender(reply), fails));
    mesh_message_release(&reply);
    struct mesh_address flaky = create("test.flaky");
    expect_answer(flaky, "please", "call 2");
    expect_answer(flaky, "please", "call 4");
}

static void D11_late_answers_and_others_stay_for_listen(void) {
    struct mesh_address echo = create("test.echo");
    struct mesh_message *reply;
    EXPECT(mesh_listen(node, 0, &reply) == MESH_TIMED_OUT && !reply);
    EXPECT(mesh_ask_text(node, echo, "silence", 50, &reply) == MESH_TIMED_OUT && !reply);
    EXPECT(mesh_tell_text(node, echo, "late") == MESH_OK);
    expect_answer(echo, "three", "3 three");
    EXPECT(mesh_listen(node, WAIT_MS, &reply) == MESH_OK);
    EXPECT(strcmp(mesh_message_text(reply), "late") == 0);
    mesh_message_release(&reply);
    expect_answer(echo, "send", "sent");
    expect_answer(echo, "thread", "MESH_TIMED_OUT");
    EXPECT(mesh_listen(node, WAIT_MS, &reply) == MESH_OK);
    EXPECT(strcmp(mesh_message_text(reply), "from a thread") == 0);
    mesh_message_release(&reply);
}

static void send_on(struct mesh_address desk, struct mesh_address to) {
    char text[MESH_ADDRESS_TEXT_BYTES], order[MESH_ADDRESS_TEXT_BYTES + 3];
    (void)snprintf(order, sizeof order, "to %s", mesh_address_print(to, text));
    expect_answer(desk, order, "noted");
}

/* Twice: the second desk has it from the first, and yet the answer goes to who asked. */
static void D11_a_forwarded_ask_is_answered_by_whoever_got_it(void) {
    struct mesh_address first = create("test.desk"), second = create("test.desk"), echo = create("test.echo");
    struct mesh_message *message = NULL;
    send_on(first, second);
    send_on(second, echo);
    expect_answer(first, "hello", "1 hello");
    EXPECT(mesh_listen(node, WAIT_MS, &message) == MESH_OK);
    EXPECT(strcmp(mesh_message_text(message), "passed on") == 0);
    EXPECT(mesh_address_equal(mesh_message_sender(message), first));
    mesh_message_release(&message);
}

static void an_ask_of_the_dead_returns_early(void) {
    struct mesh_address echo = create("test.echo");
    struct mesh_message *reply;
    expect_answer(echo, "one", "1 one");
    EXPECT(mesh_node_request_exit(node, echo, false) == MESH_OK);
    EXPECT(mesh_ask_text(node, echo, "still there?", WAIT_MS, &reply) == MESH_DEAD);
    EXPECT(mesh_message_kind(reply) == MESH_DEAD_LETTER);
    mesh_message_release(&reply);
    struct mesh_address none = {0, 0};
    EXPECT(mesh_tell_text(node, none, "hello") == MESH_INVALID_ADDRESS);
}

/* Asks the parent until it was told of an end. */
static void expect_end(struct mesh_address parent, const char *what) {
    struct mesh_message *reply;
    for (int tries = 0;; tries++) {
        EXPECT(mesh_ask_text(node, parent, "ended", WAIT_MS, &reply) == MESH_OK);
        const char *text = mesh_message_text(reply);
        if (text[0] != '0') {
            if (strcmp(text, what) != 0) {
                (void)fprintf(stderr, "the parent was told \"%s\", not \"%s\"\n", text, what);
                exit(1);
            }
            break;
        }
        EXPECT(tries < 100000);
        mesh_message_release(&reply);
    }
    mesh_message_release(&reply);
}

static void C4_a_parent_is_told_how_its_child_ended(void) {
    static const char *const cases[][2] = {
        {"test.ends go", "1: how 2 number 0 text "},
        {"test.ends exit()", NULL},
        {"test.unborn", "1: how 2 number 0 text nothing to start with"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mesh_address parent = create("test.parent");
        (void)answered_address(parent, cases[i][0]);
        if (cases[i][1]) {
            expect_end(parent, cases[i][1]);
        }
        EXPECT(mesh_node_request_exit(node, parent, false) == MESH_OK);
    }
}

static void E3_a_crash_returns_the_message_in_hand(void) {
    static const char *const cases[][2] = {
        {"abort", "SIGABRT"},
        {"exit()", "ended with code 3"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mesh_address ends = create("test.ends");
        struct mesh_message *reply;
        enum mesh_status status = mesh_ask_text(node, ends, cases[i][0], WAIT_MS, &reply);
        const char *failure = reply ? mesh_message_failure(reply) : "";
        if (status != MESH_REFUSED || !strstr(failure, cases[i][1])) {
            (void)fprintf(stderr, "%s: %s \"%s\"\n", cases[i][0], mesh_status_name(status), failure);
            exit(1);
        }
        mesh_message_release(&reply);
    }
}

static void B2_a_third_party_uses_an_address_at_once(void) {
    struct mesh_address parent = create("test.parent");
    struct mesh_address child = answered_address(parent, "test.echo");
    expect_answer(child, "hello", "1 hello");
    EXPECT(mesh_node_request_exit(node, child, false) == MESH_OK);
    expect_end(parent, "1: how 1 number 0 text ");
}

static void C5_an_exit_takes_the_children_along(void) {
    struct mesh_address parent = create("test.parent");
    struct mesh_address child = answered_address(parent, "test.echo");
    struct mesh_message *reply;
    expect_answer(child, "hello", "1 hello");
    EXPECT(mesh_node_request_exit(node, parent, false) == MESH_OK);
    enum mesh_status status;
    for (int tries = 0; (status = mesh_ask_text(node, child, "x", WAIT_MS, &reply)) == MESH_OK && tries < 100000;
         tries++) {
        mesh_message_release(&reply);
    }
    EXPECT(status == MESH_DEAD);
    mesh_message_release(&reply);
}

static void on_alarm(int number) {
    (void)number;
}

static void D13_a_signal_interrupts_a_wait(void) {
    struct mesh_address echo = create("test.echo");
    struct mesh_message *reply;
    struct sigaction action = {.sa_handler = on_alarm};
    EXPECT(sigaction(SIGALRM, &action, NULL) == 0);
    struct itimerval soon = {.it_value = {.tv_usec = 50000}};
    EXPECT(setitimer(ITIMER_REAL, &soon, NULL) == 0);
    EXPECT(mesh_ask_text(node, echo, "silence", WAIT_MS, &reply) == MESH_INTERRUPTED);
    EXPECT(mesh_ask_resume(node, 10, &reply) == MESH_TIMED_OUT);
    expect_answer(echo, "two", "2 two");
}

enum { TOLD = 50000, THREADS = 4 };

static struct mesh_address told;

static void *tell_many(void *user) {
    for (int i = 0; i < TOLD / THREADS; i++) {
        if (mesh_tell(node, told, "number", &i, sizeof i) != MESH_OK) {
            return user;
        }
    }
    return NULL;
}

static void D7_threads_may_flood_an_actor(void) {
    pthread_t threads[THREADS];
    void *failed = NULL;
    told = create("test.echo");
    for (int i = 0; i < THREADS; i++) {
        EXPECT(pthread_create(&threads[i], NULL, tell_many, node) == 0);
    }
    struct mesh_message *message;
    for (int i = 0; i < TOLD; i++) {
        EXPECT(mesh_listen(node, WAIT_MS, &message) == MESH_OK);
        mesh_message_release(&message);
    }
    for (int i = 0; i < THREADS; i++) {
        EXPECT(pthread_join(threads[i], &failed) == 0 && !failed);
    }
    char answer[32];
    (void)snprintf(answer, sizeof answer, "%d last", TOLD + 1);
    expect_answer(told, "last", answer);
}

struct test {
    const char *name;
    void (*run)(void);
};

#define TEST(name)                                                                                                     \
    { #name, name }

static const struct test tests[] = {
    TEST(an_actor_answers_and_keeps_its_state),
    TEST(C2_an_unknown_type_is_an_error_that_names_it),
    TEST(E1_a_failure_comes_back_after_one_retry),
    TEST(D11_late_answers_and_others_stay_for_listen),
    TEST(D11_a_forwarded_ask_is_answered_by_whoever_got_it),
    TEST(an_ask_of_the_dead_returns_early),
    TEST(C4_a_parent_is_told_how_its_child_ended),
    TEST(E3_a_crash_returns_the_message_in_hand),
    TEST(B2_a_third_party_uses_an_address_at_once),
    TEST(C5_an_exit_takes_the_children_along),
    TEST(D13_a_signal_interrupts_a_wait),
    TEST(D7_threads_may_flood_an_actor),
};

static char directory[64];

/* Also when a case has failed: nothing of the node may be left. */
static void end_node(void) {
    if (node && directory[0] && mesh_node_shutdown(node, 10000) != MESH_OK) {
        (void)fprintf(stderr, "the node in %s did not end\n", directory);
    }
    mesh_node_detach(&node);
}

/* A port of its own, whatever else runs on this machine. */
static void write_config(const char *path) {
    FILE *file = fopen(path, "w");
    EXPECT(file && fputs("bind = tcp://127.0.0.1:0\n", file) >= 0);
    EXPECT(fclose(file) == 0);
}

static enum mesh_status begin_node(const char *given, struct mesh_error *error) {
    struct mesh_node_options options = {.run_directory = given, .types = api_types};
    if (given) {
        return mesh_node_attach(&node, &options, error);
    }
    const char *temporary = getenv("TMPDIR");
    (void)snprintf(directory, sizeof directory, "%.40s/mesh-api-XXXXXX", temporary ? temporary : "/tmp");
    EXPECT(mkdtemp(directory));
    options.run_directory = directory;
    char config[sizeof directory + 8];
    (void)snprintf(config, sizeof config, "%s.conf", directory);
    write_config(config);
    options.config = config;
    EXPECT(mesh_node_attach(&node, &options, error) == MESH_NOT_RUNNING && !node);
    enum mesh_status status = mesh_node_start(&node, &options, error);
    (void)unlink(config);
    return status;
}

int main(int count, char **arguments) {
    mesh_host_enter(api_types);
    struct mesh_error error;
    enum mesh_status status = begin_node(count > 1 ? arguments[1] : NULL, &error);
    if (status != MESH_OK) {
        (void)fprintf(stderr, "%s: %s\n", mesh_status_name(status), error.text);
        return 1;
    }
    (void)atexit(end_node);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        (void)printf("%s\n", tests[i].name);
        (void)fflush(stdout);
        tests[i].run();
    }
    EXPECT(mesh_node_shutdown(node, 10000) == MESH_OK);
    EXPECT(mesh_node_shutdown(node, 0) == MESH_OK);
    mesh_node_detach(&node);
    EXPECT(!node);
    /* The undertaker removes the directory a moment after the admin is gone. */
    for (int tries = 0; directory[0] && access(directory, F_OK) == 0; tries++) {
        EXPECT(tries < 200 && poll(NULL, 0, 10) == 0);
    }
    return 0;
}
