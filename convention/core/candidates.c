/* Candidates: who may lead, how they are called and registered with, and who does lead (S1A to S1C).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/convention_state.h"
#include "mesh/base/time.h"
#include <stdlib.h>

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
        candidate->self = bytes_equal(endpoint, convention->self->view.endpoint);
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

void convention_set_leader(struct convention *convention, uint64_t peer) {
    if (convention->leader != peer) {
        convention->leader = peer;
        convention->epoch = 0;
        convention->asked_ns = TIME_NEVER;
        convention->abandoned = convention->invited && !peer;
        convention_set_alarm(convention, &convention->reckoning, TIME_NEVER);
        convention_want(convention, CONVENTION_LEADER, peer);
    }
}

/* ---- registering ---- */

static void send_register(struct convention *convention, const struct candidate *candidate) {
    struct convention_action *action = convention_want(convention, CONVENTION_SEND_REGISTER, candidate->contact.peer);
    action->registration = (struct frame_register){
        .member = convention->self->view,
        .first_time = candidate->first_time,
        .invited = convention->invited,
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
    if (convention_release(convention, &contact->brake, &contact->release) && contact->linked) {
        send_register(convention, candidate);
    }
}

void convention_call_candidate(struct convention *convention, struct candidate *candidate) {
    struct contact *contact = &candidate->contact;
    bool leads = contact->peer && contact->peer == convention->leader;
    if (convention->acting || candidate->self) {
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
    bool in_vain = convention->invited && !leads && candidate->unanswered > convention->times.misses;
    convention->abandoned = convention->abandoned || in_vain;
    convention_contact_again(convention, contact,
                             convention->leader ? convention->times.period_ns : convention_restart_span(convention));
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
