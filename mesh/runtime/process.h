/* One process of a node on the mesh: its loop, its links, its delivery, and the performing of what the cores want.
 *
 * An admin, an actor host and a node program are each a `struct process` with callbacks of their own. The process
 * keeps the one delivery core, the table of peers (processes) and how to reach them, the cache of where addresses
 * live, and the transport. It answers the cores' actions: RESOLVE by asking the admin (or `resolve`, in the admin itself), FLUSH
 * by pulling, encoding and sending, CHECK by looking at the link.
 *
 *   turn: now; wait (until the least deadline, rounded up); what came in; steps; perform; callbacks; flush
 *
 * Threads: the baton. Whoever calls anything here but process_wake holds it (process_lock); process_turn lets go of it while it
 * waits. Callbacks run with the baton held and may call anything here but process_turn. Architecture: one thread
 * runs turns at a time.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_PROCESS_H
#define MESH_RUNTIME_PROCESS_H

#include "mesh/core/delivery.h"
#include "proto/body.h"
#include "proto/control.h"
#include <mesh/error.h>

struct process;
struct log;
struct node_key;
struct transport;
struct trust;

enum process_link {
    PROCESS_LINK_UP,
    PROCESS_LINK_DOWN,
    PROCESS_LINK_REFUSED,
    PROCESS_LINK_REPLACED, /* another incarnation answers there */
};

/* What a process tells whoever runs it. Any may be NULL. */
struct process_callbacks {
    void *user;
    /* `address` has a message to take (delivery_take). Called once per change; a turn calls it again while it is so. */
    void (*runnable)(void *user, struct mesh_address address);
    /* A control message for this process's endpoint; it is settled as handled when this returns. */
    void (*control)(void *user, struct mesh_address sender, const struct control *control);
    /* A message sent from here is settled; asked before it is released or given to `unhandled`. */
    void (*settled)(void *user, const struct message *message);
    /* A message sent from here that was not handled: its outcome and reason are in it. The callee owns it. */
    void (*unhandled)(void *user, struct message *message);
    /* A message whose sender is gone is dead (delivery_unclaimed). */
    void (*unclaimed)(void *user, const struct message *message);
    /* A sender may go on (DELIVERY_ROOM), a closed one has drained (DELIVERY_DRAINED). */
    void (*room)(void *user, struct mesh_address address);
    void (*drained)(void *user, struct mesh_address address);
    /* Admin: a process says hello over a link. Fill `answer` (slot, refusal). Others accept whoever knows their incarnation. */
    void (*hello)(void *user, uint64_t peer, const struct frame_hello *hello, struct frame_hello *answer);
    /* The link to `peer` at `endpoint` is up, which that peer has said itself by a hello, is down, or its connection was refused (nobody
     * listens there, or a later life of it does). The peer is 0 when it was called and has not answered yet; the endpoint is empty when it
     * called us. */
    void (*link)(void *user, uint64_t peer, const char *endpoint, enum process_link link);
    /* A frame that is not delivery's: heartbeat and the convention's own. */
    void (*frame)(void *user, uint64_t peer, const struct frame *frame);
    /* The key of that peer is not allowed any more, and it has no link (process_trust_changed). */
    void (*distrusted)(void *user, uint64_t peer);
    /* Admin: where does `address` live? Answer now or later with process_resolved or process_gone. */
    void (*resolve)(void *user, struct mesh_address address, struct mesh_address sender);
    /* After each turn's work, before the flush; returns when it wants to be called again at the latest. */
    uint64_t (*tick)(void *user, uint64_t now_ns);
};

/* Those that were not believed (S7A to S7E). */
struct process_distrust {
    uint64_t strangers; /* calls that were not let in */
    uint64_t frames;    /* hellos and other frames that their key does not stand for: dropped */
    uint64_t calls;     /* of ours: by the key of who should listen there, or by ours, nothing came of them */
};

/* Frames of others that an admin has passed on; and that found no way or no room, or came from an admin that is not known (S8D). */
struct process_passed {
    uint64_t on, dropped;
};

/* What strangers have done where this process listens: frames that are none, connections that were shut for that, or for want of a hello, and
 * such as left without one (S7K). */
struct process_strangers {
    uint64_t malformed, shut, left;
};

struct process_options {
    enum frame_role role;
    uint64_t incarnation, node; /* node: the incarnation of the node's admin; its own in the admin */
    uint32_t slot;              /* 0 in the admin, and in a program before the admin's answer */
    const char *node_name;
    const char *const *listen; /* endpoints to bind, NULL-terminated; port 0 and ipc wildcards are resolved */
    const char *advertise;     /* the endpoint that other nodes are told, when it is not what was bound; or NULL */
    const char *admin;         /* the admin's endpoint; NULL in the admin */
    const struct node_key
        *key; /* of the node, where tcp is encrypted (S7A); else NULL. Borrowed, as is the list of who is allowed */
    const struct trust *trust;
    uint64_t first; /* a process that is called without waiting for the admin's answer; 0: none */
    const char *first_endpoint;
    struct transport *transport; /* NULL: ZeroMQ; tests give the memory transport. Owned by the process afterwards. */
    const uint64_t *clock;       /* NULL: the monotonic clock; else the time is what stands there, borrowed */
    const struct delivery_limits *limits;
    struct log *log; /* borrowed */
    struct process_callbacks callbacks;
};

/* Binds, connects to the admin and, but in the admin itself, waits for its hello (`timeout_ms`). MESH_ADDRESS_IN_USE, MESH_UNREACHABLE,
 * MESH_REFUSED, MESH_VERSION_MISMATCH, MESH_TIMED_OUT, MESH_NO_MEMORY, MESH_IO; error gets the text that names the endpoint and the remedy. */
enum mesh_status process_new(struct process **out, const struct process_options *options, int timeout_ms,
                             struct mesh_error *error);
void process_destroy(struct process **process);

void process_lock(struct process *process);
void process_unlock(struct process *process);
void process_wake(struct process *process); /* ends a wait, from any thread, without the baton */

/* One turn; waits until something happens or `until_ns`. MESH_INTERRUPTED when a signal ended the wait; the turn is then
 * whole all the same. */
enum mesh_status process_turn(struct process *process, uint64_t until_ns);

/* Does what delivery wants until it wants nothing; what is to be sent waits for the flush. */
void process_perform(struct process *process);

/* Gives memory that is free back to the system: what is kept for the next messages, and what lies in the heap. A process does so by itself
 * when it rests after much has come in (D10). */
void process_give_back(struct process *process);

/* When a turn is due at the latest; TIME_NEVER when nothing waits for time. */
uint64_t process_deadline(const struct process *process);

/* Performs, and sends what can be sent now; acks alone wait for company unless `idle`. */
void process_flush(struct process *process, bool idle);

/* Whether something waits for a link to come up or to have room again; also an ack, which nobody sends again. */
bool process_is_pending(const struct process *process);

/* Delivery's step, submit and take with the present time, and performing what they want. */
enum mesh_status process_submit(struct process *process, struct message *message);
enum mesh_status process_step(struct process *process, const struct delivery_event *event);
struct message *process_take(struct process *process, struct mesh_address address);

/* Encodes and submits a control message from this process's endpoint. It never waits; what finds no room in the window of the process
 * is kept, in order, until there is some. MESH_WOULD_BLOCK: too many are. MESH_TOO_LARGE, MESH_NO_MEMORY, MESH_FULL. */
enum mesh_status process_send_control(struct process *process, struct mesh_address to, const struct control *control);

/* Sends a bare frame (heartbeat, convention) on the peer's link; MESH_WOULD_BLOCK when it cannot go now: it is not kept. */
enum mesh_status process_send_frame(struct process *process, uint64_t peer, const struct frame *frame);

/* How a process can be reached; opens a link on first use, closes it by forget. */
enum mesh_status process_peer(struct process *process, uint64_t peer, const char *endpoint);
void process_peer_lost(struct process *process, uint64_t peer);
/* A host or program that ends: every process that it has a link to need not find out by itself, and takes it for lost. The last that it says. */
void process_say_goodbye(struct process *process);
/* Calls an admin; `peer` is 0 when it is not known who answers. `hello` and `link` tell what came of it. */
enum mesh_status process_call(struct process *process, uint64_t peer, const char *endpoint);
/* An admin: who passes on to admins to which there is no link (the leader); 0: nobody, or this one itself. */
void process_set_relay(struct process *process, uint64_t relay);
struct process_passed process_passed(const struct process *process);
/* The list of who is allowed has changed: whoever is not any more has no link from now on, and is not believed. */
void process_trust_changed(struct process *process);
struct process_distrust process_distrust(const struct process *process);
struct process_strangers process_strangers(const struct process *process);
/* How many others it knows by their incarnations; PEERS_MAX at most. */
size_t process_known(const struct process *process);
/* An admin: what other nodes are told of it from now on; and what its own processes are, which say so of themselves. */
void process_advertise(struct process *process, const char *endpoint, const char *to_own);
/* Every connection that was opened over tcp is made anew. */
void process_redial(struct process *process);
/* The numeric endpoint at which the peer was called last, until the next turn; "" for one that has called us. */
const char *process_called_at(const struct process *process, uint64_t peer);
/* Calls there no more, if nobody has answered yet. */
void process_hang_up(struct process *process, const char *endpoint);

enum mesh_status process_resolved(struct process *process, struct mesh_address address, uint64_t peer,
                                  const char *endpoint);
void process_gone(struct process *process, struct mesh_address address, const struct delivery_gone *gone);
/* The same two, as an admin's directory says it; `endpoint` as for process_resolved. */
void process_answer_resolved(struct process *process, const struct control_resolved *resolved, const char *endpoint);
void process_answer_gone(struct process *process, const struct control_gone *gone);
/* The admin has said where an actor that was just created lives: the first message to it need not ask again. Of the last one only. */
void process_created(struct process *process, const struct control_created *created);

/* Other descriptors in the same wait (the admin's children, signals). `ready` runs with the baton held. */
enum mesh_status process_watch(struct process *process, int fd, void (*ready)(void *user, int fd), void *user);
void process_unwatch(struct process *process, int fd);

struct delivery *process_delivery(struct process *process);
struct mesh_address process_address(const struct process *process); /* (node, slot, 0) */
struct mesh_address process_admin(const struct process *process);
const char *process_endpoint(const struct process *process,
                             bool remote); /* what it bound: tcp for other nodes, ipc within */
uint64_t process_now(const struct process *process);

/* The same for a loop of small steps, where the clock is dear: `seen_ns` is what it said last, and stands for the present while no
 * more than a few milliseconds and 16 calls have gone by. `*calls` counts them. */
uint64_t process_now_after(const struct process *process, uint64_t seen_ns, unsigned *calls);

#endif
