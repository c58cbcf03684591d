/* Actors that do what no actor should: each ask to one ends, and neither its node nor another actor is harmed.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/bad_types.h"
#include "tests/system/nodes.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { WINDOW = 16384, SEND_WAIT_MS = 5000, EXIT_WAIT_MS = 7000, SLACK_MS = 4000, MEMORY_WAIT_MS = 2000 };

static struct node node;
static struct mesh_address neighbour;

static struct mesh_address create(const char *type) {
    return node_create(&node, type, "here");
}

static struct mesh_address address_of(const char *text) {
    struct mesh_address address;
    EXPECT(mesh_address_parse(text, &address) == MESH_OK);
    return address;
}

static pid_t pid_of(struct mesh_address actor) {
    struct mesh_actor_report report;
    EXPECT(node_actor(&node, actor, &report));
    return (pid_t)report.pid;
}

static void expect_unharmed(void) {
    EXPECT(strcmp(node_ask(&node, neighbour, "well"), "well") == 0);
    struct mesh_address fresh = create("test.bad");
    EXPECT(strcmp(node_ask(&node, fresh, "well"), "well") == 0);
    EXPECT(mesh_node_request_exit(node.handle, fresh, false) == MESH_OK);
}

static void expect_gone(struct mesh_address actor) {
    struct mesh_message *reply = NULL;
    EXPECT(mesh_ask_text(node.handle, actor, "still there?", WAIT_MS, &reply) == MESH_DEAD);
    mesh_message_release(&reply);
}

/* The ask ends early, and the actor is no more. */
static void expect_end(struct mesh_address actor, const char *text, enum mesh_status expected, const char *why) {
    struct mesh_message *reply = NULL;
    enum mesh_status status = mesh_ask_text(node.handle, actor, text, WAIT_MS, &reply);
    const char *failure = reply ? mesh_message_failure(reply) : NULL;
    if (status != expected || !failure || !strstr(failure, why)) {
        (void)fprintf(stderr, "\"%s\": %s \"%s\"\n", text, mesh_status_name(status), failure ? failure : "");
        exit(1);
    }
    mesh_message_release(&reply);
    expect_gone(actor);
}

static void await_end_of(pid_t pid) {
    for (long began_ms = node_now_ms(); node_is_alive(pid); node_pause()) {
        EXPECT(node_now_ms() - began_ms < WAIT_MS);
    }
}

static void A6_the_title_shows_type_and_address(void) {
    char path[32], address[MESH_ADDRESS_TEXT_BYTES], expected[128], title[256];
    (void)snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid_of(neighbour));
    (void)snprintf(expected, sizeof expected, "mesh: bad %s", mesh_address_print(neighbour, address));
    FILE *file = fopen(path, "re");
    EXPECT(file && fgets(title, sizeof title, file) && fclose(file) == 0);
    EXPECT(strcmp(title, expected) == 0);
}

/* ---- ends ---- */

static void E3_every_bad_end_is_told(void) {
    expect_end(create("test.bad"), "segv", MESH_REFUSED, "killed by SIGSEGV");
    expect_end(create("test.bad"), "abort", MESH_REFUSED, "killed by SIGABRT");
    expect_end(create("test.bad"), "exit 3", MESH_REFUSED, "ended with code 3");
    expect_unharmed();
}

static void C5_exit_is_a_normal_end(void) {
    expect_end(create("test.bad"), "exit 0", MESH_REFUSED, "called exit()");
    expect_unharmed();
}

/* ---- children of fork ---- */

static void C10_a_forked_child_that_comes_back_or_exits_is_nobody(void) {
    static const char *const ways[] = {"fork returns", "fork exits"};
    for (size_t i = 0; i < 2; i++) {
        struct mesh_address actor = create("test.bad");
        await_end_of((pid_t)strtol(node_ask(&node, actor, ways[i]), NULL, 10));
        EXPECT(strcmp(node_ask(&node, actor, "well"), "well") == 0);
        EXPECT(mesh_node_request_exit(node.handle, actor, false) == MESH_OK);
    }
    expect_unharmed();
}

static void C10_a_forked_child_outlives_its_actor(void) {
    struct mesh_address actor = create("test.bad");
    pid_t child = (pid_t)strtol(node_ask(&node, actor, "fork lives"), NULL, 10);
    EXPECT(strcmp(node_ask(&node, actor, "well"), "well") == 0);
    expect_end(actor, "segv", MESH_REFUSED, "killed by SIGSEGV");
    EXPECT(node_is_alive(child));
    expect_unharmed();
    EXPECT(kill(child, SIGTERM) == 0); /* which is no exit request to it (C11) */
    await_end_of(child);
}

/* ---- what belongs to the process ---- */

/* libzmq does not bear that: the message is handled, and its host crashes when it is to say so. */
static void E3_an_actor_that_closes_all_descriptors_harms_itself(void) {
    struct mesh_address actor = create("test.bad");
    pid_t pid = pid_of(actor);
    EXPECT(mesh_tell_text(node.handle, actor, "close") == MESH_OK);
    await_end_of(pid);
    expect_gone(actor);
    expect_unharmed();
}

/* Its host may die of it, or live on and try again to answer until there is memory. */
static void D10_an_actor_that_takes_all_memory_harms_itself(void) {
    struct mesh_address actor = create("test.greedy");
    struct mesh_message *reply = NULL;
    enum mesh_status status = mesh_ask_text(node.handle, actor, "memory", MEMORY_WAIT_MS, &reply);
    (void)printf("  the ask: %s\n", mesh_status_name(status));
    mesh_message_release(&reply);
    expect_unharmed();
    struct mesh_actor_report report;
    EXPECT(!node_actor(&node, actor, &report) || kill((pid_t)report.pid, SIGKILL) == 0);
    if (status == MESH_TIMED_OUT) { /* how it ended comes late, or nothing does when it died of its answer */
        status = mesh_listen(node.handle, WAIT_MS, &reply);
        EXPECT(status == MESH_OK || status == MESH_TIMED_OUT);
        mesh_message_release(&reply);
    }
}

/* ---- a handler that never returns ---- */

static bool log_says(const char *what, const char *and_what) {
    char path[128], line[2048];
    (void)snprintf(path, sizeof path, "%s/log", node.directory);
    FILE *file = fopen(path, "re");
    bool found = false;
    while (file && !found && fgets(line, sizeof line, file)) {
        found = strstr(line, what) && strstr(line, and_what);
    }
    EXPECT(file && fclose(file) == 0);
    return found;
}

static struct mesh_address make_stuck(struct mesh_address actor) {
    struct mesh_actor_report report;
    EXPECT(mesh_tell_text(node.handle, actor, "stuck") == MESH_OK);
    for (long began_ms = node_now_ms(); !node_actor(&node, actor, &report) || report.busy_ms == 0; node_pause()) {
        EXPECT(node_now_ms() - began_ms < WAIT_MS);
    }
    return actor;
}

/* What it had in hand comes back. */
static void expect_killed(void) {
    struct mesh_message *poison = NULL;
    EXPECT(mesh_listen(node.handle, WAIT_MS, &poison) == MESH_OK && mesh_message_kind(poison) == MESH_POISON);
    printf("    %s\n", mesh_message_failure(poison));
    EXPECT(strstr(mesh_message_failure(poison), "killed by SIGKILL"));
    mesh_message_release(&poison);
}

static void C11_a_stuck_handlers_status_is_written_on_request(void) {
    struct mesh_address actor = make_stuck(create("test.bad"));
    char address[MESH_ADDRESS_TEXT_BYTES];
    EXPECT(kill(pid_of(actor), SIGUSR1) == 0);
    long began_ms = node_now_ms();
    while (!log_says(mesh_address_print(actor, address), "status: busy")) {
        EXPECT(node_now_ms() - began_ms < WAIT_MS);
        node_pause();
    }
    EXPECT(kill(pid_of(actor), SIGKILL) == 0);
    expect_killed();
    expect_unharmed();
}

static void C11_a_continuation_changes_nothing(void) {
    pid_t pid = pid_of(neighbour);
    EXPECT(kill(pid, SIGCONT) == 0 && kill(node.admin, SIGCONT) == 0);
    EXPECT(kill(pid, SIGSTOP) == 0);
    EXPECT(mesh_tell_text(node.handle, neighbour, "while it slept") == MESH_OK);
    EXPECT(kill(pid, SIGCONT) == 0);
    struct mesh_message *answer = NULL;
    for (const char *text = NULL; !text || strcmp(text, "while it slept") != 0; text = mesh_message_text(answer)) {
        mesh_message_release(&answer); /* what came too late for the ask of an earlier test */
        EXPECT(mesh_listen(node.handle, WAIT_MS, &answer) == MESH_OK);
    }
    mesh_message_release(&answer);
    expect_unharmed();
}

/* Its parent waits for it in vain, has it killed, and goes; who asked hears of it. */
static void C5_a_stuck_child_is_killed_after_exit_wait(void) {
    struct mesh_address parent = create("test.bad");
    struct mesh_address child = make_stuck(address_of(node_ask(&node, parent, "child")));
    long began_ms = node_now_ms();
    EXPECT(mesh_node_request_exit(node.handle, parent, false) == MESH_OK);
    struct mesh_message *reply = NULL;
    EXPECT(mesh_ask_text(node.handle, child, "behind", 2 * WAIT_MS, &reply) == MESH_DEAD);
    mesh_message_release(&reply);
    long took_ms = node_now_ms() - began_ms;
    (void)printf("  killed after %ld ms\n", took_ms);
    EXPECT(took_ms >= EXIT_WAIT_MS && took_ms < EXIT_WAIT_MS + SLACK_MS);
    expect_killed();
    expect_unharmed();
}

static void D7_a_send_in_a_handler_waits_five_seconds(void) {
    struct mesh_address target = make_stuck(create("test.bad"));
    struct mesh_address sender = create("test.bad");
    char question[80], address[MESH_ADDRESS_TEXT_BYTES], status[32];
    unsigned sent;
    long took_ms;
    (void)snprintf(question, sizeof question, "flood %s", mesh_address_print(target, address));
    EXPECT(mesh_tell_text(node.handle, sender, "%s", question) == MESH_OK);
    struct mesh_actor_report report;
    for (long began_ms = node_now_ms(); !node_actor(&node, sender, &report) || report.handled == 0; node_pause()) {
        EXPECT(node_now_ms() - began_ms < SEND_WAIT_MS + SLACK_MS);
    }
    EXPECT(kill(pid_of(target), SIGKILL) == 0); /* or an answer would find the window full */
    expect_killed();
    const char *answer = node_ask(&node, sender, "flooded");
    EXPECT(sscanf(answer, "%31s %u %ld", status, &sent, &took_ms) == 3);
    (void)printf("  %s\n", answer);
    EXPECT(strcmp(status, "MESH_WOULD_BLOCK") == 0 && sent == WINDOW);
    EXPECT(took_ms >= SEND_WAIT_MS - 10 && took_ms < SEND_WAIT_MS + SLACK_MS);
    expect_unharmed();
}

#define RUN(test) (printf("%s\n", #test), test())

int main(void) {
    mesh_host_enter(bad_types);
    nodes_init(bad_types);
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    node_start(&node, "here", NULL);
    neighbour = create("test.bad");
    RUN(A6_the_title_shows_type_and_address);
    RUN(E3_every_bad_end_is_told);
    RUN(C5_exit_is_a_normal_end);
    RUN(C10_a_forked_child_that_comes_back_or_exits_is_nobody);
    RUN(C10_a_forked_child_outlives_its_actor);
    RUN(E3_an_actor_that_closes_all_descriptors_harms_itself);
    RUN(D10_an_actor_that_takes_all_memory_harms_itself);
    RUN(C11_a_stuck_handlers_status_is_written_on_request);
    RUN(C11_a_continuation_changes_nothing);
    RUN(C5_a_stuck_child_is_killed_after_exit_wait);
    RUN(D7_a_send_in_a_handler_waits_five_seconds);
    node_stop(&node);
    return 0;
}
