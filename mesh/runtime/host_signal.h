/* The signals of a host (C11): SIGTERM and SIGINT ask its actors to exit, SIGUSR1 writes its status to the log.
 *
 * They are handled, not blocked, so that a program which an actor starts inherits nothing. SIGUSR1 works while a
 * handler is stuck: it writes from the crash page, with nothing that is not safe in a signal handler.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_HOST_SIGNAL_H
#define MESH_RUNTIME_HOST_SIGNAL_H

struct host;

/* Unblocks the three and handles them for this host, the only one of its process. */
void host_signal_install(struct host *host);
void host_signal_remove(void);

/* In a child that a handler forked: the three do what they do to any process. */
void host_signal_reset(void);

#endif
