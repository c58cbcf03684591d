/* Spawners: a program that makes the hosts of actor types of its own, by forking itself. For languages whose interpreter takes long to start.
 *
 * A node is given the program by its setting `spawner`, starts it once, and asks it for a process whenever an actor of one of its types is to be
 * hosted. What the program has made ready by then (an interpreter, what it has imported) each host has at once:
 *
 *   mesh_spawner_open(&spawner, types, count, &error);
 *   while ((status = mesh_spawner_next(spawner, MESH_FOREVER)) != MESH_CLOSED) {
 *       if (status == MESH_OK && mesh_spawner_fork(spawner, &request, &error) == MESH_OK && request) {
 *           mesh_host_open(&host, request, &error);      a new process: it hosts one actor (host.h)
 *           ...
 *       }
 *   }
 *
 * The new process is a child of the node's admin, not of the spawner: the admin alone learns how it ends (C4), it ends with the admin (C8), and goes on when the
 * spawner dies. That is started again, by a back-off; creates of its types fail meanwhile, with a text that says why, and restarts (C7) wait.
 *
 * A spawner has one thread. What it writes to its standard output or error goes to the node's log; its own process ends with the node's. Rules C8, C9.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_SPAWNER_H
#define MESH_SPAWNER_H

#include <mesh/actor.h>
#include <mesh/error.h>

struct mesh_spawner;

/* What it can host: the actor type of that name or, with a * at the end of the name, all whose names begin so and that nobody else brings. Such
 * actors are placed where these requirements are met (H2). */
struct mesh_spawner_type {
    const char *name;
    const struct mesh_requirement *requirements;
    size_t requirements_count;
};

/* Tells the node that started this process, and none else, what it can host: 1 to 256 types. MESH_NOT_FOUND: no node has started it as its spawner;
 * MESH_INVALID_ARGUMENT: a name or requirement that is none; MESH_CLOSED: the node is gone; MESH_NO_MEMORY. `error` may be NULL. */
MESH_MUST_USE MESH_API enum mesh_status mesh_spawner_open(struct mesh_spawner **out,
                                                          const struct mesh_spawner_type *types, size_t count,
                                                          struct mesh_error *error);

/* Waits until a host is wanted: MESH_OK, to be followed by fork or refuse. MESH_CLOSED: the node is gone; MESH_TIMED_OUT; MESH_INTERRUPTED;
 * MESH_INVALID_ARGUMENT: one is wanted already. `timeout_ms`: 0 does not wait, MESH_FOREVER waits without end. */
MESH_MUST_USE MESH_API enum mesh_status mesh_spawner_next(struct mesh_spawner *spawner, int timeout_ms);

/* The type of the actor that it is wanted for, for what may be made ready before the fork; NULL when none is wanted. */
MESH_API const char *mesh_spawner_type(const struct mesh_spawner *spawner);

/* Forks the host that is wanted. In the new process `*request` is what mesh_host_open takes, and lasts as long as the process; standard input, output and
 * error are /dev/null there, every other inherited descriptor is closed (C9), and the spawner is to be left alone. In the spawner it is NULL. The handlers of
 * pthread_atfork do not run. MESH_REFUSED: this process has more than one thread, whose locks the new one would inherit; MESH_IO: it cannot be forked. The node
 * is told of either. MESH_INVALID_ARGUMENT: none is wanted. */
MESH_MUST_USE MESH_API enum mesh_status mesh_spawner_fork(struct mesh_spawner *spawner, const char **request,
                                                          struct mesh_error *error);

/* There will be no such host; a create ends with that status and text. MESH_INVALID_ARGUMENT: none is wanted, or MESH_OK. */
MESH_MUST_USE MESH_API enum mesh_status mesh_spawner_refuse(struct mesh_spawner *spawner, enum mesh_status status,
                                                            const char *text);

/* Frees it, and nulls the pointer. The node takes that for the spawner's end. NULL-safe. */
MESH_API void mesh_spawner_close(struct mesh_spawner **spawner);

#endif
