/* Lifecycle: how the actors of one process begin, exit, outlive their children and are reported, each exactly once.
 *
 *   BORN -> STARTING --constructor done--> RUNNING --exit request--> EXITING --shown--> WAITING
 *              |                              |                                           ^ |
 *              '----- constructor failed -----+--------------- own exit ------------------' |
 *                                                                                           |
 *   WAITING: children are told (C5); shows their ends; until the last has ended             |
 *      |---- exit_wait over ----> KILLING: the admin is asked to kill them ----.            |
 *      |                             kill_wait over, or the last has ended     |            |
 *      '---- none left (or the exit was `alone`) ---->---------+<--------------'------------'
 *                                                              v
 *                                DRAINING: the mailbox is closed; what was sent is being received (D14)
 *                                                              | drained, or drain_wait over: given up
 *                                                              v
 *                                GONE: reported once, then forgotten
 *
 *   An actor that is to be restarted (C7) and fails, by its constructor, through a child that escalates, or by a crash, tells its
 *   children and is FAILED: its mailbox stays as it is until it is BORN again, or until the admin has GIVEN it UP.
 *
 * The first cause of an exit is the one that is reported. An exit request is shown once and never again (E2); a failure
 * in its handler changes nothing (C5). A constructor that fails makes an exit, not a failed create (C3). The end of a
 * child may be told twice, by its host and by whoever saw the host die: the second time changes nothing (C4).
 *
 * Pure: the caller says what happened and when, then polls until there is nothing left. At one time the event comes
 * first, deadlines after it, in the order in which they were set. Rules A4, C3, C4, C5, C7, E2, D14.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_CORE_LIFECYCLE_H
#define MESH_CORE_LIFECYCLE_H

#include "proto/frame.h"
#include <mesh/actor.h>

struct lifecycle;

struct lifecycle_limits {
    size_t actors_max;      /* of this process */
    size_t children_max;    /* of one actor */
    size_t kin_max;         /* of all actors of this process together */
    uint64_t exit_wait_ns;  /* children have this long before they are killed (C5) */
    uint64_t kill_wait_ns;  /* and the admin this long to report them after that */
    uint64_t drain_wait_ns; /* what was sent has this long to be received (D14) */
};

extern const struct lifecycle_limits lifecycle_limits_default;

enum lifecycle_state {
    LIFECYCLE_STARTING,
    LIFECYCLE_RUNNING,
    LIFECYCLE_EXITING,
    LIFECYCLE_WAITING,
    LIFECYCLE_KILLING,
    LIFECYCLE_FAILED,
    LIFECYCLE_DRAINING,
    LIFECYCLE_GONE,
};

enum lifecycle_event_kind {
    LIFECYCLE_BORN,        /* the admin had `actor` created here, for `parent`, or again; `restarts`: C7 */
    LIFECYCLE_STARTED,     /* its constructor is over with `verdict`; `text` says why it failed */
    LIFECYCLE_CHILD,       /* `actor` has minted `child` */
    LIFECYCLE_CHILD_ENDED, /* the admin's word about `child`: how, number, text; may come twice, and for anyone. When it
                             * `escalates`, its parent exits once it was shown, and that is a failure (C7) */
    LIFECYCLE_CHILD_SHOWN, /* the handler of one CHILD_EXITED of `actor` is over */
    LIFECYCLE_EXIT_REQUEST, /* `actor` shall exit; `alone` leaves its children be */
    LIFECYCLE_SHOWN,        /* the handler of its exit request is over, whatever it returned */
    LIFECYCLE_OWN_EXIT,     /* a verdict of `actor` was exit, or its code called exit() */
    LIFECYCLE_CUT, /* `actor` ends now, without being shown anything: `how`, or its parent waited long enough (C5); one
                    * that has `crashed` has failed, unless it was to end anyway (C7) */
    LIFECYCLE_DRAINED,  /* what `actor` sent is received or settled */
    LIFECYCLE_GIVEN_UP, /* a FAILED `actor` is not born again */
    LIFECYCLE_SHUTDOWN, /* the whole process shall end: every actor is asked, none is born any more */
    LIFECYCLE_TICK,     /* nothing but the time */
};

struct lifecycle_event {
    enum lifecycle_event_kind kind;
    struct mesh_address actor, parent, child;
    enum mesh_verdict verdict;
    enum mesh_how how;
    int number;
    struct bytes text; /* borrowed for the call */
    bool alone, restarts, escalates, crashed;
};

/* What the caller has to do, each given out once. */
enum lifecycle_action_kind {
    LIFECYCLE_SHOW_EXIT,      /* show `actor` its exit request when no handler is at work, then say SHOWN */
    LIFECYCLE_CHILD_EXITED,   /* show `actor` that `child` has ended, in its mailbox's order, then say CHILD_SHOWN */
    LIFECYCLE_ASK_CHILD_EXIT, /* send `child` an exit request that goes ahead of its mailbox (C5) */
    LIFECYCLE_KILL_CHILD,     /* ask the admin to kill `child` */
    LIFECYCLE_CLOSE_MAILBOX, /* once no handler is at work: `actor` takes and sends nothing more, the rest is dead (exited) */
    LIFECYCLE_FORGET,        /* `actor` is gone: what it sent and is not settled is abandoned (D1) */
    LIFECYCLE_REPORT_EXITED, /* tell the admin that `actor` is gone; it is not known here any more */
    LIFECYCLE_REPORT_FAILED, /* tell it that `actor` has failed, and end what its code has begun: it may be BORN again */
};

struct lifecycle_action {
    enum lifecycle_action_kind kind;
    struct mesh_address actor, parent, child;
    enum mesh_how how; /* of CHILD_EXITED and REPORT_EXITED, with number and text */
    int number;
    struct bytes text; /* lasts until the next step or poll */
    bool failed;       /* of REPORT_EXITED: not by anybody's will (C7) */
    bool alone;        /* of REPORT_EXITED: its children live on (C5) */
};

/* What becomes of a message at the head of an actor's mailbox. */
enum lifecycle_treatment {
    LIFECYCLE_HOLD,   /* not to be taken now */
    LIFECYCLE_SHOW,   /* to be shown; an exit request is told as EXIT_REQUEST first */
    LIFECYCLE_SETTLE, /* handled without being shown: an exit request to one that exits already */
    LIFECYCLE_REFUSE, /* dead (exited) */
};

/* What is known of one actor, for the status (K1). */
struct lifecycle_view {
    enum lifecycle_state state;
    struct mesh_address parent;
    size_t children;
    uint64_t deadline_ns; /* of its state; TIME_NEVER when it has none */
    bool failed;          /* it ends by a failure (C7) */
};

/* The waits must be above zero; `seed` is that of its tables. MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status lifecycle_new(struct lifecycle **out, const struct lifecycle_limits *limits,
                                             uint64_t seed);
void lifecycle_destroy(struct lifecycle **lifecycle); /* NULL-safe */

/* Tells what happened. When it is not MESH_OK nothing has changed: MESH_EXISTS (BORN, CHILD: the address is known),
 * MESH_FULL (at a limit), MESH_NO_MEMORY, MESH_NOT_FOUND (no such actor; for CHILD_ENDED that is MESH_OK),
 * MESH_SHUTTING_DOWN (BORN after SHUTDOWN, CHILD of an actor that exits). */
MESH_MUST_USE enum mesh_status lifecycle_step(struct lifecycle *lifecycle, uint64_t now_ns,
                                              const struct lifecycle_event *event);

/* The next thing to do; false when there is none. */
bool lifecycle_poll(struct lifecycle *lifecycle, struct lifecycle_action *out);

/* Whether there is one. */
bool lifecycle_is_pending(const struct lifecycle *lifecycle);

/* What is to be done with a message of this kind at the head of the actor's mailbox. HOLD for an unknown actor. */
enum lifecycle_treatment lifecycle_treat(const struct lifecycle *lifecycle, struct mesh_address actor,
                                         enum frame_kind kind);

/* When a TICK is due; TIME_NEVER when nothing waits for time. Later than the last step's time. */
uint64_t lifecycle_deadline(const struct lifecycle *lifecycle);

/* Actors that are not yet reported as gone. */
size_t lifecycle_count(const struct lifecycle *lifecycle);

/* False for an unknown actor. */
bool lifecycle_look(const struct lifecycle *lifecycle, struct mesh_address actor, struct lifecycle_view *out);

/* Copies at most `max` of its living children, in the order of their births, and gives how many there are. */
size_t lifecycle_children(const struct lifecycle *lifecycle, struct mesh_address actor, struct mesh_address *out,
                          size_t max);

#endif
