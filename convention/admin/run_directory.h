/* The run directory of a node: its sockets, its log and the lock that says who owns it.
 *
 * One admin owns a run directory at a time, proven by a lock on the file `lock`, which also names its process. What a dead
 * admin left is removed by its zygote, or else by the next admin (C8). Only files that the mesh makes are ever removed.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_ADMIN_RUN_DIRECTORY_H
#define CONVENTION_ADMIN_RUN_DIRECTORY_H

#include "mesh/runtime/run_path.h"
#include <mesh/error.h>

struct run_directory {
    char path[RUN_PATH_BYTES]; /* absolute */
    int lock;
};

/* Makes the directory (0700) if need be, takes its lock and removes what an earlier admin left. Waits up to 3 s while
 * the undertaker of a dead admin is at work. MESH_ALREADY_RUNNING names the other admin's process; MESH_TOO_LARGE,
 * MESH_PERMISSION_DENIED, MESH_IO name the path. */
enum mesh_status run_directory_open(struct run_directory *directory, const char *path, struct mesh_error *error);

/* Writes the caller's process id into the lock file. */
enum mesh_status run_directory_sign(const struct run_directory *directory, struct mesh_error *error);

/* Removes the mesh's files, and the directory if nothing else is in it. */
void run_directory_empty(const struct run_directory *directory);

/* Removes a directory of links to what a source was unpacked to; in the run directory their names begin so. */
#define RUN_DIRECTORY_SOURCE "source-"
void run_directory_remove_source(int within, const char *name);

/* Gives up the lock. */
void run_directory_close(struct run_directory *directory);

#endif
