/* Nodes for system tests: real ones on loopback tcp, each with a run directory and a configuration of its own.
 *
 * One program attaches to all of them and brings its types to each. Whatever is left of them when the program ends, also by a
 * failure, is killed.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef TESTS_SYSTEM_NODES_H
#define TESTS_SYSTEM_NODES_H

#include <mesh/mesh.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

#define EXPECT(condition)                                                                                              \
    ((condition) ? (void)0 : (void)(fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition), exit(1)))

enum { NODES_MAX = 8, NODE_PROCESSES = 512, WAIT_MS = 30000 };

struct node {
    const char *name;
    char directory[64], config[80], endpoint[64];
    const char *settings;     /* further lines of its configuration, or NULL */
    struct mesh_node *handle; /* NULL when it is not attached to */
    pid_t session;            /* of all of its processes; 0 when it was never started */
    pid_t admin;
};

/* The types that the program brings to each node. Call it first: it also sees to the end. */
void nodes_init(const struct mesh_type *const *types);

/* Starts a node and attaches to it. It has the flag `name` among its capabilities; `leader` may be NULL. A node that was
 * started before starts again at the port that it had. */
void node_start(struct node *node, const char *name, const struct node *leader);

/* Ends it in good order, and waits until its run directory is gone. */
void node_stop(struct node *node);

/* Sends a signal to each of its processes; gives how many they were. SIGKILL ends the attachment as well. */
size_t node_signal(struct node *node, int number);

/* Creates a top-level actor by way of `node`, on the node of the given name. */
struct mesh_address node_create(struct node *node, const char *type, const char *place);

/* Waits until the leader counts so many members, itself included. The milliseconds that it took. */
long node_await_members(struct node *leader, size_t count, int timeout_ms);

/* What the node's report says of a counter. */
uint64_t node_counter(struct node *node, const char *name);

/* Until the counter has that value: what a process counts its admin sees a moment later. */
void node_await_counter(struct node *node, const char *name, uint64_t value);

/* Waits until all is settled and the counters add up: accepted = handled + returned + dead + abandoned, but for the question. */
void node_await_rest(struct node *node);

/* What it says of an actor that it hosts; false when it does not. `type` is not to be used. */
bool node_actor(struct node *node, struct mesh_address address, struct mesh_actor_report *out);

/* Asks by text and gives the answer's text, which lasts until the next call. */
const char *node_ask(struct node *node, struct mesh_address actor, const char *text);

/* Asks until the answer is that. */
void node_await_answer(struct node *node, struct mesh_address actor, const char *text, const char *expected);

/* Whether a process runs; a zombie does not. */
bool node_is_alive(pid_t pid);

/* Between two looks at something that is waited for, 10 ms. */
void node_pause(void);
long node_now_ms(void);

#endif
