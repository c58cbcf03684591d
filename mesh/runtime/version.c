/* The version of the library that runs, which may be newer than the headers of who asks.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <mesh/version.h>

const char *mesh_version(void) {
    return MESH_VERSION_TEXT;
}
