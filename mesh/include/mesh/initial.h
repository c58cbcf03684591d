/* Initial messages: an actor is shown nothing until it has all that it needs to begin (P4).
 *
 *   static const char *const needed[] = {"config", "peers", NULL};
 *   static const struct mesh_initial initial = {.types = needed, .receive = work};
 *
 *   static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
 *       struct clerk *clerk = state;
 *       return mesh_initial_receive(self, message, state, &initial, &clerk->needs);
 *   }
 *
 * When the last one is there, the handler is shown the initial messages, in the order in which they are declared, and then what came before, in its
 * own order: all at once, while the last one is in hand. What is kept until then counts as handled. So it is answered with mesh_reply (a plain
 * send to its sender is no reply); it is lost with an actor that crashes; and when its handler fails twice, or the actor exits, whoever sent it
 * gets a MESH_FAILURE. System messages are shown as they come.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_INITIAL_H
#define MESH_INITIAL_H

#include <mesh/failure.h>

/* What a type declares. */
struct mesh_initial {
    const char *const *types; /* of the messages that must have come, one of each; NULL-terminated */
    size_t kept_max;          /* messages that may wait for them, the initial ones not counted (0: 1,000) ... */
    size_t kept_bytes_max;    /* ... and the bytes of all that is kept (0: 16 MiB) */
    enum mesh_verdict (*receive)(struct mesh_actor *self, const struct mesh_message *message, void *state);
};

/* Of the actor's state; all of it is the pattern's. */
struct mesh_needs {
    struct mesh_kept *kept; /* NULL before the first message, and when the set is complete */
    bool complete;
};

/* Keeps the message, or shows it to the actor's handler. MESH_FAILED also when there is no room to keep it. */
MESH_MUST_USE MESH_API enum mesh_verdict mesh_initial_receive(struct mesh_actor *self,
                                                              const struct mesh_message *message, void *state,
                                                              const struct mesh_initial *initial,
                                                              struct mesh_needs *needs);

#endif
