/* Reports as JSON: each thing has the same names wherever it appears.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <jansson.h>
#include <mesh/mesh.h>

/* A text; one that is no UTF-8 with those bytes escaped that are none. */
json_t *cli_json_text(const char *text);
/* null for none. */
json_t *cli_json_address(struct mesh_address address);
/* A payload: "text" if it is one, terminated or not, else "hex". */
void cli_json_payload(json_t *object, const void *data, size_t bytes);
json_t *cli_json_counters(const struct mesh_counter_report *counters, size_t count);
json_t *cli_json_capabilities(const struct mesh_node_report *node);
/* With the name of the node that hosts it, unless that is NULL. */
json_t *cli_json_actor(const struct mesh_actor_report *actor, const char *node);
json_t *cli_json_sources(const struct mesh_node_report *node);
json_t *cli_json_members(const struct mesh_node_report *node);
json_t *cli_json_addresses(const struct mesh_address *addresses, size_t count);

/* Prints it, in one line or in several, and gives it back; then the exit code. */
int cli_print_json(json_t *whole);
int cli_print_json_line(json_t *whole);

#endif
