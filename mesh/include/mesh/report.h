/* The status of a node, of its whole convention, or of one actor, as a structure (K1): answered by the library, not by user code.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_REPORT_H
#define MESH_REPORT_H

#include <mesh/node.h>

/* What there is to say of an actor in the list of its node. */
struct mesh_actor_report {
    struct mesh_address address, parent;
    const char *type;
    const char *state; /* "starting", "idle", "busy", "exiting" ... */
    uint32_t pid;
    uint64_t mailbox; /* messages that wait */
    uint64_t handled;
    uint64_t unsettled;      /* of what it sent */
    uint64_t busy_ms;        /* how long its handler has been at the present message; 0 when it is not busy */
    uint64_t children_count; /* all that live */
};

/* A member of the convention, or one that is invited, as the node knows it that was asked. */
struct mesh_member_report {
    const char *name, *endpoint;
    /* "leader", "member", "suspect"; of the node itself "degraded" when it leads and does not hear from all that may lead; of a leader's guest that has not come, which has no name, "invited"; of the node itself also
     * "searching", and "idle" when it waits for an invitation */
    const char *state;
    uint64_t silent_ms;        /* since anything came from it */
    struct mesh_address admin; /* none of a guest that has not come */
};

/* Something that is counted since the node or the actor began. */
struct mesh_counter_report {
    const char *name;
    uint64_t value;
};

/* A global name that an actor of the node holds (G1). */
struct mesh_name_report {
    const char *name;
    struct mesh_address address;
};

/* A loadable source that the node has (J1). */
struct mesh_source_report {
    char hash[65];     /* its name */
    const char *info;  /* what it was loaded with, by default its file's name */
    const char *state; /* "loaded"; or "arriving", "judged", "being read" */
    uint64_t bytes;
    uint64_t processes; /* that run its actors */
};

/* What a node says of itself. */
struct mesh_node_report {
    const char *name, *endpoint;
    struct mesh_address admin;
    struct mesh_address leader; /* whom it follows, by that one's admin: its own when it leads; none: nobody yet */
    bool leads;
    uint32_t pid; /* of its admin */
    uint64_t uptime_ms;
    uint64_t actors_hosted;
    /* At most 4,096 actors of one node are listed, 256 of each when the whole convention is asked. */
    size_t actors_count;
    const struct mesh_actor_report *actors;
    size_t members_count;
    const struct mesh_member_report *members; /* the roster as this node sees it, itself included */
    size_t counters_count;
    const struct mesh_counter_report *counters;
    size_t capabilities_count;
    const struct mesh_capability *capabilities; /* in the order of names */
    size_t names_count;                         /* at most 256 of a node are listed */
    const struct mesh_name_report *names;
    size_t watchers_count; /* actors of this node that are told of the convention's members (S5A) */
    const struct mesh_address *watchers;
    size_t sources_count;
    const struct mesh_source_report *sources;
    struct mesh_address
        source_authority; /* the actor that judges sources (J2); none: there is none, and nothing is loaded */
    const char *note; /* of a leader that does not hear from all that may lead, what follows from that; else empty */
};

/* What is known of one actor. Its host answers, ahead of the actor's mailbox and between two messages; while a handler
 * does not return, only if another thread of that host has sent something before. When it has not answered for 1 s, or while the actor
 * is still being created, the node's admin does: then `secondhand` is set, the numbers are those of before the handler, and
 * streams, watched descriptors and which children live are not known. */
struct mesh_actor_details {
    struct mesh_actor_report actor;
    const char *node;    /* the name of the one that hosts it */
    const char *in_hand; /* type of the message in its handler, or what else it is, in brackets; empty for none */
    bool light, exiting;
    uint64_t restarts; /* so often it was started anew (C7) */
    bool secondhand;
    uint64_t mailbox_bytes, unsettled_bytes;
    uint64_t streams_out, streams_in; /* to so many actors and endpoints in other processes, and from so many */
    uint64_t timers, watched;         /* pending wake-ups, watched descriptors */
    size_t children_listed;           /* of its living children: the first 4,096 by address */
    const struct mesh_address *children;
    size_t counters_count;
    const struct mesh_counter_report *counters; /* handled, retried, returned, sent, sent_returned, sent_dead */
};

/* An answer: of nodes, or of one actor. */
struct mesh_report {
    size_t nodes_count;
    const struct mesh_node_report *nodes;   /* the asked one first; with `whole` the members that answered, too */
    const struct mesh_actor_details *actor; /* of mesh_actor_report; else NULL */
};

/* Asks the node of the handle, and with `whole` all members that it knows; those that do not answer within 2 s are missing, but stand
 * in `members`. On MESH_OK the report is the caller's. MESH_TIMED_OUT, MESH_INTERRUPTED, MESH_CLOSED, MESH_NO_MEMORY. Blocks. */
MESH_MUST_USE MESH_API enum mesh_status mesh_node_report(struct mesh_node *node, bool whole, int timeout_ms,
                                                         struct mesh_report **out, struct mesh_error *error);

/* Which living actor of the convention has that global name. MESH_NOT_FOUND; MESH_PARTIAL: none of the nodes that have answered, but some
 * have not; MESH_INVALID_ARGUMENT: that can be no name; else as mesh_node_report. Blocks. */
MESH_MUST_USE MESH_API enum mesh_status mesh_node_find(struct mesh_node *node, const char *name, int timeout_ms,
                                                       struct mesh_address *out, struct mesh_error *error);

/* Asks for the status of one actor, wherever it lives. The address of an admin is answered with the report of its node, `actor`
 * being NULL. On MESH_OK the report is the caller's. MESH_INVALID_ADDRESS (E5), MESH_NOT_FOUND: the actor is gone or unknown;
 * MESH_REFUSED: that is the address of a program; MESH_UNREACHABLE: its node is not in the convention; MESH_TIMED_OUT: it has not answered, or `timeout_ms` is over, of
 * which 4 s are enough; MESH_WOULD_BLOCK: too many ask; MESH_INTERRUPTED, MESH_CLOSED, MESH_NO_MEMORY. Each with a text. Blocks. */
MESH_MUST_USE MESH_API enum mesh_status mesh_actor_report(struct mesh_node *node, struct mesh_address address,
                                                          int timeout_ms, struct mesh_report **out,
                                                          struct mesh_error *error);

/* The same for an actor's code, which does not wait: a MESH_REPORT comes to `self`, in 5 s at most, however that ends. `*id`, never 0,
 * tells it from others; it may be NULL. From any thread. MESH_INVALID_ADDRESS (E5), MESH_FULL (4,096 requests of one host),
 * MESH_SHUTTING_DOWN when this actor is exiting, MESH_WOULD_BLOCK, MESH_NO_MEMORY. */
MESH_MUST_USE MESH_API enum mesh_status mesh_request_report(struct mesh_actor *self, struct mesh_address who,
                                                            uint64_t *id);

/* The content of a MESH_REPORT: the number of its request, and a report, which is the caller's, or what mesh_actor_report would have
 * given instead. MESH_INVALID_ARGUMENT for any other kind. `id` and `error` may be NULL. */
MESH_MUST_USE MESH_API enum mesh_status mesh_message_report(const struct mesh_message *message, uint64_t *id,
                                                            struct mesh_report **out, struct mesh_error *error);

/* Frees it and nulls the pointer. NULL-safe. */
MESH_API void mesh_report_release(struct mesh_report **report);

#endif
