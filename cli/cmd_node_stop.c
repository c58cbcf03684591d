/* mesh node stop.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/cli.h"
#include <stdio.h>
#include <stdlib.h>

struct arguments {
    struct mesh_node_options node;
    int timeout_s;
};

static const struct argp_option options[] = {
    CLI_RUN_DIRECTORY,
    {"timeout", 't', "SECONDS", 0, "How long actors may take to exit before they are killed (default 10)", 0},
    {0},
};

static error_t parse_option(int key, char *text, struct argp_state *state) {
    struct arguments *arguments = state->input;
    char *end;
    switch (key) {
    case 'r':
        arguments->node.run_directory = text;
        return 0;
    case 't':
        arguments->timeout_s = (int)strtol(text, &end, 10);
        if (*text == '\0' || *end != '\0' || arguments->timeout_s < 1 || arguments->timeout_s > 10) {
            argp_error(state, "--timeout takes 1 to 10 seconds, not '%s'", text);
        }
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is one word too many", text);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int cmd_node_stop(int argc, char **argv) {
    struct arguments arguments = {.timeout_s = 10};
    const struct argp argp = {.options = options,
                              .parser = parse_option,
                              .doc = "Stops the node: its actors are asked to exit, then made to; waits for the end."};
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    struct mesh_error error;
    struct mesh_node *node;
    if (mesh_node_attach(&node, &arguments.node, &error) != MESH_OK) {
        return cli_fail(&error);
    }
    enum mesh_status status = mesh_node_shutdown(node, arguments.timeout_s * 1000 + 2000);
    mesh_node_detach(&node);
    if (status != MESH_OK) {
        fprintf(stderr, "mesh: the node has not ended: %s\n", mesh_status_text(status));
        return CLI_FAILED;
    }
    return CLI_DONE;
}
