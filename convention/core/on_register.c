/* Register at the leader: a member joins, comes again, or restarted (S1A, S1D).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/convention_state.h"
#include "mesh/base/time.h"

/* Another living node has this name: two of one name would be taken for each other's restarts for ever. One that is
 * suspect, or that stood at the same endpoint, is taken for the former life of the one that registers. */
static const struct member *holder_of_name(const struct convention *convention, const struct frame_member *from) {
    const struct member *holder = members_find_name(&convention->members, from->name);
    if (!holder || holder->incarnation == from->incarnation) {
        return NULL;
    }
    if (holder == convention->self) {
        return holder;
    }
    bool lives = holder->linked && !holder->liveness.suspect && !bytes_equal(holder->view.endpoint, from->endpoint);
    return lives ? holder : NULL;
}

/* Who is still heard of there: a later life has said hello before it registers, which makes the former one suspect. What
 * registers beside it is a former life, or another node that says it is reached there. */
static const struct member *holder_of_endpoint(const struct convention *convention, const struct frame_member *from) {
    const struct member *holder = members_find_endpoint(&convention->members, from->endpoint);
    return holder && holder->linked && !holder->liveness.suspect ? holder : NULL;
}

static bool is_own(const struct convention *convention, const struct frame_member *from) {
    return from->incarnation == convention->self->incarnation ||
           bytes_equal(from->endpoint, convention->self->view.endpoint);
}

/* Nothing is known of those that are refused, so they share what is answered; and so do those that are ignored what is logged. */
static bool may_refuse(struct convention *convention) {
    return !convention->times.answers_max || limiter_take(&convention->refusals, convention->now_ns);
}

static bool may_log_ignored(struct convention *convention) {
    convention->counters.ignored++;
    return !convention->times.answers_max || limiter_take(&convention->ignored, convention->now_ns);
}

/* Where others see this node among those that may lead is where it sees itself, or their lists are not the same (S6E). A
 * member is told of once; of those that come to one that does not lead, so many as are refused. */
static void check_place(struct convention *convention, struct member *member, const struct frame_register *frame) {
    const struct candidate *own = convention_own_candidate(convention);
    size_t places = convention->candidates_count ? convention->candidates_count : 1;
    size_t place = own ? (size_t)(own - convention->candidates) + 1 : !convention->candidates_count;
    bool agrees = !frame->places || (frame->place == place && frame->places == places);
    if (agrees || (member ? member->disagrees : !may_refuse(convention))) {
        return;
    }
    char name[FRAME_NAME_BYTES + 1];
    struct text_builder text = text_builder(name, sizeof name);
    text_append_escaped(&text, frame->member.name);
    convention->counters.disagreed++;
    convention_log(convention,
                   "node %s has another list of leaders: this node is number %u of %u there, and %zu of %zu here; "
                   "`leaders` has to be the same on all nodes",
                   name, frame->place, frame->places, place, places);
    if (member) {
        member->disagrees = true;
    }
}

/* A member gone wild gets so many answers in a period and no more. */
static bool may_answer(const struct convention *convention, struct member *member) {
    if (convention->now_ns >= time_add(member->answered_ns, convention->times.period_ns)) {
        member->answered_ns = convention->now_ns;
        member->answers = 0;
    }
    return !convention->times.answers_max || member->answers++ < convention->times.answers_max;
}

static void answer(struct convention *convention, struct member *member, const struct frame_register *frame) {
    if (may_answer(convention, member)) {
        convention_send_registered(convention, member, frame->first_time);
        convention_compare_keys(convention, member->incarnation, frame->trust);
    } else {
        convention->counters.unanswered++;
    }
}

static void notice_anew(struct convention *convention, struct member *member, bool added) {
    struct convention_action *action = convention_want(convention, CONVENTION_MEMBER_ANEW, member->incarnation);
    action->member = member;
    action->added = added;
    action->text = "registered anew";
}

static void on_known(struct convention *convention, struct member *member, const struct frame_register *frame) {
    if (!convention_refresh_member(convention, member, &frame->member)) {
        return;
    }
    member->registered_ns = convention->now_ns;
    answer(convention, member, frame);
    if (frame->first_time && convention->times.notice_reregistration) {
        notice_anew(convention, member, false);
        notice_anew(convention, member, true);
    }
}

static void refuse_name(struct convention *convention, uint64_t peer, const struct member *holder) {
    convention->counters.refused++;
    if (may_refuse(convention)) {
        convention_log(convention, "a second node named %s was refused: the name is taken by the node at %s",
                       holder->name, holder->endpoint);
        convention_send_deregister(convention, peer, true, convention->log[convention->log_count - 1]);
    }
}

/* It tries again: by then the other is suspect, if it is no more. */
static void log_holder(struct convention *convention, const struct frame_member *from, const struct member *holder) {
    if (may_log_ignored(convention)) {
        char name[FRAME_NAME_BYTES + 1];
        struct text_builder text = text_builder(name, sizeof name);
        text_append_escaped(&text, from->name);
        convention_log(
            convention,
            "a registration of node %s is ignored: node %s is still heard of at %s; if both live, each needs "
            "an endpoint of its own (`bind` or `advertise`)",
            name, holder->name, holder->endpoint);
    }
}

/* It was sent away and has not heard of it, or the leader that had it invited is no more: it is to wait (S2C, S2G). */
static void refuse_guest(struct convention *convention, uint64_t peer, const struct frame_member *from) {
    convention->counters.refused++;
    if (may_refuse(convention)) {
        char name[FRAME_NAME_BYTES + 1];
        struct text_builder text = text_builder(name, sizeof name);
        text_append_escaped(&text, from->name);
        convention_log(convention, "node %s was refused: it comes by invitation, and is not pre-registered here", name);
        convention_send_deregister(convention, peer, true, convention->log[convention->log_count - 1]);
    }
}

static void refuse_misfit(struct convention *convention, uint64_t peer, const struct frame_member *from,
                          enum mesh_status status) {
    convention->counters.refused++;
    if (may_refuse(convention)) {
        convention_log_misfit(convention, from, status);
        convention_send_deregister(convention, peer, true, "this node cannot be a member: the leader's log says why");
    }
}

/* The own address, or another node's name: nobody who is well configured says so. */
static bool is_nonsense(struct convention *convention, uint64_t peer, const struct frame_member *from) {
    bool own = is_own(convention, from), foreign = from->incarnation != peer;
    if (own && may_log_ignored(convention)) {
        convention_log(convention, "ignored a registration that carries this node's own address %s",
                       convention->self->endpoint);
    } else if (!own && foreign && may_log_ignored(convention)) {
        convention_log(convention, "ignored a registration in another node's name");
    }
    return own || foreign;
}

/* Whether it may be a member; who may not is told so, or ignored. */
static bool may_enter(struct convention *convention, uint64_t peer, const struct frame_register *frame) {
    const struct member *of_name = holder_of_name(convention, &frame->member);
    const struct member *of_endpoint = of_name ? NULL : holder_of_endpoint(convention, &frame->member);
    bool uninvited = frame->invited && !convention_guest(convention, peer, frame->member.endpoint);
    if (of_name) {
        refuse_name(convention, peer, of_name);
    } else if (of_endpoint) {
        log_holder(convention, &frame->member, of_endpoint);
    } else if (uninvited) {
        refuse_guest(convention, peer, &frame->member);
    }
    return !of_name && !of_endpoint && !uninvited;
}

/* A restart under another name, or a second node that says the same endpoint: nobody can tell. */
static void log_successor(struct convention *convention, const struct frame_member *from) {
    const struct member *old = members_find_endpoint(&convention->members, from->endpoint);
    if (old && !bytes_equal(bytes_of_text(old->name), from->name)) {
        char name[FRAME_NAME_BYTES + 1];
        struct text_builder text = text_builder(name, sizeof name);
        text_append_escaped(&text, from->name);
        convention->counters.taken++;
        convention_log(
            convention,
            "node %s takes the place of node %s at %s: if both live, each needs an endpoint of its own (`bind` or "
            "`advertise`)",
            name, old->name, old->endpoint);
    }
}

static void on_new(struct convention *convention, uint64_t peer, const struct frame_register *frame) {
    struct member *member;
    log_successor(convention, &frame->member);
    convention_remove_restarted(convention, &frame->member);
    enum mesh_status status = convention_enter_member(convention, &frame->member, &member);
    if (status) {
        refuse_misfit(convention, peer, &frame->member, status);
        return;
    }
    check_place(convention, member, frame);
    member->linked = true;
    convention_begin_heartbeats(convention);
    answer(convention, member, frame);
    convention_want(convention, CONVENTION_MEMBER_ADDED, peer)->member = member;
    convention_guest_came(convention, member);
}

void convention_on_register(struct convention *convention, uint64_t peer, const struct frame_register *frame) {
    if (is_nonsense(convention, peer, &frame->member)) {
        return;
    }
    struct member *member = members_find(&convention->members, peer);
    if (member || !convention->acting) {
        check_place(convention, member, frame);
    }
    if (!convention->acting) {
        convention_note_asker(convention, peer);
    } else if (member) {
        on_known(convention, member, frame);
    } else if (may_enter(convention, peer, frame)) {
        on_new(convention, peer, frame);
    }
}

const struct convention_counters *convention_counters(const struct convention *convention) {
    return &convention->counters;
}
