/* Views of bytes, and bounded text.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/bytes.h"
#include "mesh/base/check.h"
#include "mesh/base/utf8.h"
#include <stdio.h>

int bytes_compare(struct bytes a, struct bytes b) {
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common ? memcmp(a.data, b.data, common) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

struct text_builder text_builder(char *buffer, size_t room) {
    CHECK(room > 0);
    buffer[0] = '\0';
    return (struct text_builder){.text = buffer, .room = room};
}

void text_append_list(struct text_builder *builder, const char *format, va_list arguments) {
    size_t left = builder->room - builder->length;
    int wanted = vsnprintf(builder->text + builder->length, left, format, arguments);
    if (wanted < 0 || (size_t)wanted >= left) {
        builder->truncated = true;
        builder->length = wanted < 0 ? builder->length : builder->room - 1;
        builder->text[builder->length] = '\0';
        return;
    }
    builder->length += (size_t)wanted;
}

void text_append(struct text_builder *builder, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    text_append_list(builder, format, arguments);
    va_end(arguments);
}

void text_append_escaped(struct text_builder *builder, struct bytes bytes) {
    uint32_t code;
    for (size_t at = 0, length; at < bytes.size && !builder->truncated; at += length) {
        const uint8_t *from = bytes.data + at;
        length = utf8_read(from, bytes.size - at, &code);
        bool printable = length > 0 && !utf8_is_control(code);
        length = printable ? length : 1;
        if (builder->room - builder->length <= (printable ? length : 4)) {
            builder->truncated = true;
        } else if (printable) {
            text_append(builder, "%.*s", (int)length, (const char *)from);
        } else {
            text_append(builder, "\\x%02x", *from);
        }
    }
}
