/* What the files of the convention share: see convention_state.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/convention_state.h"
#include "mesh/base/check.h"
#include "mesh/base/time.h"

/* ---- actions ---- */

/* The room suffices for the largest step, since the caller polls them all before the next. */
struct convention_action *convention_want(struct convention *convention, enum convention_action_kind kind,
                                          uint64_t peer) {
    CHECK(convention->actions_count < convention->actions_room);
    struct convention_action *action = &convention->actions[convention->actions_count++];
    *action = (struct convention_action){.kind = kind, .peer = peer, .text = ""};
    return action;
}

void convention_log(struct convention *convention, const char *format, ...) {
    if (convention->log_count == LOG_LINES) {
        return; /* a frame full of mistakes is worth a few lines */
    }
    char *line = convention->log[convention->log_count++];
    struct text_builder text = text_builder(line, LOG_BYTES);
    va_list arguments;
    va_start(arguments, format);
    text_append_list(&text, format, arguments);
    va_end(arguments);
    convention_want(convention, CONVENTION_LOG, 0)->text = line;
}

void convention_send_deregister(struct convention *convention, uint64_t peer, bool dismissed, const char *reason) {
    convention_want(convention, CONVENTION_SEND_DEREGISTER, peer)->deregister =
        (struct frame_deregister){.reason = bytes_of_text(reason), .dismissed = dismissed};
}

/* ---- the roster ---- */

enum mesh_status convention_enter_member(struct convention *convention, const struct frame_member *from,
                                         struct member **out) {
    struct member *member;
    enum mesh_status status = members_add(&convention->members, convention->now_ns, from, &member);
    if (status == MESH_OK) {
        convention_init_brake(convention, &member->brake);
        member->doubts = convention_limiter(convention);
        convention_note_joined(convention, member);
        convention_judge_again(convention, member);
        *out = member;
    }
    return status;
}

void convention_log_misfit(struct convention *convention, const struct frame_member *from, enum mesh_status status) {
    char name[FRAME_NAME_BYTES + 1];
    struct text_builder text = text_builder(name, sizeof name);
    text_append_escaped(&text, from->name);
    convention_log(convention, "node %s cannot be a member: %s", name, mesh_status_text(status));
}

bool convention_refresh_member(struct convention *convention, struct member *member, const struct frame_member *from) {
    bool moved = !bytes_equal(member->view.endpoint, from->endpoint), changed;
    if (members_refresh(&convention->members, member, from, &changed) != MESH_OK) {
        return false;
    }
    members_report(member, from->actors);
    if (moved || changed) {
        convention_note_joined(convention, member); /* who knows it takes that over */
    }
    if (moved) {
        convention_want(convention, CONVENTION_MEMBER_MOVED, member->incarnation)->member = member;
    }
    if (changed) {
        convention_want(convention, CONVENTION_MEMBER_CHANGED, member->incarnation)->member = member;
    }
    return true;
}

void convention_learn_member(struct convention *convention, const struct frame_member *from) {
    struct member *member = members_find(&convention->members, from->incarnation);
    if (!member) {
        convention_remove_restarted(convention, from);
        enum mesh_status status = convention_enter_member(convention, from, &member);
        if (status) {
            convention_log_misfit(convention, from, status);
            return;
        }
        convention_want(convention, CONVENTION_MEMBER_ADDED, member->incarnation)->member = member;
    } else if (member != convention->self) {
        (void)convention_refresh_member(convention, member, from);
    }
    member->reign = convention->reign;
    member->listing = convention->listing;
}

void convention_remove_member(struct convention *convention, struct member *member, const char *reason) {
    uint64_t incarnation = member->incarnation;
    CHECK(member != convention->self);
    convention_set_alarm(convention, &member->judgement, TIME_NEVER);
    convention_set_alarm(convention, &member->release, TIME_NEVER);
    members_remove(&convention->members, member);
    convention_note_left(convention, incarnation);
    struct convention_action *action = convention_want(convention, CONVENTION_MEMBER_REMOVED, incarnation);
    action->member = member;
    action->text = reason;
    struct candidate *candidate = convention_candidate(convention, incarnation);
    if (candidate) {
        convention_contact_reset(&candidate->contact);
        candidate->unanswered = 0;
        candidate->heard = candidate->leads = false;
        convention_contact_again(convention, &candidate->contact, convention_restart_span(convention));
    }
    convention_guest_left(convention, incarnation);
    if (convention->leader == incarnation) {
        convention_set_leader(convention, 0);
    }
}

void convention_remove_restarted(struct convention *convention, const struct frame_member *from) {
    struct member *old = members_find_name(&convention->members, from->name);
    if (old && old != convention->self && old->incarnation != from->incarnation) {
        convention_remove_member(convention, old, "restarted");
    }
    old = members_find_endpoint(&convention->members, from->endpoint);
    if (old && old != convention->self && old->incarnation != from->incarnation) {
        convention_remove_member(convention, old, "restarted");
    }
}

bool convention_watches(const struct convention *convention, const struct member *member) {
    return convention->acting ? member != convention->self : member->incarnation == convention->leader;
}

struct limiter convention_limiter(const struct convention *convention) {
    return limiter_make(REPEATED_MOST, REPEATED_PERIODS * convention->times.period_ns);
}

void convention_suspect(struct convention *convention, struct member *member, const char *why) {
    if (!member->liveness.suspect) {
        member->liveness.suspect = true;
        convention->counters.suspected++;
        struct convention_action *action = convention_want(convention, CONVENTION_MEMBER_SUSPECT, member->incarnation);
        action->member = member;
        action->untold = limiter_left_out(&member->doubts, convention->now_ns);
        action->text = limiter_take(&member->doubts, convention->now_ns) ? why : "";
    }
}

/* By S1D a member that does not register is lost, too. */
static uint64_t member_deadline(const struct convention *convention, const struct member *member) {
    const struct convention_times *times = &convention->times;
    uint64_t least = liveness_deadline(&member->liveness, times);
    return convention->acting ? time_min(least, times_after(member->registered_ns, times->period_ns * times->misses))
                              : least;
}

void convention_judge_again(struct convention *convention, struct member *member) {
    if (convention_watches(convention, member)) {
        convention_set_alarm(convention, &member->judgement, member_deadline(convention, member));
    }
}

/* ---- time and brakes ---- */

/* Room for all of them was made at the beginning. */
void convention_set_alarm(struct convention *convention, struct alarm *alarm, uint64_t at_ns) {
    enum mesh_status status = deadlines_set(&convention->alarms, &alarm->due, at_ns);
    CHECK(status == MESH_OK);
}

void convention_init_brake(struct convention *convention, struct hysteresis *brake) {
    brake->shared = convention->times.one_delay ? &convention->one_delay : NULL;
}

bool convention_attempt(struct convention *convention, struct hysteresis *brake, struct alarm *release,
                        enum braked kind) {
    bool passes = hysteresis_attempt(brake, &convention->times.hysteresis, convention->now_ns, kind);
    convention_set_alarm(convention, release, hysteresis_deadline(brake));
    return passes;
}

bool convention_release(struct convention *convention, struct hysteresis *brake, struct alarm *release) {
    bool passes = hysteresis_release(brake, &convention->times.hysteresis, convention->now_ns);
    convention_set_alarm(convention, release, hysteresis_deadline(brake));
    return passes;
}

void convention_begin_heartbeats(struct convention *convention) {
    if (convention->times.heartbeat_ns && !convention->heartbeat.due.slot) {
        uint64_t at_ns = time_add(convention->now_ns, convention->times.heartbeat_ns);
        convention_set_alarm(convention, &convention->heartbeat, at_ns);
    }
}

uint64_t convention_restart_span(struct convention *convention) {
    uint64_t span = convention->times.restart_ns;
    uint64_t jitter = span / 100 * convention->times.jitter_percent;
    return prng_between(&convention->prng, span - jitter, span + jitter);
}
