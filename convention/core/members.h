/* Members: the roster of a convention, the own node included, in the order of joining.
 *
 * A member is one incarnation of a node. The table holds it until members_free, so that a removed one can still be
 * named in the notices of the same step. Pure. Rules S1A to S1F.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_CORE_MEMBERS_H
#define CONVENTION_CORE_MEMBERS_H

#include "convention/core/alarm.h"
#include "convention/core/hysteresis.h"
#include "convention/core/liveness.h"
#include "mesh/base/limiter.h"
#include "mesh/base/list.h"
#include "mesh/base/map.h"
#include "mesh/core/capability.h"

struct member {
    uint64_t incarnation;
    struct frame_member view; /* the same member as the wire names it; borrows from this */
    struct capability_set capabilities;
    char *name, *endpoint; /* terminated */
    uint32_t actors;       /* that it said it hosts */
    uint64_t reports;      /* how often it said so */
    uint32_t placed;       /* placed there by the leader since then, those that failed apart (H3) */
    struct liveness liveness;
    struct limiter doubts;  /* of which the log is told */
    uint64_t registered_ns; /* when it registered last */
    uint64_t answered_ns;   /* begin of the period in which `answers` were counted */
    unsigned answers;
    bool linked;
    uint64_t names_told;     /* epoch of the leader that it has told its names; the leader's names count on it */
    bool disagrees;          /* it has another list of leaders, which the log has been told */
    uint64_t reign;          /* of the leader that listed it last */
    uint64_t listing;        /* by which it was listed last: a roster that comes in parts is one */
    uint64_t joined, told;   /* numbers of the roster: with which it came, and which it was told last */
    struct list_node change; /* among those that came or changed, in the order of their numbers */
    struct alarm judgement;  /* when it may have become suspect, or lost */
    struct hysteresis brake;
    struct alarm release; /* when what waits for it may go out */
    struct member *next_removed;
};

/* Hashes of a member's texts. */
struct member_prints {
    uint64_t name, endpoint;
};

/* A zeroed one is empty, with room for none. */
struct members {
    struct member **items;
    struct member_prints
        *prints; /* in the same order: who is looked for by a text is found without a look at all members */
    size_t count, max;
    struct map by_incarnation;
    struct member *removed; /* until members_free_removed */
};

MESH_MUST_USE enum mesh_status members_init(struct members *members, size_t max);
void members_fini(struct members *members);

/* Adds a copy at the end. MESH_FULL, MESH_NO_MEMORY, MESH_INVALID_ARGUMENT (no incarnation, a name or endpoint that
 * is empty
 * or has a zero in it, bad capabilities), MESH_TOO_LARGE; MESH_EXISTS for a known incarnation. Then nothing has
 * changed. */
MESH_MUST_USE enum mesh_status members_add(struct members *members, uint64_t now_ns, const struct frame_member *from,
                                           struct member **out);

/* It says that it hosts so many actors. */
void members_report(struct member *member, uint32_t actors);

/* Takes over what else may change in a member's life: its endpoint and its capabilities; `*changed`: its capabilities
 * are others now (H4). As members_add; then nothing has changed. */
MESH_MUST_USE enum mesh_status members_refresh(struct members *members, struct member *member,
                                               const struct frame_member *from, bool *changed);

/* Takes it off the roster; it lasts until members_free_removed. */
void members_remove(struct members *members, struct member *member);
void members_free_removed(struct members *members);

/* NULL when there is none. */
struct member *members_find(const struct members *members, uint64_t incarnation);
struct member *members_find_name(const struct members *members, struct bytes name);
struct member *members_find_endpoint(const struct members *members, struct bytes endpoint);

#endif
