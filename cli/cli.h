/* The operator's command: one file per subcommand, and what they share.
 *
 * Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no node is running there.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <argp.h>
#include <mesh/mesh.h>

enum cli_exit {
    CLI_DONE = 0,
    CLI_FAILED = 1,
    CLI_USAGE = 2,
    CLI_NOT_RUNNING = 3,
};

/* Each parses its own arguments; argv[0] is the full name of the subcommand. */
int cmd_node_start(int argc, char **argv);
int cmd_node_reload(int argc, char **argv);
int cmd_node_stop(int argc, char **argv);
int cmd_config_check(int argc, char **argv);
int cmd_preregister(int argc, char **argv);
int cmd_deregister(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_create(int argc, char **argv);
int cmd_names(int argc, char **argv);
int cmd_member_allow(int argc, char **argv);
int cmd_member_revoke(int argc, char **argv);
int cmd_member_list(int argc, char **argv);
int cmd_health(int argc, char **argv);
int cmd_keygen(int argc, char **argv);
int cmd_caps(int argc, char **argv);
int cmd_version(int argc, char **argv);

/* The option of those that concern a node. */
#define CLI_RUN_DIRECTORY                                                                                              \
    {                                                                                                                  \
        "run-directory", 'r', "DIR", 0,                                                                                \
            "The node's run directory (default: $MESH_RUN_DIRECTORY, or below XDG_RUNTIME_DIR)", 0                     \
    }

/* Prints the error for a person and gives the exit code. */
int cli_fail(const struct mesh_error *error);

/* The text with everything that is not printable ASCII escaped, so that it cannot hurt a terminal; in `buffer`. */
const char *cli_escape(const char *text, char *buffer, size_t bytes);

#endif
