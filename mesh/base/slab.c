/* See slab.h. A block is aligned to its size, so that each thing leads to its block.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/slab.h"
#include "mesh/base/check.h"
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 8192, ITEM_BYTES_MAX = 2048 };

struct spare {
    struct spare *next;
};

struct block {
    struct list_node place; /* among those with room */
    struct spare *spares;   /* given back */
    size_t taken, fresh;    /* things that are out; that were out at any time */
    alignas(max_align_t) unsigned char items[];
};

static size_t room_of(const struct slabs *slabs) {
    return (BLOCK_BYTES - sizeof(struct block)) / slabs->item_bytes;
}

void slabs_init(struct slabs *slabs, size_t item_bytes) {
    size_t aligned = (item_bytes + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    CHECK(item_bytes > 0 && aligned <= ITEM_BYTES_MAX);
    slabs->item_bytes = aligned;
    list_init(&slabs->with_room);
}

static struct block *block_with_room(struct slabs *slabs) {
    if (!list_is_empty(&slabs->with_room)) {
        return LIST_OWNER(slabs->with_room.ends.next, struct block, place);
    }
    struct block *block = aligned_alloc(BLOCK_BYTES, BLOCK_BYTES);
    if (block) {
        *block = (struct block){0};
        list_node_init(&block->place);
        list_push_back(&slabs->with_room, &block->place);
    }
    return block;
}

void *slabs_take(struct slabs *slabs) {
    struct block *block = block_with_room(slabs);
    if (!block) {
        return NULL;
    }
    void *item = block->spares;
    if (item) {
        block->spares = block->spares->next;
    } else {
        item = block->items + slabs->item_bytes * block->fresh++;
    }
    if (++block->taken == room_of(slabs)) {
        list_remove(&block->place);
    }
    return memset(item, 0, slabs->item_bytes);
}

void slabs_give(struct slabs *slabs, void *item) {
    if (!item) {
        return;
    }
    struct block *block = (struct block *)((uintptr_t)item & ~(uintptr_t)(BLOCK_BYTES - 1));
    if (!list_is_linked(&block->place)) {
        list_push_back(&slabs->with_room, &block->place);
    }
    struct spare *spare = item;
    *spare = (struct spare){.next = block->spares};
    block->spares = spare;
    if (--block->taken == 0) {
        list_remove(&block->place);
        free(block);
    }
}
