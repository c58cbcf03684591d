/* mesh create: a top-level actor of a type that a module brings.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/cli.h"
#include <stdio.h>

struct arguments {
    struct mesh_node_options node;
    struct mesh_create_options create;
    const char *type;
};

static const struct argp_option options[] = {
    CLI_RUN_DIRECTORY,
    {"name", 'N', "NAME", 0, "Global name: who has it already is shown instead, whatever its type", 0},
    {0},
};

static error_t parse_option(int key, char *text, struct argp_state *state) {
    struct arguments *arguments = state->input;
    switch (key) {
    case 'r':
        arguments->node.run_directory = text;
        return 0;
    case 'N':
        arguments->create.name = text;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->type) {
            argp_error(state, "'%s' is one word too many", text);
        }
        arguments->type = text;
        return 0;
    case ARGP_KEY_END:
        if (!arguments->type) {
            argp_error(state, "which type of actor? Its name is missing");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int cmd_create(int argc, char **argv) {
    struct arguments arguments = {0};
    const struct argp argp = {.options = options,
                              .parser = parse_option,
                              .args_doc = "TYPE",
                              .doc = "Creates an actor where it fits, waits until it is up, and prints its address. It "
                                     "lives until it exits or is asked to."};
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    struct mesh_error error;
    struct mesh_node *node;
    if (mesh_node_attach(&node, &arguments.node, &error) != MESH_OK) {
        return cli_fail(&error);
    }
    struct mesh_address address;
    char text[MESH_ADDRESS_TEXT_BYTES];
    enum mesh_status status = mesh_node_create(node, arguments.type, &arguments.create, &address, &error);
    mesh_node_detach(&node);
    if (status != MESH_OK) {
        return cli_fail(&error);
    }
    return printf("%s\n", mesh_address_print(address, text)) > 0 ? CLI_DONE : CLI_FAILED;
}
