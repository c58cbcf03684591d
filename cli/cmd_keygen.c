/* mesh keygen.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/json.h"
#include "cli/line.h"
#include <stdio.h>

struct arguments {
    const char *out, *public_of;
    bool force;
};

static const struct argp_option options[] = {
    {"out", 'o', "FILE", 0, "Where the secret key is written (default: mesh.key)", 0},
    {"force", 'f', NULL, 0, "Replace the key that is there", 0},
    {"public", 'p', "FILE", 0, "Instead: print the public key of that file", 0},
    {0},
};

static error_t parse_option(int key, char *text, struct argp_state *state) {
    struct arguments *arguments = state->input;
    switch (key) {
    case 'o':
        arguments->out = text;
        return 0;
    case 'f':
        arguments->force = true;
        return 0;
    case 'p':
        arguments->public_of = text;
        return 0;
    case ARGP_KEY_END:
        if (arguments->public_of && (arguments->out || arguments->force)) {
            argp_error(state, "--public makes no key: leave --out and --force out");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct cli_syntax syntax = {
    .doc =
        "Makes the key of a node for `security = curve`: writes the secret key to a file that only this user can read, "
        "and prints the public key and the line for the file of members.",
    .options = options,
    .parse = parse_option,
    .no_node = true,
};

static int print_key(const char *key, const char *file, bool made, bool json) {
    if (json) {
        return cli_print_json(json_pack("{s:s, s:o}", "key", key, "file", cli_json_text(file)));
    }
    printf("%s\n", key);
    if (made) {
        fprintf(
            stderr,
            "The secret key is in %s. The line for the file of members, with the name of the node:\nallow %s NAME\n",
            file, key);
    }
    return CLI_DONE;
}

int cmd_keygen(int argc, char **argv) {
    struct cli_line line = {0};
    struct arguments arguments = {0};
    cli_parse(&syntax, argc, argv, &line, &arguments);
    const char *file = arguments.public_of ? arguments.public_of : arguments.out ? arguments.out : "mesh.key";
    char key[MESH_KEY_TEXT];
    struct mesh_error error;
    enum mesh_status status =
        arguments.public_of ? mesh_key_public(file, key, &error) : mesh_key_make(file, arguments.force, key, &error);
    return status == MESH_OK ? print_key(key, file, !arguments.public_of, line.json) : cli_fail(&error);
}
