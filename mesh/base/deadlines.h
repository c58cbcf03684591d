/* Deadlines: a heap of times that lie inside the things that wait.
 *
 * Equal times come due in the order in which they were set. A deadline that is not set costs nothing.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_BASE_DEADLINES_H
#define MESH_BASE_DEADLINES_H

#include "mesh/base/time.h"
#include <mesh/status.h>
#include <stdbool.h>
#include <stddef.h>

struct deadline {
    uint64_t at_ns;
    uint64_t order;
    size_t slot; /* 1 + its place in the heap; 0 when it is not set */
};

struct deadlines {
    struct deadline **heap;
    size_t size, room, max;
    uint64_t order;
};

#define DEADLINE_OWNER(deadline, type, member) ((type *)(void *)((char *)(deadline)-offsetof(type, member)))

/* Allocates nothing yet. At most `max` are set at a time. */
void deadlines_init(struct deadlines *deadlines, size_t max);
void deadlines_fini(struct deadlines *deadlines);

/* Makes room for so many, at most `max`: as long as no more are set, none is refused. MESH_FULL, MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status deadlines_reserve(struct deadlines *deadlines, size_t count);

/* Sets it, or moves it when it is set. MESH_FULL, MESH_NO_MEMORY, only for one that was not set. TIME_NEVER clears it. */
MESH_MUST_USE enum mesh_status deadlines_set(struct deadlines *deadlines, struct deadline *deadline, uint64_t at_ns);

/* Harmless when it is not set. */
void deadlines_clear(struct deadlines *deadlines, struct deadline *deadline);

/* Clears and gives the first that is due at that time; NULL when none is. */
struct deadline *deadlines_pop_due(struct deadlines *deadlines, uint64_t now_ns);

static inline uint64_t deadlines_least(const struct deadlines *deadlines) {
    return deadlines->size ? deadlines->heap[0]->at_ns : TIME_NEVER;
}

#endif
