/* mesh: starts, stops and looks at nodes, and talks to their actors.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/cli.h"
#include "cli/suggest.h"
#include "cli/text.h"
#include <argp.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

struct command {
    const char *group, *verb; /* a group of NULL: a verb alone; both: a heading */
    int (*run)(int argc, char **argv);
    const char *help;
};

static const struct command commands[] = {
    {NULL, NULL, NULL, "Nodes"},
    {"node", "start", cmd_node_start, "start a node on this host and wait until it is ready"},
    {"node", "stop", cmd_node_stop, "stop the node, with all of its actors"},
    {"node", "reload", cmd_node_reload, "have the node read its configuration again"},
    {NULL, "shutdown", cmd_node_stop, "the same as `mesh node stop`"},
    {NULL, "health", cmd_health, "tell whether the node does its part"},
    {"config", "check", cmd_config_check, "judge a configuration, or show what is set and by whom"},
    {NULL, NULL, NULL, "Looking around"},
    {NULL, "status", cmd_status, "show members, actors, queues and counters; or one actor"},
    {NULL, "actors", cmd_actors, "list actors, of a type or of a node"},
    {NULL, "tree", cmd_tree, "show who created whom"},
    {NULL, "names", cmd_names, "show global names, and who has them"},
    {NULL, "convention", cmd_convention, "show the nodes, who leads, and who is told of changes"},
    {NULL, "logs", cmd_logs, "show what the logs of all nodes say, and follow them"},
    {NULL, NULL, NULL, "Actors"},
    {NULL, "create", cmd_create, "create an actor, by a global name perhaps"},
    {NULL, "tell", cmd_tell, "send a message to an actor"},
    {NULL, "ask", cmd_ask, "send a message to an actor, and print the answer"},
    {NULL, "listen", cmd_listen, "print what is sent to an address of one's own"},
    {NULL, "exit", cmd_exit, "ask an actor to exit, and wait until it is gone"},
    {NULL, NULL, NULL, "Code that arrives at run time"},
    {"source", "pack", cmd_source_pack, "make a bundle of actor code"},
    {"source", "load", cmd_source_load, "load a bundle at the node"},
    {"source", "unload", cmd_source_unload, "have the convention create nothing of it any more"},
    {"source", "list", cmd_source_list, "show the sources that the node has"},
    {NULL, NULL, NULL, "The convention"},
    {NULL, "caps", cmd_caps, "show what the node has to offer, or change it"},
    {NULL, "preregister", cmd_preregister, "have the leader invite a node"},
    {NULL, "deregister", cmd_deregister, "have the leader send a node away, and invite it no more"},
    {"member", "list", cmd_member_list, "show which keys are allowed, and which are revoked"},
    {"member", "allow", cmd_member_allow, "have the convention let nodes with a key take part"},
    {"member", "revoke", cmd_member_revoke, "have it talk no more to whoever has a key"},
    {NULL, "keygen", cmd_keygen, "make the key of a node, for security = curve"},
    {NULL, NULL, NULL, "This program"},
    {NULL, "help", cmd_help, "show this, or the help of a command"},
    {NULL, "version", cmd_version, "print the version"},
};

enum { COMMANDS = sizeof commands / sizeof commands[0], NAME_BYTES = 32 };

static const char *name_of(const struct command *command, char name[NAME_BYTES]) {
    snprintf(name, NAME_BYTES, "%s%s%s", command->group ? command->group : "", command->group ? " " : "",
             command->verb);
    return name;
}

/* ---- help ---- */

static void print_help(FILE *stream) {
    char name[NAME_BYTES];
    fprintf(stream, "Usage: mesh COMMAND [OPTION...]\n\nOperates the nodes of a mesh, and talks to their actors.\n");
    for (size_t i = 0; i < COMMANDS; i++) {
        if (commands[i].run) {
            fprintf(stream, "  %-14s %s\n", name_of(&commands[i], name), commands[i].help);
        } else {
            fprintf(stream, "\n%s\n", commands[i].help);
        }
    }
    fprintf(stream, "\n`mesh help COMMAND` tells the options of a command; all can answer with --json.\n"
                    "`man mesh` has examples.\n\n"
                    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no node is running there,\n"
                    "4 not found, 5 timed out, 6 refused.\n");
}

/* ---- which command ---- */

/* The command that the words begin with, and of how many words its name is; NULL. */
static const struct command *find(int argc, char **argv, int *words) {
    for (size_t i = 0; i < COMMANDS; i++) {
        const struct command *command = &commands[i];
        *words = command->group ? 2 : 1;
        if (command->run && argc > *words && (!command->group || strcmp(argv[1], command->group) == 0) &&
            strcmp(argv[*words], command->verb) == 0) {
            return command;
        }
    }
    return NULL;
}

static int run(const struct command *command, int words, int argc, char **argv) {
    char name[NAME_BYTES], full[NAME_BYTES + sizeof "mesh "];
    snprintf(full, sizeof full, "mesh %s", name_of(command, name));
    argv[words] = full;
    return command->run(argc - words, argv + words);
}

/* What begins like that, or looks like it. */
static void suggest(const char *first, const char *second) {
    char wanted[2 * NAME_BYTES], name[NAME_BYTES];
    const char *before = "did you mean";
    bool group = false;
    snprintf(wanted, sizeof wanted, "%s%s%s", first, second ? " " : "", second ? second : "");
    for (size_t i = 0; i < COMMANDS; i++) {
        group = group || (commands[i].group && strcmp(commands[i].group, first) == 0);
    }
    for (size_t i = 0; i < COMMANDS; i++) {
        const struct command *command = &commands[i];
        bool alike =
            command->run && (group ? command->group && strcmp(command->group, first) == 0
                                   : suggest_is_alike(command->group ? wanted : first, name_of(command, name)) ||
                                         (command->group && suggest_is_alike(first, command->verb)));
        if (alike) {
            fprintf(stderr, "%s `mesh %s`", before, name_of(command, name));
            before = " or";
        }
    }
    fprintf(stderr, *before == 'd' ? "`mesh help` shows those that there are\n" : "?\n");
}

static int complain(int argc, char **argv) {
    char first[CLI_TEXT_BYTES], second[CLI_TEXT_BYTES];
    const char *next = argc > 2 && argv[2][0] != '-' ? argv[2] : NULL;
    fprintf(stderr, "mesh: there is no command '%s%s%s'; ", cli_escape(argv[1], first, sizeof first), next ? " " : "",
            next ? cli_escape(next, second, sizeof second) : "");
    suggest(argv[1], next);
    return CLI_USAGE;
}

int cmd_help(int argc, char **argv) {
    static char option[] = "--help";
    int words;
    const struct command *command = find(argc, argv, &words);
    if (argc == 1 || argv[1][0] == '-' || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return cli_printed(true);
    }
    if (!command) {
        return complain(argc, argv);
    }
    char *asked[] = {argv[0], argv[1], words == 2 ? argv[2] : option, option, NULL};
    return run(command, words, words + 2, asked);
}

int main(int argc, char **argv) {
    int words;
    const struct command *command = find(argc, argv, &words);
    argp_err_exit_status = CLI_USAGE;
    setlocale(LC_CTYPE, "");
    if (command) {
        return run(command, words, argc, argv);
    }
    if (argc == 1) {
        print_help(stdout);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(stdout);
        return CLI_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        return cmd_version(1, argv);
    }
    return complain(argc, argv);
}
