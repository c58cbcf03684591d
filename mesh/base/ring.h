/* A queue of pointers in a ring that grows up to a maximum; both ends and every place in between are a step away.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_BASE_RING_H
#define MESH_BASE_RING_H

#include <mesh/status.h>
#include <stdbool.h>
#include <stddef.h>

struct ring {
    void **items;
    size_t room; /* a power of two, or 0 */
    size_t first, size, max;
};

/* Allocates nothing yet. `max` is the most that the ring will hold. */
void ring_init(struct ring *ring, size_t max);
void ring_fini(struct ring *ring);

/* Doubles the room. MESH_FULL at the maximum, MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status ring_grow(struct ring *ring);

/* MESH_FULL at the maximum, MESH_NO_MEMORY: nothing changed. */
MESH_MUST_USE static inline enum mesh_status ring_push_back(struct ring *ring, void *item) {
    if (ring->size == ring->room || ring->size == ring->max) {
        enum mesh_status status = ring_grow(ring);
        if (status) {
            return status;
        }
    }
    ring->items[(ring->first + ring->size++) & (ring->room - 1)] = item;
    return MESH_OK;
}

/* As ring_push_back, at the other end. */
MESH_MUST_USE static inline enum mesh_status ring_push_front(struct ring *ring, void *item) {
    if (ring->size == ring->room || ring->size == ring->max) {
        enum mesh_status status = ring_grow(ring);
        if (status) {
            return status;
        }
    }
    ring->first = (ring->first - 1) & (ring->room - 1);
    ring->size++;
    ring->items[ring->first] = item;
    return MESH_OK;
}

/* The place of the item `at` steps behind the first; `at` must be below the size. */
static inline void **ring_place(const struct ring *ring, size_t at) {
    return &ring->items[(ring->first + at) & (ring->room - 1)];
}

static inline void *ring_at(const struct ring *ring, size_t at) {
    return *ring_place(ring, at);
}

/* NULL when empty. */
static inline void *ring_pop_front(struct ring *ring) {
    if (ring->size == 0) {
        return NULL;
    }
    void *item = ring_at(ring, 0);
    ring->first = (ring->first + 1) & (ring->room - 1);
    ring->size--;
    return item;
}

#endif
