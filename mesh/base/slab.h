/* Slabs: many things of one size, side by side in blocks of their own, so that those that stay long do not keep what lay between them from
 * being given back.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_BASE_SLAB_H
#define MESH_BASE_SLAB_H

#include "mesh/base/list.h"

struct slabs {
    size_t item_bytes;
    struct list with_room; /* of blocks */
};

/* Things of up to 2 KiB. No memory is taken before the first one. */
void slabs_init(struct slabs *slabs, size_t item_bytes);

/* A thing of zeros, aligned for anything; NULL without memory. */
void *slabs_take(struct slabs *slabs);

/* A block goes back to the allocator with its last thing; so nothing is left when all were given back. NULL-safe. */
void slabs_give(struct slabs *slabs, void *item);

#endif
