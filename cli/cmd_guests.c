/* mesh preregister, mesh deregister.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/cli.h"
#include <stdlib.h>

enum { WAIT_MS = 5000 };

struct arguments {
    struct mesh_node_options node;
    const char *address;
};

static const struct argp_option options[] = {
    CLI_RUN_DIRECTORY,
    {0},
};

static error_t parse_option(int key, char *text, struct argp_state *state) {
    struct arguments *arguments = state->input;
    switch (key) {
    case 'r':
        arguments->node.run_directory = text;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->address) {
            argp_error(state, "'%s' is one word too many", text);
        }
        arguments->address = text;
        return 0;
    case ARGP_KEY_END:
        if (!arguments->address) {
            argp_error(state, "which node? An endpoint, like tcp://10.0.0.2:1900, is missing");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int run(int argc, char **argv, const char *doc, bool wanted) {
    struct arguments arguments = {0};
    const struct argp argp = {.options = options, .parser = parse_option, .args_doc = "ADDRESS", .doc = doc};
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    struct mesh_error error;
    struct mesh_node *node;
    if (mesh_node_attach(&node, &arguments.node, &error) != MESH_OK) {
        return cli_fail(&error);
    }
    enum mesh_status status = wanted ? mesh_node_preregister(node, arguments.address, NULL, 0, WAIT_MS, &error)
                                     : mesh_node_deregister(node, arguments.address, WAIT_MS, &error);
    mesh_node_detach(&node);
    return status == MESH_OK ? CLI_DONE : cli_fail(&error);
}

int cmd_preregister(int argc, char **argv) {
    return run(
        argc, argv,
        "Tells the leader of the convention of the node at ADDRESS, an endpoint like tcp://10.0.0.2:1900: it is "
        "invited until it comes, and whenever it is lost. `mesh status` at the leader shows those that have not come.",
        true);
}

int cmd_deregister(int argc, char **argv) {
    return run(
        argc, argv,
        "Tells the leader of the convention that it wants the node at ADDRESS no more, an endpoint, or the address of "
        "its admin: neither as a member nor as one to invite.",
        false);
}
