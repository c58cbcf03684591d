/* The codec: frames to the wire and back. Nothing outside it sees a protobuf type.
 *
 * A codec owns the memory of one encoding and one decoding, which it uses again and again: in a steady state it
 * allocates nothing. One thread at a time.
 *
 * The first ZeroMQ part of a message is a prelude of four bytes ('M', 'W', major, minor) and the packed frame; the payloads that
 * its runs call external follow as parts of their own. Another major version is refused, another minor one is not.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef PROTO_CODEC_H
#define PROTO_CODEC_H

#include "proto/body.h"

enum {
    CODEC_MAJOR = 1,
    CODEC_MINOR = 0,
    CODEC_PRELUDE_BYTES = 4,
    CODEC_PARTS = 64,                  /* external payloads of one frame */
    CODEC_PARTS_MAX = CODEC_PARTS + 1, /* a forwarded one comes before its payloads */
};

struct codec;

MESH_MUST_USE enum mesh_status codec_new(struct codec **out);
void codec_destroy(struct codec **codec); /* NULL-safe */

/* What is to be sent for one frame. */
struct codec_image {
    size_t bytes; /* of the first part */
    size_t parts_count;
    struct part *const
        *parts; /* who owns the external payloads, borrowed from the frame; valid until the next prepare */
    const struct bytes *payloads; /* what of each part is to be sent, perhaps only a slice of it */
};

/* First step of encoding: measures. MESH_TOO_LARGE above FRAME_PACKED_BYTES or CODEC_PARTS, MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status codec_prepare(struct codec *codec, const struct frame *frame, struct codec_image *out);

/* Second step: writes the first part, `image.bytes` long. The frame of the first step must still be as it was. */
void codec_pack(struct codec *codec, uint8_t *into);

/* Reads a frame. `out` views memory of the codec and of the parts until the next decode. MESH_PROTOCOL for what is malformed, makes no
 * sense in itself or is above a limit, MESH_VERSION_MISMATCH for another major version; nothing a peer sends does more. */
MESH_MUST_USE enum mesh_status codec_decode(struct codec *codec, struct bytes packed, struct part *const *parts,
                                            size_t parts_count, struct frame *out);

/* The version that a first part begins with, for telling its sender; false when it is no prelude at all. */
bool codec_version(struct bytes packed, unsigned *major, unsigned *minor);

#endif
