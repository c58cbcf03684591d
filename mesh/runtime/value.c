/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/value.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_BYTES = 64, SIGN_BYTES = 8 };

/* ---- reading ---- */

/* strtod also takes words and hexadecimal numbers, which a configuration has as texts. */
static bool read_number(struct bytes text, struct frame_value *out) {
    char number[NUMBER_BYTES], *end;
    if (text.size == 0 || text.size >= sizeof number) {
        return false;
    }
    memcpy(number, text.data, text.size);
    number[text.size] = 0;
    if (strspn(number, "+-0123456789.eE") != text.size) {
        return false;
    }
    errno = 0;
    *out = (struct frame_value){.kind = FRAME_VALUE_INTEGER, .integer = strtoll(number, &end, 10)};
    if (*end == 0 && errno == 0) {
        return true;
    }
    errno = 0;
    *out = (struct frame_value){.kind = FRAME_VALUE_REAL, .real = strtod(number, &end)};
    return *end == 0 && errno == 0;
}

static bool is_quoted(struct bytes text) {
    return text.size > 1 && text.data[0] == '"' && text.data[text.size - 1] == '"';
}

static int digit_of(uint8_t letter) {
    return letter >= '0' && letter <= '9' ? letter - '0' : letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* x'00ff': small letters, two digits for each byte. */
static bool read_data(struct bytes text, uint8_t **room, struct frame_value *out) {
    size_t count = text.size / 2 - 1;
    if (text.size < 3 || text.size % 2 == 0 || text.data[0] != 'x' || text.data[1] != '\'' ||
        text.data[text.size - 1] != '\'') {
        return false;
    }
    for (size_t i = 2; i < text.size - 1; i++) {
        if (digit_of(text.data[i]) < 0) {
            return false;
        }
    }
    *out = (struct frame_value){.kind = FRAME_VALUE_DATA, .bytes = bytes_make(room ? *room : NULL, room ? count : 0)};
    for (size_t i = 0; room && i < count; i++) {
        *(*room)++ = (uint8_t)(digit_of(text.data[2 + 2 * i]) << 4 | digit_of(text.data[3 + 2 * i]));
    }
    return true;
}

struct frame_value value_read(struct bytes text, uint8_t **room) {
    struct frame_value value;
    if (bytes_equal(text, bytes_of_text("true")) || bytes_equal(text, bytes_of_text("false"))) {
        return (struct frame_value){.kind = FRAME_VALUE_FLAG, .flag = text.data[0] == 't'};
    }
    if (read_number(text, &value) || read_data(text, room, &value)) {
        return value;
    }
    if (is_quoted(text)) {
        text = bytes_make(text.data + 1, text.size - 2);
    }
    return (struct frame_value){.kind = FRAME_VALUE_TEXT, .bytes = text};
}

size_t value_count_max(const char *text) {
    size_t count = 1;
    for (; *text; text++) {
        count += *text == ',';
    }
    return count;
}

/* To its comma, or to the end; quotes hide commas. */
static size_t item_bytes(const char *text) {
    for (const char *quote = *text == '"' ? strchr(text + 1, '"') : NULL; quote; quote = strchr(quote + 1, '"')) {
        const char *after = quote + 1 + strspn(quote + 1, " ");
        if (*after == 0 || *after == ',') {
            return (size_t)(after - text);
        }
    }
    return strcspn(text, ",");
}

bool value_read_all(const char *text, struct frame_value *values, size_t *count, bool *list, uint8_t **room) {
    *list = text[item_bytes(text)] != 0;
    *count = 0;
    if (!*list) {
        values[(*count)++] = value_read(bytes_of_text(text), room);
        return true;
    }
    for (;;) {
        text += strspn(text, " ");
        size_t whole = item_bytes(text), bytes = whole;
        while (bytes > 0 && text[bytes - 1] == ' ') {
            bytes--;
        }
        if (bytes == 0) {
            return false;
        }
        values[(*count)++] = value_read(bytes_make(text, bytes), room);
        if (text[whole] == 0) {
            return true;
        }
        text += whole + 1;
    }
}

/* ---- printing ---- */

static bool needs_quotes(struct bytes text) {
    return value_read(text, NULL).kind != FRAME_VALUE_TEXT || text.size == 0 || text.data[0] == '"' ||
           text.data[0] == ' ' || text.data[text.size - 1] == ' ' || memchr(text.data, ',', text.size);
}

static void append(struct text_builder *out, const struct frame_value *value) {
    const char *quote = "";
    switch (value->kind) {
    case FRAME_VALUE_NONE:
        return;
    case FRAME_VALUE_FLAG:
        text_append(out, "%s", value->flag ? "true" : "false");
        return;
    case FRAME_VALUE_INTEGER:
        text_append(out, "%" PRId64, value->integer);
        return;
    case FRAME_VALUE_REAL:
        text_append(out, "%.17g", value->real);
        return;
    case FRAME_VALUE_TEXT:
        quote = needs_quotes(value->bytes) ? "\"" : "";
        text_append(out, "%s%.*s%s", quote, (int)value->bytes.size, (const char *)value->bytes.data, quote);
        return;
    case FRAME_VALUE_DATA:
        text_append(out, "x'");
        for (size_t i = 0; i < value->bytes.size; i++) {
            text_append(out, "%02x", value->bytes.data[i]);
        }
        text_append(out, "'");
        return;
    }
}

const char *value_print(struct arena *arena, const struct frame_value *values, size_t count) {
    size_t room = 1;
    for (size_t i = 0; i < count; i++) {
        room += NUMBER_BYTES + SIGN_BYTES + 2 * values[i].bytes.size;
    }
    char *text = arena_take(arena, room);
    if (!text) {
        return NULL;
    }
    struct text_builder out = text_builder(text, room);
    for (size_t i = 0; i < count; i++) {
        text_append(&out, i > 0 ? ", " : "");
        append(&out, &values[i]);
    }
    return text;
}
