/* SPDX-License-Identifier: MPL-2.0 */
#include "proto/control_convention.h"

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
           wire->n_expected <= FRAME_REQUIREMENTS &&
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

bool control_put_watch_members(const struct control_watch_members *request, Mesh__Wire__WatchMembers *out) {
    mesh__wire__watch_members__init(out);
    out->node = request->actor.node;
    out->local = request->actor.local;
    out->on = request->on;
    return true;
}

bool control_get_watch_members(const Mesh__Wire__WatchMembers *wire, struct control_watch_members *out) {
    *out = (struct control_watch_members){.actor = codec_address(wire->node, wire->local), .on = wire->on};
    return !mesh_address_is_none(out->actor);
}

bool control_put_member_update(struct arena *arena, const struct control_member_update *update,
                               Mesh__Wire__MemberUpdate *out) {
    mesh__wire__member_update__init(out);
    out->node = update->watcher.node;
    out->local = update->watcher.local;
    out->added = update->added;
    out->text = codec_text(arena, update->text);
    out->member = arena_take(arena, sizeof *out->member);
    return out->text && out->member && codec_put_member(arena, &update->member, out->member);
}

bool control_get_member_update(struct arena *arena, const Mesh__Wire__MemberUpdate *wire,
                               struct control_member_update *out) {
    *out = (struct control_member_update){
        .watcher = codec_address(wire->node, wire->local), .added = wire->added, .text = codec_view(wire->text)};
    return !mesh_address_is_none(out->watcher) && out->text.size <= FRAME_TEXT_BYTES && wire->member &&
           codec_get_member(arena, wire->member, &out->member);
}

bool control_put_capabilities(struct arena *arena, const struct control_capabilities *capabilities,
                              Mesh__Wire__Capabilities *out) {
    mesh__wire__capabilities__init(out);
    out->n_capabilities = capabilities->count;
    return codec_put_capabilities(arena, capabilities->items, capabilities->count, &out->capabilities);
}

bool control_get_capabilities(struct arena *arena, const Mesh__Wire__Capabilities *wire,
                              struct control_capabilities *out) {
    out->count = wire->n_capabilities;
    return codec_get_capabilities(arena, wire->capabilities, wire->n_capabilities, &out->items);
}

bool control_put_member_key(const struct control_member_key *request, Mesh__Wire__MemberKey *out) {
    mesh__wire__member_key__init(out);
    out->key.len = FRAME_KEY_BYTES;
    out->key.data = (uint8_t *)(uintptr_t)request->word.key; /* protobuf-c only reads these two */
    out->pattern = (char *)(uintptr_t)request->word.pattern;
    out->revoked = request->word.revoked;
    out->force = request->force;
    out->passed_on = request->passed_on;
    return true;
}

bool control_get_member_key(const Mesh__Wire__MemberKey *wire, struct control_member_key *out) {
    struct bytes pattern = codec_view(wire->pattern);
    if (wire->key.len != FRAME_KEY_BYTES || pattern.size > FRAME_PATTERN_BYTES ||
        wire->revoked != (pattern.size == 0)) {
        return false;
    }
    *out =
        (struct control_member_key){.word.revoked = wire->revoked, .force = wire->force, .passed_on = wire->passed_on};
    memcpy(out->word.key, wire->key.data, FRAME_KEY_BYTES);
    memcpy(out->word.pattern, pattern.data, pattern.size);
    return true;
}

bool control_put_check(struct arena *arena, const struct control_check *check, Mesh__Wire__Check *out) {
    mesh__wire__check__init(out);
    out->node = check->address.node;
    out->local = check->address.local;
    out->n_capabilities = check->capabilities_count;
    out->n_requirements = check->requirements_count;
    return codec_put_capabilities(arena, check->capabilities, check->capabilities_count, &out->capabilities) &&
           codec_put_requirements(arena, check->requirements, check->requirements_count, &out->requirements);
}

bool control_get_check(struct arena *arena, const Mesh__Wire__Check *wire, struct control_check *out) {
    *out = (struct control_check){.address = codec_address(wire->node, wire->local),
                                  .capabilities_count = wire->n_capabilities,
                                  .requirements_count = wire->n_requirements};
    return !mesh_address_is_none(out->address) && wire->n_requirements <= FRAME_REQUIREMENTS &&
           codec_get_capabilities(arena, wire->capabilities, wire->n_capabilities, &out->capabilities) &&
           codec_get_requirements(arena, wire->requirements, wire->n_requirements, &out->requirements);
}

bool control_put_unreached(struct arena *arena, const struct control_unreached *word, Mesh__Wire__Unreached *out) {
    mesh__wire__unreached__init(out);
    out->endpoint = codec_text(arena, word->endpoint);
    out->text = codec_text(arena, word->text);
    return out->endpoint && out->text;
}

bool control_get_unreached(const Mesh__Wire__Unreached *wire, struct control_unreached *out) {
    *out = (struct control_unreached){.endpoint = codec_view(wire->endpoint), .text = codec_view(wire->text)};
    return out->endpoint.size <= FRAME_ENDPOINT_BYTES && out->text.size <= FRAME_TEXT_BYTES;
}
