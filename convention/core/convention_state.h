/* What the files of the convention share: its state, and the few ways to change it. Nobody else includes this.
 *
 * A step collects actions in the order in which they came up; they refer to members, removed ones included, and to the
 * arrays here, all of which last until the next step. All changes of the leader's roster in one step have one number
 * and go out as one Roster to each member at the step's end.
 *
 * A member's alarm rings no later than its judgement may change: what only puts that off leaves the alarm alone.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_CORE_CONVENTION_STATE_H
#define CONVENTION_CORE_CONVENTION_STATE_H

#include "convention/core/convention.h"
#include "mesh/base/prng.h"

enum { LOG_LINES = 4, LOG_BYTES = 512 };

/* Somebody who may lead. */
struct candidate {
    char *endpoint;
    uint64_t peer;       /* who answered there last; 0 for nobody yet */
    unsigned unanswered; /* registrations since the last answer */
    bool self, linked;
    struct alarm alarm;
};

enum convention_state {
    CONVENTION_IDLE,
    CONVENTION_ACTIVE,
    CONVENTION_STOPPED,
};

struct convention {
    enum convention_state state;
    struct convention_times times;
    struct prng prng;
    struct members members;
    struct member *self;
    struct candidate *candidates;
    size_t candidates_count;
    uint64_t now_ns;        /* of the present step */
    uint64_t leader;        /* its incarnation, 0 for none */
    uint64_t epoch, number; /* of the roster that we hold; an epoch of 0: it is not the present leader's */
    uint64_t reign;         /* counts the leaders, and their epochs, whose roster we took */
    uint64_t asked_ns;      /* when we asked for all of it; TIME_NEVER when no answer is due */
    struct deadlines alarms;
    struct alarm heartbeat; /* set while somebody is to get one */
    struct alarm reckoning; /* set while the roster has members that the present leader has not listed yet */
    bool acting;

    struct convention_action *actions;
    size_t actions_count, actions_room, actions_given;
    struct frame_member *roster; /* the views of all members */
    uint64_t *left;              /* removed in this step */
    size_t left_count;
    struct member *joined; /* added by a registration in this step */
    bool changed;          /* the roster's number counts this step already */
    char log[LOG_LINES][LOG_BYTES];
    size_t log_count;
};

/* ---- actions ---- */

struct convention_action *convention_want(struct convention *convention, enum convention_action_kind kind,
                                          uint64_t peer);
void convention_log(struct convention *convention, const char *format, ...) __attribute__((format(printf, 2, 3)));
void convention_send_register(struct convention *convention, uint64_t peer, bool first_time);
void convention_send_deregister(struct convention *convention, uint64_t peer, const char *reason);

/* ---- the roster ---- */

/* Adds a member with its notice; a bad one is logged, and NULL. */
struct member *convention_enter_member(struct convention *convention, const struct frame_member *from);

/* A member that the leader lists: adds it with its notices, if it is not known. */
void convention_learn_member(struct convention *convention, const struct frame_member *from);

/* Removes a member with its notice. When it led, nobody does from now on, and its candidate is called again (S1B).
 * `reason` is a literal. */
void convention_remove_member(struct convention *convention, struct member *member, const char *reason);

/* Removes whoever has the name or the endpoint of a new incarnation: it restarted. Never the own node. */
void convention_remove_restarted(struct convention *convention, const struct frame_member *from);

/* Takes part in the judgement of losses: all but itself at the leader, at a member the leader only. */
bool convention_watches(const struct convention *convention, const struct member *member);

/* It is suspect from now on, and that is told once. */
void convention_suspect(struct convention *convention, struct member *member);

/* Its judgement may have changed to the worse: its alarm is set anew, if it is watched. */
void convention_judge_again(struct convention *convention, struct member *member);

/* The leader's number for the changes of this step. */
void convention_count_change(struct convention *convention);

/* ---- time ---- */

void convention_set_alarm(struct convention *convention, struct alarm *alarm, uint64_t at_ns);

/* Somebody is to get heartbeats from now on. */
void convention_begin_heartbeats(struct convention *convention);

/* The restart period with its jitter (S1B). */
uint64_t convention_restart_span(struct convention *convention);

/* ---- leaders ---- */

struct candidate *convention_candidate(const struct convention *convention, uint64_t peer);
void convention_set_leader(struct convention *convention, uint64_t peer);

/* Asks the leader for the whole roster, unless that was asked within the restart period. */
void convention_ask_roster(struct convention *convention);

/* ---- one file each ---- */

void convention_on_link_up(struct convention *convention, const struct convention_event *event);
void convention_on_link_down(struct convention *convention, const struct convention_event *event);
void convention_on_refused(struct convention *convention, const struct convention_event *event);
void convention_on_heartbeat(struct convention *convention, uint64_t peer, const struct frame_heartbeat *frame);
void convention_on_register(struct convention *convention, uint64_t peer, const struct frame_register *frame);
void convention_on_registered(struct convention *convention, uint64_t peer, const struct frame_registered *frame);
void convention_on_reckoning(struct convention *convention);
void convention_on_roster(struct convention *convention, uint64_t peer, const struct frame_roster *frame);
void convention_on_deregister(struct convention *convention, uint64_t peer, const struct frame_deregister *frame);
void convention_on_time(struct convention *convention);

#endif
