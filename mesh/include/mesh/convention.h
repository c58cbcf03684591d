/* The convention: which nodes there are, for actors and programs that take care of it.
 *
 * Nodes find their leader by their configuration; or the leader is told of a node and invites it, which is what the first calls here
 * are for (pre-registration). They may be made on any node of the convention: its admin passes them on to the leader. Actors can be
 * told of members that come and go. What the own node has to offer can be changed. Rules H4, S2A to S2H, S5A, S5B.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_CONVENTION_H
#define MESH_CONVENTION_H

#include <mesh/node.h>

/* Tells the leader of the node at that endpoint, like "tcp://10.0.0.2:1900": it is invited at once, and again until it comes,
 * and whenever it is lost. Requirements that it is `expected` to meet (NULL with a count of 0: none) and does not when it comes
 * are logged. A node that its configuration gives leaders, or that is led by another, ignores the invitation. Returns when the
 * leader has taken it, or MESH_INVALID_ARGUMENT (no endpoint of another node), MESH_FULL (as many as limits/members allows),
 * MESH_UNREACHABLE (no leader is known now), MESH_TIMED_OUT, MESH_INTERRUPTED, MESH_CLOSED, MESH_NO_MEMORY; `error` may be
 * NULL. From any thread; blocks. Rules S2A, S2B. */
MESH_MUST_USE MESH_API enum mesh_status mesh_node_preregister(struct mesh_node *node, const char *endpoint,
                                                              const struct mesh_requirement *expected, size_t count,
                                                              int timeout_ms, struct mesh_error *error);

/* Tells the leader that it wants that node no more, neither as a member nor as one to invite: `who` is its endpoint, or the
 * text of its admin's address. One whose configuration names the leader joins again all the same. Returns when the leader has
 * done so, or MESH_NOT_FOUND (the leader knows no such node), MESH_INVALID_ARGUMENT (neither the one nor the other, or the
 * leader itself); else as mesh_node_preregister. Rule S2G. */
MESH_MUST_USE MESH_API enum mesh_status mesh_node_deregister(struct mesh_node *node, const char *who, int timeout_ms,
                                                             struct mesh_error *error);

/* The same for an actor's code, which does not wait: the node's log tells of a request that is refused.
 * MESH_INVALID_ARGUMENT, MESH_NO_MEMORY, MESH_WOULD_BLOCK: ask again. From any thread. */
MESH_MUST_USE MESH_API enum mesh_status mesh_preregister(struct mesh_actor *self, const char *endpoint,
                                                         const struct mesh_requirement *expected, size_t count);
MESH_MUST_USE MESH_API enum mesh_status mesh_deregister(struct mesh_actor *self, const char *who);

/* ---- who may take part ---- */

/* Tells the leader that the key, 64 hex digits as `mesh keygen` prints them, is allowed for nodes of that name, or of names that
 * begin so when a * stands behind them; or that it is revoked, and counts no more at once, also on connections that are open. All
 * nodes of the convention keep that, and whoever joins later is told. Returns when the leader has taken it, or
 * MESH_INVALID_ARGUMENT (no key, no pattern), MESH_REFUSED (the node has no security = curve; or it, or the leader, would be cut
 * off: `force` revokes even so), MESH_FULL (4,096 keys); else as mesh_node_preregister. From any thread; blocks. Rules
 * S7H, S7J. */
MESH_MUST_USE MESH_API enum mesh_status mesh_node_allow_key(struct mesh_node *node, const char *key,
                                                            const char *pattern, int timeout_ms,
                                                            struct mesh_error *error);
MESH_MUST_USE MESH_API enum mesh_status mesh_node_revoke_key(struct mesh_node *node, const char *key, bool force,
                                                             int timeout_ms, struct mesh_error *error);

/* What the list of the convention says of one key. */
struct mesh_key {
    const char *key;     /* 64 hex digits */
    const char *pattern; /* for whom it is allowed; empty when it is revoked */
    bool revoked;
    uint64_t stamp; /* of two words on one key the one with the higher stamp counts */
};

/* Calls `each` for every key of the list as the node knows it now, in the order of keys; what it is given lasts for the call.
 * MESH_NOT_FOUND (no node is there any more), MESH_PERMISSION_DENIED, MESH_IO, MESH_NO_MEMORY. Rule S7G. */
MESH_MUST_USE MESH_API enum mesh_status mesh_node_each_key(struct mesh_node *node,
                                                           void (*each)(void *user, const struct mesh_key *key),
                                                           void *user, struct mesh_error *error);

/* ---- what the own node has to offer ---- */

/* Changes capabilities of this node, all of them or none: each gets its value, or goes when that is NULL. Actors of this node whose
 * requirements are not met any more are asked to exit; to change what is so already does nothing. It returns when the leader knows, too,
 * so that a create that begins after it, on any node, sees it; without a leader, at once: the next one learns of it when the node
 * registers. MESH_REFUSED for a standard one, MESH_INVALID_ARGUMENT, MESH_TOO_LARGE (256 of one node, 64 KiB of all);
 * MESH_UNREACHABLE, MESH_TIMED_OUT, MESH_INTERRUPTED, MESH_WOULD_BLOCK: it may be changed here, but the leader has not said that it knows;
 * MESH_CLOSED, MESH_SHUTTING_DOWN, MESH_NO_MEMORY. `error` may be NULL. From any thread; blocks. Rule H4. */
MESH_MUST_USE MESH_API enum mesh_status mesh_node_set_capabilities(struct mesh_node *node,
                                                                   const struct mesh_capability *changes, size_t count,
                                                                   int timeout_ms, struct mesh_error *error);

/* The same for an actor's code, which does not wait: what it creates afterwards sees the change; the node's log tells of one that is
 * refused. MESH_REFUSED for a standard one, MESH_INVALID_ARGUMENT, MESH_TOO_LARGE; MESH_NO_MEMORY, MESH_WOULD_BLOCK: ask again. From any
 * thread. */
MESH_MUST_USE MESH_API enum mesh_status mesh_set_capabilities(struct mesh_actor *self,
                                                              const struct mesh_capability *changes, size_t count);

/* ---- who comes and goes ---- */

/* From now on this actor gets one MESH_UPDATE for each member of the convention, as its node knows them and but for its node
 * itself: at once for those that are there, then for each that comes, has other capabilities, or is gone. Registering twice sends nothing. It ends when
 * the actor registers no more (`on` is false), or exits; or, with a line in the log, when 4,096 of them wait for it. Any number
 * of actors may register, 256 of one node. MESH_WOULD_BLOCK, MESH_NO_MEMORY: ask again. From any thread. Rules S5A, S5B. */
MESH_MUST_USE MESH_API enum mesh_status mesh_convention_updates(struct mesh_actor *self, bool on);

/* A member that is there, whether it has just come or has other capabilities now (H4); or that is not there any more. */
struct mesh_update {
    struct mesh_address admin; /* of the node; another one after each start of it */
    const char *name, *endpoint;
    bool added;       /* else it is gone, and all of its actors with it */
    const char *text; /* how it went; else empty */
    size_t capabilities_count;
    const struct mesh_capability *capabilities; /* in the order of names */
};

/* The content of a MESH_UPDATE, which is the caller's. MESH_INVALID_ARGUMENT for any other kind, MESH_NO_MEMORY. */
MESH_MUST_USE MESH_API enum mesh_status mesh_message_update(const struct mesh_message *message,
                                                            struct mesh_update **out);

/* Frees it and nulls the pointer. NULL-safe. */
MESH_API void mesh_update_release(struct mesh_update **update);

#endif
