/* mesh node reload.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/json.h"
#include "cli/line.h"

static const struct cli_syntax syntax = {
    .doc =
        "Has the node read its configuration again. Its log says what has changed, what waits for a restart, and what "
        "is wrong; `mesh config check` tells the last before.",
};

int cmd_node_reload(int argc, char **argv) {
    struct cli_line line = {0};
    struct mesh_error error;
    cli_parse(&syntax, argc, argv, &line, NULL);
    if (mesh_node_reload(&line.node, &error) != MESH_OK) {
        return cli_fail(&error);
    }
    return line.json ? cli_print_json(json_pack("{s:b}", "told", true)) : CLI_DONE;
}
