/* Assemblies: see assembly.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/assembly.h"
#include "mesh/base/check.h"
#include <string.h>

void assembly_begin(struct assembly *assembly, uint64_t first, uint64_t total, uint64_t deadline_ns) {
    CHECK(first > 0 && !assembly->part);
    *assembly = (struct assembly){.first = first, .total = total, .deadline_ns = deadline_ns};
}

bool assembly_continues(const struct assembly *assembly, uint64_t total, uint64_t offset, size_t slice_bytes,
                        bool last) {
    if (!assembly_is_filling(assembly) || total != assembly->total || offset != assembly->filled || slice_bytes == 0) {
        return false;
    }
    return last ? slice_bytes == total - offset : slice_bytes < total - offset;
}

static bool make_room(struct assembly *assembly, size_t bytes) {
    size_t room = assembly->part ? assembly->part->bytes.size : 0;
    if (bytes <= room) {
        return true;
    }
    uint64_t doubled = bytes < 2 * (uint64_t)room ? 2 * (uint64_t)room : bytes;
    size_t grown = (size_t)(doubled < assembly->total ? doubled : assembly->total);
    struct part *part = assembly->part ? part_resize(assembly->part, grown) : part_new(grown);
    if (part) {
        assembly->part = part;
    }
    return part;
}

bool assembly_add(struct assembly *assembly, struct bytes slice) {
    size_t at = (size_t)assembly->filled;
    if (!make_room(assembly, at + slice.size)) {
        return false;
    }
    memcpy((uint8_t *)(uintptr_t)assembly->part->bytes.data + at, slice.data, slice.size); /* nobody else has it yet */
    assembly->filled += slice.size;
    return true;
}

void assembly_refuse(struct assembly *assembly, enum frame_reason reason) {
    part_release(assembly->part);
    assembly->part = NULL;
    assembly->refused = reason;
}

void assembly_end(struct assembly *assembly) {
    part_release(assembly->part);
    *assembly = (struct assembly){0};
}
