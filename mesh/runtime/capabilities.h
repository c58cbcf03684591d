/* Capabilities as a C program states them and is told of them (H1, H4).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_CAPABILITIES_H
#define MESH_RUNTIME_CAPABILITIES_H

#include "mesh/base/arena.h"
#include "proto/convention.h"
#include <mesh/actor.h>

/* Views into the caller's texts. */
struct capability_changes {
    struct frame_capability *items; /* one allocation with their values; one without a value is to go */
    size_t count;
};

/* MESH_INVALID_ARGUMENT: a name that is none, or a list with an empty item; MESH_REFUSED: a standard one, or one of them; MESH_TOO_LARGE;
 * MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status capability_changes_init(struct capability_changes *out,
                                                       const struct mesh_capability *changes, size_t count);
void capability_changes_fini(struct capability_changes *changes);

/* For a program; NULL without memory. */
const struct mesh_capability *capabilities_print(struct arena *arena, const struct frame_capability *items,
                                                 size_t count);

#endif
