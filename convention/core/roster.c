/* The leader's word of its roster: all of it as an answer, changes by number, each member braked (S1A, S4A).
 *
 * What a member was told is known by the number alone: who joined since, each member knows of itself, and all stand in the order
 * in which they did; who left stands in a ring. A member that was told too long ago for the ring gets all of it, as does one that
 * missed more than goes into one frame. One that was told nothing yet asks.
 *
 * All of it goes in parts, of which each is put together when it is polled.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/convention_state.h"
#include <stdlib.h>

/* Of members and guests in one message, as far as they are counted here; what one node may have besides still fits into a frame. */
enum { PART_BYTES = 96 * 1024, ITEM_BYTES = 64, VALUE_BYTES = 16 };

bool convention_roster_init(struct convention *convention) {
    size_t max = convention->members.max;
    list_init(&convention->changes);
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
        list_remove(&member->change);
        list_push_back(&convention->changes, &member->change);
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

/* Who came or changed after that number, the first of them; the end of the list when nobody did. */
static struct list_node *first_change(const struct convention *convention, uint64_t since) {
    struct list_node *node = convention->changes.ends.previous;
    while (node != &convention->changes.ends && LIST_OWNER(node, struct member, change)->joined > since) {
        node = node->previous;
    }
    return node->next;
}

/* Not less than it takes when it is packed. */
static size_t member_bytes(const struct member *member) {
    size_t bytes = ITEM_BYTES + member->view.name.size + member->view.endpoint.size;
    for (size_t i = 0; i < member->capabilities.count; i++) {
        const struct frame_capability *capability = &member->capabilities.items[i];
        bytes += VALUE_BYTES + capability->name.size;
        for (size_t j = 0; j < capability->values_count; j++) {
            bytes += VALUE_BYTES + capability->values[j].bytes.size;
        }
    }
    return bytes;
}

static bool changes_fit(const struct convention *convention, uint64_t since) {
    size_t bytes = 0, count = 0;
    const struct list_node *node = first_change(convention, since);
    for (; node != &convention->changes.ends && bytes <= PART_BYTES; node = node->next) {
        bytes += member_bytes(LIST_OWNER(node, struct member, change));
        count++;
    }
    return bytes <= PART_BYTES && count <= FRAME_MEMBERS;
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
        .members_count = whole,
        .guests_count = whole && convention_candidate(convention, member->incarnation),
        .trust = convention_keys_digest(convention),
    };
}

static void send_changes(struct convention *convention, struct member *member) {
    if (!is_remembered(convention, member->told) || !changes_fit(convention, member->told)) {
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

static void fill_changes(struct convention *convention, struct frame_roster *roster) {
    size_t room = convention->departures_room, end = convention->departures_count, at = end;
    roster->joined = convention->told_members;
    for (const struct list_node *node = first_change(convention, roster->since); node != &convention->changes.ends;
         node = node->next) {
        convention->told_members[roster->joined_count++] = LIST_OWNER(node, struct member, change)->view;
    }
    roster->left = convention->told_left;
    while (at > 0 && at + room > end && convention->departures[(at - 1) % room].number > roster->since) {
        at--;
    }
    for (; at < end; at++) {
        convention->told_left[roster->left_count++] = convention->departures[at % room].incarnation;
    }
}

/* As many members as there is room for, and one at least; what room they leave. */
static size_t fill_members(struct convention *convention, struct frame_registered *registered, size_t *told) {
    size_t bytes = 0, count = 0;
    while (*told < convention->members.count && count < FRAME_MEMBERS) {
        size_t more = member_bytes(convention->members.items[*told]);
        if (count && bytes + more > PART_BYTES) {
            break;
        }
        bytes += more;
        convention->told_members[count++] = convention->members.items[(*told)++]->view;
    }
    registered->members = convention->told_members;
    registered->members_count = count;
    return bytes < PART_BYTES ? PART_BYTES - bytes : 0;
}

static void fill_part(struct convention *convention, struct frame_registered *registered) {
    struct telling *telling = &convention->telling;
    bool guests = registered->guests_count;
    size_t room = fill_members(convention, registered, &telling->members);
    registered->guests_count = 0;
    if (guests) {
        convention_fill_guests(convention, registered, room, &telling->guests);
    }
    registered->part = telling->part++;
    registered->more =
        telling->members < convention->members.count || (guests && telling->guests < convention->guests_count);
    if (!registered->more) {
        *telling = (struct telling){0};
    }
}

bool convention_fill_roster(struct convention *convention, struct convention_action *action) {
    if (action->kind == CONVENTION_SEND_REGISTERED && action->registered.members_count) {
        fill_part(convention, &action->registered);
        return action->registered.more;
    }
    if (action->kind == CONVENTION_SEND_ROSTER) {
        fill_changes(convention, &action->roster);
    }
    return false;
}
