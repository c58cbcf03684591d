/* What the files of the codec share: its memory, and the small conversions between views and protobuf-c types.
 *
 * A conversion towards the wire returns false when there is no memory; one from the wire, when the data makes no sense.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef PROTO_CODEC_MEMORY_H
#define PROTO_CODEC_MEMORY_H

#include "mesh.pb-c.h"
#include "mesh/base/arena.h"
#include "proto/codec.h"
#include "proto/control.h"

struct codec {
    struct arena out, in; /* of the present encoding, of the present decoding */
    struct arena control_out, control_in;
    Mesh__Wire__Frame frame; /* prepared, waiting for codec_pack */
    struct part *parts[CODEC_PARTS_MAX];
    struct bytes payloads[CODEC_PARTS_MAX]; /* what of each part is to be sent */
    size_t parts_count;
};

/* What the run conversion takes external payloads from, and what the frame may still carry. */
struct codec_inbox {
    struct part *const *parts;
    size_t left;
    size_t payloads_left, bytes_left;
};

/* A protobuf-c allocator over an arena; its free does nothing. */
ProtobufCAllocator codec_allocator(struct arena *arena);

/* `count` zeroed items; NULL without memory, never for none. */
void *codec_array(struct arena *arena, size_t count, size_t item_bytes);

/* A terminated copy for protobuf-c; NULL without memory. */
char *codec_text(struct arena *arena, struct bytes text);

static inline struct bytes codec_view(const char *text) {
    return bytes_of_text(text);
}

static inline struct mesh_address codec_address(uint64_t node, uint64_t local) {
    return (struct mesh_address){node, local};
}

bool codec_put_batch(struct codec *codec, const struct frame_batch *batch, Mesh__Wire__Batch *out);
bool codec_get_batch(struct arena *arena, const Mesh__Wire__Batch *wire, struct codec_inbox *inbox,
                     struct frame_batch *out);

bool codec_put_forward(struct codec *codec, const struct frame_forward *forward);
bool codec_get_forward(const Mesh__Wire__Forward *wire, struct codec_inbox *inbox, struct frame_forward *out);
bool codec_put_passage(struct codec *codec, const struct frame_passage *passage);
bool codec_get_passage(const Mesh__Wire__Passage *wire, struct frame_passage *out);

bool codec_put_capabilities(struct arena *arena, const struct frame_capability *capabilities, size_t count,
                            Mesh__Wire__Capability ***out);
bool codec_get_capabilities(struct arena *arena, Mesh__Wire__Capability *const *wire, size_t count,
                            const struct frame_capability **out);
bool codec_put_member(struct arena *arena, const struct frame_member *member, Mesh__Wire__Member *out);
bool codec_get_member(struct arena *arena, const Mesh__Wire__Member *wire, struct frame_member *out);
bool codec_put_members(struct arena *arena, const struct frame_member *members, size_t count,
                       Mesh__Wire__Member ***out);
bool codec_get_members(struct arena *arena, Mesh__Wire__Member *const *wire, size_t count,
                       const struct frame_member **out);
bool codec_put_requirements(struct arena *arena, const struct frame_requirement *requirements, size_t count,
                            Mesh__Wire__Requirement ***out);
/* FRAME_REQUIREMENTS_OF_BOTH at most. */
bool codec_get_requirements(struct arena *arena, Mesh__Wire__Requirement *const *wire, size_t count,
                            const struct frame_requirement **out);
bool codec_put_trusted(struct arena *arena, const struct frame_trusted *keys, size_t count,
                       Mesh__Wire__TrustedKey ***out);
bool codec_get_trusted(struct arena *arena, Mesh__Wire__TrustedKey *const *wire, size_t count,
                       const struct frame_trusted **out);

#endif
