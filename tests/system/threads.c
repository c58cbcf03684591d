/* Threads of a host, timers and watched descriptors, with real processes (A7, F1, F2).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/nodes.h"
#include "tests/system/thread_types.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DELAY_MS = 200, SLACK_MS = 4000, WATCHED_MS = 500, IDLE_TICKS = 20 };

static struct node node;
static char fifo[128];

static void expect_mail(const char *text) {
    struct mesh_message *mail;
    EXPECT(mesh_listen(node.handle, WAIT_MS, &mail) == MESH_OK);
    const char *said = mesh_message_text(mail);
    if (!said || strcmp(said, text) != 0) {
        (void)fprintf(stderr, "it said \"%s\", not \"%s\"\n", said ? said : "nothing", text);
        exit(1);
    }
    mesh_message_release(&mail);
}

/* All have come while the handler still waits for the fifo. */
static void A7_threads_send_and_log_while_the_handler_blocks(void) {
    char question[256], address[MESH_ADDRESS_TEXT_BYTES], expected[16];
    struct mesh_address counter = node_create(&node, "test.counter", "here");
    struct mesh_address threads = node_create(&node, "test.threads", "here");
    (void)snprintf(question, sizeof question, "%s %s", mesh_address_print(counter, address), fifo);
    (void)snprintf(expected, sizeof expected, "%d", THREADS * SENT);
    EXPECT(mkfifo(fifo, 0600) == 0);
    EXPECT(mesh_tell_text(node.handle, threads, "%s", question) == MESH_OK);
    node_await_answer(&node, counter, "count", expected);
    struct mesh_actor_report report;
    EXPECT(node_actor(&node, threads, &report) && report.busy_ms > 0);
    int release = open(fifo, O_WRONLY | O_CLOEXEC);
    EXPECT(release >= 0 && close(release) == 0 && unlink(fifo) == 0);
    expect_mail("released");
}

static void F1_a_thread_sets_a_timer_while_the_host_is_idle(void) {
    struct mesh_address timed = node_create(&node, "test.timed", "here");
    long began_ms = node_now_ms();
    EXPECT(mesh_tell_text(node.handle, timed, "%d", DELAY_MS) == MESH_OK);
    expect_mail("over");
    long took_ms = node_now_ms() - began_ms;
    EXPECT(took_ms >= DELAY_MS && took_ms < DELAY_MS + SLACK_MS);
}

static void F2_two_actors_of_a_host_watch_one_descriptor(void) {
    struct mesh_address first = node_create(&node, "test.watcher", "here");
    EXPECT(strcmp(node_ask(&node, first, "pipe"), "made") == 0);
    EXPECT(mesh_tell_text(node.handle, first, "watch") == MESH_OK);
    expect_mail("done");
    EXPECT(mesh_tell_text(node.handle, first, "write") == MESH_OK);
    expect_mail("1 ready");
    expect_mail("1 ready");
    EXPECT(mesh_node_request_exit(node.handle, first, false) == MESH_OK);
}

/* Clock ticks of processor time that a process has used. */
static long ticks_of(uint32_t pid) {
    char path[32];
    long user, system;
    (void)snprintf(path, sizeof path, "/proc/%u/stat", pid);
    FILE *file = fopen(path, "re");
    EXPECT(file);
    EXPECT(fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user, &system) == 2);
    EXPECT(fclose(file) == 0);
    return user + system;
}

static void F2_a_descriptor_that_is_closed_while_watched_costs_nothing(void) {
    struct mesh_actor_report report;
    struct mesh_address watcher = node_create(&node, "test.watcher", "here");
    EXPECT(strcmp(node_ask(&node, watcher, "pipe"), "made") == 0);
    EXPECT(mesh_tell_text(node.handle, watcher, "close") == MESH_OK);
    expect_mail("done");
    EXPECT(node_actor(&node, watcher, &report));
    long before = ticks_of(report.pid);
    struct mesh_message *mail;
    EXPECT(mesh_listen(node.handle, WATCHED_MS, &mail) == MESH_TIMED_OUT);
    EXPECT(ticks_of(report.pid) - before < IDLE_TICKS);
    EXPECT(mesh_tell_text(node.handle, watcher, "write") == MESH_OK);
    expect_mail("1 ready");
}

#define RUN(test) (printf("%s\n", #test), test())

int main(void) {
    mesh_host_enter(thread_types);
    nodes_init(thread_types);
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    const char *directory = getenv("TMPDIR");
    (void)snprintf(fifo, sizeof fifo, "%s/fifo.%d", directory ? directory : "/tmp", (int)getpid());
    node_start(&node, "here", NULL);
    RUN(A7_threads_send_and_log_while_the_handler_blocks);
    RUN(F1_a_thread_sets_a_timer_while_the_host_is_idle);
    RUN(F2_two_actors_of_a_host_watch_one_descriptor);
    RUN(F2_a_descriptor_that_is_closed_while_watched_costs_nothing);
    node_stop(&node);
    return 0;
}
