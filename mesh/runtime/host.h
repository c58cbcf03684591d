/* The actor host: the process in which actors run.
 *
 * A host begins with one actor and ends with its last one. It is entered in a fresh process: forked from the zygote,
 * or started from an executable with its options in the environment variable MESH_HOST. It dies with its admin (C8).
 *
 *   turn: what came in -> lifecycle -> one message for each runnable actor in turn -> verdicts -> flush
 *
 * Handlers run on the main thread, outside the baton, so that other threads of the process can send meanwhile
 * (architecture: one thread runs handlers). Rules A1 to A7, C3, C5, C8 to C11, D7, D14, E1 to E3.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_HOST_H
#define MESH_RUNTIME_HOST_H

#include <mesh/actor.h>
#include <mesh/error.h>
#include <sys/types.h>

#define HOST_ENVIRONMENT "MESH_HOST"

enum { HOST_OPTIONS_BYTES = 8 * 1024 };

/* What a host has to know before it can speak to its admin. Texts are borrowed. */
struct mesh_log_taker;

struct host_options {
    const char *run_directory;
    const char *admin;    /* endpoint */
    uint32_t admin_pid;   /* the host ends when this is not its parent; 0: not to be checked */
    uint64_t node;        /* incarnation of the admin */
    uint64_t incarnation; /* of the host, drawn by the admin, which so knows whose hello it sees */
    uint32_t slot;
    const char *node_name;
    const char *listen;        /* ipc endpoint to bind */
    const char *listen_remote; /* tcp endpoint to bind, or NULL */
    struct mesh_address actor, parent;
    uint64_t creator;             /* the process that wants the actor, which is called at once; 0: not known */
    const char *creator_endpoint; /* or NULL */
    int on_failure;               /* enum control_on_failure (C7) */
    const char *name;             /* global (G1), or NULL */
    const char *type;
    const char *module; /* path of the module, or NULL: the type is linked to the program */
    const char
        *source; /* hash of the source that the module is of, whose directory `module` names then (J3); or NULL */
    const char *program; /* executable that brings the types when there is no module */
    int crash_page;      /* descriptor of the page; -1: none */
};

/* Writes the options as text of at most HOST_OPTIONS_BYTES, and reads them. MESH_TOO_LARGE; MESH_INVALID_ARGUMENT
 * with what is wrong. Read texts point into `text`, which is changed. */
MESH_MUST_USE enum mesh_status host_options_print(char *text, size_t bytes, const struct host_options *options);
MESH_MUST_USE enum mesh_status host_options_parse(struct host_options *options, char *text, struct mesh_error *error);

/* Runs the first actor, and whatever else the admin sends here, to the end; gives the process's exit code. `types`
 * are those of the program, NULL when the options name a module. */
int host_main(const struct host_options *options, const struct mesh_type *const *types,
              const struct mesh_log_taker *log); /* that may be NULL: the node's log */

/* The same from the text that host_options_print wrote. */
int host_main_text(const char *text, const struct mesh_type *const *types, const struct mesh_log_taker *log);

#endif
