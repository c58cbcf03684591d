/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/log_policy.h"

static bool fits(const char *pattern, struct bytes type) {
    size_t length = strlen(pattern);
    bool open = length > 0 && pattern[length - 1] == '*';
    length -= open;
    return (open ? type.size >= length : type.size == length) &&
           (length == 0 || memcmp(pattern, type.data, length) == 0);
}

enum mesh_level log_policy_level(const struct log_policy *policy, struct bytes type) {
    for (uint32_t i = 0; type.size > 0 && i < policy->count; i++) {
        if (fits(policy->rules[i].pattern, type)) {
            return (enum mesh_level)policy->rules[i].level;
        }
    }
    return (enum mesh_level)policy->level;
}

enum mesh_level log_policy_most(const struct log_policy *policy) {
    uint32_t most = policy->level;
    for (uint32_t i = 0; i < policy->count; i++) {
        most = policy->rules[i].level > most ? policy->rules[i].level : most;
    }
    return (enum mesh_level)most;
}

enum mesh_status log_policy_add(struct log_policy *policy, struct bytes pattern, enum mesh_level level) {
    if (pattern.size == 0 || memchr(pattern.data, ' ', pattern.size) || memchr(pattern.data, '\0', pattern.size) ||
        memchr(pattern.data, '*', pattern.size - 1)) {
        return MESH_INVALID_ARGUMENT;
    }
    if (pattern.size >= LOG_PATTERN_BYTES) {
        return MESH_TOO_LARGE;
    }
    if (policy->count == LOG_RULES) {
        return MESH_FULL;
    }
    struct log_rule *rule = &policy->rules[policy->count++];
    *rule = (struct log_rule){.level = level};
    memcpy(rule->pattern, pattern.data, pattern.size);
    return MESH_OK;
}
