/* Lines of logs to the wire and back (K2).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "proto/control_log.h"

/* NULL without memory. */
static ProtobufCBinaryData *put_lines(struct arena *arena, const struct bytes *lines, size_t count) {
    ProtobufCBinaryData *out = codec_array(arena, count, sizeof *out);
    for (size_t i = 0; out && i < count; i++) {
        out[i].len = lines[i].size;
        out[i].data = (uint8_t *)lines[i].data; /* read when it is packed, before the caller goes on */
    }
    return out;
}

static bool get_lines(struct arena *arena, const ProtobufCBinaryData *lines, size_t count, const struct bytes **out) {
    struct bytes *views = count <= CONTROL_LOG_COUNT ? codec_array(arena, count, sizeof *views) : NULL;
    for (size_t i = 0; views && i < count; i++) {
        if (lines[i].len > CONTROL_LOG_LINE_BYTES) {
            return false;
        }
        views[i] = bytes_make(lines[i].data, lines[i].len);
    }
    *out = views;
    return views != NULL;
}

bool control_put_log_lines(struct arena *arena, const struct control_log_lines *lines, Mesh__Wire__LogLines *out) {
    mesh__wire__log_lines__init(out);
    out->lost = lines->lost;
    out->n_lines = lines->count;
    out->lines = put_lines(arena, lines->lines, lines->count);
    return out->lines;
}

bool control_get_log_lines(struct arena *arena, const Mesh__Wire__LogLines *wire, struct control_log_lines *out) {
    *out = (struct control_log_lines){.lost = wire->lost, .count = wire->n_lines};
    return get_lines(arena, wire->lines, wire->n_lines, &out->lines);
}
