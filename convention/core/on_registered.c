/* Registered at a member: the leader's answer, with all of the roster when that was asked for (S1A).
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

static void learn(struct convention *convention, const struct frame_member *from) {
    if (members_find(&convention->members, from->incarnation)) {
        return;
    }
    convention_remove_restarted(convention, from);
    struct member *member = convention_enter_member(convention, from);
    if (member) {
        convention_want(convention, CONVENTION_MEMBER_ADDED, member->incarnation)->member = member;
    }
}

/* Removals come first: what belonged to a lost one is cleaned up before its successor is there. */
static void replace_roster(struct convention *convention, const struct frame_registered *frame) {
    for (size_t i = convention->members.count; i-- > 0;) {
        struct member *member = convention->members.items[i];
        if (member != convention->self && !is_listed(frame, member->incarnation)) {
            convention_remove_member(convention, member, "no longer on the roster");
        }
    }
    for (size_t i = 0; i < frame->members_count && i < convention->members.max; i++) {
        learn(convention, &frame->members[i]);
    }
    convention->epoch = frame->epoch;
    convention->number = frame->number;
    convention->asked_ns = TIME_NEVER;
}

/* The first in the order of candidates that answers leads. */
static bool may_lead(const struct convention *convention, const struct candidate *candidate) {
    const struct candidate *present = convention_candidate(convention, convention->leader);
    return !present || candidate <= present;
}

void convention_on_registered(struct convention *convention, uint64_t peer, const struct frame_registered *frame) {
    struct candidate *candidate = convention_candidate(convention, peer);
    if (convention->acting || !candidate || frame->leader.incarnation != peer || !may_lead(convention, candidate)) {
        return;
    }
    bool whole = frame->members_count != 0;
    candidate->unanswered = 0;
    candidate->next_ns = time_add(convention->now_ns, convention->times.period_ns);
    learn(convention, &frame->leader);
    struct member *leader = members_find(&convention->members, peer);
    if (!leader) {
        return;
    }
    leader->linked = true;
    leader->heard_ns = convention->now_ns;
    bool new_leader = convention->leader != peer;
    convention_set_leader(convention, peer);
    if (whole) {
        replace_roster(convention, frame);
    } else if (new_leader || frame->epoch != convention->epoch || frame->number != convention->number) {
        convention_ask_roster(convention);
    }
}
