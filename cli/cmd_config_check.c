/* mesh config check: what meshd would say of a configuration. meshd itself is asked, so that there is one judgement.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/cli.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEY_SET = 256 };

struct arguments {
    const char *file;
    const char **passed; /* what meshd is given */
    size_t passed_count;
};

static const struct argp_option options[] = {
    {"print", 'p', NULL, 0, "Show every setting, as a file, with who gave it", 0},
    {"json", 'j', NULL, 0, "One JSON object: the mistakes, or with --print and without mistakes the settings", 0},
    {"set", KEY_SET, "PATH=VALUE", 0, "A setting, as for `mesh node start`; any number of them", 0},
    {0},
};

static void pass(struct arguments *arguments, const char *word) {
    arguments->passed[arguments->passed_count++] = word;
}

static error_t parse_option(int key, char *text, struct argp_state *state) {
    struct arguments *arguments = state->input;
    switch (key) {
    case 'p':
        pass(arguments, "--print");
        return 0;
    case 'j':
        pass(arguments, "--json");
        return 0;
    case KEY_SET:
        pass(arguments, "--set");
        pass(arguments, text);
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->file) {
            argp_error(state, "'%s' is one word too many", text);
        }
        arguments->file = text;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which configuration? The name of a file is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int cmd_config_check(int argc, char **argv) {
    enum { OWN = 5 }; /* the words that are always passed, and the NULL after the last */
    struct arguments arguments = {.passed = calloc(2 * (size_t)argc + OWN, sizeof *arguments.passed)};
    const struct argp argp = {.options = options,
                              .parser = parse_option,
                              .args_doc = "FILE",
                              .doc = "Reads a configuration as meshd would, with what the environment sets, and tells "
                                     "all mistakes: exit code 0 if there are none, 1 if there are."};
    char daemon[PATH_MAX];
    struct mesh_error error;
    if (!arguments.passed) {
        fprintf(stderr, "mesh: no memory for the arguments\n");
        return CLI_FAILED;
    }
    pass(&arguments, "meshd");
    pass(&arguments, "--check");
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    pass(&arguments, "--config");
    pass(&arguments, arguments.file);
    int code = CLI_FAILED;
    if (mesh_node_find_daemon(daemon, sizeof daemon, &error) != MESH_OK) {
        code = cli_fail(&error);
    } else {
        (void)execv(daemon, (char *const *)arguments.passed);
        fprintf(stderr, "mesh: %s cannot be started: %s\n", daemon, strerror(errno));
    }
    free(arguments.passed);
    return code;
}
