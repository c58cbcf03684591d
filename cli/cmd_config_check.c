/* mesh config check: what meshd would say of a configuration. meshd itself is asked, so that there is one judgement.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/line.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEY_SET = 256 };

struct arguments {
    const char **passed; /* what meshd is given */
    size_t passed_count;
};

static const struct argp_option options[] = {
    {"print", 'p', NULL, 0, "Show every setting, as a file, with who gave it; with --json and without mistakes, too",
     0},
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
    case KEY_SET:
        pass(arguments, "--set");
        pass(arguments, text);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct cli_syntax syntax = {
    .doc =
        "Reads a configuration as meshd would, with what the environment sets, and tells all mistakes: exit code 0 if "
        "there are none, 1 if there are.",
    .words = "FILE",
    .words_min = 1,
    .words_max = 1,
    .missing = "which configuration? The name of a file is missing",
    .options = options,
    .parse = parse_option,
    .no_node = true,
};

int cmd_config_check(int argc, char **argv) {
    enum { OWN = 6 }; /* the words that are always passed, --json, and the NULL after the last */
    struct cli_line line = {0};
    struct arguments arguments = {.passed = calloc(2 * (size_t)argc + OWN, sizeof *arguments.passed)};
    char daemon[PATH_MAX];
    struct mesh_error error;
    if (!arguments.passed) {
        return cli_fail_with(MESH_NO_MEMORY, "no memory for the arguments");
    }
    pass(&arguments, "meshd");
    pass(&arguments, "--check");
    cli_parse(&syntax, argc, argv, &line, &arguments);
    if (line.json) {
        pass(&arguments, "--json");
    }
    pass(&arguments, "--config");
    pass(&arguments, line.words[0]);
    int code = CLI_FAILED;
    if (mesh_node_find_daemon(daemon, sizeof daemon, &error) != MESH_OK) {
        code = cli_fail(&error);
    } else {
        (void)execv(daemon, (char *const *)arguments.passed);
        code = cli_fail_with(MESH_IO, "%s cannot be started: %s", daemon, strerror(errno));
    }
    free(arguments.passed);
    return code;
}
