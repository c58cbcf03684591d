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

bool control_put_log_request(struct arena *arena, const struct control_log_request *request,
                             Mesh__Wire__LogRequest *out) {
    mesh__wire__log_request__init(out);
    out->node = codec_text(arena, request->node);
    out->level = (uint32_t)request->level;
    out->file = request->file;
    out->offset = request->offset;
    out->wait_ms = request->wait_ms;
    out->passed_on = request->passed_on;
    return out->node;
}

bool control_put_log_reply(struct arena *arena, const struct control_log_reply *reply, Mesh__Wire__LogReply *out) {
    mesh__wire__log_reply__init(out);
    out->node = codec_text(arena, reply->node);
    out->file = reply->file;
    out->offset = reply->offset;
    out->end = reply->end;
    out->skipped = reply->skipped;
    out->note = codec_text(arena, reply->note);
    out->n_lines = reply->count;
    out->lines = put_lines(arena, reply->lines, reply->count);
    return out->node && out->note && out->lines;
}

static bool get_log_request(const Mesh__Wire__LogRequest *wire, struct control_log_request *out) {
    *out = (struct control_log_request){.node = codec_view(wire->node),
                                        .level = (enum mesh_level)wire->level,
                                        .file = wire->file,
                                        .offset = wire->offset,
                                        .wait_ms = wire->wait_ms,
                                        .passed_on = wire->passed_on};
    return out->node.size <= FRAME_NAME_BYTES && wire->level <= MESH_LOG_DEBUG;
}

static bool get_log_reply(struct arena *arena, const Mesh__Wire__LogReply *wire, struct control_log_reply *out) {
    *out = (struct control_log_reply){.node = codec_view(wire->node),
                                      .file = wire->file,
                                      .offset = wire->offset,
                                      .end = wire->end,
                                      .skipped = wire->skipped,
                                      .count = wire->n_lines,
                                      .note = codec_view(wire->note)};
    return out->node.size <= FRAME_NAME_BYTES && out->note.size <= FRAME_TEXT_BYTES &&
           get_lines(arena, wire->lines, wire->n_lines, &out->lines);
}

static bool get_log_lines(struct arena *arena, const Mesh__Wire__LogLines *wire, struct control_log_lines *out) {
    *out = (struct control_log_lines){.lost = wire->lost, .count = wire->n_lines};
    return get_lines(arena, wire->lines, wire->n_lines, &out->lines);
}

bool control_get_log(struct arena *arena, const Mesh__Wire__Control *wire, struct control *out) {
    if (wire->body_case == MESH__WIRE__CONTROL__BODY_LOG_LINES) {
        out->kind = CONTROL_LOG_LINES;
        return get_log_lines(arena, wire->log_lines, &out->log_lines);
    }
    if (wire->body_case == MESH__WIRE__CONTROL__BODY_LOG_REQUEST) {
        out->kind = CONTROL_LOG_REQUEST;
        return get_log_request(wire->log_request, &out->log_request);
    }
    out->kind = CONTROL_LOG_REPLY;
    return get_log_reply(arena, wire->log_reply, &out->log_reply);
}
