/* Succession: which of those that may lead does (S6A, S6B), whether it gives names (S6D), and what happens when their lists
 * disagree (S6E).
 *
 * Each that may lead hears from each other. It leads as soon as all before it are lost, once it knows of those behind it
 * whether one of them leads: then it takes that one's roster first. It gives way to one before it when that says that it leads.
 * Epochs that it may enter are 1 + its place + any multiple of the length of the list, so that no two leaders have the same.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/convention_state.h"
#include "mesh/base/time.h"

/* ---- spans ---- */

static uint64_t silent_span(const struct convention_times *times) {
    return times->silent_ns ? times->silent_ns : times->period_ns * times->misses;
}

/* So long a candidate's word counts; 0: until it is lost. */
static uint64_t mandate_span(const struct convention_times *times) {
    return times->heartbeat_ns * times->misses;
}

static uint64_t settling_span(const struct convention_times *times) {
    return times->suspect_ns ? times->suspect_ns : times->restart_ns;
}

/* ---- order ---- */

struct candidate *convention_own_candidate(const struct convention *convention) {
    for (size_t i = 0; i < convention->candidates_count; i++) {
        if (convention->candidates[i].self) {
            return &convention->candidates[i];
        }
    }
    return NULL;
}

/* By our list and by its own both of us are the first, or neither is. */
static bool is_in_conflict(const struct candidate *own, const struct candidate *other) {
    return other < own ? other->order == FRAME_ORDER_BEHIND : other->order == FRAME_ORDER_BEFORE;
}

/* What both know decides where their lists do not. */
static bool stands_before(const struct convention *convention, const struct candidate *other) {
    const struct candidate *own = convention_own_candidate(convention);
    return is_in_conflict(own, other) ? other->contact.peer < convention->self->incarnation : other < own;
}

/* ---- who is lost ---- */

static uint64_t loss_ns(const struct convention *convention, const struct candidate *candidate) {
    const struct convention_times *times = &convention->times;
    return time_min(liveness_gone_ns(&candidate->liveness, times),
                    times_after(candidate->liveness.heard_ns, silent_span(times)));
}

void convention_hear_candidate(struct convention *convention, struct candidate *candidate) {
    (void)liveness_hear(&candidate->liveness, convention->now_ns);
    candidate->lost = false;
    if (!candidate->self && convention_own_candidate(convention) && !candidate->judgement.due.slot) {
        convention_set_alarm(convention, &candidate->judgement, loss_ns(convention, candidate));
    }
}

void convention_refuse_candidate(struct convention *convention, struct candidate *candidate) {
    liveness_refuse(&candidate->liveness, convention->now_ns);
    if (!candidate->self && !candidate->lost && convention_own_candidate(convention)) {
        convention_set_alarm(convention, &candidate->judgement, loss_ns(convention, candidate));
    }
}

void convention_excuse_candidates(struct convention *convention) {
    for (size_t i = 0; i < convention->candidates_count; i++) {
        struct candidate *candidate = &convention->candidates[i];
        if (!candidate->lost) {
            liveness_excuse(&candidate->liveness, convention->now_ns);
        }
    }
}

void convention_judge_candidate(struct convention *convention, struct candidate *candidate) {
    if (convention->now_ns < loss_ns(convention, candidate)) {
        convention_set_alarm(convention, &candidate->judgement, loss_ns(convention, candidate));
    } else {
        candidate->lost = true;
        candidate->leads = false;
        candidate->seconded_ns = TIME_NEVER;
    }
}

void convention_begin_succession(struct convention *convention) {
    if (!convention_own_candidate(convention)) {
        return;
    }
    for (size_t i = 0; i < convention->candidates_count; i++) {
        convention_hear_candidate(convention, &convention->candidates[i]);
    }
    uint64_t settled_ns = time_add(convention->started_ns, settling_span(&convention->times));
    if (settled_ns > convention->now_ns) {
        convention_set_alarm(convention, &convention->succession, settled_ns);
    }
}

/* ---- the lead ---- */

void convention_send_heartbeat(struct convention *convention, uint64_t peer) {
    const struct candidate *own = convention_own_candidate(convention);
    const struct candidate *other = convention_candidate(convention, peer);
    enum frame_order order = !own || !other ? FRAME_ORDER_UNKNOWN
                             : own < other  ? FRAME_ORDER_BEFORE
                                            : FRAME_ORDER_BEHIND;
    convention_want(convention, CONVENTION_SEND_HEARTBEAT, peer)->heartbeat =
        (struct frame_heartbeat){.epoch = convention->epoch, .acting = convention->acting, .order = order};
}

/* Members, others that may lead, and who has tried to register meanwhile. */
static void tell_all(struct convention *convention) {
    for (size_t i = 0; i < convention->members.count; i++) {
        const struct member *member = convention->members.items[i];
        if (member != convention->self) {
            convention_send_heartbeat(convention,
                                      member->incarnation); /* there may be a link from before it was a member */
        }
    }
    for (size_t i = 0; i < convention->candidates_count; i++) {
        const struct contact *contact = &convention->candidates[i].contact;
        if (contact->linked && !members_find(&convention->members, contact->peer)) {
            convention_send_heartbeat(convention, contact->peer);
        }
    }
    while (convention->askers_count) {
        uint64_t peer = convention->askers[--convention->askers_count];
        if (!members_find(&convention->members, peer) && !convention_candidate(convention, peer)) {
            convention_send_heartbeat(convention, peer);
        }
    }
}

void convention_note_asker(struct convention *convention, uint64_t peer) {
    bool room = !convention->leader && convention->askers_count < convention->members.max;
    for (size_t i = 0; i < convention->askers_count; i++) {
        room = room && convention->askers[i] != peer;
    }
    if (room) {
        convention->askers[convention->askers_count++] = peer;
    }
}

/* What its time as a leader needs is made anew: members ask for its roster when they hear of the epoch. */
static void enter_epoch(struct convention *convention) {
    const struct candidate *own = convention_own_candidate(convention);
    uint64_t places = own ? convention->candidates_count : 1;
    uint64_t place = own ? (uint64_t)(own - convention->candidates) : 0;
    uint64_t epoch = convention->highest_epoch + 1;
    while ((epoch - 1) % places != place) {
        epoch++;
    }
    convention->epoch = convention->highest_epoch = epoch;
    convention->reigns_ns = convention->now_ns;
    for (size_t i = 0; i < convention->candidates_count; i++) {
        convention->candidates[i].seconded_ns = TIME_NEVER;
    }
    for (size_t i = 0; i < convention->members.count; i++) {
        convention->members.items[i]->told = 0;
    }
}

/* Its registration is awaited as from any other (S1D); until then it is on the roster as the last leader had it. */
static void take_over(struct convention *convention, struct member *member) {
    member->liveness = liveness_make(convention->now_ns);
    member->registered_ns = convention->now_ns;
    member->joined = 0;
    convention_judge_again(convention, member);
    if (!member->linked) {
        convention_want(convention, CONVENTION_CONNECT, member->incarnation)->endpoint = member->view.endpoint;
    }
}

/* Whether it is known if that one leads; if so, its roster has come. */
static bool is_settled(const struct convention *convention, const struct candidate *other) {
    bool roster = convention->leader == other->contact.peer && convention->epoch;
    bool refused = other->liveness.refused_ns != TIME_NEVER;
    bool late = convention->now_ns >= time_add(convention->started_ns, settling_span(&convention->times));
    return other->lost || refused || late || (other->heard && (!other->leads || roster));
}

/* Without any candidates a node leads itself, but for one that was invited once (S2C). */
static bool is_to_lead(const struct convention *convention) {
    if (!convention_own_candidate(convention)) {
        return !convention->candidates_count && !convention->invited;
    }
    for (size_t i = 0; i < convention->candidates_count; i++) {
        const struct candidate *other = &convention->candidates[i];
        bool waits =
            !other->self && ((stands_before(convention, other) && !other->lost) || !is_settled(convention, other));
        if (waits) {
            return false;
        }
    }
    return true;
}

void convention_succeed(struct convention *convention) {
    if (convention->acting || !is_to_lead(convention)) {
        return;
    }
    convention->acting = true;
    convention_set_leader(convention, convention->self->incarnation);
    enter_epoch(convention);
    convention->number = convention->members.count > 1; /* 0 would say that a member was told nothing */
    convention->departures_count = 0;
    for (size_t i = 0; i < convention->members.count; i++) {
        if (convention->members.items[i] != convention->self) {
            take_over(convention, convention->members.items[i]);
        }
    }
    tell_all(convention);
    if (convention->members.count > 1) {
        convention_begin_heartbeats(convention);
    }
    convention_resume_guests(convention);
}

static void give_way(struct convention *convention) {
    convention->acting = false;
    convention_set_leader(convention, 0);
    tell_all(convention);
    convention_call_candidates(convention);
}

/* ---- what they say ---- */

static void log_conflict(struct convention *convention, const struct candidate *other) {
    convention->counters.disagreed++;
    convention_log(
        convention,
        "the node at %s has another order of leaders than this one: `leaders` has to be the same on all nodes; "
        "until then %s stands before the other",
        other->contact.endpoint, stands_before(convention, other) ? "that node" : "this node");
}

/* One that this leader has lost does not follow it before it has registered: until then the names that it holds are free here. */
void convention_on_candidates_word(struct convention *convention, struct candidate *candidate,
                                   const struct frame_heartbeat *frame) {
    const struct candidate *own = convention_own_candidate(convention);
    if (!own || candidate->self) {
        return;
    }
    bool news = candidate->order != frame->order;
    candidate->heard = true;
    candidate->leads = frame->acting;
    candidate->order = frame->order;
    if (news && is_in_conflict(own, candidate)) {
        log_conflict(convention, candidate);
    }
    if (!convention->acting) {
        return;
    }
    if (frame->acting && stands_before(convention, candidate)) {
        give_way(convention);
    } else if (frame->acting && frame->epoch >= convention->epoch) {
        enter_epoch(convention);
        convention_want(convention, CONVENTION_LEADER, convention->leader);
        tell_all(convention);
    } else if (!frame->acting && frame->epoch == convention->epoch &&
               members_find(&convention->members, candidate->contact.peer)) {
        candidate->seconded_ns = convention->now_ns;
    }
}

/* ---- names ---- */

/* A leader counts those that follow it, any other those that live. */
static bool is_heard(const struct convention *convention, const struct candidate *candidate) {
    uint64_t span = mandate_span(&convention->times);
    if (candidate->self || !convention->acting || !span) {
        return candidate->self || (candidate->heard && !candidate->lost);
    }
    return convention->now_ns < times_after(candidate->seconded_ns, span) && candidate->seconded_ns != TIME_NEVER;
}

void convention_count_candidates(const struct convention *convention, size_t *heard, size_t *count) {
    *heard = *count = 0;
    for (size_t i = 0; convention_own_candidate(convention) && i < convention->candidates_count; i++) {
        *heard += is_heard(convention, &convention->candidates[i]);
        *count += 1;
    }
}

static void await_mandate(struct convention *convention, uint64_t at_ns) {
    uint64_t present_ns = convention->succession.due.slot ? convention->succession.due.at_ns : TIME_NEVER;
    if (at_ns > convention->now_ns && at_ns < present_ns) {
        convention_set_alarm(convention, &convention->succession, at_ns);
    }
}

/* Who was led by another until now may have been given names by it as long as that has not heard of its end; and members tell
 * their names when they are asked. So a leader waits. Nobody but itself can have led one that names no leaders. */
static enum convention_mandate judge_mandate(const struct convention *convention) {
    size_t heard, count;
    convention_count_candidates(convention, &heard, &count);
    if (count && convention->now_ns < time_add(convention->reigns_ns, mandate_span(&convention->times))) {
        return MANDATE_SOON;
    }
    return 2 * heard >= count + (count > 0) ? MANDATE_GIVEN : MANDATE_NONE;
}

static void await_changes(struct convention *convention) {
    uint64_t span = mandate_span(&convention->times);
    await_mandate(convention, time_add(convention->reigns_ns, span));
    for (size_t i = 0; i < convention->candidates_count; i++) {
        await_mandate(convention, times_after(convention->candidates[i].seconded_ns, span));
    }
}

void convention_review_mandate(struct convention *convention) {
    uint64_t epoch = convention->acting ? convention->epoch : 0;
    enum convention_mandate mandate = convention->acting ? judge_mandate(convention) : MANDATE_NONE;
    if (convention->acting && convention_own_candidate(convention)) {
        await_changes(convention);
    }
    if (mandate != convention->mandate || epoch != convention->mandate_epoch) {
        convention->mandate = mandate;
        convention->mandate_epoch = epoch;
        struct convention_action *action = convention_want(convention, CONVENTION_MANDATE, 0);
        action->mandate = mandate;
        action->epoch = epoch;
        action->text = mandate  ? ""
                       : !epoch ? "another node leads"
                                : "the leader does not hear from most of the nodes that may lead";
    }
}

enum convention_mandate convention_mandate(const struct convention *convention) {
    return convention->mandate;
}
