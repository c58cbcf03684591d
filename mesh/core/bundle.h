/* Bundles: actor code that travels, one file of ELF shared objects for one or several architectures (J1).
 *
 *   header    16 bytes: "MESHSRC1", number of objects (32 bits), 0 (32 bits)
 *   manifest  80 bytes an object: machine (16 bits) and class and data encoding (8 each) as in its ELF header, 0 (32), size (64), name (64
 *             bytes, filled up with zeros)
 *   objects   their bytes, one after the other in the order of the manifest; nothing between them, nothing behind them
 *
 * Numbers are little-endian. A name is 1 to 63 letters, digits, dots, pluses, hyphens and underscores, does not begin with a dot, and is
 * the only one of its kind among those of its architecture; so none can lead out of a directory. Of each architecture the last object is the
 * module, those before it are libraries that it needs, which are loaded in their order and are found by their SONAME.
 *
 * Pure: nothing here is executed, or trusted. What stands in an ELF object behind its header the dynamic loader judges.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_CORE_BUNDLE_H
#define MESH_CORE_BUNDLE_H

#include "mesh/base/bytes.h"

enum {
    BUNDLE_HEADER_BYTES = 16,
    BUNDLE_ENTRY_BYTES = 80,
    BUNDLE_NAME_BYTES = 63,
    BUNDLE_OBJECTS = 64,
    BUNDLE_BYTES = 64 * 1024 * 1024, /* of all of it */
    BUNDLE_ELF_BYTES = 20,           /* of an ELF header, which tell for whom it is */
};

/* For whom an object is, in the numbers of ELF. */
struct bundle_machine {
    uint16_t machine;
    uint8_t bits; /* 1: 32, 2: 64 */
    uint8_t data; /* 1: little-endian, 2: big-endian */
};

struct bundle_object {
    struct bundle_machine machine;
    char name[BUNDLE_NAME_BYTES + 1];
    struct bytes bytes; /* into the bundle */
};

struct bundle {
    size_t count;
    struct bundle_object objects[BUNDLE_OBJECTS];
};

/* Reads one; NULL, or what is wrong with it. */
const char *bundle_parse(struct bundle *out, struct bytes from);

/* How many objects it has for that architecture. */
size_t bundle_count_for(const struct bundle *bundle, struct bundle_machine machine);

static inline bool bundle_is_for(const struct bundle_object *object, struct bundle_machine machine) {
    return object->machine.machine == machine.machine && object->machine.bits == machine.bits &&
           object->machine.data == machine.data;
}

/* For whom an ELF file with that header is. */
struct bundle_machine bundle_machine_of(const uint8_t header[BUNDLE_ELF_BYTES]);

/* For whom a shared object is: NULL, or why those bytes are none. */
const char *bundle_look(struct bundle_machine *out, struct bytes object);

/* NULL, or why no object may be called so. */
const char *bundle_judge_name(const char *name);

/* How many bytes the bundle of these objects has; and writes it. The names are valid, the machines are those of the objects. */
size_t bundle_bytes(const struct bundle *bundle);
void bundle_write(const struct bundle *bundle, uint8_t *into);

#endif
