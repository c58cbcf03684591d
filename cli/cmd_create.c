/* mesh create: a top-level actor of a type that a module brings.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/json.h"
#include "cli/line.h"
#include <stdio.h>
#include <string.h>

enum { REQUIREMENTS_MAX = 64 };

struct arguments {
    struct mesh_create_options create;
    struct mesh_requirement requirements[REQUIREMENTS_MAX];
};

static const struct argp_option options[] = {
    {"name", 'N', "NAME", 0, "Global name: who has it already is shown instead, whatever its type", 0},
    {"require", 'q', "REQUIREMENT", 0,
     "What its node must have: NAME alone, or NAME, one of = != < <= > >=, and a value; any number of them", 0},
    {"on-failure", 'F', "WHAT", 0, "What becomes of it when it fails: stop (default) or restart", 0},
    {"source", 's', "HASH", 0, "The loaded source that brings the type, as `mesh source list` shows it", 0},
    {0},
};

/* Cuts the text into a name, a comparison and a value. The longer signs come first. */
static struct mesh_requirement requirement_of(char *text) {
    static const struct {
        const char *sign;
        enum mesh_comparison comparison;
    } signs[] = {{"!=", MESH_NOT_EQUAL}, {"<=", MESH_LESS_OR_EQUAL}, {">=", MESH_GREATER_OR_EQUAL},
                 {"=", MESH_EQUAL},      {"<", MESH_LESS},           {">", MESH_GREATER}};
    size_t length = strcspn(text, "!<>=");
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        size_t bytes = strlen(signs[i].sign);
        if (strncmp(text + length, signs[i].sign, bytes) == 0) {
            text[length] = '\0';
            return (struct mesh_requirement){text, signs[i].comparison, text + length + bytes};
        }
    }
    return (struct mesh_requirement){text, MESH_PRESENT, NULL};
}

static void add_requirement(struct argp_state *state, char *text) {
    struct arguments *arguments = state->input;
    if (arguments->create.requirements_count == REQUIREMENTS_MAX) {
        argp_error(state, "at most %d requirements", REQUIREMENTS_MAX);
    }
    arguments->requirements[arguments->create.requirements_count++] = requirement_of(text);
}

static error_t parse_option(int key, char *text, struct argp_state *state) {
    struct arguments *arguments = state->input;
    switch (key) {
    case 's':
        arguments->create.source = text;
        return 0;
    case 'N':
        arguments->create.name = text;
        return 0;
    case 'q':
        add_requirement(state, text);
        return 0;
    case 'F':
        if (strcmp(text, "restart") != 0 && strcmp(text, "stop") != 0) {
            argp_error(state, "--on-failure is stop or restart, not '%s'", text);
        }
        arguments->create.on_failure = *text == 'r' ? MESH_RESTART : MESH_STOP;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct cli_syntax syntax = {
    .doc =
        "Creates an actor where it fits, waits until it is up, and prints its address. It lives until it exits or is "
        "asked to.",
    .words = "TYPE",
    .words_min = 1,
    .words_max = 1,
    .missing = "which type of actor? Its name is missing",
    .options = options,
    .parse = parse_option,
};

int cmd_create(int argc, char **argv) {
    struct cli_line line = {0};
    struct arguments arguments = {0};
    struct mesh_error error;
    struct mesh_node *node;
    struct mesh_address address;
    char text[MESH_ADDRESS_TEXT_BYTES];
    arguments.create.requirements = arguments.requirements;
    cli_parse(&syntax, argc, argv, &line, &arguments);
    int code = cli_attach(&line, &node);
    if (code != CLI_DONE) {
        return code;
    }
    enum mesh_status status = mesh_node_create(node, line.words[0], &arguments.create, &address, &error);
    mesh_node_detach(&node);
    if (status != MESH_OK) {
        return cli_fail(&error);
    }
    if (line.json) {
        return cli_print_json(json_pack("{s:o}", "address", cli_json_address(address)));
    }
    return printf("%s\n", mesh_address_print(address, text)) > 0 ? CLI_DONE : CLI_FAILED;
}
