/* The actor types of the test of light actors.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef TESTS_SYSTEM_LIGHT_TYPES_H
#define TESTS_SYSTEM_LIGHT_TYPES_H

#include <mesh/actor.h>

/* NULL-terminated:
 *   light.root   "spawn N": nanoseconds that each create took; "count": how many leaves answered a ping; "leaf I": its
 *                address; "rounds N": nanoseconds of a round trip with a leaf; "ask ADDRESS": what that one answers;
 *                "end": has all leaves exit, and answers when it was told of so many; "told": of how many so far
 *   light.leaf   "ping", "crash" */
extern const struct mesh_type *const light_types[];

#endif
