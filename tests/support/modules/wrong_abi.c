/* A module that was built for another version of the structs.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <mesh/actor.h>

__attribute__((visibility("default"))) extern const struct mesh_module mesh_module;
const struct mesh_module mesh_module = {MESH_MODULE_ABI + 1, NULL};
