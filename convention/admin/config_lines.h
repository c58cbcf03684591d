/* The lines of a configuration file: which of them hold a setting, and what is wrong with their form.
 *
 * czmq's parser gives a tree without line numbers, and stops at the first error with a word on stderr. So the form is
 * judged here
 * first; what passes is parsed without complaint, and the n-th setting of the tree, walked in the order of the file,
 * stands in the n-th of these lines.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_ADMIN_CONFIG_LINES_H
#define CONVENTION_ADMIN_CONFIG_LINES_H

#include "convention/admin/config.h"

enum { CONFIG_LINE_BYTES = 1000, CONFIG_LINES_MAX = 4096, CONFIG_FILE_BYTES = 1024 * 1024 };

/* Where something stands. */
struct config_place {
    const char *source; /* a file, a variable of the environment, an option */
    size_t order;       /* of the sources; what comes later counts more */
    unsigned line;      /* of a file; 0 when it is meant as a whole */
};

struct config_line {
    struct bytes text; /* of the whole line: a view */
    unsigned number;
    bool quoted; /* the value stood in quotes: it is a text, whatever it looks like */
};

struct config_lines {
    size_t count, room;
    struct config_line *items;
};

/* Adds a mistake; without memory it is lost, but not the first. `path` may be "". */
void config_mistake_add(struct config_mistakes *mistakes, const struct config_place *place, const char *path,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The lines that hold settings and no other, terminated: zconfig complains of comments that are indented as nothing
 * else. The caller frees
 * it; NULL without memory. */
char *config_lines_pack(const struct config_lines *lines);

/* Finds the settings of a text and every mistake of form in it; `file` is its place. MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status config_lines_scan(struct config_lines *lines, struct bytes text,
                                                 const struct config_place *file, struct config_mistakes *mistakes);
void config_lines_fini(struct config_lines *lines);

#endif
