/* The inside of a process, shared by its files: process.c (life and calls), process_link.c (peers and hellos), process_address.c (where it is reached),
 * process_passage.c (what goes through admins), process_name.c (names of hosts), process_trust.c (who is believed), process_turn.c (the turn).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_PROCESS_INSIDE_H
#define MESH_RUNTIME_PROCESS_INSIDE_H

#include "mesh/base/limiter.h"
#include "mesh/base/linger.h"
#include "mesh/base/prng.h"
#include "mesh/core/address.h"
#include "mesh/runtime/clock.h"
#include "mesh/runtime/log.h"
#include "mesh/runtime/peers.h"
#include "mesh/runtime/process.h"
#include <pthread.h>
#include <stdatomic.h>

enum { PROCESS_LISTENS = 4, PROCESS_SAID_MAX = 1 << 18 };

struct process_watch {
    int fd;
    void (*ready)(void *user, int fd);
    void *user;
};

/* Noise from strangers: counted, and told to the log now and then. */
struct process_noise {
    uint64_t malformed, versions, stale, untold, told_ns;
    uint64_t shut; /* connections that the transport has, told already */
};

/* A process rests when nothing has come in for so long; that is worth a look at its memory when so much had come in before. */
#define REST_NS NS_PER_S
enum { REST_BYTES = 1024 * 1024 };

struct process {
    enum frame_role role;
    uint64_t incarnation, node;
    uint32_t slot;
    char node_name[FRAME_NAME_BYTES + 1];
    struct process_callbacks callbacks;
    struct log *log;
    const uint64_t *clock; /* of virtual time; else NULL */
    struct transport *transport;
    struct codec *codec;
    struct delivery *delivery;
    struct peers peers;
    struct prng prng;
    struct message_list said; /* control messages that wait for room in the process's own window, in order */
    size_t said_count;
    struct list flush, lazy;   /* peers with something to pull: now, or in company */
    struct resolver *resolver; /* NULL until the first name */
    bool resolver_watched;
    struct list greeting;        /* peers that are to be greeted again */
    struct list naming;          /* peers the name of whose host is being looked up */
    struct list asking, passing; /* peers whose way is to be asked about; those to whom something is to be passed on */
    uint64_t relay;              /* at an admin: who passes on to admins to which there is no link; 0: nobody */
    struct process_passed passed;
    char bound[PROCESS_LISTENS][TRANSPORT_ENDPOINT_BYTES];
    size_t bound_count;
    char advertise[TRANSPORT_ENDPOINT_BYTES];     /* what other nodes are told; empty: what was bound */
    char endpoints[2 * TRANSPORT_ENDPOINT_BYTES]; /* all that was bound, parted by spaces */
    struct peer *admin;                           /* the way to our admin; NULL in the admin */
    char admin_remote[TRANSPORT_ENDPOINT_BYTES];  /* where other nodes reach our admin; empty: nowhere */
    bool greeted;                                 /* the admin has answered our hello */
    bool begun, told_early;                       /* who has made it has it by now; something for it came before */
    enum mesh_status refused;                     /* or why it did not */
    char refusal[FRAME_TEXT_BYTES];
    struct process_noise noise;
    const struct node_key *key; /* NULL: nothing is encrypted, and everybody is believed */
    const struct trust *trust;
    struct process_distrust distrust;
    struct limiter distrust_lines;
    struct {
        struct mesh_address address;
        uint64_t process;
        char endpoint[TRANSPORT_ENDPOINT_BYTES];
    } created; /* last, and not asked for since */

    pthread_mutex_t baton;
    int wake_fd;
    bool waiting; /* a thread is in its turn's poll, without the baton */
    atomic_bool woken;
    struct process_watch *watches;
    size_t watches_count, watches_room;
    struct pollfd *polled;
    size_t polled_room;
    struct linger linger; /* of whoever waits */
    bool heard;           /* frames, in this turn */
    uint64_t heard_bytes; /* since free memory was given back */
    uint64_t rest_ns;     /* when it is given back, if nothing more is heard */
    uint64_t tick_ns;     /* when the tick callback wants to be called */
    uint64_t uses;        /* of links */
    bool drained;         /* nothing is left to receive but what a descriptor will announce */
    unsigned turns;       /* since the last poll */
};

/* ---- links ---- */

/* Sees to it that there is, or will be, a link; does nothing for a peer that cannot be called. */
void process_link_want(struct process *process, struct peer *peer);
void process_link_drop(struct process *process, struct peer *peer);
/* At the limit on descriptors a connection has to go for a new one (S9C); false when none can be done without: process_idle.c. */
bool process_close_least_used(struct process *process);
void process_link_changed(struct process *process, struct transport_link *link);
/* The admin has said where the address lives; 0: nowhere. A peer that was thought to hold it and refuses us is lost then. */
void process_link_learn(struct process *process, struct mesh_address address, uint64_t where);
void process_link_retry(struct process *process, uint64_t now_ns);
void process_link_hello(struct process *process, const struct transport_inbound *inbound, const struct frame *frame);

/* Says hello again to a peer, which is to know another endpoint now. */
void process_link_greet(struct process *process, struct peer *peer, struct bytes endpoint);

/* The admin says where it is reached by other nodes, and so how this process is: process_address.c. */
void process_hear_endpoint(struct process *process, struct bytes endpoint);
/* As soon as it is known which address it has. */
enum mesh_status process_open_endpoint(struct process *process);
/* What it says of where it is reached, by what its admin said and what it has bound. */
void process_choose_endpoint(struct process *process);

/* Says hello again on the link to the admin: something about this process has changed. */
enum mesh_status process_link_greet_admin(struct process *process);

/* Prepares and sends one frame on the peer's link, which must be ready. */
enum mesh_status process_link_send(struct process *process, struct peer *peer, const struct frame *frame);

/* Whether a link of ours leads there already; who answers there is greeted again, and its answer told. */
bool process_link_is_known(struct process *process, const char *endpoint);

/* Connects, to a numeric endpoint. */
void process_link_open(struct process *process, struct peer *peer, const char *endpoint);

/* Looks the name in the peer's endpoint up, and then opens the link: process_name.c. */
void process_name_look_up(struct process *process, struct peer *peer);

/* The link, or the way, has come up; has ended. */
void process_link_enter_up(struct process *process, struct peer *peer);
void process_link_enter_down(struct process *process, struct peer *peer, bool refused);

/* Whether a frame can go to the peer now. */
static inline bool process_link_takes(const struct peer *peer) {
    const struct peer *carrier = peer->via ? peer->via : peer;
    return peer->state == PEER_UP && carrier->state == PEER_UP && carrier->link && carrier->link->ready &&
           (!peer->via || passage_window_is_open(&peer->window));
}

/* ---- passages: process_passage.c ---- */

/* The way through admins begins: it is up when they say that it is open. Without one who passes on it is tried again. */
void process_passage_open(struct process *process, struct peer *peer, const struct passage *passage);
/* The peer is reached otherwise, or not any more. */
void process_passage_leave(struct peer *peer);
/* Wraps the frame and sends it on the link that carries it, which must be ready. */
enum mesh_status process_passage_send(struct process *process, struct peer *peer, const struct frame *frame);
/* The link of the peer came up; ended; is of a process that is gone. What it carried, and what waited to be passed on to it, is told. */
void process_passage_carrier_up(struct process *process, struct peer *carrier);
void process_passage_carrier_down(struct process *process, struct peer *carrier);
void process_passage_carrier_lost(struct process *process, struct peer *carrier, bool gone);
/* Looks whether the way still stands: asks, or gives it up after a long silence. */
void process_passage_check(struct process *process, struct peer *peer);
/* Asks, and passes on, what could not go before. */
void process_passage_flush(struct process *process);
void process_on_forward(struct process *process, const struct transport_inbound *inbound, const struct frame *frame);
void process_on_passage(struct process *process, const struct frame *frame);

/* ---- trust: process_trust.c ---- */

/* Has the transport encrypt what goes over tcp, if the node has a key. */
enum mesh_status process_trust_begin(struct process *process, struct mesh_error *error);
/* Whether the frame may be what it says; else it was counted and told. Hellos are judged by the next one. */
bool process_trust_admits(struct process *process, const struct transport_inbound *inbound, const struct frame *frame);
/* Why the hello is not believed, which was counted and told; NULL when it is. */
const char *process_trust_judge(struct process *process, const struct transport_inbound *inbound,
                                const struct frame *frame);
/* Who has said that hello is believed by that key from now on. */
void process_trust_bind(struct process *process, const char *key, const struct frame *frame);
/* Why nobody is called at that endpoint; NULL when somebody may be. */
const char *process_trust_refuses(const struct process *process, const char *endpoint);
/* Counts one, and tells the log, a few each second at most. */
void process_note_distrust(struct process *process, uint64_t *count, const char *text);

/* ---- the turn ---- */

/* A frame for this process from another one, whichever way it came; no hello. */
void process_on_frame(struct process *process, const struct frame *frame);

/* What is no frame of the mesh, or cannot be meant, is counted, and told to the log now and then. */
void process_note_malformed(struct process *process, const char *what);

/* Submits what the process has said and there was no room for; whether there was some now. */
bool process_say(struct process *process);

/* Asks the admin, or whoever resolves here, where the address lives. */
void process_ask_where(struct process *process, struct mesh_address address, struct mesh_address sender);

/* Waits until something can be received, somebody wakes it, or then; without the baton. MESH_INTERRUPTED: by a signal. */
enum mesh_status process_wait(struct process *process, uint64_t until_ns);

/* A thread that waits in its turn is to look again: another one has changed what it waits for. */
static inline void process_look_up(struct process *process) {
    if (process->waiting) {
        process_wake(process);
    }
}

#endif
