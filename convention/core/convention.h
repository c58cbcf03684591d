/* Convention: how nodes find their leader, join, stay, leave and are lost.
 *
 *   a member, per candidate   UNLINKED --link--> REGISTERING --Registered--> LED --no answer, lost, Deregister--> UNLINKED
 *   the leader, per member    (none) --Register--> MEMBER <--heard--> SUSPECT --refused, silent, S1D--> (none)
 *
 *   a candidate   FOLLOWING --all before it are lost--> LEADING --one before it leads--> FOLLOWING
 *
 * Every admin has one. Candidates for leadership stand in the order of the configuration; the first of them that is alive
 * leads, as does an admin without any: it answers registrations and keeps the roster, whose
 * every change has a number. Each leader has an epoch, which no other ever has. Members hold a copy; a gap in the numbers, or another epoch, makes them ask for all of it.
 * Identity is the incarnation that the hello proved, never the address where somebody was found: a new incarnation
 * under a known name or endpoint is a restart, and removes the old one first. A broken link makes a member suspect and
 * no more.
 *
 * Pure: the caller says what happened and when, then polls until there is nothing left, before the next step. At one
 * time the event comes first, then what time brings, in its own order. Rules S1A to S6E.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_CORE_CONVENTION_H
#define CONVENTION_CORE_CONVENTION_H

#include "convention/core/members.h"
#include "convention/core/times.h"
#include "mesh/core/trust.h"
#include "proto/body.h"
#include <mesh/address.h>

struct convention;

enum { CONVENTION_WATCHERS = 256 };

/* Whether a node gives global names (S6D). */
enum convention_mandate {
    MANDATE_NONE,
    MANDATE_SOON, /* it leads, but not for long enough yet */
    MANDATE_GIVEN,
};

/* An actor of this node that is told of members (S5A), and the process that hosts it. */
struct convention_watcher {
    struct mesh_address actor, process;
};

struct convention_options {
    uint64_t incarnation;
    const char *name, *endpoint;      /* of this node; the endpoint is the advertised one */
    const char *const *candidates;    /* endpoints in their order, NULL-terminated; may be NULL */
    const char *const *preregistered; /* endpoints of nodes to invite, NULL-terminated; may be NULL (S2A) */
    const struct capability_set *capabilities;
    struct convention_times times;
    size_t members_max;
    struct trust *trust; /* the list of keys, borrowed: it is read and merged into; NULL: nobody needs a key (S7H) */
    uint64_t seed;       /* of the jitter */
};

enum convention_event_kind {
    CONVENTION_START,   /* the node is activated; nothing is sent before */
    CONVENTION_STOP,    /* it begins to shut down: goodbye, and nothing after it */
    CONVENTION_LINK_UP, /* hello was exchanged with `peer`; `endpoint` is what was called, or what it says of itself */
    CONVENTION_LINK_DOWN,    /* the link of `peer` broke, or a try to reach it was in vain and not refused */
    CONVENTION_REFUSED,      /* nobody listens at `endpoint`, or at that of `peer`; told at each vain try */
    CONVENTION_REPLACED,     /* another incarnation than `peer` answered at `endpoint`; told once */
    CONVENTION_ACTORS,       /* this node hosts `actors` now; to be told at each change, since placement counts them */
    CONVENTION_MOVED,        /* this node is reached at `endpoint` from now on (S9A) */
    CONVENTION_CAPABILITIES, /* `peer`, this node or a member by its own word, has these `capabilities` from now on (H4) */
    CONVENTION_PREREGISTER, /* the node at `endpoint` is to be invited; it is `expected` to meet these requirements (S2A) */
    CONVENTION_DISMISS,   /* the node at `endpoint`, or `peer`, is to be neither a member nor invited any more (S2G) */
    CONVENTION_KEY,       /* an operator's `word` on a key, without a stamp (S7H) */
    CONVENTION_DISTRUST,  /* the key of `peer` is not allowed any more (S7I) */
    CONVENTION_WATCH,     /* `watcher` is told of each member from now on (S5A) */
    CONVENTION_UNWATCH,   /* and not any more; without an actor: all of that process */
    CONVENTION_HEARTBEAT, /* from here on: a frame came from `peer` */
    CONVENTION_REGISTER,
    CONVENTION_REGISTERED,
    CONVENTION_ROSTER,
    CONVENTION_DEREGISTER,
    CONVENTION_INVITE,
    CONVENTION_TRUST,
    CONVENTION_TICK, /* nothing but the time */
};

struct convention_event {
    enum convention_event_kind kind;
    uint64_t peer; /* an admin's incarnation; 0 when not known */
    struct bytes endpoint;
    uint32_t actors;
    const struct frame_requirement *expected;
    size_t expected_count;
    bool
        configured; /* of PREREGISTER and DISMISS: by this node's own configuration, which counts when it leads, also later */
    size_t capabilities_count;
    const struct frame_capability *capabilities;
    struct convention_watcher watcher;
    union {
        const struct frame_heartbeat *heartbeat;
        const struct frame_register *registration;
        const struct frame_registered *registered;
        const struct frame_roster *roster;
        const struct frame_deregister *deregister;
        const struct frame_invite *invite;
        const struct frame_trust *trust;
        const struct frame_trusted *word;
    };
};

/* What the caller has to do or to know, in this order. Members and texts last until the next step, frames until the next
 * poll, and an endpoint of the event as long as that. */
enum convention_action_kind {
    CONVENTION_CONNECT,        /* call the admin at `endpoint`; `peer` is 0 when it is not known who answers */
    CONVENTION_HANG_UP,        /* call `endpoint` no more, unless it is empty, and `peer`, unless it is 0, neither */
    CONVENTION_SEND_HEARTBEAT, /* send the frame to `peer`; a frame that cannot go now is not kept */
    CONVENTION_SEND_REGISTER,
    CONVENTION_SEND_REGISTERED,
    CONVENTION_SEND_ROSTER,
    CONVENTION_SEND_DEREGISTER,
    CONVENTION_SEND_INVITE,
    CONVENTION_SEND_TRUST,
    CONVENTION_KEYS_CHANGED, /* the list says something else of these `keys`, as `peer` told; the own node: an operator */
    CONVENTION_MEMBER_ADDED,   /* `member` is new, with its capabilities */
    CONVENTION_MEMBER_CHANGED, /* `member`, which may be this node, has other capabilities now (H4) */
    CONVENTION_MEMBER_MOVED, /* `member` is reached at another endpoint now; it is the same, and nobody else is told */
    CONVENTION_MEMBER_REMOVED, /* `member` left or is lost, `text` says how; all that belonged to it is lost */
    CONVENTION_MEMBER_ANEW, /* `member` registered anew, which watchers are told as gone and then, `added`, as come; it is the same */
    CONVENTION_MEMBER_SUSPECT, /* nobody but the status is told, and the log when there is a text */
    CONVENTION_NOTICE, /* tell `watcher` that `member` is `added`, or changed, or else removed; `text` says how */
    CONVENTION_LEADER, /* `peer` leads from now on, or in another epoch; 0: nobody does */
    CONVENTION_MANDATE, /* this node leads in `epoch`, or not if that is 0, and has this `mandate`; `text` says why none */
    CONVENTION_LOG,     /* `text` is worth a line */
};

struct convention_action {
    enum convention_action_kind kind;
    uint64_t peer;
    struct bytes endpoint;
    const struct member *member;
    const char *text; /* terminated; never NULL */
    struct convention_watcher watcher;
    bool added;
    uint64_t untold; /* how often it was suspect and the log was not told, since it was told last */
    enum convention_mandate mandate;
    uint64_t epoch;
    union {
        struct frame_heartbeat heartbeat;
        struct frame_register registration;
        struct frame_registered registered;
        struct frame_roster roster;
        struct frame_deregister deregister;
        struct frame_invite invite;
        struct frame_trust trust, keys;
    };
};

/* MESH_NO_MEMORY; MESH_INVALID_ARGUMENT for options that no member could have. The options are copied. */
MESH_MUST_USE enum mesh_status convention_new(struct convention **out, const struct convention_options *options);
void convention_destroy(struct convention **convention); /* NULL-safe */

/* Tells what happened. All actions of the last step must have been polled. A peer's mistake, a member over members_max and
 * want of memory for one are logged, and a registration that they hit is refused to its sender. What an operator wants has a
 * status: MESH_REFUSED (this node does not lead, or has no list of keys), MESH_FULL (as many as members_max are
 * pre-registered; there are CONVENTION_WATCHERS; the list of keys is full), MESH_NO_MEMORY,
 * MESH_INVALID_ARGUMENT (no endpoint, or this node's own; capabilities that are none), MESH_NOT_FOUND (nobody to dismiss, no
 * member), MESH_TOO_LARGE (capabilities). */
enum mesh_status convention_step(struct convention *convention, uint64_t now_ns, const struct convention_event *event);

/* The next action; false when there is none. */
bool convention_poll(struct convention *convention, struct convention_action *out);

/* The frame that an action is, to be sent to its `peer`; false for an action that is none. Views what the action does. */
bool convention_frame_of(const struct convention_action *action, struct frame *out);

/* The event that a frame of the convention, and no other, is. Views the frame. */
struct convention_event convention_event_of(const struct frame *frame);

/* When a TICK is due; TIME_NEVER when nothing waits for time. Later than the last step's time. */
uint64_t convention_deadline(const struct convention *convention);

/* The admin that leads, itself included; 0 when none is known. */
uint64_t convention_leader(const struct convention *convention);
bool convention_is_acting(const struct convention *convention);
uint64_t convention_epoch(const struct convention *convention);

/* The roster, the own node first at the leader. The directory counts `placed` in it. */
struct members *convention_members(struct convention *convention);
const struct member *convention_self(const struct convention *convention);

/* The endpoint of the next guest that is not present, terminated; NULL at the end. `*cursor` begins with 0. */
const char *convention_next_guest(const struct convention *convention, size_t *cursor);

/* The actors that are told of members, in no order; they last until the next step. */
size_t convention_watchers(const struct convention *convention, const struct convention_watcher **watchers);

enum convention_mandate convention_mandate(const struct convention *convention);

/* Registrations that were not taken, since the node began: `refused`, of a second node of one name, a guest that is not pre-registered,
 * one that does not fit the roster; `ignored`, with this node's own address, of a former life or beside who is heard of at that
 * endpoint, in another's name; and `unanswered`, more of one member than are answered in a period (S4B). Then what else an
 * operator looks into. */
struct convention_counters {
    uint64_t refused, ignored, unanswered;
    uint64_t invitations; /* that were ignored */
    uint64_t suspected;   /* how often a member became suspect (S3A) */
    uint64_t taken;       /* endpoints of members from which another node registered (S1G) */
    uint64_t disagreed;   /* how often the log told of another list of leaders (S6E) */
    uint64_t own;         /* endpoints of others that turned out to be this node's own (B5) */
    uint64_t stood_still; /* how often this node did (S6E) */
};

const struct convention_counters *convention_counters(const struct convention *convention);

/* How many candidates there are, and how many of them this one, which is one, has heard from of late, itself included;
 * both 0 at any other node. */
void convention_count_candidates(const struct convention *convention, size_t *heard, size_t *count);

/* One word for the status: "starting", "idle", "searching", "member", "leader", "degraded" (it leads, and does not hear
 * from all that may lead), "stopped". */
const char *convention_state_name(const struct convention *convention);

#endif
