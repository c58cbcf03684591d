/* When the log is looked at and rotated, on virtual time.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/log_rotation.h"
#include <criterion/criterion.h>

#define BEGIN_NS (5 * NS_PER_S)

static struct log_rotation rotation;

static void begin(void) {
    log_rotation_begin(&rotation, BEGIN_NS, 100);
}

TestSuite(log_rotation, .init = begin);

Test(log_rotation, K2_it_is_due_at_the_size_and_not_a_byte_before) {
    cr_assert_eq(rotation.look_ns, BEGIN_NS);
    cr_assert_not(log_rotation_look(&rotation, BEGIN_NS, 99));
    cr_assert(log_rotation_look(&rotation, rotation.look_ns, 100));
    log_rotation_done(&rotation, BEGIN_NS, true);
    cr_assert_not(log_rotation_look(&rotation, rotation.look_ns, 3));
}

Test(log_rotation, a_log_that_grows_is_looked_at_often_and_one_at_rest_seldom) {
    uint64_t now_ns = BEGIN_NS;
    for (uint64_t size = 1; size < 10; size++) {
        cr_assert_not(log_rotation_look(&rotation, now_ns, size));
        cr_assert_eq(rotation.look_ns, now_ns + LOG_ROTATION_SOON_NS);
        now_ns = rotation.look_ns;
    }
    for (int i = 1; i <= 4; i++) {
        cr_assert_not(log_rotation_look(&rotation, now_ns, 9));
        cr_assert_eq(rotation.look_ns, now_ns + (LOG_ROTATION_SOON_NS << i));
        now_ns = rotation.look_ns;
    }
    cr_assert_not(log_rotation_look(&rotation, now_ns, 9));
    cr_assert_eq(rotation.look_ns, now_ns + LOG_ROTATION_SELDOM_NS);
    cr_assert_not(log_rotation_look(&rotation, rotation.look_ns, 10));
    cr_assert_eq(rotation.pause_ns, LOG_ROTATION_SOON_NS);
}

Test(log_rotation, one_that_failed_is_tried_again_after_a_while) {
    cr_assert(log_rotation_look(&rotation, BEGIN_NS, 100));
    log_rotation_done(&rotation, BEGIN_NS, false);
    cr_assert_not(log_rotation_look(&rotation, BEGIN_NS + LOG_ROTATION_RETRY_NS - 1, 100));
    cr_assert(log_rotation_look(&rotation, BEGIN_NS + LOG_ROTATION_RETRY_NS, 100));
}
