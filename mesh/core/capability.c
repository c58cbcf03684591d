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

/* The copies' place. */
static const struct frame_value *put_values(struct frame_value **to, char **end, const struct frame_value *from,
                                            size_t count) {
    const struct frame_value *copies = *to;
    for (size_t i = 0; i < count; i++) {
        **to = from[i];
        (*to)++->bytes = has_bytes(&from[i]) ? put_bytes(end, from[i].bytes) : (struct bytes){0};
    }
    return copies;
}

/* ---- what is allowed ---- */

static enum mesh_status name_check(struct bytes name) {
    if (!name.size) {
        return MESH_INVALID_ARGUMENT;
    }
    return name.size > FRAME_NAME_BYTES ? MESH_TOO_LARGE : MESH_OK;
}

static bool is_no_number(const struct frame_value *value) {
    return value->kind == FRAME_VALUE_REAL && !(value->real <= 0) && !(value->real >= 0);
}

static enum mesh_status values_check(const struct frame_value *values, size_t count) {
    if (count > FRAME_VALUES) {
        return MESH_TOO_LARGE;
    }
    for (size_t i = 0; i < count; i++) {
        const struct frame_value *value = &values[i];
        if (value->kind == FRAME_VALUE_NONE || is_no_number(value)) {
            return MESH_INVALID_ARGUMENT;
        }
        if (has_bytes(value) && value->bytes.size > FRAME_VALUE_BYTES) {
            return MESH_TOO_LARGE;
        }
    }
    return MESH_OK;
}

static enum mesh_status capability_check(const struct frame_capability *item) {
    enum mesh_status status = name_check(item->name);
    if (status) {
        return status;
    }
    if (!item->list && item->values_count != 1) {
        return MESH_INVALID_ARGUMENT;
    }
    return values_check(item->values, item->values_count);
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

static size_t values_bytes(const struct frame_value *values, size_t count) {
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        size += has_bytes(&values[i]) ? values[i].bytes.size : 0;
    }
    return size;
}

/* Copies checked items, whose names may come in any order. */
static enum mesh_status capabilities_pack(struct frame_capability **out, const struct frame_capability *items,
                                          size_t count) {
    size_t values = 0, size = 0;
    for (size_t i = 0; i < count; i++) {
        values += items[i].values_count;
        size += items[i].name.size + values_bytes(items[i].values, items[i].values_count);
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
        copy[i].values = put_values(&value, &end, items[i].values, items[i].values_count);
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
        if (capability_compare(&a->values[i], &b->values[i]) != CAPABILITY_EQUAL) {
            return false;
        }
    }
    return true;
}

bool capability_set_is(const struct capability_set *set, const struct frame_capability *items, size_t count) {
    if (set->count != count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!capability_equal(&set->items[i], &items[i])) {
            return false;
        }
    }
    return true;
}

bool capability_set_equal(const struct capability_set *a, const struct capability_set *b) {
    return capability_set_is(a, b->items, b->count);
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

static enum capability_order order_of(bool greater, bool less) {
    return greater ? CAPABILITY_GREATER : less ? CAPABILITY_LESS : CAPABILITY_EQUAL;
}

/* Beyond 2^53 several integers become the same real, so it is the real that is cut to an integer; what is cut off decides between
 * equals. */
static enum capability_order compare_mixed(int64_t integer, double real) {
    if (real >= 0x1p63) {
        return CAPABILITY_LESS;
    }
    if (real < -0x1p63) {
        return CAPABILITY_GREATER;
    }
    int64_t whole = (int64_t)real;
    double rest = real - (double)whole;
    if (integer != whole) {
        return integer < whole ? CAPABILITY_LESS : CAPABILITY_GREATER;
    }
    return order_of(0 > rest, 0 < rest);
}

static enum capability_order reverse(enum capability_order order) {
    return order == CAPABILITY_LESS ? CAPABILITY_GREATER : order == CAPABILITY_GREATER ? CAPABILITY_LESS : order;
}

enum capability_order capability_compare(const struct frame_value *a, const struct frame_value *b) {
    if (a->kind == FRAME_VALUE_INTEGER && b->kind == FRAME_VALUE_REAL) {
        return compare_mixed(a->integer, b->real);
    }
    if (a->kind == FRAME_VALUE_REAL && b->kind == FRAME_VALUE_INTEGER) {
        return reverse(compare_mixed(b->integer, a->real));
    }
    if (a->kind != b->kind) {
        return CAPABILITY_UNLIKE;
    }
    switch (a->kind) {
    case FRAME_VALUE_NONE:
        return CAPABILITY_UNLIKE;
    case FRAME_VALUE_FLAG:
        return order_of(a->flag > b->flag, a->flag < b->flag);
    case FRAME_VALUE_INTEGER:
        return order_of(a->integer > b->integer, a->integer < b->integer);
    case FRAME_VALUE_REAL:
        return order_of(a->real > b->real, a->real < b->real);
    case FRAME_VALUE_TEXT:
    case FRAME_VALUE_DATA:
        return order_of(bytes_compare(a->bytes, b->bytes) > 0, bytes_compare(a->bytes, b->bytes) < 0);
    }
    return CAPABILITY_UNLIKE;
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

static bool suits(enum frame_comparison comparison, enum capability_order order) {
    switch (comparison) {
    case FRAME_COMPARE_PRESENT:
    case FRAME_COMPARE_TOLD:
        return false;
    case FRAME_COMPARE_EQUAL:
    case FRAME_COMPARE_IN:
        return order == CAPABILITY_EQUAL;
    case FRAME_COMPARE_NOT_EQUAL:
        return order == CAPABILITY_LESS || order == CAPABILITY_GREATER;
    case FRAME_COMPARE_LESS:
        return order == CAPABILITY_LESS;
    case FRAME_COMPARE_LESS_OR_EQUAL:
        return order == CAPABILITY_LESS || order == CAPABILITY_EQUAL;
    case FRAME_COMPARE_GREATER:
        return order == CAPABILITY_GREATER;
    case FRAME_COMPARE_GREATER_OR_EQUAL:
        return order == CAPABILITY_GREATER || order == CAPABILITY_EQUAL;
    }
    return false;
}

static bool value_meets(const struct frame_value *value, const struct frame_requirement *requirement) {
    for (size_t i = 0; i < requirement->values_count; i++) {
        if (suits(requirement->comparison, capability_compare(value, &requirement->values[i]))) {
            return true;
        }
    }
    return false;
}

static bool is_met(const struct capability_set *set, const struct frame_requirement *requirement) {
    const struct frame_capability *found = capability_set_get(set, requirement->name);
    bool all = requirement->comparison == FRAME_COMPARE_NOT_EQUAL;
    size_t met = 0;
    if (requirement->comparison == FRAME_COMPARE_TOLD) {
        return true; /* that is for the check function */
    }
    if (!found || requirement->comparison == FRAME_COMPARE_PRESENT) {
        return found && capability_is_true(found);
    }
    for (size_t i = 0; i < found->values_count; i++) {
        met += value_meets(&found->values[i], requirement);
    }
    return all ? met == found->values_count : met > 0;
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

static void append_values(struct text_builder *out, const struct frame_requirement *requirement) {
    bool set = requirement->comparison == FRAME_COMPARE_IN;
    text_append(out, set ? "(" : "");
    for (size_t i = 0; i < requirement->values_count; i++) {
        text_append(out, i > 0 ? ", " : "");
        append_value(out, &requirement->values[i]);
    }
    text_append(out, set ? ")" : "");
}

static void append_unmet(struct text_builder *out, const struct capability_set *set,
                         const struct frame_requirement *requirement) {
    static const char *const signs[] = {"", " = ", " != ", " < ", " <= ", " > ", " >= ", " in ", ""};
    append_shown(out, requirement->name);
    text_append(out, "%s", signs[requirement->comparison]);
    append_values(out, requirement);
    text_append(out, " is required and is ");
    const struct frame_capability *found = capability_set_get(set, requirement->name);
    if (!found) {
        text_append(out, "not there");
    } else if (found->list) {
        bool differs = requirement->comparison == FRAME_COMPARE_NOT_EQUAL;
        text_append(out, !found->values_count ? "an empty list" : differs ? "a list with it" : "a list without it");
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

static bool count_suits(const struct frame_requirement *requirement) {
    size_t count = requirement->values_count;
    bool many = requirement->comparison == FRAME_COMPARE_IN || requirement->comparison == FRAME_COMPARE_TOLD;
    return many ? count > 0 : count == (requirement->comparison != FRAME_COMPARE_PRESENT);
}

static enum mesh_status requirement_check(const struct frame_requirement *item) {
    enum mesh_status status = name_check(item->name);
    if (status == MESH_OK && (item->comparison > FRAME_COMPARE_TOLD || !count_suits(item))) {
        status = MESH_INVALID_ARGUMENT;
    }
    return status == MESH_OK ? values_check(item->values, item->values_count) : status;
}

/* Checked items. */
static struct frame_requirement *requirements_pack(const struct frame_requirement *items, size_t count) {
    size_t values = 0, size = 0;
    for (size_t i = 0; i < count; i++) {
        values += items[i].values_count;
        size += items[i].name.size + values_bytes(items[i].values, items[i].values_count);
    }
    struct frame_requirement *copy = malloc(count * sizeof *copy + values * sizeof(struct frame_value) + size + 1);
    if (!copy) {
        return NULL;
    }
    struct frame_value *value = (struct frame_value *)(void *)(copy + count);
    char *end = (char *)(value + values);
    for (size_t i = 0; i < count; i++) {
        copy[i] = items[i];
        copy[i].name = put_bytes(&end, items[i].name);
        copy[i].values = put_values(&value, &end, items[i].values, items[i].values_count);
    }
    return copy;
}

enum mesh_status requirement_set_copy(struct requirement_set *out, const struct frame_requirement *items,
                                      size_t count) {
    if (count > FRAME_REQUIREMENTS_OF_BOTH) {
        return MESH_TOO_LARGE;
    }
    for (size_t i = 0; i < count; i++) {
        enum mesh_status status = requirement_check(&items[i]);
        if (status) {
            return status;
        }
    }
    struct frame_requirement *copy = count ? requirements_pack(items, count) : NULL;
    if (count && !copy) {
        return MESH_NO_MEMORY;
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
