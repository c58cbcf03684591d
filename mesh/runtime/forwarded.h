/* Asks that actors of this host have forwarded: who asked is told when nobody will answer any more (D11).
 *
 * What was forwarded is a message of the forwarder: when it comes back or dies, the host knows. When who got it ends after it has handled
 * it, the delivery tells, for the forwarder watches; so the host remembers where the last ask of each asker has gone. That is done with
 * little room: of two askers that share a place, the later one is remembered, and the other waits for its time-out.
 *
 * Under the process's baton.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_FORWARDED_H
#define MESH_RUNTIME_FORWARDED_H

#include "mesh/runtime/process.h"

struct forwarded_ask {
    struct mesh_address asker, to;
    uint64_t ask;
};

struct forwarded {
    struct forwarded_ask *asks; /* NULL before the first */
};

void forwarded_fini(struct forwarded *forwarded);

/* That ask went to `to`. Without memory it is not remembered. */
void forwarded_note(struct forwarded *forwarded, const struct forwarded_ask *ask);

/* Whether that was the last one heard of that asker, and who got it has not ended. */
bool forwarded_knows(const struct forwarded *forwarded, struct mesh_address asker, uint64_t ask);

/* A message has come back, or is dead: if it was a forwarded ask, who asked is told. */
void forwarded_on_failed(struct process *process, const struct message *message);

/* That one has ended: who waits for an answer of it is told. */
void forwarded_on_end(struct forwarded *forwarded, struct process *process, struct mesh_address who);

#endif
