/* Arenas: alignment, the limit, and blocks that are used again.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/arena.h"
#include <criterion/criterion.h>
#include <signal.h>

enum { BLOCK = 64 * 1024 };

static struct arena arena;

static void teardown(void) {
    arena_fini(&arena);
}

TestSuite(arena, .fini = teardown);

/* Takes and fills it, so that a sanitizer sees a place that is too small. */
static uint8_t *take(size_t bytes) {
    uint8_t *taken = arena_take(&arena, bytes);
    if (taken) {
        memset(taken, 0xaa, bytes);
    }
    return taken;
}

Test(arena, gives_aligned_places_that_do_not_touch) {
    arena_init(&arena, 1024 * 1024);
    uint8_t *end = NULL;
    size_t sizes[] = {1, 15, 16, 17, 100, 3};
    for (int i = 0; i < 6; i++) {
        uint8_t *taken = take(sizes[i]);
        cr_assert_not_null(taken);
        cr_assert_eq((uintptr_t)taken % 16, 0);
        cr_assert(!end || taken >= end);
        end = taken + sizes[i];
    }
}

Test(arena, no_bytes_have_a_place_too) {
    arena_init(&arena, 64);
    cr_assert_not_null(arena_take(&arena, 0));
    arena_reset(&arena);
    cr_assert_not_null(take(16));
    cr_assert_not_null(arena_take(&arena, 0));
}

Test(arena, ends_at_its_limit_and_not_before) {
    arena_init(&arena, 64);
    cr_assert_null(take(65));
    for (int i = 0; i < 4; i++) {
        cr_assert_not_null(take(16));
    }
    cr_assert_null(take(1));
    arena_reset(&arena);
    cr_assert_not_null(take(64));
    cr_assert_null(take(1));
}

Test(arena, blocks_add_up_to_the_limit) {
    size_t limits[] = {BLOCK, BLOCK + 16, 2 * BLOCK, 2 * BLOCK + 48};
    for (int i = 0; i < 4; i++) {
        arena_init(&arena, limits[i]);
        size_t taken = 0;
        while (take(16)) {
            taken += 16;
        }
        cr_assert_eq(taken, limits[i]);
        arena_fini(&arena);
    }
}

/* 15 bytes are left of 31 when 16 are taken, and a place takes 16. */
Test(arena, a_limit_between_two_places_counts_as_the_lower) {
    for (size_t limit = 16; limit <= 32; limit++) {
        arena_init(&arena, limit);
        cr_assert_not_null(take(16));
        cr_assert_eq(take(1) != NULL, limit == 32, "a limit of %zu", limit);
        arena_fini(&arena);
    }
}

Test(arena, no_limit_gives_nothing) {
    arena_init(&arena, 0);
    cr_assert_null(arena_take(&arena, 0));
    cr_assert_null(arena_take(&arena, 1));
}

Test(arena, sizes_near_the_largest_number_do_not_wrap) {
    arena_init(&arena, SIZE_MAX / 2);
    for (size_t less = 0; less < 40; less++) {
        cr_assert_null(arena_take(&arena, SIZE_MAX - less));
    }
    cr_assert_not_null(take(1));
    for (size_t less = 0; less < 40; less++) {
        cr_assert_null(arena_take(&arena, SIZE_MAX - less));
    }
}

Test(arena, a_limit_above_half_of_all_is_a_mistake, .signal = SIGABRT) {
    arena_init(&arena, SIZE_MAX / 2 + 1);
}

Test(arena, a_large_one_gets_a_block_of_its_own) {
    arena_init(&arena, 1024 * 1024);
    uint8_t *small = take(16), *large = take(300 * 1024), *next = take(16);
    cr_assert(small && large && next);
    cr_assert_eq(arena.taken, (size_t)BLOCK + 300 * 1024 + BLOCK);
}

Test(arena, a_steady_state_allocates_nothing) {
    arena_init(&arena, 1024 * 1024);
    size_t sizes[] = {16, 60 * 1024, 10 * 1024, 100 * 1024, 16};
    uint8_t *first[5];
    for (int turn = 0; turn < 10; turn++) {
        for (int i = 0; i < 5; i++) {
            uint8_t *taken = take(sizes[i]);
            cr_assert_not_null(taken);
            first[i] = turn == 0 ? taken : first[i];
            cr_assert_eq(taken, first[i], "turn %d, place %d", turn, i);
        }
        arena_reset(&arena);
    }
}

/* Frames that grow from one to the next must not use up the limit by blocks that fit none of them. */
Test(arena, kept_blocks_make_way_for_larger_ones) {
    arena_init(&arena, 1000 * 1024);
    for (size_t size = 16; size < 900 * 1024; size += 50 * 1024) {
        cr_assert_not_null(take(16));
        cr_assert_not_null(take(size), "%zu bytes of %zu", size, arena.limit);
        cr_assert_leq(arena.taken, arena.limit);
        arena_reset(&arena);
    }
    cr_assert_not_null(take(arena.limit), "all of it in one piece");
}

Test(arena, a_zeroed_one_and_an_ended_one_may_be_ended) {
    arena = (struct arena){0};
    arena_fini(&arena);
    arena_init(&arena, 64);
    cr_assert_not_null(take(1));
    arena_fini(&arena);
    arena_fini(&arena);
    cr_assert_not_null(take(64), "it is as after init");
}
