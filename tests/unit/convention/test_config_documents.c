/* What is written about settings is true: docs/configuration.md, the manual page and the sample name those that there are,
 * with their defaults.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/config_print.h"
#include "tests/unit/convention/config_texts.h"
#include <ctype.h>

enum { LINE_BYTES = 1024 };

static char *read_page(const char *name) {
    char path[512];
    (void)snprintf(path, sizeof path, MESH_ROOT "/docs/%s", name);
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file, "%s", path);
    char *text = NULL;
    size_t room = 0;
    cr_assert_gt(getdelim(&text, &room, '\0', file), 0);
    (void)fclose(file);
    return text;
}

static const struct config_setting *setting_of(const char *path) {
    for (const struct config_setting *setting = config_settings; setting->path; setting++) {
        if (strcmp(setting->path, path) == 0) {
            return setting;
        }
    }
    return NULL;
}

/* The default that documents can name, to be freed: NULL when there is none, or when it is the host's name. */
static char *default_of(const struct config_setting *setting) {
    struct config *config;
    cr_assert_eq(config_new(&config), MESH_OK);
    char *value = config_value_text(config, setting);
    config_destroy(&config);
    if (*value && strcmp(setting->path, "node") != 0) {
        return value;
    }
    free(value);
    return NULL;
}

/* The next line, cut to LINE_BYTES; NULL at the end. */
static const char *next_line(const char *text, char line[LINE_BYTES]) {
    size_t bytes = strcspn(text, "\n");
    (void)snprintf(line, LINE_BYTES, "%.*s", (int)bytes, text);
    return *text ? text + bytes + (text[bytes] == '\n') : NULL;
}

/* Whether a page names each setting once, and nothing else; it is told of each name, and forgets none. */
struct names {
    bool seen[CONFIG_SETTINGS_MAX];
};

static void note(struct names *names, const char *path) {
    const struct config_setting *setting = setting_of(path);
    cr_assert_not_null(setting, "there is no setting %s", path);
    cr_assert_not(names->seen[setting - config_settings], "%s stands there twice", path);
    names->seen[setting - config_settings] = true;
}

static void expect_all(const struct names *names) {
    for (size_t i = 0; config_settings[i].path; i++) {
        cr_assert(names->seen[i], "%s is missing", config_settings[i].path);
    }
}

Test(config_documents, S9D_the_tables_of_the_page_name_each_setting_with_its_default) {
    char *page = read_page("configuration.md"), line[LINE_BYTES], path[100], cell[400], wanted[420];
    struct names names = {0};
    for (const char *at = page; (at = next_line(at, line));) {
        if (sscanf(line, "| `%99[^`]` | %399[^|]", path, cell) != 2 || strcmp(path, "capabilities/NAME") == 0) {
            continue;
        }
        note(&names, path);
        char *value = default_of(setting_of(path));
        (void)snprintf(wanted, sizeof wanted, *cell == '`' ? "`%s` " : "%s ", value ? value : "");
        cr_assert(!value || strcmp(cell, wanted) == 0, "%s has the default %s, not %s", path, value, cell);
        free(value);
    }
    expect_all(&names);
    free(page);
}

Test(config_documents, S9D_the_manual_page_names_each_setting_with_its_default) {
    char *page = read_page("man/meshd.conf.5"), path[100], wanted[200];
    struct names names = {0};
    for (char *at = page; (at = strstr(at, "\n.TP\n.B "));) {
        cr_assert_eq(sscanf(at, "\n.TP\n.B %99[^\n]", path), 1);
        at += strlen("\n.TP\n.B ");
        if (strcmp(path, "capabilities/\\fINAME\\fP") == 0) {
            continue;
        }
        note(&names, path);
        char *value = default_of(setting_of(path)), *end = strstr(at, "\n.TP"), *found;
        (void)snprintf(wanted, sizeof wanted, "(default %s", value ? value : "");
        found = strstr(at, wanted);
        cr_assert(!value || (found && (!end || found < end) && strchr(").;", found[strlen(wanted)])), "%s", path);
        free(value);
    }
    expect_all(&names);
    free(page);
}

static struct config *read_text(const char *text) {
    const struct config_text texts[] = {{"sample", text}, {"common.conf", ""}, {NULL, NULL}};
    const struct config_files files = {config_texts_read, texts};
    return config_texts_good(&(struct config_sources){.file = "sample", .files = &files});
}

Test(config_documents, S9D_the_sample_gives_each_setting_its_default) {
    char *sample = read_page("meshd.conf.sample");
    struct config *config = read_text(sample), *defaults = read_text("");
    for (const struct config_setting *setting = config_settings; setting->path; setting++) {
        char *value = config_value_text(config, setting), *wanted = config_value_text(defaults, setting);
        char *documented = default_of(setting);
        cr_assert_str_eq(value, wanted, "%s", setting->path);
        cr_assert_eq(documented != NULL, config_items_find(config->items, setting->path) != NULL, "%s", setting->path);
        free(value);
        free(wanted);
        free(documented);
    }
    cr_assert_eq(config->capabilities.count, 0);
    config_destroy(&config);
    config_destroy(&defaults);
    free(sample);
}

/* What is commented out begins with a name at once; an explanation, with a space. */
Test(config_documents, S9D_what_the_sample_leaves_out_is_there_as_an_example) {
    char *sample = read_page("meshd.conf.sample");
    for (char *at = sample; (at = strchr(at, '#')); at++) {
        if (islower((unsigned char)at[1])) {
            memmove(at, at + 1, strlen(at));
        }
    }
    struct config *config = read_text(sample);
    for (const struct config_setting *setting = config_settings; setting->path; setting++) {
        cr_assert_not_null(config_items_find(config->items, setting->path), "%s is missing", setting->path);
    }
    cr_assert_gt(config->capabilities.count, 0);
    config_destroy(&config);
    free(sample);
}
