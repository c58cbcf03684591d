/* Maps: keys of every size, the maximum, and a walk in the order of insertion.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/map.h"
#include "mesh/base/prng.h"
#include <criterion/criterion.h>
#include <signal.h>

static struct map map;
static int values[4096];

static void teardown(void) {
    map_fini(&map);
}

TestSuite(map, .fini = teardown);

static enum mesh_status put(uint64_t key, int value) {
    return map_put(&map, &key, &values[value]);
}

/* The place in `values` of what stands under the key; -1 when nothing does. */
static int get(uint64_t key) {
    int *value = map_get(&map, &key);
    return value ? (int)(value - values) : -1;
}

static int take(uint64_t key) {
    int *value = map_remove(&map, &key);
    return value ? (int)(value - values) : -1;
}

static void expect_walk(const int *expected, size_t count) {
    size_t place = 0;
    for (size_t i = 0; i < count; i++) {
        int *value = map_next(&map, &place);
        cr_assert_not_null(value);
        cr_assert_eq(value - values, expected[i], "place %zu: %d, not %d", i, (int)(value - values), expected[i]);
    }
    cr_assert_null(map_next(&map, &place));
    cr_assert_eq(map_size(&map), count);
}

Test(map, empty_has_nothing) {
    map_init(&map, 8, 4, 1);
    cr_assert_eq(get(0), -1);
    cr_assert_eq(take(0), -1);
    expect_walk(NULL, 0);
    cr_assert_eq(put(0, 1), MESH_OK, "0 is a key like others");
    cr_assert_eq(get(0), 1);
    cr_assert_eq(take(0), 1);
    cr_assert_eq(get(0), -1);
    cr_assert_eq(take(0), -1);
    expect_walk(NULL, 0);
}

Test(map, a_key_that_is_there_is_not_put_again) {
    map_init(&map, 8, 1, 1);
    cr_assert_eq(put(7, 1), MESH_OK);
    cr_assert_eq(put(7, 2), MESH_EXISTS, "also when it is full");
    cr_assert_eq(get(7), 1);
    cr_assert_eq(map_size(&map), 1);
}

/* 7, 8 and 9 lie around the first rebuild. */
Test(map, is_full_at_its_maximum_and_not_before) {
    size_t maxima[] = {1, 7, 8, 9, 100};
    for (int m = 0; m < 5; m++) {
        map_init(&map, 8, maxima[m], 1);
        for (size_t i = 0; i < maxima[m]; i++) {
            cr_assert_eq(put(i, (int)i), MESH_OK);
        }
        cr_assert_eq(put(maxima[m], 0), MESH_FULL);
        cr_assert_eq(get(maxima[m]), -1);
        cr_assert_eq(map_size(&map), maxima[m]);
        cr_assert_eq(take(0), 0);
        cr_assert_eq(put(maxima[m], 0), MESH_OK);
        cr_assert_eq(put(0, 0), MESH_FULL);
        map_fini(&map);
    }
}

Test(map, an_ended_one_and_a_zeroed_one_may_be_ended) {
    map = (struct map){0};
    map_fini(&map);
    map_init(&map, 8, 4, 1);
    cr_assert_eq(put(1, 1), MESH_OK);
    map_fini(&map);
    map_fini(&map);
    cr_assert_eq(get(1), -1);
    cr_assert_eq(put(1, 2), MESH_OK, "it is as after init");
}

/* Every word of a key counts, and so does every bit: neighbours in one bit are other keys. A key may lie anywhere. */
Test(map, keys_of_one_to_four_words) {
    for (size_t bytes = 8; bytes <= 32; bytes += 8) {
        uint8_t room[40] = {0}, *key = room + 1;
        map_init(&map, bytes, 512, 3);
        cr_assert_eq(map_put(&map, key, &values[1000]), MESH_OK);
        for (size_t bit = 0; bit < bytes * 8; bit++) {
            key[bit / 8] = (uint8_t)(1 << bit % 8);
            cr_assert_null(map_get(&map, key));
            cr_assert_eq(map_put(&map, key, &values[bit]), MESH_OK);
            key[bit / 8] = 0;
        }
        key[bytes] = 0xff; /* lies behind the key */
        for (size_t bit = 0; bit < bytes * 8; bit++) {
            key[bit / 8] = (uint8_t)(1 << bit % 8);
            cr_assert_eq(map_get(&map, key), &values[bit]);
            key[bit / 8] = 0;
        }
        cr_assert_eq(map_remove(&map, key), &values[1000]);
        cr_assert_eq(map_size(&map), bytes * 8);
        map_fini(&map);
    }
}

Test(map, key_of_no_words_is_a_mistake, .signal = SIGABRT) {
    map_init(&map, 0, 4, 1);
}

Test(map, key_of_five_words_is_a_mistake, .signal = SIGABRT) {
    map_init(&map, 40, 4, 1);
}

Test(map, key_of_half_a_word_is_a_mistake, .signal = SIGABRT) {
    map_init(&map, 12, 4, 1);
}

Test(map, no_maximum_is_a_mistake, .signal = SIGABRT) {
    map_init(&map, 8, 0, 1);
}

Test(map, no_value_is_a_mistake, .signal = SIGABRT) {
    map_init(&map, 8, 4, 1);
    uint64_t key = 1;
    (void)!map_put(&map, &key, NULL);
}

Test(map, walks_in_the_order_of_insertion_whatever_the_seed) {
    for (uint64_t seed = 0; seed < 20; seed++) {
        map_init(&map, 8, 100, seed);
        for (int i = 0; i < 20; i++) {
            cr_assert_eq(put((uint64_t)i * 7919 % 20, i), MESH_OK);
        }
        for (int i = 0; i < 20; i++) {
            if (i != 3 && i != 4 && i != 11 && i != 19) {
                cr_assert_eq(take((uint64_t)i * 7919 % 20), i);
            }
        }
        cr_assert_eq(put(100, 20), MESH_OK);
        cr_assert_eq(put(101, 0), MESH_OK);
        expect_walk((int[]){3, 4, 11, 19, 20, 0}, 6);
        map_fini(&map);
    }
}

Test(map, a_walk_may_remove_what_it_has_come_to) {
    map_init(&map, 8, 16, 1);
    for (int i = 0; i < 10; i++) {
        cr_assert_eq(put((uint64_t)i, i), MESH_OK);
    }
    size_t place = 0;
    int count = 0;
    for (int *value; (value = map_next(&map, &place)); count++) {
        cr_assert_eq(value - values, count);
        if (count % 3 == 0) {
            cr_assert_eq(take((uint64_t)count), count);
        }
    }
    cr_assert_eq(count, 10);
    expect_walk((int[]){1, 2, 4, 5, 7, 8}, 6);
}

/* What comes and goes for ever needs no more room than what is there at a time. */
Test(map, gaps_are_used_again) {
    map_init(&map, 8, 64, 1);
    for (uint64_t i = 0; i < 10000; i++) {
        cr_assert_eq(put(i, (int)(i % 4096)), MESH_OK);
        if (i >= 12) {
            cr_assert_eq(take(i - 12), (int)((i - 12) % 4096));
        }
    }
    cr_assert_leq(map.room, 64);
    cr_assert_eq(map_size(&map), 12);
}

/* Against a plain array, over many rebuilds and with many collisions. */
Test(map, takes_less_memory_again_when_most_are_gone) {
    map_init(&map, 8, 4096, 1);
    for (int i = 0; i < 4096; i++) {
        cr_assert_eq(put((uint64_t)i, i), MESH_OK);
    }
    size_t most = map.room;
    for (int i = 0; i < 4095; i++) {
        cr_assert_eq(take((uint64_t)i), i);
    }
    for (int i = 0; i < 9; i++) {
        cr_assert_eq(put((uint64_t)i, i), MESH_OK);
    }
    cr_assert_lt(map.room, most / 64);
    expect_walk((const int[]){4095, 0, 1, 2, 3, 4, 5, 6, 7, 8}, 10);
    while (map_size(&map) > 0) {
        size_t place = 0;
        int *value = map_next(&map, &place);
        (void)take((uint64_t)(value - values));
    }
    cr_assert_eq(map.room, 0);
    cr_assert_eq(put(7, 7), MESH_OK);
}

Test(map, does_as_an_array_does) {
    enum { KEYS = 200, MAX = 150 };
    struct prng prng;
    prng_init(&prng, 5);
    int model[KEYS], order[MAX], size = 0;
    memset(model, -1, sizeof model);
    map_init(&map, 8, MAX, 9);
    for (int step = 0; step < 30000; step++) {
        uint64_t key = prng_below(&prng, KEYS);
        int value = step % 4096;
        cr_assert_eq(get(key), model[key]);
        if (prng_chance(&prng, step / 3000 % 2 ? 350 : 650)) {
            enum mesh_status expected = model[key] >= 0 ? MESH_EXISTS : size == MAX ? MESH_FULL : MESH_OK;
            cr_assert_eq(put(key, value), expected);
            if (expected == MESH_OK) {
                model[key] = value;
                order[size++] = (int)key;
            }
        } else {
            cr_assert_eq(take(key), model[key]);
            for (int i = 0, kept = 0, old = size; i < old; i++) {
                order[kept] = order[i];
                kept += order[i] != (int)key;
                size = kept;
            }
            model[key] = -1;
        }
        cr_assert_eq(map_size(&map), (size_t)size);
    }
    int expected[MAX];
    for (int i = 0; i < size; i++) {
        expected[i] = model[order[i]];
    }
    expect_walk(expected, (size_t)size);
}

/* The longest way from where a key belongs to where it stands. */
static size_t longest_probe(void) {
    size_t longest = 0, run = 0;
    for (size_t i = 0; i < 2 * map.room; i++) {
        run = map.index[i % map.room] ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

/* Addresses are a node's number and slot << 40 | number: keys that differ in a few high bits only must spread as well
 * as others. With one actor to a host a poor hash makes one long run of them. */
Test(map, alike_keys_spread) {
    for (unsigned shift = 0; shift < 64; shift += 4) {
        for (size_t words = 1; words <= 4; words++) {
            uint64_t key[4] = {UINT64_C(0x123456789abcdef), 1, 0, 1};
            size_t count = shift > 54 ? (size_t)1 << (64 - shift) : 1000;
            map_init(&map, words * 8, 1000, shift);
            for (size_t i = 0; i < count; i++) {
                key[words - 1] = (uint64_t)i << shift | (shift ? 1 : 0);
                cr_assert_eq(map_put(&map, key, &values[i]), MESH_OK);
            }
            cr_assert_leq(longest_probe(), 40, "%zu words, shift %u: a run of %zu", words, shift, longest_probe());
            map_fini(&map);
        }
    }
}
