/* mesh version.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/cli.h"
#include <stdio.h>

int cmd_version(int argc, char **argv) {
    const struct argp argp = {.doc = "Prints the version of the library."};
    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    printf("mesh %s\n", mesh_version());
    return CLI_DONE;
}
