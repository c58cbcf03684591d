/* mesh node stop, which is mesh shutdown, too.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/json.h"
#include "cli/line.h"

enum { WAIT_S = 10, GRACE_S = 2 };

static const struct argp_option options[] = {
    {"timeout", 't', "SECONDS", 0, "How long actors may take to exit before they are killed (default: 10)", 0},
    {0},
};

static error_t parse_option(int key, char *text, struct argp_state *state) {
    int *timeout_s = state->input;
    if (key != 't') {
        return ARGP_ERR_UNKNOWN;
    }
    *timeout_s = (int)cli_number(state, "timeout", text, 1, WAIT_S);
    return 0;
}

static const struct cli_syntax syntax = {
    .doc = "Stops the node: its actors are asked to exit, then made to; waits for the end.",
    .options = options,
    .parse = parse_option,
};

int cmd_node_stop(int argc, char **argv) {
    struct cli_line line = {0};
    int timeout_s = WAIT_S;
    struct mesh_node *node;
    cli_parse(&syntax, argc, argv, &line, &timeout_s);
    int code = cli_attach(&line, &node);
    if (code != CLI_DONE) {
        return code;
    }
    enum mesh_status status = mesh_node_shutdown(node, (timeout_s + GRACE_S) * 1000);
    mesh_node_detach(&node);
    if (status != MESH_OK) {
        return cli_fail_with(status, "the node has not ended: %s", mesh_status_text(status));
    }
    return line.json ? cli_print_json(json_pack("{s:b}", "stopped", true)) : CLI_DONE;
}
