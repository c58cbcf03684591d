/* Peers: the processes that this one knows, how each can be reached, and the link to it.
 *
 *   LOST --open--> OPENING --up--> UP --down--> WAITING --back-off over--> OPENING
 *                     '--refused, down--------> WAITING
 *
 * A peer of our own admin, when it is a ROUTER that answers us, has a two-way link; an admin reaches those who called it by the way back.
 * A peer that cannot be called is reached through admins (mesh/core/passage.h): it has no link of its own, but `via` one.
 * A peer that was only called (its incarnation is not known yet) stands in a list of its own until it says hello.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_PEERS_H
#define MESH_RUNTIME_PEERS_H

#include "mesh/base/deadlines.h"
#include "mesh/base/limiter.h"
#include "mesh/base/list.h"
#include "mesh/base/map.h"
#include "mesh/core/backoff.h"
#include "mesh/core/passage.h"
#include "mesh/runtime/transport.h"
#include <mesh/address.h>

enum { PEERS_MAX = 4096, PEER_ADDRESS_BYTES = 32 };

enum peer_state {
    PEER_LOST, /* nothing is tried: nobody has wanted to send yet, or nothing is known of where */
    PEER_OPENING,
    PEER_UP,
    PEER_WAITING,
};

struct peer {
    uint64_t incarnation;                    /* 0: called, not known yet */
    char endpoint[TRANSPORT_ENDPOINT_BYTES]; /* empty: reached by the way back only */
    char called_at[PEER_ADDRESS_BYTES];      /* numeric, of the last call over tcp; or empty */
    char key[TRUST_KEY_TEXT];                /* which it has proved with its hello; or empty (S7C) */
    char node_name[FRAME_NAME_BYTES + 1];    /* for which */
    enum peer_state state;
    struct transport_link *link;
    bool two_way;
    struct mesh_address resident; /* an address that was last said to live there; or none */
    uint64_t used;                /* when something was sent to it last, as the process counts that */
    unsigned refusals;            /* nobody has listened there so many times in a row */
    bool silence_told;            /* that nobody answers there, since somebody did last */
    bool back;                    /* the link is the way back to who called us */
    bool own;                     /* at an admin: a process of its node */
    bool stale;                   /* it called us by another incarnation, and is to be told */
    uint64_t meant;               /* which one */
    struct backoff backoff;
    struct limiter nonsense; /* that comes on its link */
    struct deadline retry;
    struct list_node flush;    /* of those that have something to pull now */
    struct list_node lazy;     /* of those that have acks, which may wait */
    struct list_node called;   /* of those without an incarnation */
    struct list_node greeting; /* of those that are to be greeted again */
    struct list_node naming;   /* of those the name of whose host is being looked up */

    struct peer *via;    /* whose link carries what goes to it; NULL: its own */
    struct list carried; /* those whose `via` this is */
    struct list_node of_via;
    uint64_t passage_node; /* the admin that passes on to it */
    struct passage_window window;
    struct list_node asking;    /* of those that are to ask whether the way is open */
    uint64_t silent_ns;         /* since when an answer is due; 0: none is */
    uint64_t ask_ns;            /* when it may be asked again */
    struct passage_queue queue; /* at an admin: what is to be passed on to it */
    struct list_node passing;   /* of those with something there */
};

struct peers {
    struct map by_incarnation;
    struct list called;
    struct deadlines retries;
    size_t queued_bytes; /* in all queues */
};

void peers_init(struct peers *peers, uint64_t seed);

/* Frees what is left; their links must have been closed, or go with the transport. */
void peers_fini(struct peers *peers);

/* NULL when there is none. */
struct peer *peers_find(const struct peers *peers, uint64_t incarnation);

/* Finds or makes the peer; an endpoint that is not NULL and not empty replaces the known one. MESH_TOO_LARGE, MESH_FULL, MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status peers_add(struct peers *peers, uint64_t incarnation, struct bytes endpoint,
                                         struct peer **out);

/* A peer whose incarnation is not known. The same statuses. */
MESH_MUST_USE enum mesh_status peers_call(struct peers *peers, struct bytes endpoint, struct peer **out);

/* A called one has said who it is. MESH_EXISTS when that process is known already; MESH_FULL, MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status peers_name(struct peers *peers, struct peer *peer, uint64_t incarnation);

/* Its link must be closed. */
void peers_remove(struct peers *peers, struct peer *peer);

/* The walk over those with an incarnation, as map_next. */
static inline struct peer *peers_next(const struct peers *peers, size_t *place) {
    return map_next(&peers->by_incarnation, place);
}

#endif
