/* The status of one actor, as text and as JSON.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/status.h"
#include <inttypes.h>
#include <stdio.h>

enum { TEXT_BYTES = 512 };

/* ---- JSON ---- */

static json_t *json_children(const struct mesh_actor_details *actor) {
    json_t *list = json_array();
    for (size_t i = 0; i < actor->children_listed; i++) {
        json_array_append_new(list, cli_json_address(actor->children[i]));
    }
    return list;
}

static json_t *json_summary(const struct mesh_actor_details *details) {
    const struct mesh_actor_report *actor = &details->actor;
    return json_pack("{s:o, s:o, s:s, s:s, s:I, s:s, s:b, s:b, s:b, s:I, s:I, s:I, s:I, s:I}", "address",
                     cli_json_address(actor->address), "parent", cli_json_address(actor->parent), "type", actor->type,
                     "node", details->node, "pid", (json_int_t)actor->pid, "state", actor->state, "light",
                     details->light, "exiting", details->exiting, "secondhand", details->secondhand, "restarts",
                     (json_int_t)details->restarts, "busy_ms", (json_int_t)actor->busy_ms, "mailbox",
                     (json_int_t)actor->mailbox, "handled", (json_int_t)actor->handled, "unsettled",
                     (json_int_t)actor->unsettled);
}

int cli_json_actor(const struct mesh_actor_details *actor) {
    json_t *object = json_summary(actor);
    json_t *more =
        json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "in_hand", actor->in_hand, "mailbox_bytes",
                  (json_int_t)actor->mailbox_bytes, "unsettled_bytes", (json_int_t)actor->unsettled_bytes,
                  "streams_out", (json_int_t)actor->streams_out, "streams_in", (json_int_t)actor->streams_in, "timers",
                  (json_int_t)actor->timers, "watched", (json_int_t)actor->watched, "children_count",
                  (json_int_t)actor->children_count, "children", json_children(actor), "counters",
                  cli_json_counters(actor->counters, actor->counters_count));
    if (object && more) {
        json_object_update(object, more);
    }
    json_decref(more);
    return cli_print_json(json_pack("{s:o}", "actor", object));
}

/* ---- text ---- */

/* Of what is said secondhand some is not known. */
static void print_queues(const struct mesh_actor_details *actor) {
    printf("  mailbox    %" PRIu64 " messages, %" PRIu64 " bytes\n", actor->actor.mailbox, actor->mailbox_bytes);
    printf("  unsettled  %" PRIu64 " messages, %" PRIu64 " bytes\n", actor->actor.unsettled, actor->unsettled_bytes);
    if (actor->secondhand) {
        printf("  pending    %" PRIu64 " timers\n", actor->timers);
        return;
    }
    printf("  streams    out to %" PRIu64 ", in from %" PRIu64 " in other processes\n", actor->streams_out,
           actor->streams_in);
    printf("  pending    %" PRIu64 " timers, %" PRIu64 " watched descriptors\n", actor->timers, actor->watched);
}

static void print_children(const struct mesh_actor_details *actor) {
    char text[MESH_ADDRESS_TEXT_BYTES];
    printf("  children   %" PRIu64, actor->children_count);
    if (actor->children_listed < actor->children_count && !actor->secondhand) {
        printf(", of which the first %zu", actor->children_listed);
    }
    printf("%s\n", actor->children_listed > 0 ? ":" : "");
    for (size_t i = 0; i < actor->children_listed; i++) {
        printf("    %s\n", mesh_address_print(actor->children[i], text));
    }
}

static void print_rest(const struct mesh_actor_details *actor) {
    char text[TEXT_BYTES];
    print_queues(actor);
    printf("  counters  ");
    for (size_t i = 0; i < actor->counters_count; i++) {
        printf(" %s %" PRIu64, cli_escape(actor->counters[i].name, text, sizeof text), actor->counters[i].value);
    }
    printf("\n");
    print_children(actor);
}

int cli_print_actor(const struct mesh_actor_details *details) {
    const struct mesh_actor_report *actor = &details->actor;
    char text[TEXT_BYTES], address[MESH_ADDRESS_TEXT_BYTES];
    bool has_parent = !mesh_address_is_none(actor->parent);
    printf("ACTOR %s\n", mesh_address_print(actor->address, address));
    printf("  type       %s%s\n", cli_escape(actor->type, text, sizeof text), details->light ? " (light)" : "");
    printf("  node       %s, process %u\n", cli_escape(details->node, text, sizeof text), actor->pid);
    printf("  parent     %s\n", has_parent ? mesh_address_print(actor->parent, address) : "not known");
    printf("  state      %s", cli_escape(actor->state, text, sizeof text));
    if (details->in_hand[0]) {
        printf(", in its handler: %s for %.1f s", cli_escape(details->in_hand, text, sizeof text),
               (double)actor->busy_ms / 1000);
    }
    printf("\n  restarts   %" PRIu64 "\n", details->restarts);
    print_rest(details);
    if (details->secondhand) {
        printf("  (said by the admin of its node, since its host does not answer now)\n");
    }
    return fflush(stdout) == 0 ? CLI_DONE : CLI_FAILED;
}
