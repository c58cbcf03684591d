/* What the files of the directory share: its book. Nobody else includes this.
 *
 * Removed entries last until the next step, since actions refer to them.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_CORE_DIRECTORY_STATE_H
#define CONVENTION_CORE_DIRECTORY_STATE_H

#include "convention/core/directory.h"
#include "convention/core/names.h"
#include "convention/core/placement.h"
#include "mesh/base/deadlines.h"
#include "mesh/base/list.h"
#include "mesh/base/map.h"
#include "mesh/base/slab.h"
#include "mesh/core/address.h"
#include "mesh/core/supervision.h"

enum { REASON_BYTES = PLACEMENT_TEXT_BYTES, CAUSE_BYTES = 48, RECORDS_MAX = 1024, BRIEF_BYTES = 32, KNOWN_NAMES = 256 };

enum actor_state {
    ACTOR_PARKED,
    ACTOR_PENDING,
    ACTOR_HERE,
    ACTOR_ELSEWHERE,
    ACTOR_LEAVING,
    ACTOR_DEAD,
};

/* How far a create has come with its name. */
enum naming {
    NAMING_NONE, /* it has none, or another admin's create asked for it */
    NAMING_ASKED,
    NAMING_GIVEN,
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
    char *pool; /* of the type, when it is light; else NULL */
    char *why;  /* of a source: why it is not here, or brings no such type; NULL: it is, and does */
    char *name; /* global, or NULL */
    uint8_t source[CONTROL_HASH_BYTES];
    enum naming naming;
    bool known;                      /* this node has the type */
    enum mesh_status lacking;        /* what is missing when it is not */
    bool restart;                    /* of an actor that has lived before (C7) */
    bool sent;                       /* its host has been told */
    uint64_t counted_by, counted_at; /* the member whose placed actors it counts among, and its reports then; 0: none */
    uint64_t admin;                  /* who has the request; 0: nobody, it waits for a leader, or is started here */
    uint32_t slot;                   /* where it is started; 0: not here */
    struct list_node of_slot;
    struct deadline deadline;
    struct pending *next_removed;
};

/* How far a life of an actor that is over had handled one stream, and why that life ended. */
struct record {
    struct directory_floor floor;
    char cause[CAUSE_BYTES];
};

/* What a supervised actor is started anew from. */
struct revival {
    struct supervision supervision;
    char *type, *program, *pool; /* the pool may be NULL */
    uint8_t source[CONTROL_HASH_BYTES];
    uint64_t source_load; /* 0: it is of no source */
};

/* What an actor that is hosted here requires: it is judged again when this node's capabilities change (H4). */
struct demand {
    struct requirement_set requirements;
    size_t creators_count; /* the first of them are its creator's, the others its type's */
    bool checked;          /* its type has a check function, which its host runs (H2) */
};

struct actor {
    struct mesh_address address, parent;
    enum actor_state state;
    uint32_t slot;                /* of the process here that hosts it */
    uint64_t admin;               /* the one that hosts it, or did */
    uint64_t process;             /* ELSEWHERE, with the endpoint; NULL: its node has moved */
    char *endpoint, *type, *text; /* text: why it died; a short one is `brief` */
    enum control_how how;
    int number;
    struct record *records; /* a single one is `record` */
    size_t records_count;
    struct revival *revival; /* NULL: it is not supervised, or not hosted here */
    struct demand *demand;   /* NULL: it requires nothing, or is not hosted here */
    enum control_how wanted; /* how it was about to end when its process died; 0: it was not */
    bool restarts;           /* wherever it is hosted: that admin has the records of its earlier lives */
    bool failed;             /* its end was nobody's will (C7) */
    bool given_up;           /* its host was told that it is not started anew */
    bool reviving;           /* it is, as soon as its process is dead */
    bool doomed;             /* it shall be killed */
    bool escalates;          /* its parent shall exit too */
    bool detached;           /* no orphan when its creator goes (C6) */
    bool told;               /* its creator knows of its end, or is gone */
    bool owed;               /* its home is to be told of its end when it is on the roster */
    bool orphan;             /* shall exit as soon as it is up */
    bool strange;            /* the node on which it depends was not on the roster at the last look (C8) */
    bool named;              /* it holds a global name, or is held by its address (C6) */
    struct list waits;
    struct list_node aged; /* among the tombstones */
    uint64_t forget_ns;    /* of a tombstone */
    struct actor *next_removed;
    char brief[BRIEF_BYTES];
    struct record record;
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
    bool program;         /* every number of it is the program itself */
    uint64_t highest;     /* number of the actors that it created */
    struct list pendings; /* what is to be created in it, the first one by its start */
    char *pool;           /* NULL: it has one actor */
    struct list_node pooled;
    size_t actors; /* of a pool: on their way to it, or in it */
    bool started;  /* its process is asked for */
    bool up;       /* its first actor runs */
    bool ending;   /* its last actor is gone */
    struct slot *next_removed;
};

struct want {
    struct list_node place;
    struct directory_action action;
};

/* A name, and who had it when it was asked for last. */
struct known_name {
    char *name; /* NULL: none */
    struct mesh_address address;
    uint64_t admin;
};

/* A global name of an actor that is hosted here; or, where another is its home, what stands for its address. */
struct held_name {
    struct list_node place;
    struct mesh_address actor;
    uint64_t epoch; /* of the leader that gave it */
    char name[];
};

/* The names of one message. */
struct told_names {
    struct told_names *next;
    struct control_held_name names[CONTROL_NAMES];
};

/* Some admins, as many as a roster has members: who was added last is the last. */
struct latest {
    uint64_t admins[FRAME_MEMBERS];
    size_t count;
};

struct directory {
    struct directory_limits limits;
    struct members *members;
    uint64_t incarnation, leader, now_ns;
    char *endpoint;
    struct map actors, pendings, waits, slots;
    struct slabs actor_slabs;
    struct deadlines pending_deadlines, wait_deadlines;
    struct list told, untold; /* tombstones of what ended well, and of the rest: the least recently used first */
    struct list owed;         /* those whose home is still to be told: they go only for want of room */
    size_t tombstones_count, alive, hosted;
    uint64_t next_id;
    uint32_t next_slot;
    struct address_mint mint;
    struct latest lost;
    struct latest missed;  /* they may not have got what was sent to them, and have not been told so */
    uint64_t strangers_ns; /* when the nodes that are not on the roster are looked at */
    struct list wants, given;
    struct list pooled;       /* slots of pools */
    struct names *names;      /* the leader's table; it is empty elsewhere */
    struct known_name *known; /* what others have told: a ring */
    size_t known_next;
    uint64_t keeper, keeper_epoch; /* the leader that wants to know of our names, in that epoch */
    struct list held, released;    /* names; those released last until the next step */
    struct told_names *told_names; /* until the next step */
    struct actor *removed_actors;
    struct pending *removed_pendings;
    struct slot *removed_slots;
    struct directory_counters counters;
    bool news; /* of members, leaders or names: the questions that wait are reviewed in the end of the step */
    bool stopping, no_memory;
};

/* ---- the book ---- */

/* A copy that the caller owns; NULL without memory, which the directory notes. */
char *directory_text(struct directory *directory, struct bytes from);

struct actor *directory_actor(const struct directory *directory, struct mesh_address address);
/* NULL at actors_max or without memory. */
struct actor *directory_add_actor(struct directory *directory, struct mesh_address address, enum actor_state state);
/* A new entry, or the parked one that waits for this, is PENDING: its questions wait for the create, which always
 * comes to an end. NULL
 * as directory_add_actor, and where the address has been taken before. */
struct actor *directory_enter_pending(struct directory *directory, struct mesh_address address);

/* In a process of this node, or on its way into one. */
static inline bool actor_is_hosted(const struct actor *actor) {
    return actor->slot &&
           (actor->state == ACTOR_PENDING || actor->state == ACTOR_HERE || actor->state == ACTOR_LEAVING);
}

/* Its state and slot change only so, for those that are hosted are counted. */
void directory_move(struct directory *directory, struct actor *actor, enum actor_state state, uint32_t slot);

void directory_remove_actor(struct directory *directory, struct actor *actor);

/* Why it died: a copy, in the place of what was noted before. */
void directory_set_text(struct directory *directory, struct actor *actor, struct bytes text);
void directory_drop_text(struct actor *actor);

/* Makes it a tombstone, and answers who waits for it. */
void directory_bury(struct directory *directory, struct actor *actor);
/* The tombstone is the most recently used. */
void directory_touch(struct directory *directory, struct actor *actor);
/* Drops the tombstones whose time is over; when the next one's will be. */
void directory_forget(struct directory *directory);
uint64_t directory_forget_ns(const struct directory *directory);

struct slot *directory_slot(const struct directory *directory, uint32_t number);
struct slot *directory_add_slot(struct directory *directory);
void directory_remove_slot(struct directory *directory, struct slot *slot);

void latest_add(struct latest *latest, uint64_t admin);
/* Whether it was there. */
bool latest_remove(struct latest *latest, uint64_t admin);
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

/* Its actor is to exit, because another has its name. */
void directory_want_taken(struct directory *directory, struct mesh_address actor, struct bytes name);

void directory_warn(struct directory *directory, struct mesh_address about, const char *type, const char *text);

/* ---- creates ---- */

void directory_on_create(struct directory *directory, const struct directory_event *event);
void directory_on_created(struct directory *directory, const struct directory_event *event);
void directory_on_create_failed(struct directory *directory, const struct directory_event *event);
void directory_on_actor_up(struct directory *directory, struct slot *slot, struct mesh_address address);
void directory_on_host_failed(struct directory *directory, struct slot *slot, const struct directory_event *event);
/* Its host is dead before it said anything of the create: it is placed again, started anew, or refused. */
void directory_on_pendings_died(struct directory *directory, struct slot *slot, const struct directory_event *event);
/* Starts it in a slot of this node. */
void directory_enter_slot(struct directory *directory, struct pending *pending, struct actor *actor, struct slot *slot);
/* It expires after so long. */
void directory_pending_wait(struct directory *directory, struct pending *pending, uint64_t span_ns);
struct pending *directory_add_pending(struct directory *directory, const struct directory_event *event);
/* That admin cannot host it. */
void directory_add_refuser(struct directory *directory, struct pending *pending, uint64_t admin);
/* It counts among those that were placed with the member until that says again how many it has; or not, since it did not come up there
 * (H3). */
void directory_count_placed(struct pending *pending, struct member *chosen);
void directory_uncount_placed(const struct directory *directory, struct pending *pending);
void directory_remove_pending(struct directory *directory, struct pending *pending);
/* This node cannot host it: another may. */
void directory_refuse_here(struct directory *directory, struct pending *pending, enum mesh_status status,
                           struct bytes text);
void directory_pendings_lose(struct directory *directory, uint64_t admin);
void directory_pendings_retry(struct directory *directory);
void directory_pending_expire(struct directory *directory, struct pending *pending);
void directory_free_pending(struct pending *pending);
/* Another admin's create waits there for its source: that time counts for nobody (C2). */
void directory_on_arriving(struct directory *directory, const struct directory_event *event);
/* What has no process yet finds no place here any more. */
void directory_on_unloaded(struct directory *directory, const struct directory_event *event);

/* ---- who fits ---- */

/* What its create requires is kept as long as it is hosted here. */
void directory_note_demand(struct directory *directory, struct actor *actor, const struct pending *pending);
void directory_drop_demand(struct actor *actor);
/* Whether this node still has what the actor requires. */
bool directory_fits(const struct directory *directory, const struct actor *actor);
/* Whoever lives here and does not fit any more is to exit; of one with a check function its host is told what to judge. */
void directory_judge_all(struct directory *directory);
/* A host asks what the check function of an actor's type shall judge. */
void directory_on_check(struct directory *directory, const struct directory_event *event);
/* An actor of that address is to be created in the slot; of none: whoever is the first. NULL when there is none. */
struct pending *directory_pending_of(const struct slot *slot, struct mesh_address address);

/* ---- pools ---- */

/* The slot for one more actor of the pool; NULL: for an actor with a host of its own. NULL at a limit. */
struct slot *directory_choose_slot(struct directory *directory, const char *pool);
/* A new one, whoever else is in the pool: in a fresh process nobody waits for word of an earlier life. */
struct slot *directory_add_heir(struct directory *directory, const char *pool);
void directory_leave_slot(struct directory *directory, uint32_t number);
/* Tells the host of what waits for its first actor to run. */
void directory_send_pendings(struct directory *directory, struct slot *slot);

/* ---- supervision ---- */

/* What the hosting admin has to know to start it anew; nothing for an actor that is not supervised. */
void directory_supervise(struct directory *directory, struct actor *actor, const struct pending *pending);
void directory_free_revival(struct revival *revival);
/* Whether one more restart is allowed now; if so, it is counted. If not, the end's text says that they are used up. */
bool directory_may_restart(struct directory *directory, struct actor *actor);
/* The host of an actor says that it has failed, and waits for a word (C7). */
void directory_on_failed(struct directory *directory, struct actor *actor, const struct control_exited *exited);
/* Starts it anew; `*heir` is the slot that all of one dead process share, NULL before the first. */
void directory_restart(struct directory *directory, struct actor *actor, struct slot **heir);
/* It could not be started anew: that is its end. */
void directory_restart_failed(struct directory *directory, struct pending *pending, struct bytes text);
void directory_keep_record(struct directory *directory, struct actor *actor, const struct directory_floor *floor,
                           struct bytes cause);
/* NULL when nothing is on record of that sender. */
struct record *directory_record(const struct actor *actor, struct mesh_address sender);

/* Answers a create; the home of its address hears, too. */
void directory_answer_created(struct directory *directory, struct pending *pending,
                              const struct control_created *created);
void directory_fail(struct directory *directory, struct pending *pending, enum mesh_status status, struct bytes text);
/* Looks for a place again, or for the first time. */
void directory_place(struct directory *directory, struct pending *pending);

/* ---- names ---- */

/* A create with a name asks for it first. */
void directory_ask_name(struct directory *directory, struct pending *pending);
void directory_name_expire(struct directory *directory, struct pending *pending);
/* The create is over: by an actor that `admin` hosts, or not at all (0). */
void directory_finish_naming(struct directory *directory, struct pending *pending, uint64_t admin);
/* The actor, which has come up, holds the name of its create; it has ended. */
void directory_hold_name(struct directory *directory, struct actor *actor, const struct pending *pending);
void directory_free_name(struct directory *directory, struct actor *actor);
/* A detached actor of another home, which has come up, is held by its address, so that it is found when that home is gone (C6). */
void directory_hold_place(struct directory *directory, struct actor *actor);
/* Of an address that is not on record here: its home; or who is told in its stead, of the leader's table, or the leader itself, which
 * answers other admins by that table alone. 0: nobody (C6). */
uint64_t directory_who_knows(const struct directory *directory, struct mesh_address address, uint64_t asker);
/* It may be a detached actor's, and a leader may yet tell: none is there, or this one has not heard of all members yet, or the admin that
 * asks takes this one for it, and will hear of another (C6). */
bool directory_awaits_leader(const struct directory *directory, struct mesh_address address, uint64_t asker);
void directory_on_name(struct directory *directory, const struct directory_event *event);
void directory_names_lose(struct directory *directory, uint64_t admin);
/* A leader is known that has not asked for the names: it may not have missed this node when that had lost it. */
void directory_names_follow(struct directory *directory);
/* Who wants to know of the names has come to the roster. */
void directory_names_meet(struct directory *directory, uint64_t admin);
/* What the leader's table wants to say goes out. */
void directory_tell_names(struct directory *directory);
void directory_forget_names(struct directory *directory);
void directory_fini_names(struct directory *directory);

/* ---- ends ---- */

/* Why it ended, or this life of it. */
void directory_note_end(struct directory *directory, struct actor *actor, enum control_how how, int number,
                        struct bytes text);
void directory_tell_end(struct directory *directory, struct actor *actor);
/* It is asked to exit, if it is one that lives. */
void directory_end_orphan(struct directory *directory, const struct actor *actor);
void directory_on_exited(struct directory *directory, const struct directory_event *event);
void directory_on_kill(struct directory *directory, const struct directory_event *event);
void directory_on_host_died(struct directory *directory, struct slot *slot, const struct directory_event *event);
void directory_actors_lose(struct directory *directory, uint64_t admin);

/* ---- meetings ---- */

/* That admin is on the roster now: it hears what is known here of its actors, and of those that it hosts for this node, and
 * of the ends that it could not be told of. */
void directory_meet(struct directory *directory, uint64_t admin);
/* That admin has this one on its roster again. */
void directory_on_met(struct directory *directory, uint64_t admin);
/* The home of the address believes that it lives here, and hears when it does not. */
void directory_confirm(struct directory *directory, struct mesh_address address);
/* The home of a detached actor that it had lost with its node, or has forgotten, is told where that lives. False: it is not that. */
bool directory_take_back(struct directory *directory, const struct control_created *created, struct actor *actor);
/* Whether the node to which it belongs, or where it lives, is on the roster is looked at from now on. */
void directory_note_stranger(struct directory *directory, const struct actor *actor);
void directory_lose_strangers(struct directory *directory);
/* All that belonged to that node is lost. */
void directory_lose(struct directory *directory, uint64_t admin);

/* ---- questions ---- */

/* What the status says of an actor that is hosted here. */
void directory_view_actor(const struct directory *directory, const struct actor *actor, struct directory_view *out);

enum mesh_status directory_on_resolve(struct directory *directory, const struct directory_event *event);
void directory_on_answer(struct directory *directory, const struct directory_event *event);
/* Answers who waits for the actor, as far as its state now allows. */
void directory_answer_waits(struct directory *directory, struct actor *actor);
void directory_wait_expire(struct directory *directory, struct wait *wait);
/* After what may have changed who knows of an address: who waits for that is answered, or another is asked. */
void directory_review_waits(struct directory *directory);
/* Answers who waits for the endpoint of a process that came up. */
void directory_waits_slot(struct directory *directory, uint32_t slot);
void directory_free_wait(struct wait *wait);

#endif
