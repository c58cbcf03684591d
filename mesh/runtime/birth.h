/* Births: how an actor that the admin wants here begins (C3).
 *
 *   create --its type has no check function--> begun
 *          --it has one--> ASKED --Check: yes--> begun
 *                                --Check: no, Kill--> (none)
 *
 * What a check function judges the admin is asked for; it is told again when the node's capabilities change, and then who lives here is
 * judged again (H2, H4). Like a handler the check function runs between turns, without the baton. Main thread, with the baton.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_BIRTH_H
#define MESH_RUNTIME_BIRTH_H

#include "mesh/runtime/hosted.h"
#include "proto/control.h"

/* The admin hears what becomes of it; `type` is terminated. */
void birth_begin(struct host *host, uint64_t id, const struct control_create *create, const char *type);
void birth_on_create(struct host *host, uint64_t id, const struct control_create *create);

/* It could not be created for want of what `error` says. */
void birth_refuse(struct host *host, uint64_t id, struct mesh_address address, const struct mesh_error *error);

/* The admin says what is to be judged: by the next birth_work. */
void birth_on_check(struct host *host, const struct control_check *offered);
void birth_work(struct host *host);

/* The admin wants it no more. */
void birth_drop(struct host *host, struct mesh_address address);
void birth_fini(struct host *host);

#endif
