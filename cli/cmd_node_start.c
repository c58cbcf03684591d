/* mesh node start.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/cli.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static const struct argp_option options[] = {
    {"config", 'c', "FILE", 0, "The node's configuration (default: the defaults of every setting)", 0},
    CLI_RUN_DIRECTORY,
    {0},
};

static error_t parse_option(int key, char *text, struct argp_state *state) {
    struct mesh_node_options *wanted = state->input;
    switch (key) {
    case 'c':
        wanted->config = text;
        return 0;
    case 'r':
        wanted->run_directory = text;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is one word too many", text);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int cmd_node_start(int argc, char **argv) {
    struct mesh_node_options wanted = {0};
    const struct argp argp = {.options = options,
                              .parser = parse_option,
                              .doc = "Starts a node in the background and waits until it is ready."};
    argp_parse(&argp, argc, argv, 0, NULL, &wanted);
    struct mesh_error error;
    struct mesh_node *node;
    if (mesh_node_attach(&node, &wanted, &error) == MESH_OK) {
        mesh_node_detach(&node);
        fprintf(stderr, "mesh: a node is running there already\n");
        return CLI_FAILED;
    }
    char config[PATH_MAX];
    if (wanted.config) {
        if (!realpath(wanted.config, config)) {
            fprintf(stderr, "mesh: there is no file %s\n", wanted.config);
            return CLI_FAILED;
        }
        wanted.config = config; /* the node runs in another directory */
    }
    if (mesh_node_start(&node, &wanted, &error) != MESH_OK) {
        return cli_fail(&error);
    }
    struct mesh_report *report;
    if (mesh_node_report(node, false, 5000, &report, &error) == MESH_OK) {
        char name[256];
        printf("node %s is up (process %u, %s)\n", cli_escape(report->nodes[0].name, name, sizeof name),
               report->nodes[0].pid, report->nodes[0].endpoint);
        mesh_report_release(&report);
    }
    mesh_node_detach(&node);
    return CLI_DONE;
}
