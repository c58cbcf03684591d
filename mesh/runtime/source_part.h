/* A part of a source for who asks for it.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_SOURCE_PART_H
#define MESH_RUNTIME_SOURCE_PART_H

#include "proto/control.h"

/* The answer to `wanted`; false when there is nothing at its offset. */
static inline bool source_part(struct control *out, const struct control *wanted, struct bytes bytes) {
    uint64_t offset = wanted->source.offset;
    if (offset >= bytes.size) {
        return false;
    }
    *out = (struct control){.id = wanted->id, .kind = CONTROL_SOURCE};
    out->source = (struct control_source){.what = CONTROL_SOURCE_PART, .hash = wanted->source.hash, .offset = offset};
    out->source.data = bytes_make(bytes.data + offset, size_min(CONTROL_PART_BYTES, bytes.size - offset));
    return true;
}

#endif
