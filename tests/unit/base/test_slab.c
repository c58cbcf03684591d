/* Slabs: things of one size in blocks of their own.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/slab.h"
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

enum { THINGS = 1000, THING_BYTES = 100 };

static struct slabs slabs;
static unsigned char *things[THINGS];

static void take_all(void) {
    slabs_init(&slabs, THING_BYTES);
    for (size_t i = 0; i < THINGS; i++) {
        things[i] = slabs_take(&slabs);
        cr_assert_not_null(things[i]);
        for (size_t at = 0; at < THING_BYTES; at++) {
            cr_assert_eq(things[i][at], 0);
        }
        memset(things[i], (int)(i % 255) + 1, THING_BYTES);
    }
}

static void expect_whole(size_t i) {
    for (size_t at = 0; at < THING_BYTES; at++) {
        cr_assert_eq(things[i][at], i % 255 + 1);
    }
}

Test(slab, things_are_zero_apart_and_aligned) {
    take_all();
    for (size_t i = 0; i < THINGS; i++) {
        expect_whole(i);
        cr_assert_eq((uintptr_t)things[i] % _Alignof(max_align_t), 0);
        slabs_give(&slabs, things[i]);
    }
    cr_assert(list_is_empty(&slabs.with_room));
}

Test(slab, what_was_given_back_is_taken_again_as_zeros) {
    take_all();
    for (size_t i = 0; i < THINGS; i++) {
        slabs_give(&slabs, things[i]);
        unsigned char *taken = slabs_take(&slabs);
        cr_assert_eq(taken[0], 0);
        cr_assert_eq(taken[THING_BYTES - 1], 0);
        things[i] = taken;
        memset(taken, (int)(i % 255) + 1, THING_BYTES);
    }
    for (size_t i = 0; i < THINGS; i++) {
        expect_whole(i);
        slabs_give(&slabs, things[i]);
    }
    slabs_give(&slabs, NULL);
    cr_assert(list_is_empty(&slabs.with_room));
}

/* The last that are left share few blocks: the others have gone back. */
Test(slab, a_block_without_things_is_given_back) {
    take_all();
    for (size_t i = 0; i + 1 < THINGS; i++) {
        slabs_give(&slabs, things[i]);
    }
    cr_assert_eq(slabs.with_room.ends.next, slabs.with_room.ends.previous);
    expect_whole(THINGS - 1);
    slabs_give(&slabs, things[THINGS - 1]);
    cr_assert(list_is_empty(&slabs.with_room));
}
