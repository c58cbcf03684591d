/* Keys of nodes: who makes them, and which is in a file. A node with `security = curve` has one; others know it by the public half.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_KEY_H
#define MESH_KEY_H

#include <mesh/error.h>
#include <mesh/export.h>
#include <stdbool.h>

enum { MESH_KEY_TEXT = 65 }; /* room for a public key: 64 hexadecimal digits, and a terminating zero */

/* Draws a key and writes the secret half to a file of mode 0600, as a whole or not at all; `text` gets the public half. MESH_EXISTS
 * when there is a file and it is not to be replaced, MESH_PERMISSION_DENIED, MESH_TOO_LARGE (the path), MESH_IO; `error` may be
 * NULL. From any thread. Rule S7B. */
MESH_MUST_USE MESH_API enum mesh_status mesh_key_make(const char *file, bool replace, char text[MESH_KEY_TEXT],
                                                      struct mesh_error *error);

/* The public half of the key in a file. MESH_NOT_FOUND, MESH_PERMISSION_DENIED (also of a file that others may read),
 * MESH_INVALID_ARGUMENT (it holds no key), MESH_IO; `error` may be NULL. From any thread. */
MESH_MUST_USE MESH_API enum mesh_status mesh_key_public(const char *file, char text[MESH_KEY_TEXT],
                                                        struct mesh_error *error);

#endif
