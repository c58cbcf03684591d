/* SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/bad_types.h"

#include "tests/system/nodes.h"
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MORE_MEMORY = 64 * 1024 * 1024, PIECE = 1024 * 1024, LEAST_PIECE = 16 };

static enum mesh_verdict verdict_of(enum mesh_status status) {
    return status == MESH_OK ? MESH_DONE : MESH_FAILED;
}

static bool begins(const char *text, const char *with) {
    return strncmp(text, with, strlen(with)) == 0;
}

static size_t memory_bytes(void) {
    size_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    EXPECT(file && fscanf(file, "%zu", &pages) == 1 && fclose(file) == 0);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Sanitizers reserve more than any limit allows. */
static enum mesh_verdict bad_start(struct mesh_actor *self, void *state) {
    (void)self;
    (void)state;
    struct rlimit limit;
    size_t most = memory_bytes() + MORE_MEMORY;
    EXPECT(getrlimit(RLIMIT_AS, &limit) == 0);
    limit.rlim_cur = most;
    return setrlimit(RLIMIT_AS, &limit) == 0 ? MESH_DONE : MESH_FAILED;
}

/* Pieces are kept in a list, so that no compiler leaves them out. */
static void take_all_memory(void) {
    static void *kept;
    for (size_t bytes = PIECE; bytes >= LEAST_PIECE; bytes /= 2) {
        for (void **piece; (piece = malloc(bytes));) {
            memset(piece, 0, bytes);
            *piece = kept;
            kept = piece;
        }
    }
}

static enum mesh_verdict fork_one(struct mesh_actor *self, const struct mesh_message *message, const char *then) {
    pid_t pid = fork();
    if (pid != 0) {
        return verdict_of(pid > 0 ? mesh_reply_text(self, message, "%d", (int)pid) : MESH_IO);
    }
    if (strcmp(then, "exits") == 0) {
        exit(0);
    }
    while (strcmp(then, "lives") == 0) {
        (void)pause();
    }
    return MESH_DONE;
}

struct flood {
    enum mesh_status status;
    unsigned sent;
    long took_ms;
};

static enum mesh_verdict flood(struct mesh_actor *self, struct flood *flood, const char *target) {
    struct mesh_address to;
    flood->status = mesh_address_parse(target, &to);
    while (flood->status == MESH_OK) {
        long began_ms = node_now_ms();
        flood->status = mesh_send(self, to, "x", NULL, 0);
        flood->sent += flood->status == MESH_OK;
        flood->took_ms = node_now_ms() - began_ms;
    }
    return MESH_DONE;
}

static enum mesh_verdict create_child(struct mesh_actor *self, const struct mesh_message *message) {
    struct mesh_address child;
    char text[MESH_ADDRESS_TEXT_BYTES];
    enum mesh_status status = mesh_create(self, "test.bad", NULL, &child);
    return verdict_of(status ? status : mesh_reply_text(self, message, "%s", mesh_address_print(child, text)));
}

static void end_badly(const char *text) {
    if (begins(text, "exit ")) {
        exit((int)strtol(text + strlen("exit "), NULL, 10));
    }
    if (strcmp(text, "abort") == 0) {
        abort();
    }
    if (strcmp(text, "segv") == 0) {
        (void)signal(SIGSEGV, SIG_DFL); /* a sanitizer would make an exit code of it */
        (void)raise(SIGSEGV);
    }
    while (strcmp(text, "stuck") == 0) {
        (void)pause();
    }
}

static enum mesh_verdict bad_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    const char *text = mesh_message_text(message);
    if (!text || mesh_message_kind(message) != MESH_USER) {
        return MESH_DONE;
    }
    end_badly(text);
    if (begins(text, "fork ")) {
        return fork_one(self, message, text + strlen("fork "));
    }
    if (begins(text, "flood ")) {
        return flood(self, state, text + strlen("flood "));
    }
    if (strcmp(text, "flooded") == 0) {
        const struct flood *done = state;
        return verdict_of(
            mesh_reply_text(self, message, "%s %u %ld", mesh_status_name(done->status), done->sent, done->took_ms));
    }
    if (strcmp(text, "child") == 0) {
        return create_child(self, message);
    }
    if (strcmp(text, "close") == 0) {
        (void)close_range(3, ~0U, 0);
    } else if (strcmp(text, "memory") == 0) {
        take_all_memory();
    }
    return verdict_of(mesh_reply_text(self, message, "%s", text));
}

static const struct mesh_type bad = {.name = "test.bad", .state_bytes = sizeof(struct flood), .receive = bad_receive};
static const struct mesh_type greedy = {
    .name = "test.greedy", .state_bytes = sizeof(struct flood), .receive = bad_receive, .start = bad_start};

const struct mesh_type *const bad_types[] = {&bad, &greedy, NULL};
