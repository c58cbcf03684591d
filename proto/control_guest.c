/* SPDX-License-Identifier: MPL-2.0 */
#include "proto/control_guest.h"

bool control_put_preregister(struct arena *arena, const struct control_preregister *request,
                             Mesh__Wire__Preregister *out) {
    mesh__wire__preregister__init(out);
    out->endpoint = codec_text(arena, request->endpoint);
    out->passed_on = request->passed_on;
    out->n_expected = request->expected_count;
    return out->endpoint && codec_put_requirements(arena, request->expected, request->expected_count, &out->expected);
}

bool control_get_preregister(struct arena *arena, const Mesh__Wire__Preregister *wire,
                             struct control_preregister *out) {
    *out = (struct control_preregister){
        .endpoint = codec_view(wire->endpoint),
        .expected_count = wire->n_expected,
        .passed_on = wire->passed_on,
    };
    return out->endpoint.size > 0 && out->endpoint.size <= FRAME_ENDPOINT_BYTES &&
           codec_get_requirements(arena, wire->expected, wire->n_expected, &out->expected);
}

bool control_put_dismiss(struct arena *arena, const struct control_dismiss *request, Mesh__Wire__Dismiss *out) {
    mesh__wire__dismiss__init(out);
    out->endpoint = codec_text(arena, request->endpoint);
    out->admin = request->admin;
    out->passed_on = request->passed_on;
    return out->endpoint;
}

bool control_get_dismiss(const Mesh__Wire__Dismiss *wire, struct control_dismiss *out) {
    *out = (struct control_dismiss){
        .endpoint = codec_view(wire->endpoint), .admin = wire->admin, .passed_on = wire->passed_on};
    return out->endpoint.size <= FRAME_ENDPOINT_BYTES && (out->endpoint.size > 0) != (out->admin != 0);
}
