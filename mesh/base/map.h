/* A hash map from keys of one to four 64-bit words to pointers, walked in the order of insertion.
 *
 * Entries lie dense in that order beside an index of open addressing; a removed entry leaves a gap until the next
 * rebuild. So walking never depends on where things lie in memory, and a run with one seed is the same everywhere. When most
 * entries are gone it takes less memory again.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_BASE_MAP_H
#define MESH_BASE_MAP_H

#include <mesh/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAP_WORDS_MAX = 4 };

struct map {
    uint64_t *entries; /* of `words` + 1 each: the key, and behind it the pointer, which is 0 in a gap */
    uint32_t *index;   /* 1 + the entry's place; 0 where none is */
    size_t words;      /* of a key */
    size_t size, max;
    size_t used; /* entries and gaps */
    size_t room; /* of the index: a power of two, or 0; entries have room for half as many */
    uint64_t seed;
};

/* Allocates nothing yet. A key is key_bytes long: 8, 16, 24 or 32. At most `max` entries. */
void map_init(struct map *map, size_t key_bytes, size_t max, uint64_t seed);
void map_fini(struct map *map);

/* The value under the key; NULL when there is none. `key` is key_bytes at any alignment. */
void *map_get(const struct map *map, const void *key);

/* Puts a value, which must not be NULL, under a key that has none. MESH_EXISTS, MESH_FULL, MESH_NO_MEMORY: nothing changed. */
MESH_MUST_USE enum mesh_status map_put(struct map *map, const void *key, void *value);

/* Takes the value out; NULL when there was none. */
void *map_remove(struct map *map, const void *key);

/* Walks the values in the order of insertion: `*place` starts at 0; NULL at the end. What the walk has come to may be
 * removed meanwhile; nothing may be put. */
void *map_next(const struct map *map, size_t *place);

static inline size_t map_size(const struct map *map) {
    return map->size;
}

#endif
