/* mesh names: the global names of the convention.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/status.h"
#include <stdio.h>

enum { ASK_MS = 5000, TEXT_BYTES = 512 };

struct arguments {
    struct mesh_node_options node;
    bool json;
};

static const struct argp_option options[] = {
    CLI_RUN_DIRECTORY,
    {"json", 'j', NULL, 0, "One JSON object instead of a table", 0},
    {0},
};

static error_t parse_option(int key, char *text, struct argp_state *state) {
    struct arguments *arguments = state->input;
    switch (key) {
    case 'r':
        arguments->node.run_directory = text;
        return 0;
    case 'j':
        arguments->json = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int print_json(const struct mesh_report *report) {
    json_t *list = json_array();
    for (size_t i = 0; i < report->nodes_count; i++) {
        const struct mesh_node_report *node = &report->nodes[i];
        for (size_t k = 0; k < node->names_count; k++) {
            json_array_append_new(list, json_pack("{s:s, s:o, s:s}", "name", node->names[k].name, "address",
                                                  cli_json_address(node->names[k].address), "node", node->name));
        }
    }
    return cli_print_json(json_pack("{s:o}", "names", list));
}

static int print_table(const struct mesh_report *report) {
    char text[TEXT_BYTES], address[MESH_ADDRESS_TEXT_BYTES];
    printf("%-32s %-26s %s\n", "NAME", "ACTOR", "NODE");
    for (size_t i = 0; i < report->nodes_count; i++) {
        const struct mesh_node_report *node = &report->nodes[i];
        for (size_t k = 0; k < node->names_count; k++) {
            printf("%-32s ", cli_escape(node->names[k].name, text, sizeof text));
            printf("%-26s %s\n", mesh_address_print(node->names[k].address, address),
                   cli_escape(node->name, text, sizeof text));
        }
    }
    return fflush(stdout) == 0 ? CLI_DONE : CLI_FAILED;
}

int cmd_names(int argc, char **argv) {
    struct arguments arguments = {0};
    const struct argp argp = {.options = options,
                              .parser = parse_option,
                              .doc = "Shows the global names that actors of the convention have, at most 256 of each "
                                     "node that answers."};
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    struct mesh_error error;
    struct mesh_node *node;
    if (mesh_node_attach(&node, &arguments.node, &error) != MESH_OK) {
        return cli_fail(&error);
    }
    struct mesh_report *report = NULL;
    enum mesh_status status = mesh_node_report(node, true, ASK_MS, &report, &error);
    int code = status != MESH_OK ? cli_fail(&error) : arguments.json ? print_json(report) : print_table(report);
    mesh_report_release(&report);
    mesh_node_detach(&node);
    return code;
}
