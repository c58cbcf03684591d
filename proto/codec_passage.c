/* Frames that admins pass on, and what they say of the way, to the wire and back.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "proto/codec_memory.h"

/* ---- to the wire ---- */

static bool put_parts(struct codec *codec, const struct frame_forward *forward) {
    if (forward->parts_count > CODEC_PARTS_MAX) {
        codec->parts_count = CODEC_PARTS_MAX + 1;
        return false;
    }
    for (size_t i = 0; i < forward->parts_count; i++) {
        codec->payloads[i] = forward->parts[i]->bytes;
        codec->parts[i] = forward->parts[i];
    }
    codec->parts_count = forward->parts_count;
    return true;
}

bool codec_put_forward(struct codec *codec, const struct frame_forward *forward) {
    Mesh__Wire__Forward *wire = arena_take(&codec->out, sizeof *wire);
    if (!wire) {
        return false;
    }
    mesh__wire__forward__init(wire);
    wire->origin = forward->origin;
    wire->origin_node = forward->origin_node;
    wire->origin_slot = forward->origin_slot;
    wire->origin_endpoint = codec_text(&codec->out, forward->origin_endpoint);
    wire->target = forward->target;
    wire->target_node = forward->target_node;
    wire->number = forward->number;
    wire->hops = forward->hops;
    codec->frame.body_case = MESH__WIRE__FRAME__BODY_FORWARD;
    codec->frame.forward = wire;
    return wire->origin_endpoint && put_parts(codec, forward);
}

bool codec_put_passage(struct codec *codec, const struct frame_passage *passage) {
    Mesh__Wire__Passage *wire = arena_take(&codec->out, sizeof *wire);
    if (!wire) {
        return false;
    }
    mesh__wire__passage__init(wire);
    wire->origin = passage->origin;
    wire->origin_node = passage->origin_node;
    wire->target = passage->target;
    wire->number = passage->number;
    wire->way = (Mesh__Wire__Way)passage->way;
    codec->frame.body_case = MESH__WIRE__FRAME__BODY_PASSAGE;
    codec->frame.passage = wire;
    return true;
}

/* ---- from the wire ---- */

bool codec_get_forward(const Mesh__Wire__Forward *wire, struct codec_inbox *inbox, struct frame_forward *out) {
    *out = (struct frame_forward){
        .origin = wire->origin,
        .origin_node = wire->origin_node,
        .origin_slot = wire->origin_slot,
        .origin_endpoint = codec_view(wire->origin_endpoint),
        .target = wire->target,
        .target_node = wire->target_node,
        .number = wire->number,
        .hops = wire->hops,
        .parts_count = inbox->left,
        .parts = inbox->parts,
    };
    inbox->left = 0;
    return wire->origin && wire->origin_node && wire->target && wire->target_node && wire->origin_slot < 1U << 24 &&
           out->origin_endpoint.size <= FRAME_ENDPOINT_BYTES;
}

bool codec_get_passage(const Mesh__Wire__Passage *wire, struct frame_passage *out) {
    *out = (struct frame_passage){
        .origin = wire->origin,
        .origin_node = wire->origin_node,
        .target = wire->target,
        .number = wire->number,
        .way = (enum frame_way)wire->way,
    };
    return wire->origin && wire->origin_node && wire->target && wire->way >= MESH__WIRE__WAY__WAY_OPEN &&
           wire->way <= MESH__WIRE__WAY__WAY_GONE;
}
