/* A hash map with an index of open addressing, linear probing and backward-shift deletion.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/map.h"
#include "mesh/base/check.h"
#include <stdlib.h>
#include <string.h>

enum { ROOM_FIRST = 16 };

__extension__ typedef unsigned __int128 wide;

void map_init(struct map *map, size_t key_bytes, size_t max, uint64_t seed) {
    CHECK(key_bytes % 8 == 0 && key_bytes >= 8 && key_bytes <= 8 * MAP_WORDS_MAX);
    CHECK(max > 0 && max < UINT32_MAX / 4);
    *map = (struct map){.words = key_bytes / 8, .max = max, .seed = seed};
}

void map_fini(struct map *map) {
    free(map->entries);
    free(map->index);
    map->entries = NULL;
    map->index = NULL;
    map->size = map->used = map->room = 0;
}

static inline uint64_t *entry_at(const struct map *map, size_t place) {
    return map->entries + place * (map->words + 1);
}

static inline void *value_of(const struct map *map, size_t place) {
    return (void *)(uintptr_t)entry_at(map, place)[map->words];
}

static inline uint64_t word_of(const void *key, size_t i) {
    uint64_t word;
    memcpy(&word, (const char *)key + 8 * i, 8);
    return word;
}

/* The whole product, folded: a plain product would keep what differs only in the high bits of a word, as addresses
 * of one number in many slots do, out of the low bits that choose the place. */
static inline uint64_t hash_of(const struct map *map, const void *key, size_t words) {
    uint64_t hash = map->seed;
    for (size_t i = 0; i < words; i++) {
        wide product = (wide)(hash ^ word_of(key, i)) * UINT64_C(0x9fb21c651e98df25);
        hash = (uint64_t)product ^ (uint64_t)(product >> 64);
    }
    return hash;
}

static inline bool key_equal(const void *a, const void *b, size_t words) {
    uint64_t difference = 0;
    for (size_t i = 0; i < words; i++) {
        difference |= word_of(a, i) ^ word_of(b, i);
    }
    return difference == 0;
}

static inline size_t find_words(const struct map *map, const void *key, size_t words) {
    size_t at = hash_of(map, key, words) & (map->room - 1);
    while (map->index[at] && !key_equal(map->entries + (map->index[at] - 1) * (words + 1), key, words)) {
        at = (at + 1) & (map->room - 1);
    }
    return at;
}

/* Where in the index the key stands, or the free place where it would. Told the number of words, the compiler
 * unrolls the loops. */
static inline size_t find(const struct map *map, const void *key) {
    switch (map->words) {
    case 1:
        return find_words(map, key, 1);
    case 2:
        return find_words(map, key, 2);
    case 3:
        return find_words(map, key, 3);
    default:
        return find_words(map, key, MAP_WORDS_MAX);
    }
}

/* The same for a key that is not there: no entry is looked at. */
static size_t find_free(const struct map *map, const void *key) {
    size_t at = hash_of(map, key, map->words) & (map->room - 1);
    while (map->index[at]) {
        at = (at + 1) & (map->room - 1);
    }
    return at;
}

void *map_get(const struct map *map, const void *key) {
    if (map->size == 0) {
        return NULL;
    }
    uint32_t place = map->index[find(map, key)];
    return place ? value_of(map, place - 1) : NULL;
}

/* Makes an index of that room and packs the entries without their gaps. */
static enum mesh_status rebuild(struct map *map, size_t room) {
    uint32_t *index = calloc(room, sizeof *index);
    uint64_t *entries = malloc(room / 2 * (map->words + 1) * sizeof *entries);
    if (!index || !entries) {
        free(index);
        free(entries);
        return MESH_NO_MEMORY;
    }
    struct map old = *map;
    map->index = index;
    map->entries = entries;
    map->room = room;
    map->used = 0;
    for (size_t i = 0; i < old.used; i++) {
        if (value_of(&old, i)) {
            uint64_t *entry = entry_at(map, map->used++);
            memcpy(entry, entry_at(&old, i), (map->words + 1) * sizeof *entry);
            index[find_free(map, entry)] = (uint32_t)map->used;
        }
    }
    free(old.index);
    free(old.entries);
    return MESH_OK;
}

/* It doubles when a quarter is taken, and is halved when less than an eighth is: far enough from each other that no few steps go to and fro. */
static size_t room_wanted(const struct map *map) {
    if (map->room == 0) {
        return ROOM_FIRST;
    }
    if (map->room > ROOM_FIRST && map->size < map->room / 8) {
        return map->room / 2;
    }
    return map->used == map->room / 2 && map->size >= map->room / 4 ? map->room * 2 : map->room;
}

enum mesh_status map_put(struct map *map, const void *key, void *value) {
    CHECK(value);
    if (map_get(map, key)) {
        return MESH_EXISTS;
    }
    if (map->size == map->max) {
        return MESH_FULL;
    }
    size_t room = room_wanted(map);
    bool full = map->used == map->room / 2;
    if (full || room < map->room) {
        enum mesh_status status = rebuild(map, room);
        if (status && full) {
            return status;
        }
    }
    uint64_t *entry = entry_at(map, map->used++);
    memcpy(entry, key, map->words * sizeof *entry);
    entry[map->words] = (uint64_t)(uintptr_t)value;
    map->index[find_free(map, key)] = (uint32_t)map->used;
    map->size++;
    return MESH_OK;
}

/* Closes the hole at `hole` by moving back what was probed past it. */
static void close_hole(struct map *map, size_t hole) {
    size_t mask = map->room - 1;
    for (size_t at = (hole + 1) & mask; map->index[at]; at = (at + 1) & mask) {
        size_t home = hash_of(map, entry_at(map, map->index[at] - 1), map->words) & mask;
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            map->index[hole] = map->index[at];
            hole = at;
        }
    }
    map->index[hole] = 0;
}

void *map_remove(struct map *map, const void *key) {
    if (map->size == 0) {
        return NULL;
    }
    size_t at = find(map, key);
    if (!map->index[at]) {
        return NULL;
    }
    size_t place = map->index[at] - 1;
    void *value = value_of(map, place);
    entry_at(map, place)[map->words] = 0;
    close_hole(map, at);
    map->size--;
    while (map->used > 0 && !value_of(map, map->used - 1)) {
        map->used--;
    }
    if (map->size == 0 && map->room > ROOM_FIRST) {
        map_fini(map);
    }
    return value;
}

void *map_next(const struct map *map, size_t *place) {
    while (*place < map->used) {
        void *value = value_of(map, (*place)++);
        if (value) {
            return value;
        }
    }
    return NULL;
}
