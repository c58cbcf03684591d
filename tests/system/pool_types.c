/* SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/pool_types.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LEAVES_MAX = 4096, PIDS_MAX = 16 };

struct leaf {
    struct mesh_address address;
    pid_t pid; /* once it has answered */
    unsigned ends;
    enum mesh_how wanted, how; /* 0: nobody wants its end; it lives */
};

struct parent {
    struct leaf *leaves;
    size_t count;
};

static enum mesh_verdict verdict_of(enum mesh_status status) {
    return status == MESH_OK ? MESH_DONE : MESH_FAILED;
}

static struct leaf *find(const struct parent *parent, struct mesh_address address) {
    for (size_t i = 0; i < parent->count; i++) {
        if (mesh_address_equal(parent->leaves[i].address, address)) {
            return &parent->leaves[i];
        }
    }
    return NULL;
}

static enum mesh_verdict spawn(struct mesh_actor *self, const struct mesh_message *message, struct parent *parent,
                               size_t count, enum mesh_on_failure on_failure) {
    struct mesh_create_options options = {.on_failure = on_failure};
    parent->leaves = parent->leaves ? parent->leaves : calloc(LEAVES_MAX, sizeof *parent->leaves);
    for (size_t i = 0; i < count && parent->leaves && parent->count < LEAVES_MAX; i++) {
        struct leaf *leaf = &parent->leaves[parent->count];
        if (mesh_create(self, "pool.leaf", &options, &leaf->address) != MESH_OK ||
            mesh_send_text(self, leaf->address, "where") != MESH_OK) {
            return mesh_fail(self, "no leaf %zu", i);
        }
        parent->count++;
    }
    return verdict_of(mesh_reply_text(self, message, "spawned"));
}

/* How many have answered, in how many processes. */
static enum mesh_verdict tell_where(struct mesh_actor *self, const struct mesh_message *message,
                                    const struct parent *parent) {
    pid_t pids[PIDS_MAX];
    size_t answered = 0, hosts = 0;
    for (size_t i = 0; i < parent->count; i++) {
        size_t known = 0;
        while (known < hosts && pids[known] != parent->leaves[i].pid) {
            known++;
        }
        answered += parent->leaves[i].pid != 0;
        if (known == hosts && hosts < PIDS_MAX && parent->leaves[i].pid != 0) {
            pids[hosts++] = parent->leaves[i].pid;
        }
    }
    return verdict_of(mesh_reply_text(self, message, "%zu in %zu", answered, hosts));
}

/* Whether all that shared a process with the first leaf have ended, each once, and no other. */
static enum mesh_verdict tell_ends(struct mesh_actor *self, const struct mesh_message *message,
                                   const struct parent *parent) {
    size_t beside = 0, right = 0, wrong = 0;
    for (size_t i = 0; i < parent->count; i++) {
        bool with_first = parent->leaves[i].pid == parent->leaves[0].pid;
        beside += with_first;
        right += with_first && parent->leaves[i].ends == 1;
        wrong += parent->leaves[i].ends > with_first;
    }
    return verdict_of(mesh_reply_text(self, message, "%s, %zu wrong", right == beside ? "all" : "some", wrong));
}

/* All leaves but the first shall end, each second one by its own will, and then the first one crashes. */
static enum mesh_verdict part(struct mesh_actor *self, struct parent *parent) {
    enum mesh_status status = MESH_OK;
    for (size_t i = 1; i < parent->count && status == MESH_OK; i++) {
        struct leaf *leaf = &parent->leaves[i];
        bool itself = i % 2 == 0;
        leaf->wanted = itself ? MESH_EXITED_ITSELF : MESH_EXITED_ON_REQUEST;
        status = itself ? mesh_send_text(self, leaf->address, "leave") : mesh_request_exit(self, leaf->address, false);
    }
    return verdict_of(status ? status : mesh_send_text(self, parent->leaves[0].address, "crash"));
}

/* How many have ended once, as was wanted, and how many in another way. */
static enum mesh_verdict tell_parted(struct mesh_actor *self, const struct mesh_message *message,
                                     const struct parent *parent) {
    size_t right = 0, wrong = 0;
    for (size_t i = 0; i < parent->count; i++) {
        const struct leaf *leaf = &parent->leaves[i];
        bool as_wanted = leaf->ends == 1 && leaf->how == leaf->wanted;
        right += as_wanted;
        wrong += leaf->ends > 0 && !as_wanted;
    }
    return verdict_of(mesh_reply_text(self, message, "%zu as wanted, %zu wrong", right, wrong));
}

static enum mesh_verdict parent_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct parent *parent = state;
    const char *text = mesh_message_text(message);
    struct leaf *leaf = find(parent, mesh_message_sender(message));
    struct mesh_exit end;
    if (mesh_message_exit(message, &end) == MESH_OK && (leaf = find(parent, end.child))) {
        leaf->ends++;
        leaf->how = end.how;
    } else if (mesh_message_kind(message) != MESH_USER || !text) {
        return MESH_DONE;
    } else if (leaf) {
        leaf->pid = (pid_t)strtol(text, NULL, 10);
    } else if (strncmp(text, "spawn ", 6) == 0) {
        return spawn(self, message, parent, strtoul(text + 6, NULL, 10), MESH_STOP);
    } else if (strncmp(text, "supervise ", 10) == 0) {
        return spawn(self, message, parent, strtoul(text + 10, NULL, 10), MESH_RESTART);
    } else if (strcmp(text, "where") == 0) {
        return tell_where(self, message, parent);
    } else if (strcmp(text, "crash") == 0) {
        return verdict_of(mesh_send_text(self, parent->leaves[0].address, "crash"));
    } else if (strcmp(text, "ends") == 0) {
        return tell_ends(self, message, parent);
    } else if (strcmp(text, "part") == 0) {
        return part(self, parent);
    } else if (strcmp(text, "parted") == 0) {
        return tell_parted(self, message, parent);
    }
    return MESH_DONE;
}

static void parent_stop(struct mesh_actor *self, void *state) {
    (void)self;
    free(((struct parent *)state)->leaves);
}

static enum mesh_verdict leaf_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)state;
    const char *text = mesh_message_text(message);
    if (!text || mesh_message_kind(message) != MESH_USER) {
        return MESH_DONE;
    }
    if (strcmp(text, "crash") == 0) {
        (void)signal(SIGSEGV, SIG_DFL);
        (void)raise(SIGSEGV);
    }
    if (strcmp(text, "leave") == 0) {
        return MESH_EXIT;
    }
    return verdict_of(mesh_reply_text(self, message, "%d", (int)getpid()));
}

static const struct mesh_type parent_type = {
    .name = "pool.parent", .state_bytes = sizeof(struct parent), .receive = parent_receive, .stop = parent_stop};
static const struct mesh_type leaf_type = {.name = "pool.leaf", .receive = leaf_receive, .light = true};

const struct mesh_type *const pool_types[] = {&parent_type, &leaf_type, NULL};
