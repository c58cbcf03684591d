/* What time alone brings: losses first, then heartbeats, then registrations. Rules S1A to S1D, "Losing a node".
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/convention_state.h"
#include "mesh/base/time.h"

static uint64_t after(uint64_t since_ns, uint64_t span_ns) {
    return span_ns && since_ns != TIME_NEVER ? time_add(since_ns, span_ns) : TIME_NEVER;
}

static uint64_t register_span(const struct convention *convention) {
    return convention->times.period_ns * convention->times.misses;
}

/* Why a member counts as lost now; NULL when it does not. */
static const char *loss(const struct convention *convention, const struct member *member) {
    uint64_t now_ns = convention->now_ns;
    if (now_ns >= after(member->refused_ns, convention->times.refused_ns)) {
        return "its admin is gone";
    }
    if (now_ns >= after(member->heard_ns, convention->times.silent_ns)) {
        return "silent";
    }
    if (convention->acting && now_ns >= after(member->registered_ns, register_span(convention))) {
        return "did not register";
    }
    return NULL;
}

static void judge_members(struct convention *convention) {
    for (size_t i = convention->members.count; i-- > 0;) {
        struct member *member = convention->members.items[i];
        if (!convention_watches(convention, member)) {
            continue;
        }
        const char *reason = loss(convention, member);
        if (reason) {
            convention_remove_member(convention, member, reason);
        } else if (!member->suspect && convention->now_ns >= after(member->heard_ns, convention->times.suspect_ns)) {
            member->suspect = true;
            convention_want(convention, CONVENTION_MEMBER_SUSPECT, member->incarnation)->member = member;
        }
    }
}

static void send_heartbeats(struct convention *convention) {
    if (!convention->times.heartbeat_ns || convention->now_ns < convention->heartbeat_ns) {
        return;
    }
    for (size_t i = 0; i < convention->members.count; i++) {
        const struct member *member = convention->members.items[i];
        if (member->linked && convention_watches(convention, member)) {
            struct convention_action *action =
                convention_want(convention, CONVENTION_SEND_HEARTBEAT, member->incarnation);
            action->heartbeat = (struct frame_heartbeat){.epoch = convention->epoch, .acting = convention->acting};
        }
    }
    convention->heartbeat_ns = time_add(convention->now_ns, convention->times.heartbeat_ns);
}

static void call_candidate(struct convention *convention, struct candidate *candidate) {
    bool leads = candidate->peer && candidate->peer == convention->leader;
    if (leads && candidate->unanswered >= convention->times.misses) {
        convention_remove_member(convention, members_find(&convention->members, candidate->peer), "did not answer");
        return;
    }
    if (candidate->linked) {
        convention_send_register(convention, candidate->peer, !leads);
    } else {
        struct convention_action *call = convention_want(convention, CONVENTION_CONNECT, leads ? candidate->peer : 0);
        call->endpoint = bytes_of_text(candidate->endpoint);
    }
    candidate->unanswered++;
    uint64_t span = convention->leader ? convention->times.period_ns : convention_restart_span(convention);
    candidate->next_ns = time_add(convention->now_ns, span);
}

static void call_candidates(struct convention *convention) {
    for (size_t i = 0; i < convention->candidates_count && !convention->acting; i++) {
        struct candidate *candidate = &convention->candidates[i];
        if (!candidate->self && convention->now_ns >= candidate->next_ns) {
            call_candidate(convention, candidate);
        }
    }
}

void convention_on_time(struct convention *convention) {
    judge_members(convention);
    send_heartbeats(convention);
    call_candidates(convention);
}

static uint64_t member_deadline(const struct convention *convention, const struct member *member) {
    const struct convention_times *times = &convention->times;
    uint64_t least = time_min(after(member->refused_ns, times->refused_ns), after(member->heard_ns, times->silent_ns));
    if (convention->acting) {
        least = time_min(least, after(member->registered_ns, register_span(convention)));
    }
    if (!member->suspect) {
        least = time_min(least, after(member->heard_ns, times->suspect_ns));
    }
    if (member->linked && times->heartbeat_ns) {
        least = time_min(least, convention->heartbeat_ns);
    }
    return least;
}

uint64_t convention_deadline(const struct convention *convention) {
    uint64_t least = TIME_NEVER;
    if (convention->state != CONVENTION_ACTIVE) {
        return least;
    }
    for (size_t i = 0; i < convention->members.count; i++) {
        if (convention_watches(convention, convention->members.items[i])) {
            least = time_min(least, member_deadline(convention, convention->members.items[i]));
        }
    }
    for (size_t i = 0; i < convention->candidates_count && !convention->acting; i++) {
        if (!convention->candidates[i].self) {
            least = time_min(least, convention->candidates[i].next_ns);
        }
    }
    return least;
}
