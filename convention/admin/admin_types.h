/* Actor types: which there are on this node, where their code is, and what they require of a node.
 *
 * Modules are read once, when the node starts, by a process of its own; programs add theirs while they are attached, and a spawner when it is ready. Of two that
 * bring one name the earlier counts; a program's own wins for what it creates itself.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_ADMIN_ADMIN_TYPES_H
#define CONVENTION_ADMIN_ADMIN_TYPES_H

#include "convention/admin/zygote.h"
#include "mesh/core/capability.h"
#include "proto/control.h"

enum { TYPES_MAX = 4096 };

struct type_entry {
    char *name;
    char *module; /* path; NULL when a program or the spawner brings it */
    char *program;
    bool spawned; /* the spawner hosts it: that type, or, with a * at the end of the name, all whose names begin so */
    struct requirement_set requirements;
    bool light; /* its actors share hosts (A4) */
};

struct types;

MESH_MUST_USE enum mesh_status types_new(struct types **out);
void types_destroy(struct types **types); /* NULL-safe */

/* Reads the modules of a path (directories parted by colons) through the zygote; waits for it, 30 s at most. Modules that fail are
 * logged by `note` and remembered for texts. MESH_IO, MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status types_read_modules(struct types *types, struct zygote *zygote, const char *module_path,
                                                  void (*note)(void *user, const char *text), void *user,
                                                  struct mesh_error *error);

/* The same step by step, for who has other things to do: `kind` is TYPES_OF_PATH, or TYPES_OF_SOURCE with the path of what was unpacked.
 * Each time that its descriptor is readable types_read_on takes what there is; `*ended`: it was all. MESH_IO, MESH_NO_MEMORY: that was
 * it. */
#define TYPES_OF_PATH "catalogue"
#define TYPES_OF_SOURCE "source"
struct type_reading;
struct types_to_read {
    struct types *types;
    struct zygote *zygote;
    const char *kind, *path;
    void (*note)(void *user, const char *text);
    void *user;
};
MESH_MUST_USE enum mesh_status types_begin_reading(struct type_reading **out, const struct types_to_read *what,
                                                   struct mesh_error *error);
int types_reading_fd(const struct type_reading *reading);
MESH_MUST_USE enum mesh_status types_read_on(struct type_reading *reading, bool *ended, struct mesh_error *error);
void types_end_reading(struct type_reading **reading); /* NULL-safe */

size_t types_count(const struct types *types);
const char *types_failures(const struct types *types); /* which module brought nothing, and why; else empty */

/* Takes over what a program brings; its earlier types by the same names are replaced. MESH_FULL, MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status types_add_program(struct types *types, const struct control_types *program);

/* Takes over what the spawner has said that it can host, in lines of a catalogue, which are changed; what it said before counts no more.
 * MESH_PROTOCOL, MESH_INVALID_ARGUMENT: they make no sense; MESH_FULL, MESH_NO_MEMORY. Then it hosts nothing. */
MESH_MUST_USE enum mesh_status types_read_spawner(struct types *types, char *lines,
                                                  void (*note)(void *user, const char *text), void *user);

/* Why it is not there, for texts, until it has said again what it can host. */
void types_note_spawner(struct types *types, const char *why);

/* The type, of that program if it is not empty; one of that name comes before a spawner's that may have it. NULL when nobody brings it. */
const struct type_entry *types_find(const struct types *types, struct bytes name, struct bytes program);

/* Why a name is not known: where was looked, and which modules failed. */
const char *types_why_unknown(const struct types *types, struct bytes name, char *text, size_t bytes);

#endif
