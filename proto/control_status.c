/* The status of nodes, their actors, members and counters, and of one actor, to the wire and back (K1).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "proto/control_status.h"
#include "proto/control_names.h"
#include "proto/control_source.h"

/* ---- to the wire ---- */

static bool put_actor(struct arena *arena, const struct control_actor_status *actor, Mesh__Wire__ActorStatus *out) {
    mesh__wire__actor_status__init(out);
    out->node = actor->address.node;
    out->local = actor->address.local;
    out->parent_node = actor->parent.node;
    out->parent_local = actor->parent.local;
    out->type = codec_text(arena, actor->type);
    out->state = codec_text(arena, actor->state);
    out->pid = actor->pid;
    out->mailbox = actor->mailbox;
    out->handled = actor->handled;
    out->busy_ms = actor->busy_ms;
    out->unsettled = actor->unsettled;
    out->children = actor->children_count;
    return out->type && out->state;
}

static bool put_actors(struct arena *arena, const struct control_node_status *node, Mesh__Wire__NodeStatus *out) {
    Mesh__Wire__ActorStatus *items = codec_array(arena, node->actors_count, sizeof *items);
    out->actors = codec_array(arena, node->actors_count, sizeof *out->actors);
    if (!items || !out->actors) {
        return false;
    }
    for (size_t i = 0; i < node->actors_count; i++) {
        out->actors[out->n_actors++] = &items[i];
        if (!put_actor(arena, &node->actors[i], &items[i])) {
            return false;
        }
    }
    return true;
}

/* NULL without memory. */
static Mesh__Wire__Counter **put_counters(struct arena *arena, const struct control_counter *counters, size_t count) {
    Mesh__Wire__Counter *items = codec_array(arena, count, sizeof *items);
    Mesh__Wire__Counter **list = codec_array(arena, count, sizeof *list);
    for (size_t i = 0; items && list && i < count; i++) {
        mesh__wire__counter__init(&items[i]);
        items[i].name = codec_text(arena, counters[i].name);
        items[i].value = counters[i].value;
        list[i] = &items[i];
        if (!items[i].name) {
            return NULL;
        }
    }
    return items ? list : NULL;
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
        items[i].incarnation = node->members[i].incarnation;
        out->members[out->n_members++] = &items[i];
        if (!items[i].name || !items[i].endpoint || !items[i].state) {
            return false;
        }
    }
    return true;
}

static uint64_t *put_addresses(struct arena *arena, const struct mesh_address *addresses, size_t count) {
    uint64_t *words = codec_array(arena, 2 * count, sizeof *words);
    for (size_t i = 0; words && i < count; i++) {
        words[2 * i] = addresses[i].node;
        words[2 * i + 1] = addresses[i].local;
    }
    return words;
}

static bool put_node(struct arena *arena, const struct control_node_status *node, Mesh__Wire__NodeStatus *out) {
    mesh__wire__node_status__init(out);
    out->member = arena_take(arena, sizeof *out->member);
    out->acting = node->acting;
    out->leader = node->leader;
    out->uptime_ms = node->uptime_ms;
    out->pid = node->pid;
    out->n_counters = node->counters_count;
    out->counters = put_counters(arena, node->counters, node->counters_count);
    out->n_names = node->names_count;
    out->n_sources = node->sources_count;
    out->authority_node = node->authority.node;
    out->authority_local = node->authority.local;
    out->note = codec_text(arena, node->note);
    out->n_watchers = 2 * node->watchers_count;
    out->watchers = put_addresses(arena, node->watchers, node->watchers_count);
    return out->member && codec_put_member(arena, &node->member, out->member) && put_actors(arena, node, out) &&
           out->counters && put_members(arena, node, out) && out->note && out->watchers &&
           control_put_held(arena, node->names, node->names_count, &out->names) &&
           control_put_sources(arena, node->sources, node->sources_count, &out->sources);
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

bool control_put_actor_report(struct arena *arena, const struct control_actor_report *report,
                              Mesh__Wire__ActorReport *out) {
    mesh__wire__actor_report__init(out);
    out->actor = arena_take(arena, sizeof *out->actor);
    out->node_name = codec_text(arena, report->node_name);
    out->in_hand = codec_text(arena, report->in_hand);
    out->light = report->light;
    out->exiting = report->exiting;
    out->restarts = report->restarts;
    out->secondhand = report->secondhand;
    out->mailbox_bytes = report->mailbox_bytes;
    out->unsettled_bytes = report->unsettled_bytes;
    out->streams_out = report->streams_out;
    out->streams_in = report->streams_in;
    out->timers = report->timers;
    out->watched = report->watched;
    out->n_children = 2 * report->children_listed;
    out->children = put_addresses(arena, report->children, report->children_listed);
    out->n_counters = report->counters_count;
    out->counters = put_counters(arena, report->counters, report->counters_count);
    return out->actor && out->node_name && out->in_hand && out->children && out->counters &&
           put_actor(arena, &report->actor, out->actor);
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
        .children_count = wire->children,
    };
}

/* NULL without memory. */
static const struct control_counter *get_counters(struct arena *arena, Mesh__Wire__Counter *const *wire, size_t count) {
    struct control_counter *counters = codec_array(arena, count, sizeof *counters);
    for (size_t i = 0; counters && i < count; i++) {
        counters[i] = (struct control_counter){codec_view(wire[i]->name), wire[i]->value};
    }
    return counters;
}

static const struct mesh_address *get_addresses(struct arena *arena, const uint64_t *words, size_t count) {
    struct mesh_address *addresses = codec_array(arena, count, sizeof *addresses);
    for (size_t i = 0; addresses && i < count; i++) {
        addresses[i] = codec_address(words[2 * i], words[2 * i + 1]);
    }
    return addresses;
}

static bool get_node(struct arena *arena, const Mesh__Wire__NodeStatus *wire, struct control_node_status *out) {
    if (!wire->member || wire->n_actors > CONTROL_LISTED || wire->n_counters > CONTROL_LISTED ||
        wire->n_members > CONTROL_LISTED || wire->n_watchers % 2 != 0 || wire->n_watchers > 2 * CONTROL_LISTED) {
        return false;
    }
    struct control_actor_status *actors = codec_array(arena, wire->n_actors, sizeof *actors);
    const struct control_counter *counters = get_counters(arena, wire->counters, wire->n_counters);
    struct control_member_status *members = codec_array(arena, wire->n_members, sizeof *members);
    const struct control_held_name *names = control_get_held(arena, wire->names, wire->n_names);
    const struct mesh_address *watchers = get_addresses(arena, wire->watchers, wire->n_watchers / 2);
    const struct control_source_status *sources = control_get_sources(arena, wire->sources, wire->n_sources);
    if (!actors || !counters || !members || !names || !watchers || !sources) {
        return false;
    }
    for (size_t i = 0; i < wire->n_actors; i++) {
        get_actor(wire->actors[i], &actors[i]);
    }
    for (size_t i = 0; i < wire->n_members; i++) {
        const Mesh__Wire__MemberStatus *member = wire->members[i];
        members[i] = (struct control_member_status){codec_view(member->name), codec_view(member->endpoint),
                                                    codec_view(member->state), member->silent_ms, member->incarnation};
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
        .names_count = wire->n_names,
        .names = names,
        .watchers_count = wire->n_watchers / 2,
        .watchers = watchers,
        .sources_count = wire->n_sources,
        .sources = sources,
        .authority = codec_address(wire->authority_node, wire->authority_local),
        .note = codec_view(wire->note),
    };
    return out->note.size <= FRAME_TEXT_BYTES && codec_get_member(arena, wire->member, &out->member);
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

bool control_get_actor_report(struct arena *arena, const Mesh__Wire__ActorReport *wire,
                              struct control_actor_report *out) {
    if (!wire->actor || wire->n_children % 2 != 0 || wire->n_children > 2 * CONTROL_LISTED ||
        wire->n_children / 2 > wire->actor->children || wire->n_counters > CONTROL_LISTED) {
        return false;
    }
    *out = (struct control_actor_report){
        .node_name = codec_view(wire->node_name),
        .in_hand = codec_view(wire->in_hand),
        .light = wire->light,
        .exiting = wire->exiting,
        .restarts = wire->restarts,
        .secondhand = wire->secondhand,
        .mailbox_bytes = wire->mailbox_bytes,
        .unsettled_bytes = wire->unsettled_bytes,
        .streams_out = wire->streams_out,
        .streams_in = wire->streams_in,
        .timers = wire->timers,
        .watched = wire->watched,
        .children_listed = wire->n_children / 2,
        .children = get_addresses(arena, wire->children, wire->n_children / 2),
        .counters_count = wire->n_counters,
        .counters = get_counters(arena, wire->counters, wire->n_counters),
    };
    get_actor(wire->actor, &out->actor);
    return out->children && out->counters && !mesh_address_is_none(out->actor.address) &&
           out->actor.type.size <= FRAME_TYPE_BYTES && out->in_hand.size <= FRAME_TYPE_BYTES &&
           out->node_name.size <= FRAME_NAME_BYTES;
}
