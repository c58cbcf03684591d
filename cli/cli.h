/* The operator's command: one file per subcommand, and what they share.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <mesh/mesh.h>

enum cli_exit {
    CLI_DONE = 0,
    CLI_FAILED = 1,
    CLI_USAGE = 2,
    CLI_NOT_RUNNING = 3, /* no node is running there */
    CLI_NOT_FOUND = 4,   /* what the command is about is not there, or is gone */
    CLI_TIMED_OUT = 5,
    CLI_REFUSED = 6, /* by a node, or by an actor that failed */
};

/* Each parses its own arguments; argv[0] is the full name of the subcommand. */
int cmd_actors(int argc, char **argv);
int cmd_ask(int argc, char **argv);
int cmd_caps(int argc, char **argv);
int cmd_config_check(int argc, char **argv);
int cmd_convention(int argc, char **argv);
int cmd_create(int argc, char **argv);
int cmd_deregister(int argc, char **argv);
int cmd_exit(int argc, char **argv);
int cmd_health(int argc, char **argv);
int cmd_help(int argc, char **argv);
int cmd_keygen(int argc, char **argv);
int cmd_listen(int argc, char **argv);
int cmd_logs(int argc, char **argv);
int cmd_member_allow(int argc, char **argv);
int cmd_member_list(int argc, char **argv);
int cmd_member_revoke(int argc, char **argv);
int cmd_names(int argc, char **argv);
int cmd_node_reload(int argc, char **argv);
int cmd_node_start(int argc, char **argv);
int cmd_node_stop(int argc, char **argv);
int cmd_preregister(int argc, char **argv);
int cmd_source_list(int argc, char **argv);
int cmd_source_load(int argc, char **argv);
int cmd_source_pack(int argc, char **argv);
int cmd_source_unload(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_tell(int argc, char **argv);
int cmd_tree(int argc, char **argv);
int cmd_version(int argc, char **argv);

/* Prints the error for a person and gives the exit code. */
int cli_fail(const struct mesh_error *error);

/* The same for a call that gives a status alone; the text says what was wanted. */
int cli_fail_with(enum mesh_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What the word means: the address of an actor, or the global name of one. With `nodes` also the name of a node, for its admin.
 * MESH_NOT_FOUND, or what a report fails with. */
enum mesh_status cli_find(struct mesh_node *node, const char *word, bool nodes, struct mesh_address *out,
                          struct mesh_error *error);

/* The report of one node of the convention, by its name; NULL: the node of the handle. MESH_NOT_FOUND. */
enum mesh_status cli_report(struct mesh_node *node, const char *name, struct mesh_report **out,
                            struct mesh_error *error);

/* How long a report may take, and how long one waits between two looks at something that is to change. */
enum { CLI_REPORT_MS = 5000, CLI_PAUSE_MS = 50 };
void cli_pause(void);
uint64_t cli_now_ms(void);

#endif
