/* Where an address lives, the question and its answers, to the wire and back.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "proto/control_place.h"

/* ---- to the wire ---- */

bool control_put_resolve(struct arena *arena, const struct control_resolve *resolve, Mesh__Wire__Resolve *out) {
    (void)arena;
    mesh__wire__resolve__init(out);
    out->node = resolve->address.node;
    out->local = resolve->address.local;
    out->sender_node = resolve->sender.node;
    out->sender_local = resolve->sender.local;
    return true;
}

bool control_put_resolved(struct arena *arena, const struct control_resolved *resolved, Mesh__Wire__Resolved *out) {
    mesh__wire__resolved__init(out);
    out->node = resolved->address.node;
    out->local = resolved->address.local;
    out->process = resolved->process;
    out->endpoint = codec_text(arena, resolved->endpoint);
    out->life = resolved->life;
    out->sender_node = resolved->sender.node;
    out->sender_local = resolved->sender.local;
    out->floors_known = resolved->floors_known;
    out->epoch = resolved->epoch;
    out->handled = resolved->handled;
    out->in_hand = resolved->in_hand;
    out->text = codec_text(arena, resolved->text);
    return out->endpoint && out->text;
}

bool control_put_gone(struct arena *arena, const struct control_gone *gone, Mesh__Wire__Gone *out) {
    mesh__wire__gone__init(out);
    out->node = gone->address.node;
    out->local = gone->address.local;
    out->reason = (Mesh__Wire__Reason)gone->reason;
    out->text = codec_text(arena, gone->text);
    out->floors_known = gone->floors_known;
    out->epoch = gone->epoch;
    out->handled = gone->handled;
    out->in_hand = gone->in_hand;
    out->sender_node = gone->sender.node;
    out->sender_local = gone->sender.local;
    return out->text;
}

/* ---- from the wire ---- */

static bool get_resolve(const Mesh__Wire__Resolve *wire, struct control_resolve *out) {
    out->address = codec_address(wire->node, wire->local);
    out->sender = codec_address(wire->sender_node, wire->sender_local);
    return !mesh_address_is_none(out->address);
}

static bool get_resolved(const Mesh__Wire__Resolved *wire, struct control_resolved *out) {
    *out = (struct control_resolved){
        .address = codec_address(wire->node, wire->local),
        .sender = codec_address(wire->sender_node, wire->sender_local),
        .process = wire->process,
        .endpoint = codec_view(wire->endpoint),
        .life = wire->life,
        .floors_known = wire->floors_known,
        .epoch = wire->epoch,
        .handled = wire->handled,
        .in_hand = wire->in_hand,
        .text = codec_view(wire->text),
    };
    return !mesh_address_is_none(out->address) && wire->process && out->endpoint.size <= FRAME_ENDPOINT_BYTES &&
           out->text.size <= FRAME_TEXT_BYTES;
}

static bool get_gone(const Mesh__Wire__Gone *wire, struct control_gone *out) {
    *out = (struct control_gone){
        .address = codec_address(wire->node, wire->local),
        .sender = codec_address(wire->sender_node, wire->sender_local),
        .reason = (enum frame_reason)wire->reason,
        .text = codec_view(wire->text),
        .floors_known = wire->floors_known,
        .epoch = wire->epoch,
        .handled = wire->handled,
        .in_hand = wire->in_hand,
    };
    return !mesh_address_is_none(out->address) && wire->reason >= 0 && out->reason <= FRAME_NODE_LOST &&
           out->text.size <= FRAME_TEXT_BYTES;
}

bool control_get_place(const Mesh__Wire__Control *wire, struct control *out) {
    if (wire->body_case == MESH__WIRE__CONTROL__BODY_RESOLVE) {
        out->kind = CONTROL_RESOLVE;
        return get_resolve(wire->resolve, &out->resolve);
    }
    if (wire->body_case == MESH__WIRE__CONTROL__BODY_RESOLVED) {
        out->kind = CONTROL_RESOLVED;
        return get_resolved(wire->resolved, &out->resolved);
    }
    out->kind = CONTROL_GONE;
    return get_gone(wire->gone, &out->gone);
}
