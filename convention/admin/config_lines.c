/* The lines of a configuration file: see config_lines.h. Mistakes have their list here too.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/config_lines.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- mistakes ---- */

static void free_mistake(struct config_mistake *mistake) {
    free(mistake->source);
    free(mistake->path);
    free(mistake->text);
}

void config_mistake_add(struct config_mistakes *mistakes, const struct config_place *place, const char *path,
                        const char *format, ...) {
    char words[512];
    struct text_builder text = text_builder(words, sizeof words);
    va_list arguments;
    va_start(arguments, format);
    text_append_list(&text, format, arguments);
    va_end(arguments);
    struct config_mistake *items = realloc(mistakes->items, (mistakes->count + 1) * sizeof *items);
    if (!items) {
        return;
    }
    mistakes->items = items;
    struct config_mistake *mistake = &items[mistakes->count];
    *mistake = (struct config_mistake){.order = place->order,
                                       .line = place->line,
                                       .source = strdup(place->source),
                                       .path = strdup(path),
                                       .text = strdup(words)};
    if (mistake->source && mistake->path && mistake->text) {
        mistakes->count++;
    } else {
        free_mistake(mistake);
    }
}

const char *config_mistake_print(const struct config_mistakes *mistakes, size_t index, char *out, size_t size) {
    const struct config_mistake *mistake = &mistakes->items[index];
    struct text_builder text = text_builder(out, size);
    text_append(&text, "%s:", mistake->source);
    if (mistake->line) {
        text_append(&text, "%u:", mistake->line);
    }
    text_append(&text, "%s%s%s %s", *mistake->path ? " " : "", mistake->path, *mistake->path ? ":" : "", mistake->text);
    return out;
}

void config_mistakes_fini(struct config_mistakes *mistakes) {
    for (size_t i = 0; i < mistakes->count; i++) {
        free_mistake(&mistakes->items[i]);
    }
    free(mistakes->items);
    *mistakes = (struct config_mistakes){0};
}

/* ---- lines ---- */

/* One line while it is judged; `at` moves on. */
struct cursor {
    const char *begin, *at, *end;
    unsigned number, level, level_before;
    bool quoted;
};

static void skip_spaces(struct cursor *cursor) {
    while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t')) {
        cursor->at++;
    }
}

/* At the line's end, or at a comment. */
static bool is_done(const struct cursor *cursor) {
    return cursor->at == cursor->end || *cursor->at == '#';
}

static bool is_name_byte(char byte) {
    return isalnum((unsigned char)byte) || byte == '_' || byte == '-' || byte == '.';
}

/* NULL when the indentation is right. */
static const char *judge_indentation(struct cursor *cursor) {
    const char *begin = cursor->at;
    while (cursor->at < cursor->end && *cursor->at == ' ') {
        cursor->at++;
    }
    size_t spaces = (size_t)(cursor->at - begin);
    if (cursor->at < cursor->end && *cursor->at == '\t') {
        return "a tab in the indentation: use four spaces for each level";
    }
    cursor->level = (unsigned)(spaces / 4);
    if (spaces % 4) {
        return "the indentation must be a multiple of four spaces";
    }
    return cursor->level > cursor->level_before + 1 ? "indented too deep: four spaces more than the line above it"
                                                    : NULL;
}

static const char *judge_value(struct cursor *cursor) {
    cursor->at++;
    skip_spaces(cursor);
    if (is_done(cursor)) {
        return "there is no value after the '=': write \"\" for an empty text, or remove the line";
    }
    char quote = *cursor->at;
    if (quote != '"' && quote != '\'') {
        return NULL;
    }
    cursor->quoted = true;
    const char *close = memchr(cursor->at + 1, quote, (size_t)(cursor->end - cursor->at - 1));
    if (!close) {
        return "the closing quote is missing";
    }
    cursor->at = close + 1;
    skip_spaces(cursor);
    return is_done(cursor) ? NULL : "there is something behind the closing quote";
}

static const char *judge_setting(struct cursor *cursor) {
    const char *begin = cursor->at;
    while (cursor->at < cursor->end && is_name_byte(*cursor->at)) {
        cursor->at++;
    }
    bool named = cursor->at > begin;
    skip_spaces(cursor);
    if (named && is_done(cursor)) {
        return NULL;
    }
    if (!named || *cursor->at != '=') {
        return "expected NAME = VALUE, where a name has letters, digits, '_', '-' and '.' only";
    }
    return judge_value(cursor);
}

static enum mesh_status keep(struct config_lines *lines, const struct cursor *cursor) {
    if (lines->count == lines->room) {
        size_t room = lines->room ? 2 * lines->room : 64;
        struct config_line *items = realloc(lines->items, room * sizeof *items);
        if (!items) {
            return MESH_NO_MEMORY;
        }
        lines->items = items;
        lines->room = room;
    }
    struct bytes text = bytes_make(cursor->begin, (size_t)(cursor->end - cursor->begin));
    lines->items[lines->count++] =
        (struct config_line){.text = text, .number = cursor->number, .quoted = cursor->quoted};
    return MESH_OK;
}

/* Blank lines and comments hold nothing. */
static bool is_empty(const char *begin, const char *end) {
    while (begin < end && isspace((unsigned char)*begin)) {
        begin++;
    }
    return begin == end || *begin == '#';
}

static const char *judge_line(struct cursor *cursor) {
    for (const char *at = cursor->at; at < cursor->end; at++) {
        if ((unsigned char)*at < ' ' && *at != '\t') {
            return "a control character: this is not a text file";
        }
    }
    if (cursor->end - cursor->at > CONFIG_LINE_BYTES) {
        return "the line is longer than 1000 bytes";
    }
    const char *mistake = judge_indentation(cursor);
    return mistake ? mistake : judge_setting(cursor);
}

enum mesh_status config_lines_scan(struct config_lines *lines, struct bytes text, const struct config_place *file,
                                   struct config_mistakes *mistakes) {
    struct cursor cursor = {.level_before = UINT32_MAX};
    struct config_place place = *file;
    const char *text_end = (const char *)text.data + text.size;
    for (const char *begin = (const char *)text.data, *end; begin < text_end; begin = end + 1) {
        const char *newline = memchr(begin, '\n', (size_t)(text_end - begin));
        end = newline ? newline : text_end;
        place.line = ++cursor.number;
        cursor.begin = cursor.at = begin;
        cursor.quoted = false;
        cursor.end = end > begin && end[-1] == '\r' ? end - 1 : end;
        if (is_empty(begin, cursor.end)) {
            continue;
        }
        const char *mistake = judge_line(&cursor);
        if (mistake) {
            config_mistake_add(mistakes, &place, "", "%s", mistake);
        } else if (lines->count == CONFIG_LINES_MAX) {
            config_mistake_add(mistakes, &place, "", "more than 4096 settings");
            return MESH_OK;
        } else if (keep(lines, &cursor)) {
            return MESH_NO_MEMORY;
        }
        cursor.level_before = cursor.level;
    }
    return MESH_OK;
}

char *config_lines_pack(const struct config_lines *lines) {
    size_t size = 1;
    for (size_t i = 0; i < lines->count; i++) {
        size += lines->items[i].text.size + 1;
    }
    char *packed = malloc(size), *end = packed;
    for (size_t i = 0; packed && i < lines->count; i++) {
        memcpy(end, lines->items[i].text.data, lines->items[i].text.size);
        end += lines->items[i].text.size;
        *end++ = '\n';
    }
    if (packed) {
        *end = 0;
    }
    return packed;
}

void config_lines_fini(struct config_lines *lines) {
    free(lines->items);
    *lines = (struct config_lines){0};
}
