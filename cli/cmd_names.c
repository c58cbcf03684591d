/* mesh names: the global names of the convention.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/json.h"
#include "cli/line.h"
#include "cli/text.h"

static const struct cli_syntax syntax = {
    .doc = "Shows the global names that actors of the convention have, at most 256 of each node that answers.",
};

static int print_json(const struct mesh_report *report) {
    json_t *list = json_array();
    for (size_t i = 0; i < report->nodes_count; i++) {
        const struct mesh_node_report *node = &report->nodes[i];
        for (size_t k = 0; k < node->names_count; k++) {
            json_array_append_new(list, json_pack("{s:o, s:o, s:o}", "name", cli_json_text(node->names[k].name),
                                                  "address", cli_json_address(node->names[k].address), "node",
                                                  cli_json_text(node->name)));
        }
    }
    return cli_print_json(json_pack("{s:o}", "names", list));
}

static int print_table(const struct mesh_report *report) {
    static const struct cli_column columns[] = {{"NAME", false}, {"ACTOR", false}, {"NODE", false}};
    struct cli_table table = CLI_TABLE(columns);
    char address[MESH_ADDRESS_TEXT_BYTES];
    for (size_t i = 0; i < report->nodes_count; i++) {
        const struct mesh_node_report *node = &report->nodes[i];
        for (size_t k = 0; k < node->names_count; k++) {
            cli_cell(&table, "%s", node->names[k].name);
            cli_cell(&table, "%s", mesh_address_print(node->names[k].address, address));
            cli_cell(&table, "%s", node->name);
        }
    }
    return cli_printed(cli_print_table(&table, 0));
}

int cmd_names(int argc, char **argv) {
    struct cli_line line = {0};
    cli_parse(&syntax, argc, argv, &line, NULL);
    return cli_show_convention(&line, print_json, print_table);
}
