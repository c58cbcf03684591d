/* Payload copies on the heap.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/part.h"
#include <stdlib.h>
#include <string.h>

static void free_copy(struct part *part) {
    free(part);
}

struct part *part_copy(struct bytes bytes) {
    struct part *part = malloc(sizeof *part + bytes.size);
    if (!part) {
        return NULL;
    }
    uint8_t *data = (uint8_t *)(part + 1);
    if (bytes.size) {
        memcpy(data, bytes.data, bytes.size);
    }
    atomic_init(&part->holders, 1);
    part->bytes = bytes_make(data, bytes.size);
    part->free = free_copy;
    return part;
}
