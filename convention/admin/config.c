/* Configuration: see config.h. It finds the settings in a file, and what they must be together.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/config.h"
#include "convention/admin/config_settings.h"
#include "convention/admin/config_value.h"
#include <czmq.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 300, HOST_BYTES = 64, PERCENT_MAX = 1000 };

/* The settings that have settings below them. */
static const char *const sections[] = {"log", "limits", "times", "capabilities"};

enum { SECTIONS_COUNT = sizeof sections / sizeof *sections };

/* One file while it is read. */
struct reader {
    struct config_reading reading;
    struct config_lines lines;
    size_t next;                        /* of the lines, in step with the walk through the tree */
    unsigned seen[CONFIG_SETTINGS_MAX]; /* the line of each setting; 0 when it is not there */
};

/* ---- the walk ---- */

static const char *last_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Names that could have been meant in this place. */
static const char *guess(const char *path) {
    const char *names[CONFIG_SETTINGS_MAX + SECTIONS_COUNT];
    size_t count = 0;
    size_t parent = (size_t)(last_name(path) - path);
    for (size_t i = 0; config_settings[i].path; i++) {
        const char *name = last_name(config_settings[i].path);
        if ((size_t)(name - config_settings[i].path) == parent && strncmp(config_settings[i].path, path, parent) == 0) {
            names[count++] = name;
        }
    }
    for (size_t i = 0; !parent && i < SECTIONS_COUNT; i++) {
        names[count++] = sections[i];
    }
    return config_guess(last_name(path), names, count);
}

/* Where the name would be right, when it stands in the wrong place. */
static const char *place_of(const char *path) {
    for (size_t i = 0; config_settings[i].path; i++) {
        if (strcmp(last_name(config_settings[i].path), last_name(path)) == 0) {
            return config_settings[i].path;
        }
    }
    return NULL;
}

static void unknown(struct reader *reader, const struct config_item *item) {
    const char *near = guess(item->path), *place = place_of(item->path);
    char remedy[200];
    struct text_builder text = text_builder(remedy, sizeof remedy);
    if (near) {
        text_append(&text, "did you mean %s?", near);
    } else if (place) {
        text_append(&text, "did you mean %s?", place);
    } else {
        text_append(&text, "docs/configuration.md lists all settings");
    }
    config_mistake_add(reader->reading.mistakes, item->line.number, item->path, "there is no such setting; %s", remedy);
}

static void read_known(struct reader *reader, const struct config_item *item, size_t index) {
    if (reader->seen[index]) {
        config_mistake_add(reader->reading.mistakes, item->line.number, item->path,
                           "this setting stands in line %u already: keep one of them", reader->seen[index]);
        return;
    }
    reader->seen[index] = item->line.number;
    if (!item->value) {
        config_mistake_add(reader->reading.mistakes, item->line.number, item->path,
                           "there is no value: write %s = VALUE, or remove the line", last_name(item->path));
        return;
    }
    config_read_setting(&reader->reading, item, &config_settings[index]);
}

static bool is_section(const char *path) {
    for (size_t i = 0; i < SECTIONS_COUNT; i++) {
        if (strcmp(sections[i], path) == 0) {
            return true;
        }
    }
    return false;
}

static void read_item(struct reader *reader, const struct config_item *item) {
    static const char capabilities[] = "capabilities/";
    if (is_section(item->path)) {
        if (item->value) {
            config_wrong(&reader->reading, item,
                         "is a value where none is taken: settings stand below this line, indented by four spaces");
        }
        return;
    }
    const char *name = item->path + sizeof capabilities - 1;
    if (strncmp(item->path, capabilities, sizeof capabilities - 1) == 0 && !strchr(name, '/')) {
        if (item->value) {
            config_read_capability(&reader->reading, item, name);
        } else {
            config_mistake_add(reader->reading.mistakes, item->line.number, item->path,
                               "there is no value: write %s = true, or another value", name);
        }
        return;
    }
    for (size_t i = 0; config_settings[i].path; i++) {
        if (strcmp(config_settings[i].path, item->path) == 0) {
            read_known(reader, item, i);
            return;
        }
    }
    unknown(reader, item);
}

/* A value that is absent and one that is empty are the same to zconfig; the form tells them apart. */
static const char *value_of(zconfig_t *node, struct config_line line) {
    const char *value = zconfig_value(node);
    return value && (*value || line.quoted) ? value : NULL;
}

/* The path of a node below its parent's; too long a one is cut, and then unknown. */
static void walk(struct reader *reader, zconfig_t *parent, const char *parent_path, unsigned depth) {
    for (zconfig_t *node = zconfig_child(parent); node; node = zconfig_next(node)) {
        char path[PATH_BYTES];
        struct text_builder text = text_builder(path, sizeof path);
        text_append(&text, "%s%s%s", parent_path, depth ? "/" : "", zconfig_name(node));
        if (reader->next == reader->lines.count) {
            return;
        }
        struct config_item item = {.line = reader->lines.items[reader->next++], .path = path};
        item.value = value_of(node, item.line);
        read_item(reader, &item);
        walk(reader, node, path, depth + 1);
    }
}

/* The profile sets all times, so it counts before any of them, wherever it stands; the walk judges it. */
static void apply_profile(struct reader *reader, zconfig_t *root) {
    if (config_is_reference(zconfig_get(root, "times/profile", ""))) {
        reader->reading.config->times = convention_times_reference;
    }
}

/* ---- what must agree ---- */

static unsigned line_of(const struct reader *reader, const char *path) {
    for (size_t i = 0; config_settings[i].path; i++) {
        if (strcmp(config_settings[i].path, path) == 0) {
            return reader->seen[i];
        }
    }
    return 0;
}

static void judge_hysteresis(struct reader *reader, const struct hysteresis_limits *limits) {
    if (limits->ceiling_ns < limits->first_ns) {
        config_mistake_add(reader->reading.mistakes, line_of(reader, "times/hysteresis"), "times/hysteresis",
                           "must not be longer than times/hysteresis_ceiling, which no delay exceeds");
    }
    if (limits->growth_percent > PERCENT_MAX) {
        config_mistake_add(reader->reading.mistakes, line_of(reader, "times/hysteresis_percent"),
                           "times/hysteresis_percent",
                           "is at most %d: each further attempt lengthens the delay by that", PERCENT_MAX);
    }
}

/* A node that accepts no connections binds nothing, not even what is bound by default. */
static void judge_routing(struct reader *reader) {
    struct config *config = reader->reading.config;
    if (!config->outbound_only) {
        return;
    }
    if (line_of(reader, "bind") && config->bind.count > 0) {
        config_mistake_add(reader->reading.mistakes, line_of(reader, "bind"), "bind",
                           "this node is outbound_only, so nobody is to connect to it: remove one of the two");
    }
    if (config->advertise) {
        config_mistake_add(
            reader->reading.mistakes, line_of(reader, "advertise"), "advertise",
            "this node is outbound_only, so nobody is to be told where to call it: remove one of the two");
    }
    config_list_fini(&config->bind);
}

static void judge_whole(struct reader *reader) {
    const struct config *config = reader->reading.config;
    const struct convention_times *times = &config->times;
    if (reader->reading.beyond && !config->plain_tcp) {
        config_mistake_add(reader->reading.mistakes, reader->reading.beyond, "bind",
                           "this is reachable from other hosts, without encryption: bind to 127.0.0.1, or write "
                           "security = none if that is meant");
    }
    if (times->heartbeat_ns && times->suspect_ns && times->heartbeat_ns >= times->suspect_ns) {
        config_mistake_add(reader->reading.mistakes, line_of(reader, "times/heartbeat"), "times/heartbeat",
                           "must be shorter than times/suspect, or every node is suspect between two heartbeats");
    }
    if (times->suspect_ns && times->silent_ns && times->suspect_ns >= times->silent_ns) {
        config_mistake_add(reader->reading.mistakes, line_of(reader, "times/suspect"), "times/suspect",
                           "must be shorter than times/silent, after which a node counts as lost");
    }
    judge_routing(reader);
    judge_hysteresis(reader, &times->hysteresis);
    if (config->leaders.count > FRAME_LEADERS) {
        config_mistake_add(reader->reading.mistakes, line_of(reader, "leaders"), "leaders",
                           "at most %d nodes may lead a convention", FRAME_LEADERS);
    }
    if (config->preregister.count > config->members_max) {
        config_mistake_add(reader->reading.mistakes, line_of(reader, "preregister"), "preregister",
                           "names more nodes than limits/members allows in the convention");
    }
}

/* ---- making ---- */

void config_destroy(struct config **handle) {
    struct config *config = *handle;
    if (!config) {
        return;
    }
    free(config->name);
    free(config->advertise);
    free(config->run_directory);
    free(config->log_file);
    config_list_fini(&config->bind);
    config_list_fini(&config->leaders);
    config_list_fini(&config->preregister);
    config_list_fini(&config->module_path);
    capability_set_fini(&config->capabilities);
    free(config);
    *handle = NULL;
}

enum mesh_status config_new(struct config **out) {
    struct config *config = calloc(1, sizeof *config);
    char host[HOST_BYTES + 1] = "";
    if (!config) {
        return MESH_NO_MEMORY;
    }
    if (gethostname(host, sizeof host - 1) || !*host) {
        memcpy(host, "node", sizeof "node");
    }
    config->name = strdup(host);
    config->log_level = CONFIG_LOG_INFO;
    config->delivery = delivery_limits_default;
    config->members_max = FRAME_MEMBERS;
    config->actors_max = 65536;
    config->light_hosts = 2;
    config->times = convention_times_default;
    if (!config->name || config_read_list("tcp://127.0.0.1:1900", &config->bind)) {
        config_destroy(&config);
        return MESH_NO_MEMORY;
    }
    *out = config;
    return MESH_OK;
}

static int by_line(const void *a, const void *b) {
    unsigned left = ((const struct config_mistake *)a)->line, right = ((const struct config_mistake *)b)->line;
    return (left > right) - (left < right);
}

/* The form is right: zconfig can read it. */
static void read_tree(struct reader *reader) {
    char *text = config_lines_pack(&reader->lines);
    zconfig_t *root = text ? zconfig_str_load(text) : NULL;
    free(text);
    if (!root) {
        config_mistake_add(reader->reading.mistakes, 0, "", "this is not a configuration in the format of zconfig");
        return;
    }
    apply_profile(reader, root);
    walk(reader, root, "", 0);
    judge_whole(reader);
    zconfig_destroy(&root);
}

enum mesh_status config_parse(struct config **out, const char *file, const char *text, size_t size,
                              struct config_mistakes *mistakes) {
    struct reader reader = {.reading.mistakes = mistakes};
    *mistakes = (struct config_mistakes){.file = strdup(file)};
    enum mesh_status status = mistakes->file ? config_new(&reader.reading.config) : MESH_NO_MEMORY;
    if (status == MESH_OK) {
        status = config_lines_scan(&reader.lines, text, size, mistakes);
    }
    if (status == MESH_OK && !mistakes->count && reader.lines.count) {
        read_tree(&reader);
    }
    config_lines_fini(&reader.lines);
    if (status == MESH_OK && mistakes->count) {
        qsort(mistakes->items, mistakes->count, sizeof *mistakes->items, by_line);
        status = MESH_INVALID_ARGUMENT;
    } else if (status == MESH_OK && reader.reading.no_memory) {
        status = MESH_NO_MEMORY;
    }
    if (status == MESH_NO_MEMORY) {
        config_mistake_add(mistakes, 0, "", "out of memory");
    }
    if (status) {
        config_destroy(&reader.reading.config);
        return status;
    }
    config_mistakes_fini(mistakes);
    *out = reader.reading.config;
    return MESH_OK;
}

/* ---- files ---- */

static enum mesh_status refuse_file(struct config_mistakes *mistakes, const char *file, int code) {
    *mistakes = (struct config_mistakes){.file = strdup(file)};
    config_mistake_add(mistakes, 0, "", "cannot be read: %s", strerror(code));
    if (code == ENOENT || code == ENOTDIR) {
        return MESH_NOT_FOUND;
    }
    return code == EACCES || code == EPERM ? MESH_PERMISSION_DENIED : MESH_IO;
}

enum mesh_status config_load(struct config **out, const char *file, struct config_mistakes *mistakes) {
    FILE *stream = fopen(file, "re");
    if (!stream) {
        return refuse_file(mistakes, file, errno);
    }
    char *text = malloc(CONFIG_FILE_BYTES + 1);
    if (!text) {
        fclose(stream);
        return refuse_file(mistakes, file, ENOMEM);
    }
    size_t size = fread(text, 1, CONFIG_FILE_BYTES + 1, stream);
    int code = ferror(stream) ? errno : size > CONFIG_FILE_BYTES ? EFBIG : 0;
    fclose(stream);
    enum mesh_status status = code ? refuse_file(mistakes, file, code) : config_parse(out, file, text, size, mistakes);
    free(text);
    return status;
}
