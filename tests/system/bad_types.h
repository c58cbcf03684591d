/* Actor types that do what no actor should, when they are told to.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef TESTS_SYSTEM_BAD_TYPES_H
#define TESTS_SYSTEM_BAD_TYPES_H

#include <mesh/mesh.h>

/* test.bad     "stuck": never returns; "exit N", "abort", "segv": ends so;
 *              "fork lives", "fork returns", "fork exits": the child does that, the answer is its process id;
 *              "close": closes all descriptors, then answers;
 *              "memory": takes all that it can get, then answers. Its start allows it 64 MiB more than it has;
 *              "flood ADDRESS": sends until a send is refused; "flooded": answers with the status, the number of messages before it
 *              and the milliseconds that the refusal took;
 *              "child": creates another test.bad and answers with its address; any other text comes back. */
extern const struct mesh_type *const bad_types[];

#endif
