/* Unpacking: the objects of a bundle, as files that hosts can load and nobody can change (J1).
 *
 * Each object of this host's architecture is a memory file, written once and sealed; a private directory has a link to each, whose names begin
 * with their numbers: the libraries, and last the module. Nothing is written to a disk, nothing can be changed after it was judged, and when
 * the admin is gone, so are they.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_ADMIN_UNPACK_H
#define CONVENTION_ADMIN_UNPACK_H

#include "mesh/core/bundle.h"
#include <mesh/error.h>

struct unpacked {
    char path[400]; /* of the directory; empty: nothing is unpacked */
    size_t count;
    int fds[BUNDLE_OBJECTS];
};

/* Unpacks to the directory `path`, which is made. MESH_LOAD_FAILED: that is no bundle, or it has nothing for this architecture;
 * MESH_IO, MESH_TOO_LARGE; then there is nothing left of it. */
MESH_MUST_USE enum mesh_status unpack(struct unpacked *out, const char *path, struct bytes bundle,
                                      struct mesh_error *error);

/* Removes all of it; what a process has loaded stays with that. NULL-safe in all of its parts. */
void unpacked_remove(struct unpacked *unpacked);

#endif
