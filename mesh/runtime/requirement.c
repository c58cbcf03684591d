/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/requirement.h"

#include "mesh/runtime/module.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct frame_value requirement_value(const char *text) {
    struct frame_value value = {.kind = FRAME_VALUE_TEXT, .bytes = bytes_of_text(text)};
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) {
        return (struct frame_value){.kind = FRAME_VALUE_FLAG, .flag = text[0] == 't'};
    }
    /* strtod also takes words and hexadecimal numbers, which a configuration has as texts. */
    if (text[0] == 0 || strspn(text, "+-0123456789.eE") != strlen(text)) {
        return value;
    }
    char *end = NULL;
    errno = 0;
    long long integer = strtoll(text, &end, 10);
    if (*end == 0 && errno == 0) {
        return (struct frame_value){.kind = FRAME_VALUE_INTEGER, .integer = integer};
    }
    double real = strtod(text, &end);
    return *end == 0 ? (struct frame_value){.kind = FRAME_VALUE_REAL, .real = real} : value;
}

static bool convert(struct frame_requirement *out, const struct mesh_requirement *item) {
    if (!module_name_valid(item->name)) {
        return false;
    }
    out->name = bytes_of_text(item->name);
    switch (item->comparison) {
    case MESH_PRESENT:
        out->comparison = FRAME_COMPARE_PRESENT;
        return true;
    case MESH_EQUAL:
        out->comparison = FRAME_COMPARE_EQUAL;
        if (!item->value || strnlen(item->value, MODULE_VALUE_BYTES + 1) > MODULE_VALUE_BYTES) {
            return false;
        }
        out->value = requirement_value(item->value);
        return true;
    }
    return false;
}

enum mesh_status requirements_init(struct requirements *out, const struct mesh_requirement *items, size_t count) {
    if (count > FRAME_REQUIREMENTS || (count > 0 && !items)) {
        return MESH_INVALID_ARGUMENT;
    }
    struct frame_requirement *made = count > 0 ? calloc(count, sizeof *made) : NULL;
    if (count > 0 && !made) {
        return MESH_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        if (!convert(&made[i], &items[i])) {
            free(made);
            return MESH_INVALID_ARGUMENT;
        }
    }
    *out = (struct requirements){.items = made, .count = count};
    return MESH_OK;
}

void requirements_fini(struct requirements *requirements) {
    free(requirements->items);
    *requirements = (struct requirements){0};
}
