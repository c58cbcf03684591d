/* Requirements as a C program states them, turned into what travels (H2).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_REQUIREMENT_H
#define MESH_RUNTIME_REQUIREMENT_H

#include "proto/convention.h"
#include <mesh/actor.h>

/* Views into the caller's texts. */
struct requirements {
    struct frame_requirement *items; /* one allocation with their values */
    size_t count;
};

/* MESH_INVALID_ARGUMENT: a name, value or comparison that is none, or more than FRAME_REQUIREMENTS of them, or than
 * FRAME_REQUIREMENTS_BYTES in all;
 * MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status requirements_init(struct requirements *out, const struct mesh_requirement *items,
                                                 size_t count);
void requirements_fini(struct requirements *requirements);

/* Whether a capability may be called so: 1 to FRAME_NAME_BYTES, none a control character. */
bool requirement_name_valid(const char *name);

#endif
