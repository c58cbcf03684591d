/* The version of the library, by semantic versioning.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_VERSION_H
#define MESH_VERSION_H

#include <mesh/export.h>

#define MESH_VERSION_MAJOR 0
#define MESH_VERSION_MINOR 1
#define MESH_VERSION_PATCH 0
#define MESH_VERSION_TEXT "0.1.0"

/* The version of the library that runs, which may be newer than the headers: "0.1.0". */
MESH_API const char *mesh_version(void);

#endif
