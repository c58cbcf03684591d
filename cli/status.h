/* The status of one actor, as text and as JSON; and what the other has in common with it.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CLI_STATUS_H
#define CLI_STATUS_H

#include "cli/cli.h"
#include <jansson.h>

/* Both give the exit code. */
int cli_print_actor(const struct mesh_actor_details *actor);
int cli_json_actor(const struct mesh_actor_details *actor);

json_t *cli_json_address(struct mesh_address address);
json_t *cli_json_counters(const struct mesh_counter_report *counters, size_t count);

/* Prints it, and gives it back. */
int cli_print_json(json_t *whole);

#endif
