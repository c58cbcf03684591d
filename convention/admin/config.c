/* Configuration: see config.h. It says which of the given settings count, and what they must be together.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/config.h"
#include "convention/admin/config_settings.h"
#include "convention/admin/config_value.h"
#include "mesh/runtime/node_key.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HOST_BYTES = 64, PERCENT_MAX = 1000, LOG_FILES_MAX = 1000 };

/* The settings that have settings below them. */
static const char *const sections[] = {"log", "limits", "times", "capabilities"};

enum { SECTIONS_COUNT = sizeof sections / sizeof *sections };

/* All items while they are read. */
struct reader {
    struct config_reading reading;
    const struct config_item *given[CONFIG_SETTINGS_MAX]; /* the latest for each setting; NULL when there is none */
};

/* ---- one item ---- */

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

/* Where the name would be right, when it stands in the wrong place: rather in a section if it stands in one. */
static const char *place_of(const char *path) {
    const char *place = NULL;
    for (size_t i = 0; config_settings[i].path; i++) {
        const char *found = config_settings[i].path;
        if (strcmp(last_name(found), last_name(path)) == 0 && (!place || (strchr(path, '/') && strchr(found, '/')))) {
            place = found;
        }
    }
    return place;
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
    config_mistake_add(reader->reading.mistakes, &item->place, item->path, "there is no such setting; %s", remedy);
}

/* Whether both stand in the same file: then they may mean different things, and neither is to count by chance. */
static bool is_doubled(const struct config_item *item, const struct config_item *earlier) {
    return earlier && earlier->place.order == item->place.order;
}

static void read_known(struct reader *reader, const struct config_item *item, size_t index) {
    if (is_doubled(item, reader->given[index])) {
        config_mistake_add(reader->reading.mistakes, &item->place, item->path,
                           "this setting stands in line %u already: keep one of them",
                           reader->given[index]->place.line);
        return;
    }
    reader->given[index] = item;
    if (!item->value) {
        config_mistake_add(reader->reading.mistakes, &item->place, item->path,
                           "there is no value: write %s = VALUE, or remove the line", last_name(item->path));
        return;
    }
    config_read_setting(&reader->reading, item, &config_settings[index]);
}

static void read_capability(struct reader *reader, const struct config_item *item, const char *name) {
    if (!item->value) {
        config_mistake_add(reader->reading.mistakes, &item->place, item->path,
                           "there is no value: write %s = true, or another value", name);
        return;
    }
    const struct config_item *first = reader->reading.config->items->items;
    for (const struct config_item *earlier = item; earlier-- > first;) {
        if (is_doubled(item, earlier) && strcmp(earlier->path, item->path) == 0) {
            config_wrong(&reader->reading, item, "comes twice: keep one of them");
            return;
        }
    }
    config_read_capability(&reader->reading, item, name);
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
        read_capability(reader, item, name);
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

/* The profile sets all times, so it counts before any of them, wherever it stands; its item is judged like any other. */
static void apply_profile(struct config *config) {
    const struct config_item *profile = config_items_find(config->items, "times/profile");
    if (profile && profile->value && config_is_reference(profile->value)) {
        config->times = convention_times_reference;
    }
}

/* ---- what must agree ---- */

static const struct config_item *given(const struct reader *reader, const char *path) {
    for (size_t i = 0; config_settings[i].path; i++) {
        if (strcmp(config_settings[i].path, path) == 0) {
            return reader->given[i];
        }
    }
    return NULL;
}

/* Two settings do not agree: this one's item is the place of the mistake, or the other's. Defaults agree, so one is given. */
static const struct config_place *place_of_both(const struct reader *reader, const char *path, const char *other) {
    const struct config_item *item = given(reader, path) ? given(reader, path) : given(reader, other);
    return &item->place;
}

static void judge_hysteresis(struct reader *reader, const struct hysteresis_limits *limits) {
    if (limits->ceiling_ns < limits->first_ns) {
        config_mistake_add(reader->reading.mistakes,
                           place_of_both(reader, "times/hysteresis", "times/hysteresis_ceiling"), "times/hysteresis",
                           "must not be longer than times/hysteresis_ceiling, which no delay exceeds");
    }
    if (limits->growth_percent > PERCENT_MAX) {
        config_mistake_add(reader->reading.mistakes, &given(reader, "times/hysteresis_percent")->place,
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
    if (given(reader, "bind") && config->bind.count > 0) {
        config_mistake_add(reader->reading.mistakes, &given(reader, "bind")->place, "bind",
                           "this node is outbound_only, so nobody is to connect to it: remove one of the two");
    }
    if (config->advertise) {
        config_mistake_add(
            reader->reading.mistakes, &given(reader, "advertise")->place, "advertise",
            "this node is outbound_only, so nobody is to be told where to call it: remove one of the two");
    }
    config_list_fini(&config->bind);
}

static void judge_keys(struct reader *reader, const char *path, const struct config_list *endpoints) {
    bool curve = reader->reading.config->security == CONFIG_CURVE;
    for (size_t i = 0; i < endpoints->count; i++) {
        if (curve != (node_key_in(bytes_of_text(endpoints->items[i])) != NULL)) {
            config_mistake_add(reader->reading.mistakes, &given(reader, path)->place, path, "\"%.100s\" %s",
                               endpoints->items[i],
                               curve ? "names no key, which security = curve needs: write tcp://HOST:PORT/KEY, as "
                                       "`mesh status` of that node shows it"
                                     : "names a key: write security = curve, or remove the key");
        }
    }
}

static void judge_security(struct reader *reader) {
    const struct config *config = reader->reading.config;
    if (reader->reading.beyond && config->security == CONFIG_LOOPBACK) {
        config_mistake_add(reader->reading.mistakes, &given(reader, "bind")->place, "bind",
                           "this is reachable from other hosts, without encryption: bind to 127.0.0.1, or write "
                           "security = curve, with keys, or security = none if that is meant");
    }
    if (config->security == CONFIG_CURVE && !config->key) {
        config_mistake_add(reader->reading.mistakes, &given(reader, "security")->place, "security",
                           "curve needs a key: write key = FILE, which `mesh keygen --out FILE` makes");
    }
    if (config->security == CONFIG_CURVE && !config->members) {
        config_mistake_add(reader->reading.mistakes, &given(reader, "security")->place, "security",
                           "curve needs the list of who is allowed: write members = FILE");
    }
    if (config->security == CONFIG_LOOPBACK && config->key) {
        config_mistake_add(reader->reading.mistakes, &given(reader, "key")->place, "key",
                           "is of no use without security = curve: write that, too, or remove this line");
    }
    judge_keys(reader, "leaders", &config->leaders);
    judge_keys(reader, "preregister", &config->preregister);
}

static void judge_log(struct reader *reader) {
    const struct config *config = reader->reading.config;
    if (config->log_files > LOG_FILES_MAX) {
        config_mistake_add(reader->reading.mistakes, &given(reader, "log/files")->place, "log/files",
                           "is at most %d: that many files of log/size are kept", LOG_FILES_MAX);
    }
    if (config->log_file && strlen(config->log_file) >= LOG_PATH_BYTES) {
        config_mistake_add(reader->reading.mistakes, &given(reader, "log/file")->place, "log/file",
                           "is longer than %d bytes: choose a shorter path", LOG_PATH_BYTES - 1);
    }
    if (config->log_file && config->log_file[0] != '/') {
        config_mistake_add(reader->reading.mistakes, &given(reader, "log/file")->place, "log/file",
                           "must be an absolute path: processes of the node have other working directories");
    }
}

static void judge_whole(struct reader *reader) {
    const struct config *config = reader->reading.config;
    const struct convention_times *times = &config->times;
    judge_security(reader);
    if (times->heartbeat_ns && times->suspect_ns && times->heartbeat_ns >= times->suspect_ns) {
        config_mistake_add(reader->reading.mistakes, place_of_both(reader, "times/heartbeat", "times/suspect"),
                           "times/heartbeat",
                           "must be shorter than times/suspect, or every node is suspect between two heartbeats");
    }
    if (times->suspect_ns && times->silent_ns && times->suspect_ns >= times->silent_ns) {
        config_mistake_add(reader->reading.mistakes, place_of_both(reader, "times/suspect", "times/silent"),
                           "times/suspect", "must be shorter than times/silent, after which a node counts as lost");
    }
    if (config->bind.count > CONFIG_BINDS) {
        config_mistake_add(reader->reading.mistakes, &given(reader, "bind")->place, "bind", "at most %d endpoints",
                           CONFIG_BINDS);
    }
    judge_log(reader);
    judge_routing(reader);
    judge_hysteresis(reader, &times->hysteresis);
    if (config->leaders.count > FRAME_LEADERS) {
        config_mistake_add(reader->reading.mistakes, &given(reader, "leaders")->place, "leaders",
                           "at most %d nodes may lead a convention", FRAME_LEADERS);
    }
    if (config->preregister.count > config->members_max) {
        config_mistake_add(reader->reading.mistakes, place_of_both(reader, "preregister", "limits/members"),
                           "preregister", "names more nodes than limits/members allows in the convention");
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
    free(config->log_socket);
    config_list_fini(&config->log_types);
    free(config->spawner);
    free(config->key);
    free(config->members);
    config_list_fini(&config->bind);
    config_list_fini(&config->leaders);
    config_list_fini(&config->preregister);
    config_list_fini(&config->module_path);
    capability_set_fini(&config->capabilities);
    config_items_destroy(&config->items);
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
    config->items = config_items_new();
    config->name = strdup(host);
    config->log_level = MESH_LOG_INFO;
    config->log_forward = true;
    config->log_size = 10 << 20;
    config->log_files = 4;
    config->delivery = delivery_limits_default;
    config->members_max = FRAME_MEMBERS;
    config->actors_max = 65536;
    config->light_hosts = 2;
    config->times = convention_times_default;
    if (!config->items || !config->name || config_read_list("tcp://127.0.0.1:1900", &config->bind)) {
        config_destroy(&config);
        return MESH_NO_MEMORY;
    }
    *out = config;
    return MESH_OK;
}

static int by_place(const void *a, const void *b) {
    const struct config_mistake *left = a, *right = b;
    if (left->order != right->order) {
        return left->order < right->order ? -1 : 1;
    }
    return (left->line > right->line) - (left->line < right->line);
}

/* What is to agree is judged only when nothing is missing. */
static void read_items(struct reader *reader, bool whole) {
    struct config *config = reader->reading.config;
    apply_profile(config);
    for (size_t i = 0; i < config->items->count; i++) {
        read_item(reader, &config->items->items[i]);
    }
    if (whole) {
        judge_whole(reader);
    }
}

enum mesh_status config_load(struct config **out, const struct config_sources *sources,
                             struct config_mistakes *mistakes) {
    struct reader reader = {.reading.mistakes = mistakes};
    *mistakes = (struct config_mistakes){0};
    enum mesh_status status = config_new(&reader.reading.config);
    if (status == MESH_OK) {
        status = config_gather(reader.reading.config->items, sources, mistakes);
        read_items(&reader, mistakes->count == 0);
    }
    if (status == MESH_OK && mistakes->count) {
        status = MESH_INVALID_ARGUMENT;
    } else if (reader.reading.no_memory) {
        status = MESH_NO_MEMORY;
    }
    if (status == MESH_NO_MEMORY) {
        const struct config_place nowhere = {.source = "meshd"};
        config_mistake_add(mistakes, &nowhere, "", "out of memory");
    }
    if (status) {
        qsort(mistakes->items, mistakes->count, sizeof *mistakes->items, by_place);
        config_destroy(&reader.reading.config);
        return status;
    }
    config_mistakes_fini(mistakes);
    *out = reader.reading.config;
    return MESH_OK;
}
