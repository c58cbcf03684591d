/* mesh keygen.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/cli.h"
#include <stdio.h>

struct arguments {
    const char *out, *public_of;
    bool force;
};

enum { OPTION_OUT = 'o', OPTION_FORCE = 'f', OPTION_PUBLIC = 'p' };

static const struct argp_option options[] = {
    {"out", OPTION_OUT, "FILE", 0, "Where the secret key is written (default: mesh.key)", 0},
    {"force", OPTION_FORCE, NULL, 0, "Replace the key that is there", 0},
    {"public", OPTION_PUBLIC, "FILE", 0, "Instead: print the public key of that file", 0},
    {0},
};

static error_t parse_option(int key, char *text, struct argp_state *state) {
    struct arguments *arguments = state->input;
    switch (key) {
    case OPTION_OUT:
        arguments->out = text;
        return 0;
    case OPTION_FORCE:
        arguments->force = true;
        return 0;
    case OPTION_PUBLIC:
        arguments->public_of = text;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is one word too many: name the file with --out", text);
        return EINVAL;
    case ARGP_KEY_END:
        if (arguments->public_of && (arguments->out || arguments->force)) {
            argp_error(state, "--public makes no key: leave --out and --force out");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int cmd_keygen(int argc, char **argv) {
    struct arguments arguments = {0};
    const struct argp argp = {.options = options,
                              .parser = parse_option,
                              .doc = "Makes the key of a node for `security = curve`: writes the secret key to a file "
                                     "that only this user can read, "
                                     "and prints the public key and the line for the file of members."};
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    const char *file = arguments.out ? arguments.out : "mesh.key";
    char key[MESH_KEY_TEXT];
    struct mesh_error error;
    enum mesh_status status = arguments.public_of ? mesh_key_public(arguments.public_of, key, &error)
                                                  : mesh_key_make(file, arguments.force, key, &error);
    if (status != MESH_OK) {
        return cli_fail(&error);
    }
    printf("%s\n", key);
    if (!arguments.public_of) {
        fprintf(
            stderr,
            "The secret key is in %s. The line for the file of members, with the name of the node:\nallow %s NAME\n",
            file, key);
    }
    return CLI_DONE;
}
