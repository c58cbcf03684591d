/* SPDX-License-Identifier: MPL-2.0 */
#include <mesh/version.h>

const char *mesh_version(void) {
    return MESH_VERSION_TEXT;
}
