/* mesh node start.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/json.h"
#include "cli/line.h"
#include "cli/text.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_SET = 256 };

struct arguments {
    const char *config;
    const char **settings;
    size_t settings_count;
};

static const struct argp_option options[] = {
    {"config", 'c', "FILE", 0, "The node's configuration (default: the defaults of every setting)", 0},
    {"set", KEY_SET, "PATH=VALUE", 0,
     "A setting, which beats the file and the environment: --set log/level=debug; any number of them", 0},
    {0},
};

static error_t parse_option(int key, char *text, struct argp_state *state) {
    struct arguments *arguments = state->input;
    switch (key) {
    case 'c':
        arguments->config = text;
        return 0;
    case KEY_SET:
        arguments->settings[arguments->settings_count++] = text;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct cli_syntax syntax = {
    .doc = "Starts a node in the background and waits until it is ready.",
    .options = options,
    .parse = parse_option,
};

static int print_node(const struct mesh_node_report *node, bool json) {
    char name[CLI_TEXT_BYTES], endpoint[CLI_TEXT_BYTES];
    if (json) {
        return cli_print_json(json_pack("{s:o, s:I, s:o, s:o}", "name", cli_json_text(node->name), "pid",
                                        (json_int_t)node->pid, "endpoint", cli_json_text(node->endpoint), "admin",
                                        cli_json_address(node->admin)));
    }
    printf("node %s is up (process %u, %s)\n", cli_escape(node->name, name, sizeof name), node->pid,
           cli_escape(node->endpoint, endpoint, sizeof endpoint));
    return cli_printed(true);
}

/* The node runs in another directory. */
static int make_absolute(const char **file, char room[PATH_MAX]) {
    if (*file && !realpath(*file, room)) {
        return cli_fail_with(errno == ENOENT ? MESH_NOT_FOUND : MESH_IO, "%s cannot be read: %s", *file,
                             strerror(errno));
    }
    *file = *file ? room : NULL;
    return CLI_DONE;
}

static int start(const struct mesh_node_options *wanted, bool json) {
    struct mesh_node_options absolute = *wanted;
    struct mesh_error error;
    struct mesh_node *node;
    struct mesh_report *report;
    char config[PATH_MAX];
    if (mesh_node_attach(&node, wanted, &error) == MESH_OK) {
        mesh_node_detach(&node);
        return cli_fail_with(MESH_ALREADY_RUNNING, "a node is running there already");
    }
    int code = make_absolute(&absolute.config, config);
    if (code != CLI_DONE) {
        return code;
    }
    if (mesh_node_start(&node, &absolute, &error) != MESH_OK) {
        code = cli_fail(&error);
        return code == CLI_USAGE ? CLI_FAILED : code; /* mistakes of a configuration are none of the command line */
    }
    if (mesh_node_report(node, false, CLI_REPORT_MS, &report, &error) == MESH_OK) {
        code = print_node(&report->nodes[0], json);
        mesh_report_release(&report);
    } else {
        code = cli_fail(&error);
    }
    mesh_node_detach(&node);
    return code;
}

int cmd_node_start(int argc, char **argv) {
    struct cli_line line = {0};
    struct arguments arguments = {.settings = calloc((size_t)argc + 1, sizeof *arguments.settings)};
    if (!arguments.settings) {
        return cli_fail_with(MESH_NO_MEMORY, "no memory for the arguments");
    }
    cli_parse(&syntax, argc, argv, &line, &arguments);
    line.node.config = arguments.config;
    line.node.settings = arguments.settings;
    int code = start(&line.node, line.json);
    free(arguments.settings);
    return code;
}
