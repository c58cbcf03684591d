/* A payload too large to copy: bytes with an owner that counts who still needs them.
 *
 * Whoever makes one says how it is freed: the heap, or the message of a transport. The count is atomic, since a
 * transport's own thread lets go of what it has sent.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_BASE_PART_H
#define MESH_BASE_PART_H

#include "mesh/base/bytes.h"
#include <stdatomic.h>

struct part {
    atomic_uint holders;
    struct bytes bytes;
    void (*free)(struct part *part); /* called once, by the last holder, on its thread */
};

static inline struct part *part_hold(struct part *part) {
    atomic_fetch_add_explicit(&part->holders, 1, memory_order_relaxed);
    return part;
}

/* NULL-safe. */
static inline void part_release(struct part *part) {
    if (part && atomic_fetch_sub_explicit(&part->holders, 1, memory_order_acq_rel) == 1) {
        part->free(part);
    }
}

/* A copy of `bytes` on the heap, held once; NULL when there is no memory. */
struct part *part_copy(struct bytes bytes);

/* A part on the heap of that many bytes, not yet written, held once; NULL when there is no memory. */
struct part *part_new(size_t bytes);

/* The same part, which nobody else holds, moved to where it has room for `bytes`; what it has stays. Only for one of
 * part_new. NULL when there is no memory: then it is as it was. */
struct part *part_resize(struct part *part, size_t bytes);

/* A stretch of another part, which it holds, nothing copied; NULL when there is no memory. */
struct part *part_slice(struct part *whole, struct bytes stretch);

#endif
