/* Finding a node by its run directory: where a node's sockets and log lie, and how its admin is found there.
 *
 * One node, one directory of mode 0700. The rules are the same for programs, the command line and the admin itself.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_RUN_PATH_H
#define MESH_RUNTIME_RUN_PATH_H

#include <mesh/error.h>
#include <stddef.h>
#include <sys/types.h>

enum {
    RUN_PATH_BYTES = 72, /* with the terminating zero: the name of a socket in it must fit into 108 */
    RUN_PATH_ENDPOINT_BYTES = 128,
};

/* `given`, or else $MESH_RUN_DIRECTORY, "mesh" below $XDG_RUNTIME_DIR, "mesh-UID" below $TMPDIR or /tmp.
 * MESH_INVALID_ARGUMENT when it is not absolute or too long; the text names the limit and the remedy. */
MESH_MUST_USE enum mesh_status run_path_find(char out[RUN_PATH_BYTES], const char *given, struct mesh_error *error);

/* "ipc://DIRECTORY/NAME.sock": "admin" for the node's admin. Never fails for a directory that was found. */
const char *run_path_endpoint(char out[RUN_PATH_ENDPOINT_BYTES], const char *directory, const char *name);

/* Knocks at the admin's socket without a word: who listens there? MESH_NOT_RUNNING when nobody does,
 * MESH_PERMISSION_DENIED when the directory is another user's or closed to us. Never blocks for long. */
MESH_MUST_USE enum mesh_status run_path_knock(const char *directory, pid_t *admin, struct mesh_error *error);

/* Sends a signal to the admin of that directory, and to nobody else. As run_path_knock; MESH_IO. */
MESH_MUST_USE enum mesh_status run_path_signal(const char *directory, int number, struct mesh_error *error);

#endif
