/* Starting a node from a program (C13).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_START_H
#define MESH_RUNTIME_START_H

#include <mesh/error.h>

/* Starts `meshd --run-directory DIRECTORY [--config CONFIG] [--set SETTING]... --ready-fd 3` in a session of its own, working directory
 * /, with no descriptor of this process, and waits until it writes "ready" to that descriptor, 8 s at most. What
 * else it writes there or on its standard error is the error's text. The daemon is that of mesh_node_find_daemon. MESH_NOT_FOUND, MESH_IO, MESH_TIMED_OUT, or the status whose
 * name the text begins with. */
MESH_MUST_USE enum mesh_status start_admin(const char *run_directory, const char *config, const char *const *settings,
                                           struct mesh_error *error);

#endif
