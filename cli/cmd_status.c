/* mesh status: what a node, or all of its convention, or one actor is doing.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/status.h"
#include <inttypes.h>
#include <stdio.h>

struct arguments {
    struct mesh_node_options node;
    bool json, own;
    const char *address; /* of an actor; NULL: the convention */
};

static const struct argp_option options[] = {
    CLI_RUN_DIRECTORY,
    {"json", 'j', NULL, 0, "One JSON object instead of tables", 0},
    {"node", 'n', NULL, 0, "This node only, not its whole convention", 0},
    {0},
};

enum { ASK_MS = 5000, TEXT_BYTES = 512 };

static error_t parse_option(int key, char *text, struct argp_state *state) {
    struct arguments *arguments = state->input;
    switch (key) {
    case 'r':
        arguments->node.run_directory = text;
        return 0;
    case 'j':
        arguments->json = true;
        return 0;
    case 'n':
        arguments->own = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->address) {
            argp_error(state, "'%s' is one word too many", text);
        }
        arguments->address = text;
        return 0;
    case ARGP_KEY_END:
        if (arguments->address && arguments->own) {
            argp_error(state, "--node is for the status of nodes, not of an actor");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- JSON ---- */

json_t *cli_json_address(struct mesh_address address) {
    char text[MESH_ADDRESS_TEXT_BYTES];
    return mesh_address_is_none(address) ? json_null() : json_string(mesh_address_print(address, text));
}

static json_t *json_actors(const struct mesh_node_report *node) {
    json_t *list = json_array();
    for (size_t i = 0; i < node->actors_count; i++) {
        const struct mesh_actor_report *actor = &node->actors[i];
        json_array_append_new(
            list, json_pack("{s:o, s:o, s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "address",
                            cli_json_address(actor->address), "parent", cli_json_address(actor->parent), "type",
                            actor->type, "state", actor->state, "pid", (json_int_t)actor->pid, "mailbox",
                            (json_int_t)actor->mailbox, "handled", (json_int_t)actor->handled, "unsettled",
                            (json_int_t)actor->unsettled, "busy_ms", (json_int_t)actor->busy_ms));
    }
    return list;
}

static json_t *json_members(const struct mesh_node_report *node) {
    json_t *list = json_array();
    for (size_t i = 0; i < node->members_count; i++) {
        const struct mesh_member_report *member = &node->members[i];
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s, s:I}", "name", member->name, "endpoint", member->endpoint,
                                        "state", member->state, "silent_ms", (json_int_t)member->silent_ms));
    }
    return list;
}

json_t *cli_json_counters(const struct mesh_counter_report *counters, size_t count) {
    json_t *object = json_object();
    for (size_t i = 0; i < count; i++) {
        json_object_set_new(object, counters[i].name, json_integer((json_int_t)counters[i].value));
    }
    return object;
}

static json_t *json_capabilities(const struct mesh_node_report *node) {
    json_t *list = json_array();
    for (size_t i = 0; i < node->capabilities_count; i++) {
        json_array_append_new(list, json_sprintf("%s = %s", node->capabilities[i].name, node->capabilities[i].value));
    }
    return list;
}

int cli_print_json(json_t *whole) {
    int failed = !whole || json_dumpf(whole, stdout, JSON_INDENT(2)) != 0 || putchar('\n') == EOF;
    json_decref(whole);
    return failed ? CLI_FAILED : CLI_DONE;
}

static int print_json(const struct mesh_report *report) {
    json_t *nodes = json_array();
    for (size_t i = 0; i < report->nodes_count; i++) {
        const struct mesh_node_report *node = &report->nodes[i];
        json_array_append_new(nodes,
                              json_pack("{s:s, s:s, s:s, s:b, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "name", node->name,
                                        "note", node->note, "endpoint", node->endpoint, "leads", node->leads, "pid",
                                        (json_int_t)node->pid, "uptime_ms", (json_int_t)node->uptime_ms,
                                        "actors_hosted", (json_int_t)node->actors_hosted, "members", json_members(node),
                                        "actors", json_actors(node), "capabilities", json_capabilities(node),
                                        "counters", cli_json_counters(node->counters, node->counters_count)));
    }
    return cli_print_json(json_pack("{s:o}", "nodes", nodes));
}

/* ---- tables ---- */

static void print_members(const struct mesh_node_report *node) {
    char text[TEXT_BYTES];
    printf("%-16s %-9s %-32s %s\n", "MEMBER", "STATE", "ENDPOINT", "SILENT");
    for (size_t i = 0; i < node->members_count; i++) {
        const struct mesh_member_report *member = &node->members[i];
        printf("%-16s ", *member->name ? cli_escape(member->name, text, sizeof text) : "-");
        printf("%-9s ", cli_escape(member->state, text, sizeof text));
        printf("%-32s %.1f s\n", cli_escape(member->endpoint, text, sizeof text), (double)member->silent_ms / 1000);
    }
}

static void print_actor(const struct mesh_actor_report *actor) {
    char text[TEXT_BYTES], address[MESH_ADDRESS_TEXT_BYTES];
    printf("  %-26s ", mesh_address_print(actor->address, address));
    printf("%-24s ", cli_escape(actor->type, text, sizeof text));
    printf("%-9s %7u %8" PRIu64 " %10" PRIu64 " %9" PRIu64, cli_escape(actor->state, text, sizeof text), actor->pid,
           actor->mailbox, actor->handled, actor->unsettled);
    if (actor->busy_ms > 0) {
        printf("  busy for %.1f s", (double)actor->busy_ms / 1000);
    }
    printf("\n");
}

static void print_node(const struct mesh_node_report *node) {
    char text[TEXT_BYTES];
    printf("\nNODE %s%s, process %u, up %.0f s, %" PRIu64 " actors\n", cli_escape(node->name, text, sizeof text),
           node->leads ? " (leads)" : "", node->pid, (double)node->uptime_ms / 1000, node->actors_hosted);
    if (*node->note) {
        printf("  note: %s\n", cli_escape(node->note, text, sizeof text));
    }
    printf("  capabilities:");
    for (size_t i = 0; i < node->capabilities_count; i++) {
        printf("%s %s = ", i ? ";" : "", cli_escape(node->capabilities[i].name, text, sizeof text));
        printf("%s", cli_escape(node->capabilities[i].value, text, sizeof text));
    }
    printf("\n  counters:");
    for (size_t i = 0; i < node->counters_count; i++) {
        printf(" %s %" PRIu64, cli_escape(node->counters[i].name, text, sizeof text), node->counters[i].value);
    }
    printf("\n");
    if (node->actors_count > 0) {
        printf("  %-26s %-24s %-9s %7s %8s %10s %9s\n", "ACTOR", "TYPE", "STATE", "PID", "MAILBOX", "HANDLED",
               "UNSETTLED");
    }
    for (size_t i = 0; i < node->actors_count; i++) {
        print_actor(&node->actors[i]);
    }
}

static int print_tables(const struct mesh_report *report) {
    print_members(&report->nodes[0]);
    for (size_t i = 0; i < report->nodes_count; i++) {
        print_node(&report->nodes[i]);
    }
    return fflush(stdout) == 0 ? CLI_DONE : CLI_FAILED;
}

/* ---- asking ---- */

static enum mesh_status ask(struct mesh_node *node, const struct arguments *arguments, struct mesh_report **report,
                            struct mesh_error *error) {
    struct mesh_address address;
    if (!arguments->address) {
        return mesh_node_report(node, !arguments->own, ASK_MS, report, error);
    }
    if (mesh_address_parse(arguments->address, &address) != MESH_OK) {
        error->status = MESH_INVALID_ADDRESS;
        snprintf(error->text, sizeof error->text, "'%s' is not an address: take one of those that `mesh status` shows",
                 arguments->address);
        return error->status;
    }
    return mesh_actor_report(node, address, ASK_MS, report, error);
}

static int show(const struct mesh_report *report, bool json) {
    if (report->actor) {
        return json ? cli_json_actor(report->actor) : cli_print_actor(report->actor);
    }
    return json ? print_json(report) : print_tables(report);
}

int cmd_status(int argc, char **argv) {
    struct arguments arguments = {0};
    const struct argp argp = {
        .options = options,
        .parser = parse_option,
        .args_doc = "[ADDRESS]",
        .doc = "Shows the members of the convention, and of each node its actors, queues and "
               "counters; or, of one actor, all that is known. HANDLED counts messages; MAILBOX, those "
               "that wait; UNSETTLED, those sent whose fate is not known yet."};
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    struct mesh_error error;
    struct mesh_node *node;
    if (mesh_node_attach(&node, &arguments.node, &error) != MESH_OK) {
        return cli_fail(&error);
    }
    struct mesh_report *report = NULL;
    enum mesh_status status = ask(node, &arguments, &report, &error);
    int code = report ? show(report, arguments.json) : cli_fail(&error);
    if (status == MESH_NOT_FOUND) {
        fprintf(stderr, "mesh: `mesh status` shows the actors that live\n");
    }
    mesh_report_release(&report);
    mesh_node_detach(&node);
    return code;
}
