/* A bump allocator for things that live and end together, with a hard limit.
 *
 * It grows by blocks up to the limit and keeps them over a reset, so that a steady state allocates nothing at all.
 * Kept blocks make way when they are too small for what comes next: no run of resets uses up the limit.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_BASE_ARENA_H
#define MESH_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena_block;

struct arena {
    struct arena_block *first, *current;
    uint8_t *at, *end;   /* what is free in the current block */
    size_t taken, limit; /* bytes of all blocks, and the most that they may come to */
};

/* Allocates nothing yet. What is taken counts in multiples of 16 bytes. */
void arena_init(struct arena *arena, size_t limit_bytes);
void arena_fini(struct arena *arena);

/* Everything that was taken is free again. */
void arena_reset(struct arena *arena);

void *arena_take_slow(struct arena *arena, size_t bytes);

/* What so many bytes count: a multiple of 16, not 0; but 0 for more than there can be. */
static inline size_t arena_rounded(size_t bytes) {
    return ((bytes ? bytes : 1) + 15) & ~(size_t)15;
}

/* Aligned for anything; NULL at the limit or without memory. No bytes have a place too. */
static inline void *arena_take(struct arena *arena, size_t bytes) {
    size_t rounded = arena_rounded(bytes);
    if (rounded - 1 >= (size_t)(arena->end - arena->at)) {
        return arena_take_slow(arena, bytes);
    }
    void *taken = arena->at;
    arena->at += rounded;
    return taken;
}

#endif
