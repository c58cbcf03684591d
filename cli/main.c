/* mesh: starts, stops and looks at nodes.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/cli.h"
#include <stdio.h>
#include <string.h>

struct command {
    const char *group, *verb; /* a group of NULL: a verb alone */
    int (*run)(int argc, char **argv);
    const char *help;
};

static const struct command commands[] = {
    {"node", "start", cmd_node_start, "start a node on this host and wait until it is ready"},
    {"node", "stop", cmd_node_stop, "stop the node, with all of its actors"},
    {"node", "reload", cmd_node_reload, "have the node read its configuration again"},
    {"config", "check", cmd_config_check, "judge a configuration, or show what is set and by whom"},
    {"member", "allow", cmd_member_allow, "have the convention let nodes with a key take part"},
    {"member", "revoke", cmd_member_revoke, "have it talk no more to whoever has a key"},
    {"member", "list", cmd_member_list, "show which keys are allowed, and which are revoked"},
    {NULL, "create", cmd_create, "create an actor, by a global name perhaps"},
    {NULL, "names", cmd_names, "show global names, and who has them"},
    {NULL, "caps", cmd_caps, "show what the node has to offer, or change it"},
    {NULL, "health", cmd_health, "tell whether the node does its part"},
    {NULL, "keygen", cmd_keygen, "make the key of a node, for security = curve"},
    {NULL, "preregister", cmd_preregister, "have the leader invite a node"},
    {NULL, "deregister", cmd_deregister, "have the leader send a node away, and invite it no more"},
    {NULL, "status", cmd_status, "show members, actors, queues and counters; or one actor"},
    {NULL, "version", cmd_version, "print the version"},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void print_help(FILE *stream) {
    fprintf(stream, "Usage: mesh COMMAND [OPTION...]\n\nOperates the nodes of a mesh.\n\n");
    for (size_t i = 0; i < COMMANDS; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s%s%s", commands[i].group ? commands[i].group : "", commands[i].group ? " " : "",
                 commands[i].verb);
        fprintf(stream, "  mesh %-12s %s\n", name, commands[i].help);
    }
    fprintf(stream, "\n`mesh COMMAND --help` tells the options of a command.\n"
                    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no node is running there.\n");
}

static bool matches(const struct command *command, int argc, char **argv, int *words) {
    *words = command->group ? 2 : 1;
    return argc > *words && (!command->group || strcmp(argv[1], command->group) == 0) &&
           strcmp(argv[*words], command->verb) == 0;
}

int main(int argc, char **argv) {
    argp_err_exit_status = CLI_USAGE;
    for (size_t i = 0; i < COMMANDS; i++) {
        int words;
        if (matches(&commands[i], argc, argv, &words)) {
            char name[32];
            snprintf(name, sizeof name, "mesh %s%s%s", commands[i].group ? commands[i].group : "",
                     commands[i].group ? " " : "", commands[i].verb);
            argv[words] = name;
            return commands[i].run(argc - words, argv + words);
        }
    }
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)) {
        print_help(stdout);
        return CLI_DONE;
    }
    if (argc > 1) {
        fprintf(stderr, "mesh: there is no command '%s%s%s'\n\n", argv[1], argc > 2 ? " " : "",
                argc > 2 ? argv[2] : "");
    }
    print_help(stderr);
    return CLI_USAGE;
}
