/* SPDX-License-Identifier: MPL-2.0 */
#include "proto/control_names.h"

static bool name_is_valid(struct bytes name) {
    return name.size > 0 && name.size <= FRAME_NAME_BYTES;
}

bool control_put_name_request(struct arena *arena, const struct control_name_request *request,
                              Mesh__Wire__NameRequest *out) {
    mesh__wire__name_request__init(out);
    out->name = codec_text(arena, request->name);
    return out->name;
}

bool control_get_name_request(const Mesh__Wire__NameRequest *wire, struct control_name_request *out) {
    *out = (struct control_name_request){.name = codec_view(wire->name)};
    return name_is_valid(out->name);
}

bool control_put_name_grant(struct arena *arena, const struct control_name_grant *grant, Mesh__Wire__NameGrant *out) {
    mesh__wire__name_grant__init(out);
    out->name = codec_text(arena, grant->name);
    out->text = codec_text(arena, grant->text);
    out->epoch = grant->epoch;
    out->status = (uint32_t)grant->status;
    out->node = grant->address.node;
    out->local = grant->address.local;
    out->admin = grant->admin;
    return out->name && out->text;
}

bool control_get_name_grant(const Mesh__Wire__NameGrant *wire, struct control_name_grant *out) {
    *out = (struct control_name_grant){
        .name = codec_view(wire->name),
        .epoch = wire->epoch,
        .status = (enum mesh_status)wire->status,
        .text = codec_view(wire->text),
        .address = codec_address(wire->node, wire->local),
        .admin = wire->admin,
    };
    return name_is_valid(out->name) && wire->status <= CONTROL_STATUS_MAX && out->text.size <= FRAME_TEXT_BYTES;
}

bool control_put_held(struct arena *arena, const struct control_held_name *names, size_t count,
                      Mesh__Wire__HeldName ***out) {
    Mesh__Wire__HeldName *items = codec_array(arena, count, sizeof *items);
    *out = codec_array(arena, count, sizeof **out);
    if (!items || !*out) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        mesh__wire__held_name__init(&items[i]);
        items[i].name = codec_text(arena, names[i].name);
        items[i].node = names[i].address.node;
        items[i].local = names[i].address.local;
        items[i].epoch = names[i].epoch;
        (*out)[i] = &items[i];
        if (!items[i].name) {
            return false;
        }
    }
    return true;
}

const struct control_held_name *control_get_held(struct arena *arena, Mesh__Wire__HeldName *const *wire, size_t count) {
    struct control_held_name *items = count > CONTROL_NAMES ? NULL : codec_array(arena, count, sizeof *items);
    for (size_t i = 0; items && i < count; i++) {
        items[i] = (struct control_held_name){.name = codec_view(wire[i]->name),
                                              .address = codec_address(wire[i]->node, wire[i]->local),
                                              .epoch = wire[i]->epoch};
        if (!name_is_valid(items[i].name)) {
            return NULL;
        }
    }
    return items;
}

bool control_put_names_held(struct arena *arena, const struct control_names_held *held, Mesh__Wire__NamesHeld *out) {
    mesh__wire__names_held__init(out);
    out->epoch = held->epoch;
    out->first = held->first;
    out->last = held->last;
    out->n_names = held->count;
    return control_put_held(arena, held->names, held->count, &out->names);
}

bool control_get_names_held(struct arena *arena, const Mesh__Wire__NamesHeld *wire, struct control_names_held *out) {
    *out = (struct control_names_held){.epoch = wire->epoch,
                                       .first = wire->first,
                                       .last = wire->last,
                                       .count = wire->n_names,
                                       .names = control_get_held(arena, wire->names, wire->n_names)};
    return out->names;
}

bool control_put_name_freed(struct arena *arena, const struct control_name_freed *freed, Mesh__Wire__NameFreed *out) {
    mesh__wire__name_freed__init(out);
    out->name = codec_text(arena, freed->name);
    out->node = freed->address.node;
    out->local = freed->address.local;
    out->admin = freed->admin;
    return out->name;
}

bool control_get_name_freed(const Mesh__Wire__NameFreed *wire, struct control_name_freed *out) {
    *out = (struct control_name_freed){
        .name = codec_view(wire->name), .address = codec_address(wire->node, wire->local), .admin = wire->admin};
    return name_is_valid(out->name);
}

bool control_put_name_taken(struct arena *arena, const struct control_name_taken *taken, Mesh__Wire__NameTaken *out) {
    mesh__wire__name_taken__init(out);
    out->name = codec_text(arena, taken->name);
    out->node = taken->address.node;
    out->local = taken->address.local;
    return out->name;
}

bool control_get_name_taken(const Mesh__Wire__NameTaken *wire, struct control_name_taken *out) {
    *out =
        (struct control_name_taken){.name = codec_view(wire->name), .address = codec_address(wire->node, wire->local)};
    return name_is_valid(out->name) && !mesh_address_is_none(out->address);
}
