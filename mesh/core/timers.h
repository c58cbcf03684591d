/* Timers: wake-ups that actors have asked for, each given out once when its time has come (F1).
 *
 * An actor without a timer costs nothing here. Equal times come due in the order in which they were set.
 *
 * Pure: the caller says what time it is. Not for several threads at once.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_CORE_TIMERS_H
#define MESH_CORE_TIMERS_H

#include "mesh/base/bytes.h"
#include "mesh/base/deadlines.h"
#include "mesh/base/list.h"
#include "mesh/base/map.h"
#include <mesh/address.h>

struct timers {
    struct deadlines deadlines;
    struct map timers; /* by id */
    struct map owners; /* by address: those that have timers */
    uint64_t last_id;
};

/* One that has come due; the caller's, to be given back with free(). The payload lies behind it. */
struct timer {
    struct deadline deadline;
    struct list_node of_owner;
    struct mesh_address owner;
    uint64_t id, delay_ms;
    struct bytes payload;
};

/* Allocates nothing yet. At most `timers_max` at a time; `seed` is that of its tables. */
void timers_init(struct timers *timers, size_t timers_max, uint64_t seed);
void timers_fini(struct timers *timers);

/* Sets one with a copy of the payload, due `delay_ms` from now; `*id` is never 0 and never given out again. MESH_FULL, MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status timers_set(struct timers *timers, uint64_t now_ns, struct mesh_address owner,
                                          uint64_t delay_ms, struct bytes payload, uint64_t *id);

/* MESH_NOT_FOUND when it has come due, or never was the owner's. */
MESH_MUST_USE enum mesh_status timers_cancel(struct timers *timers, struct mesh_address owner, uint64_t id);

/* Forgets all of an owner's. */
void timers_drop(struct timers *timers, struct mesh_address owner);

/* Takes out the first that is due; NULL when none is. */
struct timer *timers_pop(struct timers *timers, uint64_t now_ns);

/* TIME_NEVER when none is set. */
static inline uint64_t timers_deadline(const struct timers *timers) {
    return deadlines_least(&timers->deadlines);
}

/* How many an owner has. */
size_t timers_count(const struct timers *timers, struct mesh_address owner);

#endif
