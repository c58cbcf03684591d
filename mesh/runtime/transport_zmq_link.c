/* Links over ZeroMQ: one DEALER and one connection each, or the way back through the ROUTER.
 *
 * libzmq never reconnects here: a socket whose connection ended would pass what it still has to whatever process binds
 * that endpoint next. With ZMQ_IMMEDIATE it takes nothing while it is not connected, so that the first frame that it
 * takes says that the link is up.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/time.h"
#include "mesh/runtime/clock.h"
#include "mesh/runtime/transport_zmq.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    HANDSHAKE_MS = 5000,
    HANDSHAKE_SLACK_MS = 20, /* libzmq counts in milliseconds, by a clock that it reads now and then */
    /* Never ZMQ_EVENT_ALL: an unread monitor freezes its whole context, so it gets the rare events only. */
    WATCHED_EVENTS = ZMQ_EVENT_CLOSED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH,
};

static void note_news(struct zmq_transport *self, struct zmq_link *link) {
    if (!list_is_linked(&link->news)) {
        list_push_back(&self->news, &link->news);
    }
}

static void drop_waiting(struct zmq_link *link) {
    for (size_t i = link->waiting_at; i < link->waiting_count; i++) {
        zmq_msg_close(&link->waiting[i]);
    }
    link->waiting_at = link->waiting_count = 0;
}

static void enter_state(struct zmq_transport *self, struct zmq_link *link, enum transport_state state) {
    if (link->link.state != state && link->link.state <= TRANSPORT_UP) {
        link->link.state = state;
        if (state > TRANSPORT_UP) {
            drop_waiting(link);
            list_remove(&link->busy);
        }
        note_news(self, link);
    }
}

/* ---- opening and closing ---- */

static struct zmq_link *new_link(void) {
    struct zmq_link *link = calloc(1, sizeof *link);
    if (link) {
        list_node_init(&link->listed);
        list_node_init(&link->busy);
        list_node_init(&link->news);
        list_node_init(&link->readable);
        link->link.ready = true;
        link->knock = -1;
    }
    return link;
}

static bool open_monitor(struct zmq_transport *self, struct zmq_link *link) {
    char endpoint[64];
    snprintf(endpoint, sizeof endpoint, "inproc://monitor-%u", ++self->monitors);
    if (zmq_socket_monitor(link->socket, endpoint, WATCHED_EVENTS) != 0) {
        return false;
    }
    link->monitor = zmq_socket(self->context, ZMQ_PAIR);
    struct epoll_event readable = {.events = EPOLLIN, .data.ptr = link};
    return link->monitor && zmq_transport_set(link->monitor, ZMQ_LINGER, 0) &&
           zmq_connect(link->monitor, endpoint) == 0 &&
           epoll_ctl(self->monitors_fd, EPOLL_CTL_ADD, zmq_transport_descriptor(link->monitor), &readable) == 0;
}

/* Where tcp is secured an endpoint over it bears a key, elsewhere it does not. */
static bool take_endpoint(const struct zmq_transport *self, struct zmq_link *link, const char *endpoint) {
    const char *key = node_key_in(bytes_of_text(endpoint));
    size_t plain = key ? (size_t)(key - 1 - endpoint) : strlen(endpoint);
    bool sealed = self->security.key && strncmp(endpoint, "tcp://", 6) == 0;
    if (sealed != (key != NULL) || plain >= sizeof link->endpoint) {
        return false;
    }
    memcpy(link->endpoint, endpoint, plain);
    if (key) {
        memcpy(link->key, key, sizeof link->key);
    }
    return true;
}

static enum mesh_status connect_socket(struct zmq_transport *self, struct zmq_link *link) {
    const char *endpoint = link->endpoint;
    link->socket = zmq_socket(self->context, ZMQ_DEALER);
    if (!link->socket) {
        return zmq_errno() == EMFILE ? MESH_FULL : MESH_NO_MEMORY;
    }
    self->opened++;
    link->opened_ns = clock_now_ns();
    link->fd = zmq_transport_descriptor(link->socket);
    enum mesh_status status = zmq_transport_configure(link->socket, self->incarnation);
    bool tcp = strncmp(endpoint, "tcp://", 6) == 0;
    if (status == MESH_OK &&
        ((tcp && (!zmq_transport_set(link->socket, ZMQ_HEARTBEAT_IVL, ZMQ_TRANSPORT_BEAT_MS) ||
                  !zmq_transport_set(link->socket, ZMQ_HEARTBEAT_TIMEOUT, ZMQ_TRANSPORT_SILENCE_MS))) ||
         !zmq_transport_set(link->socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS) ||
         !zmq_transport_set(link->socket, ZMQ_CONNECT_TIMEOUT, HANDSHAKE_MS) || !open_monitor(self, link))) {
        status = zmq_errno() == EMFILE ? MESH_FULL : MESH_IO;
    }
    if (status == MESH_OK && link->key[0] != '\0' && !zmq_curve_call(self, link->socket, link->key)) {
        status = MESH_INVALID_ARGUMENT;
    }
    if (status == MESH_OK && zmq_connect(link->socket, endpoint) != 0) {
        status = MESH_INVALID_ARGUMENT;
    }
    return status;
}

enum mesh_status zmq_link_open(struct transport *transport, const char *endpoint, bool two_way,
                               struct transport_link **out) {
    struct zmq_transport *self = zmq_transport_of(transport);
    if (self->opened >= zmq_transport_links_max(self)) {
        return MESH_FULL;
    }
    struct zmq_link *link = new_link();
    if (!link) {
        return MESH_NO_MEMORY;
    }
    list_push_back(&self->links, &link->listed);
    enum mesh_status status = take_endpoint(self, link, endpoint) ? connect_socket(self, link) : MESH_INVALID_ARGUMENT;
    if (status != MESH_OK) {
        zmq_link_close(transport, &link->link);
        return status;
    }
    list_push_back(&self->busy, &link->busy);
    if (two_way) {
        list_push_back(&self->readable, &link->readable);
        link->heard = true; /* libzmq tells of what comes in once it was asked in vain */
    }
    zmq_link_check(self, link); /* as above */
    *out = &link->link;
    return MESH_OK;
}

/* Its descriptor may be another's from now on. */
static void doubt(struct zmq_transport *self, struct zmq_link *link) {
    link->fd = -1;
    link->link.doubtful = true;
    note_news(self, link);
}

void zmq_link_leave(struct zmq_transport *self, int fd) {
    LIST_EACH (&self->links, node, after) {
        struct zmq_link *link = LIST_OWNER(node, struct zmq_link, listed);
        if (!link->socket && link->fd == fd) {
            doubt(self, link);
        }
    }
}

enum mesh_status zmq_link_back(struct transport *transport, uint64_t source, struct transport_link **out) {
    struct zmq_transport *self = zmq_transport_of(transport);
    struct zmq_link *link = new_link();
    if (!link) {
        return MESH_NO_MEMORY;
    }
    link->fd = -1;
    link->source = source;
    link->number = zmq_way_to(self, source);
    list_push_back(&self->links, &link->listed);
    list_push_back(&self->busy, &link->busy);
    if (self->source == source && !zmq_callers_find(self, &link->fd)) {
        doubt(self, link);
    }
    *out = &link->link;
    return MESH_OK;
}

static void end_knock(struct zmq_link *link) {
    if (link->knock >= 0) {
        close(link->knock);
        link->knock = -1;
    }
}

void zmq_link_close(struct transport *transport, struct transport_link *closed) {
    struct zmq_transport *self = zmq_transport_of(transport);
    struct zmq_link *link = zmq_link_of(closed);
    drop_waiting(link);
    if (self->turn == &link->readable) {
        self->turn = NULL;
        self->taken = 0;
    }
    list_remove(&link->listed);
    list_remove(&link->busy);
    list_remove(&link->news);
    list_remove(&link->readable);
    if (link->socket) {
        zmq_socket_monitor(link->socket, NULL, 0); /* before its PAIR is closed */
    }
    if (link->monitor) {
        (void)epoll_ctl(self->monitors_fd, EPOLL_CTL_DEL, zmq_transport_descriptor(link->monitor), NULL);
        zmq_close(link->monitor);
    }
    end_knock(link);
    if (link->socket) {
        zmq_close(link->socket);
        self->opened--;
    }
    free(link);
}

/* ---- the monitor ---- */

/* One event is two parts: number and value, then the endpoint. */
bool zmq_transport_next_event(void *monitor, struct zmq_event *event) {
    zmq_msg_t msg;
    zmq_msg_init(&msg);
    bool got = zmq_msg_recv(&msg, monitor, ZMQ_DONTWAIT) >= 0 &&
               zmq_msg_size(&msg) >= sizeof event->number + sizeof event->value;
    if (got) {
        const uint8_t *data = zmq_msg_data(&msg);
        memcpy(&event->number, data, sizeof event->number);
        memcpy(&event->value, data + sizeof event->number, sizeof event->value);
        bool more = zmq_msg_more(&msg) != 0;
        while (more && zmq_msg_recv(&msg, monitor, ZMQ_DONTWAIT) >= 0) {
            event->tcp = zmq_msg_size(&msg) >= 6 && memcmp(zmq_msg_data(&msg), "tcp://", 6) == 0;
            more = zmq_msg_more(&msg) != 0;
        }
    }
    zmq_msg_close(&msg);
    return got;
}

static const char unanswered[] =
    "it accepts connections, but does not answer: its process is stopped, its host hangs, or something else listens "
    "there; continue or restart it, or name the right endpoint";

/* What a handshake failed by; NULL when none did, or when only a process of this node has ended meanwhile. Of two sides that do not fit, the one
 * that notices first tells the other nothing. */
static const char *why(const struct zmq_link *link, const struct zmq_event *event) {
    bool sealed = link->key[0] != '\0';
    if (strncmp(link->endpoint, "ipc://", 6) == 0) {
        return NULL;
    }
    if (event->number == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) {
        return "its list of members does not allow the key of this node";
    }
    if (event->number != ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL && event->number != ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL) {
        return NULL;
    }
    return sealed ? "it does not have the key that the endpoint names, or not security = curve"
                  : "it may have security = curve: then this node has to have it too, and to name the key of that one";
}

/* The event of a handshake that took too long is that of one whose connection was closed, and the error in it is of something else. */
static bool is_silence(const struct zmq_link *link, const struct zmq_event *event) {
    return event->number == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL &&
           clock_now_ns() - link->opened_ns >= (HANDSHAKE_MS - HANDSHAKE_SLACK_MS) * NS_PER_MS;
}

static void note_failure(struct zmq_link *link, const struct zmq_event *event) {
    if (!link->link.why) {
        link->link.silent = is_silence(link, event);
        link->link.why = link->link.silent ? unanswered : why(link, event);
    }
}

static void enter_failed(struct zmq_transport *self, struct zmq_link *link, bool refused) {
    enter_state(self, link, refused ? TRANSPORT_REFUSED : TRANSPORT_DOWN);
}

/* libzmq does not say why a call failed: a full backlog or a slow network is no refusal. The answer may be a round trip away. */
static void begin_knock(struct zmq_transport *self, struct zmq_link *link) {
    int number = zmq_transport_knock(link->endpoint, &link->knock);
    struct epoll_event answered = {.events = EPOLLOUT, .data.ptr = link};
    if (number != EINPROGRESS || epoll_ctl(self->monitors_fd, EPOLL_CTL_ADD, link->knock, &answered) != 0) {
        end_knock(link);
        enter_failed(self, link, zmq_transport_is_refusal(number));
    }
}

static void hear_knock(struct zmq_transport *self, struct zmq_link *link) {
    struct pollfd answer = {.fd = link->knock, .events = POLLOUT};
    int number = 0;
    socklen_t bytes = sizeof number;
    if (link->knock >= 0 && poll(&answer, 1, 0) == 1) {
        (void)getsockopt(link->knock, SOL_SOCKET, SO_ERROR, &number, &bytes);
        end_knock(link);
        enter_failed(self, link, zmq_transport_is_refusal(number));
    }
}

static void on_event(struct zmq_transport *self, struct zmq_link *link, const struct zmq_event *event) {
    bool ended = link->link.state == TRANSPORT_UP;
    note_failure(link, event);
    if (link->knock >= 0) {
        return; /* it is being found out */
    }
    if (link->link.state == TRANSPORT_OPENING && event->number == ZMQ_EVENT_CLOSED) {
        begin_knock(self, link);
    } else {
        enter_failed(self, link, ended && zmq_transport_is_refused(link->endpoint));
    }
}

void zmq_link_check(struct zmq_transport *self, struct zmq_link *link) {
    struct zmq_event event;
    hear_knock(self, link);
    while (link->monitor && zmq_transport_next_event(link->monitor, &event)) {
        on_event(self, link, &event);
    }
}

/* ---- sending ---- */

static void release_part(void *data, void *part) {
    (void)data;
    part_release(part);
}

static bool make_identity(const struct zmq_link *link, zmq_msg_t *msg) {
    uint8_t identity[ZMQ_TRANSPORT_IDENTITY_MOST];
    size_t bytes = zmq_way_print(link->source, link->number, identity);
    if (zmq_msg_init_size(msg, bytes) != 0) {
        return false;
    }
    memcpy(zmq_msg_data(msg), identity, bytes);
    return true;
}

/* Makes the ZeroMQ messages of a frame. Payloads are not copied: each message holds its part until it is sent. */
static enum mesh_status make_messages(struct zmq_link *link, struct codec *codec, const struct codec_image *image) {
    if (!link->socket && !make_identity(link, &link->waiting[link->waiting_count++])) {
        link->waiting_count = 0;
        return MESH_NO_MEMORY;
    }
    zmq_msg_t *first = &link->waiting[link->waiting_count];
    if (zmq_msg_init_size(first, image->bytes) != 0) {
        drop_waiting(link);
        return MESH_NO_MEMORY;
    }
    link->waiting_count++;
    codec_pack(codec, zmq_msg_data(first));
    for (size_t i = 0; i < image->parts_count; i++) {
        struct part *part = part_hold(image->parts[i]);
        struct bytes payload = image->payloads[i];
        if (zmq_msg_init_data(&link->waiting[link->waiting_count], (void *)(uintptr_t)payload.data, payload.size,
                              release_part, part) != 0) {
            part_release(part);
            drop_waiting(link);
            return MESH_NO_MEMORY;
        }
        link->waiting_count++;
    }
    return MESH_OK;
}

/* Asking a socket for its events makes it take in what its I/O thread told it; other calls do that now and then. Its
 * descriptor tells of changes only, so what has come in on a socket that was used otherwise must be noted here. */
static int look_at(struct zmq_transport *self, struct zmq_link *link) {
    int events = 0;
    size_t bytes = sizeof events;
    zmq_getsockopt(link->socket ? link->socket : self->inbound, ZMQ_EVENTS, &events, &bytes);
    bool received_from = !link->socket || list_is_linked(&link->readable);
    if (received_from && (events & ZMQ_POLLIN)) {
        *(link->socket ? &link->heard : &self->inbound_heard) = true;
        self->transport.stirred = true;
    }
    return events;
}

/* Sends what waits, as far as it goes: the parts behind an accepted first one are always taken. */
static void send_waiting(struct zmq_transport *self, struct zmq_link *link) {
    void *socket = link->socket ? link->socket : self->inbound;
    while (link->waiting_at < link->waiting_count) {
        bool last = link->waiting_at + 1 == link->waiting_count;
        if (zmq_msg_send(&link->waiting[link->waiting_at], socket, ZMQ_DONTWAIT | (last ? 0 : ZMQ_SNDMORE)) < 0) {
            if (zmq_errno() == EHOSTUNREACH) {
                enter_state(self, link, TRANSPORT_DOWN); /* the ROUTER has lost that connection */
            }
            return;
        }
        link->waiting_at++;
    }
    link->waiting_at = link->waiting_count = 0;
}

static void settle_busy(struct zmq_transport *self, struct zmq_link *link) {
    if (link->link.state > TRANSPORT_UP) {
        return;
    }
    bool ready = link->waiting_count == 0;
    if (!ready && !list_is_linked(&link->busy)) {
        list_push_back(&self->busy, &link->busy);
    }
    if (ready) {
        list_remove(&link->busy);
    }
    if (ready && !link->link.ready) {
        note_news(self, link);
    }
    link->link.ready = ready;
}

enum mesh_status zmq_link_send(struct transport *transport, struct transport_link *sent, struct codec *codec,
                               const struct codec_image *image) {
    struct zmq_transport *self = zmq_transport_of(transport);
    struct zmq_link *link = zmq_link_of(sent);
    if (link->link.state > TRANSPORT_UP) {
        return MESH_OK; /* lost, as everything on a broken link */
    }
    enum mesh_status status = make_messages(link, codec, image);
    if (status != MESH_OK) {
        return status;
    }
    send_waiting(self, link);
    if (!link->socket || list_is_linked(&link->readable)) {
        (void)look_at(self, link);
    }
    if (link->waiting_count == 0 && link->link.state == TRANSPORT_OPENING) {
        enter_state(self, link, TRANSPORT_UP);
    }
    if (link->waiting_count > 0) {
        zmq_link_check(self, link); /* no room, or no connection any more */
    }
    settle_busy(self, link);
    return MESH_OK;
}

/* Also when nothing waits: a link that opens is polled, and its descriptor is readable until it is asked. */
static void advance(struct zmq_transport *self, struct zmq_link *link) {
    zmq_link_check(self, link);
    if (link->link.state > TRANSPORT_UP) {
        return;
    }
    int events = look_at(self, link);
    if (link->waiting_count == 0) {
        return;
    }
    /* Each look may have taken in that it can go on. A ROUTER's is always ready: it has one try. */
    bool again = true;
    while (again && link->waiting_count > 0 && (events & ZMQ_POLLOUT)) {
        send_waiting(self, link);
        events = look_at(self, link);
        again = link->socket && link->link.state <= TRANSPORT_UP;
    }
    if (link->waiting_count == 0) {
        enter_state(self, link, TRANSPORT_UP);
    }
    settle_busy(self, link);
}

struct transport_link *zmq_link_changed(struct transport *transport) {
    struct zmq_transport *self = zmq_transport_of(transport);
    if (list_is_empty(&self->news)) {
        LIST_EACH (&self->busy, node, after) {
            advance(self, LIST_OWNER(node, struct zmq_link, busy));
        }
    }
    struct list_node *node = list_pop_front(&self->news);
    return node ? &LIST_OWNER(node, struct zmq_link, news)->link : NULL;
}
