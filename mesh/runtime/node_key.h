/* Node key: the pair of keys by which a node proves who it is (CURVE), the file that keeps it, and the key in the text of an endpoint.
 *
 *   # what a file looks like: lines like this one, and the secret key
 *   6f1c...64 hex digits
 *
 * Whoever can read the file can speak as the node, so it must be its owner's alone. Rules S7A, S7B.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_NODE_KEY_H
#define MESH_RUNTIME_NODE_KEY_H

#include "mesh/core/trust.h"
#include <mesh/error.h>
#include <string.h>
#include <sys/types.h>

struct node_key {
    uint8_t public_key[FRAME_KEY_BYTES], secret_key[FRAME_KEY_BYTES];
    char text[TRUST_KEY_TEXT]; /* the public one */
};

/* Draws a new pair. MESH_IO where libzmq has no CURVE. */
MESH_MUST_USE enum mesh_status node_key_draw(struct node_key *out, struct mesh_error *error);

/* Reads a file. MESH_NOT_FOUND; MESH_PERMISSION_DENIED, also when it is not this user's alone (mode 0600 or 0400); MESH_INVALID_ARGUMENT when
 * it is no key; MESH_IO. The text names the path and the remedy. */
MESH_MUST_USE enum mesh_status node_key_read(struct node_key *out, const char *path, struct mesh_error *error);

/* The same for a file of another user, as root finds it in the run directory of that one's node. */
MESH_MUST_USE enum mesh_status node_key_read_of(struct node_key *out, const char *path, uid_t owner,
                                                struct mesh_error *error);

/* Writes a file of mode 0600, as a whole or not at all. MESH_EXISTS when there is one and it is not to be replaced;
 * MESH_PERMISSION_DENIED, MESH_IO, MESH_TOO_LARGE (the path). */
MESH_MUST_USE enum mesh_status node_key_write(const struct node_key *key, const char *path, bool replace,
                                              struct mesh_error *error);

/* The key in an endpoint, "tcp://HOST:PORT/KEY": the 64 digits at its end; NULL when there is none. */
const char *node_key_in(struct bytes endpoint);

/* Whether two keys, as they are printed, are the same; neither need be terminated. */
static inline bool node_key_equal(const char *a, const char *b) {
    return memcmp(a, b, TRUST_KEY_TEXT - 1) == 0;
}

#endif
