/* A TCP proxy in a process of its own that cuts its connections on demand: what a broken network does to a link.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef TESTS_SUPPORT_TCP_PROXY_H
#define TESTS_SUPPORT_TCP_PROXY_H

#include <stdbool.h>
#include <sys/types.h>

struct tcp_proxy {
    pid_t pid;
    unsigned port;  /* on 127.0.0.1 */
    int control[2]; /* this side and the proxy's */
};

/* Begins without a target: it drops whoever comes. 0, or -1 when it cannot start. */
int tcp_proxy_start(struct tcp_proxy *proxy);

/* Passes the bytes of new connections on to 127.0.0.1:`port`. */
bool tcp_proxy_aim(struct tcp_proxy *proxy, unsigned port);

/* Resets every connection as soon as one has carried 16 KiB; waits for that and returns how many there were,
 * or -1 when none has within 10 s. */
int tcp_proxy_cut(struct tcp_proxy *proxy);

/* Ends it. */
void tcp_proxy_stop(struct tcp_proxy *proxy);

#endif
