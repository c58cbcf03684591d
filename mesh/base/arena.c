/* The blocks of an arena.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/arena.h"
#include <stdalign.h>
#include <stdlib.h>

enum { BLOCK_BYTES = 64 * 1024 };

struct arena_block {
    struct arena_block *next;
    size_t bytes;
    alignas(16) uint8_t data[];
};

void arena_init(struct arena *arena, size_t limit_bytes) {
    *arena = (struct arena){.limit = limit_bytes};
}

void arena_fini(struct arena *arena) {
    while (arena->first) {
        struct arena_block *next = arena->first->next;
        free(arena->first);
        arena->first = next;
    }
    *arena = (struct arena){.limit = arena->limit};
}

static void enter_block(struct arena *arena, struct arena_block *block) {
    arena->current = block;
    arena->at = block ? block->data : NULL;
    arena->end = block ? block->data + block->bytes : NULL;
}

void arena_reset(struct arena *arena) {
    enter_block(arena, arena->first);
}

static struct arena_block *add_block(struct arena *arena, size_t bytes) {
    if (bytes > arena->limit - arena->taken) {
        return NULL;
    }
    struct arena_block *block = malloc(sizeof *block + bytes);
    if (!block) {
        return NULL;
    }
    *block = (struct arena_block){.bytes = bytes};
    arena->taken += bytes;
    struct arena_block **link = arena->current ? &arena->current->next : &arena->first;
    block->next = *link;
    *link = block;
    return block;
}

/* Goes to the next kept block that is large enough, or to a new one. What is left of the current one is passed over. */
void *arena_take_slow(struct arena *arena, size_t bytes) {
    size_t rounded = (bytes + 15) & ~(size_t)15;
    if (rounded < bytes || rounded > arena->limit) {
        return NULL;
    }
    struct arena_block *next = arena->current ? arena->current->next : arena->first;
    while (next && next->bytes < rounded) {
        next = next->next;
    }
    if (!next) {
        size_t wanted = rounded > BLOCK_BYTES ? rounded : BLOCK_BYTES;
        size_t left = arena->limit - arena->taken;
        next = add_block(arena, wanted > left && rounded <= left ? rounded : wanted);
    }
    if (!next) {
        return NULL;
    }
    enter_block(arena, next);
    arena->at += rounded;
    return next->data;
}
