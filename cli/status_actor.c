/* The status of one actor, as text and as JSON.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/json.h"
#include "cli/status.h"
#include "cli/text.h"
#include <inttypes.h>
#include <stdio.h>

/* ---- JSON ---- */

int cli_json_details(const struct mesh_actor_details *actor) {
    json_t *object = cli_json_actor(&actor->actor, actor->node);
    json_t *more =
        json_pack("{s:b, s:b, s:b, s:I, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "light", actor->light, "exiting",
                  actor->exiting, "secondhand", actor->secondhand, "restarts", (json_int_t)actor->restarts, "in_hand",
                  cli_json_text(actor->in_hand), "mailbox_bytes", (json_int_t)actor->mailbox_bytes, "unsettled_bytes",
                  (json_int_t)actor->unsettled_bytes, "streams_out", (json_int_t)actor->streams_out, "streams_in",
                  (json_int_t)actor->streams_in, "timers", (json_int_t)actor->timers, "watched",
                  (json_int_t)actor->watched, "children", cli_json_addresses(actor->children, actor->children_listed),
                  "counters", cli_json_counters(actor->counters, actor->counters_count));
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
    printf("  children   %" PRIu64, actor->actor.children_count);
    if (actor->children_listed < actor->actor.children_count && !actor->secondhand) {
        printf(", of which the first %zu", actor->children_listed);
    }
    printf("%s\n", actor->children_listed > 0 ? ":" : "");
    for (size_t i = 0; i < actor->children_listed; i++) {
        printf("    %s\n", mesh_address_print(actor->children[i], text));
    }
}

static void print_rest(const struct mesh_actor_details *actor) {
    print_queues(actor);
    struct cli_list counters = cli_list("  counters  ");
    for (size_t i = 0; i < actor->counters_count; i++) {
        cli_list_add(&counters, "%s %" PRIu64, actor->counters[i].name, actor->counters[i].value);
    }
    cli_list_end(&counters);
    print_children(actor);
}

int cli_print_details(const struct mesh_actor_details *details) {
    const struct mesh_actor_report *actor = &details->actor;
    char text[CLI_TEXT_BYTES], address[MESH_ADDRESS_TEXT_BYTES];
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
    return cli_printed(true);
}
