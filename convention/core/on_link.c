/* Links of admins: up, down, refused. A broken link makes its node suspect and no more (S3A).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/convention_state.h"
#include "mesh/base/time.h"

/* Nobody listens there, or another incarnation does. */
static void enter_unreached(struct convention *convention, struct member *member) {
    member->linked = false;
    convention_suspect(convention, member, "it is not reached where it was");
    convention_judge_again(convention, member);
}

/* Who answers there is another incarnation than before. */
static void enter_restarted(struct convention *convention, struct member *former, uint64_t peer) {
    if (former && former->incarnation != peer && convention_watches(convention, former)) {
        liveness_replace(&former->liveness, convention->now_ns);
        enter_unreached(convention, former);
    }
}

static void on_candidate_up(struct convention *convention, struct candidate *candidate, uint64_t peer) {
    struct contact *contact = &candidate->contact;
    if (contact->linked && contact->peer == peer) {
        return; /* a second link to the same one changes nothing */
    }
    enter_restarted(convention, members_find(&convention->members, contact->peer), peer);
    bool leads = convention->leader == peer;
    if (contact->peer != peer) {
        candidate->heard = candidate->leads = false;
        candidate->seconded_ns = TIME_NEVER;
    }
    contact->peer = peer;
    contact->linked = true;
    convention_hear_candidate(convention, candidate);
    if (convention_own_candidate(convention)) {
        convention_send_heartbeat(convention, peer);
        convention_begin_heartbeats(convention);
    }
    if (convention->acting) {
        return;
    }
    convention_register(convention, candidate, !leads);
    candidate->unanswered++;
    convention_contact_again(convention, contact,
                             leads ? convention->times.period_ns : convention_restart_span(convention));
}

static void on_guest_up(struct convention *convention, struct guest *guest, uint64_t peer) {
    struct contact *contact = &guest->contact;
    if (contact->linked && contact->peer == peer) {
        return;
    }
    enter_restarted(convention, members_find(&convention->members, contact->peer), peer);
    contact->peer = peer;
    contact->linked = true;
    convention_invite(convention, guest);
}

/* Another endpoint of this very node (B5). */
static void on_self_up(struct convention *convention, struct bytes endpoint) {
    struct candidate *candidate = convention_candidate_at(convention, endpoint);
    if (candidate && !candidate->self) {
        convention->counters.own++;
        convention_log(convention, "the leader %s is this node itself", candidate->contact.endpoint);
        candidate->self = true;
        convention_begin_succession(convention);
    }
    convention_drop_own_guest(convention, endpoint);
}

void convention_on_link_up(struct convention *convention, const struct convention_event *event) {
    if (event->peer == convention->self->incarnation) {
        on_self_up(convention, event->endpoint);
        return;
    }
    struct candidate *candidate = convention_candidate_at(convention, event->endpoint);
    candidate = candidate ? candidate : convention_candidate(convention, event->peer);
    if (candidate) {
        on_candidate_up(convention, candidate, event->peer);
    }
    if (candidate && !convention->acting) {
        return;
    }
    struct guest *guest = convention_guest(convention, event->peer, event->endpoint);
    if (guest) {
        on_guest_up(convention, guest, event->peer);
    }
    enter_restarted(convention, members_find_endpoint(&convention->members, event->endpoint), event->peer);
}

/* Calls go on until nobody has a use for who is called. */
static void hang_up(struct convention *convention, const struct convention_event *event) {
    struct convention_action *action = convention_want(convention, CONVENTION_HANG_UP, event->peer);
    action->endpoint = event->peer ? bytes_make("", 0) : event->endpoint;
}

void convention_on_link_down(struct convention *convention, const struct convention_event *event) {
    struct member *member = members_find(&convention->members, event->peer);
    struct candidate *candidate = convention_candidate(convention, event->peer);
    struct guest *guest = convention_guest(convention, event->peer, bytes_make("", 0));
    if (candidate) {
        candidate->contact.linked = false;
        liveness_miss(&candidate->liveness);
    }
    if (guest) {
        guest->contact.linked = false;
    }
    if (member) {
        member->linked = false;
        liveness_miss(&member->liveness);
    }
    if (member && convention_watches(convention, member)) {
        convention_suspect(convention, member, "its link broke");
        struct convention_action *call = convention_want(convention, CONVENTION_CONNECT, member->incarnation);
        call->endpoint = candidate ? bytes_of_text(candidate->contact.endpoint) : member->view.endpoint;
    } else if (candidate && convention_own_candidate(convention)) {
        convention_contact_call(convention, &candidate->contact);
    } else if (!member && !candidate && !guest) {
        hang_up(convention, event);
    }
}

void convention_on_refused(struct convention *convention, const struct convention_event *event) {
    struct candidate *candidate = convention_candidate_at(convention, event->endpoint);
    struct guest *guest = convention_guest(convention, event->peer, event->endpoint);
    uint64_t peer = event->peer ? event->peer : candidate ? candidate->contact.peer : guest ? guest->contact.peer : 0;
    struct member *member =
        peer ? members_find(&convention->members, peer) : members_find_endpoint(&convention->members, event->endpoint);
    if (candidate) {
        candidate->contact.linked = false;
        convention_refuse_candidate(convention, candidate);
    }
    if (guest) {
        guest->contact.linked = false;
    }
    if (member) {
        member->linked = false;
    }
    if (member && convention_watches(convention, member)) {
        bool replaced = event->kind == CONVENTION_REPLACED;
        (replaced ? liveness_replace : liveness_refuse)(&member->liveness, convention->now_ns);
        enter_unreached(convention, member);
    } else if (!member && !candidate && !guest) {
        hang_up(convention, event);
    }
}
