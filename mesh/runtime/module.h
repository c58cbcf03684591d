/* Modules: shared objects that bring actor types, and the finding of a type in what is there.
 *
 * A module is loaded once and stays until its process ends: code that an actor ran is never unmapped. What a module
 * says of itself is checked before it is believed; every refusal has a text that names the file and the remedy.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_MODULE_H
#define MESH_RUNTIME_MODULE_H

#include <mesh/actor.h>
#include <mesh/error.h>

enum {
    MODULE_TYPES_MAX = 256,
    MODULE_REQUIREMENTS_MAX = 64,
    MODULE_NAME_BYTES = 255, /* of a type's or a requirement's name */
    MODULE_VALUE_BYTES = 1024,
};

/* Loads the shared object and gives its NULL-terminated types, which live as long as the process. A directory is a source that was unpacked
 * (J1): libraries, and as the last by its name the module.
 * MESH_LOAD_FAILED: missing, unreadable, not loadable, no module, of another ABI, or with a type that is malformed. */
MESH_MUST_USE enum mesh_status module_load(const struct mesh_type *const **types, const char *path,
                                           struct mesh_error *error);

/* The check of a program's own types; `origin` stands in the text. MESH_LOAD_FAILED. */
MESH_MUST_USE enum mesh_status module_check(const struct mesh_type *const *types, const char *origin,
                                            struct mesh_error *error);

/* The type of that name; MESH_UNKNOWN_TYPE, with a text that lists what there is. */
MESH_MUST_USE enum mesh_status module_find(const struct mesh_type **out, const struct mesh_type *const *types,
                                           const char *name, const char *origin, struct mesh_error *error);

/* Whether a type may be called so: 1 to MODULE_NAME_BYTES of what is printable and no space. */
bool module_name_valid(const char *name);

#endif
