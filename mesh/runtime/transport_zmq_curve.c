/* CURVE over ZeroMQ: encryption, proof of keys, and who is let in (S7A).
 *
 * What is bound after an option is set has it, so one inbound socket serves ipc in the clear and tcp by CURVE. libzmq asks a handler in its
 * own context (ZAP, RFC 27) whether a key may connect, and lets everybody in when there is none: so the handler is bound before anything
 * else is secured, lives as long as the context, and is tried at the start. It is answered by the process's turn, without a thread: while
 * the turn does not come, who calls waits. An answer names the key as the user of the connection, which libzmq tells with each message.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/error.h"
#include "mesh/runtime/transport_zmq.h"
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    ZAP_ROUTE,
    ZAP_EMPTY,
    ZAP_VERSION,
    ZAP_REQUEST,
    ZAP_DOMAIN,
    ZAP_ADDRESS,
    ZAP_IDENTITY,
    ZAP_MECHANISM,
    ZAP_KEY,
    ZAP_PARTS,
};

enum {
    TRIAL_MS = 5000,
    TRIAL_EVENTS = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                   ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH,
};

static const char zap_endpoint[] = "inproc://zeromq.zap.01", zap_version[] = "1.0", domain[] = "mesh";

/* ---- options ---- */

/* A domain cannot be taken back, and has who calls by ipc asked about, too: so ipc is bound first. */
bool zmq_curve_listen(const struct zmq_transport *self, void *socket) {
    const struct node_key *key = self->security.key;
    return zmq_transport_set(socket, ZMQ_CURVE_SERVER, 1) &&
           zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, domain, strlen(domain)) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, key->secret_key, FRAME_KEY_BYTES) == 0;
}

static bool call_as(void *socket, const struct node_key *own, const uint8_t server_key[FRAME_KEY_BYTES]) {
    return zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server_key, FRAME_KEY_BYTES) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, own->public_key, FRAME_KEY_BYTES) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, own->secret_key, FRAME_KEY_BYTES) == 0;
}

bool zmq_curve_call(const struct zmq_transport *self, void *socket, const char *key) {
    uint8_t server_key[FRAME_KEY_BYTES];
    return trust_key_read(bytes_of_text(key), server_key) && call_as(socket, self->security.key, server_key) &&
           zmq_way_name(socket, self->incarnation);
}

/* ---- who calls ---- */

static bool is_text(zmq_msg_t *part, const char *text) {
    return zmq_msg_size(part) == strlen(text) && memcmp(zmq_msg_data(part), text, zmq_msg_size(part)) == 0;
}

static void tell_refused(const struct zmq_transport *self, zmq_msg_t *address, const uint8_t *key) {
    char text[256], hex[TRUST_KEY_TEXT];
    if (self->trying) {
        return; /* that was ourselves */
    }
    (void)snprintf(text, sizeof text, "%.*s is not let in: the list of members does not allow its key %s",
                   (int)zmq_msg_size(address), (const char *)zmq_msg_data(address), trust_key_print(key, hex));
    self->security.refused(self->security.user, text);
}

/* Whether the request may connect; `hex` gets its key then. */
static bool judge(const struct zmq_transport *self, zmq_msg_t *request, char hex[TRUST_KEY_TEXT]) {
    const struct transport_security *security = &self->security;
    const uint8_t *key = zmq_msg_data(&request[ZAP_KEY]);
    if (!is_text(&request[ZAP_VERSION], zap_version) || !is_text(&request[ZAP_MECHANISM], "CURVE") ||
        zmq_msg_size(&request[ZAP_KEY]) != FRAME_KEY_BYTES) {
        return false;
    }
    bool own = memcmp(key, security->key->public_key, FRAME_KEY_BYTES) == 0;
    if (!own && !security->knows(security->user, key)) {
        tell_refused(self, &request[ZAP_ADDRESS], key);
        return false;
    }
    (void)trust_key_print(key, hex);
    return true;
}

static bool say(void *socket, const char *text, bool last) {
    return zmq_send(socket, text, strlen(text), ZMQ_DONTWAIT | (last ? 0 : ZMQ_SNDMORE)) >= 0;
}

/* Without an answer the connection ends by itself when the handshake has lasted too long. */
static void answer(struct zmq_transport *self, zmq_msg_t *request) {
    char hex[TRUST_KEY_TEXT] = "";
    bool well = judge(self, request, hex);
    (void)(zmq_msg_send(&request[ZAP_ROUTE], self->zap, ZMQ_DONTWAIT | ZMQ_SNDMORE) >= 0 && say(self->zap, "", false) &&
           say(self->zap, zap_version, false) &&
           zmq_msg_send(&request[ZAP_REQUEST], self->zap, ZMQ_DONTWAIT | ZMQ_SNDMORE) >= 0 &&
           say(self->zap, well ? "200" : "400", false) && say(self->zap, "", false) && say(self->zap, hex, false) &&
           say(self->zap, "", true));
}

/* Takes one whole request; those of another form are taken and not answered. */
static bool receive_request(void *socket, zmq_msg_t request[ZAP_PARTS], size_t *count) {
    bool more = true;
    for (*count = 0; more; ++*count) {
        zmq_msg_t *part = &request[*count < ZAP_PARTS ? *count : ZAP_PARTS - 1];
        if (zmq_msg_recv(part, socket, ZMQ_DONTWAIT) < 0) {
            return false;
        }
        more = zmq_msg_more(part) != 0;
    }
    return true;
}

void zmq_curve_answer(struct zmq_transport *self) {
    zmq_msg_t request[ZAP_PARTS];
    size_t count;
    for (size_t i = 0; i < ZAP_PARTS; i++) {
        zmq_msg_init(&request[i]);
    }
    while (receive_request(self->zap, request, &count)) {
        if (count == ZAP_PARTS) {
            answer(self, request);
        }
    }
    for (size_t i = 0; i < ZAP_PARTS; i++) {
        zmq_msg_close(&request[i]);
    }
}

/* Whose key is refused the handler knows better. */
void zmq_curve_tell_stranger(struct zmq_transport *self, const struct zmq_event *event) {
    const char *text = "somebody who calls is not let in: it does not speak CURVE; a node has to have security = curve";
    if (event->number == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL) {
        text = "somebody who called has hung up, or fell silent, before it had shown a key";
    } else if (event->value == ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC) {
        text = "somebody who calls is not let in: it expects another key of this node; `mesh status` shows the "
               "endpoint with the right one";
    }
    if (self->security.key) {
        self->security.refused(self->security.user, text);
    }
}

void zmq_curve_identify(struct zmq_transport *self, struct zmq_link *link, struct transport_inbound *inbound) {
    if (link) {
        inbound->tcp = link->key[0] != '\0';
        inbound->key = inbound->tcp ? link->key : NULL;
        return;
    }
    const char *user = zmq_msg_gets(&self->first, "User-Id");
    /* Numeric; that of ipc begins with a name. */
    const char *address = user ? NULL : zmq_msg_gets(&self->first, "Peer-Address");
    inbound->tcp = user || (address && address[0] >= '0' && address[0] <= '9');
    inbound->key = user;
}

/* ---- the trial ---- */

/* Waits for what becomes of a handshake; 0 when nothing does. */
static uint16_t await_trial(struct zmq_transport *self, void *monitor) {
    zmq_pollitem_t ready[] = {{.socket = self->zap, .events = ZMQ_POLLIN}, {.socket = monitor, .events = ZMQ_POLLIN}};
    struct zmq_event event = {0};
    while (!zmq_transport_next_event(monitor, &event) && zmq_poll(ready, 2, TRIAL_MS) > 0) {
        zmq_curve_answer(self);
    }
    return event.number;
}

static uint16_t try_stranger(struct zmq_transport *self, void *listener, void *caller, void *monitor,
                             const struct node_key *stranger) {
    char endpoint[64];
    (void)snprintf(endpoint, sizeof endpoint, "ipc://@mesh-%ld-%016llx", (long)getpid(),
                   (unsigned long long)self->incarnation);
    bool well = listener && caller && monitor && zmq_transport_set(listener, ZMQ_LINGER, 0) &&
                zmq_transport_set(caller, ZMQ_LINGER, 0) && zmq_curve_listen(self, listener) &&
                call_as(caller, stranger, self->security.key->public_key) &&
                zmq_socket_monitor(caller, "inproc://trial", TRIAL_EVENTS) == 0 &&
                zmq_connect(monitor, "inproc://trial") == 0 && zmq_bind(listener, endpoint) == 0 &&
                zmq_connect(caller, endpoint) == 0;
    return well ? await_trial(self, monitor) : 0;
}

/* With a key that nobody can know: libzmq would let it in without a word if it did not find the handler. */
static enum mesh_status try_handler(struct zmq_transport *self, struct mesh_error *error) {
    struct node_key stranger;
    enum mesh_status status = node_key_draw(&stranger, error);
    if (status != MESH_OK) {
        return status;
    }
    void *listener = zmq_socket(self->context, ZMQ_DEALER), *caller = zmq_socket(self->context, ZMQ_DEALER);
    void *monitor = zmq_socket(self->context, ZMQ_PAIR);
    self->trying = true;
    uint16_t event = try_stranger(self, listener, caller, monitor, &stranger);
    self->trying = false;
    if (caller) {
        zmq_socket_monitor(caller, NULL, 0);
    }
    void *const sockets[] = {monitor, caller, listener};
    for (size_t i = 0; i < sizeof sockets / sizeof *sockets; i++) {
        if (sockets[i]) {
            zmq_close(sockets[i]);
        }
    }
    if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
        return error_set(error, MESH_REFUSED, "security = curve does not hold here: a key that nobody knows is let in");
    }
    return event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
               ? MESH_OK
               : error_set(error, MESH_IO, "security = curve cannot be tried: %s", zmq_strerror(zmq_errno()));
}

/* ---- beginning ---- */

static bool watch(struct zmq_transport *self, void *socket, void **place) {
    struct epoll_event readable = {.events = EPOLLIN, .data.ptr = place};
    return epoll_ctl(self->monitors_fd, EPOLL_CTL_ADD, zmq_transport_descriptor(socket), &readable) == 0;
}

enum mesh_status zmq_transport_secure(struct transport *transport, const struct transport_security *security,
                                      struct mesh_error *error) {
    struct zmq_transport *self = zmq_transport_of(transport);
    int64_t most = FRAME_PACKED_BYTES + ZMQ_TRANSPORT_SEAL;
    self->zap = zmq_socket(self->context, ZMQ_ROUTER);
    self->security = *security;
    bool well = self->zap && zmq_transport_set(self->zap, ZMQ_LINGER, 0) &&
                zmq_transport_set(self->zap, ZMQ_RCVHWM, 0) && zmq_transport_set(self->zap, ZMQ_SNDHWM, 0) &&
                zmq_bind(self->zap, zap_endpoint) == 0 && watch(self, self->zap, &self->zap) &&
                zmq_setsockopt(self->inbound, ZMQ_MAXMSGSIZE, &most, sizeof most) == 0;
    if (!well) {
        return error_set(error, MESH_IO, "cannot make ready for security = curve: %s", zmq_strerror(zmq_errno()));
    }
    return try_handler(self, error);
}
