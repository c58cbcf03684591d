/* SPDX-License-Identifier: MPL-2.0 */
#include "proto/control_dead_letter.h"

bool control_put_dead_letter_handler(const struct control_dead_letter_handler *handler,
                                     Mesh__Wire__DeadLetterHandler *out) {
    mesh__wire__dead_letter_handler__init(out);
    out->node = handler->handler.node;
    out->local = handler->handler.local;
    out->process_node = handler->process.node;
    out->process_local = handler->process.local;
    out->registered = handler->registered;
    return true;
}

bool control_get_dead_letter_handler(const Mesh__Wire__DeadLetterHandler *wire,
                                     struct control_dead_letter_handler *out) {
    *out = (struct control_dead_letter_handler){
        .handler = codec_address(wire->node, wire->local),
        .process = codec_address(wire->process_node, wire->process_local),
        .registered = wire->registered,
    };
    return true;
}

bool control_put_dead_letter(struct arena *arena, const struct control_dead_letter *letter,
                             Mesh__Wire__DeadLetter *out) {
    mesh__wire__dead_letter__init(out);
    out->handler_node = letter->handler.node;
    out->handler_local = letter->handler.local;
    out->target_node = letter->target.node;
    out->target_local = letter->target.local;
    out->sender_node = letter->sender.node;
    out->sender_local = letter->sender.local;
    out->reason = (Mesh__Wire__Reason)letter->reason;
    out->maybe_handled = letter->maybe_handled;
    out->type = codec_text(arena, letter->type);
    out->payload.data = (uint8_t *)(uintptr_t)letter->payload.data;
    out->payload.len = letter->payload.size;
    out->payload_bytes = letter->payload_bytes;
    out->text = codec_text(arena, letter->text);
    out->ask = letter->ask;
    out->returned = letter->returned;
    return out->type && out->text;
}

bool control_get_dead_letter(const Mesh__Wire__DeadLetter *wire, struct control_dead_letter *out) {
    *out = (struct control_dead_letter){
        .handler = codec_address(wire->handler_node, wire->handler_local),
        .target = codec_address(wire->target_node, wire->target_local),
        .sender = codec_address(wire->sender_node, wire->sender_local),
        .reason = (enum frame_reason)wire->reason,
        .maybe_handled = wire->maybe_handled,
        .type = codec_view(wire->type),
        .payload = bytes_make(wire->payload.data, wire->payload.len),
        .text = codec_view(wire->text),
        .payload_bytes = wire->payload_bytes,
        .ask = wire->ask,
        .returned = wire->returned,
    };
    return !mesh_address_is_none(out->target) && wire->reason >= 0 && out->reason <= FRAME_NODE_LOST &&
           out->type.size <= FRAME_TYPE_BYTES && out->text.size <= FRAME_TEXT_BYTES &&
           out->payload.size <= out->payload_bytes;
}
