/* Sizes, views of bytes, and bounded text.
 *
 * A view owns nothing. A text builder writes into a buffer of the caller's, never past its end, and remembers when
 * something did not fit.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_BASE_BYTES_H
#define MESH_BASE_BYTES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline size_t size_min(size_t a, size_t b) {
    return a < b ? a : b;
}

static inline size_t size_max(size_t a, size_t b) {
    return a > b ? a : b;
}

struct bytes {
    const uint8_t *data;
    size_t size;
};

static inline struct bytes bytes_make(const void *data, size_t size) {
    return (struct bytes){data, size};
}

/* Without the terminating zero. */
static inline struct bytes bytes_of_text(const char *text) {
    return bytes_make(text, strlen(text));
}

static inline bool bytes_equal(struct bytes a, struct bytes b) {
    return a.size == b.size && (a.size == 0 || a.data == b.data || memcmp(a.data, b.data, a.size) == 0);
}

/* As memcmp; of two where one begins the other, the shorter is less. */
int bytes_compare(struct bytes a, struct bytes b);

struct text_builder {
    char *text;  /* always terminated */
    size_t room; /* of the buffer, its terminating zero included */
    size_t length;
    bool truncated;
};

/* `room` must be 1 or more. */
struct text_builder text_builder(char *buffer, size_t room);
void text_append(struct text_builder *builder, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_append_list(struct text_builder *builder, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* Appends bytes as one line of UTF-8: control characters, and bytes that are no character, as \xNN. What has been escaped once
 * stays as it is, so that texts may be parts of texts. It is cut between characters, never within a \xNN. */
void text_append_escaped(struct text_builder *builder, struct bytes bytes);

#endif
