/* Transient actors: they exit by themselves, some time after their first or their last message (P3).
 *
 *   static const struct mesh_transient brief = {.after_ms = 500, .receive = answer};
 *
 *   static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
 *       struct clerk *clerk = state;
 *       return mesh_transient_receive(self, message, state, &brief, &clerk->life);
 *   }
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_TRANSIENT_H
#define MESH_TRANSIENT_H

#include <mesh/actor.h>

/* From when on its time counts. */
enum mesh_transience {
    MESH_AFTER_LAST,  /* when it has been shown no user message for so long */
    MESH_AFTER_FIRST, /* so long after it was shown its first one, whatever comes meanwhile */
};

/* What a type declares. */
struct mesh_transient {
    enum mesh_transience from;
    uint32_t after_ms; /* 0: 10,000 */
    enum mesh_verdict (*receive)(struct mesh_actor *self, const struct mesh_message *message, void *state);
};

/* Of the actor's state; all of it is the pattern's. */
struct mesh_lifetime {
    uint64_t timer; /* its end; 0 before the first message */
};

/* Sets the end, and calls the actor's handler. MESH_EXIT when the end has come: between two messages, and what is in the mailbox then is dead.
 * MESH_FAILED, and nothing is called, when there is no timer for it. */
MESH_MUST_USE MESH_API enum mesh_verdict mesh_transient_receive(struct mesh_actor *self,
                                                                const struct mesh_message *message, void *state,
                                                                const struct mesh_transient *transient,
                                                                struct mesh_lifetime *life);

#endif
