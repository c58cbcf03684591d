/* SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/nodes.h"

#include <dirent.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PAUSE_MS = 10, END_MS = 5000, QUESTION = 2 };

static const struct mesh_type *const *brought;
static struct node *started[NODES_MAX];
static size_t started_count;

void node_pause(void) {
    (void)poll(NULL, 0, PAUSE_MS);
}

long node_now_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- processes ---- */

/* Its session and whether it still runs; 0 for a zombie or what is no process. */
static pid_t session_of(pid_t pid) {
    char path[32], text[512];
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    size_t bytes = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file) {
        (void)fclose(file);
    }
    text[bytes] = 0;
    const char *after = strrchr(text, ')'); /* a title may have anything in it */
    char state = 0;
    int session = 0;
    return after && sscanf(after + 1, " %c %*d %*d %d", &state, &session) == 2 && state != 'Z' ? session : 0;
}

bool node_is_alive(pid_t pid) {
    return session_of(pid) > 0;
}

static size_t processes_of(const struct node *node, pid_t pids[NODE_PROCESSES]) {
    DIR *directory = opendir("/proc");
    size_t count = 0;
    struct dirent *entry;
    while (directory && count < NODE_PROCESSES && (entry = readdir(directory))) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 0 && session_of(pid) == node->session) {
            pids[count++] = pid;
        }
    }
    if (directory) {
        (void)closedir(directory);
    }
    return count;
}

size_t node_signal(struct node *node, int number) {
    pid_t pids[NODE_PROCESSES];
    size_t count = node->session > 0 ? processes_of(node, pids) : 0;
    for (size_t i = 0; i < count; i++) {
        (void)kill(pids[i], number);
    }
    if (number == SIGKILL) {
        mesh_node_detach(&node->handle);
        node->session = 0;
    }
    return count;
}

/* ---- beginning and end ---- */

static int remove_one(const char *path, const struct stat *seen, int type, struct FTW *place) {
    (void)seen;
    (void)type;
    (void)place;
    (void)remove(path);
    return 0;
}

/* What its undertaker would have removed, had that not been killed, too. */
static void remove_directory(const struct node *node) {
    (void)nftw(node->directory, remove_one, NODES_MAX, FTW_DEPTH | FTW_PHYS);
    (void)unlink(node->config);
}

static void end_all(void) {
    for (size_t i = 0; i < started_count; i++) {
        (void)node_signal(started[i], SIGKILL);
        remove_directory(started[i]);
    }
}

void nodes_init(const struct mesh_type *const *types) {
    brought = types;
    EXPECT(atexit(end_all) == 0);
}

static void write_config(const struct node *node, const struct node *leader) {
    FILE *file = fopen(node->config, "w");
    EXPECT(file);
    EXPECT(fprintf(file, "node = %s\nbind = %s\n", node->name,
                   node->endpoint[0] ? node->endpoint : "tcp://127.0.0.1:0") > 0);
    EXPECT(!leader || fprintf(file, "leaders = %s\n", leader->endpoint) > 0);
    EXPECT(fprintf(file, "capabilities\n    %s = true\n", node->name) > 0);
    EXPECT(!node->settings || fputs(node->settings, file) >= 0);
    EXPECT(fclose(file) == 0);
}

static void name_directory(struct node *node, const char *name) {
    const char *temporary = getenv("TMPDIR");
    node->name = name;
    (void)snprintf(node->directory, sizeof node->directory, "%.40s/mesh-%.10s-XXXXXX", temporary ? temporary : "/tmp",
                   name);
    EXPECT(mkdtemp(node->directory));
    (void)snprintf(node->config, sizeof node->config, "%s.cfg", node->directory);
    EXPECT(started_count < NODES_MAX);
    started[started_count++] = node;
}

static struct mesh_report *report_of(struct node *node) {
    struct mesh_error error;
    struct mesh_report *report;
    enum mesh_status status = mesh_node_report(node->handle, false, WAIT_MS, &report, &error);
    if (status != MESH_OK) {
        (void)fprintf(stderr, "no report of %s: %s\n", node->name, error.text);
        exit(1);
    }
    return report;
}

void node_start(struct node *node, const char *name, const struct node *leader) {
    if (!node->name) {
        name_directory(node, name);
    }
    write_config(node, leader);
    struct mesh_error error;
    struct mesh_node_options options = {.run_directory = node->directory, .config = node->config, .types = brought};
    if (mesh_node_start(&node->handle, &options, &error) != MESH_OK) {
        (void)fprintf(stderr, "%s does not start: %s\n", name, error.text);
        exit(1);
    }
    struct mesh_report *report = report_of(node);
    node->admin = (pid_t)report->nodes[0].pid;
    node->session = getsid(node->admin);
    (void)snprintf(node->endpoint, sizeof node->endpoint, "%s", report->nodes[0].endpoint);
    mesh_report_release(&report);
}

void node_stop(struct node *node) {
    EXPECT(mesh_node_shutdown(node->handle, WAIT_MS) == MESH_OK);
    mesh_node_detach(&node->handle);
    long end_ms = node_now_ms() + END_MS;
    while (access(node->directory, F_OK) == 0) {
        EXPECT(node_now_ms() < end_ms);
        node_pause();
    }
}

/* ---- looking and asking ---- */

struct mesh_address node_create(struct node *node, const char *type, const char *place) {
    struct mesh_requirement requirement = {.name = place, .comparison = MESH_PRESENT};
    struct mesh_create_options options = {.requirements = &requirement, .requirements_count = 1};
    struct mesh_address address;
    struct mesh_error error;
    if (mesh_node_create(node->handle, type, &options, &address, &error) != MESH_OK) {
        (void)fprintf(stderr, "%s is not created on %s: %s\n", type, place, error.text);
        exit(1);
    }
    return address;
}

long node_await_members(struct node *leader, size_t count, int timeout_ms) {
    long begin_ms = node_now_ms();
    for (;;) {
        struct mesh_report *report = report_of(leader);
        size_t members = report->nodes[0].members_count;
        mesh_report_release(&report);
        long took_ms = node_now_ms() - begin_ms;
        if (members == count) {
            return took_ms;
        }
        EXPECT(took_ms < timeout_ms);
        node_pause();
    }
}

static uint64_t counter(const struct mesh_node_report *report, const char *name) {
    for (size_t i = 0; i < report->counters_count; i++) {
        if (strcmp(report->counters[i].name, name) == 0) {
            return report->counters[i].value;
        }
    }
    (void)fprintf(stderr, "there is no counter %s\n", name);
    exit(1);
}

uint64_t node_counter(struct node *node, const char *name) {
    struct mesh_report *report = report_of(node);
    uint64_t value = counter(&report->nodes[0], name);
    mesh_report_release(&report);
    return value;
}

void node_await_counter(struct node *node, const char *name, uint64_t value) {
    for (long began_ms = node_now_ms(); node_counter(node, name) != value; node_pause()) {
        EXPECT(node_now_ms() - began_ms < WAIT_MS);
    }
}

void node_await_rest(struct node *node) {
    bool rests = false;
    for (long began_ms = node_now_ms(); !rests; node_pause()) {
        EXPECT(node_now_ms() - began_ms < WAIT_MS);
        struct mesh_report *report = report_of(node);
        const struct mesh_node_report *here = &report->nodes[0];
        uint64_t in_flight = counter(here, "in_flight");
        rests = in_flight <= QUESTION &&
                counter(here, "accepted") == counter(here, "handled") + counter(here, "returned") +
                                                 counter(here, "dead") + counter(here, "abandoned") + in_flight;
        mesh_report_release(&report);
    }
}

bool node_actor(struct node *node, struct mesh_address address, struct mesh_actor_report *out) {
    struct mesh_report *report = report_of(node);
    bool found = false;
    for (size_t i = 0; i < report->nodes[0].actors_count && !found; i++) {
        found = mesh_address_equal(report->nodes[0].actors[i].address, address);
        *out = report->nodes[0].actors[i];
    }
    mesh_report_release(&report);
    return found;
}

const char *node_ask(struct node *node, struct mesh_address actor, const char *text) {
    static char answer[512];
    struct mesh_message *reply = NULL;
    enum mesh_status status = mesh_ask_text(node->handle, actor, text, WAIT_MS, &reply);
    if (status != MESH_OK || !mesh_message_text(reply)) {
        (void)fprintf(stderr, "\"%s\": %s\n", text, mesh_status_name(status));
        exit(1);
    }
    (void)snprintf(answer, sizeof answer, "%s", mesh_message_text(reply));
    mesh_message_release(&reply);
    return answer;
}

void node_await_answer(struct node *node, struct mesh_address actor, const char *text, const char *expected) {
    const char *answer;
    for (long began_ms = node_now_ms(); strcmp(answer = node_ask(node, actor, text), expected) != 0; node_pause()) {
        if (node_now_ms() - began_ms > WAIT_MS) {
            (void)fprintf(stderr, "\"%s\": it is \"%s\", not \"%s\"\n", text, answer, expected);
            exit(1);
        }
    }
}
