/* Trust: which keys may take part in a convention, and for which nodes each of them stands.
 *
 * Every admin holds the whole list. Two lists are merged entry by entry: of two words on one key the one with the
 * higher stamp counts, and of two with one stamp the stricter, so that all lists become the same in whatever order
 * they meet. A revoked key stays listed; what is not listed is not allowed. Pure. Rules S7F, S7G.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_CORE_TRUST_H
#define MESH_CORE_TRUST_H

#include "proto/convention.h"
#include <mesh/status.h>

enum {
    TRUST_KEY_TEXT = 2 * FRAME_KEY_BYTES + 1, /* room for a key as it is printed: lower-case hex digits, and a zero */
};

/* No stamp is higher, so that one member's word can never be the last. */
#define TRUST_STAMP_MAX (UINT64_MAX / 2)

struct trust {
    struct frame_trusted *entries; /* in the order of keys */
    size_t count, room, max;
    uint64_t highest; /* of all stamps; 0 when there is none */
    uint64_t digest;  /* of all entries, in whatever order they came: lists with another one differ */
};

/* Allocates nothing yet. At most `max` entries, revoked ones included. */
void trust_init(struct trust *trust, size_t max);
void trust_fini(struct trust *trust); /* NULL-safe; what is zeroed is empty, with room for none */

/* Takes one word on a key, unless the list has a later one; `*changed` says whether it was taken. MESH_INVALID_ARGUMENT
 * (no pattern, one of a revoked key), MESH_TOO_LARGE (the stamp), MESH_FULL, MESH_NO_MEMORY:
 * nothing changed. */
MESH_MUST_USE enum mesh_status trust_merge(struct trust *trust, const struct frame_trusted *word, bool *changed);

/* What the list says of a key; NULL when nothing. It lasts until the next merge. */
const struct frame_trusted *trust_find(const struct trust *trust, const uint8_t key[FRAME_KEY_BYTES]);

/* Whether the key is allowed for any node; and for the node of that name. */
bool trust_knows(const struct trust *trust, const uint8_t key[FRAME_KEY_BYTES]);
bool trust_allows(const struct trust *trust, const uint8_t key[FRAME_KEY_BYTES], struct bytes node_name);

/* How many keys are allowed for the node of that name. */
size_t trust_count(const struct trust *trust, struct bytes node_name);

/* Whether the pattern, a terminated one, stands for the node of that name. */
bool trust_pattern_fits(const char *pattern, struct bytes node_name);

/* NULL when it is a pattern: a node's name, or the beginning of names with one * behind it. Else what is wrong, as the rest of a
 * sentence. */
const char *trust_pattern_mistake(struct bytes pattern);

/* A key as 64 hex digits, which are read in either case. */
const char *trust_key_print(const uint8_t key[FRAME_KEY_BYTES], char out[TRUST_KEY_TEXT]);
bool trust_key_read(struct bytes text, uint8_t out[FRAME_KEY_BYTES]);

#endif
