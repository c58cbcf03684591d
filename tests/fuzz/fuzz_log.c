/* Fuzz target: bytes as a line of a log. What is read is written, in both formats, so that it reads as the same line; and no line has a
 * control character.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "mesh/core/log_line.h"

static void check_one(enum log_format format, const struct log_line *line) {
    char text[LOG_LINE_BYTES], room[LOG_LINE_BYTES], again_text[LOG_LINE_BYTES];
    struct log_line again;
    size_t bytes = log_line_print(text, format, line);
    CHECK(bytes > 0 && bytes <= LOG_LINE_BYTES && text[bytes - 1] == '\n');
    for (size_t i = 0; i + 1 < bytes; i++) {
        CHECK((unsigned char)text[i] >= ' ');
    }
    CHECK(log_line_parse(bytes_make(text, bytes - 1), room, &again));
    CHECK(again.time_ms == line->time_ms && again.level == line->level && again.pid == line->pid);
    CHECK(mesh_address_equal(again.address, line->address));
    CHECK(log_line_print(again_text, format, &again) == bytes && memcmp(again_text, text, bytes) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char room[LOG_LINE_BYTES], clean[LOG_LINE_BYTES];
    struct log_line line;
    CHECK(log_text_clean(clean, bytes_make(data, size)) < LOG_LINE_BYTES);
    if (size <= LOG_LINE_BYTES && log_line_parse(bytes_make(data, size), room, &line)) {
        check_one(LOG_TEXT, &line);
        check_one(LOG_JSON, &line);
    }
    return 0;
}
