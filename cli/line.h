/* A command line: the options that all commands have in common, the words, and what is the command's own.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CLI_LINE_H
#define CLI_LINE_H

#include "cli/cli.h"
#include <argp.h>
#include <limits.h>

enum { CLI_WORDS = 64 };

struct cli_line {
    struct mesh_node_options node;
    char run_directory[PATH_MAX]; /* one that was given from here */
    bool json;
    const char *words[CLI_WORDS]; /* NULL: not given */
    size_t words_count;
};

/* What a command takes. */
struct cli_syntax {
    const char *doc;
    const char *words;                                               /* their names; NULL: it takes none */
    size_t words_min, words_max;                                     /* of them, CLI_WORDS at most */
    const char *missing;                                             /* what is, when there are fewer than it needs */
    const struct argp_option *options;                               /* its own; NULL: none ... */
    error_t (*parse)(int key, char *text, struct argp_state *state); /* ... whose `state->input` is `own` */
    bool no_node; /* it speaks to no node, so that it has no run directory */
};

/* Reads the line. A line that is wrong, and --help, end the program. */
void cli_parse(const struct cli_syntax *syntax, int argc, char **argv, struct cli_line *line, void *own);

/* For parsers: the number that the option was given, or the end of the program with a text that names what may stand there. */
unsigned long cli_number(struct argp_state *state, const char *option, const char *text, unsigned long least,
                         unsigned long most);
/* Seconds, with a fraction perhaps, as milliseconds; the most is a day. */
int cli_milliseconds(struct argp_state *state, const char *option, const char *text);

/* Attaches to the node that the line names. Else it says why, and gives the exit code. */
int cli_attach(const struct cli_line *line, struct mesh_node **node);

/* Attaches, and shows the report of the whole convention, by the one function or the other. */
int cli_show_convention(const struct cli_line *line, int (*print_json)(const struct mesh_report *report),
                        int (*print_text)(const struct mesh_report *report));

#endif
