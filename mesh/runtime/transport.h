/* Transport: what carries frames between processes. One interface, over ZeroMQ or over memory.
 *
 * A transport listens at endpoints and has links. A link is one connection, never more: when it is lost, it stays
 * lost, and whoever wants to go on opens another (architecture: one socket is one connection). A frame that cannot go
 * out at once waits in its link, one at a time; what had not arrived when a link ends is lost without a word, and the cores
 * send it again.
 *
 *   OPENING --connected, first frame accepted--> UP --broken--> DOWN
 *      '--nobody listens there--> REFUSED
 *
 * Nothing here blocks. One thread at a time.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_TRANSPORT_H
#define MESH_RUNTIME_TRANSPORT_H

#include "mesh/core/callers.h"
#include "mesh/runtime/node_key.h"
#include "proto/codec.h"
#include <mesh/error.h>
#include <poll.h>

enum { TRANSPORT_ENDPOINT_BYTES = 256 };

enum transport_state {
    TRANSPORT_OPENING,
    TRANSPORT_UP,
    TRANSPORT_DOWN,
    TRANSPORT_REFUSED,
};

struct transport_link {
    void *owner; /* of the caller */
    enum transport_state state;
    bool ready;      /* no frame waits in it */
    bool doubtful;   /* a way back whose connection has ended: to send shows whether there is another */
    bool silent;     /* by that nobody answered, from which nothing follows for keys */
    const char *why; /* what a handshake of ours failed by, as the rest of a sentence; or NULL */
};

/* What came in. Valid until the next receive; the parts are held by the transport until then. */
struct transport_inbound {
    struct bytes first;
    struct part *const *parts;
    size_t parts_count;
    struct transport_link *link; /* a two-way link of ours that it came on; NULL: to where we listen */
    uint64_t source;             /* where we listen as an admin: names the way back; else 0 */
    bool tcp;                    /* over tcp; told by a transport that is secured only */
    const char *key;             /* which the other side has proved: 64 hex digits; NULL: none */
};

/* What a process needs to speak over tcp to those only who prove a key (CURVE, S7A). */
struct transport_security {
    const struct node_key *key; /* of its node, borrowed */
    void *user;
    /* Whether whoever has that key may connect. The node's own always may. */
    bool (*knows)(void *user, const uint8_t key[FRAME_KEY_BYTES]);
    /* Somebody was not let in; the text says who and why, as a sentence. */
    void (*refused)(void *user, const char *text);
};

struct transport;

struct transport_ops {
    void (*destroy)(struct transport *transport);
    enum mesh_status (*secure)(struct transport *transport, const struct transport_security *security,
                               struct mesh_error *error);
    enum mesh_status (*listen)(struct transport *transport, const char *endpoint, char bound[TRANSPORT_ENDPOINT_BYTES],
                               struct mesh_error *error);
    enum mesh_status (*open)(struct transport *transport, const char *endpoint, bool two_way,
                             struct transport_link **out);
    enum mesh_status (*back)(struct transport *transport, uint64_t source, struct transport_link **out);
    void (*close)(struct transport *transport, struct transport_link *link);
    enum mesh_status (*send)(struct transport *transport, struct transport_link *link, struct codec *codec,
                             const struct codec_image *image);
    struct transport_link *(*changed)(struct transport *transport);
    bool (*receive)(struct transport *transport, struct transport_inbound *out);
    size_t (*descriptors)(struct transport *transport, struct pollfd *out, size_t max);
    void (*polled)(struct transport *transport, const struct pollfd *polled);
    void (*judge)(struct transport *transport, bool sense);        /* NULL: as if it was not said */
    void (*shut)(struct transport *transport);                     /* so here */
    const struct callers *(*callers)(struct transport *transport); /* NULL: nobody keeps watch */
};

/* The implementations embed this as their first member. */
struct transport {
    const struct transport_ops *ops;
    /* Something may have come in that no descriptor announces any more: the implementation sets it, who receives clears it. */
    bool stirred;
};

/* ZeroMQ. As an admin it listens by ROUTER and can answer on the way back; else by DEALER. `incarnation` is what ROUTERs know this
 * process by. MESH_NO_MEMORY, MESH_IO. */
MESH_MUST_USE enum mesh_status transport_zmq_new(struct transport **out, uint64_t incarnation, bool admin);

/* Has libzmq make ready, without a thread or a descriptor, what it makes ready once for each process: 0.4 ms that the processes forked
 * from this one save. For a process that never opens a transport. */
void transport_zmq_prepare(void);

/* Memory: transports of one process that share a hub reach each other by any endpoint text. */
struct memory_hub;
MESH_MUST_USE enum mesh_status memory_hub_new(struct memory_hub **out);
void memory_hub_destroy(struct memory_hub **hub); /* after its transports */
MESH_MUST_USE enum mesh_status transport_memory_new(struct transport **out, struct memory_hub *hub,
                                                    uint64_t incarnation);

/* Closes everything; what waits in links is dropped, what ZeroMQ has taken goes out within half a second. NULL-safe. */
void transport_destroy(struct transport **transport);

/* From now on tcp is encrypted, and both sides prove their keys; before anything listens or is opened. An endpoint over tcp then bears the key
 * of who listens there, "tcp://HOST:PORT/KEY", also the one that `bound` gets. It is tried with a key that nobody knows, which has to be refused:
 * MESH_REFUSED when it is let in. MESH_IO, MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status transport_secure(struct transport *transport, const struct transport_security *security,
                                                struct mesh_error *error);

/* Binds. `bound` gets the endpoint as others can reach it, with the port that was chosen for port 0. MESH_ADDRESS_IN_USE,
 * MESH_PERMISSION_DENIED, MESH_INVALID_ARGUMENT, MESH_TOO_LARGE (a socket path), MESH_IO, each with a text that names it. */
MESH_MUST_USE enum mesh_status transport_listen(struct transport *transport, const char *endpoint,
                                                char bound[TRANSPORT_ENDPOINT_BYTES], struct mesh_error *error);

/* Begins a connection to a numeric endpoint; a two-way link can also be received from. MESH_INVALID_ARGUMENT (also of an endpoint over tcp that
 * bears no key, or bears one where nothing is secured), MESH_NO_MEMORY, MESH_FULL without descriptors. */
MESH_MUST_USE enum mesh_status transport_open(struct transport *transport, const char *endpoint, bool two_way,
                                              struct transport_link **out);

/* The way back to a source that was received from. That it is `doubtful` is told where somebody keeps watch, so not over ipc. MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status transport_back(struct transport *transport, uint64_t source,
                                              struct transport_link **out);

void transport_close(struct transport *transport, struct transport_link *link);

/* Packs the prepared frame and sends it, or keeps it in the link until it can go. The link must be ready. MESH_NO_MEMORY; a
 * link that turns out broken says so by its state. */
MESH_MUST_USE enum mesh_status transport_send(struct transport *transport, struct transport_link *link,
                                              struct codec *codec, const struct codec_image *image);

/* Lets waiting frames go on; the next link whose state or readiness has changed since it was last given, or NULL. */
struct transport_link *transport_changed(struct transport *transport);

/* The next frame that has come in; false when there is none. */
bool transport_receive(struct transport *transport, struct transport_inbound *out);

/* What to poll for besides, when receive and changed have nothing and nothing is `stirred`: readable means look again. Gives how many there are,
 * which may be more than `max`. */
size_t transport_descriptors(struct transport *transport, struct pollfd *out, size_t max);

/* What poll has found about the descriptors that were given last: receive and changed look where something is ready, and where the transport
 * knows of something itself. NULL: not known, they look everywhere. */
void transport_polled(struct transport *transport, const struct pollfd *polled);

/* The frame that was received last was a hello that is believed; or it made no sense. Who connects by tcp to an admin and does not say hello, or
 * sends too much nonsense, is shut out (S7K). */
void transport_judge(struct transport *transport, bool sense);

/* Ends the connection of who has called, and by which the frame came that was received last. It may call again. */
void transport_shut(struct transport *transport);

/* Who is connected there, borrowed; NULL where nobody keeps watch. */
const struct callers *transport_callers(struct transport *transport);

#endif
