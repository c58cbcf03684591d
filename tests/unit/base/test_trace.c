/* Traces: the last records, and a digest of all.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/trace.h"
#include <criterion/criterion.h>
#include <signal.h>

static struct trace trace;

static void teardown(void) {
    trace_fini(&trace);
}

TestSuite(trace, .fini = teardown);

static void note(void *user, const struct trace_record *record) {
    uint64_t *digits = user;
    *digits = *digits * 10 + record->a;
}

/* What is kept, as digits. */
static uint64_t kept(void) {
    uint64_t digits = 0;
    trace_each(&trace, note, &digits);
    return digits;
}

static void add(uint64_t a) {
    trace_add(&trace, (struct trace_record){.now_ns = 1, .word = "send", .a = a});
}

Test(trace, keeps_the_last_oldest_first) {
    cr_assert_eq(trace_init(&trace, 3), MESH_OK);
    cr_assert_eq(kept(), 0);
    add(1);
    add(2);
    cr_assert_eq(kept(), 12);
    add(3);
    cr_assert_eq(kept(), 123);
    add(4);
    cr_assert_eq(kept(), 234);
    for (uint64_t i = 5; i <= 9; i++) {
        add(i);
    }
    cr_assert_eq(kept(), 789);
    cr_assert_eq(trace.count, 9);
}

Test(trace, a_room_of_one_keeps_one) {
    cr_assert_eq(trace_init(&trace, 1), MESH_OK);
    add(1);
    add(2);
    cr_assert_eq(kept(), 2);
}

Test(trace, no_room_is_a_mistake, .signal = SIGABRT) {
    (void)!trace_init(&trace, 0);
}

Test(trace, a_zeroed_one_and_an_ended_one_may_be_ended) {
    trace = (struct trace){0};
    trace_fini(&trace);
    cr_assert_eq(trace_init(&trace, 1), MESH_OK);
    trace_fini(&trace);
}

static uint64_t digest_of(struct trace_record first, struct trace_record second) {
    struct trace other;
    cr_assert_eq(trace_init(&other, 1), MESH_OK);
    trace_add(&other, first);
    trace_add(&other, second);
    uint64_t digest = other.digest;
    trace_fini(&other);
    return digest;
}

/* A word counts by its letters, wherever they lie in memory. */
Test(trace, equal_runs_have_equal_digests) {
    char elsewhere[] = "delivery_settled";
    struct trace_record a = {1, "delivery_settled", 2, 3, 4}, b = {1, elsewhere, 2, 3, 4}, c = {5, "x", 6, 7, 8};
    cr_assert_eq(digest_of(a, c), digest_of(b, c));
}

Test(trace, every_part_of_a_record_and_their_order_count) {
    struct trace_record base = {1, "eightlet", 2, 3, 4};
    struct trace_record other[] = {
        {2, "eightlet", 2, 3, 4}, {1, "eightlex", 2, 3, 4}, {1, "eightle", 2, 3, 4},     {1, "eightlett", 2, 3, 4},
        {1, "eightlet", 1, 3, 4}, {1, "eightlet", 2, 1, 4}, {1, "eightlet", 2, 3, 1},    {1, "", 2, 3, 4},
        {1, "eightlet", 3, 2, 4}, {1, "Eightlet", 2, 3, 4}, {1, "eightlettwo", 2, 3, 4}, {1, "eightlettwx", 2, 3, 4},
    };
    enum { COUNT = sizeof other / sizeof other[0] };
    uint64_t digests[COUNT];
    for (int i = 0; i < COUNT; i++) {
        digests[i] = digest_of(other[i], base);
        cr_assert_neq(digests[i], digest_of(base, base));
        cr_assert_neq(digests[i], digest_of(base, other[i]));
        for (int j = 0; j < i; j++) {
            cr_assert_neq(digests[i], digests[j], "%d and %d", i, j);
        }
    }
}

Test(trace, the_digest_is_of_all_not_of_what_is_kept) {
    cr_assert_eq(trace_init(&trace, 1), MESH_OK);
    uint64_t before = trace.digest;
    add(1);
    uint64_t after = trace.digest;
    add(1);
    cr_assert(before != after && after != trace.digest);
}
