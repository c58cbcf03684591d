/* Lingering: when it pays to look again before sleeping.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/linger.h"
#include <criterion/criterion.h>

enum { NOW = 1000000000 };

static struct linger expecting(void) {
    struct linger linger = {0};
    linger_waited(&linger, NOW - LINGER_NS, NOW);
    return linger;
}

Test(linger, A7_who_has_not_waited_sleeps_at_once) {
    struct linger linger = {0};
    cr_assert_eq(linger_until(&linger, NOW), NOW);
}

Test(linger, A7_who_waited_briefly_looks_for_a_while) {
    struct linger linger = expecting();
    cr_assert_eq(linger_until(&linger, NOW), NOW + LINGER_NS);
}

Test(linger, A7_who_waited_for_longer_sleeps_at_once) {
    struct linger linger = expecting();
    linger_waited(&linger, NOW, NOW + LINGER_NS + 1);
    cr_assert_eq(linger_until(&linger, NOW), NOW);
}

Test(linger, A7_it_goes_on_while_there_is_a_core_to_spare) {
    struct linger linger = expecting();
    cr_assert(linger_go_on(&linger, NOW, NOW + LINGER_CROWDED_NS - 1));
    cr_assert_eq(linger_until(&linger, NOW), NOW + LINGER_NS);
}

Test(linger, A7_nobody_lingers_for_a_while_where_others_need_the_core) {
    struct linger linger = expecting();
    uint64_t end_ns = NOW + LINGER_CROWDED_NS + LINGER_PAUSE_NS;
    cr_assert_not(linger_go_on(&linger, NOW, NOW + LINGER_CROWDED_NS));
    cr_assert_eq(linger_until(&linger, end_ns - 1), end_ns - 1);
    cr_assert_eq(linger_until(&linger, end_ns), end_ns + LINGER_NS);
}

/* Until when it looks after a wait of so long, for so much of which others ran. */
static uint64_t looks_after(uint64_t waited_ns, uint64_t away_ns) {
    struct linger linger = expecting();
    cr_assert(linger_go_on(&linger, NOW, NOW + away_ns));
    linger_waited(&linger, NOW, NOW + waited_ns);
    return linger_until(&linger, NOW + waited_ns) - NOW - waited_ns;
}

Test(linger, A7_nobody_lingers_for_a_while_where_others_run_for_most_of_a_wait) {
    cr_assert_eq(looks_after(LINGER_BUSY_NS, LINGER_BUSY_NS * 3 / 4), 0);
    cr_assert_eq(looks_after(LINGER_BUSY_NS, LINGER_BUSY_NS * 3 / 4 - 1), LINGER_NS);
    cr_assert_eq(looks_after(LINGER_BUSY_NS - 1, LINGER_BUSY_NS - 1), LINGER_NS);
}

Test(linger, A7_each_wait_is_judged_by_itself) {
    struct linger linger = expecting();
    cr_assert(linger_go_on(&linger, NOW, NOW + LINGER_BUSY_NS / 2));
    linger_waited(&linger, NOW, NOW + LINGER_BUSY_NS);
    linger_waited(&linger, NOW, NOW + LINGER_BUSY_NS);
    cr_assert(linger_go_on(&linger, NOW, NOW + LINGER_BUSY_NS / 2));
    linger_waited(&linger, NOW, NOW + LINGER_BUSY_NS);
    cr_assert_eq(linger_until(&linger, NOW), NOW + LINGER_NS);
}

/* The pause after a crowded look at that time. */
static uint64_t pause_at(struct linger *linger, uint64_t now_ns) {
    cr_assert_not(linger_go_on(linger, now_ns - LINGER_CROWDED_NS, now_ns));
    return linger->paused_until_ns - now_ns;
}

Test(linger, A7_pauses_double_up_to_a_limit_while_they_do_not_help) {
    struct linger linger = expecting();
    uint64_t now_ns = NOW;
    uint64_t expected_ns = LINGER_PAUSE_NS;
    for (int i = 0; i < 10; i++) {
        cr_assert_eq(pause_at(&linger, now_ns), expected_ns);
        now_ns = linger.paused_until_ns;
        expected_ns = time_min(2 * expected_ns, LINGER_PAUSE_MAX_NS);
    }
    cr_assert_eq(expected_ns, LINGER_PAUSE_MAX_NS);
}

Test(linger, A7_a_pause_that_helped_is_followed_by_a_short_one) {
    struct linger linger = expecting();
    (void)pause_at(&linger, NOW);
    cr_assert_eq(pause_at(&linger, linger.paused_until_ns), 2 * LINGER_PAUSE_NS);
    cr_assert_eq(pause_at(&linger, linger.paused_until_ns + 2 * LINGER_PAUSE_NS - 1), 4 * LINGER_PAUSE_NS);
    cr_assert_eq(pause_at(&linger, linger.paused_until_ns + 4 * LINGER_PAUSE_NS), LINGER_PAUSE_NS);
}
