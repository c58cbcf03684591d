/* Check functions: whether a type's own code agrees to a node (H2).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_FIT_H
#define MESH_RUNTIME_FIT_H

#include "proto/control.h"
#include <mesh/actor.h>

/* What is judged, with copies of all of it. */
struct fit;

MESH_MUST_USE enum mesh_status fit_new(struct fit **out, const struct control_check *offered); /* MESH_NO_MEMORY */
void fit_destroy(struct fit **fit);                                                            /* NULL-safe */

/* Asks the type's check function, which is user code, if it has one. */
bool fit_suits(const struct mesh_type *type, const struct fit *fit);

/* All of it at once; without memory the answer is no. */
bool fit_check(const struct mesh_type *type, const struct control_check *offered);

#endif
