/* SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/config_print.h"
#include "mesh/base/time.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { COMMENT_COLUMN = 48 };

#define CAPABILITIES "capabilities/"

/* ---- values ---- */

/* Of a kind that the text does not contain. */
static void write_quoted(FILE *stream, const char *text, size_t bytes) {
    char quote = memchr(text, '"', bytes) ? '\'' : '"';
    (void)fprintf(stream, "%c%.*s%c", quote, (int)bytes, text, quote);
}

/* Whether it would not be read as it stands. */
static bool needs_quotes(const char *text) {
    return strchr(text, '#') || *text == '"' || *text == '\'';
}

static void write_text(FILE *stream, const char *text) {
    if (needs_quotes(text)) {
        write_quoted(stream, text, strlen(text));
    } else {
        (void)fputs(text, stream);
    }
}

/* A list in quotes is one still. */
static void write_list(FILE *stream, const struct config_list *list) {
    bool quoted = false;
    for (size_t i = 0; i < list->count; i++) {
        quoted = quoted || needs_quotes(list->items[i]);
    }
    (void)fputs(quoted ? "\"" : "", stream);
    for (size_t i = 0; i < list->count; i++) {
        (void)fprintf(stream, "%s%s", i ? ", " : "", list->items[i]);
    }
    (void)fputs(quoted ? "\"" : "", stream);
}

static void write_bytes(FILE *stream, size_t bytes) {
    static const char *const units[] = {"", " KiB", " MiB", " GiB"};
    size_t unit = 0;
    for (; unit < 3 && bytes && bytes % 1024 == 0; unit++) {
        bytes /= 1024;
    }
    (void)fprintf(stream, "%zu%s", bytes, units[unit]);
}

static void write_span(FILE *stream, uint64_t span_ns) {
    if (span_ns == 0) {
        (void)fputs("off", stream);
    } else if (span_ns % (60 * NS_PER_S) == 0) {
        (void)fprintf(stream, "%" PRIu64 " min", span_ns / (60 * NS_PER_S));
    } else if (span_ns % NS_PER_S == 0) {
        (void)fprintf(stream, "%" PRIu64 " s", span_ns / NS_PER_S);
    } else {
        (void)fprintf(stream, "%" PRIu64 " ms", span_ns / NS_PER_MS);
    }
}

/* NULL: it has none. */
static void write_known(FILE *stream, const char *text) {
    if (text) {
        write_text(stream, text);
    }
}

static void write_bound(FILE *stream, const struct config_list *list) {
    if (list->count) {
        write_list(stream, list);
    } else {
        (void)fputs("none", stream);
    }
}

static void write_security(FILE *stream, enum config_security security, const char *const *words) {
    write_known(stream, security == CONFIG_LOOPBACK ? NULL : words[security - CONFIG_PLAIN]);
}

static void write_value(FILE *stream, const struct config *config, const struct config_setting *setting) {
    const void *at = (const char *)config + setting->offset;
    const char *const *words = config_words(setting->kind);
    switch (setting->kind) {
    case CONFIG_SETTING_NAME:
    case CONFIG_SETTING_PATH:
    case CONFIG_SETTING_COMMAND:
    case CONFIG_SETTING_ENDPOINT:
        write_known(stream, *(char *const *)at);
        break;
    case CONFIG_SETTING_BIND:
        write_bound(stream, at);
        break;
    case CONFIG_SETTING_PATHS:
    case CONFIG_SETTING_RULES:
    case CONFIG_SETTING_ENDPOINTS:
        write_list(stream, at);
        break;
    case CONFIG_SETTING_COUNT:
        (void)fprintf(stream, "%zu", *(const size_t *)at);
        break;
    case CONFIG_SETTING_UNSIGNED:
        (void)fprintf(stream, "%u", *(const unsigned *)at);
        break;
    case CONFIG_SETTING_BYTES:
        write_bytes(stream, *(const size_t *)at);
        break;
    case CONFIG_SETTING_SPAN:
    case CONFIG_SETTING_SPAN_OR_OFF:
        write_span(stream, *(const uint64_t *)at);
        break;
    case CONFIG_SETTING_FLAG:
        (void)fputs(words[*(const bool *)at], stream);
        break;
    case CONFIG_SETTING_LEVEL:
        (void)fputs(words[MESH_LOG_DEBUG - *(const enum mesh_level *)at], stream);
        break;
    case CONFIG_SETTING_FORMAT:
        (void)fputs(words[*(const enum log_format *)at], stream);
        break;
    case CONFIG_SETTING_DESTINATION:
        (void)fputs(words[*(const enum log_to *)at], stream);
        break;
    case CONFIG_SETTING_START:
        (void)fputs(words[*(const enum config_start *)at], stream);
        break;
    case CONFIG_SETTING_ACCEPT:
        (void)fputs(words[*(const enum sources_accept *)at], stream);
        break;
    case CONFIG_SETTING_SECURITY:
        write_security(stream, *(const enum config_security *)at, words);
        break;
    case CONFIG_SETTING_PROFILE:
        (void)fputs(words[((const struct convention_times *)at)->notice_reregistration], stream);
        break;
    }
}

char *config_value_text(const struct config *config, const struct config_setting *setting) {
    char *text = NULL;
    size_t bytes;
    FILE *stream = open_memstream(&text, &bytes);
    if (!stream) {
        return NULL;
    }
    write_value(stream, config, setting);
    return fclose(stream) == 0 ? text : NULL;
}

static void write_data(FILE *stream, struct bytes bytes) {
    (void)fputs("x'", stream);
    for (size_t i = 0; i < bytes.size; i++) {
        (void)fprintf(stream, "%02x", bytes.data[i]);
    }
    (void)fputs("'", stream);
}

static void write_capability(FILE *stream, const struct frame_capability *capability) {
    for (size_t i = 0; i < capability->values_count; i++) {
        const struct frame_value *value = &capability->values[i];
        (void)fputs(i ? ", " : "", stream);
        if (value->kind == FRAME_VALUE_FLAG) {
            (void)fputs(value->flag ? "true" : "false", stream);
        } else if (value->kind == FRAME_VALUE_INTEGER) {
            (void)fprintf(stream, "%" PRId64, value->integer);
        } else if (value->kind == FRAME_VALUE_REAL) {
            (void)fprintf(stream, "%.17g", value->real);
        } else if (value->kind == FRAME_VALUE_DATA) {
            write_data(stream, value->bytes);
        } else if (capability->list) {
            (void)fprintf(stream, "%.*s", (int)value->bytes.size, (const char *)value->bytes.data);
        } else {
            write_quoted(stream, (const char *)value->bytes.data, value->bytes.size);
        }
    }
}

/* ---- all of it ---- */

/* One setting or capability, to be written in one way or the other. */
struct shown {
    const char *path;
    char *value;                  /* "": none */
    char from[CONFIG_PATH_BYTES]; /* who gave it */
};

struct shower {
    FILE *stream;
    void (*show)(struct shower *shower, const struct shown *shown);
    char section[CONFIG_PATH_BYTES]; /* of the last setting */
    bool begun;
};

static void show(struct shower *shower, const struct config *config, const char *path, char *value) {
    const struct config_item *item = config_items_find(config->items, path);
    struct shown shown = {.path = path, .value = value};
    struct text_builder from = text_builder(shown.from, sizeof shown.from);
    text_append(&from, "%s", item ? item->place.source : "default");
    if (item && item->place.line) {
        text_append(&from, ":%u", item->place.line);
    }
    shower->show(shower, &shown);
    free(value);
}

static void show_all(struct shower *shower, const struct config *config) {
    for (const struct config_setting *setting = config_settings; setting->path; setting++) {
        show(shower, config, setting->path, config_value_text(config, setting));
    }
    for (size_t i = 0; i < config->capabilities.count; i++) {
        const struct frame_capability *capability = &config->capabilities.items[i];
        char path[CONFIG_PATH_BYTES], *value = NULL;
        size_t bytes;
        struct text_builder text = text_builder(path, sizeof path);
        text_append(&text, CAPABILITIES "%.*s", (int)capability->name.size, (const char *)capability->name.data);
        FILE *stream = open_memstream(&value, &bytes);
        if (stream) {
            write_capability(stream, capability);
            (void)fclose(stream);
        }
        show(shower, config, path, value);
    }
}

/* ---- as a file ---- */

static void show_line(struct shower *shower, const struct shown *shown) {
    const char *slash = strchr(shown->path, '/'), *name = slash ? slash + 1 : shown->path;
    int section = slash ? (int)(slash - shown->path) : 0, written;
    if (strncmp(shower->section, shown->path, (size_t)section) != 0 || shower->section[section]) {
        (void)snprintf(shower->section, sizeof shower->section, "%.*s", section, shown->path);
        (void)fprintf(shower->stream, "%s\n", shower->section);
    }
    if (shown->value && *shown->value) {
        written = fprintf(shower->stream, "%s%s = %s", slash ? "    " : "", name, shown->value);
    } else {
        written = fprintf(shower->stream, "# %s is not set", shown->path);
    }
    (void)fprintf(shower->stream, "%*s # %s\n", written < COMMENT_COLUMN ? COMMENT_COLUMN - written : 0, "",
                  shown->from);
}

void config_print(const struct config *config, FILE *stream) {
    struct shower shower = {.stream = stream, .show = show_line};
    show_all(&shower, config);
}

void config_print_mistakes(const struct config_mistakes *mistakes, FILE *stream) {
    char line[1024];
    for (size_t i = 0; i < mistakes->count; i++) {
        (void)fprintf(stream, "%s\n", config_mistake_print(mistakes, i, line, sizeof line));
    }
}

/* ---- as JSON ---- */

/* What is no printable ASCII is shown as mesh shows it everywhere, so that the JSON is one whatever a file holds. */
static void write_json(FILE *stream, const char *text) {
    (void)fputc('"', stream);
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < ' ' || byte > '~') {
            (void)fprintf(stream, "\\\\x%02x", byte);
        } else {
            (void)fprintf(stream, byte == '"' || byte == '\\' ? "\\%c" : "%c", byte);
        }
    }
    (void)fputc('"', stream);
}

static void write_member(FILE *stream, const char *name, const char *text) {
    (void)fprintf(stream, "\"%s\": ", name);
    write_json(stream, text);
}

static void show_json(struct shower *shower, const struct shown *shown) {
    (void)fputs(shower->begun ? ",\n  {" : "\n  {", shower->stream);
    shower->begun = true;
    write_member(shower->stream, "path", shown->path);
    (void)fputs(", ", shower->stream);
    write_member(shower->stream, "value", shown->value ? shown->value : "");
    (void)fputs(", ", shower->stream);
    write_member(shower->stream, "from", shown->from);
    (void)fputc('}', shower->stream);
}

void config_print_json(const struct config *config, FILE *stream) {
    struct shower shower = {.stream = stream, .show = show_json};
    (void)fputs("{\"settings\": [", stream);
    show_all(&shower, config);
    (void)fputs("\n]}\n", stream);
}

void config_print_mistakes_json(const struct config_mistakes *mistakes, FILE *stream) {
    (void)fputs("{\"mistakes\": [", stream);
    for (size_t i = 0; i < mistakes->count; i++) {
        const struct config_mistake *mistake = &mistakes->items[i];
        (void)fprintf(stream, "%s\n  {", i ? "," : "");
        write_member(stream, "source", mistake->source);
        (void)fprintf(stream, ", \"line\": %u, ", mistake->line);
        write_member(stream, "path", mistake->path);
        (void)fputs(", ", stream);
        write_member(stream, "text", mistake->text);
        (void)fputc('}', stream);
    }
    (void)fputs("\n]}\n", stream);
}
