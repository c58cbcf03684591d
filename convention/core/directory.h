/* Directory: the admin's book of actors: who lives where, who is on the way, who is gone.
 *
 *   an address homed or hosted here
 *     PARKED --create--> STARTING (a host is coming up here) | FORWARDED (the leader or a member has the request)
 *     STARTING, FORWARDED --up--> HERE | ELSEWHERE --exited--> LEAVING (its process still drains) --died--> DEAD
 *     any of them --failed, member lost--> DEAD
 *
 * The home of an address is the admin of its node word, which is its creator's; the directory also keeps what is hosted
 * here for other homes. Requests come with who asks (a process's endpoint or an admin) and that one's number for it;
 * the answer goes back the same way. A creator hears of each actor's end once (C4), and of nothing else unless it asked.
 * A create that the leader passes on stays in its book until the member has answered, so that a lost member makes it
 * try the next; the same at the home, for a lost leader. Dead addresses stay on record as tombstones, the least
 * recently used is dropped first; a dropped one is still known to be dead by its number, only not how.
 *
 * Slots are leased here, one for each process, and never again in this incarnation (B4). Slot 0 is the admin's own.
 *
 * Pure: the caller says what happened and when, then polls until there is nothing left. What goes to this admin's own
 * address is the shell's to perform itself. Rules B2, B4, C1, C2, C4, C6, C8, H3.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_CORE_DIRECTORY_H
#define CONVENTION_CORE_DIRECTORY_H

#include "convention/core/members.h"
#include "mesh/core/delivery.h"
#include <mesh/message.h>

struct directory;

struct directory_limits {
    size_t actors_max; /* living ones in the book, those on the way included */
    size_t slots_max;  /* processes at one time */
    size_t waits_max;  /* questions that wait for an answer */
    size_t tombstones_max;
    uint64_t create_wait_ns; /* a create that waits for another admin, or for a leader, fails after this (C2) */
    uint64_t start_wait_ns;  /* a host that does not come up is given up after this */
    uint64_t park_wait_ns;   /* a question about an unknown address is answered with Gone after this */
};

extern const struct directory_limits directory_limits_default;

/* A create as it travels. All of it is a view. */
struct directory_create {
    struct mesh_address address; /* none: the hosting admin mints it (C6) */
    struct mesh_address parent;
    struct bytes type, program; /* program: the executable that brings the type; empty for a module */
    const struct frame_requirement *requirements;
    size_t requirements_count;
    const uint64_t *refused_by;
    size_t refused_count;
    enum mesh_status status; /* of the last refusal */
    struct bytes refusal;
};

/* How far a dead process had handled one stream. */
struct directory_floor {
    struct mesh_address actor, sender;
    uint64_t epoch, handled, in_hand;
};

enum directory_event_kind {
    /* requests; `asker` and `id` say where the answer goes */
    DIRECTORY_CREATE,  /* `create`; with `here` the shell found type and requirements to fit this node */
    DIRECTORY_RESOLVE, /* where does `address` live? for the stream of `sender` */
    /* answers of other admins (`asker`) to what was sent with `id` */
    DIRECTORY_CREATED,       /* `address` is up in `process` at `endpoint`, under admin `admin` */
    DIRECTORY_CREATE_FAILED, /* `status`, `text` */
    DIRECTORY_RESOLVED,
    DIRECTORY_GONE, /* `gone` */
    /* the processes of this node */
    DIRECTORY_HOST_UP,     /* the process of `slot` said hello: `process`, `endpoint`, `pid` */
    DIRECTORY_ACTOR_UP,    /* `address` was created in the process of `slot` */
    DIRECTORY_HOST_FAILED, /* the actor of `slot` could not be created: `status`, `text`; another node may be tried */
    DIRECTORY_HOST_DIED,   /* the process of `slot` is gone: `how`, `number`, `text`, `floors` */
    /* ends, told by a host of this node or by the admin that hosts */
    DIRECTORY_EXITED, /* `address`: `how`, `number`, `text` */
    DIRECTORY_KILL,   /* the parent of `address` waited long enough for it */
    /* the convention */
    DIRECTORY_MEMBER_ADDED, /* `admin` is on the roster */
    DIRECTORY_MEMBER_LOST,  /* `admin` is not on it any more */
    DIRECTORY_LEADER,       /* `admin` leads; 0: nobody */
    DIRECTORY_TICK,         /* nothing but the time */
};

struct directory_event {
    enum directory_event_kind kind;
    struct mesh_address asker;
    uint64_t id;
    struct mesh_address address, sender;
    uint64_t admin, process;
    struct bytes endpoint, text;
    uint32_t slot, pid;
    bool here;
    enum mesh_status status;
    enum mesh_how how;
    int number;
    const struct directory_create *create;
    const struct delivery_gone *gone;
    const struct directory_floor *floors;
    size_t floors_count;
};

/* What the caller has to do, each given out once, in order. SEND_...: encode it as a control message to `to`. */
enum directory_action_kind {
    DIRECTORY_START_HOST,         /* start a process with `slot` for `create`, whose address is final now */
    DIRECTORY_KILL_HOST,          /* kill the process of `slot`; HOST_DIED follows */
    DIRECTORY_SEND_CREATE,        /* `create` with `id` to an admin */
    DIRECTORY_SEND_CREATED,       /* `address`, `process`, `admin`, `endpoint` */
    DIRECTORY_SEND_CREATE_FAILED, /* `address`, `status`, `text` */
    DIRECTORY_SEND_RESOLVE,       /* `address`, `sender` */
    DIRECTORY_SEND_RESOLVED,      /* `address`, `process`, `endpoint` */
    DIRECTORY_SEND_GONE,          /* `address`, `gone` */
    DIRECTORY_SEND_EXITED,        /* `address`, `how`, `number`, `text` */
    DIRECTORY_SEND_KILL,          /* `address`, to the admin that hosts it */
    DIRECTORY_SEND_EXIT_REQUEST,  /* an exit request ahead of the mailbox to the actor `to` (C5, C8) */
};

struct directory_action {
    enum directory_action_kind kind;
    struct mesh_address to;
    uint64_t id;
    struct mesh_address address, sender;
    uint64_t admin, process;
    struct bytes endpoint, text;
    uint32_t slot;
    enum mesh_status status;
    enum mesh_how how;
    int number;
    const struct directory_create *create; /* lasts until the next step or poll, like all the rest */
    const struct delivery_gone *gone;
};

/* What is known of one actor that is hosted here, for the status (K1). */
struct directory_view {
    struct mesh_address address, parent;
    struct bytes type;
    uint64_t process;
    uint32_t slot, pid;
    const char *state;
};

struct directory_counters {
    uint64_t created, create_failed, exited, parked, park_expired, dropped_full, tombstones_dropped, late;
};

/* `members` is the convention's roster, borrowed; its `self` is the member with `incarnation`. MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status directory_new(struct directory **out, const struct directory_limits *limits,
                                             uint64_t incarnation, const char *endpoint, struct members *members);
void directory_destroy(struct directory **directory); /* NULL-safe */

/* Leases a slot to a process that was not started by START_HOST (a program). MESH_FULL. */
MESH_MUST_USE enum mesh_status directory_lease(struct directory *directory, uint32_t *slot);

/* Tells what happened. What is over a limit is answered to its asker (a create failed, a Gone is never made up); MESH_NO_MEMORY:
 * nothing has changed; MESH_NOT_FOUND: HOST_... with a slot that is not leased; MESH_FULL: a RESOLVE that could not be kept. */
MESH_MUST_USE enum mesh_status directory_step(struct directory *directory, uint64_t now_ns,
                                              const struct directory_event *event);
bool directory_poll(struct directory *directory, struct directory_action *out);
uint64_t directory_deadline(const struct directory *directory);

const struct directory_counters *directory_counters(const struct directory *directory);

/* Actors hosted here, for heartbeat and status; the walk begins with *cursor 0, is false at the end, and must not be
 * interleaved with steps. */
size_t directory_hosted(const struct directory *directory);
bool directory_next_hosted(const struct directory *directory, size_t *cursor, struct directory_view *out);

#endif
