/* Registered at a member: the leader's answer, with all of the roster when that was asked for (S1A).
 *
 * A new leader may not know all members yet: those that it does not list have three periods to register with it (S3D).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/convention_state.h"
#include "mesh/base/time.h"

static void enter_reign(struct convention *convention, uint64_t epoch) {
    const struct convention_times *times = &convention->times;
    convention->epoch = epoch;
    convention->highest_epoch = epoch > convention->highest_epoch ? epoch : convention->highest_epoch;
    convention->reign++;
    convention_set_alarm(convention, &convention->reckoning,
                         time_add(convention->now_ns, times->period_ns * times->misses));
}

/* Whether it is the part that is awaited. */
static bool is_next(struct convention *convention, const struct frame_registered *frame) {
    struct intake *intake = &convention->intake;
    if (frame->part == 0) {
        *intake = (struct intake){.epoch = frame->epoch, .number = frame->number};
        convention->listing++;
    }
    bool next = frame->epoch == intake->epoch && frame->number == intake->number && frame->part == intake->part;
    intake->part += next;
    return next;
}

/* Those who are known already: whoever is new is listed when it is learned. */
static void mark_listed(struct convention *convention, const struct frame_member *listed) {
    struct member *member = members_find(&convention->members, listed->incarnation);
    if (member) {
        member->listing = convention->listing;
    }
}

static void learn_listed(struct convention *convention, const struct frame_member *listed) {
    convention_learn_member(convention, listed);
    convention->intake.lacks = convention->intake.lacks || !members_find(&convention->members, listed->incarnation);
}

/* The last part: it is the roster now, and who is on it follows this leader. */
static void enter_roster(struct convention *convention, const struct frame_registered *frame) {
    if (frame->epoch != convention->epoch) {
        enter_reign(convention, frame->epoch);
    }
    for (size_t i = convention->members.count; i-- > 0;) {
        struct member *member = convention->members.items[i];
        if (member->listing == convention->listing) {
            member->reign = convention->reign;
        } else if (member != convention->self && member->reign == convention->reign) {
            convention_remove_member(convention, member, "no longer on the roster");
        }
    }
    convention->number = frame->number;
    convention->asked_ns = TIME_NEVER;
}

/* Removals come first: what belonged to a lost one is cleaned up before its successor is there; but for what came in the parts
 * before the last. A part that is missing makes all of it be asked for again. */
static void take_roster(struct convention *convention, const struct frame_registered *frame) {
    if (!is_next(convention, frame)) {
        convention_ask_roster(convention);
        return;
    }
    mark_listed(convention, &frame->leader);
    for (size_t i = 0; i < frame->members_count; i++) {
        mark_listed(convention, &frame->members[i]);
    }
    size_t before = convention->members.count;
    bool lacked = convention->intake.lacks;
    if (!frame->more) {
        enter_roster(convention, frame);
    }
    bool room = convention->members.count < before;
    learn_listed(convention, &frame->leader);
    for (size_t i = 0; i < frame->members_count && i < convention->members.max; i++) {
        learn_listed(convention, &frame->members[i]);
    }
    convention_take_guests(convention, frame);
    if (lacked && room) { /* it was taken by who is gone now */
        convention_ask_roster(convention);
    }
}

void convention_on_registered(struct convention *convention, uint64_t peer, const struct frame_registered *frame) {
    struct candidate *candidate = convention_candidate(convention, peer);
    if (convention->acting || !candidate || frame->leader.incarnation != peer ||
        !convention_may_lead(convention, candidate)) {
        return;
    }
    if (candidate->awaited) { /* what comes unasked puts off no registration */
        convention_contact_again(convention, &candidate->contact, convention->times.period_ns);
    }
    candidate->awaited = false;
    candidate->unanswered = 0;
    convention_learn_member(convention, &frame->leader);
    struct member *leader = members_find(&convention->members, peer);
    if (!leader) {
        return;
    }
    leader->linked = true;
    convention_set_leader(convention, peer);
    convention_judge_again(convention, leader);
    convention_begin_heartbeats(convention);
    convention_compare_keys(convention, peer, frame->trust);
    if (frame->members_count || frame->part) {
        take_roster(convention, frame);
    } else if (frame->epoch != convention->epoch || frame->number != convention->number) {
        convention_ask_roster(convention);
    }
}

void convention_on_reckoning(struct convention *convention) {
    for (size_t i = convention->members.count; i-- > 0;) {
        struct member *member = convention->members.items[i];
        if (member != convention->self && member->reign != convention->reign) {
            convention_remove_member(convention, member, "did not come to the new leader");
        }
    }
}
