/* mesh caps: what the node has to offer, and changes of it.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/json.h"
#include "cli/line.h"
#include "cli/text.h"
#include <stdio.h>
#include <string.h>

enum { WAIT_MS = 5000, CHANGES_MAX = 256 };

struct arguments {
    struct mesh_capability changes[CHANGES_MAX];
    size_t count;
};

static const struct argp_option options[] = {
    {"set", 's', "NAME=VALUE", 0,
     "Set a capability: true, false, a number, a text (in quotes if it looks like one of those), or a list, with "
     "commas",
     0},
    {"unset", 'u', "NAME", 0, "Delete a capability", 0},
    {0},
};

static void add_change(struct argp_state *state, const char *name, const char *value) {
    struct arguments *arguments = state->input;
    if (arguments->count == CHANGES_MAX) {
        argp_error(state, "at most %d changes at a time", CHANGES_MAX);
    }
    arguments->changes[arguments->count++] = (struct mesh_capability){name, value};
}

static void add_set(struct argp_state *state, char *text) {
    char *sign = strchr(text, '=');
    if (!sign || sign == text) {
        argp_error(state, "'%s' is no NAME=VALUE", text);
        return;
    }
    *sign = '\0';
    add_change(state, text, sign + 1);
}

static error_t parse_option(int key, char *text, struct argp_state *state) {
    switch (key) {
    case 's':
        add_set(state, text);
        return 0;
    case 'u':
        add_change(state, text, NULL);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct cli_syntax syntax = {
    .doc = "Shows the capabilities of the node. With changes, makes all of them or none, and tells when the whole "
           "convention places actors by them; actors here that do not fit any more are asked to exit. What is "
           "changed so lasts until the node ends; its configuration file says what it begins with.",
    .options = options,
    .parse = parse_option,
};

static int print_lines(const struct mesh_node_report *node) {
    char text[CLI_TEXT_BYTES];
    for (size_t i = 0; i < node->capabilities_count; i++) {
        printf("%s = ", cli_escape(node->capabilities[i].name, text, sizeof text));
        printf("%s\n", cli_escape(node->capabilities[i].value, text, sizeof text));
    }
    return cli_printed(true);
}

static int show(struct mesh_node *node, bool json) {
    struct mesh_report *report;
    struct mesh_error error;
    if (mesh_node_report(node, false, WAIT_MS, &report, &error) != MESH_OK) {
        return cli_fail(&error);
    }
    const struct mesh_node_report *own = &report->nodes[0];
    int code = json ? cli_print_json(json_pack("{s:o, s:o}", "node", cli_json_text(own->name), "capabilities",
                                               cli_json_capabilities(own)))
                    : print_lines(own);
    mesh_report_release(&report);
    return code;
}

int cmd_caps(int argc, char **argv) {
    struct cli_line line = {0};
    struct arguments arguments = {0};
    struct mesh_error error;
    struct mesh_node *node;
    cli_parse(&syntax, argc, argv, &line, &arguments);
    int code = cli_attach(&line, &node);
    if (code != CLI_DONE) {
        return code;
    }
    enum mesh_status status = MESH_OK;
    if (arguments.count > 0) {
        status = mesh_node_set_capabilities(node, arguments.changes, arguments.count, WAIT_MS, &error);
    }
    code = status != MESH_OK ? cli_fail(&error) : arguments.count > 0 && !line.json ? CLI_DONE : show(node, line.json);
    mesh_node_detach(&node);
    return code;
}
