/* Callers: who is connected to where a process listens over tcp, and who of them is shown the door.
 *
 * A caller is a stranger until it has said hello. Strangers are few, for each address and in all, and not for long; an
 * address from which nonsense came is a suspect for a while, and has fewer; and none may call too often. So whoever scans ports, holds connections open or sends
 * garbage takes neither the descriptors nor the memory of a node, while those who know how to speak get in.
 *
 *   STRANGER --hello--> GUEST --too much nonsense--> (shut)
 *      '--too long, too much nonsense--> (shut)
 *
 * Pure: the caller's connection is a number, its address another. Rule S7K.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_CORE_CALLERS_H
#define MESH_CORE_CALLERS_H

#include "mesh/base/list.h"
#include "mesh/base/map.h"
#include "mesh/base/time.h"

struct callers_limits {
    size_t callers;        /* in all */
    size_t strangers;      /* in all, */
    size_t strangers_each; /* of one address, */
    size_t suspects_each;  /* of one that is a suspect */
    size_t arrivals_each;  /* of one address, within `memory_ns` */
    unsigned nonsense;     /* pieces of it from one connection within `memory_ns`: it is shut */
    uint64_t silence_ns;   /* a stranger may take so long to say hello */
    uint64_t memory_ns;    /* how long an address is remembered, since it called first, or nonsense came from it */
};

extern const struct callers_limits callers_limits_default; /* but for `callers` and `strangers` */

/* How many were shut, and why; and how many left without a hello. */
struct callers_counters {
    uint64_t crowding, silence, nonsense, left;
};

struct callers {
    struct callers_limits limits;
    struct map connections, addresses;
    struct list strangers;  /* in the order of arrival */
    struct list remembered; /* addresses, in the order in which they are forgotten */
    size_t strangers_count;
    struct callers_counters counters;
};

void callers_init(struct callers *callers, const struct callers_limits *limits);
void callers_fini(struct callers *callers);

/* Somebody has connected. False: it is one too many, or there is no memory, so shut it; nothing is known of it then. */
bool callers_take(struct callers *callers, uint64_t now_ns, uint64_t connection, uint64_t address);

/* It has said hello, and is no stranger any more. */
void callers_greet(struct callers *callers, uint64_t connection);

/* What came from it made no sense. True: shut it, which is of that address; nothing is known of it any more. */
bool callers_blame(struct callers *callers, uint64_t now_ns, uint64_t connection, uint64_t *address);

/* Its connection has ended. */
void callers_leave(struct callers *callers, uint64_t connection);

/* Whether somebody has that connection, who was neither shut nor has left. */
bool callers_has(const struct callers *callers, uint64_t connection);

/* Takes the next stranger that has been one for too long, to be shut; false when there is none. Who lets somebody in asks first: as
 * long as nobody comes, they do no harm. */
bool callers_next_silent(struct callers *callers, uint64_t now_ns, uint64_t *connection, uint64_t *address);

#endif
