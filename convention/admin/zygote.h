/* The zygote: a small process, forked before any thread or ZeroMQ context existed, that starts the node's hosts and
 * buries the node when its admin dies.
 *
 * The next host is forked ahead and waits for what it is to become, so that nobody waits for the fork. Hosts become children of the admin
 * (clone with CLONE_PARENT), so that it alone learns how they end. The zygote keeps a pidfd of each. They are in the admin's
 * group of processes; in the zygote's own there are spawners, and what those fork. When the admin's end of the channel
 * closes, however that came about, it is the undertaker: it kills what hosts are left, waits until they are gone, and empties the run
 * directory (C8). It shares the lock of the run directory, so that no new admin comes up before it is through.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_ADMIN_ZYGOTE_H
#define CONVENTION_ADMIN_ZYGOTE_H

#include "convention/admin/run_directory.h"
#include <mesh/error.h>
#include <stdbool.h>
#include <sys/types.h>

struct zygote {
    pid_t pid;
    int channel; /* SOCK_SEQPACKET; -1 when the zygote is gone */
};

/* How a host is started (C9). */
enum zygote_start {
    ZYGOTE_FORK,  /* by fork: the options are parsed in the child */
    ZYGOTE_EXEC,  /* a fresh program, with the options in the environment variable MESH_HOST */
    ZYGOTE_SHELL, /* a command for the shell, with the options in SPAWN_ENVIRONMENT: no host, but a spawner */
    ZYGOTE_ADOPT, /* nothing: see zygote_adopt */
};

struct zygote_request {
    enum zygote_start start;
    const char *program; /* for ZYGOTE_EXEC: the path of the executable; for ZYGOTE_SHELL, the command */
    const char *options; /* for the host, as host_options_print writes them */
    int page;            /* descriptor of the crash page; a copy reaches the host as descriptor ZYGOTE_PAGE_FD */
    int output;          /* descriptor that becomes the host's standard output, or -1 */
};

enum { ZYGOTE_PAGE_FD = 3, ZYGOTE_OPTIONS_BYTES = 16 * 1024 };

/* What a forked host runs; its result is the process's exit code. */
typedef int zygote_host(const char *options);

/* Forks the zygote. Call it before anything makes a thread. The run directory is emptied and removed when the admin has
 * ended; its lock stays held until then. MESH_IO with the cause. */
enum mesh_status zygote_open(struct zygote *zygote, const struct run_directory *directory, zygote_host *host,
                             struct mesh_error *error);

/* Starts one host and gives its process id: a child of the caller, to be waited for by the caller. Blocks for the fork
 * only. MESH_IO names what failed: fork, exec, a descriptor, or the zygote itself. */
enum mesh_status zygote_start(struct zygote *zygote, const struct zygote_request *request, pid_t *pid,
                              struct mesh_error *error);

/* A child of the caller that the zygote did not start is one of those that it buries, too (C8). As zygote_start. */
enum mesh_status zygote_adopt(struct zygote *zygote, int pidfd, struct mesh_error *error);

/* Ends the zygote, which buries what is left; returns when it has, and has waited for every child of the caller that is dead by then. */
void zygote_close(struct zygote *zygote);

#endif
