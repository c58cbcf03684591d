/* Writing a mesh_error: the status, and one line that names the thing and the remedy.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_ERROR_H
#define MESH_RUNTIME_ERROR_H

#include <mesh/error.h>

/* Fills `error`, unless it is NULL, and returns `status`, so that a failure is one return statement. */
enum mesh_status error_set(struct mesh_error *error, enum mesh_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
