/* What the sources of a configuration give: files with their includes, the environment, the command line. See
 * config_items.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/config_items.h"
#include "convention/admin/config_settings.h"
#include "convention/admin/config_value.h"
#include <ctype.h>
#include <czmq.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXTS_BYTES = 256 * 1024 * 1024, VARIABLE_BYTES = CONFIG_PATH_BYTES + 16 };

#define VARIABLE_PREFIX "MESH_NODE_"
#define CAPABILITIES "capabilities/"

/* All sources while they are read. */
struct gathering {
    struct config_items *items;
    struct config_mistakes *mistakes;
    const struct config_files *files;
    size_t sources_count, files_count;
    bool no_memory;
};

/* ---- items ---- */

struct config_items *config_items_new(void) {
    struct config_items *items = calloc(1, sizeof *items);
    if (items) {
        arena_init(&items->texts, TEXTS_BYTES);
    }
    return items;
}

void config_items_destroy(struct config_items **handle) {
    struct config_items *items = *handle;
    if (items) {
        arena_fini(&items->texts);
        free(items->items);
        free(items);
        *handle = NULL;
    }
}

const struct config_item *config_items_find(const struct config_items *items, const char *path) {
    for (size_t i = items->count; i-- > 0;) {
        if (strcmp(items->items[i].path, path) == 0) {
            return &items->items[i];
        }
    }
    return NULL;
}

static const char *keep(struct gathering *gathering, const char *text, size_t bytes) {
    char *copy = arena_take(&gathering->items->texts, bytes + 1);
    if (!copy) {
        gathering->no_memory = true;
        return "";
    }
    memcpy(copy, text, bytes);
    copy[bytes] = '\0';
    return copy;
}

static const char *keep_text(struct gathering *gathering, const char *text) {
    return keep(gathering, text, strlen(text));
}

static bool make_room(struct config_items *items) {
    size_t room = items->room ? 2 * items->room : 64;
    struct config_item *more = items->count < items->room ? items->items : realloc(items->items, room * sizeof *more);
    if (more && items->count == items->room) {
        items->items = more;
        items->room = room;
    }
    return more != NULL;
}

/* Adds a copy of the item; its place is one of this gathering. */
static void add(struct gathering *gathering, const struct config_item *item) {
    struct config_items *items = gathering->items;
    if (!make_room(items)) {
        gathering->no_memory = true;
        return;
    }
    items->items[items->count++] = (struct config_item){.place = item->place,
                                                        .path = keep_text(gathering, item->path),
                                                        .value = item->value ? keep_text(gathering, item->value) : NULL,
                                                        .quoted = item->quoted};
}

/* The name of the source lasts as long as the items. */
static struct config_place place_of(struct gathering *gathering, const char *source) {
    return (struct config_place){.source = source, .order = gathering->sources_count++};
}

/* ---- files ---- */

/* A file while it is read, and the one that includes it. */
struct opened {
    const struct opened *outer;
    unsigned depth;
    char real[PATH_MAX]; /* tells files apart that have several names */
    struct config_place place;
    struct config_lines lines;
    size_t next; /* of the lines, in step with the walk through the tree */
};

static char *read_stream(int fd, size_t *size) {
    char *text = malloc(CONFIG_FILE_BYTES + 1);
    *size = 0;
    for (ssize_t got = 1; text && got > 0 && *size <= CONFIG_FILE_BYTES; *size += got > 0 ? (size_t)got : 0) {
        got = read(fd, text + *size, CONFIG_FILE_BYTES + 1 - *size);
        if (got < 0) {
            free(text);
            return NULL;
        }
    }
    if (text && *size > CONFIG_FILE_BYTES) {
        free(text);
        errno = EFBIG;
        return NULL;
    }
    return text;
}

/* A pipe could be read once only, and block. */
static char *read_file(const void *user, const char *path, size_t *size) {
    (void)user;
    struct stat found;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return NULL;
    }
    char *text = NULL;
    if (fstat(fd, &found) == 0) {
        errno = S_ISDIR(found.st_mode) ? EISDIR : EINVAL;
        text = S_ISREG(found.st_mode) ? read_stream(fd, size) : NULL;
    }
    int code = errno;
    (void)close(fd);
    errno = code;
    return text;
}

static const struct config_files system_files = {.read = read_file};

static const char *why_not(int code) {
    return code == EINVAL ? "it is not a regular file" : code == EFBIG ? "it is larger than 1 MiB" : strerror(code);
}

/* A value that is absent and one that is empty are the same to zconfig; the form tells them apart. */
static const char *value_of(zconfig_t *node, struct config_line line) {
    const char *value = zconfig_value(node);
    return value && (*value || line.quoted) ? value : NULL;
}

static bool read_into(struct gathering *gathering, struct opened *file);

/* The name that an include gives to its file, for mistakes: beside the one that it stands in. */
static void name_beside(const struct opened *file, const char *value, char *out, size_t size) {
    const char *slash = strrchr(file->place.source, '/');
    int directory = *value != '/' && slash ? (int)(slash - file->place.source) + 1 : 0;
    (void)snprintf(out, size, "%.*s%s", directory, file->place.source, value);
}

static void open_file(struct gathering *gathering, struct opened *file, const char *name) {
    file->place = place_of(gathering, keep_text(gathering, name));
    if (!realpath(name, file->real)) {
        (void)snprintf(file->real, sizeof file->real, "%s", name);
    }
}

static bool is_open(const struct opened *file, const char *real) {
    for (; file; file = file->outer) {
        if (strcmp(file->real, real) == 0) {
            return true;
        }
    }
    return false;
}

static void include(struct gathering *gathering, const struct opened *outer, const struct config_item *item) {
    char name[PATH_MAX];
    struct opened file = {.outer = outer, .depth = outer->depth + 1};
    if (!item->value || !*item->value) {
        config_mistake_add(gathering->mistakes, &item->place, item->path,
                           "there is no file: write include = FILE, or remove the line");
        return;
    }
    name_beside(outer, item->value, name, sizeof name);
    open_file(gathering, &file, name);
    if (is_open(outer, file.real)) {
        config_mistake_add(gathering->mistakes, &item->place, item->path,
                           "\"%.100s\" is being read already, so this would never end: remove one of the includes",
                           item->value);
    } else if (file.depth == CONFIG_INCLUDE_DEPTH || gathering->files_count == CONFIG_FILES_MAX) {
        config_mistake_add(gathering->mistakes, &item->place, item->path,
                           "\"%.100s\" is one too many: at most %d files, %d deep", item->value, CONFIG_FILES_MAX,
                           CONFIG_INCLUDE_DEPTH);
    } else if (!read_into(gathering, &file)) {
        config_mistake_add(gathering->mistakes, &item->place, item->path, "\"%.100s\" cannot be read: %s", item->value,
                           why_not(errno));
    }
}

/* The path of a node below its parent's; too long a one is cut, and then unknown. */
static void walk(struct gathering *gathering, struct opened *file, zconfig_t *parent, const char *parent_path,
                 unsigned depth) {
    for (zconfig_t *node = zconfig_child(parent); node && file->next < file->lines.count; node = zconfig_next(node)) {
        char path[CONFIG_PATH_BYTES];
        struct text_builder text = text_builder(path, sizeof path);
        text_append(&text, "%s%s%s", parent_path, depth ? "/" : "", zconfig_name(node));
        struct config_line line = file->lines.items[file->next++];
        struct config_item item = {
            .place = file->place, .path = path, .value = value_of(node, line), .quoted = line.quoted};
        item.place.line = line.number;
        if (strcmp(path, "include") == 0) {
            include(gathering, file, &item);
        } else {
            add(gathering, &item);
        }
        walk(gathering, file, node, path, depth + 1);
    }
}

/* The form is right: zconfig can read it. */
static void read_tree(struct gathering *gathering, struct opened *file) {
    char *text = config_lines_pack(&file->lines);
    zconfig_t *root = text ? zconfig_str_load(text) : NULL;
    free(text);
    if (!root) {
        config_mistake_add(gathering->mistakes, &file->place, "",
                           "this is not a configuration in the format of zconfig");
        return;
    }
    walk(gathering, file, root, "", 0);
    zconfig_destroy(&root);
}

/* False, with errno, when it cannot be read. */
static bool read_into(struct gathering *gathering, struct opened *file) {
    size_t size = 0, mistakes = gathering->mistakes->count;
    char *text = gathering->files->read(gathering->files->user, file->place.source, &size);
    if (!text) {
        return false;
    }
    gathering->files_count++;
    if (config_lines_scan(&file->lines, bytes_make(text, size), &file->place, gathering->mistakes) != MESH_OK) {
        gathering->no_memory = true;
    } else if (gathering->mistakes->count == mistakes && file->lines.count > 0) {
        read_tree(gathering, file);
    }
    config_lines_fini(&file->lines);
    free(text);
    return true;
}

static enum mesh_status gather_file(struct gathering *gathering, const char *name) {
    struct opened file = {.outer = NULL};
    open_file(gathering, &file, name);
    if (read_into(gathering, &file)) {
        return MESH_OK;
    }
    int code = errno;
    config_mistake_add(gathering->mistakes, &file.place, "", "cannot be read: %s", why_not(code));
    if (code == ENOENT || code == ENOTDIR) {
        return MESH_NOT_FOUND;
    }
    return code == EACCES || code == EPERM ? MESH_PERMISSION_DENIED : MESH_IO;
}

/* ---- the environment and the command line ---- */

/* What stands for a value in a line of a file; false for a mistake, which is told. */
static bool take_value(struct gathering *gathering, struct config_item *item, const char *text) {
    size_t bytes = strlen(text);
    for (const char *at = text; *at; at++) {
        if ((unsigned char)*at < ' ') {
            config_mistake_add(gathering->mistakes, &item->place, item->path, "there is a control character in it");
            return false;
        }
    }
    item->quoted = *text == '"' || *text == '\'';
    if (item->quoted && (bytes < 2 || text[bytes - 1] != *text)) {
        config_mistake_add(gathering->mistakes, &item->place, item->path, "the closing quote is missing");
        return false;
    }
    item->value = item->quoted ? keep(gathering, text + 1, bytes - 2) : text;
    return true;
}

const char *config_variable(const char *path, char *out, size_t size) {
    (void)snprintf(out, size, VARIABLE_PREFIX "%s", path);
    for (char *at = out + strlen(VARIABLE_PREFIX); *at; at++) {
        *at = (char)(isalnum((unsigned char)*at) ? toupper((unsigned char)*at) : '_');
    }
    return out;
}

static bool is_variable_of(const char *name, const char *path) {
    char variable[VARIABLE_BYTES];
    return strcmp(config_variable(path, variable, sizeof variable), name) == 0;
}

static void unknown_variable(struct gathering *gathering, const struct config_place *place) {
    char names[CONFIG_SETTINGS_MAX][VARIABLE_BYTES];
    const char *known[CONFIG_SETTINGS_MAX];
    size_t count = 0;
    for (; config_settings[count].path; count++) {
        known[count] = config_variable(config_settings[count].path, names[count], sizeof names[count]);
    }
    const char *near = config_guess(place->source, known, count);
    config_mistake_add(gathering->mistakes, place, "", "there is no such setting; %s%s%s",
                       near ? "did you mean " : "docs/configuration.md lists all settings", near ? near : "",
                       near ? "?" : "");
}

/* A capability that the files name is meant by its variable, whatever letters it has; any other has small ones. */
static void gather_capability(struct gathering *gathering, const struct config_item *variable, const char *name) {
    char path[CONFIG_PATH_BYTES];
    struct config_item item = *variable;
    size_t given = gathering->items->count;
    for (size_t i = 0; i < given; i++) {
        item.path = gathering->items->items[i].path;
        if (strncmp(item.path, CAPABILITIES, strlen(CAPABILITIES)) == 0 && is_variable_of(name, item.path)) {
            add(gathering, &item);
        }
    }
    if (gathering->items->count == given) {
        (void)snprintf(path, sizeof path, CAPABILITIES "%s", name + strlen(VARIABLE_PREFIX CAPABILITIES));
        for (char *at = path; *at; at++) {
            *at = (char)tolower((unsigned char)*at);
        }
        item.path = path;
        add(gathering, &item);
    }
}

/* An empty variable is like one that is not there, as for the shell. */
static void gather_variable(struct gathering *gathering, const char *name, const char *value) {
    static const char capabilities[] = VARIABLE_PREFIX "CAPABILITIES_";
    struct config_item item = {.place = place_of(gathering, name), .path = ""};
    if (!take_value(gathering, &item, value)) {
        return;
    }
    if (strncmp(name, capabilities, sizeof capabilities - 1) == 0 && name[sizeof capabilities - 1]) {
        gather_capability(gathering, &item, name);
        return;
    }
    for (size_t i = 0; config_settings[i].path; i++) {
        if (is_variable_of(name, config_settings[i].path)) {
            item.path = config_settings[i].path;
            add(gathering, &item);
            return;
        }
    }
    unknown_variable(gathering, &item.place);
}

static void gather_environment(struct gathering *gathering, const char *const *environment) {
    for (; environment && *environment; environment++) {
        const char *sign = strchr(*environment, '=');
        if (sign && sign[1] && strncmp(*environment, VARIABLE_PREFIX, strlen(VARIABLE_PREFIX)) == 0) {
            gather_variable(gathering, keep(gathering, *environment, (size_t)(sign - *environment)), sign + 1);
        }
    }
}

static void gather_option(struct gathering *gathering, const char *option) {
    const char *sign = strchr(option, '=');
    struct config_item item = {.place = place_of(gathering, "--set"), .path = ""};
    if (!sign || sign == option || !sign[1]) {
        config_mistake_add(gathering->mistakes, &item.place, "",
                           "\"%.100s\" must look like PATH=VALUE, log/level=debug", option);
        return;
    }
    item.path = keep(gathering, option, (size_t)(sign - option));
    if (take_value(gathering, &item, sign + 1)) {
        add(gathering, &item);
    }
}

enum mesh_status config_gather(struct config_items *items, const struct config_sources *sources,
                               struct config_mistakes *mistakes) {
    struct gathering gathering = {
        .items = items, .mistakes = mistakes, .files = sources->files ? sources->files : &system_files};
    enum mesh_status status = sources->file ? gather_file(&gathering, sources->file) : MESH_OK;
    gather_environment(&gathering, sources->environment);
    for (const char *const *option = sources->options; option && *option; option++) {
        gather_option(&gathering, *option);
    }
    return gathering.no_memory ? MESH_NO_MEMORY : status;
}
