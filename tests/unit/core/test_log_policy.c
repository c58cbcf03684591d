/* Which lines are logged, by the type of the actor.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/log_policy.h"
#include <criterion/criterion.h>

static enum mesh_status add(struct log_policy *policy, const char *pattern, enum mesh_level level) {
    return log_policy_add(policy, bytes_of_text(pattern), level);
}

static enum mesh_level level_of(const struct log_policy *policy, const char *type) {
    return log_policy_level(policy, bytes_of_text(type));
}

Test(log_policy, K2_the_first_rule_that_fits_a_type_counts) {
    struct log_policy policy = {.level = MESH_LOG_INFO};
    cr_assert_eq(add(&policy, "shop.cart", MESH_LOG_DEBUG), MESH_OK);
    cr_assert_eq(add(&policy, "shop.*", MESH_LOG_ERROR), MESH_OK);
    cr_assert_eq(level_of(&policy, "shop.cart"), MESH_LOG_DEBUG);
    cr_assert_eq(level_of(&policy, "shop.carts"), MESH_LOG_ERROR);
    cr_assert_eq(level_of(&policy, "shop."), MESH_LOG_ERROR);
    cr_assert_eq(level_of(&policy, "shop"), MESH_LOG_INFO);
    cr_assert_eq(level_of(&policy, "counter"), MESH_LOG_INFO);
}

Test(log_policy, lines_of_nobody_follow_no_rule) {
    struct log_policy policy = {.level = MESH_LOG_WARNING};
    cr_assert_eq(add(&policy, "*", MESH_LOG_DEBUG), MESH_OK);
    cr_assert_eq(level_of(&policy, "counter"), MESH_LOG_DEBUG);
    cr_assert_eq(level_of(&policy, ""), MESH_LOG_WARNING);
}

Test(log_policy, the_most_talkative_level_is_known) {
    struct log_policy policy = {.level = MESH_LOG_WARNING};
    cr_assert_eq(log_policy_most(&policy), MESH_LOG_WARNING);
    cr_assert_eq(add(&policy, "a", MESH_LOG_ERROR), MESH_OK);
    cr_assert_eq(log_policy_most(&policy), MESH_LOG_WARNING);
    cr_assert_eq(add(&policy, "b", MESH_LOG_DEBUG), MESH_OK);
    cr_assert_eq(log_policy_most(&policy), MESH_LOG_DEBUG);
}

Test(log_policy, rules_have_limits) {
    struct log_policy policy = {0};
    char long_name[LOG_PATTERN_BYTES + 1];
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[LOG_PATTERN_BYTES] = '\0';
    cr_assert_eq(add(&policy, long_name, MESH_LOG_INFO), MESH_TOO_LARGE);
    cr_assert_eq(add(&policy, long_name + 1, MESH_LOG_INFO), MESH_OK);
    cr_assert_eq(add(&policy, "", MESH_LOG_INFO), MESH_INVALID_ARGUMENT);
    cr_assert_eq(add(&policy, "a b", MESH_LOG_INFO), MESH_INVALID_ARGUMENT);
    cr_assert_eq(add(&policy, "a*b", MESH_LOG_INFO), MESH_INVALID_ARGUMENT);
    while (policy.count < LOG_RULES) {
        cr_assert_eq(add(&policy, "a", MESH_LOG_INFO), MESH_OK);
    }
    cr_assert_eq(add(&policy, "a", MESH_LOG_INFO), MESH_FULL);
}
