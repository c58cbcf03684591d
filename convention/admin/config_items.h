/* The items of a configuration: each setting that a source gives, in the order in which they count.
 *
 * First those of the file, where an `include` stands for what is in that file, then those of the environment, then
 * those of the command line: of several for one setting the last one counts (S9D). Texts last as long as the items.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_ADMIN_CONFIG_ITEMS_H
#define CONVENTION_ADMIN_CONFIG_ITEMS_H

#include "convention/admin/config_lines.h"
#include "mesh/base/arena.h"

enum {
    CONFIG_PATH_BYTES = 300,
    CONFIG_FILES_MAX = 64,    /* that one configuration consists of */
    CONFIG_INCLUDE_DEPTH = 8, /* files that include each other */
};

struct config_item {
    struct config_place place;
    const char *path, *value; /* the value is NULL when none was given */
    bool quoted;              /* it stood in quotes: it is a text, whatever it looks like */
};

struct config_items {
    size_t count, room;
    struct config_item *items;
    struct arena texts;
};

/* Items of nothing; NULL without memory. */
struct config_items *config_items_new(void);
void config_items_destroy(struct config_items **items); /* NULL-safe */

/* Gathers what all sources give, and every mistake in how they give it; what such a mistake spoils is left out. The
 * status is that of the file; MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status config_gather(struct config_items *items, const struct config_sources *sources,
                                             struct config_mistakes *mistakes);

/* The item that counts for a setting; NULL when no source gives it. */
const struct config_item *config_items_find(const struct config_items *items, const char *path);

/* The variable of the environment that gives a setting: MESH_NODE_ and the path in capitals, with _ for all that is
 * neither letter nor digit. Cut to `size`; returns `out`. */
const char *config_variable(const char *path, char *out, size_t size);

#endif
