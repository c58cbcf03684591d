/* Configurations for tests: files that are texts, and all that a configuration's sources give at once.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef TESTS_UNIT_CONVENTION_CONFIG_TEXTS_H
#define TESTS_UNIT_CONVENTION_CONFIG_TEXTS_H

#include "convention/admin/config.h"
#include <criterion/criterion.h>
#include <czmq.h>
#include <errno.h>

struct config_text {
    const char *name, *text;
};

/* Of a table of texts, the last of which has no name. */
static inline char *config_texts_read(const void *user, const char *path, size_t *size) {
    for (const struct config_text *file = user; file->name; file++) {
        if (strcmp(file->name, path) == 0) {
            *size = strlen(file->text);
            return strdup(file->text);
        }
    }
    errno = ENOENT;
    return NULL;
}

/* A good configuration, of all sources. */
static inline struct config *config_texts_good(const struct config_sources *sources) {
    struct config *config = NULL;
    struct config_mistakes mistakes;
    char line[600] = "";
    zsys_handler_set(NULL);
    if (config_load(&config, sources, &mistakes)) {
        config_mistake_print(&mistakes, 0, line, sizeof line);
        config_mistakes_fini(&mistakes);
    }
    cr_assert_not_null(config, "%s", line);
    return config;
}

/* All mistakes of a configuration, a line each. */
static inline void config_texts_expect(const struct config_sources *sources, const char *expected) {
    struct config *config = NULL;
    struct config_mistakes mistakes;
    char all[4096], line[600];
    struct text_builder builder = text_builder(all, sizeof all);
    zsys_handler_set(NULL);
    cr_assert_neq(config_load(&config, sources, &mistakes), MESH_OK, "%s", expected);
    for (size_t i = 0; i < mistakes.count; i++) {
        text_append(&builder, "%s%s", i ? "\n" : "", config_mistake_print(&mistakes, i, line, sizeof line));
    }
    config_mistakes_fini(&mistakes);
    cr_assert_str_eq(all, expected);
}

#endif
