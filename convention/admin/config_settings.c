/* The settings: see config_settings.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/config_settings.h"
#include "convention/admin/config_value.h"
#include "mesh/runtime/node_key.h"
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 64, COMMAND_BYTES = 4000 };

#define AT(member) offsetof(struct config, member)

const struct config_setting config_settings[] = {
    {"node", CONFIG_SETTING_NAME, AT(name)},
    {"bind", CONFIG_SETTING_BIND, AT(bind)},
    {"advertise", CONFIG_SETTING_ENDPOINT, AT(advertise)},
    {"admin_routing", CONFIG_SETTING_FLAG, AT(admin_routing)},
    {"outbound_only", CONFIG_SETTING_FLAG, AT(outbound_only)},
    {"leaders", CONFIG_SETTING_ENDPOINTS, AT(leaders)},
    {"preregister", CONFIG_SETTING_ENDPOINTS, AT(preregister)},
    {"security", CONFIG_SETTING_SECURITY, AT(security)},
    {"key", CONFIG_SETTING_PATH, AT(key)},
    {"members", CONFIG_SETTING_PATH, AT(members)},
    {"run_directory", CONFIG_SETTING_PATH, AT(run_directory)},
    {"module_path", CONFIG_SETTING_PATHS, AT(module_path)},
    {"start", CONFIG_SETTING_START, AT(start)},
    {"spawner", CONFIG_SETTING_COMMAND, AT(spawner)},
    {"accept_remote_sources", CONFIG_SETTING_ACCEPT, AT(accept_remote_sources)},
    {"log/level", CONFIG_SETTING_LEVEL, AT(log_level)},
    {"log/types", CONFIG_SETTING_RULES, AT(log_types)},
    {"log/format", CONFIG_SETTING_FORMAT, AT(log_format)},
    {"log/destination", CONFIG_SETTING_DESTINATION, AT(log_to)},
    {"log/file", CONFIG_SETTING_PATH, AT(log_file)},
    {"log/socket", CONFIG_SETTING_PATH, AT(log_socket)},
    {"log/forward", CONFIG_SETTING_FLAG, AT(log_forward)},
    {"log/size", CONFIG_SETTING_BYTES, AT(log_size)},
    {"log/files", CONFIG_SETTING_COUNT, AT(log_files)},
    {"limits/window_messages", CONFIG_SETTING_COUNT, AT(delivery.window_messages)},
    {"limits/window_bytes", CONFIG_SETTING_BYTES, AT(delivery.window_bytes)},
    {"limits/mailbox_messages", CONFIG_SETTING_COUNT, AT(delivery.mailbox_messages)},
    {"limits/mailbox_bytes", CONFIG_SETTING_BYTES, AT(delivery.mailbox_bytes)},
    {"limits/message_bytes", CONFIG_SETTING_BYTES, AT(delivery.message_bytes_max)},
    {"limits/members", CONFIG_SETTING_COUNT, AT(members_max)},
    {"limits/actors", CONFIG_SETTING_COUNT, AT(actors_max)},
    {"limits/light_hosts", CONFIG_SETTING_COUNT, AT(light_hosts)},
    {"times/profile", CONFIG_SETTING_PROFILE, AT(times)},
    {"times/period", CONFIG_SETTING_SPAN, AT(times.period_ns)},
    {"times/restart", CONFIG_SETTING_SPAN, AT(times.restart_ns)},
    {"times/misses", CONFIG_SETTING_UNSIGNED, AT(times.misses)},
    {"times/heartbeat", CONFIG_SETTING_SPAN_OR_OFF, AT(times.heartbeat_ns)},
    {"times/suspect", CONFIG_SETTING_SPAN_OR_OFF, AT(times.suspect_ns)},
    {"times/refused", CONFIG_SETTING_SPAN_OR_OFF, AT(times.refused_ns)},
    {"times/silent", CONFIG_SETTING_SPAN_OR_OFF, AT(times.silent_ns)},
    {"times/hysteresis", CONFIG_SETTING_SPAN_OR_OFF, AT(times.hysteresis.first_ns)},
    {"times/hysteresis_ceiling", CONFIG_SETTING_SPAN, AT(times.hysteresis.ceiling_ns)},
    {"times/hysteresis_percent", CONFIG_SETTING_UNSIGNED, AT(times.hysteresis.growth_percent)},
    {0},
};

_Static_assert(sizeof config_settings / sizeof *config_settings <= CONFIG_SETTINGS_MAX, "there are more settings");

static const char *const profiles[] = {"default", "reference", NULL};
static const char *const levels[] = {"debug", "info", "warning", "error", NULL}; /* enum mesh_level from its end */
static const char *const formats[] = {"text", "json", NULL};
static const char *const destinations[] = {"file", "journal", "syslog", "none", NULL};
static const char *const starts[] = {"fork", "spawn", NULL};
/* In the order of enum sources_accept. */
static const char *const accepts[] = {"yes", "leader", "no", NULL};
static const char *const flags[] = {"false", "true", NULL};
static const char *const securities[] = {"none", "curve", NULL};

bool config_is_reference(const char *word) {
    return strcmp(word, profiles[1]) == 0;
}

void config_wrong(struct config_reading *reading, const struct config_item *item, const char *mistake) {
    config_mistake_add(reading->mistakes, &item->place, item->path, "\"%.100s\" %s", item->value, mistake);
}

const char *const *config_words(enum config_setting_kind kind) {
    static const char *const none[] = {NULL};
    return kind == CONFIG_SETTING_FLAG          ? flags
           : kind == CONFIG_SETTING_LEVEL       ? levels
           : kind == CONFIG_SETTING_FORMAT      ? formats
           : kind == CONFIG_SETTING_DESTINATION ? destinations
           : kind == CONFIG_SETTING_START       ? starts
           : kind == CONFIG_SETTING_ACCEPT      ? accepts
           : kind == CONFIG_SETTING_SECURITY    ? securities
           : kind == CONFIG_SETTING_PROFILE     ? profiles
                                                : none;
}

/* ---- one reader for each kind ---- */

static void set_text(struct config_reading *reading, char **place, const char *value) {
    char *copy = strdup(value);
    if (!copy) {
        reading->no_memory = true;
        return;
    }
    free(*place);
    *place = copy;
}

static void set_list(struct config_list *place, struct config_list *list) {
    config_list_fini(place);
    *place = *list;
}

static void read_name(struct config_reading *reading, const struct config_item *item, char **place) {
    size_t length = strlen(item->value);
    if (!length || length > NAME_BYTES || strpbrk(item->value, " \t/\\")) {
        config_wrong(reading, item, "is no name for a node: use up to 64 letters, digits, '-', '_' and '.'");
        return;
    }
    set_text(reading, place, item->value);
}

static void read_path(struct config_reading *reading, const struct config_item *item, char **place) {
    if (!*item->value) {
        config_wrong(reading, item, "is empty: give a path, or remove the line");
        return;
    }
    set_text(reading, place, item->value);
}

/* Whether every item is an endpoint; the first that is none is told. */
static bool judge_endpoints(struct config_reading *reading, const struct config_item *item,
                            const struct config_list *list, bool any_port) {
    for (size_t i = 0; i < list->count; i++) {
        bool beyond = false;
        const char *mistake = config_read_endpoint(list->items[i], any_port, &beyond);
        if (mistake) {
            config_mistake_add(reading->mistakes, &item->place, item->path, "\"%.100s\" %s", list->items[i], mistake);
            return false;
        }
        reading->beyond = reading->beyond || (beyond && any_port);
    }
    return true;
}

/* The zygote has to pass it on. */
static void read_command(struct config_reading *reading, const struct config_item *item, char **place) {
    if (!*item->value || strlen(item->value) > COMMAND_BYTES) {
        config_wrong(reading, item, "is no command: give a program with its arguments, in up to 4,000 bytes");
        return;
    }
    set_text(reading, place, item->value);
}

static void read_endpoints(struct config_reading *reading, const struct config_item *item, struct config_list *place,
                           bool any_port) {
    struct config_list list = {0};
    reading->beyond = reading->beyond && !any_port;
    if (any_port && strcmp(item->value, "none") == 0) {
        set_list(place, &list);
        return;
    }
    const char *mistake = config_read_list(item->value, &list);
    if (mistake) {
        config_wrong(reading, item, mistake);
    } else if (judge_endpoints(reading, item, &list, any_port)) {
        set_list(place, &list);
    } else {
        config_list_fini(&list);
    }
}

static void read_endpoint(struct config_reading *reading, const struct config_item *item, char **place) {
    bool beyond;
    const char *mistake = config_read_endpoint(item->value, false, &beyond);
    if (!mistake && node_key_in(bytes_of_text(item->value))) {
        mistake = "names a key, which the node adds by itself: remove it";
    }
    if (mistake) {
        config_wrong(reading, item, mistake);
        return;
    }
    set_text(reading, place, item->value);
}

static void read_paths(struct config_reading *reading, const struct config_item *item, struct config_list *place) {
    struct config_list list = {0};
    const char *mistake = config_read_list(item->value, &list);
    if (mistake) {
        config_wrong(reading, item, mistake);
        return;
    }
    set_list(place, &list);
}

/* The place of a word among several; -1 when it is none of them, which is told. */
static int read_choice(struct config_reading *reading, const struct config_item *item, const char *const *words) {
    char choices[200];
    struct text_builder text = text_builder(choices, sizeof choices);
    for (size_t i = 0; words[i]; i++) {
        if (strcmp(words[i], item->value) == 0) {
            return (int)i;
        }
        text_append(&text, "%s%s", i ? ", " : "", words[i]);
    }
    config_mistake_add(reading->mistakes, &item->place, item->path, "\"%.100s\" is not one of: %s", item->value,
                       choices);
    return -1;
}

static void read_level(struct config_reading *reading, const struct config_item *item, enum mesh_level *place) {
    int choice = read_choice(reading, item, levels);
    if (choice >= 0) {
        *place = (enum mesh_level)(MESH_LOG_DEBUG - choice);
    }
}

static void read_format(struct config_reading *reading, const struct config_item *item, enum log_format *place) {
    int choice = read_choice(reading, item, formats);
    if (choice >= 0) {
        *place = (enum log_format)choice;
    }
}

static void read_destination(struct config_reading *reading, const struct config_item *item, enum log_to *place) {
    int choice = read_choice(reading, item, destinations);
    if (choice >= 0) {
        *place = (enum log_to)choice;
    }
}

/* The levels of types. */
static void read_rules(struct config_reading *reading, const struct config_item *item, struct config_list *place) {
    struct config_list list = {0};
    struct log_policy policy = {0};
    const char *mistake = config_read_list(item->value, &list);
    if (mistake) {
        config_wrong(reading, item, mistake);
        return;
    }
    for (size_t i = 0; i < list.count; i++) {
        mistake = config_read_rule(list.items[i], &policy);
        if (mistake) {
            config_mistake_add(reading->mistakes, &item->place, item->path, "\"%.100s\" %s", list.items[i], mistake);
            config_list_fini(&list);
            return;
        }
    }
    set_list(place, &list);
}

static void read_start(struct config_reading *reading, const struct config_item *item, enum config_start *place) {
    int choice = read_choice(reading, item, starts);
    if (choice >= 0) {
        *place = (enum config_start)choice;
    }
}

/* A word that nobody knows means no: what was meant to keep sources out must not let them in (J4). */
static void read_accept(const struct config_item *item, enum sources_accept *place) {
    *place = SOURCES_FROM_NOBODY;
    for (int i = 0; accepts[i]; i++) {
        if (strcmp(item->value, accepts[i]) == 0) {
            *place = (enum sources_accept)i;
        }
    }
}

static void read_flag(struct config_reading *reading, const struct config_item *item, bool *place) {
    *place = read_choice(reading, item, flags) == 1;
}

/* In the order of the words, behind what is when nothing is said. */
static void read_security(struct config_reading *reading, const struct config_item *item, enum config_security *place) {
    int choice = read_choice(reading, item, securities);
    if (choice >= 0) {
        *place = (enum config_security)(CONFIG_PLAIN + choice);
    }
}

static void read_number(struct config_reading *reading, const struct config_item *item, enum config_setting_kind kind,
                        void *place) {
    size_t count = 0;
    const char *mistake = NULL;
    if (kind == CONFIG_SETTING_SPAN || kind == CONFIG_SETTING_SPAN_OR_OFF) {
        mistake = config_read_span(item->value, kind == CONFIG_SETTING_SPAN_OR_OFF, place);
    } else if (kind == CONFIG_SETTING_BYTES) {
        mistake = config_read_bytes(item->value, place);
    } else if (kind == CONFIG_SETTING_COUNT) {
        mistake = config_read_count(item->value, place);
    } else {
        mistake = config_read_count(item->value, &count);
        if (!mistake) {
            *(unsigned *)place = (unsigned)count;
        }
    }
    if (mistake) {
        config_wrong(reading, item, mistake);
    }
}

void config_read_setting(struct config_reading *reading, const struct config_item *item,
                         const struct config_setting *setting) {
    void *place = (char *)reading->config + setting->offset;
    switch (setting->kind) {
    case CONFIG_SETTING_NAME:
        read_name(reading, item, place);
        break;
    case CONFIG_SETTING_PATH:
        read_path(reading, item, place);
        break;
    case CONFIG_SETTING_COMMAND:
        read_command(reading, item, place);
        break;
    case CONFIG_SETTING_PATHS:
        read_paths(reading, item, place);
        break;
    case CONFIG_SETTING_BIND:
        read_endpoints(reading, item, place, true);
        break;
    case CONFIG_SETTING_ENDPOINT:
        read_endpoint(reading, item, place);
        break;
    case CONFIG_SETTING_ENDPOINTS:
        read_endpoints(reading, item, place, false);
        break;
    case CONFIG_SETTING_COUNT:
    case CONFIG_SETTING_BYTES:
    case CONFIG_SETTING_SPAN:
    case CONFIG_SETTING_SPAN_OR_OFF:
    case CONFIG_SETTING_UNSIGNED:
        read_number(reading, item, setting->kind, place);
        break;
    case CONFIG_SETTING_FLAG:
        read_flag(reading, item, place);
        break;
    case CONFIG_SETTING_LEVEL:
        read_level(reading, item, place);
        break;
    case CONFIG_SETTING_RULES:
        read_rules(reading, item, place);
        break;
    case CONFIG_SETTING_FORMAT:
        read_format(reading, item, place);
        break;
    case CONFIG_SETTING_DESTINATION:
        read_destination(reading, item, place);
        break;
    case CONFIG_SETTING_START:
        read_start(reading, item, place);
        break;
    case CONFIG_SETTING_ACCEPT:
        read_accept(item, place);
        break;
    case CONFIG_SETTING_SECURITY:
        read_security(reading, item, place);
        break;
    case CONFIG_SETTING_PROFILE:
        read_choice(reading, item, profiles); /* it counted already: see apply_profile */
        break;
    }
}

/* ---- capabilities ---- */

/* Several items separated by commas make a list, unless they stand in quotes. */
void config_read_capability(struct config_reading *reading, const struct config_item *item, const char *name) {
    struct frame_value values[FRAME_VALUES];
    struct frame_capability capability = {.name = bytes_of_text(name), .values = values};
    struct config_list list = {0};
    const char *mistake = NULL;
    uint8_t *bytes = malloc(strlen(item->value) + 1), *room = bytes;
    if (!bytes) {
        reading->no_memory = true;
        return;
    }
    if (item->quoted || !strchr(item->value, ',')) {
        mistake = config_read_value(bytes_of_text(item->value), item->quoted, &values[0], &room);
        capability.values_count = 1;
    } else {
        mistake = config_read_list(item->value, &list);
        capability.list = true;
        if (!mistake && list.count > FRAME_VALUES) {
            mistake = "has more than 256 items";
        }
        for (; !mistake && capability.values_count < list.count; capability.values_count++) {
            size_t at = capability.values_count;
            mistake = config_read_value(bytes_of_text(list.items[at]), false, &values[at], &room);
        }
    }
    if (!mistake) {
        enum mesh_status status = capability_set_put(&reading->config->capabilities, &capability);
        mistake = status == MESH_OK ? NULL : mesh_status_text(status);
    }
    if (mistake) {
        config_wrong(reading, item, mistake);
    }
    config_list_fini(&list);
    free(bytes);
}
