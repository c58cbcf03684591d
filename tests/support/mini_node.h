/* A node in miniature, for tests of the runtime: an admin that only resolves, and processes with one endpoint each.
 *
 * Each runs in a process of its own, forked by the test before it has any ZeroMQ context or thread.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef TESTS_SUPPORT_MINI_NODE_H
#define TESTS_SUPPORT_MINI_NODE_H

#include "mesh/runtime/process.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { MINI_TEXT_BYTES = 128, MINI_SLOTS = 64 };

struct mini_node {
    char directory[64];
    uint64_t incarnation;  /* of the admin */
    const char *scheme;    /* how processes are told to reach each other: "ipc" or "tcp" */
    const char *advertise; /* what processes say of themselves to others; NULL: what they bound */
};

/* From now on the admin says of every process that it lives at this endpoint. */
void mini_detour(const struct mini_node *node, const char *endpoint);

/* What the admin listens at. */
const char *mini_admin_endpoint(const struct mini_node *node, char out[MINI_TEXT_BYTES]);

/* Runs the admin until SIGTERM. Never returns. */
_Noreturn void mini_admin_run(const struct mini_node *node);

/* One process: its endpoint is number 1 of its slot. */
struct mini_process {
    struct process *process;
    struct mesh_address endpoint;
    void (*receive)(struct mini_process *self, const struct message *message); /* NULL: handled without a word */
    uint64_t received, out_of_order, unhandled;
    uint64_t expected; /* the next number, when payloads begin with one */
    bool room, runnable;
    void *user;
};

/* Attaches to the node. Aborts the test process with a message when that fails. */
void mini_process_open(struct mini_process *self, const struct mini_node *node, const char *name);
void mini_process_close(struct mini_process *self);

/* One turn with the baton held, handling what there is to handle. */
void mini_process_turn(struct mini_process *self, uint64_t until_ns);

/* Submits one message; false when the window is full. */
bool mini_process_send(struct mini_process *self, struct mesh_address to, const void *data, size_t bytes);

/* The port that a process of this name has bound for tcp, written to the node's directory; 0 when it has not yet. */
unsigned mini_port_of(const struct mini_node *node, const char *name);

/* `handler` runs at SIGTERM. */
void mini_on_stop(void (*handler)(int signal));

/* Removes the node's directory with what lies in it. */
void mini_remove(const struct mini_node *node);

/* Waits until a forked process exits; its exit status, or 128 + the signal. */
int mini_wait(pid_t pid);

/* Prints and exits with 1. */
_Noreturn void mini_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
