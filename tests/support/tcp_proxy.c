/* SPDX-License-Identifier: MPL-2.0 */
#include "tests/support/tcp_proxy.h"

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAIRS = 16, CHUNK_BYTES = 64 * 1024, CARRIED_BYTES = 16 * 1024, CUT_MS = 10000 };

/* Two sockets whose bytes go from one to the other. */
struct pair {
    int ends[2];
    size_t passed;
};

struct proxy {
    struct pair pairs[PAIRS];
    int count;
    int listener, control;
    int cut_wanted; /* as soon as a connection has carried enough */
    struct sockaddr_in target;
};

static struct sockaddr_in loopback(unsigned port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static void cut(struct proxy *proxy, int at) {
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    for (int end = 0; end < 2; end++) {
        (void)setsockopt(proxy->pairs[at].ends[end], SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        (void)close(proxy->pairs[at].ends[end]);
    }
    proxy->pairs[at] = proxy->pairs[--proxy->count];
}

static void take_connection(struct proxy *proxy) {
    int near = accept(proxy->listener, NULL, NULL);
    int far = socket(AF_INET, SOCK_STREAM, 0);
    if (near < 0 || far < 0 || proxy->count == PAIRS ||
        connect(far, (const struct sockaddr *)(const void *)&proxy->target, sizeof proxy->target) != 0) {
        (void)close(near);
        (void)close(far);
        return;
    }
    proxy->pairs[proxy->count++] = (struct pair){.ends = {near, far}};
}

/* Whether the bytes could be passed on. */
static int pass(struct pair *pair, int end) {
    static uint8_t chunk[CHUNK_BYTES];
    int to = pair->ends[1 - end];
    ssize_t got = recv(pair->ends[end], chunk, sizeof chunk, 0);
    pair->passed += got > 0 ? (size_t)got : 0;
    for (ssize_t sent = 0, now; sent < got; sent += now) {
        now = send(to, chunk + sent, (size_t)(got - sent), MSG_NOSIGNAL);
        if (now <= 0) {
            return 0;
        }
    }
    return got > 0;
}

/* A port is a new target, 0 asks for a cut; the end of the control socket ends the proxy. */
static int obey(struct proxy *proxy) {
    uint16_t port;
    if (read(proxy->control, &port, sizeof port) != (ssize_t)sizeof port) {
        return 0;
    }
    if (port == 0) {
        proxy->cut_wanted = 1;
    } else {
        proxy->target = loopback(port);
    }
    return 1;
}

/* Cuts all when one has carried enough to have something in its hands, and answers by how many they were. */
static void cut_if_wanted(struct proxy *proxy) {
    uint8_t count = (uint8_t)proxy->count;
    int carried = 0;
    for (int i = 0; i < proxy->count; i++) {
        carried = carried || proxy->pairs[i].passed >= CARRIED_BYTES;
    }
    if (!proxy->cut_wanted || !carried) {
        return;
    }
    while (proxy->count > 0) {
        cut(proxy, 0);
    }
    proxy->cut_wanted = 0;
    if (write(proxy->control, &count, 1) != 1) {
        _exit(1);
    }
}

static void serve(struct proxy *proxy) {
    struct pollfd fds[2 + 2 * PAIRS];
    for (int running = 1; running;) {
        int count = proxy->count;
        fds[0] = (struct pollfd){.fd = proxy->control, .events = POLLIN};
        fds[1] = (struct pollfd){.fd = proxy->listener, .events = POLLIN};
        for (int i = 0; i < 2 * count; i++) {
            fds[2 + i] = (struct pollfd){.fd = proxy->pairs[i / 2].ends[i % 2], .events = POLLIN};
        }
        (void)poll(fds, 2 + 2 * (nfds_t)count, -1);
        for (int i = 2 * count - 1; i >= 0; i--) {
            int at = i / 2;
            if (fds[2 + i].revents != 0 && at < proxy->count && fds[2 + i].fd == proxy->pairs[at].ends[i % 2] &&
                !pass(&proxy->pairs[at], i % 2)) {
                cut(proxy, at);
            }
        }
        if (fds[1].revents != 0) {
            take_connection(proxy);
        }
        running = fds[0].revents == 0 || obey(proxy);
        cut_if_wanted(proxy);
    }
}

int tcp_proxy_start(struct tcp_proxy *out) {
    struct proxy proxy = {.listener = socket(AF_INET, SOCK_STREAM, 0)};
    struct sockaddr_in own = loopback(0);
    socklen_t bytes = sizeof own;
    if (bind(proxy.listener, (const struct sockaddr *)(const void *)&own, sizeof own) != 0 ||
        listen(proxy.listener, PAIRS) != 0 ||
        getsockname(proxy.listener, (struct sockaddr *)(void *)&own, &bytes) != 0 ||
        socketpair(AF_UNIX, SOCK_STREAM, 0, out->control) != 0) {
        return -1;
    }
    out->port = ntohs(own.sin_port);
    out->pid = fork();
    if (out->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)close(out->control[0]);
        proxy.control = out->control[1];
        serve(&proxy);
        _exit(0);
    }
    (void)close(proxy.listener);
    (void)close(out->control[1]);
    return out->pid > 0 ? 0 : -1;
}

bool tcp_proxy_aim(struct tcp_proxy *proxy, unsigned port) {
    uint16_t target = (uint16_t)port;
    return write(proxy->control[0], &target, sizeof target) == (ssize_t)sizeof target;
}

int tcp_proxy_cut(struct tcp_proxy *proxy) {
    uint8_t byte = 0;
    struct pollfd answer = {.fd = proxy->control[0], .events = POLLIN};
    bool cut = tcp_proxy_aim(proxy, 0) && poll(&answer, 1, CUT_MS) == 1 && read(proxy->control[0], &byte, 1) == 1;
    return cut ? byte : -1;
}

void tcp_proxy_stop(struct tcp_proxy *proxy) {
    (void)close(proxy->control[0]);
    (void)waitpid(proxy->pid, NULL, 0);
}
