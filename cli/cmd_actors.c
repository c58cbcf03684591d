/* mesh actors: the actors of the convention, all or some of them.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/json.h"
#include "cli/line.h"
#include "cli/text.h"
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>

struct arguments {
    const char *type, *node; /* NULL: any */
};

static const struct argp_option options[] = {
    {"type", 't', "PATTERN", 0, "Only actors of this type; * stands for anything", 0},
    {"node", 'n', "NODE", 0, "Only actors of this node, up to 4,096 of them", 0},
    {0},
};

static error_t parse_option(int key, char *text, struct argp_state *state) {
    struct arguments *arguments = state->input;
    switch (key) {
    case 't':
        arguments->type = text;
        return 0;
    case 'n':
        arguments->node = text;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct cli_syntax syntax = {
    .doc = "Lists the actors of the convention, up to 256 of each node that answers. MAILBOX counts messages "
           "that wait. `mesh status` tells more of one actor, --json of all.",
    .options = options,
    .parse = parse_option,
};

static bool is_wanted(const struct mesh_actor_report *actor, const char *type) {
    return !type || fnmatch(type, actor->type, 0) == 0;
}

/* The global name of an actor; names are few. */
static const char *name_of(const struct mesh_node_report *node, struct mesh_address actor) {
    for (size_t i = 0; i < node->names_count; i++) {
        if (mesh_address_equal(node->names[i].address, actor)) {
            return node->names[i].name;
        }
    }
    return "";
}

/* How many actors there are that no list has. */
static uint64_t count_unlisted(const struct mesh_report *report) {
    uint64_t count = 0;
    for (size_t i = 0; i < report->nodes_count; i++) {
        count += report->nodes[i].actors_hosted - report->nodes[i].actors_count;
    }
    return count;
}

static int print_json(const struct mesh_report *report, const char *type) {
    json_t *list = json_array();
    for (size_t i = 0; i < report->nodes_count; i++) {
        const struct mesh_node_report *node = &report->nodes[i];
        for (size_t k = 0; k < node->actors_count; k++) {
            if (is_wanted(&node->actors[k], type)) {
                json_t *actor = cli_json_actor(&node->actors[k], node->name);
                json_object_set_new(actor, "name", cli_json_text(name_of(node, node->actors[k].address)));
                json_array_append_new(list, actor);
            }
        }
    }
    return cli_print_json(json_pack("{s:o, s:I}", "actors", list, "unlisted", (json_int_t)count_unlisted(report)));
}

static void add_row(struct cli_table *table, const struct mesh_node_report *node,
                    const struct mesh_actor_report *actor) {
    char address[MESH_ADDRESS_TEXT_BYTES];
    cli_cell(table, "%s", mesh_address_print(actor->address, address));
    cli_cell(table, "%s", actor->type);
    cli_cell(table, "%s", node->name);
    cli_cell(table, "%u", actor->pid);
    cli_cell(table, "%" PRIu64, actor->mailbox);
    cli_cell(table, "%" PRIu64, actor->handled);
    cli_cell(table, actor->busy_ms ? "%s for %.1f s" : "%s", actor->state, (double)actor->busy_ms / 1000);
    cli_cell(table, "%s", name_of(node, actor->address));
}

static int print_table(const struct mesh_report *report, const char *type) {
    static const struct cli_column columns[] = {{"ACTOR", false}, {"TYPE", false},   {"NODE", false},
                                                {"PID", true},    {"MAILBOX", true}, {"HANDLED", true},
                                                {"STATE", false}, {"NAME", false}};
    struct cli_table table = CLI_TABLE(columns);
    for (size_t i = 0; i < report->nodes_count; i++) {
        const struct mesh_node_report *node = &report->nodes[i];
        for (size_t k = 0; k < node->actors_count; k++) {
            if (is_wanted(&node->actors[k], type)) {
                add_row(&table, node, &node->actors[k]);
            }
        }
    }
    bool well = cli_print_table(&table, 0);
    uint64_t unlisted = count_unlisted(report);
    if (unlisted > 0) {
        fprintf(stderr, "mesh: %" PRIu64 " more are not listed%s\n", unlisted,
                report->nodes_count > 1 ? "; --node shows more of one node" : "");
    }
    return cli_printed(well);
}

int cmd_actors(int argc, char **argv) {
    struct cli_line line = {0};
    struct arguments arguments = {0};
    struct mesh_node *node;
    cli_parse(&syntax, argc, argv, &line, &arguments);
    int code = cli_attach(&line, &node);
    if (code != CLI_DONE) {
        return code;
    }
    struct mesh_error error;
    struct mesh_report *report = NULL;
    enum mesh_status status = arguments.node ? cli_report(node, arguments.node, &report, &error)
                                             : mesh_node_report(node, true, CLI_REPORT_MS, &report, &error);
    code = status != MESH_OK ? cli_fail(&error)
           : line.json       ? print_json(report, arguments.type)
                             : print_table(report, arguments.type);
    mesh_report_release(&report);
    mesh_node_detach(&node);
    return code;
}
