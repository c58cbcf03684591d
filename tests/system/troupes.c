/* Troupes with real processes: workers that die with a job in hand or between two messages, and those that are not needed (P2).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/nodes.h"

#include <fcntl.h>
#include <mesh/patterns.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { JOBS = 200, DEADLY_EVERY = 20, WORKERS = 4, LATER_MS = 20, TEXT_BYTES = 200 };

static struct node one;
static char deadly[128]; /* in front of a number: the name of a file that makes that job deadly, once */

/* ---- the worker: "now NUMBER FILE" is done in the handler, "later NUMBER FILE" when a timer is over ---- */

struct worker {
    struct mesh_worker work;
    struct mesh_message *job;
};

static enum mesh_verdict answer(struct mesh_actor *self, const struct mesh_message *job) {
    int number = 0, path = 0;
    const char *text = mesh_message_text(job);
    if (sscanf(text, "%*s %d %n", &number, &path) != 1) {
        return mesh_fail(self, "what is %s?", text);
    }
    if (unlink(text + path) == 0) {
        (void)raise(SIGKILL);
    }
    return mesh_reply_text(self, job, "%d", number) == MESH_OK ? MESH_DONE : MESH_FAILED;
}

static enum mesh_verdict work(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct worker *worker = state;
    if (mesh_message_kind(message) == MESH_WAKEUP) {
        enum mesh_verdict verdict = answer(self, worker->job);
        mesh_message_release(&worker->job);
        return mesh_worker_finish(self, &worker->work) == MESH_OK ? verdict : MESH_EXIT;
    }
    const char *text = mesh_message_text(message);
    if (!text || strncmp(text, "later ", 6) != 0) {
        return text ? answer(self, message) : MESH_DONE;
    }
    mesh_worker_go_on(&worker->work);
    worker->job = mesh_message_copy(message);
    return worker->job && mesh_wakeup(self, LATER_MS, NULL, 0, NULL) == MESH_OK ? MESH_DONE : MESH_FAILED;
}

static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct worker *worker = state;
    return mesh_worker_receive(self, message, state, &worker->work, work);
}

static const struct mesh_type worker = {
    .name = "test.worker", .state_bytes = sizeof(struct worker), .receive = receive};
static const struct mesh_type troupe = MESH_TROUPE("test.troupe", .worker = "test.worker", .max = WORKERS);
static const struct mesh_type outer = MESH_TROUPE("test.outer", .worker = "test.troupe", .max = 2);
static const struct mesh_type *const types[] = {&worker, &troupe, &outer, NULL};

/* ---- what the cases share ---- */

static struct mesh_troupe_status status_of(struct mesh_address actor) {
    struct mesh_message *reply;
    struct mesh_troupe_status status;
    EXPECT(mesh_ask(one.handle, actor, MESH_TROUPE_STATUS, NULL, 0, WAIT_MS, &reply) == MESH_OK);
    EXPECT(mesh_troupe_read_status(reply, &status) == MESH_OK);
    mesh_message_release(&reply);
    return status;
}

static const char *file_of(int number) {
    static char path[sizeof deadly + 16];
    (void)snprintf(path, sizeof path, "%s%d", deadly, number);
    return path;
}

static void make_deadly(int number) {
    int fd = open(file_of(number), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    EXPECT(fd >= 0);
    (void)close(fd);
}

static const char *job_text(const char *when, int number) {
    static char text[TEXT_BYTES];
    (void)snprintf(text, sizeof text, "%s %d %s", when, number, file_of(number));
    return text;
}

static void expect_answer(struct mesh_address actor, const char *when, int number) {
    EXPECT(strtol(node_ask(&one, actor, job_text(when, number)), NULL, 10) == number);
}

/* ---- tests ---- */

static void P2_a_job_that_kills_its_process_is_done_by_another(void) {
    struct mesh_address actor = node_create(&one, "test.troupe", "one");
    make_deadly(1);
    expect_answer(actor, "now", 1);
    make_deadly(2);
    expect_answer(actor, "later", 2);
    struct mesh_troupe_status status = status_of(actor);
    EXPECT(status.done == 2 && status.given_back == 2 && status.failed == 0);
}

static void P2_each_job_is_answered_once_whoever_dies(void) {
    struct mesh_address actor = node_create(&one, "test.troupe", "one");
    int answers[JOBS] = {0};
    struct mesh_message *message;
    for (int i = 0; i < JOBS; i++) {
        if (i % DEADLY_EVERY == 0) {
            make_deadly(i);
        }
        EXPECT(mesh_tell_text(one.handle, actor, "%s", job_text(i % 2 ? "now" : "later", i)) == MESH_OK);
    }
    for (int i = 0; i < JOBS; i++) {
        EXPECT(mesh_listen(one.handle, WAIT_MS, &message) == MESH_OK && mesh_message_text(message));
        long number = strtol(mesh_message_text(message), NULL, 10);
        EXPECT(number >= 0 && number < JOBS && answers[number]++ == 0);
        mesh_message_release(&message);
    }
    struct mesh_troupe_status status = status_of(actor);
    EXPECT(status.done == JOBS && status.given_back == JOBS / DEADLY_EVERY && status.failed == 0);
    EXPECT(mesh_listen(one.handle, 0, &message) == MESH_TIMED_OUT);
    long end_ms = node_now_ms() + WAIT_MS;
    while (status_of(actor).workers != 2) {
        EXPECT(node_now_ms() < end_ms);
        node_pause();
    }
}

static void P2_troupes_nest_and_fail(void) {
    struct mesh_address actor = node_create(&one, "test.outer", "one");
    struct mesh_message *reply;
    make_deadly(3);
    expect_answer(actor, "now", 3);
    EXPECT(mesh_ask_text(one.handle, actor, "nonsense", WAIT_MS, &reply) == MESH_OK);
    EXPECT(mesh_message_is(reply, MESH_FAILURE));
    mesh_message_release(&reply);
    EXPECT(status_of(actor).done == 2);
}

int main(void) {
    mesh_host_enter(types);
    nodes_init(types);
    const char *directory = getenv("TMPDIR");
    (void)snprintf(deadly, sizeof deadly, "%.80s/mesh-troupes.%d.", directory ? directory : "/tmp", (int)getpid());
    node_start(&one, "one", NULL);
    P2_a_job_that_kills_its_process_is_done_by_another();
    P2_each_job_is_answered_once_whoever_dies();
    P2_troupes_nest_and_fail();
    node_stop(&one);
    return 0;
}
