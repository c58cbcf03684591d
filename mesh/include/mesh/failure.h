/* Failures of what an actor had taken on: a message that it has kept, and cannot do.
 *
 * A verdict is on the message in hand alone. A message that was kept (mesh_message_copy) counts as handled by then, and can only be answered: so
 * whoever sent it gets a message of this type, whose payload is the reason, a terminated text.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_FAILURE_H
#define MESH_FAILURE_H

#include <mesh/actor.h>

#define MESH_FAILURE "mesh.failure"

/* Answers with a MESH_FAILURE of at most 1023 characters, formatted as by printf. As mesh_reply. */
MESH_MUST_USE MESH_API enum mesh_status mesh_reply_failure(struct mesh_actor *self, const struct mesh_message *message,
                                                           const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
