/* Registered at a member: the leader's answer, with all of the roster when that was asked for (S1A).
 *
 * A new leader may not know all members yet: those that it does not list have three periods to register with it (S3D).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/convention_state.h"
#include "mesh/base/time.h"

static bool is_listed(const struct frame_registered *frame, uint64_t incarnation) {
    for (size_t i = 0; i < frame->members_count; i++) {
        if (frame->members[i].incarnation == incarnation) {
            return true;
        }
    }
    return frame->leader.incarnation == incarnation;
}

static void enter_reign(struct convention *convention, uint64_t epoch) {
    const struct convention_times *times = &convention->times;
    convention->epoch = epoch;
    convention->highest_epoch = epoch > convention->highest_epoch ? epoch : convention->highest_epoch;
    convention->reign++;
    convention_set_alarm(convention, &convention->reckoning,
                         time_add(convention->now_ns, times->period_ns * times->misses));
}

/* Removals come first: what belonged to a lost one is cleaned up before its successor is there. */
static void take_roster(struct convention *convention, const struct frame_registered *frame) {
    if (frame->epoch != convention->epoch) {
        enter_reign(convention, frame->epoch);
    }
    for (size_t i = convention->members.count; i-- > 0;) {
        struct member *member = convention->members.items[i];
        bool listed = member == convention->self || is_listed(frame, member->incarnation);
        if (!listed && member->reign == convention->reign) {
            convention_remove_member(convention, member, "no longer on the roster");
        }
    }
    convention_learn_member(convention, &frame->leader);
    for (size_t i = 0; i < frame->members_count && i < convention->members.max; i++) {
        convention_learn_member(convention, &frame->members[i]);
    }
    convention->number = frame->number;
    convention_take_guests(convention, frame);
    convention->asked_ns = TIME_NEVER;
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
    if (frame->members_count) {
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
