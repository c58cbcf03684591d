/* Actor types for tests of losses: one that may end in any way, and a parent that keeps account of it.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef TESTS_SYSTEM_LOSS_TYPES_H
#define TESTS_SYSTEM_LOSS_TYPES_H

#include <mesh/mesh.h>

/* test.frail  "segv": dereferences nothing; any other text comes back.
 * test.keeper "create PLACE": creates a test.frail there and answers with its address; "tell TEXT": sends its child that;
 *             "account": how many ends and poisons it was told of, and the words of the last of each; "watch": it is told of members, and "gone"
 *             answers how many of them have gone since. */
extern const struct mesh_type *const loss_types[];

#endif
