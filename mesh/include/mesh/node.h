/* Node programs: attaching to a node, creating top-level actors, telling, asking, listening.
 *
 * A handle is one program's place on one node, with an endpoint of its own; threads may open more (endpoint.h). Any number
 * of handles may live in one process; there is no global state. Every function may be called from any thread; ask and
 * listen of one handle serve one thread at a time. Time-outs are milliseconds; 0 does not wait, MESH_FOREVER waits without
 * end. Rules C2, C12, C13, D11, D13.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_NODE_H
#define MESH_NODE_H

#include <mesh/actor.h>
#include <mesh/endpoint.h>
#include <mesh/error.h>
#include <mesh/log.h>

/* Which node is meant, and what one is like that has to be started; zero is the default of everything. */
struct mesh_node_options {
    const char *
        run_directory; /* of the node; NULL: $MESH_RUN_DIRECTORY, else "mesh" below XDG_RUNTIME_DIR, else mesh-UID below TMPDIR or /tmp */
    const char *config; /* the configuration of a node that has to be started; NULL: the defaults */
    const struct mesh_type *const
        *types; /* NULL-terminated actor types that this program brings; see mesh_host_enter */
    const char *const *
        settings; /* "PATH=VALUE" each, NULL-terminated: what beats the configuration of a node that has to be started, as `meshd --set`; may be NULL */
    const struct mesh_log_taker
        *log; /* what becomes of the handle's log (mesh/log.h), copied; NULL: it goes to the node's */
};

/* Attaches to the node of the run directory. MESH_NOT_RUNNING when there is none, MESH_PERMISSION_DENIED,
 * MESH_VERSION_MISMATCH, MESH_REFUSED (by the node; or main lacks mesh_host_enter), MESH_TIMED_OUT. `options` and `error` may be NULL. Blocks, 5 s at most. */
MESH_MUST_USE MESH_API enum mesh_status
mesh_node_attach(struct mesh_node **out, const struct mesh_node_options *options, struct mesh_error *error);

/* The same, but starts the node if it does not run: in a session of its own, so that it outlives the program (C13).
 * Blocks, 10 s at most. */
MESH_MUST_USE MESH_API enum mesh_status mesh_node_start(struct mesh_node **out, const struct mesh_node_options *options,
                                                        struct mesh_error *error);

/* Where the meshd is that mesh_node_start would start: $MESH_MESHD, or the one that was installed with this library, or the one on the
 * PATH. MESH_NOT_FOUND. */
MESH_MUST_USE MESH_API enum mesh_status mesh_node_find_daemon(char *path, size_t bytes, struct mesh_error *error);

/* Has the node of the run directory read its configuration again (S9E); its log says what comes of it. MESH_NOT_RUNNING, MESH_PERMISSION_DENIED,
 * MESH_IO. `options` and `error` may be NULL. */
MESH_MUST_USE MESH_API enum mesh_status mesh_node_reload(const struct mesh_node_options *options,
                                                         struct mesh_error *error);

/* Leaves the node: closes its endpoints, its own and those that are still open, as mesh_endpoint_close says. Nulls the
 * handle; NULL-safe. Actors that it created live on. */
MESH_API void mesh_node_detach(struct mesh_node **node);

/* Ends the node with all of its actors (C12), waiting for it; then the handle can only be detached. MESH_OK also when it had ended
 * already; MESH_TIMED_OUT when it is still ending. */
MESH_MUST_USE MESH_API enum mesh_status mesh_node_shutdown(struct mesh_node *node, int timeout_ms);

/* A program that brings types calls this first in main: in a process that the node started to host such an actor it
 * runs the actor and never returns; otherwise it returns at once. */
MESH_API void mesh_host_enter(const struct mesh_type *const *types);

/* The same, and what that host and its actors log goes to `log`, which stays where it is. What a signal has it say (C11) goes to the node's log. */
MESH_API void mesh_host_enter_log(const struct mesh_type *const *types, const struct mesh_log_taker *log);

/* The address of the handle's own endpoint. */
MESH_API struct mesh_address mesh_node_address(const struct mesh_node *node);

/* Creates a top-level actor and waits until it is up or has failed, 50 s at most (C2). MESH_NO_COMPATIBLE_NODE,
 * MESH_UNKNOWN_TYPE, MESH_LOAD_FAILED, MESH_SHUTTING_DOWN, MESH_TIMED_OUT; `error` names the type and what was missing. With a name in
 * the options `*out` may be an actor that has it already (G1); MESH_NAME_UNAVAILABLE within 5 s when the name cannot be given: the node is cut
 * off from its leader, that is new, or does not hear from most that may lead (G2, G4). */
MESH_MUST_USE MESH_API enum mesh_status mesh_node_create(struct mesh_node *node, const char *type,
                                                         const struct mesh_create_options *options,
                                                         struct mesh_address *out, struct mesh_error *error);

/* ---- on the handle's own endpoint ---- */

/* As mesh_endpoint_tell, mesh_endpoint_ask, mesh_endpoint_ask_resume and mesh_endpoint_listen. */
MESH_MUST_USE MESH_API enum mesh_status mesh_tell(struct mesh_node *node, struct mesh_address to, const char *type,
                                                  const void *data, size_t bytes);
MESH_MUST_USE MESH_API enum mesh_status mesh_ask(struct mesh_node *node, struct mesh_address to, const char *type,
                                                 const void *data, size_t bytes, int timeout_ms,
                                                 struct mesh_message **reply);
MESH_MUST_USE MESH_API enum mesh_status mesh_ask_resume(struct mesh_node *node, int timeout_ms,
                                                        struct mesh_message **reply);
MESH_MUST_USE MESH_API enum mesh_status mesh_listen(struct mesh_node *node, int timeout_ms, struct mesh_message **out);

/* Tells a MESH_TEXT message, formatted as by printf. */
MESH_MUST_USE MESH_API enum mesh_status mesh_tell_text(struct mesh_node *node, struct mesh_address to,
                                                       const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Asks with a MESH_TEXT message, as it stands. */
MESH_MUST_USE MESH_API enum mesh_status mesh_ask_text(struct mesh_node *node, struct mesh_address to, const char *text,
                                                      int timeout_ms, struct mesh_message **reply);

/* Asks an actor to exit, with its children unless `alone` (C5). An admin is not to be asked: MESH_REFUSED; an endpoint
 * refuses (C6). MESH_INVALID_ADDRESS (E5). */
MESH_MUST_USE MESH_API enum mesh_status mesh_node_request_exit(struct mesh_node *node, struct mesh_address who,
                                                               bool alone);

#endif
