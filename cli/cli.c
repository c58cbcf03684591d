/* What the subcommands share.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/cli.h"
#include <stdio.h>

int cli_fail(const struct mesh_error *error) {
    fprintf(stderr, "mesh: %s\n", error->text);
    return error->status == MESH_NOT_RUNNING ? CLI_NOT_RUNNING : CLI_FAILED;
}

const char *cli_escape(const char *text, char *buffer, size_t bytes) {
    size_t at = 0;
    for (; *text != '\0' && at + 5 <= bytes; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < ' ' || byte > '~') {
            at += (size_t)snprintf(buffer + at, bytes - at, "\\x%02x", byte);
        } else {
            buffer[at++] = (char)byte;
        }
    }
    buffer[at] = '\0';
    return buffer;
}
