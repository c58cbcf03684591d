/* The blocks of an arena.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/arena.h"
#include "mesh/base/check.h"
#include <stdalign.h>
#include <stdlib.h>

enum { BLOCK_BYTES = 64 * 1024 };

struct arena_block {
    struct arena_block *next;
    size_t bytes;
    alignas(16) uint8_t data[];
};

void arena_init(struct arena *arena, size_t limit_bytes) {
    CHECK(limit_bytes <= SIZE_MAX / 2);
    *arena = (struct arena){.limit = limit_bytes};
}

/* Frees the block at the link and all behind it. */
static void free_blocks(struct arena *arena, struct arena_block **link) {
    struct arena_block *block = *link;
    *link = NULL;
    while (block) {
        struct arena_block *next = block->next;
        arena->taken -= block->bytes;
        free(block);
        block = next;
    }
}

void arena_fini(struct arena *arena) {
    free_blocks(arena, &arena->first);
    *arena = (struct arena){.limit = arena->limit};
}

void arena_reset(struct arena *arena) {
    arena->current = NULL;
    arena->at = arena->end = NULL;
}

/* A block for `bytes` and, as far as the limit lets it, for more to come. */
static struct arena_block *new_block(struct arena *arena, size_t bytes) {
    size_t left = arena->limit - arena->taken;
    if (bytes > left) {
        return NULL;
    }
    size_t room = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES < left ? BLOCK_BYTES : left;
    struct arena_block *block = malloc(sizeof *block + room);
    if (block) {
        *block = (struct arena_block){.bytes = room};
        arena->taken += room;
    }
    return block;
}

/* Goes to the next kept block if that is large enough, or to a new one. What is left of the current one is passed over. */
void *arena_take_slow(struct arena *arena, size_t bytes) {
    if (bytes > arena->limit) {
        return NULL;
    }
    size_t rounded = arena_rounded(bytes);
    struct arena_block **link = arena->current ? &arena->current->next : &arena->first;
    if (!*link || (*link)->bytes < rounded) {
        free_blocks(arena, link);
        *link = new_block(arena, rounded);
    }
    if (!*link) {
        return NULL;
    }
    arena->current = *link;
    arena->at = arena->current->data + rounded;
    arena->end = arena->current->data + arena->current->bytes;
    return arena->current->data;
}
