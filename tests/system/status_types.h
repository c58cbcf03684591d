/* Actors whose status is looked at.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef TESTS_SYSTEM_STATUS_TYPES_H
#define TESTS_SYSTEM_STATUS_TYPES_H

#include <mesh/mesh.h>

/* "test.shown" does what a text says; "test.light" does, too, and is light. */
extern const struct mesh_type *const status_types[];

#endif
