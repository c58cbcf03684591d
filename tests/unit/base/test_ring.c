/* Rings: order over growth and wrap, and the maximum.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/prng.h"
#include "mesh/base/ring.h"
#include <criterion/criterion.h>
#include <signal.h>

static int items[64];
static struct ring ring;

static void teardown(void) {
    ring_fini(&ring);
}

TestSuite(ring, .fini = teardown);

Test(ring, empty_has_nothing) {
    ring_init(&ring, 4);
    cr_assert_eq(ring.size, 0);
    cr_assert_null(ring_pop_front(&ring));
}

Test(ring, no_maximum_is_a_mistake, .signal = SIGABRT) {
    ring_init(&ring, 0);
}

Test(ring, a_zeroed_one_and_an_ended_one_may_be_ended) {
    ring = (struct ring){0};
    ring_fini(&ring);
    ring_init(&ring, 1);
    cr_assert_eq(ring_push_back(&ring, items), MESH_OK);
    ring_fini(&ring);
    ring_fini(&ring);
    cr_assert_eq(ring_push_back(&ring, items), MESH_OK, "it is as after init");
}

/* 1 and 7 lie below the first room, 8 at it, 9 and 21 above. */
Test(ring, is_full_at_its_maximum_and_not_before) {
    size_t maxima[] = {1, 7, 8, 9, 21};
    for (int m = 0; m < 5; m++) {
        ring_init(&ring, maxima[m]);
        for (size_t i = 0; i < maxima[m]; i++) {
            cr_assert_eq(i % 2 ? ring_push_back(&ring, &items[i]) : ring_push_front(&ring, &items[i]), MESH_OK);
        }
        void *first = ring_at(&ring, 0), *last = ring_at(&ring, maxima[m] - 1);
        cr_assert_eq(ring_push_back(&ring, items), MESH_FULL);
        cr_assert_eq(ring_push_front(&ring, items), MESH_FULL);
        cr_assert_eq(ring.size, maxima[m]);
        cr_assert(ring_at(&ring, 0) == first && ring_at(&ring, maxima[m] - 1) == last);
        cr_assert_eq(ring_pop_front(&ring), first);
        cr_assert_eq(ring_push_back(&ring, items), MESH_OK);
        cr_assert_eq(ring_push_back(&ring, items), MESH_FULL);
        ring_fini(&ring);
    }
}

Test(ring, a_place_can_be_changed) {
    ring_init(&ring, 4);
    cr_assert_eq(ring_push_back(&ring, &items[0]), MESH_OK);
    cr_assert_eq(ring_push_back(&ring, &items[1]), MESH_OK);
    *ring_place(&ring, 1) = &items[2];
    cr_assert_eq(ring_pop_front(&ring), &items[0]);
    cr_assert_eq(ring_pop_front(&ring), &items[2]);
}

/* Against a plain array, over many wraps and growths. */
Test(ring, does_as_an_array_does) {
    enum { MAX = 40 };
    struct prng prng;
    prng_init(&prng, 1);
    void *model[MAX];
    size_t size = 0;
    ring_init(&ring, MAX);
    for (int step = 0; step < 20000; step++) {
        int *item = &items[prng_below(&prng, 64)];
        uint64_t what = prng_below(&prng, step / 1000 % 2 ? 3 : 5);
        if (what == 0 || what == 3) {
            cr_assert_eq(ring_push_back(&ring, item), size < MAX ? MESH_OK : MESH_FULL);
            if (size < MAX) {
                model[size++] = item;
            }
        } else if (what == 4) {
            cr_assert_eq(ring_push_front(&ring, item), size < MAX ? MESH_OK : MESH_FULL);
            if (size < MAX) {
                memmove(model + 1, model, size++ * sizeof *model);
                model[0] = item;
            }
        } else {
            cr_assert_eq(ring_pop_front(&ring), size ? model[0] : NULL);
            if (size) {
                memmove(model, model + 1, --size * sizeof *model);
            }
        }
        cr_assert_eq(ring.size, size);
        for (size_t i = 0; i < size; i++) {
            cr_assert_eq(ring_at(&ring, i), model[i]);
        }
    }
}
