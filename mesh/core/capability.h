/* Capabilities: what a node has to offer, as data that any admin can judge.
 *
 * A set holds each name once, in the order of names, with one value or a list. Sets and copies of requirements own all
 * they hold. Pure. Rules H1, H2.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_CORE_CAPABILITY_H
#define MESH_CORE_CAPABILITY_H

#include "proto/convention.h"
#include <mesh/status.h>

/* A zeroed one is empty and valid. */
struct capability_set {
    size_t count;
    struct frame_capability *items; /* one allocation with all that they refer to */
};

/* A zeroed one is empty and valid. */
struct requirement_set {
    size_t count;
    struct frame_requirement *items;
};

/* What a node says of itself (H1). Texts are terminated. */
struct capability_standard {
    const char *library_version, *wire_version, *node_name, *system_base, *host_architecture;
    bool watch_supported;
};

/* Copies what came from a peer or a configuration. When it is not MESH_OK, `*out` is untouched: MESH_INVALID_ARGUMENT
 * (an empty name, a name twice, several values that are no list, a real that is no number), MESH_TOO_LARGE (above the limits of proto/convention.h),
 * MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status capability_set_copy(struct capability_set *out, const struct frame_capability *items,
                                                   size_t count);

/* Sets one capability; one without a value deletes (H1). MESH_REFUSED for a standard one; else as
 * capability_set_copy. */
MESH_MUST_USE enum mesh_status capability_set_put(struct capability_set *set, const struct frame_capability *item);

/* A copy of what is `wanted`, which has no standard ones, with the standard ones of `present`. As capability_set_copy. */
MESH_MUST_USE enum mesh_status capability_set_renew(struct capability_set *out, const struct capability_set *present,
                                                    const struct capability_set *wanted);

/* Sets the standard capabilities. As capability_set_copy. */
MESH_MUST_USE enum mesh_status capability_set_standard(struct capability_set *set,
                                                       const struct capability_standard *standard);

/* NULL-safe; leaves it empty. */
void capability_set_fini(struct capability_set *set);

/* The capability of that name, or NULL. It lasts until the set changes. */
const struct frame_capability *capability_set_get(const struct capability_set *set, struct bytes name);

/* Whether both hold the same names with the same values. */
bool capability_set_equal(const struct capability_set *a, const struct capability_set *b);

/* Whether these are what it holds, in its order, in which it is also told to others. */
bool capability_set_is(const struct capability_set *set, const struct frame_capability *items, size_t count);

/* Whether the name is one that no configuration may set. */
bool capability_is_standard(struct bytes name);

/* How a value stands to another: numbers by their size, be they integers or reals, texts and bytes as bytes_compare, false before true. */
enum capability_order {
    CAPABILITY_UNLIKE, /* they are of kinds that cannot be compared */
    CAPABILITY_LESS,
    CAPABILITY_EQUAL,
    CAPABILITY_GREATER,
};
enum capability_order capability_compare(const struct frame_value *a, const struct frame_value *b);

/* Whether the capability is there and true: a flag that is set, any other value but zero, "" and an empty list. */
bool capability_is_true(const struct frame_capability *capability);

/* Whether every requirement is met (H2): PRESENT by capability_is_true, the others by comparing the one value or an item of the list with
 * the requirement's; NOT_EQUAL by all items of it. What is not there, or cannot be compared, meets none. If not, `missing` gets which ones are not, in words, cut to `size` bytes; it may be NULL with size 0. */
bool capability_fits(const struct capability_set *set, const struct frame_requirement *requirements, size_t count,
                     char *missing, size_t size);

/* As capability_set_copy, for values that do not suit the comparison, too; but a name may stand there several times, and FRAME_REQUIREMENTS_OF_BOTH is the limit. */
MESH_MUST_USE enum mesh_status requirement_set_copy(struct requirement_set *out, const struct frame_requirement *items,
                                                    size_t count);
void requirement_set_fini(struct requirement_set *set);

#endif
