/* The status of a node, or of its whole convention, as a structure (K1): answered by the library, not by user code.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_REPORT_H
#define MESH_REPORT_H

#include <mesh/node.h>

struct mesh_actor_report {
    struct mesh_address address, parent;
    const char *type;
    const char *state; /* "starting", "idle", "busy", "exiting" ... */
    uint32_t pid;
    uint64_t mailbox; /* messages that wait */
    uint64_t handled;
    uint64_t unsettled; /* of what it sent */
    uint64_t busy_ms;   /* how long its handler has been at the present message; 0 when it is not busy */
};

struct mesh_member_report {
    const char *name, *endpoint;
    const char *state;  /* "leader", "member", "suspect" */
    uint64_t silent_ms; /* since anything came from it */
};

struct mesh_counter_report {
    const char *name;
    uint64_t value;
};

struct mesh_node_report {
    const char *name, *endpoint;
    bool leads;
    uint32_t pid; /* of its admin */
    uint64_t uptime_ms;
    uint64_t actors_hosted;
    size_t actors_count; /* may be less: at most 256 actors of a node are listed */
    const struct mesh_actor_report *actors;
    size_t members_count;
    const struct mesh_member_report *members; /* the roster as this node sees it, itself included */
    size_t counters_count;
    const struct mesh_counter_report *counters;
    size_t capabilities_count;
    const char *const *capabilities; /* "name = value", in the order of names */
};

struct mesh_report {
    size_t nodes_count;
    const struct mesh_node_report *nodes; /* the asked one first; with `whole` the members that answered, too */
};

/* Asks the node of the handle, and with `whole` all members that it knows; those that do not answer within 2 s are missing, but stand
 * in `members`. On MESH_OK the report is the caller's. MESH_TIMED_OUT, MESH_INTERRUPTED, MESH_CLOSED, MESH_NO_MEMORY. Blocks. */
MESH_MUST_USE MESH_API enum mesh_status mesh_node_report(struct mesh_node *node, bool whole, int timeout_ms,
                                                         struct mesh_report **out, struct mesh_error *error);

/* Frees it and nulls the pointer. NULL-safe. */
MESH_API void mesh_report_release(struct mesh_report **report);

#endif
