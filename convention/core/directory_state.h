/* What the files of the directory share: its book. Nobody else includes this.
 *
 * Removed entries last until the next step, since actions refer to them.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_CORE_DIRECTORY_STATE_H
#define CONVENTION_CORE_DIRECTORY_STATE_H

#include "convention/core/directory.h"
#include "convention/core/placement.h"
#include "mesh/base/deadlines.h"
#include "mesh/base/list.h"
#include "mesh/base/map.h"
#include "mesh/core/address.h"

enum { LOST_MAX = 256, REASON_BYTES = 700 };

enum actor_state {
    ACTOR_PARKED,
    ACTOR_PENDING,
    ACTOR_HERE,
    ACTOR_ELSEWHERE,
    ACTOR_LEAVING,
    ACTOR_DEAD,
};

/* A create that is not answered yet. */
struct pending {
    uint64_t id;               /* ours */
    struct mesh_address asker; /* and whose answer has this number */
    uint64_t asker_id;
    struct control_create create; /* refers to the copies below */
    struct requirement_set requirements;
    uint64_t *refused_by;
    char *type, *program, *refusal;
    bool known;     /* this node has the type */
    uint64_t admin; /* who has the request; 0: nobody, it waits for a leader, or is started here */
    uint32_t slot;  /* where it is started; 0: not here */
    struct deadline deadline;
    struct pending *next_removed;
};

struct actor {
    struct mesh_address address, parent;
    enum actor_state state;
    uint32_t slot;                /* of the process here that hosts it */
    uint64_t admin;               /* the one that hosts it, or did */
    uint64_t process;             /* ELSEWHERE, with the endpoint */
    char *endpoint, *type, *text; /* text: why it died */
    enum control_how how;
    int number;
    struct directory_floor *floors;
    size_t floors_count;
    bool told;   /* its creator knows of its end, or is gone */
    bool orphan; /* shall exit as soon as it is up */
    struct list waits;
    struct list_node aged; /* among the tombstones, the least recently used first */
    struct actor *next_removed;
};

/* A question that waits for its answer. */
struct wait {
    uint64_t id;
    struct mesh_address asker, address, sender;
    uint64_t asker_id;
    uint64_t asked; /* the admin that was asked; 0 for none */
    struct deadline deadline;
    struct list_node place; /* among those of one actor, or alone */
};

struct slot {
    uint32_t number, pid;
    uint64_t process; /* 0: not up yet */
    char *endpoint;
    bool program;            /* every number of it is the program itself */
    uint64_t highest;        /* number of the actors that it created */
    struct pending *pending; /* what it is started for */
    struct slot *next_removed;
};

struct want {
    struct list_node place;
    struct directory_action action;
};

struct directory {
    struct directory_limits limits;
    struct members *members;
    uint64_t incarnation, leader, now_ns;
    char *endpoint;
    struct map actors, pendings, waits, slots;
    struct deadlines pending_deadlines, wait_deadlines;
    struct list tombstones;
    size_t tombstones_count, alive;
    uint64_t next_id;
    uint32_t next_slot;
    struct address_mint mint;
    uint64_t lost[LOST_MAX];
    size_t lost_next;
    struct list wants, given;
    struct actor *removed_actors;
    struct pending *removed_pendings;
    struct slot *removed_slots;
    struct directory_counters counters;
    bool no_memory;
};

/* ---- the book ---- */

/* A copy that the caller owns; NULL without memory, which the directory notes. */
char *directory_text(struct directory *directory, struct bytes from);

struct actor *directory_actor(const struct directory *directory, struct mesh_address address);
/* NULL at actors_max or without memory. */
struct actor *directory_add_actor(struct directory *directory, struct mesh_address address, enum actor_state state);
/* A new entry, or the parked one that waits for this, is PENDING: its questions wait for the create, which always
 * comes to an end. NULL
 * as directory_add_actor. */
struct actor *directory_enter_pending(struct directory *directory, struct mesh_address address);
void directory_remove_actor(struct directory *directory, struct actor *actor);

/* Makes it a tombstone, and answers who waits for it. */
void directory_bury(struct directory *directory, struct actor *actor);

struct slot *directory_slot(const struct directory *directory, uint32_t number);
struct slot *directory_add_slot(struct directory *directory);
void directory_remove_slot(struct directory *directory, struct slot *slot);

bool directory_is_lost(const struct directory *directory, uint64_t admin);
struct member *directory_self(const struct directory *directory);

static inline struct mesh_address directory_admin(uint64_t admin) {
    return (struct mesh_address){admin, 0};
}

static inline bool directory_is_home(const struct directory *directory, struct mesh_address address) {
    return address.node == directory->incarnation;
}

/* ---- wants ---- */

void directory_send(struct directory *directory, struct mesh_address to, const struct control *control);
void directory_want(struct directory *directory, enum directory_action_kind kind, struct mesh_address to, uint32_t slot,
                    const struct control_create *create);

/* ---- creates ---- */

void directory_on_create(struct directory *directory, const struct directory_event *event);
void directory_on_created(struct directory *directory, const struct directory_event *event);
void directory_on_create_failed(struct directory *directory, const struct directory_event *event);
void directory_on_actor_up(struct directory *directory, struct slot *slot);
/* This node cannot host it: another may. */
void directory_refuse_here(struct directory *directory, struct pending *pending, enum mesh_status status,
                           struct bytes text);
void directory_pendings_lose(struct directory *directory, uint64_t admin);
void directory_pendings_retry(struct directory *directory);
void directory_pending_expire(struct directory *directory, struct pending *pending);
void directory_free_pending(struct pending *pending);

/* ---- ends ---- */

void directory_on_exited(struct directory *directory, const struct directory_event *event);
void directory_on_kill(struct directory *directory, const struct directory_event *event);
void directory_on_host_died(struct directory *directory, struct slot *slot, const struct directory_event *event);
void directory_actors_lose(struct directory *directory, uint64_t admin);

/* ---- questions ---- */

enum mesh_status directory_on_resolve(struct directory *directory, const struct directory_event *event);
void directory_on_answer(struct directory *directory, const struct directory_event *event);
/* Answers who waits for the actor, as far as its state now allows. */
void directory_answer_waits(struct directory *directory, struct actor *actor);
void directory_wait_expire(struct directory *directory, struct wait *wait);
void directory_waits_lose(struct directory *directory, uint64_t admin);
void directory_waits_ask(struct directory *directory, uint64_t admin);
/* Answers who waits for the endpoint of a process that came up. */
void directory_waits_slot(struct directory *directory, uint32_t slot);
void directory_free_wait(struct wait *wait);

#endif
