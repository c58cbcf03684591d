/* The address of an actor, an admin or a program's endpoint: an opaque value that is final from the start.
 *
 * Compare, order, hash, print, parse, put it in a message; nothing else is to be known about it. It names one
 * life: no address is ever used again, also not after its node was restarted. Rules B1 to B5.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_ADDRESS_H
#define MESH_ADDRESS_H

#include <mesh/export.h>
#include <mesh/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sixteen bytes by value; all zero is "no address". The words are the library's business. */
struct mesh_address {
    uint64_t node;
    uint64_t local;
};

/* Bytes that mesh_address_print needs at most, its terminating zero included. */
#define MESH_ADDRESS_TEXT_BYTES 40

static inline bool mesh_address_equal(struct mesh_address a, struct mesh_address b) {
    return a.node == b.node && a.local == b.local;
}

static inline bool mesh_address_is_none(struct mesh_address a) {
    return a.node == 0 && a.local == 0;
}

/* Less than, equal to or greater than 0, as memcmp: a total order, the same in every process. */
MESH_API int mesh_address_compare(struct mesh_address a, struct mesh_address b);

/* A hash for tables; the same in every process. */
MESH_API uint64_t mesh_address_hash(struct mesh_address a);

/* Writes the address's text, the same in every process and free of spaces (B3), and returns `text`. Never fails. */
MESH_API const char *mesh_address_print(struct mesh_address a, char text[MESH_ADDRESS_TEXT_BYTES]);

/* Reads what mesh_address_print wrote. MESH_INVALID_ADDRESS when the text is anything else; `*out` is then untouched. */
MESH_MUST_USE MESH_API enum mesh_status mesh_address_parse(const char *text, struct mesh_address *out);

#endif
