/* What the files of the convention share: its state, and the few ways to change it. Nobody else includes this.
 *
 * A step collects actions in the order in which they came up; they refer to members, removed ones included, which last until
 * the next step. What of the roster a message tells is put together when it is polled. All changes of the leader's roster in
 * one step have one number; each member is told at the step's end what has changed since it was told last, or later, when
 * its brake lets it go.
 *
 * A member's alarm rings no later than its judgement may change: what only puts that off leaves the alarm alone.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_CORE_CONVENTION_STATE_H
#define CONVENTION_CORE_CONVENTION_STATE_H

#include "convention/core/convention.h"
#include "mesh/base/limiter.h"
#include "mesh/base/list.h"
#include "mesh/base/prng.h"

enum { LOG_LINES = 4, LOG_BYTES = 512, REPEATED_MOST = 4, REPEATED_PERIODS = 60 };

/* A text that an action may refer to after its owner is gone. */
struct label {
    struct label *next_retired;
    char text[];
};

/* Somebody whom this node calls by itself, at an endpoint that it was told. */
struct contact {
    struct label *label;
    const char *endpoint; /* its text */
    uint64_t peer;        /* who answered there last; 0 for nobody yet */
    bool linked;
    struct alarm call; /* when it is called, or spoken to, again */
    struct hysteresis brake;
    struct alarm release; /* when what waits for it may go out */
};

/* Somebody who may lead; what begins with `liveness` is judged by nodes that may lead themselves only (S6A). */
struct candidate {
    struct contact contact;
    unsigned unanswered; /* registrations since the last answer */
    bool awaited;        /* an answer is: one registration at least has gone out since the last */
    bool self;
    bool first_time; /* the registration that was wanted last is one */
    struct liveness liveness;
    struct alarm judgement;
    bool lost;              /* until something comes from it */
    bool heard, leads;      /* whether it said if it leads, and what it said last */
    enum frame_order order; /* its word about the two of us */
    uint64_t seconded_ns;   /* when it said last that it follows this epoch of ours; TIME_NEVER: it did not */
};

/* A node that this one was told about, to invite it when it leads (S2A). */
struct guest {
    struct contact contact;
    struct requirement_set expected;
    bool configured; /* here: it stays, whoever leads */
    bool listed;     /* by the present leader */
};

/* Somebody who is not on the leader's roster any more. */
struct departure {
    uint64_t number, incarnation;
};

/* How far a whole roster that is polled in parts has been told; all 0 before the first. */
struct telling {
    size_t members, guests;
    uint32_t part;
};

/* A whole roster that comes in parts. */
struct intake {
    uint64_t epoch, number;
    uint32_t part; /* that is awaited next */
    bool lacks;    /* somebody found no room */
};

/* What is braked, as kinds of hysteresis.h. */
enum braked {
    BRAKED_REGISTER = 1,
    BRAKED_ROSTER = 2,
    BRAKED_INVITE = 4,
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
    bool invited;   /* the candidates are those of an invitation; without any, it waits for the next one (S2C) */
    bool abandoned; /* an invited node that is to have no candidates any more */
    struct guest **guests;
    size_t guests_count, guests_max;
    struct bytes *leaders;  /* what an invitation names */
    uint64_t now_ns;        /* of the present step */
    uint64_t leader;        /* its incarnation, 0 for none */
    uint64_t epoch, number; /* of the roster that we hold; an epoch of 0: it is not the present leader's */
    uint64_t highest_epoch; /* that was heard of */
    uint64_t reign;         /* counts the leaders, and their epochs, whose roster we took */
    uint64_t asked_ns;      /* when we asked for all of it; TIME_NEVER when no answer is due */
    struct deadlines alarms;
    struct alarm heartbeat; /* set while somebody is to get one */
    struct alarm succession;
    uint64_t started_ns; /* when it was activated */
    uint64_t reigns_ns;  /* when it entered its present epoch as the leader */
    enum convention_mandate mandate;
    uint64_t mandate_epoch; /* that was told with it; 0 when this node does not lead */
    uint64_t *askers;       /* who wanted to register while nobody led */
    size_t askers_count;
    struct alarm reckoning; /* set while the roster has members that the present leader has not listed yet */
    bool acting;

    struct convention_action *actions;
    size_t actions_count, actions_room, actions_given;
    struct telling telling;
    struct intake intake;
    uint64_t listing;             /* counts the whole rosters that have come */
    struct list changes;          /* members, by the numbers with which they came or changed */
    bool changed;                 /* the roster's number counts this step already */
    struct departure *departures; /* the latest, in a ring of departures_room */
    size_t departures_room, departures_count;
    struct frame_member *told_members; /* of the message that was polled last */
    uint64_t *told_left;
    struct frame_guest *told_guests;
    struct hysteresis_delay one_delay; /* if all targets share it */
    struct limiter refusals, ignored;  /* what is told of each: to who is refused, and to the log */
    struct limiter invitations;        /* that are ignored, of which the log is told */
    struct convention_counters counters;
    struct trust *trust;        /* NULL: nobody needs a key */
    struct frame_trusted *news; /* of the list, in this step */
    size_t news_count, news_room;
    struct convention_watcher *watchers;
    size_t watchers_count;
    size_t noticed;        /* how many have been told of the change that was polled last; SIZE_MAX when it was none */
    struct label *retired; /* of contacts that ended in this step */
    char log[LOG_LINES][LOG_BYTES];
    size_t log_count;
};

/* ---- actions ---- */

struct convention_action *convention_want(struct convention *convention, enum convention_action_kind kind,
                                          uint64_t peer);
void convention_log(struct convention *convention, const char *format, ...) __attribute__((format(printf, 2, 3)));
void convention_send_deregister(struct convention *convention, uint64_t peer, bool dismissed, const char *reason);

/* ---- the roster ---- */

/* Adds a member. MESH_FULL, MESH_NO_MEMORY, and what members_add says of a bad one. */
MESH_MUST_USE enum mesh_status convention_enter_member(struct convention *convention, const struct frame_member *from,
                                                       struct member **out);
void convention_log_misfit(struct convention *convention, const struct frame_member *from, enum mesh_status status);

/* What may change in a member's life is taken over. False without memory, or when it makes no sense. */
bool convention_refresh_member(struct convention *convention, struct member *member, const struct frame_member *from);

/* A member that the leader lists: adds it with its notices, if it is not known; or it may have moved. */
void convention_learn_member(struct convention *convention, const struct frame_member *from);

/* Removes a member with its notice. When it led, nobody does from now on, and its candidate is called again (S1B).
 * `reason` is a literal. */
void convention_remove_member(struct convention *convention, struct member *member, const char *reason);

/* Removes whoever has the name or the endpoint of a new incarnation: it restarted. Never the own node. */
void convention_remove_restarted(struct convention *convention, const struct frame_member *from);

/* Takes part in the judgement of losses: all but itself at the leader, at a member the leader only. */
bool convention_watches(const struct convention *convention, const struct member *member);

/* It is suspect from now on, and that is told once. */
void convention_suspect(struct convention *convention, struct member *member, const char *why);

/* For what may come again and again: the log tells of it four times in sixty periods, and then how often it was left out (S4B). */
struct limiter convention_limiter(const struct convention *convention);

/* Its judgement may have changed to the worse: its alarm is set anew, if it is watched. */
void convention_judge_again(struct convention *convention, struct member *member);

/* ---- the leader's word of its roster: roster.c ---- */

MESH_MUST_USE bool convention_roster_init(struct convention *convention);
void convention_roster_fini(struct convention *convention);

/* Changes of this step, at the leader; elsewhere nothing comes of them. */
void convention_note_joined(struct convention *convention, struct member *member);
void convention_note_left(struct convention *convention, uint64_t incarnation);
void convention_note_guests(struct convention *convention);

/* Answers a registration, with all of the roster if it is to be. */
void convention_send_registered(struct convention *convention, struct member *member, bool whole);

/* Tells the members what has changed in this step. */
void convention_tell_changes(struct convention *convention);
void convention_release_roster(struct convention *convention, struct member *member);

/* Puts the roster into a message that is polled, or the next part of it; whether another part of it follows. */
bool convention_fill_roster(struct convention *convention, struct convention_action *action);

/* ---- time and brakes ---- */

void convention_set_alarm(struct convention *convention, struct alarm *alarm, uint64_t at_ns);

/* The restart period with its jitter (S1B). */
uint64_t convention_restart_span(struct convention *convention);

/* Somebody is to get heartbeats from now on. */
void convention_begin_heartbeats(struct convention *convention);

/* The delay of a new target's brake. */
void convention_init_brake(struct convention *convention, struct hysteresis *brake);

/* Whether a message of that kind may go out now; else `release` rings when it may. */
bool convention_attempt(struct convention *convention, struct hysteresis *brake, struct alarm *release,
                        enum braked kind);

/* After that: whether it may go out now; else `release` rings again. */
bool convention_release(struct convention *convention, struct hysteresis *brake, struct alarm *release);

/* ---- contacts: contacts.c ---- */

/* False without memory. */
MESH_MUST_USE bool convention_contact_init(struct convention *convention, struct contact *contact,
                                           struct bytes endpoint, enum alarm_kind call, enum alarm_kind release);
void convention_contact_fini(struct contact *contact);
/* It ends, and is called no more. */
void convention_contact_retire(struct convention *convention, struct contact *contact);
void convention_free_retired(struct convention *convention);
/* Who answered there is gone; nothing waits for it. */
void convention_contact_reset(struct contact *contact);
bool convention_contact_is_at(const struct contact *contact, struct bytes endpoint);
void convention_contact_call(struct convention *convention, struct contact *contact);
void convention_contact_again(struct convention *convention, struct contact *contact, uint64_t span_ns);

/* ---- leaders: candidates.c ---- */

MESH_MUST_USE bool convention_candidates_init(struct convention *convention, const char *const *endpoints);
void convention_candidates_fini(struct convention *convention);
/* Its contact is there already. */
void convention_candidate_init(const struct convention *convention, struct candidate *candidate);

/* NULL when there is none. */
struct candidate *convention_candidate(const struct convention *convention, uint64_t peer);
struct candidate *convention_candidate_at(const struct convention *convention, struct bytes endpoint);

bool convention_may_lead(const struct convention *convention, const struct candidate *candidate);
void convention_set_leader(struct convention *convention, uint64_t peer);

/* Registers with it, or calls it, and again after a while. */
void convention_call_candidate(struct convention *convention, struct candidate *candidate);
void convention_register(struct convention *convention, struct candidate *candidate, bool first_time);
void convention_release_register(struct convention *convention, struct candidate *candidate);

/* Registers with all of them, or calls them. */
void convention_call_candidates(struct convention *convention);

/* Asks the leader for the whole roster, unless that was asked within the restart period. */
void convention_ask_roster(struct convention *convention);

/* ---- who of them leads: succession.c ---- */

/* The one that is this very node; NULL when it may not lead by its list. */
struct candidate *convention_own_candidate(const struct convention *convention);
void convention_begin_succession(struct convention *convention);
/* Something came from it, or nobody listens there. */
void convention_hear_candidate(struct convention *convention, struct candidate *candidate);
void convention_refuse_candidate(struct convention *convention, struct candidate *candidate);
/* What it was silent for does not count. */
void convention_excuse_candidates(struct convention *convention);
void convention_judge_candidate(struct convention *convention, struct candidate *candidate);
void convention_on_candidates_word(struct convention *convention, struct candidate *candidate,
                                   const struct frame_heartbeat *frame);
/* Leads from now on, if it is its turn. */
void convention_succeed(struct convention *convention);
/* It wants to register, and nobody leads: it is told when this node does. */
void convention_note_asker(struct convention *convention, uint64_t peer);
/* Whether it gives names, and when that may change. */
void convention_review_mandate(struct convention *convention);
void convention_send_heartbeat(struct convention *convention, uint64_t peer);

/* ---- guests: guests.c ---- */

MESH_MUST_USE bool convention_guests_init(struct convention *convention, const char *const *endpoints);
void convention_guests_fini(struct convention *convention);
enum mesh_status convention_on_preregister(struct convention *convention, const struct convention_event *event);
enum mesh_status convention_on_dismiss(struct convention *convention, const struct convention_event *event);

/* NULL when there is none. */
struct guest *convention_guest(const struct convention *convention, uint64_t peer, struct bytes endpoint);
/* A call to a guest has ended at this very node. */
void convention_drop_own_guest(struct convention *convention, struct bytes endpoint);
/* Invites it, or calls it, and again after a while; not while it is a member. */
void convention_invite(struct convention *convention, struct guest *guest);
void convention_release_invite(struct convention *convention, struct guest *guest);
/* A guest has registered: it is invited no more. */
void convention_guest_came(struct convention *convention, const struct member *member);
/* One has left, or is lost: it is invited again after a while (S2D). */
void convention_guest_left(struct convention *convention, uint64_t peer);
/* This node leads now: who is here is not invited. */
void convention_resume_guests(struct convention *convention);
/* The leader's, at a node that may lead after it (S6C). */
void convention_take_guests(struct convention *convention, const struct frame_registered *frame);
/* As many of them as there is room for, from `*told` on, which counts them. */
void convention_fill_guests(struct convention *convention, struct frame_registered *registered, size_t room,
                            size_t *told);
void convention_fill_invite(struct convention *convention, struct convention_action *action);

/* ---- the list of keys: keys.c ---- */

void convention_keys_fini(struct convention *convention);
uint64_t convention_keys_digest(const struct convention *convention);
/* Sends all of it to a peer whose own list has another digest. */
void convention_compare_keys(struct convention *convention, uint64_t peer, uint64_t digest);
/* Merges them. What is new is told to the shell and, by a leader, to all members but `from`. As trust_merge of all. */
enum mesh_status convention_take_keys(struct convention *convention, uint64_t from, const struct frame_trusted *keys,
                                      size_t count);
enum mesh_status convention_on_key(struct convention *convention, const struct frame_trusted *word);
void convention_on_distrust(struct convention *convention, uint64_t peer);

/* ---- watchers: watchers.c ---- */

enum mesh_status convention_on_watch(struct convention *convention, const struct convention_watcher *watcher);
void convention_on_unwatch(struct convention *convention, const struct convention_watcher *watcher);
/* After each action that is given out, and before the next. */
void convention_begin_notices(struct convention *convention, const struct convention_action *given);
bool convention_next_notice(struct convention *convention, struct convention_action *out);

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
void convention_on_invite(struct convention *convention, uint64_t peer, const struct frame_invite *frame);
void convention_on_trust(struct convention *convention, uint64_t peer, const struct frame_trust *frame);
/* This step should have been made so long ago. */
void convention_on_delay(struct convention *convention, uint64_t delay_ns);
void convention_on_time(struct convention *convention);

/* An invited node that lost its leader has no candidates from now on (S2C). */
void convention_go_idle(struct convention *convention);

#endif
