/* The catalogue: which actor types the modules of a path bring, and what they require.
 *
 * The admin runs no user code, also none that a module runs when it is loaded. So a process of its own loads each
 * module in a child of its own, and writes what it found, one line a fact, fields parted by tabs:
 *
 *   module PATH                     what follows is of this module
 *   type NAME                       or: type NAME light
 *   requires NAME present           of the type above
 *   requires NAME equal VALUE       or: unequal, less, most, greater, least, in, told
 *   failed PATH TEXT                this module brings nothing, and why
 *   end                             nothing is missing
 *
 * A module has at most CATALOGUE_BYTES of lines. Of two modules that bring one name, the earlier counts. Rules H2,
 * C2.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_CATALOGUE_H
#define MESH_RUNTIME_CATALOGUE_H

#include <mesh/actor.h>
#include <stddef.h>

enum { CATALOGUE_BYTES = 256 * 1024, CATALOGUE_MODULE_MS = 5000 };

enum catalogue_fact {
    CATALOGUE_MODULE,
    CATALOGUE_TYPE,
    CATALOGUE_REQUIRES,
    CATALOGUE_FAILED,
    CATALOGUE_END,
    CATALOGUE_MALFORMED,
};

struct catalogue_line {
    enum catalogue_fact fact;
    const char *name;  /* path of the module, name of the type or of the requirement */
    const char *value; /* of the requirement, the failure's text, or "light"; else empty */
    enum mesh_comparison comparison;
};

/* Reads one line without its newline; the texts point into `line`, which is changed. */
struct catalogue_line catalogue_parse(char *line);

/* The lines of one type, terminated; CATALOGUE_BYTES are room enough for any. */
void catalogue_print_type(char *text, size_t room, const struct mesh_type *type);

/* Writes the catalogue of all files *.so in the directories of `module_path` (parted by colons), in the order of
 * path and name, to the descriptor. Gives the process's exit code: 0 also when modules failed, 1 when the lines
 * could not be written. */
int catalogue_main(const char *module_path, int output);

/* The same for one source, which was unpacked to that directory (module_load). */
int catalogue_source(const char *directory, int output);

#endif
