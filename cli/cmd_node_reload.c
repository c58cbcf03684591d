/* mesh node reload.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/cli.h"

static const struct argp_option options[] = {
    CLI_RUN_DIRECTORY,
    {0},
};

static error_t parse_option(int key, char *text, struct argp_state *state) {
    struct mesh_node_options *node = state->input;
    switch (key) {
    case 'r':
        node->run_directory = text;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is one word too many", text);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int cmd_node_reload(int argc, char **argv) {
    struct mesh_node_options node = {0};
    const struct argp argp = {
        .options = options,
        .parser = parse_option,
        .doc =
            "Has the node read its configuration again. Its log says what has changed, what waits for a restart, and "
            "what is wrong; `mesh config check` tells the last before.",
    };
    argp_parse(&argp, argc, argv, 0, NULL, &node);
    struct mesh_error error;
    return mesh_node_reload(&node, &error) == MESH_OK ? CLI_DONE : cli_fail(&error);
}
