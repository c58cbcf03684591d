/* Configuration: see config.h. One table names every setting, its kind and where it goes.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/config.h"
#include "convention/admin/config_lines.h"
#include "convention/admin/config_value.h"
#include <czmq.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 300, NAME_BYTES = 64 };

enum setting_kind {
    SETTING_NAME,
    SETTING_PATH,
    SETTING_PATHS,
    SETTING_BIND,
    SETTING_ENDPOINT,
    SETTING_ENDPOINTS,
    SETTING_COUNT,
    SETTING_BYTES,
    SETTING_SPAN,
    SETTING_SPAN_OR_OFF,
    SETTING_MISSES,
    SETTING_LEVEL,
    SETTING_START,
    SETTING_SECURITY,
    SETTING_PROFILE,
};

struct setting {
    const char *path;
    enum setting_kind kind;
    size_t offset;
};

#define AT(member) offsetof(struct config, member)

static const struct setting settings[] = {
    {"node", SETTING_NAME, AT(name)},
    {"bind", SETTING_BIND, AT(bind)},
    {"advertise", SETTING_ENDPOINT, AT(advertise)},
    {"leaders", SETTING_ENDPOINTS, AT(leaders)},
    {"security", SETTING_SECURITY, AT(plain_tcp)},
    {"run_directory", SETTING_PATH, AT(run_directory)},
    {"module_path", SETTING_PATHS, AT(module_path)},
    {"start", SETTING_START, AT(start)},
    {"log/level", SETTING_LEVEL, AT(log_level)},
    {"log/file", SETTING_PATH, AT(log_file)},
    {"limits/window_messages", SETTING_COUNT, AT(delivery.window_messages)},
    {"limits/window_bytes", SETTING_BYTES, AT(delivery.window_bytes)},
    {"limits/mailbox_messages", SETTING_COUNT, AT(delivery.mailbox_messages)},
    {"limits/mailbox_bytes", SETTING_BYTES, AT(delivery.mailbox_bytes)},
    {"limits/message_bytes", SETTING_BYTES, AT(delivery.message_bytes_max)},
    {"limits/members", SETTING_COUNT, AT(members_max)},
    {"limits/actors", SETTING_COUNT, AT(actors_max)},
    {"limits/light_hosts", SETTING_COUNT, AT(light_hosts)},
    {"times/profile", SETTING_PROFILE, AT(times)},
    {"times/period", SETTING_SPAN, AT(times.period_ns)},
    {"times/restart", SETTING_SPAN, AT(times.restart_ns)},
    {"times/misses", SETTING_MISSES, AT(times.misses)},
    {"times/heartbeat", SETTING_SPAN_OR_OFF, AT(times.heartbeat_ns)},
    {"times/suspect", SETTING_SPAN_OR_OFF, AT(times.suspect_ns)},
    {"times/refused", SETTING_SPAN_OR_OFF, AT(times.refused_ns)},
    {"times/silent", SETTING_SPAN_OR_OFF, AT(times.silent_ns)},
};

enum { SETTINGS_COUNT = sizeof settings / sizeof *settings };

/* The settings that have settings below them. */
static const char *const sections[] = {"log", "limits", "times", "capabilities"};

enum { SECTIONS_COUNT = sizeof sections / sizeof *sections };

static const char *const profiles[] = {"default", "reference"};

/* One file while it is read. */
struct reader {
    struct config *config;
    struct config_mistakes *mistakes;
    struct config_lines lines;
    size_t next;                   /* of the lines, in step with the walk through the tree */
    unsigned seen[SETTINGS_COUNT]; /* the line of each setting; 0 when it is not there */
    unsigned beyond;               /* the line that binds beyond loopback */
    bool no_memory;
};

/* The setting in hand. */
struct item {
    struct config_line line;
    const char *path, *value;
};

static void wrong(struct reader *reader, const struct item *item, const char *mistake) {
    config_mistake_add(reader->mistakes, item->line.number, item->path, "\"%.100s\" %s", item->value, mistake);
}

/* ---- one reader for each kind ---- */

static void set_text(struct reader *reader, char **place, const char *value) {
    char *copy = strdup(value);
    if (!copy) {
        reader->no_memory = true;
        return;
    }
    free(*place);
    *place = copy;
}

static void set_list(struct config_list *place, struct config_list *list) {
    config_list_fini(place);
    *place = *list;
}

static void read_name(struct reader *reader, const struct item *item, char **place) {
    size_t length = strlen(item->value);
    if (!length || length > NAME_BYTES || strpbrk(item->value, " \t/\\")) {
        wrong(reader, item, "is no name for a node: use up to 64 letters, digits, '-', '_' and '.'");
        return;
    }
    set_text(reader, place, item->value);
}

static void read_path(struct reader *reader, const struct item *item, char **place) {
    if (!*item->value) {
        wrong(reader, item, "is empty: give a path, or remove the line");
        return;
    }
    set_text(reader, place, item->value);
}

/* Whether every item is an endpoint; the first that is none is told. */
static bool judge_endpoints(struct reader *reader, const struct item *item, const struct config_list *list,
                            bool any_port) {
    for (size_t i = 0; i < list->count; i++) {
        bool beyond = false;
        const char *mistake = config_read_endpoint(list->items[i], any_port, &beyond);
        if (mistake) {
            config_mistake_add(reader->mistakes, item->line.number, item->path, "\"%.100s\" %s", list->items[i],
                               mistake);
            return false;
        }
        if (beyond && any_port) {
            reader->beyond = item->line.number;
        }
    }
    return true;
}

static void read_endpoints(struct reader *reader, const struct item *item, struct config_list *place, bool any_port) {
    struct config_list list = {0};
    if (any_port && strcmp(item->value, "none") == 0) {
        set_list(place, &list);
        return;
    }
    const char *mistake = config_read_list(item->value, &list);
    if (mistake) {
        wrong(reader, item, mistake);
    } else if (judge_endpoints(reader, item, &list, any_port)) {
        set_list(place, &list);
    } else {
        config_list_fini(&list);
    }
}

static void read_endpoint(struct reader *reader, const struct item *item, char **place) {
    bool beyond;
    const char *mistake = config_read_endpoint(item->value, false, &beyond);
    if (mistake) {
        wrong(reader, item, mistake);
        return;
    }
    set_text(reader, place, item->value);
}

static void read_paths(struct reader *reader, const struct item *item, struct config_list *place) {
    struct config_list list = {0};
    const char *mistake = config_read_list(item->value, &list);
    if (mistake) {
        wrong(reader, item, mistake);
        return;
    }
    set_list(place, &list);
}

/* The place of a word among several; -1 when it is none of them, which is told. */
static int read_choice(struct reader *reader, const struct item *item, const char *const *words, size_t count) {
    char choices[200];
    struct text_builder text = text_builder(choices, sizeof choices);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], item->value) == 0) {
            return (int)i;
        }
        text_append(&text, "%s%s", i ? ", " : "", words[i]);
    }
    config_mistake_add(reader->mistakes, item->line.number, item->path, "\"%.100s\" is not one of: %s", item->value,
                       choices);
    return -1;
}

static void read_level(struct reader *reader, const struct item *item, enum config_log_level *place) {
    static const char *const words[] = {"debug", "info", "warning", "error"};
    int choice = read_choice(reader, item, words, 4);
    if (choice >= 0) {
        *place = (enum config_log_level)choice;
    }
}

static void read_start(struct reader *reader, const struct item *item, enum config_start *place) {
    static const char *const words[] = {"fork", "spawn"};
    int choice = read_choice(reader, item, words, 2);
    if (choice >= 0) {
        *place = (enum config_start)choice;
    }
}

static void read_security(struct reader *reader, const struct item *item, bool *place) {
    static const char *const words[] = {"none"};
    *place = read_choice(reader, item, words, 1) == 0;
}

static void read_number(struct reader *reader, const struct item *item, enum setting_kind kind, void *place) {
    size_t count = 0;
    const char *mistake = NULL;
    if (kind == SETTING_SPAN || kind == SETTING_SPAN_OR_OFF) {
        mistake = config_read_span(item->value, kind == SETTING_SPAN_OR_OFF, place);
    } else if (kind == SETTING_BYTES) {
        mistake = config_read_bytes(item->value, place);
    } else if (kind == SETTING_COUNT) {
        mistake = config_read_count(item->value, place);
    } else {
        mistake = config_read_count(item->value, &count);
        if (!mistake) {
            *(unsigned *)place = (unsigned)count;
        }
    }
    if (mistake) {
        wrong(reader, item, mistake);
    }
}

static void read_setting(struct reader *reader, const struct item *item, const struct setting *setting) {
    void *place = (char *)reader->config + setting->offset;
    switch (setting->kind) {
    case SETTING_NAME:
        read_name(reader, item, place);
        break;
    case SETTING_PATH:
        read_path(reader, item, place);
        break;
    case SETTING_PATHS:
        read_paths(reader, item, place);
        break;
    case SETTING_BIND:
        read_endpoints(reader, item, place, true);
        break;
    case SETTING_ENDPOINT:
        read_endpoint(reader, item, place);
        break;
    case SETTING_ENDPOINTS:
        read_endpoints(reader, item, place, false);
        break;
    case SETTING_COUNT:
    case SETTING_BYTES:
    case SETTING_SPAN:
    case SETTING_SPAN_OR_OFF:
    case SETTING_MISSES:
        read_number(reader, item, setting->kind, place);
        break;
    case SETTING_LEVEL:
        read_level(reader, item, place);
        break;
    case SETTING_START:
        read_start(reader, item, place);
        break;
    case SETTING_SECURITY:
        read_security(reader, item, place);
        break;
    case SETTING_PROFILE:
        read_choice(reader, item, profiles, 2); /* it counted already: see apply_profile */
        break;
    }
}

/* ---- capabilities ---- */

/* Several items separated by commas make a list, unless they stand in quotes. */
static void read_capability(struct reader *reader, const struct item *item, const char *name) {
    struct frame_value values[FRAME_VALUES];
    struct frame_capability capability = {.name = bytes_of_text(name), .values = values};
    struct config_list list = {0};
    const char *mistake = NULL;
    if (item->line.quoted || !strchr(item->value, ',')) {
        mistake = config_read_value(bytes_of_text(item->value), item->line.quoted, &values[0]);
        capability.values_count = 1;
    } else {
        mistake = config_read_list(item->value, &list);
        capability.list = true;
        if (!mistake && list.count > FRAME_VALUES) {
            mistake = "has more than 256 items";
        }
        for (; !mistake && capability.values_count < list.count; capability.values_count++) {
            size_t at = capability.values_count;
            mistake = config_read_value(bytes_of_text(list.items[at]), false, &values[at]);
        }
    }
    if (!mistake && capability_set_get(&reader->config->capabilities, capability.name)) {
        mistake = "comes twice: keep one of them";
    } else if (!mistake) {
        enum mesh_status status = capability_set_put(&reader->config->capabilities, &capability);
        mistake = status == MESH_OK ? NULL : mesh_status_text(status);
    }
    if (mistake) {
        wrong(reader, item, mistake);
    }
    config_list_fini(&list);
}

/* ---- the walk ---- */

static const char *last_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Names that could have been meant in this place. */
static const char *guess(const char *path) {
    const char *names[SETTINGS_COUNT + SECTIONS_COUNT];
    size_t count = 0;
    size_t parent = (size_t)(last_name(path) - path);
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        const char *name = last_name(settings[i].path);
        if ((size_t)(name - settings[i].path) == parent && strncmp(settings[i].path, path, parent) == 0) {
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
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        if (strcmp(last_name(settings[i].path), last_name(path)) == 0) {
            return settings[i].path;
        }
    }
    return NULL;
}

static void unknown(struct reader *reader, const struct item *item) {
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
    config_mistake_add(reader->mistakes, item->line.number, item->path, "there is no such setting; %s", remedy);
}

static void read_known(struct reader *reader, const struct item *item, size_t index) {
    if (reader->seen[index]) {
        config_mistake_add(reader->mistakes, item->line.number, item->path,
                           "this setting stands in line %u already: keep one of them", reader->seen[index]);
        return;
    }
    reader->seen[index] = item->line.number;
    if (!item->value) {
        config_mistake_add(reader->mistakes, item->line.number, item->path,
                           "there is no value: write %s = VALUE, or remove the line", last_name(item->path));
        return;
    }
    read_setting(reader, item, &settings[index]);
}

static bool is_section(const char *path) {
    for (size_t i = 0; i < SECTIONS_COUNT; i++) {
        if (strcmp(sections[i], path) == 0) {
            return true;
        }
    }
    return false;
}

static void read_item(struct reader *reader, const struct item *item) {
    static const char capabilities[] = "capabilities/";
    if (is_section(item->path)) {
        if (item->value) {
            wrong(reader, item,
                  "is a value where none is taken: settings stand below this line, indented by four spaces");
        }
        return;
    }
    const char *name = item->path + sizeof capabilities - 1;
    if (strncmp(item->path, capabilities, sizeof capabilities - 1) == 0 && !strchr(name, '/')) {
        if (item->value) {
            read_capability(reader, item, name);
        } else {
            config_mistake_add(reader->mistakes, item->line.number, item->path,
                               "there is no value: write %s = true, or another value", name);
        }
        return;
    }
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        if (strcmp(settings[i].path, item->path) == 0) {
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
        struct item item = {.line = reader->lines.items[reader->next++], .path = path};
        item.value = value_of(node, item.line);
        read_item(reader, &item);
        walk(reader, node, path, depth + 1);
    }
}

/* The profile sets all times, so it counts before any of them, wherever it stands; the walk judges it. */
static void apply_profile(struct reader *reader, zconfig_t *root) {
    if (strcmp(zconfig_get(root, "times/profile", ""), profiles[1]) == 0) {
        reader->config->times = convention_times_reference;
    }
}

/* ---- what must agree ---- */

static unsigned line_of(const struct reader *reader, const char *path) {
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        if (strcmp(settings[i].path, path) == 0) {
            return reader->seen[i];
        }
    }
    return 0;
}

static void judge_whole(struct reader *reader) {
    const struct config *config = reader->config;
    const struct convention_times *times = &config->times;
    if (reader->beyond && !config->plain_tcp) {
        config_mistake_add(reader->mistakes, reader->beyond, "bind",
                           "this is reachable from other hosts, without encryption: bind to 127.0.0.1, or write "
                           "security = none if that is meant");
    }
    if (times->heartbeat_ns && times->suspect_ns && times->heartbeat_ns >= times->suspect_ns) {
        config_mistake_add(reader->mistakes, line_of(reader, "times/heartbeat"), "times/heartbeat",
                           "must be shorter than times/suspect, or every node is suspect between two heartbeats");
    }
    if (times->suspect_ns && times->silent_ns && times->suspect_ns >= times->silent_ns) {
        config_mistake_add(reader->mistakes, line_of(reader, "times/suspect"), "times/suspect",
                           "must be shorter than times/silent, after which a node counts as lost");
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
    config_list_fini(&config->module_path);
    capability_set_fini(&config->capabilities);
    free(config);
    *handle = NULL;
}

enum mesh_status config_new(struct config **out) {
    struct config *config = calloc(1, sizeof *config);
    char host[NAME_BYTES + 1] = "";
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
        config_mistake_add(reader->mistakes, 0, "", "this is not a configuration in the format of zconfig");
        return;
    }
    apply_profile(reader, root);
    walk(reader, root, "", 0);
    judge_whole(reader);
    zconfig_destroy(&root);
}

enum mesh_status config_parse(struct config **out, const char *file, const char *text, size_t size,
                              struct config_mistakes *mistakes) {
    struct reader reader = {.mistakes = mistakes};
    *mistakes = (struct config_mistakes){.file = strdup(file)};
    enum mesh_status status = mistakes->file ? config_new(&reader.config) : MESH_NO_MEMORY;
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
    } else if (status == MESH_OK && reader.no_memory) {
        status = MESH_NO_MEMORY;
    }
    if (status == MESH_NO_MEMORY) {
        config_mistake_add(mistakes, 0, "", "out of memory");
    }
    if (status) {
        config_destroy(&reader.config);
        return status;
    }
    config_mistakes_fini(mistakes);
    *out = reader.config;
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
