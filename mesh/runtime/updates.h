/* What actors are told of the convention's members (S5A).
 *
 * The host tells its admin which of its actors want that; what the admin says of a member becomes a message to the actor, in
 * order. One that does not handle them, so that too many wait, is told no more.
 *
 * Main thread, with the baton.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_UPDATES_H
#define MESH_RUNTIME_UPDATES_H

#include "proto/control.h"

struct host;
struct mesh_actor;

/* The admin's word; an actor that is gone is none the wiser. */
void updates_deliver(struct host *host, const struct control *control);

/* The actor, or a life of it, ends. */
void updates_on_end(struct mesh_actor *actor);

#endif
