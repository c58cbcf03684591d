/* The inside of the ZeroMQ transport, shared by its files: what it listens on, its links, and CURVE.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_TRANSPORT_ZMQ_H
#define MESH_RUNTIME_TRANSPORT_ZMQ_H

#include "mesh/base/list.h"
#include "mesh/base/map.h"
#include "mesh/runtime/transport.h"
#include <errno.h>
#include <zmq.h>

/* ZMTP heartbeats, on tcp only, are for both ends of quiet connections, of which a process may have hundreds: at one every two seconds
 * they took both cores of a machine with 200 processes that all knew each other. Who was called has less need of them: a caller that is gone
 * costs it a descriptor, and no message. */
enum {
    ZMQ_TRANSPORT_HWM = 64,        /* frames: as fast as a thousand, and bounded by bytes through our own window */
    ZMQ_TRANSPORT_LINGER_MS = 500, /* what a closing socket may still try to get out */
    ZMQ_TRANSPORT_BEAT_MS = 5000,
    ZMQ_TRANSPORT_CALLED_BEAT_MS = 10000,
    ZMQ_TRANSPORT_SILENCE_MS = 7000,                          /* after a heartbeat: the connection is given up */
    ZMQ_TRANSPORT_IDENTITY = 9,                               /* 'm' and the incarnation */
    ZMQ_TRANSPORT_IDENTITY_MOST = ZMQ_TRANSPORT_IDENTITY + 8, /* with a number behind that */
    ZMQ_TRANSPORT_DESCRIPTORS = 4,                            /* of a link */
    ZMQ_TRANSPORT_TURN = 16, /* frames from one socket before the next one has its turn */
    ZMQ_TRANSPORT_SEAL = 64, /* bytes that CURVE adds to a part, at most */
};

struct zmq_link {
    struct transport_link link;
    struct list_node listed;   /* of all links with a socket */
    struct list_node busy;     /* of those that open, or have a frame waiting */
    struct list_node news;     /* of those whose state or readiness has changed, or that are doubtful */
    struct list_node readable; /* of the two-way ones */
    void *socket;              /* NULL: the way back through the ROUTER */
    int fd;                    /* of `socket`; or of the connection of a way back, where it is known, else -1 */
    void *monitor;
    int knock; /* a plain connect(2) by which is found out why the call failed; -1: none */
    uint64_t opened_ns;
    bool heard;                              /* something may have come in on `socket` */
    size_t place;                            /* of its descriptor in the last poll */
    uint64_t source, number;                 /* of the way back */
    char endpoint[TRANSPORT_ENDPOINT_BYTES]; /* without its key */
    char key[TRUST_KEY_TEXT];                /* of who listens there; empty: not encrypted */
    zmq_msg_t waiting[2 + CODEC_PARTS_MAX];
    size_t waiting_count, waiting_at;
};

struct zmq_transport {
    struct transport transport;
    void *context, *inbound;
    int inbound_fd;
    bool admin;         /* `inbound` is a ROUTER */
    bool inbound_heard; /* as a link's `heard` */
    uint64_t incarnation;
    struct list links, busy, news, readable;
    int monitors_fd;        /* an epoll of the monitors: one descriptor for any number of links */
    struct list_node *turn; /* the two-way link whose turn it is to be received from; NULL: `inbound` */
    unsigned taken;         /* frames since the turn began */
    size_t opened,
        opened_max; /* links with a socket; these have a descriptor for each of their sockets, and their connection */
    unsigned monitors;       /* ever made: their endpoints have numbers */
    struct callers callers;  /* who is connected to `inbound` by tcp */
    size_t descriptors;      /* for links and callers */
    void *watcher;           /* an admin's monitor of `inbound` */
    bool from_inbound;       /* the frame that was received last */
    uint64_t source, number; /* of the frame that was received last, at a ROUTER */
    struct map ways;         /* by source: transport_zmq_way.c */
    zmq_msg_t first;         /* of the frame that was received last */
    struct part *parts[CODEC_PARTS_MAX];
    size_t parts_count;

    struct transport_security security; /* its key is NULL where nothing is secured */
    void *zap;                          /* who calls is asked about here */
    bool trying;
};

static inline struct zmq_transport *zmq_transport_of(struct transport *transport) {
    return (struct zmq_transport *)(void *)transport;
}

static inline struct zmq_link *zmq_link_of(struct transport_link *link) {
    return (struct zmq_link *)(void *)link;
}

/* Who calls may have half of the descriptors (transport_zmq_callers.c), and links what is left. Where nobody counts who calls, they
 * are taken to be as many as links. */
static inline size_t zmq_transport_links_max(const struct zmq_transport *self) {
    size_t left = self->descriptors - size_min(self->descriptors, map_size(&self->callers.connections));
    return size_min(self->opened_max,
                    left / (self->watcher ? ZMQ_TRANSPORT_DESCRIPTORS : ZMQ_TRANSPORT_DESCRIPTORS + 1));
}

static inline bool zmq_transport_set(void *socket, int option, int value) {
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

/* What to poll for; -1 in vain. */
static inline int zmq_transport_descriptor(void *socket) {
    int fd = -1;
    size_t bytes = sizeof fd;
    return zmq_getsockopt(socket, ZMQ_FD, &fd, &bytes) == 0 ? fd : -1;
}

/* What a monitor tells. */
struct zmq_event {
    uint16_t number;
    uint32_t value;
    bool tcp; /* it is about an endpoint over that */
};

/* The next event of a monitor; false when there is none. */
bool zmq_transport_next_event(void *monitor, struct zmq_event *event);

/* What every socket has in common. */
enum mesh_status zmq_transport_configure(void *socket, uint64_t incarnation);

/* Begins a plain connect(2). Its errno: EINPROGRESS when `fd`, as soon as it is writable, tells by SO_ERROR; 0 when somebody listens, or
 * nothing can be said. `fd` is the caller's, or -1. */
int zmq_transport_knock(const char *endpoint, int *fd);

/* Whether that says that nobody listens there. */
static inline bool zmq_transport_is_refusal(int number) {
    return number == ECONNREFUSED || number == ENOENT;
}

/* Whether nobody listens at the endpoint of this host. Over tcp that is not known at once: false. */
bool zmq_transport_is_refused(const char *endpoint);

enum mesh_status zmq_link_open(struct transport *transport, const char *endpoint, bool two_way,
                               struct transport_link **out);
enum mesh_status zmq_link_back(struct transport *transport, uint64_t source, struct transport_link **out);
void zmq_link_close(struct transport *transport, struct transport_link *link);
enum mesh_status zmq_link_send(struct transport *transport, struct transport_link *link, struct codec *codec,
                               const struct codec_image *image);
/* Who has called by that connection has left. */
void zmq_link_leave(struct zmq_transport *transport, int fd);
/* Reads what its monitor has to tell. */
void zmq_link_check(struct zmq_transport *transport, struct zmq_link *link);
struct transport_link *zmq_link_changed(struct transport *transport);

/* ---- CURVE ---- */

enum mesh_status zmq_transport_secure(struct transport *transport, const struct transport_security *security,
                                      struct mesh_error *error);
/* What is bound from now on is encrypted. */
bool zmq_curve_listen(const struct zmq_transport *self, void *socket);
/* The socket shall speak to who has that key only. */
bool zmq_curve_call(const struct zmq_transport *self, void *socket, const char *key);
/* Whether callers may connect. */
void zmq_curve_answer(struct zmq_transport *self);
/* A handshake with somebody who calls by tcp failed. */
void zmq_curve_tell_stranger(struct zmq_transport *self, const struct zmq_event *event);
/* By which key the frame in hand came. */
void zmq_curve_identify(struct zmq_transport *self, struct zmq_link *link, struct transport_inbound *inbound);

/* ---- by which id who calls is answered ---- */

void zmq_way_init(struct zmq_transport *self);
void zmq_way_fini(struct zmq_transport *self);
/* Gives a socket that calls by CURVE an id that nobody can guess. */
bool zmq_way_name(void *socket, uint64_t incarnation);
/* The id of a source, with its number unless that is 0; its bytes. And the other way round: a source of 0 is a stranger's. */
size_t zmq_way_print(uint64_t source, uint64_t number, uint8_t identity[ZMQ_TRANSPORT_IDENTITY_MOST]);
void zmq_way_read(struct bytes identity, uint64_t *source, uint64_t *number);
/* The number to answer the source by. */
uint64_t zmq_way_to(const struct zmq_transport *self, uint64_t source);
/* The frame in hand was a hello that is believed: its source is answered by that way from now on. */
void zmq_way_keep(struct zmq_transport *self);

/* ---- who calls ---- */

/* Before anything is bound. False when libzmq will not. */
MESH_MUST_USE bool zmq_callers_begin(struct zmq_transport *self);
void zmq_callers_end(struct zmq_transport *self);
/* Reads what the monitor has to tell. */
void zmq_callers_hear(struct zmq_transport *self);
void zmq_callers_judge(struct transport *transport, bool sense);
void zmq_callers_shut(struct transport *transport);
const struct callers *zmq_callers_of(struct transport *transport);
/* The connection by which the frame in hand has come: -1 where nobody keeps watch, as over ipc. False: it has ended. */
bool zmq_callers_find(struct zmq_transport *self, int *fd);

#endif
