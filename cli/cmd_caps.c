/* mesh caps: what the node has to offer, and changes of it.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/status.h"
#include <stdio.h>
#include <string.h>

enum { WAIT_MS = 5000, CHANGES_MAX = 256, TEXT_BYTES = 512 };

struct arguments {
    struct mesh_node_options node;
    struct mesh_capability changes[CHANGES_MAX];
    size_t count;
    bool json;
};

static const struct argp_option options[] = {
    CLI_RUN_DIRECTORY,
    {"set", 's', "NAME=VALUE", 0,
     "Set a capability: true, false, a number, a text (in quotes if it looks like one of those), or a list, with "
     "commas",
     0},
    {"unset", 'u', "NAME", 0, "Delete a capability", 0},
    {"json", 'j', NULL, 0, "One JSON object instead of a table", 0},
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
    struct arguments *arguments = state->input;
    switch (key) {
    case 'r':
        arguments->node.run_directory = text;
        return 0;
    case 's':
        add_set(state, text);
        return 0;
    case 'u':
        add_change(state, text, NULL);
        return 0;
    case 'j':
        arguments->json = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int print_json(const struct mesh_node_report *node) {
    json_t *object = json_object();
    for (size_t i = 0; i < node->capabilities_count; i++) {
        json_object_set_new(object, node->capabilities[i].name, json_string(node->capabilities[i].value));
    }
    return cli_print_json(json_pack("{s:s, s:o}", "node", node->name, "capabilities", object));
}

static int print_lines(const struct mesh_node_report *node) {
    char text[TEXT_BYTES];
    for (size_t i = 0; i < node->capabilities_count; i++) {
        printf("%s = ", cli_escape(node->capabilities[i].name, text, sizeof text));
        printf("%s\n", cli_escape(node->capabilities[i].value, text, sizeof text));
    }
    return fflush(stdout) == 0 ? CLI_DONE : CLI_FAILED;
}

static int show(struct mesh_node *node, bool json, struct mesh_error *error) {
    struct mesh_report *report;
    if (mesh_node_report(node, false, WAIT_MS, &report, error) != MESH_OK) {
        return cli_fail(error);
    }
    int code = json ? print_json(&report->nodes[0]) : print_lines(&report->nodes[0]);
    mesh_report_release(&report);
    return code;
}

int cmd_caps(int argc, char **argv) {
    struct arguments arguments = {0};
    const struct argp argp = {
        .options = options,
        .parser = parse_option,
        .doc = "Shows the capabilities of the node. With changes, makes all of them or none, and tells when the whole "
               "convention places actors by them; actors here that do not fit any more are asked to exit. What is "
               "changed so lasts until the node ends; its configuration file says what it begins with."};
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    struct mesh_error error;
    struct mesh_node *node;
    if (mesh_node_attach(&node, &arguments.node, &error) != MESH_OK) {
        return cli_fail(&error);
    }
    enum mesh_status status = MESH_OK;
    if (arguments.count > 0) {
        status = mesh_node_set_capabilities(node, arguments.changes, arguments.count, WAIT_MS, &error);
    }
    int code = status != MESH_OK                        ? cli_fail(&error)
               : arguments.count > 0 && !arguments.json ? CLI_DONE
                                                        : show(node, arguments.json, &error);
    mesh_node_detach(&node);
    return code;
}
