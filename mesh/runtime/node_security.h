/* Node security: what the processes of a node with security = curve need to speak to those of others: its key, and the list of who is
 * allowed. The admin keeps both in the run directory, where only its own user can read them (S7B).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_NODE_SECURITY_H
#define MESH_RUNTIME_NODE_SECURITY_H

#include "mesh/runtime/node_key.h"
#include "mesh/runtime/run_path.h"

#define NODE_KEY_FILE "key"

struct log;
struct process;

struct node_security {
    struct node_key key;
    struct trust trust;
    char directory[RUN_PATH_BYTES];
};

/* Reads what the admin has written; `*out` is NULL for a node without encryption. The statuses of node_key_read and members_file_read. */
MESH_MUST_USE enum mesh_status node_security_new(struct node_security **out, const char *run_directory,
                                                 struct mesh_error *error);

/* Reads the list again, after the admin has said that it has changed; on failure the former list stays. */
MESH_MUST_USE enum mesh_status node_security_reload(struct node_security *security, struct mesh_error *error);

/* The same, and the process believes whom the list allows from then on; `log` is told of a failure. Nothing without encryption. */
void node_security_on_keys_changed(struct node_security *security, struct process *process, struct log *log);

/* NULL-safe. */
void node_security_destroy(struct node_security **security);

#endif
