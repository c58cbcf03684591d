/* Any bytes as a frame: it is refused, or it says the same after another round over the wire.
 *
 * The first byte says how many of the next ones are the sizes of external payloads, which follow; the rest is the first
 * part of the message.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "proto/codec.h"
#include "tests/support/wire_same.h"
#include <stdlib.h>

enum { PARTS_MAX = CODEC_PARTS_MAX + 1 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct bytes take(struct bytes *left, size_t size) {
    size_t taken = size < left->size ? size : left->size;
    struct bytes bytes = bytes_make(left->data, taken);
    *left = bytes_make(left->data + taken, left->size - taken);
    return bytes;
}

static struct codec *codec_once(void) {
    struct codec *codec = NULL;
    CHECK(codec_new(&codec) == MESH_OK);
    return codec;
}

/* Sizes of payloads, then the payloads. */
static size_t read_parts(struct bytes *input, struct part *parts, struct part **pointers) {
    struct bytes count = take(input, 1);
    struct bytes sizes = take(input, count.size ? count.data[0] % (PARTS_MAX + 1) : 0);
    for (size_t i = 0; i < sizes.size; i++) {
        parts[i].bytes = take(input, sizes.data[i]);
        pointers[i] = &parts[i];
    }
    return sizes.size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct codec *first, *second;
    static struct part parts[PARTS_MAX];
    struct part *pointers[PARTS_MAX];
    struct bytes input = bytes_make(data, size);
    struct frame frame, again;
    struct codec_image image;
    if (!first) {
        first = codec_once();
        second = codec_once();
    }
    size_t parts_count = read_parts(&input, parts, pointers);
    if (codec_decode(first, input, pointers, parts_count, &frame) != MESH_OK ||
        codec_prepare(first, &frame, &image) == MESH_TOO_LARGE) {
        return 0; /* what leaves a default out can be just within the limit, and just above it with the default */
    }
    CHECK(image.parts_count == parts_count);
    uint8_t *packed = malloc(image.bytes);
    CHECK(packed);
    codec_pack(first, packed);
    CHECK(codec_decode(second, bytes_make(packed, image.bytes), image.parts, image.parts_count, &again) == MESH_OK);
    CHECK(wire_same_frame(&frame, &again));
    free(packed);
    return 0;
}
