/* Directory: the admin's book of actors: who lives where, who is on the way, who is gone.
 *
 *   an address homed or hosted here
 *     PARKED (asked for, not created yet) --create--> PENDING --up--> HERE | ELSEWHERE
 *     HERE --exited--> LEAVING (its process still drains) --process died--> DEAD
 *     PENDING --failed--> DEAD      ELSEWHERE --exited, member lost--> DEAD
 *     HERE --failed, or its process--> PENDING, where it is to be started anew (C7)
 *
 * The home of an address is the admin of its node word, which is its creator's; the directory also keeps what is hosted
 * here for other homes. Requests come as control messages with who asks and that one's number for it; answers go back
 * the same way. A creator hears of each actor's end once (C4).
 *
 * A create is placed here if it fits, else sent to the leader, which sends it to the member that it chooses (H3).
 * Each admin on the way
 * keeps it until it is answered: a member that refuses or is lost makes the leader try the next, a lost leader makes
 * the home
 * wait for another. Who hosts it in the end tells the home too, so that a leader lost in between costs nothing; a
 * second actor of one address, should there be one, is killed.
 *
 * Dead addresses stay on record as tombstones. Who had something under way to one asks soon, and what ended well has told
 * by itself how far it came; so one that nobody has asked for during a while is dropped, but for the latest few, which an
 * operator may ask for, and the one whose turn is next at the limit. Where the home is still to be told of the end, only the
 * limit counts. A dropped one is still known
 * to be dead by its number, only not how, and how far it had come is not. An unknown number of a live slot, or of a
 * node that is not on the roster
 * and is not known to be lost, is parked: its create, or the roster, may be on the way.
 *
 * A supervised actor that fails is started anew in a new process, so often as its create allows; what the dead process has
 * on record of each sender is kept, until that one asks where the actor lives now (C7).
 *
 * Actors of light types share hosts (A4). A pool is the hosts of one module or program: a create goes to the one with the fewest
 * actors, or to a new one. A host whose last actor is gone takes no more; a create that was on its way to it is placed again. What
 * dies together is started anew together, in one new host.
 *
 * Slots are leased here, one for each process, and never again in this incarnation (B4). Slot 0 is the admin's own,
 * from
 * which top-level actors get their addresses (C6).
 *
 * Pure: the caller says what happened and when, then polls until there is nothing left. What is sent to this admin's
 * own
 * address is for the shell itself. Rules A4, B2, B4, C1, C2, C4, C6, C7, C8, E3, H3, H4.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_CORE_DIRECTORY_H
#define CONVENTION_CORE_DIRECTORY_H

#include "convention/core/convention.h"
#include "convention/core/members.h"
#include "proto/control.h"

struct directory;

struct directory_limits {
    size_t actors_max;                      /* living ones in the book, those on the way included */
    size_t slots_max;                       /* processes at one time */
    size_t waits_max;                       /* questions that wait for an answer */
    size_t tombstones_max, tombstones_kept; /* so many stay, however old */
    size_t light_hosts;                     /* of one pool (A4) */
    size_t names_max;                       /* that this node gives when it leads, and may be asked for meanwhile */
    uint64_t create_wait_ns;   /* a create that waits for another admin, or for a leader, fails after this (C2) */
    uint64_t start_wait_ns;    /* a host that does not come up is given up after this */
    uint64_t name_wait_ns;     /* who asks for a name hears within this (G3) */
    uint64_t stranger_wait_ns; /* a node that is not on the roster is lost after this, or twice of it (C8) */
    uint64_t park_wait_ns;     /* a question about an unknown address is answered with Gone after this */
    uint64_t tombstone_ns, crash_tombstone_ns; /* one of what ended well, or otherwise, that nobody has asked for */
};

extern const struct directory_limits directory_limits_default;

/* How far a dead process had handled one stream. */
struct directory_floor {
    struct mesh_address actor, sender;
    uint64_t epoch, handled;
    uint64_t in_hand; /* 0 for none */
};

/* An end that a dead process has on record as wanted: CONTROL_EXIT_REQUEST or CONTROL_OWN_EXIT. */
struct directory_wanted {
    struct mesh_address actor;
    enum control_how how;
};

enum directory_event_kind {
    /* `asker` sent `control`: create, created, create failed, resolve, resolved, gone, exited, kill, check, of names, or that a source is arriving. The
     * requirements of a create are the type's and the creator's; `known`: this node has the type, else `status` says what is missing, of a source with `text`, and if it is light
     * `pool` names its module or program. */
    DIRECTORY_CONTROL,
    DIRECTORY_HOST_UP,        /* the process of `slot` said hello: `process`, `endpoint`, `pid` */
    DIRECTORY_ACTOR_UP,       /* the actor `address` runs in `slot` */
    DIRECTORY_HOST_FAILED,    /* it could not be created there: `status`, `text`; none: whoever was to be */
    DIRECTORY_HOST_DIED,      /* the process of `slot` is gone: `how`, `number`, `text`, `floors`, `wanted` */
    DIRECTORY_MEMBER_ADDED,   /* `admin` is on the roster */
    DIRECTORY_MEMBER_LOST,    /* `admin` is not on it any more */
    DIRECTORY_MEMBER_SUSPECT, /* somebody on it is */
    DIRECTORY_MEMBER_MOVED,   /* `admin` and its processes are reached elsewhere: it is asked where its actors live */
    DIRECTORY_MOVED,          /* this node is reached at `endpoint` */
    DIRECTORY_CAPABILITIES,   /* this node has others now, on the roster */
    DIRECTORY_UNLOADED, /* that load of a source, of `control`, which is an unload, hosts no new actors here (J5) */
    DIRECTORY_LEADER,   /* `admin` leads; 0: nobody */
    DIRECTORY_MANDATE, /* this node leads in `epoch`, or not if that is 0, and has the `mandate`; `text`, a literal, says why none */
    DIRECTORY_STOPPING, /* the node shuts down: nothing is started anew */
    DIRECTORY_TICK,     /* nothing but the time */
};

struct directory_event {
    enum directory_event_kind kind;
    struct mesh_address asker, address;
    const struct control *control;
    bool known;
    struct bytes pool;
    uint32_t slot, pid;
    uint64_t process, admin, epoch;
    enum convention_mandate mandate;
    struct bytes endpoint, text;
    enum mesh_status status;
    enum control_how how;
    int number;
    const struct directory_floor *floors;
    size_t floors_count;
    const struct directory_wanted *wanted; /* that is how those end, and no failure */
    size_t wanted_count;
    enum control_how all_wanted;  /* of all others, unless 0 */
    struct mesh_address checking; /* it died of the check function of that actor (H2); none: of nobody's */
};

enum directory_action_kind {
    DIRECTORY_START_HOST, /* start a process with `slot` for `control.create`, whose address is final, and whom `to` asked for: this admin, if anew (C7) */
    DIRECTORY_KILL_HOST,  /* kill the process of `slot`; HOST_DIED follows */
    DIRECTORY_SEND,       /* send `control` to `to` */
    DIRECTORY_EXIT_REQUEST, /* send the actor `to` an exit request that goes ahead of its mailbox (C5, C8) */
    DIRECTORY_UNFIT,        /* the same, because this node does not fit it any more (H4) */
    DIRECTORY_NAME_TAKEN, /* the same, because another has the name of `control.name_taken` by the word of a later leader (G4) */
    DIRECTORY_WARN, /* write to the log what becomes of `to`, and why: `text`, a literal; `type` may be NULL */
};

/* All that it refers to lasts until the next step, or as long as the event whose control message is passed on. */
struct directory_action {
    enum directory_action_kind kind;
    struct mesh_address to;
    uint32_t slot;
    const char *text, *type;
    struct control control;
};

/* What is known of one actor that is hosted here, for the status (K1). */
struct directory_view {
    struct mesh_address address, parent;
    struct bytes type;
    uint64_t process;
    uint32_t slot, pid;
    const char *state;
};

/* Where an address is, as far as this admin knows, for the status of one actor (K1). */
enum directory_place_kind {
    DIRECTORY_NOWHERE,   /* its creator has not minted it yet, or its create is not here yet */
    DIRECTORY_STARTING,  /* it is being created, or created anew (C7) */
    DIRECTORY_HERE,      /* in the process of `slot`, if anywhere: of light children no admin knows (A4) */
    DIRECTORY_PROCESS,   /* it is no actor's, but of a process itself, or of a program */
    DIRECTORY_ELSEWHERE, /* with `admin`, or that knows where */
    DIRECTORY_CUT_OFF,   /* its home is not on the roster, and nobody is who may know of it (C6) */
    DIRECTORY_ENDED,     /* `how`, with a text that may be empty */
};

struct directory_place {
    enum directory_place_kind kind;
    struct directory_view view; /* of STARTING and HERE; type and parent are not known of a light child */
    bool light;
    uint64_t admin, restarts;
    enum control_how how;
    const char *text;
};

struct directory_counters {
    uint64_t created, create_failed, exited, restarts, parked, park_expired, tombstones_dropped, late;
};

/* `members` is the convention's roster, borrowed; the one with `incarnation` is this node, reached at `endpoint`.
 * MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status directory_new(struct directory **out, const struct directory_limits *limits,
                                             uint64_t incarnation, const char *endpoint, struct members *members);
void directory_destroy(struct directory **directory); /* NULL-safe */

/* Leases a slot to a program, whose every address is its process. MESH_FULL, MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status directory_lease(struct directory *directory, uint32_t *slot);

/* Tells what happened. MESH_FULL: a question was not kept, since too many wait; its asker asks again. A create over a
 * limit is answered as failed. MESH_NOT_FOUND: a slot that is not leased. MESH_NO_MEMORY: the book is not to be
 * trusted any more, the
 * node has to end. */
MESH_MUST_USE enum mesh_status directory_step(struct directory *directory, uint64_t now_ns,
                                              const struct directory_event *event);
bool directory_poll(struct directory *directory, struct directory_action *out);
uint64_t directory_deadline(const struct directory *directory);

const struct directory_counters *directory_counters(const struct directory *directory);

/* What the book holds of the living, and of what is on its way, for those who look for leaks. */
struct directory_census {
    size_t actors, pendings, waits, slots;
};
struct directory_census directory_census(const struct directory *directory);

/* Actors hosted here, for heartbeat and status; the walk begins with *cursor 0, is false at the end, and must not be
 * interleaved with steps. */
size_t directory_hosted(const struct directory *directory);
bool directory_next_hosted(const struct directory *directory, size_t *cursor, struct directory_view *out);

/* The names that actors here hold, in the order in which they got them; the walk begins with *cursor NULL, is false at the end, and must
 * not be interleaved with steps. The text lasts until the next step. */
bool directory_next_name(const struct directory *directory, const void **cursor, struct control_held_name *out);

/* Changes nothing, and asks nobody. Texts last until the next step. */
struct directory_place directory_find(const struct directory *directory, struct mesh_address address);

#endif
