/* The status of nodes and actors for programs. All of a report lies in one arena, and goes with it.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/report.h"
#include "mesh/base/arena.h"
#include "mesh/base/time.h"
#include "mesh/core/source_hash.h"
#include "mesh/runtime/capabilities.h"
#include "mesh/runtime/create_terms.h"
#include "mesh/runtime/error.h"
#include "mesh/runtime/handle.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPORT_BYTES = 64 * 1024 * 1024 };

struct whole_report {
    struct mesh_report report;
    struct arena arena;
};

const char *report_text(struct arena *arena, struct bytes text) {
    char *kept = arena_take(arena, text.size + 1);
    if (kept) {
        if (text.size > 0) {
            memcpy(kept, text.data, text.size);
        }
        kept[text.size] = '\0';
    }
    return kept;
}

static void *array(struct arena *arena, size_t count, size_t item_bytes) {
    size_t bytes = (count ? count : 1) * item_bytes;
    void *items = arena_take(arena, bytes);
    return items ? memset(items, 0, bytes) : NULL;
}

static bool copy_actor(struct arena *arena, const struct control_actor_status *from, struct mesh_actor_report *to) {
    *to = (struct mesh_actor_report){
        .address = from->address,
        .parent = from->parent,
        .type = report_text(arena, from->type),
        .state = report_text(arena, from->state),
        .pid = from->pid,
        .mailbox = from->mailbox,
        .handled = from->handled,
        .unsettled = from->unsettled,
        .busy_ms = from->busy_ms,
        .children_count = from->children_count,
    };
    return to->type && to->state;
}

static bool copy_actors(struct arena *arena, const struct control_node_status *from, struct mesh_node_report *to) {
    struct mesh_actor_report *actors = array(arena, from->actors_count, sizeof *actors);
    for (size_t i = 0; actors && i < from->actors_count; i++) {
        if (!copy_actor(arena, &from->actors[i], &actors[i])) {
            return false;
        }
    }
    to->actors = actors;
    to->actors_count = from->actors_count;
    return actors != NULL;
}

static bool copy_members(struct arena *arena, const struct control_node_status *from, struct mesh_node_report *to) {
    struct mesh_member_report *members = array(arena, from->members_count, sizeof *members);
    for (size_t i = 0; members && i < from->members_count; i++) {
        const struct control_member_status *member = &from->members[i];
        members[i] = (struct mesh_member_report){
            .name = report_text(arena, member->name),
            .endpoint = report_text(arena, member->endpoint),
            .state = report_text(arena, member->state),
            .silent_ms = member->silent_ms,
            .admin.node = member->incarnation,
        };
        if (!members[i].name || !members[i].endpoint || !members[i].state) {
            return false;
        }
    }
    to->members = members;
    to->members_count = from->members_count;
    return members != NULL;
}

/* NULL without memory. */
static const struct mesh_counter_report *copy_counters(struct arena *arena, const struct control_counter *from,
                                                       size_t count) {
    struct mesh_counter_report *counters = array(arena, count, sizeof *counters);
    for (size_t i = 0; counters && i < count; i++) {
        counters[i].name = report_text(arena, from[i].name);
        counters[i].value = from[i].value;
        if (!counters[i].name) {
            return NULL;
        }
    }
    return counters;
}

static bool copy_names(struct arena *arena, const struct control_node_status *from, struct mesh_node_report *to) {
    struct mesh_name_report *names = array(arena, from->names_count, sizeof *names);
    for (size_t i = 0; names && i < from->names_count; i++) {
        names[i] = (struct mesh_name_report){report_text(arena, from->names[i].name), from->names[i].address};
        if (!names[i].name) {
            return false;
        }
    }
    to->names = names;
    to->names_count = from->names_count;
    return names != NULL;
}

/* NULL without memory. */
static const struct mesh_address *copy_addresses(struct arena *arena, const struct mesh_address *from, size_t count) {
    struct mesh_address *addresses = array(arena, count, sizeof *addresses);
    for (size_t i = 0; addresses && i < count; i++) {
        addresses[i] = from[i];
    }
    return addresses;
}

static bool copy_sources(struct arena *arena, const struct control_node_status *from, struct mesh_node_report *to) {
    struct mesh_source_report *sources = array(arena, from->sources_count, sizeof *sources);
    for (size_t i = 0; sources && i < from->sources_count; i++) {
        const struct control_source_status *source = &from->sources[i];
        sources[i] = (struct mesh_source_report){.info = report_text(arena, source->info),
                                                 .state = report_text(arena, source->state),
                                                 .bytes = source->size,
                                                 .processes = source->processes};
        (void)source_hash_print(source->hash.data, sources[i].hash);
        if (!sources[i].info || !sources[i].state) {
            return false;
        }
    }
    to->sources = sources;
    to->sources_count = from->sources_count;
    return sources != NULL;
}

static bool copy_node(struct arena *arena, const struct control_node_status *from, struct mesh_node_report *to) {
    *to = (struct mesh_node_report){
        .name = report_text(arena, from->member.name),
        .endpoint = report_text(arena, from->member.endpoint),
        .admin.node = from->member.incarnation,
        .leader.node = from->leader,
        .leads = from->acting,
        .pid = from->pid,
        .uptime_ms = from->uptime_ms,
        .actors_hosted = from->member.actors,
        .counters_count = from->counters_count,
        .counters = copy_counters(arena, from->counters, from->counters_count),
        .capabilities_count = from->member.capabilities_count,
        .capabilities = capabilities_print(arena, from->member.capabilities, from->member.capabilities_count),
        .watchers_count = from->watchers_count,
        .watchers = copy_addresses(arena, from->watchers, from->watchers_count),
        .note = report_text(arena, from->note),
        .source_authority = from->authority,
    };
    return to->name && to->endpoint && to->counters && to->capabilities && to->watchers &&
           copy_actors(arena, from, to) && copy_members(arena, from, to) && to->note && copy_names(arena, from, to) &&
           copy_sources(arena, from, to);
}

enum mesh_status report_new(struct mesh_report **out, const struct control_status_reply *reply) {
    struct whole_report *whole = calloc(1, sizeof *whole);
    if (!whole) {
        return MESH_NO_MEMORY;
    }
    arena_init(&whole->arena, REPORT_BYTES);
    struct mesh_report *report = &whole->report;
    struct mesh_node_report *nodes = array(&whole->arena, reply->nodes_count, sizeof *nodes);
    bool well = nodes != NULL;
    for (size_t i = 0; well && i < reply->nodes_count; i++) {
        well = copy_node(&whole->arena, &reply->nodes[i], &nodes[i]);
    }
    report->nodes = nodes;
    report->nodes_count = reply->nodes_count;
    if (!well) {
        mesh_report_release(&report);
        return MESH_NO_MEMORY;
    }
    *out = report;
    return MESH_OK;
}

static bool copy_details(struct arena *arena, const struct control_actor_report *from, struct mesh_actor_details *to) {
    *to = (struct mesh_actor_details){
        .node = report_text(arena, from->node_name),
        .in_hand = report_text(arena, from->in_hand),
        .light = from->light,
        .exiting = from->exiting,
        .restarts = from->restarts,
        .secondhand = from->secondhand,
        .mailbox_bytes = from->mailbox_bytes,
        .unsettled_bytes = from->unsettled_bytes,
        .streams_out = from->streams_out,
        .streams_in = from->streams_in,
        .timers = from->timers,
        .watched = from->watched,
        .children_listed = from->children_listed,
        .children = copy_addresses(arena, from->children, from->children_listed),
        .counters_count = from->counters_count,
        .counters = copy_counters(arena, from->counters, from->counters_count),
    };
    return to->children && to->node && to->in_hand && to->counters && copy_actor(arena, &from->actor, &to->actor);
}

enum mesh_status report_new_of_actor(struct mesh_report **out, const struct control_actor_report *report) {
    struct whole_report *whole = calloc(1, sizeof *whole);
    if (!whole) {
        return MESH_NO_MEMORY;
    }
    arena_init(&whole->arena, REPORT_BYTES);
    struct mesh_report *made = &whole->report;
    struct mesh_actor_details *details = array(&whole->arena, 1, sizeof *details);
    made->actor = details;
    if (!details || !copy_details(&whole->arena, report, details)) {
        mesh_report_release(&made);
        return MESH_NO_MEMORY;
    }
    *out = made;
    return MESH_OK;
}

void mesh_report_release(struct mesh_report **report) {
    if (*report) {
        struct whole_report *whole = (struct whole_report *)(void *)*report;
        arena_fini(&whole->arena);
        free(whole);
        *report = NULL;
    }
}

static enum mesh_status ask(struct mesh_node *node, const struct control_status_request *question, int timeout_ms,
                            struct mesh_report **out, struct mesh_error *error) {
    struct control control = {.kind = CONTROL_STATUS_REQUEST, .status_request = *question};
    struct handle_request request;
    process_lock(node->process);
    enum mesh_status status = handle_request(node, &control, handle_until(node, timeout_ms), &request);
    process_unlock(node->process);
    if (status != MESH_OK) {
        bool of_actor = !mesh_address_is_none(question->address);
        return error_set(error, status, "%s%s", of_actor ? "" : "no status: ", request.error.text);
    }
    *out = request.report;
    return MESH_OK;
}

enum mesh_status mesh_node_report(struct mesh_node *node, bool whole, int timeout_ms, struct mesh_report **out,
                                  struct mesh_error *error) {
    return ask(node, &(struct control_status_request){.whole_convention = whole}, timeout_ms, out, error);
}

static bool find_name(const struct mesh_report *report, const char *name, struct mesh_address *out) {
    for (size_t i = 0; i < report->nodes_count; i++) {
        const struct mesh_node_report *node = &report->nodes[i];
        for (size_t k = 0; k < node->names_count; k++) {
            if (strcmp(node->names[k].name, name) == 0 && !mesh_address_is_none(node->names[k].address)) {
                *out = node->names[k].address;
                return true;
            }
        }
    }
    return false;
}

/* Of the members that the asked node knows of, those that have not answered. */
static size_t silent(const struct mesh_report *report) {
    const struct mesh_node_report *asked = &report->nodes[0];
    size_t members = 0;
    for (size_t i = 0; i < asked->members_count; i++) {
        members += !mesh_address_is_none(asked->members[i].admin);
    }
    return members > report->nodes_count ? members - report->nodes_count : 0;
}

static enum mesh_status not_found(const struct mesh_report *report, const char *name, struct mesh_error *error) {
    size_t unknown = silent(report);
    return unknown > 0
               ? error_set(error, MESH_PARTIAL,
                           "no actor of the %zu nodes that have answered has the global name '%s'; %zu have not",
                           report->nodes_count, name, unknown)
               : error_set(error, MESH_NOT_FOUND, "no actor has the global name '%s'", name);
}

enum mesh_status mesh_node_find(struct mesh_node *node, const char *name, int timeout_ms, struct mesh_address *out,
                                struct mesh_error *error) {
    if (!name || !create_name_is_valid(name)) {
        return error_set(error, MESH_INVALID_ARGUMENT, "that can be no global name");
    }
    struct control_status_request question = {.whole_convention = true, .name = bytes_of_text(name)};
    struct mesh_report *report = NULL;
    enum mesh_status status = ask(node, &question, timeout_ms, &report, error);
    if (report && !find_name(report, name, out)) {
        status = not_found(report, name, error);
    }
    mesh_report_release(&report);
    return status;
}

enum mesh_status mesh_actor_report(struct mesh_node *node, struct mesh_address address, int timeout_ms,
                                   struct mesh_report **out, struct mesh_error *error) {
    if (address.node == 0) {
        return error_set(error, MESH_INVALID_ADDRESS, "that is not an address");
    }
    return ask(node, &(struct control_status_request){.address = address}, timeout_ms, out, error);
}
