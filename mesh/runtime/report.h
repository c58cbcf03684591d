/* Reports: from the answer of an admin to the public structure.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_REPORT_H
#define MESH_RUNTIME_REPORT_H

#include "mesh/base/arena.h"
#include "proto/control.h"
#include <mesh/report.h>

/* A report with copies of all that the reply holds. MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status report_new(struct mesh_report **out, const struct control_status_reply *reply);

/* The same of one actor. */
MESH_MUST_USE enum mesh_status report_new_of_actor(struct mesh_report **out, const struct control_actor_report *report);

/* A terminated copy; NULL without memory. */
const char *report_text(struct arena *arena, struct bytes text);

#endif
