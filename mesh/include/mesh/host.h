/* Hosts that are pulled: an actor whose code asks for its messages, instead of being called with them. For bindings of other languages.
 *
 *   struct mesh_host *host;
 *   const struct mesh_message *message;
 *   mesh_host_open(&host, NULL, &error);
 *   while (mesh_host_next(host, MESH_FOREVER, &message) == MESH_OK) {
 *       mesh_host_done(host, handle(mesh_host_actor(host), message), NULL, NULL, 0);
 *   }
 *   return mesh_host_close(&host);
 *
 * A process that a node has started for one actor of a program's own types (node.h), or that a spawner has forked (spawner.h), becomes its host
 * by mesh_host_open. What comes then is what the functions of a struct mesh_type see, in the same order and with the same meaning, as messages of
 * a few more kinds: first MESH_CHECK, the check function; then MESH_BEGIN, the constructor; then user and system messages; MESH_END last, for what
 * the actor's code owns. Between next and done the caller is in the handler, and may do there all that a handler may (actor.h). A thread of the library
 * does the rest, also while the caller is elsewhere.
 *
 * One host in a process, one thread at a time at next and done. A child that the caller forks is no host: next and done end it (C10). Rules A1, A5, C3, E1, H2.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_HOST_H
#define MESH_HOST_H

#include <mesh/actor.h>
#include <mesh/error.h>

struct mesh_host;

/* What the node wants the process to be; lasts as long as the host. */
struct mesh_host_request {
    const char *type;
    struct mesh_address actor, parent, admin;
    const char *node;          /* its name */
    const char *name;          /* the actor's global one (G1); NULL: it has none */
    const char *source;        /* the hash of the source that its type is of (J3); NULL: of none */
    const char *source_path;   /* the directory to which that was unpacked: its objects, the module last by name */
    const char *log;           /* the file of the node's log; NULL: it goes elsewhere */
    enum mesh_level log_level; /* for actors of that type */
};

/* Becomes the host that `request` describes, a text of the node's; NULL: that in the environment, which it then leaves there no more. Before the
 * process has a second thread. MESH_NOT_FOUND: nobody wants this process to be a host; MESH_INVALID_ARGUMENT: the text is none of a node;
 * MESH_EXISTS: it is one already; MESH_CLOSED: the node is gone; MESH_IO, MESH_TIMED_OUT, MESH_NO_MEMORY. It then gives an actor up, and the process is to end.
 * `error` may be NULL. Blocks, 5 s at most. */
MESH_MUST_USE MESH_API enum mesh_status mesh_host_open(struct mesh_host **out, const char *request,
                                                       struct mesh_error *error);

/* What the host is to be. */
MESH_API const struct mesh_host_request *mesh_host_request(const struct mesh_host *host);

/* For the calls of actor.h, from any thread: from MESH_BEGIN until MESH_END is done; else NULL. */
MESH_API struct mesh_actor *mesh_host_actor(const struct mesh_host *host);

/* The next message, borrowed until it is done. A failed one comes again (E1). MESH_CLOSED: the actor is gone, nothing comes any more; MESH_TIMED_OUT;
 * MESH_INTERRUPTED by a signal (D13); MESH_INVALID_ARGUMENT: one is in hand. `timeout_ms`: 0 does not wait, MESH_FOREVER waits without end. */
MESH_MUST_USE MESH_API enum mesh_status mesh_host_next(struct mesh_host *host, int timeout_ms,
                                                       const struct mesh_message **out);

/* Settles the message in hand (A5): of MESH_CHECK, MESH_DONE is a yes and all else a no; of MESH_END the verdict means nothing. `text`, which may be NULL, says why
 * it failed; it is cut to 1,023 bytes. A number that is no verdict counts as MESH_FAILED, with a text that says so. `fds` are watched as by mesh_watch
 * (F2); `count` may be 0. MESH_INVALID_ARGUMENT: none is in hand, or there is a count without descriptors; MESH_FULL above 64 of them: the message is still in
 * hand. Never waits. */
MESH_MUST_USE MESH_API enum mesh_status mesh_host_done(struct mesh_host *host, enum mesh_verdict verdict,
                                                       const char *text, const int *fds, size_t count);

/* Instead of done for MESH_CHECK: there can be no such actor in this process at all, and a create ends with that status: MESH_UNKNOWN_TYPE,
 * MESH_UNKNOWN_SOURCE or MESH_LOAD_FAILED (C2). MESH_INVALID_ARGUMENT: any other, or another kind is in hand. */
MESH_MUST_USE MESH_API enum mesh_status mesh_host_refuse(struct mesh_host *host, enum mesh_status status,
                                                         const char *text);

/* The content of a MESH_CHECK: what is to be judged (H2); lasts as long as the message. MESH_INVALID_ARGUMENT for any other kind. */
MESH_MUST_USE MESH_API enum mesh_status mesh_message_fit(const struct mesh_message *message,
                                                         const struct mesh_fit **out);

/* Ends the host, and nulls the pointer. An actor that lives is asked to exit; what comes for it meanwhile fails. Gives the exit code for the process, 0:
 * any other would count as a crash (E3). NULL-safe. Blocks while the actor's children end and what it sent is received (C5, D14). */
MESH_API int mesh_host_close(struct mesh_host **host);

#endif
