/* SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/light_types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static enum mesh_verdict verdict_of(enum mesh_status status) {
    return status == MESH_OK ? MESH_DONE : MESH_FAILED;
}

static uint64_t now_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- the root ---- */

struct root {
    struct mesh_address *leaves;
    size_t leaves_count, pinged, pongs, told;
    long rounds, rounds_left;
    uint64_t began_ns;
    struct mesh_message *open; /* the question that is answered when all is done */
};

static enum mesh_verdict answer(struct mesh_actor *self, struct root *root, long number) {
    enum mesh_status status = mesh_reply_text(self, root->open, "%ld", number);
    mesh_message_release(&root->open);
    return verdict_of(status);
}

static enum mesh_verdict spawn(struct mesh_actor *self, const struct mesh_message *message, struct root *root,
                               size_t count) {
    root->leaves = calloc(count + 1, sizeof *root->leaves);
    uint64_t began_ns = now_ns();
    for (size_t i = 0; i < count; i++) {
        enum mesh_status status = mesh_create(self, "light.leaf", NULL, &root->leaves[root->leaves_count]);
        if (status != MESH_OK) {
            return mesh_fail(self, "create %zu: %s", i, mesh_status_name(status));
        }
        root->leaves_count++;
    }
    return verdict_of(
        mesh_reply_text(self, message, "%lu", (unsigned long)((now_ns() - began_ns) / (count ? count : 1))));
}

/* A few thousand at a time: the answers have to find room in this actor's mailbox. */
static enum mesh_verdict ping_more(struct mesh_actor *self, struct root *root) {
    while (root->pinged < root->leaves_count && root->pinged < root->pongs + 4096) {
        enum mesh_status status = mesh_send(self, root->leaves[root->pinged], "ping", NULL, 0);
        if (status != MESH_OK) {
            return mesh_fail(self, "ping: %s", mesh_status_name(status));
        }
        root->pinged++;
    }
    return MESH_DONE;
}

static enum mesh_verdict on_pong(struct mesh_actor *self, struct root *root) {
    if (root->rounds_left > 0) {
        if (--root->rounds_left == 0) {
            return answer(self, root, (long)((now_ns() - root->began_ns) / (uint64_t)root->rounds));
        }
        return verdict_of(mesh_send(self, root->leaves[0], "ping", NULL, 0));
    }
    if (++root->pongs == root->leaves_count) {
        return answer(self, root, (long)root->pongs);
    }
    return ping_more(self, root);
}

static enum mesh_verdict end_leaves(struct mesh_actor *self, struct root *root) {
    for (size_t i = 0; i < root->leaves_count; i++) {
        /* One at a time and a few ahead: each notice asks the next. */
        if (i == 64) {
            break;
        }
        if (mesh_request_exit(self, root->leaves[i], false) != MESH_OK) {
            return MESH_FAILED;
        }
    }
    return MESH_DONE;
}

static enum mesh_verdict on_end_of_leaf(struct mesh_actor *self, struct root *root) {
    root->told++;
    if (!root->open) {
        return MESH_DONE;
    }
    if (root->told == root->leaves_count) {
        return answer(self, root, (long)root->told);
    }
    size_t next = root->told + 63;
    return next < root->leaves_count ? verdict_of(mesh_request_exit(self, root->leaves[next], false)) : MESH_DONE;
}

static enum mesh_verdict ask_other(struct mesh_actor *self, const struct mesh_message *message, struct root *root,
                                   const char *text) {
    struct mesh_address other;
    root->open = mesh_message_copy(message);
    return mesh_address_parse(text, &other) == MESH_OK ? verdict_of(mesh_send_text(self, other, "ping")) : MESH_FAILED;
}

static enum mesh_verdict on_question(struct mesh_actor *self, const struct mesh_message *message, struct root *root,
                                     const char *text) {
    char *rest = strchr(text, ' ');
    long number = rest ? strtol(rest, NULL, 10) : 0;
    char address[MESH_ADDRESS_TEXT_BYTES];
    if (strncmp(text, "spawn ", 6) == 0) {
        return spawn(self, message, root, (size_t)number);
    }
    if (strncmp(text, "leaf ", 5) == 0) {
        return verdict_of(mesh_reply_text(self, message, "%s", mesh_address_print(root->leaves[number], address)));
    }
    if (strncmp(text, "ask ", 4) == 0) {
        return ask_other(self, message, root, rest + 1);
    }
    if (strcmp(text, "told") == 0) {
        return verdict_of(mesh_reply_text(self, message, "%zu", root->told));
    }
    if (strcmp(text, "pong") == 0) {
        enum mesh_status status = mesh_reply_text(self, root->open, "pong");
        mesh_message_release(&root->open);
        return verdict_of(status);
    }
    root->open = mesh_message_copy(message);
    if (strcmp(text, "count") == 0) {
        return ping_more(self, root);
    }
    if (strcmp(text, "end") == 0) {
        return end_leaves(self, root);
    }
    root->rounds = root->rounds_left = number;
    root->began_ns = now_ns();
    return verdict_of(mesh_send(self, root->leaves[0], "ping", NULL, 0));
}

static enum mesh_verdict root_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct root *root = state;
    const char *text = mesh_message_text(message);
    if (mesh_message_kind(message) == MESH_CHILD_EXITED) {
        return on_end_of_leaf(self, root);
    }
    if (mesh_message_kind(message) != MESH_USER) {
        return MESH_DONE;
    }
    return text ? on_question(self, message, root, text) : on_pong(self, root);
}

static void root_stop(struct mesh_actor *self, void *state) {
    struct root *root = state;
    (void)self;
    free(root->leaves);
    mesh_message_release(&root->open);
}

/* ---- the leaf ---- */

static enum mesh_verdict leaf_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)state;
    const char *text = mesh_message_text(message);
    if (mesh_message_kind(message) != MESH_USER) {
        return MESH_DONE;
    }
    if (!text) {
        return verdict_of(mesh_send(self, mesh_message_sender(message), "pong", NULL, 0));
    }
    if (strcmp(text, "crash") == 0) {
        abort();
    }
    return verdict_of(mesh_reply_text(self, message, "pong"));
}

static const struct mesh_type root_type = {.name = "light.root",
                                           .receive = root_receive,
                                           .stop = root_stop,
                                           .state_bytes = sizeof(struct root),
                                           .light = true};
static const struct mesh_type leaf_type = {.name = "light.leaf", .receive = leaf_receive, .light = true};

const struct mesh_type *const light_types[] = {&root_type, &leaf_type, NULL};
