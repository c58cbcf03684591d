/* Candidates: who may lead, how they are called and registered with, and who does lead (S1A to S1C).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/convention_state.h"
#include "mesh/base/time.h"
#include <stdlib.h>

void convention_candidate_init(const struct convention *convention, struct candidate *candidate) {
    candidate->self = convention_contact_is_at(&candidate->contact, convention->self->view.endpoint);
    candidate->judgement.kind = ALARM_RIVAL;
    candidate->liveness = liveness_make(convention->now_ns);
    candidate->seconded_ns = TIME_NEVER;
}

bool convention_candidates_init(struct convention *convention, const char *const *endpoints) {
    size_t count = 0;
    while (endpoints && endpoints[count]) {
        count++;
    }
    convention->candidates = calloc(count + 1, sizeof *convention->candidates);
    if (!convention->candidates) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct candidate *candidate = &convention->candidates[i];
        struct bytes endpoint = bytes_of_text(endpoints[i]);
        if (!convention_contact_init(convention, &candidate->contact, endpoint, ALARM_CANDIDATE, ALARM_REGISTER)) {
            return false;
        }
        convention_candidate_init(convention, candidate);
        convention->candidates_count++;
    }
    return true;
}

void convention_candidates_fini(struct convention *convention) {
    for (size_t i = 0; i < convention->candidates_count; i++) {
        convention_contact_fini(&convention->candidates[i].contact);
    }
    free(convention->candidates);
    convention->candidates = NULL;
    convention->candidates_count = 0;
}

struct candidate *convention_candidate(const struct convention *convention, uint64_t peer) {
    for (size_t i = 0; peer && i < convention->candidates_count; i++) {
        if (convention->candidates[i].contact.peer == peer) {
            return &convention->candidates[i];
        }
    }
    return NULL;
}

struct candidate *convention_candidate_at(const struct convention *convention, struct bytes endpoint) {
    for (size_t i = 0; i < convention->candidates_count; i++) {
        if (convention_contact_is_at(&convention->candidates[i].contact, endpoint)) {
            return &convention->candidates[i];
        }
    }
    return NULL;
}

/* The first in the order of candidates that answers leads. */
bool convention_may_lead(const struct convention *convention, const struct candidate *candidate) {
    const struct candidate *present = convention_candidate(convention, convention->leader);
    return !present || candidate <= present;
}

void convention_set_leader(struct convention *convention, uint64_t peer) {
    if (convention->leader != peer) {
        convention->leader = peer;
        convention->askers_count = peer && peer != convention->self->incarnation ? 0 : convention->askers_count;
        convention->epoch = 0;
        convention->asked_ns = TIME_NEVER;
        convention->abandoned = convention->invited && !peer && convention->candidates_count <= 1;
        convention_set_alarm(convention, &convention->reckoning, TIME_NEVER);
        convention_want(convention, CONVENTION_LEADER, peer);
    }
}

/* ---- registering ---- */

static void send_register(struct convention *convention, struct candidate *candidate) {
    candidate->awaited = true;
    struct convention_action *action = convention_want(convention, CONVENTION_SEND_REGISTER, candidate->contact.peer);
    action->registration = (struct frame_register){
        .member = convention->self->view,
        .first_time = candidate->first_time,
        .invited = convention->invited,
        .place = (uint32_t)(candidate - convention->candidates + 1),
        .places = (uint32_t)convention->candidates_count,
        .trust = convention_keys_digest(convention),
    };
}

void convention_register(struct convention *convention, struct candidate *candidate, bool first_time) {
    struct contact *contact = &candidate->contact;
    candidate->first_time = first_time;
    if (convention_attempt(convention, &contact->brake, &contact->release, BRAKED_REGISTER)) {
        send_register(convention, candidate);
    }
}

void convention_release_register(struct convention *convention, struct candidate *candidate) {
    struct contact *contact = &candidate->contact;
    bool passes = convention_release(convention, &contact->brake, &contact->release);
    if (passes && contact->linked && !convention->acting) {
        send_register(convention, candidate);
    }
}

/* An invited node has called each of them in vain. */
static bool is_abandoned(const struct convention *convention) {
    bool vain = convention->invited && !convention->leader;
    for (size_t i = 0; i < convention->candidates_count; i++) {
        vain = vain && convention->candidates[i].unanswered > convention->times.misses;
    }
    return vain;
}

/* Who leads keeps a link to those that may lead after it, and before it, and tells them so also when there are no heartbeats. */
static void call_as_leader(struct convention *convention, struct candidate *candidate) {
    if (!candidate->contact.linked) {
        convention_contact_call(convention, &candidate->contact);
    } else if (!convention->times.heartbeat_ns) {
        convention_send_heartbeat(convention, candidate->contact.peer);
    }
    convention_contact_again(convention, &candidate->contact, convention_restart_span(convention));
}

void convention_call_candidate(struct convention *convention, struct candidate *candidate) {
    struct contact *contact = &candidate->contact;
    bool leads = contact->peer && contact->peer == convention->leader;
    if (candidate->self) {
        return;
    }
    if (convention->acting) {
        call_as_leader(convention, candidate);
        return;
    }
    if (leads && candidate->unanswered >= convention->times.misses) {
        convention_remove_member(convention, members_find(&convention->members, contact->peer), "did not answer");
        return;
    }
    if (contact->linked) {
        convention_register(convention, candidate, !leads);
    } else {
        convention_contact_call(convention, contact);
    }
    candidate->unanswered++;
    convention->abandoned = convention->abandoned || is_abandoned(convention);
    convention_contact_again(convention, contact,
                             convention->leader ? convention->times.period_ns : convention_restart_span(convention));
}

void convention_call_candidates(struct convention *convention) {
    for (size_t i = 0; i < convention->candidates_count; i++) {
        convention_call_candidate(convention, &convention->candidates[i]);
    }
}

void convention_ask_roster(struct convention *convention) {
    bool waits = convention->asked_ns != TIME_NEVER &&
                 convention->now_ns < time_add(convention->asked_ns, convention->times.restart_ns);
    struct candidate *candidate = convention_candidate(convention, convention->leader);
    if (!waits && candidate) {
        convention->asked_ns = convention->now_ns;
        convention_register(convention, candidate, true);
    }
}
