/* mesh version.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/json.h"
#include "cli/line.h"
#include <stdio.h>

static const struct cli_syntax syntax = {.doc = "Prints the version of the library.", .no_node = true};

int cmd_version(int argc, char **argv) {
    struct cli_line line = {0};
    cli_parse(&syntax, argc, argv, &line, NULL);
    if (line.json) {
        return cli_print_json(json_pack("{s:s}", "version", mesh_version()));
    }
    return printf("mesh %s\n", mesh_version()) > 0 ? CLI_DONE : CLI_FAILED;
}
