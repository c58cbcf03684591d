/* Capabilities: see capability.h. A set is one allocation: the items, then the values, then the bytes of names and
 * values; to change one capability makes a new copy of all, which happens at start and at an operator's word only.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/capability.h"
#include <stdlib.h>
#include <string.h>

static const char *const standard_names[] = {
    "library version", "wire version", "node name", "system base", "host architecture", "watch supported",
};

enum { STANDARD_COUNT = sizeof standard_names / sizeof *standard_names };

/* No name and no value takes more on the wire than its bytes and so many. */
enum { PACKED_OVERHEAD = 16 };

static bool has_bytes(const struct frame_value *value) {
    return value->kind == FRAME_VALUE_TEXT || value->kind == FRAME_VALUE_DATA;
}

static struct bytes put_bytes(char **to, struct bytes from) {
    struct bytes copy = bytes_make(*to, from.size);
    if (from.size) {
        memcpy(*to, from.data, from.size);
    }
    *to += from.size;
    return copy;
}

static struct frame_value put_value(char **to, const struct frame_value *from) {
    struct frame_value copy = *from;
    copy.bytes = has_bytes(from) ? put_bytes(to, from->bytes) : (struct bytes){0};
    return copy;
}

/* ---- what is allowed ---- */

static enum mesh_status name_check(struct bytes name) {
    if (!name.size) {
        return MESH_INVALID_ARGUMENT;
    }
    return name.size > FRAME_NAME_BYTES ? MESH_TOO_LARGE : MESH_OK;
}

static enum mesh_status value_check(const struct frame_value *value) {
    return has_bytes(value) && value->bytes.size > FRAME_VALUE_BYTES ? MESH_TOO_LARGE : MESH_OK;
}

static enum mesh_status capability_check(const struct frame_capability *item) {
    enum mesh_status status = name_check(item->name);
    if (status) {
        return status;
    }
    if (item->values_count > FRAME_VALUES) {
        return MESH_TOO_LARGE;
    }
    if (!item->list && item->values_count != 1) {
        return MESH_INVALID_ARGUMENT;
    }
    for (size_t i = 0; i < item->values_count; i++) {
        if (item->values[i].kind == FRAME_VALUE_NONE) {
            return MESH_INVALID_ARGUMENT;
        }
        if (value_check(&item->values[i])) {
            return MESH_TOO_LARGE;
        }
    }
    return MESH_OK;
}

static enum mesh_status capabilities_check(const struct frame_capability *items, size_t count) {
    if (count > FRAME_CAPABILITIES) {
        return MESH_TOO_LARGE;
    }
    for (size_t i = 0; i < count; i++) {
        enum mesh_status status = capability_check(&items[i]);
        if (status) {
            return status;
        }
    }
    return MESH_OK;
}

/* ---- sets ---- */

static int by_name(const void *a, const void *b) {
    return bytes_compare(((const struct frame_capability *)a)->name, ((const struct frame_capability *)b)->name);
}

static size_t capability_bytes(const struct frame_capability *item, size_t *values) {
    size_t size = item->name.size;
    *values += item->values_count;
    for (size_t i = 0; i < item->values_count; i++) {
        size += has_bytes(&item->values[i]) ? item->values[i].bytes.size : 0;
    }
    return size;
}

/* Copies checked items, whose names may come in any order. */
static enum mesh_status capabilities_pack(struct frame_capability **out, const struct frame_capability *items,
                                          size_t count) {
    size_t values = 0, size = 0;
    for (size_t i = 0; i < count; i++) {
        size += capability_bytes(&items[i], &values);
    }
    if (size + (count + values) * PACKED_OVERHEAD > FRAME_CAPABILITIES_BYTES) {
        return MESH_TOO_LARGE;
    }
    struct frame_capability *copy = malloc(count * sizeof *copy + values * sizeof(struct frame_value) + size + 1);
    if (!copy) {
        return MESH_NO_MEMORY;
    }
    struct frame_value *value = (struct frame_value *)(void *)(copy + count);
    char *end = (char *)(value + values);
    for (size_t i = 0; i < count; i++) {
        copy[i] = items[i];
        copy[i].name = put_bytes(&end, items[i].name);
        copy[i].values = value;
        for (size_t j = 0; j < items[i].values_count; j++) {
            *value++ = put_value(&end, &items[i].values[j]);
        }
    }
    qsort(copy, count, sizeof *copy, by_name);
    *out = copy;
    return MESH_OK;
}

enum mesh_status capability_set_copy(struct capability_set *out, const struct frame_capability *items, size_t count) {
    enum mesh_status status = capabilities_check(items, count);
    if (status) {
        return status;
    }
    if (!count) {
        *out = (struct capability_set){0};
        return MESH_OK;
    }
    struct frame_capability *copy;
    status = capabilities_pack(&copy, items, count);
    if (status) {
        return status;
    }
    for (size_t i = 1; i < count; i++) {
        if (bytes_equal(copy[i - 1].name, copy[i].name)) {
            free(copy);
            return MESH_INVALID_ARGUMENT;
        }
    }
    *out = (struct capability_set){.count = count, .items = copy};
    return MESH_OK;
}

/* Replaces, adds or deletes one, whoever may. */
static enum mesh_status put(struct capability_set *set, const struct frame_capability *item) {
    struct frame_capability *items = malloc((set->count + 1) * sizeof *items);
    if (!items) {
        return MESH_NO_MEMORY;
    }
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++) {
        if (!bytes_equal(set->items[i].name, item->name)) {
            items[count++] = set->items[i];
        }
    }
    if (item->values_count || item->list) {
        items[count++] = *item;
    }
    struct capability_set changed;
    enum mesh_status status = capability_set_copy(&changed, items, count);
    free(items);
    if (status == MESH_OK) {
        capability_set_fini(set);
        *set = changed;
    }
    return status;
}

enum mesh_status capability_set_put(struct capability_set *set, const struct frame_capability *item) {
    return capability_is_standard(item->name) ? MESH_REFUSED : put(set, item);
}

enum mesh_status capability_set_renew(struct capability_set *out, const struct capability_set *present,
                                      const struct capability_set *wanted) {
    struct frame_capability items[FRAME_CAPABILITIES + STANDARD_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < wanted->count; i++) {
        items[count++] = wanted->items[i];
    }
    for (size_t i = 0; i < present->count; i++) {
        if (capability_is_standard(present->items[i].name)) {
            items[count++] = present->items[i];
        }
    }
    return capability_set_copy(out, items, count);
}

enum mesh_status capability_set_standard(struct capability_set *set, const struct capability_standard *standard) {
    const char *const texts[STANDARD_COUNT] = {
        standard->library_version, standard->wire_version,      standard->node_name,
        standard->system_base,     standard->host_architecture, NULL,
    };
    for (size_t i = 0; i < STANDARD_COUNT; i++) {
        struct frame_value value = {.kind = FRAME_VALUE_FLAG, .flag = standard->watch_supported};
        if (texts[i]) {
            value = (struct frame_value){.kind = FRAME_VALUE_TEXT, .bytes = bytes_of_text(texts[i])};
        }
        struct frame_capability item = {bytes_of_text(standard_names[i]), 1, &value, false};
        enum mesh_status status = put(set, &item);
        if (status) {
            return status;
        }
    }
    return MESH_OK;
}

void capability_set_fini(struct capability_set *set) {
    if (set) {
        free(set->items);
        *set = (struct capability_set){0};
    }
}

const struct frame_capability *capability_set_get(const struct capability_set *set, struct bytes name) {
    struct frame_capability key = {.name = name};
    return set->count ? bsearch(&key, set->items, set->count, sizeof *set->items, by_name) : NULL;
}

static bool capability_equal(const struct frame_capability *a, const struct frame_capability *b) {
    if (!bytes_equal(a->name, b->name) || a->list != b->list || a->values_count != b->values_count) {
        return false;
    }
    for (size_t i = 0; i < a->values_count; i++) {
        if (!capability_value_equal(&a->values[i], &b->values[i])) {
            return false;
        }
    }
    return true;
}

bool capability_set_equal(const struct capability_set *a, const struct capability_set *b) {
    if (a->count != b->count) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (!capability_equal(&a->items[i], &b->items[i])) {
            return false;
        }
    }
    return true;
}

bool capability_is_standard(struct bytes name) {
    for (size_t i = 0; i < STANDARD_COUNT; i++) {
        if (bytes_equal(name, bytes_of_text(standard_names[i]))) {
            return true;
        }
    }
    return false;
}

/* ---- judging ---- */

/* An integer beyond 2^53 has neighbours that become the same real, so the way back has to agree as well. */
static bool number_equal(int64_t integer, double real) {
    return real >= -9.2e18 && real <= 9.2e18 && (double)integer == real && (int64_t)real == integer;
}

bool capability_value_equal(const struct frame_value *a, const struct frame_value *b) {
    if (a->kind == FRAME_VALUE_INTEGER && b->kind == FRAME_VALUE_REAL) {
        return number_equal(a->integer, b->real);
    }
    if (a->kind == FRAME_VALUE_REAL && b->kind == FRAME_VALUE_INTEGER) {
        return number_equal(b->integer, a->real);
    }
    if (a->kind != b->kind) {
        return false;
    }
    switch (a->kind) {
    case FRAME_VALUE_NONE:
        return true;
    case FRAME_VALUE_FLAG:
        return a->flag == b->flag;
    case FRAME_VALUE_INTEGER:
        return a->integer == b->integer;
    case FRAME_VALUE_REAL:
        return !(a->real < b->real) && !(a->real > b->real);
    case FRAME_VALUE_TEXT:
    case FRAME_VALUE_DATA:
        return bytes_equal(a->bytes, b->bytes);
    }
    return false;
}

static bool value_is_true(const struct frame_value *value) {
    switch (value->kind) {
    case FRAME_VALUE_NONE:
        return false;
    case FRAME_VALUE_FLAG:
        return value->flag;
    case FRAME_VALUE_INTEGER:
        return value->integer != 0;
    case FRAME_VALUE_REAL:
        return value->real < 0 || value->real > 0;
    case FRAME_VALUE_TEXT:
    case FRAME_VALUE_DATA:
        return value->bytes.size != 0;
    }
    return false;
}

bool capability_is_true(const struct frame_capability *capability) {
    return capability->list ? capability->values_count != 0 : value_is_true(&capability->values[0]);
}

static bool is_met(const struct capability_set *set, const struct frame_requirement *requirement) {
    const struct frame_capability *found = capability_set_get(set, requirement->name);
    if (!found) {
        return false;
    }
    switch (requirement->comparison) {
    case FRAME_COMPARE_PRESENT:
        return capability_is_true(found);
    case FRAME_COMPARE_EQUAL:
        for (size_t i = 0; i < found->values_count; i++) {
            if (capability_value_equal(&found->values[i], &requirement->value)) {
                return true;
            }
        }
        return false;
    }
    return false;
}

/* ---- in words ---- */

enum { SHOWN_BYTES = 80 };

static void append_shown(struct text_builder *out, struct bytes bytes) {
    text_append_escaped(out, bytes_make(bytes.data, bytes.size < SHOWN_BYTES ? bytes.size : SHOWN_BYTES));
}

static void append_value(struct text_builder *out, const struct frame_value *value) {
    switch (value->kind) {
    case FRAME_VALUE_NONE:
        text_append(out, "nothing");
        break;
    case FRAME_VALUE_FLAG:
        text_append(out, "%s", value->flag ? "true" : "false");
        break;
    case FRAME_VALUE_INTEGER:
        text_append(out, "%lld", (long long)value->integer);
        break;
    case FRAME_VALUE_REAL:
        text_append(out, "%.15g", value->real);
        break;
    case FRAME_VALUE_TEXT:
        text_append(out, "\"");
        append_shown(out, value->bytes);
        text_append(out, "\"");
        break;
    case FRAME_VALUE_DATA:
        text_append(out, "%zu bytes", value->bytes.size);
        break;
    }
}

static void append_unmet(struct text_builder *out, const struct capability_set *set,
                         const struct frame_requirement *requirement) {
    append_shown(out, requirement->name);
    if (requirement->comparison == FRAME_COMPARE_EQUAL) {
        text_append(out, " = ");
        append_value(out, &requirement->value);
    }
    text_append(out, " is required and is ");
    const struct frame_capability *found = capability_set_get(set, requirement->name);
    if (!found) {
        text_append(out, "not there");
    } else if (found->list) {
        text_append(out, found->values_count ? "a list without it" : "an empty list");
    } else {
        append_value(out, &found->values[0]);
    }
}

bool capability_fits(const struct capability_set *set, const struct frame_requirement *requirements, size_t count,
                     char *missing, size_t size) {
    char unread[1];
    struct text_builder text = text_builder(size ? missing : unread, size ? size : sizeof unread);
    bool fits = true;
    for (size_t i = 0; i < count; i++) {
        if (!is_met(set, &requirements[i])) {
            text_append(&text, "%s", fits ? "" : "; ");
            append_unmet(&text, set, &requirements[i]);
            fits = false;
        }
    }
    return fits;
}

/* ---- requirements ---- */

static enum mesh_status requirements_check(const struct frame_requirement *items, size_t count) {
    if (count > FRAME_REQUIREMENTS_OF_BOTH) {
        return MESH_TOO_LARGE;
    }
    for (size_t i = 0; i < count; i++) {
        enum mesh_status status = name_check(items[i].name);
        if (status == MESH_OK) {
            status = value_check(&items[i].value);
        }
        if (status) {
            return status;
        }
    }
    return MESH_OK;
}

enum mesh_status requirement_set_copy(struct requirement_set *out, const struct frame_requirement *items,
                                      size_t count) {
    enum mesh_status status = requirements_check(items, count);
    if (status) {
        return status;
    }
    if (!count) {
        *out = (struct requirement_set){0};
        return MESH_OK;
    }
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        size += items[i].name.size + (has_bytes(&items[i].value) ? items[i].value.bytes.size : 0);
    }
    struct frame_requirement *copy = malloc(count * sizeof *copy + size + 1);
    if (!copy) {
        return MESH_NO_MEMORY;
    }
    char *end = (char *)(copy + count);
    for (size_t i = 0; i < count; i++) {
        copy[i] = items[i];
        copy[i].name = put_bytes(&end, items[i].name);
        copy[i].value = put_value(&end, &items[i].value);
    }
    *out = (struct requirement_set){.count = count, .items = copy};
    return MESH_OK;
}

void requirement_set_fini(struct requirement_set *set) {
    if (set) {
        free(set->items);
        *set = (struct requirement_set){0};
    }
}
