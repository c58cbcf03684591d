/* Payloads on the heap, and stretches of other parts.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/part.h"
#include <stdlib.h>
#include <string.h>

static void free_copy(struct part *part) {
    free(part);
}

struct part *part_new(size_t bytes) {
    struct part *part = bytes <= SIZE_MAX - sizeof *part ? malloc(sizeof *part + bytes) : NULL;
    if (!part) {
        return NULL;
    }
    atomic_init(&part->holders, 1);
    part->bytes = bytes_make((uint8_t *)(part + 1), bytes);
    part->free = free_copy;
    return part;
}

struct part *part_resize(struct part *part, size_t bytes) {
    struct part *moved = bytes <= SIZE_MAX - sizeof *part ? realloc(part, sizeof *part + bytes) : NULL;
    if (moved) {
        moved->bytes = bytes_make((uint8_t *)(moved + 1), bytes);
    }
    return moved;
}

struct part *part_copy(struct bytes bytes) {
    struct part *part = part_new(bytes.size);
    if (part && bytes.size) {
        memcpy((uint8_t *)(part + 1), bytes.data, bytes.size);
    }
    return part;
}

struct slice {
    struct part part;
    struct part *whole;
};

static void free_slice(struct part *part) {
    struct slice *slice = (struct slice *)(void *)part;
    part_release(slice->whole);
    free(slice);
}

struct part *part_slice(struct part *whole, struct bytes stretch) {
    struct slice *slice = malloc(sizeof *slice);
    if (!slice) {
        return NULL;
    }
    atomic_init(&slice->part.holders, 1);
    slice->part.bytes = stretch;
    slice->part.free = free_slice;
    slice->whole = part_hold(whole);
    return &slice->part;
}
