/* The status of one actor, as text and as JSON.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CLI_STATUS_H
#define CLI_STATUS_H

#include <mesh/mesh.h>

/* Both give the exit code. */
int cli_print_details(const struct mesh_actor_details *actor);
int cli_json_details(const struct mesh_actor_details *actor);

#endif
