/* What the tests of the codec share: a codec on each side, and wire bytes put together by hand.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef TESTS_UNIT_PROTO_WIRE_H
#define TESTS_UNIT_PROTO_WIRE_H

#include "tests/support/wire_same.h"
#include "tests/support/wire_samples.h"
#include <criterion/criterion.h>
#include <stdlib.h>

enum { WIRE_ROOM = 4 * FRAME_PACKED_BYTES };

static struct codec *ours, *theirs;

static inline void wire_setup(void) {
    cr_assert_eq(codec_new(&ours), MESH_OK);
    cr_assert_eq(codec_new(&theirs), MESH_OK);
}

static inline void wire_teardown(void) {
    codec_destroy(&ours);
    codec_destroy(&theirs);
    codec_destroy(&theirs);
}

/* A copy of just the right size, for sanitizers; freed by the caller. */
static inline uint8_t *wire_copy(const uint8_t *data, size_t size) {
    uint8_t *copy = malloc(size ? size : 1);
    cr_assert_not_null(copy);
    if (size) {
        memcpy(copy, data, size);
    }
    return copy;
}

/* Packs a frame into memory that the next call uses again. */
static inline struct bytes wire_pack(const struct frame *frame, struct codec_image *image) {
    static uint8_t packed[FRAME_PACKED_BYTES];
    cr_assert_eq(codec_prepare(ours, frame, image), MESH_OK);
    cr_assert_leq(image->bytes, sizeof packed);
    codec_pack(ours, packed);
    return bytes_make(packed, image->bytes);
}

/* What the other side makes of a frame of ours. */
static inline enum mesh_status wire_send(const struct frame *frame) {
    struct codec_image image;
    struct frame out;
    struct bytes packed = wire_pack(frame, &image);
    return codec_decode(theirs, packed, image.parts, image.parts_count, &out);
}

/* Protobuf by hand, for what no codec of ours writes. */
struct wire_text {
    uint8_t *bytes; /* WIRE_ROOM of them */
    size_t size;
};

static inline void wire_put(struct wire_text *text, const void *bytes, size_t size) {
    cr_assert_leq(text->size + size, WIRE_ROOM);
    if (size) {
        memcpy(text->bytes + text->size, bytes, size);
    }
    text->size += size;
}

static inline void wire_varint(struct wire_text *text, uint64_t value) {
    uint8_t byte;
    for (; value >= 0x80; value >>= 7) {
        byte = (uint8_t)(value | 0x80);
        wire_put(text, &byte, 1);
    }
    byte = (uint8_t)value;
    wire_put(text, &byte, 1);
}

static inline void wire_number(struct wire_text *text, unsigned field, uint64_t value) {
    wire_varint(text, (uint64_t)field << 3);
    wire_varint(text, value);
}

static inline void wire_fixed(struct wire_text *text, unsigned field, uint64_t value) {
    wire_varint(text, (uint64_t)field << 3 | 1);
    for (int i = 0; i < 8; i++) {
        uint8_t byte = (uint8_t)(value >> (8 * i));
        wire_put(text, &byte, 1);
    }
}

static inline void wire_bytes(struct wire_text *text, unsigned field, const void *bytes, size_t size) {
    wire_varint(text, (uint64_t)field << 3 | 2);
    wire_varint(text, size);
    wire_put(text, bytes, size);
}

#endif
