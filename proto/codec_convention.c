/* Values, capabilities, requirements and members, to the wire and back.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "proto/codec_memory.h"

/* ---- to the wire ---- */

static bool put_value(struct arena *arena, const struct frame_value *value, Mesh__Wire__Value *out) {
    mesh__wire__value__init(out);
    switch (value->kind) {
    case FRAME_VALUE_NONE:
        return true;
    case FRAME_VALUE_FLAG:
        out->value_case = MESH__WIRE__VALUE__VALUE_FLAG;
        out->flag = value->flag;
        return true;
    case FRAME_VALUE_INTEGER:
        out->value_case = MESH__WIRE__VALUE__VALUE_INTEGER;
        out->integer = value->integer;
        return true;
    case FRAME_VALUE_REAL:
        out->value_case = MESH__WIRE__VALUE__VALUE_REAL;
        out->real = value->real;
        return true;
    case FRAME_VALUE_TEXT:
        out->value_case = MESH__WIRE__VALUE__VALUE_TEXT;
        out->text = codec_text(arena, value->bytes);
        return out->text;
    case FRAME_VALUE_DATA:
        out->value_case = MESH__WIRE__VALUE__VALUE_DATA;
        out->data.len = value->bytes.size;
        out->data.data = (uint8_t *)(uintptr_t)value->bytes.data; /* protobuf-c only reads it */
        return true;
    }
    CHECK_UNREACHABLE();
}

static bool put_values(struct arena *arena, const struct frame_value *values, size_t count, Mesh__Wire__Value ***out) {
    Mesh__Wire__Value *items = codec_array(arena, count, sizeof *items);
    *out = codec_array(arena, count, sizeof **out);
    if (!items || !*out) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        (*out)[i] = &items[i];
        if (!put_value(arena, &values[i], &items[i])) {
            return false;
        }
    }
    return true;
}

static bool put_capability(struct arena *arena, const struct frame_capability *capability,
                           Mesh__Wire__Capability *out) {
    mesh__wire__capability__init(out);
    out->name = codec_text(arena, capability->name);
    out->list = capability->list;
    out->n_values = capability->values_count;
    return out->name && put_values(arena, capability->values, capability->values_count, &out->values);
}

bool codec_put_requirements(struct arena *arena, const struct frame_requirement *requirements, size_t count,
                            Mesh__Wire__Requirement ***out) {
    Mesh__Wire__Requirement *items = codec_array(arena, count, sizeof *items);
    *out = codec_array(arena, count, sizeof **out);
    if (!items || !*out) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct frame_requirement *requirement = &requirements[i];
        mesh__wire__requirement__init(&items[i]);
        (*out)[i] = &items[i];
        items[i].name = codec_text(arena, requirement->name);
        items[i].comparison = (Mesh__Wire__Comparison)requirement->comparison;
        items[i].n_values = requirement->values_count;
        if (!items[i].name || !put_values(arena, requirement->values, requirement->values_count, &items[i].values)) {
            return false;
        }
    }
    return true;
}

bool codec_put_capabilities(struct arena *arena, const struct frame_capability *capabilities, size_t count,
                            Mesh__Wire__Capability ***out) {
    Mesh__Wire__Capability *items = codec_array(arena, count, sizeof *items);
    *out = codec_array(arena, count, sizeof **out);
    if (!items || !*out) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        (*out)[i] = &items[i];
        if (!put_capability(arena, &capabilities[i], &items[i])) {
            return false;
        }
    }
    return true;
}

bool codec_put_member(struct arena *arena, const struct frame_member *member, Mesh__Wire__Member *out) {
    mesh__wire__member__init(out);
    out->incarnation = member->incarnation;
    out->name = codec_text(arena, member->name);
    out->endpoint = codec_text(arena, member->endpoint);
    out->actors = member->actors;
    out->n_capabilities = member->capabilities_count;
    return out->name && out->endpoint &&
           codec_put_capabilities(arena, member->capabilities, member->capabilities_count, &out->capabilities);
}

bool codec_put_members(struct arena *arena, const struct frame_member *members, size_t count,
                       Mesh__Wire__Member ***out) {
    Mesh__Wire__Member *items = codec_array(arena, count, sizeof *items);
    *out = codec_array(arena, count, sizeof **out);
    if (!items || !*out) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        (*out)[i] = &items[i];
        if (!codec_put_member(arena, &members[i], &items[i])) {
            return false;
        }
    }
    return true;
}

bool codec_put_trusted(struct arena *arena, const struct frame_trusted *keys, size_t count,
                       Mesh__Wire__TrustedKey ***out) {
    Mesh__Wire__TrustedKey *items = codec_array(arena, count, sizeof *items);
    *out = codec_array(arena, count, sizeof **out);
    if (!items || !*out) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        mesh__wire__trusted_key__init(&items[i]);
        items[i].key.len = FRAME_KEY_BYTES;
        items[i].key.data = (uint8_t *)(uintptr_t)keys[i].key; /* protobuf-c only reads these two */
        items[i].pattern = (char *)(uintptr_t)keys[i].pattern;
        items[i].stamp = keys[i].stamp;
        items[i].revoked = keys[i].revoked;
        (*out)[i] = &items[i];
    }
    return true;
}

/* ---- from the wire ---- */

static bool get_value(const Mesh__Wire__Value *wire, struct frame_value *out) {
    *out = (struct frame_value){0};
    switch (wire->value_case) {
    case MESH__WIRE__VALUE__VALUE_FLAG:
        out->kind = FRAME_VALUE_FLAG;
        out->flag = wire->flag;
        return true;
    case MESH__WIRE__VALUE__VALUE_INTEGER:
        out->kind = FRAME_VALUE_INTEGER;
        out->integer = wire->integer;
        return true;
    case MESH__WIRE__VALUE__VALUE_REAL:
        out->kind = FRAME_VALUE_REAL;
        out->real = wire->real;
        return true;
    case MESH__WIRE__VALUE__VALUE_TEXT:
        out->kind = FRAME_VALUE_TEXT;
        out->bytes = codec_view(wire->text);
        return out->bytes.size <= FRAME_VALUE_BYTES;
    case MESH__WIRE__VALUE__VALUE_DATA:
        out->kind = FRAME_VALUE_DATA;
        out->bytes = bytes_make(wire->data.data, wire->data.len);
        return out->bytes.size <= FRAME_VALUE_BYTES;
    case MESH__WIRE__VALUE__VALUE__NOT_SET:
        return true;
    case _MESH__WIRE__VALUE__VALUE__CASE_IS_INT_SIZE:
        return false;
    }
    return false;
}

static bool name_is_valid(struct bytes name) {
    return name.size > 0 && name.size <= FRAME_NAME_BYTES;
}

static bool get_values(struct arena *arena, Mesh__Wire__Value *const *wire, size_t count,
                       const struct frame_value **out) {
    struct frame_value *values = count > FRAME_VALUES ? NULL : codec_array(arena, count, sizeof *values);
    if (!values) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!get_value(wire[i], &values[i])) {
            return false;
        }
    }
    *out = values;
    return true;
}

static bool get_capability(struct arena *arena, const Mesh__Wire__Capability *wire, struct frame_capability *out) {
    *out =
        (struct frame_capability){.name = codec_view(wire->name), .values_count = wire->n_values, .list = wire->list};
    return name_is_valid(out->name) && (wire->list || wire->n_values <= 1) &&
           get_values(arena, wire->values, wire->n_values, &out->values);
}

static bool comparison_is_valid(const Mesh__Wire__Requirement *wire) {
    bool one = wire->comparison != MESH__WIRE__COMPARISON__COMPARISON_PRESENT;
    bool many = wire->comparison == MESH__WIRE__COMPARISON__COMPARISON_IN ||
                wire->comparison == MESH__WIRE__COMPARISON__COMPARISON_TOLD;
    return wire->comparison >= 0 && wire->comparison <= MESH__WIRE__COMPARISON__COMPARISON_TOLD &&
           (many ? wire->n_values > 0 : wire->n_values == one);
}

static bool get_requirement(struct arena *arena, const Mesh__Wire__Requirement *wire, struct frame_requirement *out) {
    out->name = codec_view(wire->name);
    out->comparison = (enum frame_comparison)wire->comparison;
    out->values_count = wire->n_values;
    return name_is_valid(out->name) && comparison_is_valid(wire) &&
           get_values(arena, wire->values, wire->n_values, &out->values);
}

bool codec_get_requirements(struct arena *arena, Mesh__Wire__Requirement *const *wire, size_t count,
                            const struct frame_requirement **out) {
    struct frame_requirement *items =
        count > FRAME_REQUIREMENTS_OF_BOTH ? NULL : codec_array(arena, count, sizeof *items);
    if (!items) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!get_requirement(arena, wire[i], &items[i])) {
            return false;
        }
    }
    *out = items;
    return true;
}

bool codec_get_capabilities(struct arena *arena, Mesh__Wire__Capability *const *wire, size_t count,
                            const struct frame_capability **out) {
    struct frame_capability *items = count > FRAME_CAPABILITIES ? NULL : codec_array(arena, count, sizeof *items);
    if (!items) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!get_capability(arena, wire[i], &items[i])) {
            return false;
        }
    }
    *out = items;
    return true;
}

bool codec_get_member(struct arena *arena, const Mesh__Wire__Member *wire, struct frame_member *out) {
    *out = (struct frame_member){
        .incarnation = wire->incarnation,
        .name = codec_view(wire->name),
        .endpoint = codec_view(wire->endpoint),
        .capabilities_count = wire->n_capabilities,
        .actors = wire->actors,
    };
    return wire->incarnation != 0 && name_is_valid(out->name) && out->endpoint.size <= FRAME_ENDPOINT_BYTES &&
           codec_get_capabilities(arena, wire->capabilities, wire->n_capabilities, &out->capabilities);
}

bool codec_get_members(struct arena *arena, Mesh__Wire__Member *const *wire, size_t count,
                       const struct frame_member **out) {
    struct frame_member *items = count > FRAME_MEMBERS ? NULL : codec_array(arena, count, sizeof *items);
    if (!items) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!codec_get_member(arena, wire[i], &items[i])) {
            return false;
        }
    }
    *out = items;
    return true;
}

bool codec_get_trusted(struct arena *arena, Mesh__Wire__TrustedKey *const *wire, size_t count,
                       const struct frame_trusted **out) {
    struct frame_trusted *items = count > FRAME_TRUSTED ? NULL : codec_array(arena, count, sizeof *items);
    if (!items) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct bytes pattern = codec_view(wire[i]->pattern);
        if (wire[i]->key.len != FRAME_KEY_BYTES || pattern.size > FRAME_PATTERN_BYTES) {
            return false;
        }
        items[i] = (struct frame_trusted){.stamp = wire[i]->stamp, .revoked = wire[i]->revoked};
        memcpy(items[i].key, wire[i]->key.data, FRAME_KEY_BYTES);
        memcpy(items[i].pattern, pattern.data, pattern.size);
    }
    *out = items;
    return true;
}
