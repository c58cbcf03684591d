/* The status of nodes, their actors, members and counters, to the wire and back (K1).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "proto/control_status.h"

/* ---- to the wire ---- */

static bool put_actors(struct arena *arena, const struct control_node_status *node, Mesh__Wire__NodeStatus *out) {
    Mesh__Wire__ActorStatus *items = codec_array(arena, node->actors_count, sizeof *items);
    out->actors = codec_array(arena, node->actors_count, sizeof *out->actors);
    if (!items || !out->actors) {
        return false;
    }
    for (size_t i = 0; i < node->actors_count; i++) {
        const struct control_actor_status *actor = &node->actors[i];
        mesh__wire__actor_status__init(&items[i]);
        items[i].node = actor->address.node;
        items[i].local = actor->address.local;
        items[i].parent_node = actor->parent.node;
        items[i].parent_local = actor->parent.local;
        items[i].type = codec_text(arena, actor->type);
        items[i].state = codec_text(arena, actor->state);
        items[i].pid = actor->pid;
        items[i].mailbox = actor->mailbox;
        items[i].handled = actor->handled;
        items[i].busy_ms = actor->busy_ms;
        items[i].unsettled = actor->unsettled;
        out->actors[out->n_actors++] = &items[i];
        if (!items[i].type || !items[i].state) {
            return false;
        }
    }
    return true;
}

static bool put_counters(struct arena *arena, const struct control_node_status *node, Mesh__Wire__NodeStatus *out) {
    Mesh__Wire__Counter *items = codec_array(arena, node->counters_count, sizeof *items);
    out->counters = codec_array(arena, node->counters_count, sizeof *out->counters);
    if (!items || !out->counters) {
        return false;
    }
    for (size_t i = 0; i < node->counters_count; i++) {
        mesh__wire__counter__init(&items[i]);
        items[i].name = codec_text(arena, node->counters[i].name);
        items[i].value = node->counters[i].value;
        out->counters[out->n_counters++] = &items[i];
        if (!items[i].name) {
            return false;
        }
    }
    return true;
}

static bool put_members(struct arena *arena, const struct control_node_status *node, Mesh__Wire__NodeStatus *out) {
    Mesh__Wire__MemberStatus *items = codec_array(arena, node->members_count, sizeof *items);
    out->members = codec_array(arena, node->members_count, sizeof *out->members);
    if (!items || !out->members) {
        return false;
    }
    for (size_t i = 0; i < node->members_count; i++) {
        mesh__wire__member_status__init(&items[i]);
        items[i].name = codec_text(arena, node->members[i].name);
        items[i].endpoint = codec_text(arena, node->members[i].endpoint);
        items[i].state = codec_text(arena, node->members[i].state);
        items[i].silent_ms = node->members[i].silent_ms;
        out->members[out->n_members++] = &items[i];
        if (!items[i].name || !items[i].endpoint || !items[i].state) {
            return false;
        }
    }
    return true;
}

static bool put_node(struct arena *arena, const struct control_node_status *node, Mesh__Wire__NodeStatus *out) {
    mesh__wire__node_status__init(out);
    out->member = arena_take(arena, sizeof *out->member);
    out->acting = node->acting;
    out->leader = node->leader;
    out->uptime_ms = node->uptime_ms;
    out->pid = node->pid;
    return out->member && codec_put_member(arena, &node->member, out->member) && put_actors(arena, node, out) &&
           put_counters(arena, node, out) && put_members(arena, node, out);
}

bool control_put_status(struct arena *arena, const struct control_status_reply *reply, Mesh__Wire__StatusReply *out) {
    Mesh__Wire__NodeStatus *items = codec_array(arena, reply->nodes_count, sizeof *items);
    mesh__wire__status_reply__init(out);
    out->nodes = codec_array(arena, reply->nodes_count, sizeof *out->nodes);
    if (!items || !out->nodes) {
        return false;
    }
    for (size_t i = 0; i < reply->nodes_count; i++) {
        out->nodes[out->n_nodes++] = &items[i];
        if (!put_node(arena, &reply->nodes[i], &items[i])) {
            return false;
        }
    }
    return true;
}

/* ---- from the wire ---- */

static void get_actor(const Mesh__Wire__ActorStatus *wire, struct control_actor_status *out) {
    *out = (struct control_actor_status){
        .address = codec_address(wire->node, wire->local),
        .parent = codec_address(wire->parent_node, wire->parent_local),
        .type = codec_view(wire->type),
        .state = codec_view(wire->state),
        .pid = wire->pid,
        .mailbox = wire->mailbox,
        .handled = wire->handled,
        .busy_ms = wire->busy_ms,
        .unsettled = wire->unsettled,
    };
}

static bool get_node(struct arena *arena, const Mesh__Wire__NodeStatus *wire, struct control_node_status *out) {
    if (!wire->member || wire->n_actors > CONTROL_LISTED || wire->n_counters > CONTROL_LISTED ||
        wire->n_members > CONTROL_LISTED) {
        return false;
    }
    struct control_actor_status *actors = codec_array(arena, wire->n_actors, sizeof *actors);
    struct control_counter *counters = codec_array(arena, wire->n_counters, sizeof *counters);
    struct control_member_status *members = codec_array(arena, wire->n_members, sizeof *members);
    if (!actors || !counters || !members) {
        return false;
    }
    for (size_t i = 0; i < wire->n_actors; i++) {
        get_actor(wire->actors[i], &actors[i]);
    }
    for (size_t i = 0; i < wire->n_counters; i++) {
        counters[i] = (struct control_counter){codec_view(wire->counters[i]->name), wire->counters[i]->value};
    }
    for (size_t i = 0; i < wire->n_members; i++) {
        const Mesh__Wire__MemberStatus *member = wire->members[i];
        members[i] = (struct control_member_status){codec_view(member->name), codec_view(member->endpoint),
                                                    codec_view(member->state), member->silent_ms};
    }
    *out = (struct control_node_status){
        .acting = wire->acting,
        .leader = wire->leader,
        .uptime_ms = wire->uptime_ms,
        .pid = wire->pid,
        .actors_count = wire->n_actors,
        .counters_count = wire->n_counters,
        .members_count = wire->n_members,
        .actors = actors,
        .counters = counters,
        .members = members,
    };
    return codec_get_member(arena, wire->member, &out->member);
}

bool control_get_status(struct arena *arena, const Mesh__Wire__StatusReply *wire, struct control_status_reply *out) {
    struct control_node_status *nodes =
        wire->n_nodes > FRAME_MEMBERS ? NULL : codec_array(arena, wire->n_nodes, sizeof *nodes);
    if (!nodes) {
        return false;
    }
    for (size_t i = 0; i < wire->n_nodes; i++) {
        if (!get_node(arena, wire->nodes[i], &nodes[i])) {
            return false;
        }
    }
    *out = (struct control_status_reply){wire->n_nodes, nodes};
    return true;
}
