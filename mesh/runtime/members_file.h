/* The members file: the list of keys on disk, as an operator writes it and as an admin keeps it for its node.
 *
 * It is replaced as a whole: who reads it meanwhile gets the old list or the new one, also after a crash. Rule S7G.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_MEMBERS_FILE_H
#define MESH_RUNTIME_MEMBERS_FILE_H

#include "mesh/core/trust_text.h"
#include <mesh/error.h>

/* Its name in the run directory, where the node's processes read it. */
#define MEMBERS_FILE "members.now"

/* Merges the file into the list. MESH_INVALID_ARGUMENT for mistakes in it, all of which are told; `error` is about the
 * file as a whole then. MESH_NOT_FOUND, MESH_PERMISSION_DENIED, MESH_TOO_LARGE (above TRUST_TEXT_BYTES), MESH_IO,
 * MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status members_file_read(struct trust *trust, const char *path, trust_tell *tell, void *context,
                                                 struct mesh_error *error);

/* Replaces the file, mode 0600. On failure, of which a full disk is one, the old file is as it was:
 * MESH_PERMISSION_DENIED, MESH_IO, MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status members_file_write(const struct trust *trust, const char *path,
                                                  struct mesh_error *error);

#endif
