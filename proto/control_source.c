/* SPDX-License-Identifier: MPL-2.0 */
#include "proto/control_source.h"

/* protobuf-c does not write into what it packs. */
static ProtobufCBinaryData binary(struct bytes bytes) {
    return (ProtobufCBinaryData){.len = bytes.size, .data = (uint8_t *)(uintptr_t)bytes.data};
}

static struct bytes bytes_of(ProtobufCBinaryData data) {
    return bytes_make(data.data, data.len);
}

bool control_put_source(struct arena *arena, const struct control_source *source, Mesh__Wire__Source *out) {
    mesh__wire__source__init(out);
    out->what = (uint32_t)source->what;
    out->hash = binary(source->hash);
    out->size = source->size;
    out->offset = source->offset;
    out->load = source->load;
    out->number = source->number;
    out->node = source->actor.node;
    out->local = source->actor.local;
    out->flag = source->flag;
    out->text = codec_text(arena, source->text);
    out->data = binary(source->data);
    return out->text;
}

static bool has_hash(enum control_source_what what) {
    return what != CONTROL_SOURCE_AUTHORITY && what != CONTROL_SOURCE_WATCH && what != CONTROL_SOURCE_ARRIVING;
}

static bool has_actor(enum control_source_what what) {
    return what == CONTROL_SOURCE_VALIDATE || what == CONTROL_SOURCE_AUTHORITY || what == CONTROL_SOURCE_WATCH ||
           what == CONTROL_SOURCE_UPDATE;
}

bool control_get_source(const Mesh__Wire__Source *wire, struct control_source *out) {
    *out = (struct control_source){
        .what = (enum control_source_what)wire->what,
        .hash = bytes_of(wire->hash),
        .size = wire->size,
        .offset = wire->offset,
        .load = wire->load,
        .number = wire->number,
        .actor = codec_address(wire->node, wire->local),
        .flag = wire->flag,
        .text = codec_view(wire->text),
        .data = bytes_of(wire->data),
    };
    size_t text_max = out->what == CONTROL_SOURCE_REFUSED ? FRAME_TEXT_BYTES : CONTROL_INFO_BYTES;
    return wire->what >= CONTROL_SOURCE_LOAD && wire->what <= CONTROL_SOURCE_ARRIVING &&
           out->hash.size == (has_hash(out->what) ? CONTROL_HASH_BYTES : 0) &&
           mesh_address_is_none(out->actor) == !has_actor(out->what) && out->text.size <= text_max &&
           out->data.size <= (out->what == CONTROL_SOURCE_PART ? CONTROL_PART_BYTES : 0);
}

bool control_put_sources(struct arena *arena, const struct control_source_status *sources, size_t count,
                         Mesh__Wire__SourceStatus ***out) {
    Mesh__Wire__SourceStatus *items = codec_array(arena, count, sizeof *items);
    *out = codec_array(arena, count, sizeof **out);
    if (!items || !*out) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        mesh__wire__source_status__init(&items[i]);
        items[i].hash = binary(sources[i].hash);
        items[i].info = codec_text(arena, sources[i].info);
        items[i].state = codec_text(arena, sources[i].state);
        items[i].size = sources[i].size;
        items[i].load = sources[i].load;
        items[i].processes = sources[i].processes;
        (*out)[i] = &items[i];
        if (!items[i].info || !items[i].state) {
            return false;
        }
    }
    return true;
}

const struct control_source_status *control_get_sources(struct arena *arena, Mesh__Wire__SourceStatus *const *wire,
                                                        size_t count) {
    struct control_source_status *sources = count > CONTROL_SOURCES ? NULL : codec_array(arena, count, sizeof *sources);
    for (size_t i = 0; sources && i < count; i++) {
        sources[i] = (struct control_source_status){.hash = bytes_of(wire[i]->hash),
                                                    .info = codec_view(wire[i]->info),
                                                    .state = codec_view(wire[i]->state),
                                                    .size = wire[i]->size,
                                                    .load = wire[i]->load,
                                                    .processes = wire[i]->processes};
        if (sources[i].hash.size != CONTROL_HASH_BYTES || sources[i].info.size > CONTROL_INFO_BYTES) {
            return NULL;
        }
    }
    return sources;
}
