/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/requirement.h"

#include "mesh/runtime/create_terms.h"
#include "mesh/runtime/module.h"
#include "mesh/runtime/value.h"
#include <stdlib.h>
#include <string.h>

enum { PACKED_OVERHEAD = 16 /* of a name, of a value */, VALUE_TEXT_BYTES = 2 * FRAME_REQUIREMENTS_BYTES + 3 };

static bool is_text(const char *value) {
    return value && strnlen(value, VALUE_TEXT_BYTES + 1) <= VALUE_TEXT_BYTES;
}

bool requirement_name_valid(const char *name) {
    return name && create_name_is_valid(name);
}

static size_t values_max(const struct mesh_requirement *item) {
    return is_text(item->value) ? value_count_max(item->value) : 0;
}

/* Its values go where `values` points, and their bytes where `room` does, which move on. */
static bool convert(struct frame_requirement *out, const struct mesh_requirement *item, struct frame_value **values,
                    uint8_t **room) {
    bool list;
    if (!requirement_name_valid(item->name) || item->comparison < MESH_PRESENT || item->comparison > MESH_TOLD) {
        return false;
    }
    *out = (struct frame_requirement){
        .name = bytes_of_text(item->name), .comparison = (enum frame_comparison)item->comparison, .values = *values};
    if (item->comparison == MESH_PRESENT) {
        return true;
    }
    if (!is_text(item->value)) {
        return false;
    }
    if (item->comparison != MESH_IN && item->comparison != MESH_TOLD) {
        (*values)[out->values_count++] = value_read(bytes_of_text(item->value), room);
    } else if (!value_read_all(item->value, *values, &out->values_count, &list, room) ||
               out->values_count > FRAME_VALUES) {
        return false;
    }
    *values += out->values_count;
    return true;
}

/* Not less than what they take on the wire. */
static size_t packed_bytes(const struct frame_requirement *items, size_t count) {
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += items[i].name.size + PACKED_OVERHEAD;
        for (size_t j = 0; j < items[i].values_count; j++) {
            bytes += items[i].values[j].bytes.size + PACKED_OVERHEAD;
        }
    }
    return bytes;
}

enum mesh_status requirements_init(struct requirements *out, const struct mesh_requirement *items, size_t count) {
    if (count > FRAME_REQUIREMENTS || (count > 0 && !items)) {
        return MESH_INVALID_ARGUMENT;
    }
    if (count == 0) {
        *out = (struct requirements){0};
        return MESH_OK;
    }
    size_t values_count = 0, text_bytes = 0;
    for (size_t i = 0; i < count; i++) {
        values_count += values_max(&items[i]);
        text_bytes += is_text(items[i].value) ? strlen(items[i].value) : 0;
    }
    struct frame_requirement *made =
        calloc(1, count * sizeof *made + values_count * sizeof(struct frame_value) + text_bytes);
    if (!made) {
        return MESH_NO_MEMORY;
    }
    struct frame_value *values = (struct frame_value *)(void *)(made + count);
    uint8_t *room = (uint8_t *)(values + values_count);
    for (size_t i = 0; i < count; i++) {
        if (!convert(&made[i], &items[i], &values, &room)) {
            free(made);
            return MESH_INVALID_ARGUMENT;
        }
    }
    if (packed_bytes(made, count) > FRAME_REQUIREMENTS_BYTES) {
        free(made);
        return MESH_INVALID_ARGUMENT;
    }
    *out = (struct requirements){.items = made, .count = count};
    return MESH_OK;
}

void requirements_fini(struct requirements *requirements) {
    free(requirements->items);
    *requirements = (struct requirements){0};
}
