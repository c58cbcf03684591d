/* The ZeroMQ transport: its context, what it listens on, and what comes in.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/transport_zmq.h"
#include "mesh/runtime/error.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    KNOCK_RETRIES = 1, /* of a SYN: after 3 s it is known that nobody answers */
    SOCKETS_LEAST = 1023,
    SOCKETS_MOST = 6144,
    SOCKETS_KEPT = 8,
    SOCKETS_PER_LINK = 3,
    DESCRIPTORS_KEPT = 48,
    DESCRIPTORS_MOST = 1024 * 1024,
    MONITORS_AT_ONCE = 64,
};
enum { INBOUND_PLACE, MONITORS_PLACE }; /* among the descriptors */

enum mesh_status zmq_transport_configure(void *socket, uint64_t incarnation) {
    uint8_t identity[ZMQ_TRANSPORT_IDENTITY] = {'m'};
    memcpy(identity + 1, &incarnation, sizeof incarnation);
    int64_t most = FRAME_PACKED_BYTES;
    bool well = zmq_transport_set(socket, ZMQ_SNDHWM, ZMQ_TRANSPORT_HWM) &&
                zmq_transport_set(socket, ZMQ_RCVHWM, ZMQ_TRANSPORT_HWM) &&
                zmq_transport_set(socket, ZMQ_LINGER, ZMQ_TRANSPORT_LINGER_MS) &&
                zmq_transport_set(socket, ZMQ_RECONNECT_IVL, -1) && zmq_transport_set(socket, ZMQ_IMMEDIATE, 1) &&
                zmq_transport_set(socket, ZMQ_HEARTBEAT_IVL, 0) &&
                zmq_setsockopt(socket, ZMQ_ROUTING_ID, identity, sizeof identity) == 0 &&
                zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &most, sizeof most) == 0;
    return well ? MESH_OK : MESH_IO;
}

/* ---- life ---- */

static enum mesh_status open_inbound(struct zmq_transport *self) {
    self->inbound = zmq_socket(self->context, self->admin ? ZMQ_ROUTER : ZMQ_DEALER);
    if (!self->inbound) {
        return MESH_IO;
    }
    self->inbound_fd = zmq_transport_descriptor(self->inbound);
    enum mesh_status status = zmq_transport_configure(self->inbound, self->incarnation);
    if (!zmq_callers_begin(self)) {
        return MESH_IO;
    }
    if (status == MESH_OK && self->admin &&
        (!zmq_transport_set(self->inbound, ZMQ_ROUTER_HANDOVER, 1) ||
         !zmq_transport_set(self->inbound, ZMQ_ROUTER_MANDATORY, 1))) {
        return MESH_IO;
    }
    return status;
}

static void release_inbound(struct zmq_transport *self) {
    zmq_msg_close(&self->first);
    zmq_msg_init(&self->first);
    for (size_t i = 0; i < self->parts_count; i++) {
        part_release(self->parts[i]);
    }
    self->parts_count = 0;
}

static void zmq_transport_destroy(struct transport *transport) {
    struct zmq_transport *self = zmq_transport_of(transport);
    LIST_EACH (&self->links, node, after) {
        zmq_link_close(transport, &LIST_OWNER(node, struct zmq_link, listed)->link);
    }
    release_inbound(self);
    zmq_callers_end(self);
    zmq_way_fini(self);
    if (self->inbound) {
        zmq_close(self->inbound);
    }
    if (self->zap) {
        zmq_close(self->zap);
    }
    if (self->context) {
        while (zmq_ctx_term(self->context) != 0 && zmq_errno() == EINTR) {
        }
    }
    if (self->monitors_fd >= 0) {
        close(self->monitors_fd);
    }
    free(self);
}

/* ---- listening ---- */

/* The address of an endpoint, for a plain connect(2); its length, or 0 for what cannot be asked. */
static socklen_t address_of(const char *endpoint, struct sockaddr_storage *out) {
    char host[INET_ADDRSTRLEN];
    unsigned port;
    memset(out, 0, sizeof *out);
    if (strncmp(endpoint, "ipc://", 6) == 0) {
        struct sockaddr_un *local = (struct sockaddr_un *)(void *)out;
        size_t bytes = strlen(endpoint + 6) + 1;
        if (bytes > sizeof local->sun_path) {
            return 0;
        }
        local->sun_family = AF_UNIX;
        memcpy(local->sun_path, endpoint + 6, bytes);
        return sizeof *local;
    }
    struct sockaddr_in *internet = (struct sockaddr_in *)(void *)out;
    if (sscanf(endpoint, "tcp://%15[0-9.]:%5u", host, &port) != 2 || port > UINT16_MAX ||
        inet_pton(AF_INET, host, &internet->sin_addr) != 1) {
        return 0;
    }
    internet->sin_family = AF_INET;
    internet->sin_port = htons((uint16_t)port);
    return sizeof *internet;
}

int zmq_transport_knock(const char *endpoint, int *fd) {
    struct sockaddr_storage address;
    int retries = KNOCK_RETRIES;
    socklen_t bytes = address_of(endpoint, &address);
    *fd = bytes > 0 ? socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) : -1;
    if (*fd < 0) {
        return 0;
    }
    if (address.ss_family == AF_INET) {
        (void)setsockopt(*fd, IPPROTO_TCP, TCP_SYNCNT, &retries, sizeof retries); /* else it waits for longer */
    }
    return connect(*fd, (const struct sockaddr *)(const void *)&address, bytes) == 0 ? 0 : errno;
}

bool zmq_transport_is_refused(const char *endpoint) {
    int fd, number = zmq_transport_knock(endpoint, &fd);
    if (fd >= 0) {
        close(fd);
    }
    return zmq_transport_is_refusal(number);
}

/* libzmq removes whatever lies at the path before it binds: the socket of a living process and any other file too. So only
 * a socket that refuses connections is left to it. */
static enum mesh_status look_at_ipc(const char *endpoint, struct mesh_error *error) {
    const char *path = endpoint + strlen("ipc://");
    struct stat found;
    if (strlen(path) >= sizeof((struct sockaddr_un *)NULL)->sun_path) {
        return error_set(error, MESH_TOO_LARGE, "the socket path %s is too long: use a shorter run directory", path);
    }
    if (lstat(path, &found) != 0) {
        return MESH_OK;
    }
    if (!S_ISSOCK(found.st_mode)) {
        return error_set(error, MESH_EXISTS,
                         "%s is in the way and is no socket: remove it, or use another run directory", path);
    }
    if (!zmq_transport_is_refused(endpoint)) {
        return error_set(error, MESH_ADDRESS_IN_USE, "another process listens on %s: stop it first", endpoint);
    }
    return MESH_OK;
}

static enum mesh_status bind_failed(const char *endpoint, struct mesh_error *error) {
    int number = zmq_errno();
    if (number == EADDRINUSE) {
        return error_set(error, MESH_ADDRESS_IN_USE,
                         "cannot bind %s: the port is in use: stop who uses it, or choose another port", endpoint);
    }
    if (number == EACCES || number == EPERM) {
        return error_set(error, MESH_PERMISSION_DENIED, "cannot bind %s: permission denied: choose a port above 1023",
                         endpoint);
    }
    if (number == EINVAL || number == EPROTONOSUPPORT || number == ENODEV || number == EADDRNOTAVAIL) {
        return error_set(error, MESH_INVALID_ARGUMENT,
                         "cannot bind %s: not an endpoint of this host: use tcp://ADDRESS:PORT with a local address",
                         endpoint);
    }
    return error_set(error, MESH_IO, "cannot bind %s: %s", endpoint, zmq_strerror(number));
}

static enum mesh_status zmq_transport_listen(struct transport *transport, const char *endpoint,
                                             char bound[TRANSPORT_ENDPOINT_BYTES], struct mesh_error *error) {
    struct zmq_transport *self = zmq_transport_of(transport);
    bool ipc = strncmp(endpoint, "ipc://", 6) == 0;
    enum mesh_status status = ipc ? look_at_ipc(endpoint, error) : MESH_OK;
    if (status != MESH_OK) {
        return status;
    }
    /* ZMTP heartbeats belong on tcp only; the option holds for what is bound after it is set. */
    zmq_transport_set(self->inbound, ZMQ_HEARTBEAT_IVL, ipc ? 0 : ZMQ_TRANSPORT_CALLED_BEAT_MS);
    zmq_transport_set(self->inbound, ZMQ_HEARTBEAT_TIMEOUT, ZMQ_TRANSPORT_SILENCE_MS);
    bool sealed = self->security.key && strncmp(endpoint, "tcp://", 6) == 0;
    if (sealed && !zmq_curve_listen(self, self->inbound)) {
        return bind_failed(endpoint, error);
    }
    if (zmq_bind(self->inbound, endpoint) != 0) {
        return bind_failed(endpoint, error);
    }
    size_t bytes = TRANSPORT_ENDPOINT_BYTES;
    if (zmq_getsockopt(self->inbound, ZMQ_LAST_ENDPOINT, bound, &bytes) != 0) {
        return bind_failed(endpoint, error);
    }
    if (sealed) {
        struct text_builder text = {.text = bound, .room = TRANSPORT_ENDPOINT_BYTES, .length = strlen(bound)};
        text_append(&text, "/%s", self->security.key->text);
    }
    return MESH_OK;
}

/* ---- receiving ---- */

/* A part whose bytes stay in the ZeroMQ message that brought them. */
struct zmq_part {
    struct part part;
    zmq_msg_t msg;
};

static void free_zmq_part(struct part *part) {
    struct zmq_part *self = (struct zmq_part *)(void *)part;
    zmq_msg_close(&self->msg);
    free(self);
}

static struct part *keep_part(zmq_msg_t *msg) {
    struct zmq_part *self = malloc(sizeof *self);
    if (!self) {
        return NULL;
    }
    zmq_msg_init(&self->msg);
    zmq_msg_move(&self->msg, msg);
    atomic_init(&self->part.holders, 1);
    self->part.bytes = bytes_make(zmq_msg_data(&self->msg), zmq_msg_size(&self->msg));
    self->part.free = free_zmq_part;
    return &self->part;
}

/* Takes the parts behind the first one. False when there are too many or there is no memory: the frame is then dropped whole. */
static bool receive_parts(struct zmq_transport *self, void *socket) {
    bool well = true;
    while (zmq_msg_more(&self->first)) {
        zmq_msg_t msg;
        zmq_msg_init(&msg);
        if (zmq_msg_recv(&msg, socket, ZMQ_DONTWAIT) < 0) {
            return false;
        }
        bool more = zmq_msg_more(&msg) != 0;
        struct part *part = well && self->parts_count < CODEC_PARTS_MAX ? keep_part(&msg) : NULL;
        well = part != NULL;
        if (part) {
            self->parts[self->parts_count++] = part;
        }
        zmq_msg_close(&msg);
        if (!more) {
            break;
        }
    }
    return well;
}

/* The identity that a ROUTER puts before each frame; a stranger's names no source. */
static bool receive_identity(struct zmq_transport *self) {
    zmq_msg_t msg;
    zmq_msg_init(&msg);
    bool got = zmq_msg_recv(&msg, self->inbound, ZMQ_DONTWAIT) >= 0;
    zmq_way_read(bytes_make(zmq_msg_data(&msg), got ? zmq_msg_size(&msg) : 0), &self->source, &self->number);
    zmq_msg_close(&msg);
    return got;
}

static bool receive_from(struct zmq_transport *self, struct zmq_link *link, struct transport_inbound *out) {
    void *socket = link ? link->socket : self->inbound;
    for (;;) {
        release_inbound(self);
        self->source = self->number = 0;
        if (self->admin && !link && !receive_identity(self)) {
            return false;
        }
        if (zmq_msg_recv(&self->first, socket, ZMQ_DONTWAIT) < 0) {
            return false;
        }
        if (receive_parts(self, socket)) {
            break;
        }
    }
    self->from_inbound = !link;
    *out = (struct transport_inbound){
        .first = bytes_make(zmq_msg_data(&self->first), zmq_msg_size(&self->first)),
        .parts = self->parts,
        .parts_count = self->parts_count,
        .link = link ? &link->link : NULL,
        .source = self->source,
    };
    if (self->security.key) {
        zmq_curve_identify(self, link, out);
    }
    return true;
}

static struct zmq_link *whose_turn(const struct zmq_transport *self) {
    return self->turn ? LIST_OWNER(self->turn, struct zmq_link, readable) : NULL;
}

/* The next socket in turn: what we listen on, then each two-way link. */
static void next_turn(struct zmq_transport *self) {
    struct list_node *next = self->turn ? self->turn->next : self->readable.ends.next;
    self->turn = next == &self->readable.ends ? NULL : next;
    self->taken = 0;
}

static bool zmq_transport_receive(struct transport *transport, struct transport_inbound *out) {
    struct zmq_transport *self = zmq_transport_of(transport);
    if (self->taken == ZMQ_TRANSPORT_TURN) {
        next_turn(self);
    }
    struct list_node *began = self->turn;
    do {
        struct zmq_link *link = whose_turn(self);
        bool *heard = link ? &link->heard : &self->inbound_heard;
        if (*heard && receive_from(self, link, out)) {
            self->taken++;
            return true;
        }
        *heard = false;
        next_turn(self);
    } while (self->turn != began);
    return false;
}

/* ---- waiting ---- */

/* Gives its place; poll passes over what has no descriptor. */
static size_t add_descriptor(int fd, struct pollfd *out, size_t max, size_t *count) {
    if (*count < max) {
        out[*count] = (struct pollfd){.fd = fd, .events = POLLIN};
    }
    return (*count)++;
}

/* Of an open link that has nothing waiting only the monitor is polled. */
static size_t zmq_transport_descriptors(struct transport *transport, struct pollfd *out, size_t max) {
    struct zmq_transport *self = zmq_transport_of(transport);
    size_t count = 0;
    (void)add_descriptor(self->inbound_fd, out, max, &count);
    (void)add_descriptor(self->monitors_fd, out, max, &count);
    LIST_EACH (&self->readable, node, after) {
        struct zmq_link *link = LIST_OWNER(node, struct zmq_link, readable);
        link->place = add_descriptor(link->fd, out, max, &count);
    }
    LIST_EACH (&self->busy, node, after) {
        const struct zmq_link *link = LIST_OWNER(node, struct zmq_link, busy);
        if (link->socket && !list_is_linked(&link->readable)) {
            (void)add_descriptor(link->fd, out, max, &count);
        }
    }
    return count;
}

/* Those of which it has not been told this time are ready the next time too. */
static void check_monitors(struct zmq_transport *self) {
    struct epoll_event ready[MONITORS_AT_ONCE];
    int count = epoll_wait(self->monitors_fd, ready, MONITORS_AT_ONCE, 0);
    for (int i = 0; i < count; i++) {
        if (ready[i].data.ptr == &self->zap) {
            zmq_curve_answer(self);
        } else if (ready[i].data.ptr == &self->watcher) {
            zmq_callers_hear(self);
        } else {
            zmq_link_check(self, ready[i].data.ptr);
        }
    }
}

static bool is_readable(const struct pollfd *polled, size_t place) {
    return !polled || polled[place].revents != 0;
}

/* To ask a socket costs system calls, so what was found empty is left alone until its descriptor is readable. A link that was opened meanwhile has
 * no place yet: to look in vain does no harm. */
static void zmq_transport_polled(struct transport *transport, const struct pollfd *polled) {
    struct zmq_transport *self = zmq_transport_of(transport);
    self->inbound_heard = self->inbound_heard || is_readable(polled, INBOUND_PLACE);
    LIST_EACH (&self->readable, node, after) {
        struct zmq_link *link = LIST_OWNER(node, struct zmq_link, readable);
        link->heard = link->heard || is_readable(polled, link->place);
    }
    if (is_readable(polled, MONITORS_PLACE)) {
        check_monitors(self);
    }
}

/* Each has a descriptor; libzmq's own limit of 1,023 would end at some 340 links, of three sockets each. */
static int sockets_max(void) {
    struct rlimit limit;
    rlim_t most = getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : SOCKETS_LEAST;
    most = most < SOCKETS_MOST ? most : SOCKETS_MOST;
    return most > SOCKETS_LEAST ? (int)most : SOCKETS_LEAST;
}

/* Some are kept for all else. */
static void share_descriptors(struct zmq_transport *self) {
    struct rlimit limit;
    rlim_t descriptors = getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : SOCKETS_LEAST;
    descriptors = descriptors < DESCRIPTORS_MOST ? descriptors : DESCRIPTORS_MOST;
    self->descriptors = size_max((size_t)descriptors, 2 * DESCRIPTORS_KEPT) - DESCRIPTORS_KEPT;
    self->opened_max = ((size_t)sockets_max() - SOCKETS_KEPT) / SOCKETS_PER_LINK;
}

static const struct transport_ops zmq_ops = {
    .destroy = zmq_transport_destroy,
    .secure = zmq_transport_secure,
    .listen = zmq_transport_listen,
    .open = zmq_link_open,
    .back = zmq_link_back,
    .close = zmq_link_close,
    .send = zmq_link_send,
    .changed = zmq_link_changed,
    .receive = zmq_transport_receive,
    .descriptors = zmq_transport_descriptors,
    .polled = zmq_transport_polled,
    .judge = zmq_callers_judge,
    .shut = zmq_callers_shut,
    .callers = zmq_callers_of,
};

void transport_zmq_prepare(void) {
    static void *context; /* while it lives its network libraries stay ready */
    context = context ? context : zmq_ctx_new();
}

enum mesh_status transport_zmq_new(struct transport **out, uint64_t incarnation, bool admin) {
    struct zmq_transport *self = calloc(1, sizeof *self);
    if (!self) {
        return MESH_NO_MEMORY;
    }
    self->transport.ops = &zmq_ops;
    self->admin = admin;
    self->incarnation = incarnation;
    self->inbound_heard = true;
    zmq_way_init(self);
    list_init(&self->links);
    list_init(&self->busy);
    list_init(&self->news);
    list_init(&self->readable);
    zmq_msg_init(&self->first);
    self->monitors_fd = epoll_create1(EPOLL_CLOEXEC);
    self->context = self->monitors_fd >= 0 ? zmq_ctx_new() : NULL;
    share_descriptors(self);
    if (self->context) {
        zmq_ctx_set(self->context, ZMQ_MAX_SOCKETS, sockets_max());
    }
    enum mesh_status status = self->context ? open_inbound(self) : MESH_NO_MEMORY;
    if (status != MESH_OK) {
        zmq_transport_destroy(&self->transport);
        return status;
    }
    *out = &self->transport;
    return MESH_OK;
}
