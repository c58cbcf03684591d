/* What went wrong, in words: a status with a text that names the thing and the remedy.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_ERROR_H
#define MESH_ERROR_H

#include <mesh/status.h>

/* Functions that can fail in more ways than a status tells take one as their last argument; NULL when nobody asks.
 * It is written on failure only. */
struct mesh_error {
    enum mesh_status status;
    char text[1024]; /* one line, terminated, without a newline; what does not fit is cut */
};

#endif
