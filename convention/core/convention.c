/* Convention: see convention.h. This file is the table of contents: a step, the event's own file, what time brings, and
 * the leader's word to the others about what has changed.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/convention.h"
#include "convention/core/convention_state.h"
#include "mesh/base/check.h"
#include "mesh/base/time.h"
#include <stdlib.h>

const struct convention_times convention_times_default = {
    .period_ns = 10 * NS_PER_S,
    .restart_ns = 5 * NS_PER_S,
    .heartbeat_ns = 1 * NS_PER_S,
    .suspect_ns = 4 * NS_PER_S,
    .refused_ns = 2 * NS_PER_S,
    .silent_ns = 15 * NS_PER_S,
    .misses = 3,
    .jitter_percent = 10,
    .answers_max = 4,
    .hysteresis = {.first_ns = 250 * NS_PER_MS, .ceiling_ns = 45 * NS_PER_S, .growth_percent = 20},
};

const struct convention_times convention_times_reference = {
    .period_ns = (7 * 60 + 22) * NS_PER_S,
    .restart_ns = (3 * 60 + 22) * NS_PER_S,
    .misses = 3,
    .jitter_percent = 10,
    .answers_max = 4,
    .notice_reregistration = true,
    .hysteresis = {.first_ns = 250 * NS_PER_MS, .ceiling_ns = 45 * NS_PER_S, .growth_percent = 20},
    .one_delay = true,
};

/* ---- making ---- */

/* The most that one step may want. A roster of `members_max` entries that all stand for restarts removes everybody who
 * was there and two for each entry; beside that each member is added, suspected, told of changes, and gets a heartbeat, and
 * each guest is called; and each is called
 * or gets a heartbeat by who takes over then. */
static bool actions_init(struct convention *convention, size_t members_max) {
    size_t candidates = size_max(convention->candidates_count, FRAME_LEADERS);
    convention->actions_room = 13 * members_max + 8 * candidates + 16 + FRAME_KEYS / FRAME_TRUSTED;
    convention->leaders = calloc(candidates, sizeof *convention->leaders);
    convention->askers = calloc(members_max, sizeof *convention->askers);
    convention->actions = calloc(convention->actions_room, sizeof *convention->actions);
    return convention->actions && convention->leaders && convention->askers;
}

/* Each member and guest has two, each candidate three, and there are three more. */
static enum mesh_status alarms_init(struct convention *convention, size_t members_max) {
    size_t count = 4 * members_max + 3 * size_max(convention->candidates_count, FRAME_LEADERS) + 3;
    deadlines_init(&convention->alarms, count);
    convention->heartbeat.kind = ALARM_HEARTBEAT;
    convention->succession.kind = ALARM_SUCCESSION;
    convention->reckoning.kind = ALARM_RECKONING;
    return deadlines_reserve(&convention->alarms, count);
}

static enum mesh_status self_init(struct convention *convention, const struct convention_options *options) {
    struct frame_member self = {
        .incarnation = options->incarnation,
        .name = bytes_of_text(options->name),
        .endpoint = bytes_of_text(options->endpoint),
        .capabilities_count = options->capabilities->count,
        .capabilities = options->capabilities->items,
    };
    return members_add(&convention->members, 0, &self, &convention->self);
}

enum mesh_status convention_new(struct convention **out, const struct convention_options *options) {
    CHECK(options->times.period_ns && options->times.restart_ns && options->times.jitter_percent < 100);
    CHECK(!options->times.hysteresis.first_ns || options->times.hysteresis.growth_percent);
    struct convention *convention = calloc(1, sizeof *convention);
    if (!convention) {
        return MESH_NO_MEMORY;
    }
    convention->times = options->times;
    convention->trust = options->trust;
    convention->asked_ns = TIME_NEVER;
    convention->refusals = limiter_make(options->times.answers_max, options->times.period_ns);
    convention->ignored = convention->refusals;
    convention->invitations = convention_limiter(convention);
    prng_init(&convention->prng, options->seed);
    size_t max = options->members_max ? options->members_max : 1;
    enum mesh_status status = members_init(&convention->members, max);
    if (status == MESH_OK) {
        status = self_init(convention, options);
    }
    if (status == MESH_OK && (!convention_candidates_init(convention, options->candidates) ||
                              !convention_guests_init(convention, options->preregistered) ||
                              !convention_roster_init(convention) || !actions_init(convention, max))) {
        status = MESH_NO_MEMORY;
    }
    if (status == MESH_OK) {
        status = alarms_init(convention, max);
    }
    if (status) {
        convention_destroy(&convention);
        return status;
    }
    *out = convention;
    return MESH_OK;
}

void convention_destroy(struct convention **handle) {
    struct convention *convention = *handle;
    if (!convention) {
        return;
    }
    convention_candidates_fini(convention);
    convention_guests_fini(convention);
    convention_keys_fini(convention);
    convention_free_retired(convention);
    free(convention->leaders);
    free(convention->askers);
    free(convention->watchers);
    free(convention->actions);
    convention_roster_fini(convention);
    members_fini(&convention->members);
    deadlines_fini(&convention->alarms);
    free(convention);
    *handle = NULL;
}

/* ---- the step ---- */

static void step_begin(struct convention *convention, uint64_t now_ns) {
    CHECK(convention->actions_given == convention->actions_count);
    members_free_removed(&convention->members);
    convention_free_retired(convention);
    uint64_t due_ns = convention_deadline(convention);
    convention->now_ns = now_ns;
    convention->actions_count = convention->actions_given = 0;
    convention->log_count = 0;
    convention->noticed = SIZE_MAX;
    convention->changed = false;
    if (due_ns < now_ns) {
        convention_on_delay(convention, now_ns - due_ns);
    }
}

static void on_start(struct convention *convention) {
    if (convention->state != CONVENTION_IDLE) {
        return;
    }
    convention->state = CONVENTION_ACTIVE;
    convention->started_ns = convention->now_ns;
    convention_begin_succession(convention);
    for (size_t i = 0; i < convention->candidates_count; i++) {
        convention_set_alarm(convention, &convention->candidates[i].contact.call, convention->now_ns);
    }
}

static void on_stop(struct convention *convention) {
    static const char goodbye[] = "the node shuts down";
    if (convention->state != CONVENTION_ACTIVE) {
        return;
    }
    for (size_t i = 0; i < convention->members.count; i++) {
        struct member *member = convention->members.items[i];
        if (convention_watches(convention, member)) {
            convention_send_deregister(convention, member->incarnation, false, goodbye);
        }
    }
    for (size_t i = 0; convention->acting && i < convention->guests_count; i++) {
        const struct contact *contact = &convention->guests[i]->contact;
        if (contact->linked && !members_find(&convention->members, contact->peer)) {
            convention_send_deregister(convention, contact->peer, false, goodbye);
        }
    }
    convention->state = CONVENTION_STOPPED;
}

/* Whatever comes from a member, or a candidate, shows that it lives. */
static void hear(struct convention *convention, const struct convention_event *event) {
    struct member *member = members_find(&convention->members, event->peer);
    struct candidate *candidate = convention_candidate(convention, event->peer);
    if (candidate) {
        convention_hear_candidate(convention, candidate);
    }
    if (!member) {
        return;
    }
    member->linked = true;
    if (liveness_hear(&member->liveness, convention->now_ns)) {
        convention_judge_again(convention, member);
    }
    if (convention_watches(convention, member)) {
        convention_begin_heartbeats(convention);
    }
}

static void on_actors(struct convention *convention, uint32_t actors) {
    members_report(convention->self, actors);
}

static void on_frame(struct convention *convention, const struct convention_event *event) {
    uint64_t peer = event->peer;
    hear(convention, event);
    if (event->kind == CONVENTION_HEARTBEAT) {
        convention_on_heartbeat(convention, peer, event->heartbeat);
    } else if (event->kind == CONVENTION_REGISTER) {
        convention_on_register(convention, peer, event->registration);
    } else if (event->kind == CONVENTION_REGISTERED) {
        convention_on_registered(convention, peer, event->registered);
    } else if (event->kind == CONVENTION_ROSTER) {
        convention_on_roster(convention, peer, event->roster);
    } else if (event->kind == CONVENTION_DEREGISTER) {
        convention_on_deregister(convention, peer, event->deregister);
    } else if (event->kind == CONVENTION_TRUST) {
        convention_on_trust(convention, peer, event->trust);
    } else {
        convention_on_invite(convention, peer, event->invite);
    }
}

/* The leader is told, who tells all others; a leader tells its members itself. */
static void on_moved(struct convention *convention, struct bytes endpoint) {
    struct frame_member view = convention->self->view;
    struct candidate *leader = convention_candidate(convention, convention->leader);
    bool changed;
    view.endpoint = endpoint;
    if (bytes_equal(endpoint, convention->self->view.endpoint) ||
        members_refresh(&convention->members, convention->self, &view, &changed) != MESH_OK) {
        return;
    }
    convention_note_joined(convention, convention->self);
    if (!convention->acting && leader && leader->contact.linked) {
        convention_register(convention, leader, false);
    }
}

/* A member tells its leader by a message of its own, so that it hears when the leader knows (H4); every registration says the same. */
static enum mesh_status on_capabilities(struct convention *convention, const struct convention_event *event) {
    struct member *member = members_find(&convention->members, event->peer);
    bool changed;
    if (!member || (member != convention->self && !convention->acting)) {
        return MESH_NOT_FOUND;
    }
    struct frame_member view = member->view;
    view.capabilities = event->capabilities;
    view.capabilities_count = event->capabilities_count;
    enum mesh_status status = members_refresh(&convention->members, member, &view, &changed);
    if (status == MESH_OK && changed) {
        convention_note_joined(convention, member);
        convention_want(convention, CONVENTION_MEMBER_CHANGED, member->incarnation)->member = member;
    }
    return status;
}

static enum mesh_status on_event(struct convention *convention, const struct convention_event *event) {
    switch (event->kind) {
    case CONVENTION_START:
    case CONVENTION_STOP:
    case CONVENTION_TICK:
        return MESH_OK;
    case CONVENTION_ACTORS:
        on_actors(convention, event->actors);
        return MESH_OK;
    case CONVENTION_MOVED:
        on_moved(convention, event->endpoint);
        return MESH_OK;
    case CONVENTION_CAPABILITIES:
        return on_capabilities(convention, event);
    case CONVENTION_PREREGISTER:
        return convention_on_preregister(convention, event);
    case CONVENTION_DISMISS:
        return convention_on_dismiss(convention, event);
    case CONVENTION_KEY:
        return convention_on_key(convention, event->word);
    case CONVENTION_DISTRUST:
        convention_on_distrust(convention, event->peer);
        return MESH_OK;
    case CONVENTION_WATCH:
        return convention_on_watch(convention, &event->watcher);
    case CONVENTION_UNWATCH:
        convention_on_unwatch(convention, &event->watcher);
        return MESH_OK;
    case CONVENTION_LINK_UP:
        hear(convention, event);
        convention_on_link_up(convention, event);
        return MESH_OK;
    case CONVENTION_LINK_DOWN:
        convention_on_link_down(convention, event);
        return MESH_OK;
    case CONVENTION_REFUSED:
    case CONVENTION_REPLACED:
        convention_on_refused(convention, event);
        return MESH_OK;
    case CONVENTION_HEARTBEAT:
    case CONVENTION_REGISTER:
    case CONVENTION_REGISTERED:
    case CONVENTION_ROSTER:
    case CONVENTION_DEREGISTER:
    case CONVENTION_INVITE:
    case CONVENTION_TRUST:
        on_frame(convention, event);
        return MESH_OK;
    }
    CHECK_UNREACHABLE();
}

enum mesh_status convention_step(struct convention *convention, uint64_t now_ns, const struct convention_event *event) {
    step_begin(convention, now_ns);
    if (event->kind == CONVENTION_START) {
        on_start(convention);
    }
    if (event->kind == CONVENTION_STOP) {
        on_stop(convention);
    }
    if (convention->state != CONVENTION_ACTIVE) {
        return MESH_REFUSED;
    }
    enum mesh_status status = on_event(convention, event);
    convention_on_time(convention);
    if (convention->abandoned) {
        convention_go_idle(convention);
    }
    convention_succeed(convention);
    convention_review_mandate(convention);
    convention_tell_changes(convention);
    return status;
}

bool convention_poll(struct convention *convention, struct convention_action *out) {
    if (convention_next_notice(convention, out)) {
        return true;
    }
    if (convention->actions_given == convention->actions_count) {
        return false;
    }
    *out = convention->actions[convention->actions_given++];
    convention_begin_notices(convention, out);
    if (out->kind == CONVENTION_SEND_INVITE) {
        convention_fill_invite(convention, out);
    } else if (convention_fill_roster(convention, out)) {
        convention->actions_given--;
    }
    return true;
}

/* ---- queries ---- */

uint64_t convention_leader(const struct convention *convention) {
    return convention->leader;
}

bool convention_is_acting(const struct convention *convention) {
    return convention->acting;
}

uint64_t convention_epoch(const struct convention *convention) {
    return convention->epoch;
}

struct members *convention_members(struct convention *convention) {
    return &convention->members;
}

const struct member *convention_self(const struct convention *convention) {
    return convention->self;
}

const char *convention_state_name(const struct convention *convention) {
    if (convention->state != CONVENTION_ACTIVE) {
        return convention->state == CONVENTION_IDLE ? "starting" : "stopped";
    }
    if (convention->acting) {
        size_t heard, count;
        convention_count_candidates(convention, &heard, &count);
        return heard < count ? "degraded" : "leader";
    }
    if (!convention->candidates_count) {
        return "idle";
    }
    return convention->leader ? "member" : "searching";
}
