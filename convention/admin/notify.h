/* What a service manager is told of the node, by the protocol of sd_notify(3): a datagram to the socket in NOTIFY_SOCKET.
 *
 * Without such a socket nothing is told. A manager that is not there any more is no reason to stop.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_ADMIN_NOTIFY_H
#define CONVENTION_ADMIN_NOTIFY_H

/* Takes the socket's name out of the environment, which hosts inherit. */
void notify_begin(void);

void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);

#endif
