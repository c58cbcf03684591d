/* The leader's word of its roster: all of it as an answer, changes by number, each member braked (S1A, S4A).
 *
 * What a member was told is known by the number alone: who joined since, each member knows of itself; who left stands in a
 * ring. A member that was told too long ago for the ring gets all of it. One that was told nothing yet asks.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/convention_state.h"
#include <stdlib.h>

bool convention_roster_init(struct convention *convention) {
    size_t max = convention->members.max;
    convention->departures_room = max;
    convention->departures = calloc(max, sizeof *convention->departures);
    convention->told_members = calloc(max, sizeof *convention->told_members);
    convention->told_left = calloc(max, sizeof *convention->told_left);
    convention->told_guests = calloc(max, sizeof *convention->told_guests);
    return convention->departures && convention->told_members && convention->told_left && convention->told_guests;
}

void convention_roster_fini(struct convention *convention) {
    free(convention->departures);
    free(convention->told_members);
    free(convention->told_left);
    free(convention->told_guests);
}

/* ---- changes ---- */

static void count_change(struct convention *convention) {
    if (!convention->changed) {
        convention->changed = true;
        convention->number++;
    }
}

void convention_note_joined(struct convention *convention, struct member *member) {
    if (convention->acting) {
        count_change(convention);
        member->joined = convention->number;
    }
}

void convention_note_left(struct convention *convention, uint64_t incarnation) {
    if (convention->acting) {
        count_change(convention);
        size_t place = convention->departures_count++ % convention->departures_room;
        convention->departures[place] = (struct departure){convention->number, incarnation};
    }
}

void convention_note_guests(struct convention *convention) {
    count_change(convention);
}

/* Whether the ring still has everybody who left since that number. */
static bool is_remembered(const struct convention *convention, uint64_t since) {
    size_t room = convention->departures_room;
    return convention->departures_count <= room ||
           convention->departures[convention->departures_count % room].number <= since;
}

/* ---- telling ---- */

void convention_send_registered(struct convention *convention, struct member *member, bool whole) {
    if (whole) {
        member->told = convention->number;
    }
    struct convention_action *action = convention_want(convention, CONVENTION_SEND_REGISTERED, member->incarnation);
    action->registered = (struct frame_registered){
        .epoch = convention->epoch,
        .number = member->told,
        .leader = convention->self->view,
        .trust = convention_keys_digest(convention),
        .members_count = whole,
        .guests_count = whole && convention_candidate(convention, member->incarnation),
    };
}

static void send_changes(struct convention *convention, struct member *member) {
    if (!is_remembered(convention, member->told)) {
        convention_send_registered(convention, member, true);
        return;
    }
    struct convention_action *action = convention_want(convention, CONVENTION_SEND_ROSTER, member->incarnation);
    action->roster =
        (struct frame_roster){.epoch = convention->epoch, .number = convention->number, .since = member->told};
    member->told = convention->number;
}

void convention_tell_changes(struct convention *convention) {
    for (size_t i = 0; convention->changed && i < convention->members.count; i++) {
        struct member *member = convention->members.items[i];
        if (!member->told || member->told == convention->number) {
            continue;
        }
        if (convention_attempt(convention, &member->brake, &member->release, BRAKED_ROSTER)) {
            send_changes(convention, member);
        }
    }
}

void convention_release_roster(struct convention *convention, struct member *member) {
    bool passes = convention_release(convention, &member->brake, &member->release);
    if (passes && convention->acting && member->told && member->told != convention->number) {
        send_changes(convention, member);
    }
}

/* ---- when it is polled ---- */

static size_t fill_members(struct convention *convention, uint64_t since) {
    size_t count = 0;
    for (size_t i = 0; i < convention->members.count; i++) {
        const struct member *member = convention->members.items[i];
        if (member->joined >= since) {
            convention->told_members[count++] = member->view;
        }
    }
    return count;
}

static size_t fill_left(struct convention *convention, uint64_t since) {
    size_t room = convention->departures_room, end = convention->departures_count, count = 0;
    for (size_t i = end > room ? end - room : 0; i < end; i++) {
        const struct departure *departure = &convention->departures[i % room];
        if (departure->number > since) {
            convention->told_left[count++] = departure->incarnation;
        }
    }
    return count;
}

void convention_fill_roster(struct convention *convention, struct convention_action *action) {
    if (action->kind == CONVENTION_SEND_REGISTERED && action->registered.members_count) {
        action->registered.members = convention->told_members;
        action->registered.members_count = fill_members(convention, 0);
        if (action->registered.guests_count) {
            convention_fill_guests(convention, &action->registered);
        }
    } else if (action->kind == CONVENTION_SEND_ROSTER) {
        action->roster.joined = convention->told_members;
        action->roster.joined_count = fill_members(convention, action->roster.since + 1);
        action->roster.left = convention->told_left;
        action->roster.left_count = fill_left(convention, action->roster.since);
    }
}
