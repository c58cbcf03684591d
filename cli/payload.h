/* The payload of a message on the command line: a text, a file, or the standard input; and its type.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CLI_PAYLOAD_H
#define CLI_PAYLOAD_H

#include <argp.h>
#include <mesh/mesh.h>

struct cli_payload {
    const char *type, *file; /* as given; NULL: not */
    char *data;
    size_t bytes;
};

#define CLI_PAYLOAD_OPTIONS                                                                                            \
    {"type", 't', "TYPE", 0, "The type of the message (default: text); others get the bytes as they are", 0}, {        \
        "file", 'f', "FILE", 0, "The payload is what is in this file; -: what comes from the standard input", 0        \
    }

/* Takes one of these options; ARGP_ERR_UNKNOWN for any other. */
error_t cli_payload_option(struct cli_payload *payload, int key, char *text);

/* Reads the payload; `text` is the word on the command line, or NULL. A payload of the type text gets its terminating zero.
 * MESH_INVALID_ARGUMENT, MESH_NOT_FOUND, MESH_TOO_LARGE, MESH_IO, MESH_NO_MEMORY. */
enum mesh_status cli_payload_read(struct cli_payload *payload, const char *text, struct mesh_error *error);
void cli_payload_free(struct cli_payload *payload);

/* Prints what came: escaped, in lines; as JSON, in one line or several; or as it is. */
int cli_print_message(const struct mesh_message *message);
int cli_print_raw(const struct mesh_message *message);

#endif
