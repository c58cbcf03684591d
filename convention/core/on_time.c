/* What time alone brings: losses, heartbeats, registrations. Rules S1A to S1D, S3B, S3D.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/convention_state.h"
#include "mesh/base/check.h"
#include "mesh/base/time.h"

/* Why a member counts as lost now; NULL when it does not. */
static const char *loss(const struct convention *convention, const struct member *member) {
    const struct convention_times *times = &convention->times;
    const char *reason = liveness_loss(&member->liveness, times, convention->now_ns);
    bool late = convention->now_ns >= times_after(member->registered_ns, times->period_ns * times->misses);
    return reason || !convention->acting || !late ? reason : "did not register";
}

static void judge_member(struct convention *convention, struct member *member) {
    if (!convention_watches(convention, member)) {
        return;
    }
    const char *reason = loss(convention, member);
    if (reason) {
        convention_remove_member(convention, member, reason);
        return;
    }
    if (liveness_doubts(&member->liveness, &convention->times, convention->now_ns)) {
        convention_suspect(convention, member, "it is silent");
    }
    convention_judge_again(convention, member);
}

static void send_heartbeats(struct convention *convention) {
    bool any = false;
    for (size_t i = 0; i < convention->members.count; i++) {
        const struct member *member = convention->members.items[i];
        if (member->linked && convention_watches(convention, member)) {
            convention_send_heartbeat(convention, member->incarnation);
            any = true;
        }
    }
    for (size_t i = 0; convention_own_candidate(convention) && i < convention->candidates_count; i++) {
        const struct contact *contact = &convention->candidates[i].contact;
        const struct member *member = members_find(&convention->members, contact->peer);
        if (contact->linked && !(member && convention_watches(convention, member))) {
            convention_send_heartbeat(convention, contact->peer);
            any = true;
        }
    }
    if (any) {
        convention_begin_heartbeats(convention);
    }
}

static void ring(struct convention *convention, struct alarm *alarm) {
    switch (alarm->kind) {
    case ALARM_HEARTBEAT:
        send_heartbeats(convention);
        return;
    case ALARM_SUCCESSION:
        return; /* what it may change is looked at in every step */
    case ALARM_RIVAL:
        convention_judge_candidate(convention, DEADLINE_OWNER(alarm, struct candidate, judgement));
        return;
    case ALARM_MEMBER:
        judge_member(convention, DEADLINE_OWNER(alarm, struct member, judgement));
        return;
    case ALARM_CANDIDATE:
        convention_call_candidate(convention, DEADLINE_OWNER(alarm, struct candidate, contact.call));
        return;
    case ALARM_RECKONING:
        convention_on_reckoning(convention);
        return;
    case ALARM_ROSTER:
        convention_release_roster(convention, DEADLINE_OWNER(alarm, struct member, release));
        return;
    case ALARM_REGISTER:
        convention_release_register(convention, DEADLINE_OWNER(alarm, struct candidate, contact.release));
        return;
    case ALARM_GUEST:
        convention_invite(convention, DEADLINE_OWNER(alarm, struct guest, contact.call));
        return;
    case ALARM_INVITE:
        convention_release_invite(convention, DEADLINE_OWNER(alarm, struct guest, contact.release));
        return;
    }
    CHECK_UNREACHABLE();
}

/* This node was halted, or its host was: what came meanwhile is still to be read, so nobody is judged by that time (S6E). */
void convention_on_delay(struct convention *convention, uint64_t delay_ns) {
    const struct convention_times *times = &convention->times;
    if (delay_ns < (times->suspect_ns ? times->suspect_ns : times->restart_ns)) {
        return;
    }
    convention->counters.stood_still++;
    convention_log(convention, "this node stood still for %.1f s: it judges nobody by that time",
                   (double)delay_ns / 1e9);
    for (size_t i = 0; i < convention->members.count; i++) {
        struct member *member = convention->members.items[i];
        liveness_excuse(&member->liveness, convention->now_ns);
        member->registered_ns = convention->now_ns;
    }
    convention_excuse_candidates(convention);
}

void convention_on_time(struct convention *convention) {
    struct deadline *due;
    while ((due = deadlines_pop_due(&convention->alarms, convention->now_ns))) {
        ring(convention, DEADLINE_OWNER(due, struct alarm, due));
        CHECK(!due->slot || due->at_ns > convention->now_ns); /* or it would ring for ever */
    }
}

uint64_t convention_deadline(const struct convention *convention) {
    return convention->state == CONVENTION_ACTIVE ? deadlines_least(&convention->alarms) : TIME_NEVER;
}
