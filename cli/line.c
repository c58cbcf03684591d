/* SPDX-License-Identifier: MPL-2.0 */
#include "cli/line.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { DAY_S = 86400 };

static const struct argp_option options[] = {
    {"json", 'j', NULL, 0, "JSON instead of text", 1},
    {0},
};

static const struct argp_option node_options[] = {
    {"run-directory", 'r', "DIR", 0,
     "The node's run directory (default: $MESH_RUN_DIRECTORY, or below XDG_RUNTIME_DIR)", 1},
    {0},
};

struct reading {
    const struct cli_syntax *syntax;
    struct cli_line *line;
    void *own;
};

static void add_word(struct argp_state *state, const struct reading *reading, const char *text) {
    if (reading->line->words_count == reading->syntax->words_max) {
        argp_error(state, "'%s' is one word too many", text);
    }
    reading->line->words[reading->line->words_count++] = text;
}

static error_t parse(int key, char *text, struct argp_state *state) {
    const struct reading *reading = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = reading->line;
        state->child_inputs[1] = reading->syntax->no_node ? reading->own : reading->line;
        state->child_inputs[2] = reading->syntax->no_node ? NULL : reading->own;
        return 0;
    case ARGP_KEY_ARG:
        add_word(state, reading, text);
        return 0;
    case ARGP_KEY_END:
        if (reading->line->words_count < reading->syntax->words_min) {
            argp_error(state, "%s", reading->syntax->missing);
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Nodes run elsewhere, so they know their run directory from the root. */
static void set_run_directory(struct argp_state *state, struct cli_line *line, const char *text) {
    char here[PATH_MAX];
    line->node.run_directory = text;
    if (*text == '/') {
        return;
    }
    if (!getcwd(here, sizeof here) || snprintf(line->run_directory, PATH_MAX, "%s/%s", here, text) >= PATH_MAX) {
        argp_error(state, "--run-directory=%s: that cannot be found from here: begin it with /", text);
    }
    line->node.run_directory = line->run_directory;
}

static error_t parse_shared(int key, char *text, struct argp_state *state) {
    struct cli_line *line = state->input;
    switch (key) {
    case 'j':
        line->json = true;
        return 0;
    case 'r':
        set_run_directory(state, line, text);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void cli_parse(const struct cli_syntax *syntax, int argc, char **argv, struct cli_line *line, void *own) {
    const struct argp shared = {.options = options, .parser = parse_shared};
    const struct argp of_nodes = {.options = node_options, .parser = parse_shared};
    const struct argp of_command = {.options = syntax->options, .parser = syntax->parse};
    struct argp_child children[4] = {{.argp = &shared}};
    size_t count = 1;
    if (!syntax->no_node) {
        children[count++].argp = &of_nodes;
    }
    if (syntax->options) {
        children[count++].argp = &of_command;
    }
    const struct argp argp = {.parser = parse, .args_doc = syntax->words, .doc = syntax->doc, .children = children};
    struct reading reading = {syntax, line, own};
    argp_parse(&argp, argc, argv, 0, NULL, &reading);
}

unsigned long cli_number(struct argp_state *state, const char *option, const char *text, unsigned long least,
                         unsigned long most) {
    char *end;
    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || number < least || number > most) {
        argp_error(state, "--%s=%s: give a number from %lu to %lu", option, text, least, most);
    }
    return number;
}

int cli_milliseconds(struct argp_state *state, const char *option, const char *text) {
    char *end;
    double seconds = strtod(text, &end);
    if (*text < '0' || *text > '9' || *end != '\0' || !(seconds <= DAY_S)) {
        argp_error(state, "--%s=%s: give seconds, from 0 to %d", option, text, DAY_S);
    }
    return (int)(seconds * 1000);
}

int cli_attach(const struct cli_line *line, struct mesh_node **node) {
    struct mesh_error error;
    return mesh_node_attach(node, &line->node, &error) == MESH_OK ? CLI_DONE : cli_fail(&error);
}

int cli_show_convention(const struct cli_line *line, int (*print_json)(const struct mesh_report *report),
                        int (*print_text)(const struct mesh_report *report)) {
    struct mesh_node *node;
    int code = cli_attach(line, &node);
    if (code != CLI_DONE) {
        return code;
    }
    struct mesh_error error;
    struct mesh_report *report = NULL;
    enum mesh_status status = mesh_node_report(node, true, CLI_REPORT_MS, &report, &error);
    code = status != MESH_OK ? cli_fail(&error) : (line->json ? print_json : print_text)(report);
    mesh_report_release(&report);
    mesh_node_detach(&node);
    return code;
}
