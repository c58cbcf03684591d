/* mesh status: what a node, or all of its convention, or one actor is doing.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/json.h"
#include "cli/line.h"
#include "cli/status.h"
#include "cli/text.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct argp_option options[] = {
    {"node", 'n', NULL, 0, "This node only, not its whole convention", 0},
    {0},
};

static error_t parse_option(int key, char *text, struct argp_state *state) {
    bool *own = state->input;
    (void)text;
    if (key != 'n') {
        return ARGP_ERR_UNKNOWN;
    }
    *own = true;
    return 0;
}

static const struct cli_syntax syntax = {
    .doc = "Shows the members of the convention, and of each node its actors, queues and counters. Of a WHAT, "
           "an actor by its address or global name, or a node by its name, it shows all that is known. HANDLED "
           "counts messages; MAILBOX, those that wait; UNSETTLED, those sent whose fate is not known yet.",
    .words = "[WHAT]",
    .words_max = 1,
    .options = options,
    .parse = parse_option,
};

/* ---- JSON ---- */

static json_t *json_node(const struct mesh_node_report *node) {
    json_t *actors = json_array();
    for (size_t i = 0; i < node->actors_count; i++) {
        json_array_append_new(actors, cli_json_actor(&node->actors[i], NULL));
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:b, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
                     cli_json_text(node->name), "note", cli_json_text(node->note), "endpoint",
                     cli_json_text(node->endpoint), "admin", cli_json_address(node->admin), "leader",
                     cli_json_address(node->leader), "leads", node->leads, "pid", (json_int_t)node->pid, "uptime_ms",
                     (json_int_t)node->uptime_ms, "actors_hosted", (json_int_t)node->actors_hosted, "members",
                     cli_json_members(node), "actors", actors, "capabilities", cli_json_capabilities(node), "counters",
                     cli_json_counters(node->counters, node->counters_count), "sources", cli_json_sources(node),
                     "source_authority", cli_json_address(node->source_authority));
}

static int print_json(const struct mesh_report *report) {
    json_t *nodes = json_array();
    for (size_t i = 0; i < report->nodes_count; i++) {
        json_array_append_new(nodes, json_node(&report->nodes[i]));
    }
    return cli_print_json(json_pack("{s:o}", "nodes", nodes));
}

/* ---- tables ---- */

static bool print_members(const struct mesh_node_report *node) {
    static const struct cli_column columns[] = {
        {"MEMBER", false}, {"STATE", false}, {"SILENT", true}, {"ENDPOINT", false}};
    struct cli_table table = CLI_TABLE(columns);
    for (size_t i = 0; i < node->members_count; i++) {
        const struct mesh_member_report *member = &node->members[i];
        cli_cell(&table, "%s", *member->name ? member->name : "-");
        cli_cell(&table, "%s", member->state);
        cli_cell(&table, "%.1f s", (double)member->silent_ms / 1000);
        cli_cell(&table, "%s", member->endpoint);
    }
    return cli_print_table(&table, 0);
}

static bool print_actors(const struct mesh_node_report *node) {
    static const struct cli_column columns[] = {{"ACTOR", false},  {"TYPE", false},   {"PID", true},
                                                {"MAILBOX", true}, {"HANDLED", true}, {"UNSETTLED", true},
                                                {"STATE", false}};
    struct cli_table table = CLI_TABLE(columns);
    char address[MESH_ADDRESS_TEXT_BYTES];
    for (size_t i = 0; i < node->actors_count; i++) {
        const struct mesh_actor_report *actor = &node->actors[i];
        cli_cell(&table, "%s", mesh_address_print(actor->address, address));
        cli_cell(&table, "%s", actor->type);
        cli_cell(&table, "%u", actor->pid);
        cli_cell(&table, "%" PRIu64, actor->mailbox);
        cli_cell(&table, "%" PRIu64, actor->handled);
        cli_cell(&table, "%" PRIu64, actor->unsettled);
        cli_cell(&table, actor->busy_ms ? "%s for %.1f s" : "%s", actor->state, (double)actor->busy_ms / 1000);
    }
    bool well = node->actors_count == 0 || cli_print_table(&table, 2);
    if (node->actors_count < node->actors_hosted) {
        printf("  (and %" PRIu64 " more)\n", node->actors_hosted - node->actors_count);
    }
    return well;
}

static bool print_node(const struct mesh_node_report *node) {
    char text[CLI_TEXT_BYTES];
    printf("\nNODE %s%s, process %u, up %.0f s, %" PRIu64 " actor%s\n", cli_escape(node->name, text, sizeof text),
           node->leads ? " (leads)" : "", node->pid, (double)node->uptime_ms / 1000, node->actors_hosted,
           node->actors_hosted == 1 ? "" : "s");
    if (*node->note) {
        printf("  note: %s\n", cli_escape(node->note, text, sizeof text));
    }
    struct cli_list capabilities = cli_list("  capabilities:");
    for (size_t i = 0; i < node->capabilities_count; i++) {
        cli_list_add(&capabilities, "%s = %s", node->capabilities[i].name, node->capabilities[i].value);
    }
    cli_list_end(&capabilities);
    struct cli_list counters = cli_list("  counters:");
    for (size_t i = 0; i < node->counters_count; i++) {
        if (node->counters[i].value > 0) {
            cli_list_add(&counters, "%s %" PRIu64, node->counters[i].name, node->counters[i].value);
        }
    }
    cli_list_end(&counters);
    return print_actors(node);
}

static int print_tables(const struct mesh_report *report) {
    bool well = print_members(&report->nodes[0]);
    for (size_t i = 0; i < report->nodes_count; i++) {
        well = print_node(&report->nodes[i]) && well;
    }
    return cli_printed(well);
}

/* ---- asking ---- */

static enum mesh_status ask(struct mesh_node *node, const char *what, bool own, struct mesh_report **report,
                            struct mesh_error *error) {
    struct mesh_address address;
    if (!what) {
        return mesh_node_report(node, !own, CLI_REPORT_MS, report, error);
    }
    enum mesh_status status = cli_find(node, what, true, &address, error);
    if (status == MESH_OK) {
        status = mesh_actor_report(node, address, CLI_REPORT_MS, report, error);
        if (status == MESH_NOT_FOUND) {
            size_t length = strlen(error->text);
            snprintf(error->text + length, sizeof error->text - length, "; `mesh actors` shows those that live");
        }
    }
    return status;
}

static int show(const struct mesh_report *report, bool json) {
    if (report->actor) {
        return json ? cli_json_details(report->actor) : cli_print_details(report->actor);
    }
    return json ? print_json(report) : print_tables(report);
}

int cmd_status(int argc, char **argv) {
    struct cli_line line = {0};
    bool own = false;
    cli_parse(&syntax, argc, argv, &line, &own);
    if (line.words[0] && own) {
        return cli_fail_with(MESH_INVALID_ARGUMENT, "--node is for the status of all, not of an actor or a node");
    }
    struct mesh_node *node;
    int code = cli_attach(&line, &node);
    if (code != CLI_DONE) {
        return code;
    }
    struct mesh_error error;
    struct mesh_report *report = NULL;
    enum mesh_status status = ask(node, line.words[0], own, &report, &error);
    code = status == MESH_OK ? show(report, line.json) : cli_fail(&error);
    mesh_report_release(&report);
    mesh_node_detach(&node);
    return code;
}
