/* Which lines are logged: a level, and other levels for actors of some types (K2).
 *
 * Pure: plain data, which fits onto the page that a node's processes share. The first rule whose pattern fits a type counts.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_CORE_LOG_POLICY_H
#define MESH_CORE_LOG_POLICY_H

#include "mesh/base/bytes.h"
#include <mesh/actor.h>

enum { LOG_RULES = 32, LOG_PATTERN_BYTES = 60 };

struct log_rule {
    uint32_t level;                  /* enum mesh_level */
    char pattern[LOG_PATTERN_BYTES]; /* a type, or what types begin with and '*'; terminated */
};

struct log_policy {
    uint32_t level, count;
    struct log_rule rules[LOG_RULES];
};

/* The level for lines of actors of that type; empty for lines that are no actor's. */
enum mesh_level log_policy_level(const struct log_policy *policy, struct bytes type);

/* The most talkative of all levels: a line above it is logged for nobody. */
enum mesh_level log_policy_most(const struct log_policy *policy);

/* Adds a rule behind the others. MESH_FULL; MESH_TOO_LARGE; MESH_INVALID_ARGUMENT for a pattern that is empty, contains a
 * space, or has a '*' before its end. */
MESH_MUST_USE enum mesh_status log_policy_add(struct log_policy *policy, struct bytes pattern, enum mesh_level level);

#endif
