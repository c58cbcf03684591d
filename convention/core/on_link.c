/* Links of admins: up, down, refused. A broken link makes its node suspect and no more (S3A).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/convention_state.h"
#include "mesh/base/time.h"

static struct candidate *candidate_at(const struct convention *convention, struct bytes endpoint) {
    for (size_t i = 0; i < convention->candidates_count; i++) {
        if (bytes_equal(bytes_of_text(convention->candidates[i].endpoint), endpoint)) {
            return &convention->candidates[i];
        }
    }
    return NULL;
}

/* Nobody listens there, or another incarnation does: from now on its time runs. */
static void enter_refused(struct convention *convention, struct member *member) {
    member->linked = false;
    liveness_refuse(&member->liveness, convention->now_ns);
    convention_suspect(convention, member);
    convention_judge_again(convention, member);
}

static void on_candidate_up(struct convention *convention, struct candidate *candidate, uint64_t peer) {
    if (peer == convention->self->incarnation) {
        convention_log(convention, "the leader %s is this node itself", candidate->endpoint);
        candidate->self = true;
        return;
    }
    if (candidate->linked && candidate->peer == peer) {
        return; /* a second link to the same one changes nothing */
    }
    struct member *former = members_find(&convention->members, candidate->peer);
    if (former && candidate->peer != peer && convention_watches(convention, former)) {
        enter_refused(convention, former);
    }
    bool leads = convention->leader == peer;
    candidate->peer = peer;
    candidate->linked = true;
    convention_send_register(convention, candidate, !leads);
    uint64_t span = leads ? convention->times.period_ns : convention_restart_span(convention);
    candidate->unanswered++;
    convention_set_alarm(convention, &candidate->alarm, time_add(convention->now_ns, span));
}

void convention_on_link_up(struct convention *convention, const struct convention_event *event) {
    struct candidate *candidate = event->endpoint.size ? candidate_at(convention, event->endpoint) : NULL;
    if (!candidate) {
        candidate = convention_candidate(convention, event->peer);
    }
    if (candidate && !convention->acting) {
        on_candidate_up(convention, candidate, event->peer);
        return;
    }
    struct member *former = members_find_endpoint(&convention->members, event->endpoint);
    if (former && former->incarnation != event->peer && convention_watches(convention, former)) {
        enter_refused(convention, former);
    }
}

void convention_on_link_down(struct convention *convention, const struct convention_event *event) {
    struct candidate *candidate = convention_candidate(convention, event->peer);
    struct member *member = members_find(&convention->members, event->peer);
    if (candidate) {
        candidate->linked = false;
    }
    if (!member || !convention_watches(convention, member)) {
        return;
    }
    member->linked = false;
    convention_suspect(convention, member);
    struct convention_action *call = convention_want(convention, CONVENTION_CONNECT, member->incarnation);
    call->endpoint = candidate ? bytes_of_text(candidate->endpoint) : member->view.endpoint;
}

void convention_on_refused(struct convention *convention, const struct convention_event *event) {
    struct member *member = members_find(&convention->members, event->peer);
    struct candidate *candidate = candidate_at(convention, event->endpoint);
    if (!member && candidate) {
        member = members_find(&convention->members, candidate->peer);
    }
    if (!member && event->endpoint.size) {
        member = members_find_endpoint(&convention->members, event->endpoint);
    }
    if (candidate) {
        candidate->linked = false;
    }
    if (member && convention_watches(convention, member)) {
        enter_refused(convention, member);
    }
}
