/* The list of keys as text: one word on a key in each line.
 *
 *   # who may take part
 *   allow KEY PATTERN [STAMP]
 *   revoke KEY [STAMP]
 *
 * A key has 64 hex digits. Without a stamp it is 0, so that anything said in the convention counts more. Pure.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_CORE_TRUST_TEXT_H
#define MESH_CORE_TRUST_TEXT_H

#include "mesh/core/trust.h"

/* A list of FRAME_KEYS entries, as it is written here, is shorter. */
enum { TRUST_TEXT_BYTES = 1024 * 1024 };

/* Is told what is wrong in a line, and what to do. */
typedef void trust_tell(void *context, unsigned line, const char *mistake);

/* Merges all lines of a text into the list. MESH_INVALID_ARGUMENT when there are mistakes, all of which are told,
 * MESH_NO_MEMORY; what was right is merged then. */
MESH_MUST_USE enum mesh_status trust_text_read(struct trust *trust, struct bytes text, trust_tell *tell, void *context);

/* Writes the whole list, with every stamp; terminated. The caller frees it. MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status trust_text_write(const struct trust *trust, char **out);

#endif
