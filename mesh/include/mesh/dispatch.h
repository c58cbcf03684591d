/* Dispatch: a handler for each type of message (P1).
 *
 *   static const struct mesh_case cases[] = {
 *       {.type = "add", .receive = on_add},
 *       {.kind = MESH_CHILD_EXITED, .receive = on_end},
 *       {.receive = on_others},
 *   };
 *
 *   static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
 *       return mesh_dispatch(self, message, state, cases);
 *   }
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_DISPATCH_H
#define MESH_DISPATCH_H

#include <mesh/actor.h>

/* One row: user messages of a type, or, where `type` is NULL, system messages of a kind. The row with neither is the last one, and its handler, if
 * it has one, is for all other user messages. */
struct mesh_case {
    enum mesh_kind kind;
    const char *type;
    enum mesh_verdict (*receive)(struct mesh_actor *self, const struct mesh_message *message, void *state);
};

/* Calls the handler of the first row that fits, and gives its verdict. A user message that has none fails with a text that names its type; a
 * system message that has none is done. */
MESH_MUST_USE MESH_API enum mesh_verdict mesh_dispatch(struct mesh_actor *self, const struct mesh_message *message,
                                                       void *state, const struct mesh_case *cases);

#endif
