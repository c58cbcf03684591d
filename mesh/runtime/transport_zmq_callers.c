/* Who calls an admin over ZeroMQ by tcp: see mesh/core/callers.h.
 *
 * A monitor tells of connections by their descriptors. libzmq has no way to end one of them; shutdown(2) of its descriptor does, as if
 * the other side had. By then the descriptor may be another's, so its peer's address is looked at first; what is left of that race resets
 * a connection of the same host, which is made anew. The monitor is read in each turn that has something to wait for, and
 * its events are queued without a limit: one that nobody reads would freeze the context. A host does not keep watch, since its turns may be
 * long.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/clock.h"
#include "mesh/runtime/transport_zmq.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum {
    HANDSHAKE_MS = 5000,
    BACKLOG = 128,
    WATCHED_EVENTS = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL,
};

/* 0 for what is no connection by tcp. */
static uint64_t address_of(int fd) {
    struct sockaddr_in peer = {0};
    socklen_t bytes = sizeof peer;
    bool tcp = getpeername(fd, (struct sockaddr *)(void *)&peer, &bytes) == 0 && peer.sin_family == AF_INET;
    return tcp ? ntohl(peer.sin_addr.s_addr) : 0;
}

static void shut(int fd, uint64_t address) {
    if (address != 0 && address_of(fd) == address) {
        (void)shutdown(fd, SHUT_RDWR);
    }
}

/* ---- who comes and goes ---- */

/* Half of the descriptors, or what links leave of them. */
static size_t callers_max(const struct zmq_transport *self) {
    size_t links = self->opened * ZMQ_TRANSPORT_DESCRIPTORS;
    return size_min(self->descriptors / 2, self->descriptors - size_min(self->descriptors, links));
}

/* Who is gone by the time that it is heard of has no address any more. */
static void on_accepted(struct zmq_transport *self, uint64_t now_ns, int fd) {
    uint64_t silent, address;
    while (callers_next_silent(&self->callers, now_ns, &silent, &address)) {
        shut((int)silent, address);
    }
    address = address_of(fd);
    self->callers.limits.callers = callers_max(self);
    if (address != 0 && !callers_take(&self->callers, now_ns, (uint64_t)fd, address)) {
        shut(fd, address);
    }
}

/* Whose key is refused the handler of keys knows better. Whoever looks by ipc whether somebody listens hangs up. */
void zmq_callers_hear(struct zmq_transport *self) {
    uint64_t now_ns = clock_now_ns();
    for (struct zmq_event event; zmq_transport_next_event(self->watcher, &event);) {
        if (event.number == ZMQ_EVENT_ACCEPTED && event.tcp) {
            on_accepted(self, now_ns, (int)event.value);
        } else if (event.number == ZMQ_EVENT_DISCONNECTED) {
            callers_leave(&self->callers, event.value);
            zmq_link_leave(self, (int)event.value);
        } else if (event.tcp) {
            zmq_curve_tell_stranger(self, &event);
        }
    }
}

/* ---- what is thought of them ---- */

void zmq_callers_judge(struct transport *transport, bool sense) {
    struct zmq_transport *self = zmq_transport_of(transport);
    int fd = self->watcher && self->from_inbound ? zmq_msg_get(&self->first, ZMQ_SRCFD) : -1;
    if (fd < 0) {
        return;
    }
    uint64_t address;
    if (sense) {
        zmq_way_keep(self);
        callers_greet(&self->callers, (uint64_t)fd);
    } else if (callers_blame(&self->callers, clock_now_ns(), (uint64_t)fd, &address)) {
        shut(fd, address);
    }
}

/* The address that came with the frame in hand; 0 for what is no caller by tcp. */
static uint64_t address_in_hand(struct zmq_transport *self) {
    const char *text = self->from_inbound ? zmq_msg_gets(&self->first, "Peer-Address") : NULL;
    struct in_addr address;
    return text && inet_pton(AF_INET, text, &address) == 1 ? ntohl(address.s_addr) : 0;
}

/* Also in a host, which does not keep watch. */
void zmq_callers_shut(struct transport *transport) {
    struct zmq_transport *self = zmq_transport_of(transport);
    shut(zmq_msg_get(&self->first, ZMQ_SRCFD), address_in_hand(self));
}

/* Who ended before is heard of first: descriptors are given anew. */
bool zmq_callers_find(struct zmq_transport *self, int *fd) {
    *fd = -1;
    if (!self->watcher || address_in_hand(self) == 0) {
        return true;
    }
    zmq_callers_hear(self);
    *fd = zmq_msg_get(&self->first, ZMQ_SRCFD);
    return callers_has(&self->callers, (uint64_t)*fd);
}

const struct callers *zmq_callers_of(struct transport *transport) {
    struct zmq_transport *self = zmq_transport_of(transport);
    return self->watcher ? &self->callers : NULL;
}

/* ---- beginning and end ---- */

bool zmq_callers_begin(struct zmq_transport *self) {
    struct callers_limits limits = callers_limits_default;
    limits.callers = self->descriptors / 2;
    limits.strangers = self->descriptors / 10;
    callers_init(&self->callers, &limits);
    if (!zmq_transport_set(self->inbound, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS) ||
        !zmq_transport_set(self->inbound, ZMQ_BACKLOG, BACKLOG)) {
        return false;
    }
    if (!self->admin) {
        return true;
    }
    self->watcher = zmq_socket(self->context, ZMQ_PAIR);
    struct epoll_event readable = {.events = EPOLLIN, .data.ptr = &self->watcher};
    bool well = self->watcher && zmq_transport_set(self->watcher, ZMQ_RCVHWM, 0) &&
                zmq_socket_monitor(self->inbound, "inproc://callers", WATCHED_EVENTS) == 0 &&
                zmq_connect(self->watcher, "inproc://callers") == 0 &&
                epoll_ctl(self->monitors_fd, EPOLL_CTL_ADD, zmq_transport_descriptor(self->watcher), &readable) == 0;
    if (well) {
        zmq_callers_hear(self); /* its descriptor tells of what comes once it was asked in vain */
    }
    return well;
}

void zmq_callers_end(struct zmq_transport *self) {
    if (self->watcher) {
        zmq_socket_monitor(self->inbound, NULL, 0); /* before its PAIR is closed */
        zmq_close(self->watcher);
    }
    callers_fini(&self->callers);
}
