/* Growing a ring.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/ring.h"
#include "mesh/base/check.h"
#include <stdlib.h>

enum { ROOM_FIRST = 8 };

void ring_init(struct ring *ring, size_t max) {
    CHECK(max > 0);
    *ring = (struct ring){.max = max};
}

void ring_fini(struct ring *ring) {
    free(ring->items);
    *ring = (struct ring){.max = ring->max};
}

enum mesh_status ring_grow(struct ring *ring) {
    if (ring->size >= ring->max) {
        return MESH_FULL;
    }
    size_t room = ring->room ? ring->room * 2 : ROOM_FIRST;
    void **items = malloc(room * sizeof *items);
    if (!items) {
        return MESH_NO_MEMORY;
    }
    for (size_t i = 0; i < ring->size; i++) {
        items[i] = ring_at(ring, i);
    }
    free(ring->items);
    ring->items = items;
    ring->room = room;
    ring->first = 0;
    return MESH_OK;
}
