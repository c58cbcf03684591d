/* Invite: a leader wants this node as a member (S2A, S2C).
 *
 * A node whose configuration names leaders knows them better, and one that is led by another, or leads others, stays as it
 * is. Any other takes the inviter, and who else may lead there, as its candidates. When it has no leader any more it
 * forgets them, and waits for the next invitation.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/convention_state.h"
#include "mesh/base/time.h"
#include <stdlib.h>

static void retire_candidates(struct convention *convention) {
    for (size_t i = 0; i < convention->candidates_count; i++) {
        convention_contact_retire(convention, &convention->candidates[i].contact);
        convention_set_alarm(convention, &convention->candidates[i].judgement, TIME_NEVER);
    }
    free(convention->candidates);
    convention->candidates = NULL;
    convention->candidates_count = 0;
}

void convention_go_idle(struct convention *convention) {
    convention_log(convention, "there is no leader any more: this node waits for the next invitation");
    convention->abandoned = false;
    retire_candidates(convention);
}

/* Why it stays as it is; NULL when it does not. */
static const char *objection(const struct convention *convention, const struct frame_invite *frame) {
    bool listed = !frame->leaders_count;
    for (size_t i = 0; i < frame->leaders_count; i++) {
        listed = listed || bytes_equal(frame->leaders[i], frame->leader.endpoint);
    }
    if (convention->candidates_count && !convention->invited) {
        return "its leaders are configured";
    }
    if (convention->leader && !convention->acting) {
        return "it is led by another node";
    }
    if (convention->acting && convention->members.count > 1) {
        return "it leads others";
    }
    return listed && frame->leader.endpoint.size ? NULL : "the inviter does not stand in its list of leaders";
}

static bool take_candidates(struct convention *convention, uint64_t peer, const struct frame_invite *frame) {
    size_t count = frame->leaders_count ? frame->leaders_count : 1;
    const struct bytes *endpoints = frame->leaders_count ? frame->leaders : &frame->leader.endpoint;
    retire_candidates(convention);
    convention->candidates = calloc(count, sizeof *convention->candidates);
    if (!convention->candidates) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct candidate *candidate = &convention->candidates[i];
        if (!convention_contact_init(convention, &candidate->contact, endpoints[i], ALARM_CANDIDATE, ALARM_REGISTER)) {
            return false;
        }
        convention->candidates_count++;
        convention_candidate_init(convention, candidate);
        if (bytes_equal(endpoints[i], frame->leader.endpoint)) {
            candidate->contact.peer = peer;
            candidate->contact.linked = true;
        }
    }
    return true;
}

static void log_ignored(struct convention *convention, const struct frame_invite *frame, const char *why) {
    uint64_t untold = limiter_left_out(&convention->invitations, convention->now_ns);
    convention->counters.invitations++;
    if (limiter_take(&convention->invitations, convention->now_ns)) {
        char name[FRAME_NAME_BYTES + 1], more[LIMITER_TEXT_BYTES];
        struct text_builder text = text_builder(name, sizeof name);
        text_append_escaped(&text, frame->leader.name);
        convention_log(convention, "an invitation by node %s is ignored: %s%s", name, why, limiter_text(untold, more));
    }
}

/* A link says who is there, and an invitation does not: it may have been sent by a former life of the leader. */
static void follow_candidate(struct convention *convention, struct candidate *candidate, uint64_t peer,
                             const struct frame_invite *frame) {
    if (!candidate->contact.linked) {
        convention_contact_call(convention, &candidate->contact);
    } else if (candidate->contact.peer == peer) {
        convention_register(convention, candidate, convention->leader != peer);
    } else {
        log_ignored(convention, frame, "a former life of the leader has sent it");
    }
}

void convention_on_invite(struct convention *convention, uint64_t peer, const struct frame_invite *frame) {
    struct candidate *candidate = convention_candidate(convention, peer);
    candidate = candidate ? candidate : convention_candidate_at(convention, frame->leader.endpoint);
    if (frame->leader.incarnation != peer) {
        log_ignored(convention, frame, "it comes in another node's name");
        return;
    }
    if (candidate && !candidate->self && !convention->acting) {
        follow_candidate(convention, candidate, peer, frame);
        return;
    }
    const char *why = objection(convention, frame);
    if (why) {
        log_ignored(convention, frame, why);
        return;
    }
    convention->acting = false;
    convention->invited = true;
    convention_set_leader(convention, 0);
    if (!take_candidates(convention, peer, frame)) {
        convention_log(convention, "an invitation is not followed: out of memory");
        convention_go_idle(convention);
        return;
    }
    convention->abandoned = false;
    convention_begin_succession(convention);
    convention_call_candidates(convention);
}
