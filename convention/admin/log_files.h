/* The files of a log: the one that is written, "log", and those that were rotated, "log.1" (the latest) to "log.N" (K2).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_ADMIN_LOG_FILES_H
#define CONVENTION_ADMIN_LOG_FILES_H

#include <mesh/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of the file that is written; false when there is none, or when it is no regular file: a pipe is not rotated. */
bool log_files_size(const char *path, uint64_t *bytes);

/* Each file takes the next number, the one behind the last of `keep` goes. Then there is no file `path` until somebody writes. MESH_IO with
 * the cause; the file that is written has kept its name then. */
MESH_MUST_USE enum mesh_status log_files_rotate(const char *path, size_t keep, struct mesh_error *error);

#endif
