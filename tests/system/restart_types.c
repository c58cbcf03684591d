/* SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/restart_types.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SIZE(text) (sizeof(text) - 1)

static enum mesh_verdict verdict_of(enum mesh_status status) {
    return status == MESH_OK ? MESH_DONE : MESH_FAILED;
}

/* A sanitizer would make an exit code of it. */
static void crash(void) {
    (void)signal(SIGSEGV, SIG_DFL);
    (void)raise(SIGSEGV);
}

static void append(const char *path, const char *line) {
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, line, strlen(line)) != (ssize_t)strlen(line)) {
        abort();
    }
    (void)close(fd);
}

/* ---- worker: "NUMBER PATH" ---- */

static enum mesh_verdict worker_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    unsigned *handled = state;
    const char *text = mesh_message_text(message);
    char line[64], *path = NULL;
    if (!text || mesh_message_kind(message) != MESH_USER) {
        return MESH_DONE;
    }
    if (strcmp(text, "segv") == 0) {
        crash();
    }
    if (strncmp(text, "exit ", SIZE("exit ")) == 0) {
        exit((int)strtol(text + SIZE("exit "), NULL, 10));
    }
    if (strcmp(text, "handled") == 0) {
        return verdict_of(mesh_reply_text(self, message, "%u", *handled));
    }
    long number = strtol(text, &path, 10);
    if (number % CRASH_EVERY == 0) {
        crash();
    }
    ++*handled;
    (void)snprintf(line, sizeof line, "%ld%s\n", number, mesh_message_redelivered(message) ? " again" : "");
    append(path + 1, line);
    return MESH_DONE;
}

/* ---- feeder: "feed COUNT ADDRESS PATH" ---- */

static enum mesh_verdict feed(struct mesh_actor *self, const struct mesh_message *message, const char *text) {
    char target[MESH_ADDRESS_TEXT_BYTES], path[128];
    struct mesh_address worker;
    long count;
    if (sscanf(text, "%ld %39s %127s", &count, target, path) != 3 || mesh_address_parse(target, &worker) != MESH_OK) {
        return mesh_fail(self, "what is %s?", text);
    }
    for (long i = 1; i <= count; i++) {
        if (mesh_send_text(self, worker, "%ld %s", i, path) != MESH_OK) {
            return mesh_fail(self, "not sent: %ld", i);
        }
    }
    return verdict_of(mesh_reply_text(self, message, "fed"));
}

static enum mesh_verdict feeder_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    unsigned *returned = state;
    const char *text = mesh_message_text(message);
    if (mesh_message_kind(message) == MESH_POISON) {
        *returned += strstr(mesh_message_failure(message), "killed by SIGSEGV") != NULL;
    } else if (text && strncmp(text, "feed ", SIZE("feed ")) == 0) {
        return feed(self, message, text + SIZE("feed "));
    } else if (text && strcmp(text, "returned") == 0) {
        return verdict_of(mesh_reply_text(self, message, "%u", *returned));
    }
    return MESH_DONE;
}

/* ---- late ---- */

static enum mesh_verdict late_start(struct mesh_actor *self, void *state) {
    (void)state;
    const char *path = getenv("TEST_LATE_FILE");
    if (!path) {
        abort();
    }
    append(path, "x");
    return access("/dev/null", R_OK) == 0 && lseek(open(path, O_RDONLY | O_CLOEXEC), 0, SEEK_END) > 2
               ? MESH_DONE
               : mesh_fail(self, "too early");
}

static enum mesh_verdict echo_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)state;
    const char *text = mesh_message_text(message);
    return text && mesh_message_kind(message) == MESH_USER ? verdict_of(mesh_reply_text(self, message, "%s", text))
                                                           : MESH_DONE;
}

/* ---- parent: "create TYPE POLICY MAX PLACE"; "-": no matter where ---- */

struct parent {
    struct mesh_address child;
    unsigned ends;
    char end[400];
};

static enum mesh_verdict create_child(struct mesh_actor *self, const struct mesh_message *message,
                                      struct parent *parent, const char *text) {
    char type[64], policy[16], place[16], address[MESH_ADDRESS_TEXT_BYTES];
    unsigned max;
    if (sscanf(text, "%63s %15s %u %15s", type, policy, &max, place) != 4) {
        return mesh_fail(self, "what is %s?", text);
    }
    struct mesh_requirement requirement = {.name = place, .comparison = MESH_PRESENT};
    struct mesh_create_options options = {
        .requirements = &requirement,
        .requirements_count = place[0] != '-',
        .on_failure = strcmp(policy, "restart") == 0    ? MESH_RESTART
                      : strcmp(policy, "escalate") == 0 ? MESH_ESCALATE
                                                        : MESH_STOP,
        .restarts_max = max,
        .restarts_within_ms = 60000,
        .detached = strcmp(policy, "detached") == 0,
    };
    if (mesh_create(self, type, &options, &parent->child) != MESH_OK) {
        return mesh_fail(self, "no child");
    }
    return verdict_of(mesh_reply_text(self, message, "%s", mesh_address_print(parent->child, address)));
}

static enum mesh_verdict obey(struct mesh_actor *self, const struct mesh_message *message, struct parent *parent) {
    const char *text = mesh_message_text(message);
    if (text && strncmp(text, "create ", SIZE("create ")) == 0) {
        return create_child(self, message, parent, text + SIZE("create "));
    }
    if (text && strncmp(text, "tell ", SIZE("tell ")) == 0) {
        enum mesh_status status = mesh_send_text(self, parent->child, "%s", text + SIZE("tell "));
        return verdict_of(status ? status : mesh_reply_text(self, message, "told"));
    }
    if (text && strcmp(text, "shutdown") == 0) {
        return mesh_shutdown(self) == MESH_OK ? verdict_of(mesh_shutdown(self)) : MESH_FAILED;
    }
    return verdict_of(mesh_reply_text(self, message, "%u ends %s", parent->ends, parent->end));
}

static enum mesh_verdict parent_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct parent *parent = state;
    struct mesh_exit end;
    if (mesh_message_kind(message) == MESH_CHILD_EXITED && mesh_message_exit(message, &end) == MESH_OK) {
        parent->ends++;
        (void)snprintf(parent->end, sizeof parent->end, "%d %d %.300s", (int)end.how, end.number, end.text);
    }
    return mesh_message_kind(message) == MESH_USER ? obey(self, message, parent) : MESH_DONE;
}

static const struct mesh_type worker = {
    .name = "test.worker", .state_bytes = sizeof(unsigned), .receive = worker_receive};
static const struct mesh_type feeder = {
    .name = "test.feeder", .state_bytes = sizeof(unsigned), .receive = feeder_receive};
static const struct mesh_type late = {.name = "test.late", .receive = echo_receive, .start = late_start};
static const struct mesh_type parent_type = {
    .name = "test.parent", .state_bytes = sizeof(struct parent), .receive = parent_receive};

static const struct mesh_type light_type = {
    .name = "test.light", .state_bytes = sizeof(struct parent), .receive = parent_receive, .light = true};

const struct mesh_type *const restart_types[] = {&worker, &feeder, &late, &parent_type, &light_type, NULL};
