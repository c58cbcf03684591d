/* mesh node start.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/cli.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum { KEY_SET = 256 };

struct arguments {
    struct mesh_node_options node;
    const char **settings;
    size_t settings_count;
};

static const struct argp_option options[] = {
    {"config", 'c', "FILE", 0, "The node's configuration (default: the defaults of every setting)", 0},
    CLI_RUN_DIRECTORY,
    {"set", KEY_SET, "PATH=VALUE", 0,
     "A setting, which beats the file and the environment: --set log/level=debug; any number of them", 0},
    {0},
};

static error_t parse_option(int key, char *text, struct argp_state *state) {
    struct arguments *arguments = state->input;
    switch (key) {
    case 'c':
        arguments->node.config = text;
        return 0;
    case 'r':
        arguments->node.run_directory = text;
        return 0;
    case KEY_SET:
        arguments->settings[arguments->settings_count++] = text;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is one word too many", text);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int start(const struct mesh_node_options *wanted) {
    struct mesh_node_options absolute = *wanted;
    struct mesh_error error;
    struct mesh_node *node;
    if (mesh_node_attach(&node, wanted, &error) == MESH_OK) {
        mesh_node_detach(&node);
        fprintf(stderr, "mesh: a node is running there already\n");
        return CLI_FAILED;
    }
    char config[PATH_MAX];
    if (wanted->config) {
        if (!realpath(wanted->config, config)) {
            fprintf(stderr, "mesh: there is no file %s\n", wanted->config);
            return CLI_FAILED;
        }
        absolute.config = config; /* the node runs in another directory */
    }
    if (mesh_node_start(&node, &absolute, &error) != MESH_OK) {
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

int cmd_node_start(int argc, char **argv) {
    struct arguments arguments = {.settings = calloc((size_t)argc + 1, sizeof *arguments.settings)};
    const struct argp argp = {.options = options,
                              .parser = parse_option,
                              .doc = "Starts a node in the background and waits until it is ready."};
    if (!arguments.settings) {
        fprintf(stderr, "mesh: no memory for the arguments\n");
        return CLI_FAILED;
    }
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    arguments.node.settings = arguments.settings;
    int code = start(&arguments.node);
    free(arguments.settings);
    return code;
}
