/* Supervision (C7) and its neighbours, with real processes on two nodes: workers that crash on purpose and are started anew,
 * failures that go up the family, actors that outlive their creators, and a shutdown from inside.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/nodes.h"
#include "tests/system/restart_types.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { FED = 2000, PATIENCE_MS = 6 * WAIT_MS };

static struct node nodes[2];
static char file[128], late_file[sizeof file];

/* ---- what is waited for ---- */

static void await_answer(struct mesh_address actor, const char *question, const char *expected) {
    long end_ms = node_now_ms() + PATIENCE_MS;
    const char *answer;
    while (strcmp(answer = node_ask(&nodes[0], actor, question), expected) != 0) {
        if (node_now_ms() > end_ms) {
            (void)fprintf(stderr, "\"%s\": \"%s\", not \"%s\"\n", question, answer, expected);
            exit(1);
        }
        node_pause();
    }
}

/* Reads the worker's file: how many numbers it has; each must come once, in order, and unmarked. */
static long count_handled(void) {
    long count = 0, last = 0, number;
    char line[64];
    FILE *in = fopen(file, "r");
    while (in && fgets(line, sizeof line, in)) {
        EXPECT(sscanf(line, "%ld", &number) == 1 && number > last && !strstr(line, "again"));
        last = number;
        count++;
    }
    if (in) {
        (void)fclose(in);
    }
    return count;
}

static void new_file(const char *name) {
    const char *directory = getenv("TMPDIR");
    (void)snprintf(file, sizeof file, "%s/%s.%d", directory ? directory : "/tmp", name, (int)getpid());
    (void)unlink(file);
}

static struct mesh_address address_of(const char *text) {
    struct mesh_address address;
    EXPECT(mesh_address_parse(text, &address) == MESH_OK);
    return address;
}

static void expect_dead(struct mesh_address actor) {
    struct mesh_message *reply = NULL;
    enum mesh_status status;
    long end_ms = node_now_ms() + WAIT_MS;
    while ((status = mesh_ask_text(nodes[0].handle, actor, "handled", WAIT_MS, &reply)) == MESH_OK) {
        mesh_message_release(&reply);
        EXPECT(node_now_ms() < end_ms);
        node_pause();
    }
    EXPECT(status == MESH_DEAD);
    mesh_message_release(&reply);
}

static struct mesh_address create_worker(const char *place, enum mesh_on_failure on_failure, unsigned max) {
    struct mesh_requirement requirement = {.name = place, .comparison = MESH_PRESENT};
    struct mesh_create_options options = {.requirements = &requirement,
                                          .requirements_count = 1,
                                          .on_failure = on_failure,
                                          .restarts_max = max,
                                          .restarts_within_ms = 60000};
    struct mesh_address worker;
    struct mesh_error error;
    if (mesh_node_create(nodes[0].handle, "test.worker", &options, &worker, &error) != MESH_OK) {
        (void)fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
    return worker;
}

/* ---- cases ---- */

/* Each number is handled once or comes back with the cause, whatever crashes in between. */
static void feed_through_crashes(const char *place, int count) {
    char question[256], returned[16], address[MESH_ADDRESS_TEXT_BYTES];
    struct mesh_address feeder = node_create(&nodes[0], "test.feeder", "one");
    struct mesh_address worker = create_worker(place, MESH_RESTART, 64);
    new_file("fed");
    (void)snprintf(question, sizeof question, "feed %d %s %s", count, mesh_address_print(worker, address), file);
    long began_ms = node_now_ms();
    EXPECT(strcmp(node_ask(&nodes[0], feeder, question), "fed") == 0);
    (void)snprintf(returned, sizeof returned, "%d", count / CRASH_EVERY);
    await_answer(feeder, "returned", returned);
    while (count_handled() < count - count / CRASH_EVERY) {
        EXPECT(node_now_ms() < began_ms + PATIENCE_MS);
        node_pause();
    }
    (void)printf("  %d messages through %d crashes in %ld ms\n", count, count / CRASH_EVERY, node_now_ms() - began_ms);
    EXPECT(strcmp(node_ask(&nodes[0], worker, "handled"), "0") ==
           0); /* the last one crashed it, and its state is fresh */
    EXPECT(count_handled() == count - count / CRASH_EVERY);
    (void)unlink(file);
}

static void C7_a_worker_that_crashes_under_load_loses_nothing(void) {
    feed_through_crashes("one", FED);
}

static void C7_nor_does_one_on_another_node(void) {
    feed_through_crashes("two", FED / 2);
}

/* What a crash overtakes has no reply, so nobody asks before it is over. */
static void await_restarts(struct node *node, uint64_t count) {
    long end_ms = node_now_ms() + WAIT_MS;
    while (node_counter(node, "restarts") < count) {
        EXPECT(node_now_ms() < end_ms);
        node_pause();
    }
}

/* Its creator was told where it lives, which is true no more when it sends its first message. */
static void B2_the_first_message_finds_one_that_was_started_anew_meanwhile(void) {
    static const char *const places[] = {"one", "two"};
    for (size_t i = 0; i < 2; i++) {
        struct mesh_address worker = create_worker(places[i], MESH_RESTART, 3);
        uint64_t before = node_counter(&nodes[i], "restarts");
        struct mesh_actor_report report;
        EXPECT(node_actor(&nodes[i], worker, &report));
        EXPECT(kill((pid_t)report.pid, SIGKILL) == 0);
        await_restarts(&nodes[i], before + 1);
        EXPECT(strcmp(node_ask(&nodes[0], worker, "handled"), "0") == 0);
    }
}

static void C7_the_parent_hears_once_when_the_restarts_are_used_up(void) {
    static const char *const places[] = {"one", "two"};
    for (size_t i = 0; i < 2; i++) {
        char question[64];
        struct mesh_address parent = node_create(&nodes[0], "test.parent", "one");
        (void)snprintf(question, sizeof question, "create test.worker restart 2 %s", places[i]);
        struct mesh_address child = address_of(node_ask(&nodes[0], parent, question));
        uint64_t before = node_counter(&nodes[i], "restarts");
        for (uint64_t crashes = 0; crashes < 3; crashes++) {
            await_restarts(&nodes[i], before + crashes);
            EXPECT(strcmp(node_ask(&nodes[0], parent, "account"), "0 ends ") == 0);
            EXPECT(strcmp(node_ask(&nodes[0], child, "handled"), "0") == 0);
            EXPECT(strcmp(node_ask(&nodes[0], parent, "tell segv"), "told") == 0);
        }
        await_answer(parent, "account", "1 ends 4 11 killed by SIGSEGV; its 2 restarts within 60000 ms are used up");
        expect_dead(child);
        await_answer(parent, "account", "1 ends 4 11 killed by SIGSEGV; its 2 restarts within 60000 ms are used up");
    }
}

static void C7_an_exit_code_is_a_failure_and_an_exit_is_none(void) {
    struct mesh_address worker = create_worker("one", MESH_RESTART, 3);
    struct mesh_message *reply = NULL;
    EXPECT(mesh_ask_text(nodes[0].handle, worker, "exit 3", WAIT_MS, &reply) == MESH_REFUSED);
    EXPECT(strstr(mesh_message_failure(reply), "ended with code 3"));
    mesh_message_release(&reply);
    EXPECT(strcmp(node_ask(&nodes[0], worker, "handled"), "0") == 0);
    EXPECT(mesh_tell_text(nodes[0].handle, worker, "exit 0") == MESH_OK);
    expect_dead(worker);
    worker = create_worker("one", MESH_RESTART, 3);
    EXPECT(mesh_node_request_exit(nodes[0].handle, worker, false) == MESH_OK);
    expect_dead(worker);
}

static void C7_a_constructor_that_fails_is_tried_again(void) {
    struct mesh_address parent = node_create(&nodes[0], "test.parent", "one");
    struct mesh_address child = address_of(node_ask(&nodes[0], parent, "create test.late restart 3 one"));
    EXPECT(strcmp(node_ask(&nodes[0], child, "at last"), "at last") == 0);
    EXPECT(strcmp(node_ask(&nodes[0], parent, "account"), "0 ends ") == 0);
    (void)unlink(late_file);
    address_of(node_ask(&nodes[0], parent, "create test.late restart 1 one"));
    await_answer(parent, "account", "1 ends 2 0 too early; its 1 restarts within 60000 ms are used up");
    (void)unlink(late_file);
}

/* The one in the middle fails with its child, and is started anew: it knows of no end. */
static void C7_a_failure_goes_up_until_somebody_is_started_anew(void) {
    struct mesh_address top = node_create(&nodes[0], "test.parent", "one");
    struct mesh_address middle = address_of(node_ask(&nodes[0], top, "create test.parent restart 3 one"));
    struct mesh_address child = address_of(node_ask(&nodes[0], middle, "create test.worker escalate 0 one"));
    struct mesh_address other = address_of(node_ask(&nodes[0], middle, "create test.worker stop 0 two"));
    EXPECT(mesh_tell_text(nodes[0].handle, child, "segv") == MESH_OK);
    expect_dead(child);
    expect_dead(other);
    EXPECT(strcmp(node_ask(&nodes[0], middle, "account"), "0 ends ") == 0);
    EXPECT(strcmp(node_ask(&nodes[0], top, "account"), "0 ends ") == 0);
}

static void C7_a_failure_that_nobody_stops_names_the_child(void) {
    struct mesh_address top = node_create(&nodes[0], "test.parent", "one");
    struct mesh_address middle = address_of(node_ask(&nodes[0], top, "create test.parent stop 0 two"));
    char expected[200], address[MESH_ADDRESS_TEXT_BYTES];
    struct mesh_address child = address_of(node_ask(&nodes[0], middle, "create test.worker escalate 0 one"));
    (void)snprintf(expected, sizeof expected, "1 ends 2 0 its child %s failed: killed by SIGSEGV",
                   mesh_address_print(child, address));
    EXPECT(mesh_tell_text(nodes[0].handle, child, "segv") == MESH_OK);
    await_answer(top, "account", expected);
}

static void C8_a_detached_actor_outlives_its_creator(void) {
    struct mesh_address parent = node_create(&nodes[0], "test.parent", "one");
    struct mesh_address kept = address_of(node_ask(&nodes[0], parent, "create test.worker detached 0 one"));
    EXPECT(strcmp(node_ask(&nodes[0], kept, "handled"), "0") == 0);
    EXPECT(mesh_node_request_exit(nodes[0].handle, parent, false) == MESH_OK);
    expect_dead(parent);
    EXPECT(strcmp(node_ask(&nodes[0], kept, "handled"), "0") == 0);
    EXPECT(mesh_node_request_exit(nodes[0].handle, kept, false) == MESH_OK);
    expect_dead(kept);
}

/* An actor whose process is buried is on no list. */
static void exit_alone(struct mesh_address actor) {
    struct mesh_actor_report report;
    EXPECT(mesh_node_request_exit(nodes[0].handle, actor, true) == MESH_OK);
    for (long end_ms = node_now_ms() + WAIT_MS; node_actor(&nodes[0], actor, &report); node_pause()) {
        EXPECT(node_now_ms() < end_ms);
    }
    expect_dead(actor);
}

static void C5_children_of_an_actor_that_exits_alone_live_on(void) {
    struct mesh_address parent = node_create(&nodes[0], "test.parent", "one");
    struct mesh_address child = address_of(node_ask(&nodes[0], parent, "create test.worker stop 0 one"));
    struct mesh_address far = address_of(node_ask(&nodes[0], parent, "create test.worker restart 1 two"));
    EXPECT(strcmp(node_ask(&nodes[0], far, "handled"), "0") == 0);
    exit_alone(parent);
    EXPECT(strcmp(node_ask(&nodes[0], child, "handled"), "0") == 0);
    EXPECT(mesh_tell_text(nodes[0].handle, far, "segv") == MESH_OK);
    EXPECT(strcmp(node_ask(&nodes[0], far, "handled"), "0") == 0);
    EXPECT(mesh_node_request_exit(nodes[0].handle, child, false) == MESH_OK);
    EXPECT(mesh_node_request_exit(nodes[0].handle, far, false) == MESH_OK);
    expect_dead(child);
    expect_dead(far);
}

/* No admin knows the light actor that lives beside its parent, but the child of that. */
static void C5_nor_do_those_of_a_light_one_end_with_its_process(void) {
    struct mesh_address top = node_create(&nodes[0], "test.light", "one");
    struct mesh_address middle = address_of(node_ask(&nodes[0], top, "create test.light stop 0 -"));
    struct mesh_address child = address_of(node_ask(&nodes[0], middle, "create test.worker stop 0 one"));
    struct mesh_actor_report report;
    EXPECT(node_actor(&nodes[0], top, &report) && !node_actor(&nodes[0], middle, &report));
    exit_alone(middle);
    exit_alone(top);
    EXPECT(strcmp(node_ask(&nodes[0], child, "handled"), "0") == 0);
    EXPECT(mesh_node_request_exit(nodes[0].handle, child, false) == MESH_OK);
    expect_dead(child);
}

static void C6_nobody_is_told_of_a_detached_end(void) {
    struct mesh_address parent = node_create(&nodes[0], "test.parent", "one");
    struct mesh_address kept = address_of(node_ask(&nodes[0], parent, "create test.worker detached 0 two"));
    EXPECT(mesh_tell_text(nodes[0].handle, kept, "segv") == MESH_OK);
    expect_dead(kept);
    EXPECT(strcmp(node_ask(&nodes[0], parent, "account"), "0 ends ") == 0);
}

static void C12_an_actor_shuts_its_node_down(void) {
    struct mesh_address parent = node_create(&nodes[0], "test.parent", "two");
    EXPECT(mesh_tell_text(nodes[0].handle, parent, "shutdown") == MESH_OK);
    (void)node_await_members(&nodes[0], 1, WAIT_MS);
    node_stop(&nodes[1]);
}

struct test {
    const char *name;
    void (*run)(void);
};

#define TEST(name)                                                                                                     \
    { #name, name }

static const struct test tests[] = {
    TEST(C7_a_worker_that_crashes_under_load_loses_nothing),
    TEST(C7_nor_does_one_on_another_node),
    TEST(B2_the_first_message_finds_one_that_was_started_anew_meanwhile),
    TEST(C7_the_parent_hears_once_when_the_restarts_are_used_up),
    TEST(C7_an_exit_code_is_a_failure_and_an_exit_is_none),
    TEST(C7_a_constructor_that_fails_is_tried_again),
    TEST(C7_a_failure_goes_up_until_somebody_is_started_anew),
    TEST(C7_a_failure_that_nobody_stops_names_the_child),
    TEST(C8_a_detached_actor_outlives_its_creator),
    TEST(C5_children_of_an_actor_that_exits_alone_live_on),
    TEST(C5_nor_do_those_of_a_light_one_end_with_its_process),
    TEST(C6_nobody_is_told_of_a_detached_end),
    TEST(C12_an_actor_shuts_its_node_down),
};

/* With arguments, only the tests whose names contain one. */
static bool is_wanted(const char *name, int count, char **words) {
    bool wanted = count == 1;
    for (int i = 1; i < count; i++) {
        wanted = wanted || strstr(name, words[i]);
    }
    return wanted;
}

int main(int count, char **words) {
    mesh_host_enter(restart_types);
    new_file("late");
    memcpy(late_file, file, sizeof file);
    EXPECT(setenv("TEST_LATE_FILE", late_file, 1) == 0); /* nodes and hosts have it from here */
    nodes_init(restart_types);
    node_start(&nodes[0], "one", NULL);
    node_start(&nodes[1], "two", &nodes[0]);
    (void)node_await_members(&nodes[0], 2, WAIT_MS);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        if (!is_wanted(tests[i].name, count, words)) {
            continue;
        }
        (void)printf("%s\n", tests[i].name);
        (void)fflush(stdout);
        tests[i].run();
    }
    node_stop(&nodes[0]);
    return 0;
}
