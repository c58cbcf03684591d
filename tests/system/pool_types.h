/* Leaves that share hosts, and a parent in a process of its own that creates many of them.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef TESTS_SYSTEM_POOL_TYPES_H
#define TESTS_SYSTEM_POOL_TYPES_H

#include <mesh/mesh.h>

extern const struct mesh_type *const pool_types[];

#endif
