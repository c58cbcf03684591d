/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/bundle.h"

static const char magic[8] = {'M', 'E', 'S', 'H', 'S', 'R', 'C', '1'};

enum {
    ELF_TYPE = 16,
    ELF_MACHINE = 18,
    ELF_BITS = 4,
    ELF_DATA = 5,
    ELF_SHARED = 3, /* a type */
    ELF_LITTLE = 1,
    AT_MACHINE = 0,
    AT_BITS = 2,
    AT_DATA = 3,
    AT_ZERO = 4,
    AT_SIZE = 8,
    AT_NAME = 16,
};

/* ---- numbers ---- */

static uint64_t get(const uint8_t *at, size_t bytes) {
    uint64_t value = 0;
    for (size_t i = bytes; i > 0; i--) {
        value = value << 8 | at[i - 1];
    }
    return value;
}

static void put(uint8_t *at, uint64_t value, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

/* ---- objects ---- */

static uint16_t elf_number(const uint8_t *at, uint8_t data) {
    unsigned first = at[0], second = at[1];
    return (uint16_t)(data == ELF_LITTLE ? second << 8 | first : first << 8 | second);
}

struct bundle_machine bundle_machine_of(const uint8_t header[BUNDLE_ELF_BYTES]) {
    return (struct bundle_machine){elf_number(header + ELF_MACHINE, header[ELF_DATA]), header[ELF_BITS],
                                   header[ELF_DATA]};
}

const char *bundle_look(struct bundle_machine *out, struct bytes object) {
    static const uint8_t elf[4] = {0x7f, 'E', 'L', 'F'};
    if (object.size < BUNDLE_ELF_BYTES || memcmp(object.data, elf, sizeof elf) != 0) {
        return "an object is no ELF file";
    }
    struct bundle_machine machine = bundle_machine_of(object.data);
    if (machine.bits < 1 || machine.bits > 2 || machine.data < 1 || machine.data > 2) {
        return "an object is of no known ELF class";
    }
    if (elf_number(object.data + ELF_TYPE, machine.data) != ELF_SHARED) {
        return "an object is no shared object";
    }
    *out = machine;
    return NULL;
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '+' ||
           c == '-' || c == '_';
}

const char *bundle_judge_name(const char *name) {
    size_t length = 0;
    while (is_letter(name[length])) {
        length++;
    }
    bool valid = length > 0 && length <= BUNDLE_NAME_BYTES && name[length] == '\0' && name[0] != '.';
    return valid ? NULL : "the name of an object is none: 1 to 63 letters, digits, or one of . + - _, no dot first";
}

/* ---- reading ---- */

static const char *read_entry(struct bundle_object *out, const uint8_t *at) {
    *out = (struct bundle_object){
        .machine = {(uint16_t)get(at + AT_MACHINE, 2), at[AT_BITS], at[AT_DATA]},
        .bytes.size = get(at + AT_SIZE, 8),
    };
    memcpy(out->name, at + AT_NAME, sizeof out->name);
    if (out->name[BUNDLE_NAME_BYTES] != '\0' || get(at + AT_ZERO, 4) != 0) {
        return "its manifest is malformed";
    }
    for (size_t i = strlen(out->name); i < sizeof out->name; i++) {
        if (out->name[i] != '\0') {
            return "its manifest is malformed";
        }
    }
    return bundle_judge_name(out->name);
}

static bool has_before(const struct bundle *bundle, size_t count, const struct bundle_object *object) {
    for (size_t i = 0; i < count; i++) {
        const struct bundle_object *other = &bundle->objects[i];
        if (bundle_is_for(other, object->machine) && strcmp(other->name, object->name) == 0) {
            return true;
        }
    }
    return false;
}

static const char *read_manifest(struct bundle *bundle, struct bytes from) {
    size_t at = BUNDLE_HEADER_BYTES + bundle->count * BUNDLE_ENTRY_BYTES;
    if (from.size < at) {
        return "it is truncated";
    }
    for (size_t i = 0; i < bundle->count; i++) {
        struct bundle_object *object = &bundle->objects[i];
        const char *fault = read_entry(object, from.data + BUNDLE_HEADER_BYTES + i * BUNDLE_ENTRY_BYTES);
        if (fault) {
            return fault;
        }
        if (has_before(bundle, i, object)) {
            return "two objects of one architecture have one name";
        }
        if (object->bytes.size > from.size - at) {
            return "it is truncated";
        }
        object->bytes.data = from.data + at;
        at += object->bytes.size;
    }
    return at == from.size ? NULL : "there is something behind its last object";
}

static const char *judge_objects(const struct bundle *bundle) {
    for (size_t i = 0; i < bundle->count; i++) {
        struct bundle_machine machine;
        const char *fault = bundle_look(&machine, bundle->objects[i].bytes);
        if (fault) {
            return fault;
        }
        if (!bundle_is_for(&bundle->objects[i], machine)) {
            return "an object is for another architecture than its manifest says";
        }
    }
    return NULL;
}

const char *bundle_parse(struct bundle *out, struct bytes from) {
    if (from.size > BUNDLE_BYTES) {
        return "it is larger than 64 MiB";
    }
    if (from.size < BUNDLE_HEADER_BYTES || memcmp(from.data, magic, sizeof magic) != 0) {
        return "it is no bundle: `mesh source pack` makes one";
    }
    uint64_t count = get(from.data + sizeof magic, 4);
    if (count == 0 || count > BUNDLE_OBJECTS || get(from.data + sizeof magic + 4, 4) != 0) {
        return "its header is malformed: it has 1 to 64 objects";
    }
    out->count = count;
    const char *fault = read_manifest(out, from);
    return fault ? fault : judge_objects(out);
}

size_t bundle_count_for(const struct bundle *bundle, struct bundle_machine machine) {
    size_t count = 0;
    for (size_t i = 0; i < bundle->count; i++) {
        count += bundle_is_for(&bundle->objects[i], machine);
    }
    return count;
}

/* ---- writing ---- */

size_t bundle_bytes(const struct bundle *bundle) {
    size_t bytes = BUNDLE_HEADER_BYTES + bundle->count * BUNDLE_ENTRY_BYTES;
    for (size_t i = 0; i < bundle->count; i++) {
        bytes += bundle->objects[i].bytes.size;
    }
    return bytes;
}

void bundle_write(const struct bundle *bundle, uint8_t *into) {
    size_t head = BUNDLE_HEADER_BYTES + bundle->count * BUNDLE_ENTRY_BYTES;
    memset(into, 0, head);
    memcpy(into, magic, sizeof magic);
    put(into + sizeof magic, bundle->count, 4);
    uint8_t *at = into + head;
    for (size_t i = 0; i < bundle->count; i++) {
        const struct bundle_object *object = &bundle->objects[i];
        uint8_t *entry = into + BUNDLE_HEADER_BYTES + i * BUNDLE_ENTRY_BYTES;
        put(entry + AT_MACHINE, object->machine.machine, 2);
        entry[AT_BITS] = object->machine.bits;
        entry[AT_DATA] = object->machine.data;
        put(entry + AT_SIZE, object->bytes.size, 8);
        memcpy(entry + AT_NAME, object->name, strlen(object->name));
        memcpy(at, object->bytes.data, object->bytes.size);
        at += object->bytes.size;
    }
}
