/* Guests: nodes that this one was told about and invites as long as it leads (S2A to S2H).
 *
 *   INVITED --it registers--> PRESENT --it leaves, or is lost--> INVITED
 *
 * One that is not present is invited again each period and a tenth, for ever; one that cannot be reached is called as often.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/convention_state.h"
#include "mesh/base/time.h"
#include <stdlib.h>

enum { MISSING_BYTES = 200, GUEST_BYTES = 32 };

/* ---- the table ---- */

static enum mesh_status add(struct convention *convention, struct bytes endpoint, struct guest **out) {
    if (convention->guests_count == convention->guests_max) {
        return MESH_FULL;
    }
    struct guest *guest = calloc(1, sizeof *guest);
    if (!guest || !convention_contact_init(convention, &guest->contact, endpoint, ALARM_GUEST, ALARM_INVITE)) {
        free(guest);
        return MESH_NO_MEMORY;
    }
    convention->guests[convention->guests_count++] = guest;
    *out = guest;
    return MESH_OK;
}

static void free_guest(struct guest *guest) {
    convention_contact_fini(&guest->contact);
    requirement_set_fini(&guest->expected);
    free(guest);
}

static void drop(struct convention *convention, struct guest *guest) {
    size_t place = 0;
    while (convention->guests[place] != guest) {
        place++;
    }
    convention->guests[place] = convention->guests[--convention->guests_count];
    convention_contact_retire(convention, &guest->contact);
    free_guest(guest);
}

bool convention_guests_init(struct convention *convention, const char *const *endpoints) {
    convention->guests_max = convention->members.max;
    convention->guests = calloc(convention->guests_max, sizeof(struct guest *));
    if (!convention->guests) {
        return false;
    }
    for (size_t i = 0; endpoints && endpoints[i]; i++) {
        struct guest *guest;
        if (add(convention, bytes_of_text(endpoints[i]), &guest) != MESH_OK) {
            return false;
        }
        guest->configured = true;
    }
    return true;
}

void convention_guests_fini(struct convention *convention) {
    while (convention->guests_count) {
        free_guest(convention->guests[--convention->guests_count]);
    }
    free(convention->guests);
}

void convention_drop_own_guest(struct convention *convention, struct bytes endpoint) {
    struct guest *guest = convention_guest(convention, 0, endpoint);
    if (guest) {
        convention->counters.own++;
        convention_log(convention, "%s, which is pre-registered, is this node itself", guest->contact.endpoint);
        drop(convention, guest);
    }
}

struct guest *convention_guest(const struct convention *convention, uint64_t peer, struct bytes endpoint) {
    for (size_t i = 0; i < convention->guests_count; i++) {
        struct guest *guest = convention->guests[i];
        if ((peer && guest->contact.peer == peer) || convention_contact_is_at(&guest->contact, endpoint)) {
            return guest;
        }
    }
    return NULL;
}

static struct member *member_of(const struct convention *convention, const struct guest *guest) {
    return guest->contact.peer ? members_find(&convention->members, guest->contact.peer) : NULL;
}

const char *convention_next_guest(const struct convention *convention, size_t *cursor) {
    while (convention->acting && *cursor < convention->guests_count) {
        const struct guest *guest = convention->guests[(*cursor)++];
        if (!member_of(convention, guest)) {
            return guest->contact.endpoint;
        }
    }
    return NULL;
}

/* ---- inviting ---- */

static void send_invite(struct convention *convention, const struct guest *guest) {
    convention_want(convention, CONVENTION_SEND_INVITE, guest->contact.peer);
}

static void invite(struct convention *convention, struct guest *guest) {
    struct contact *contact = &guest->contact;
    if (!contact->linked) {
        convention_contact_call(convention, contact);
    } else if (convention_attempt(convention, &contact->brake, &contact->release, BRAKED_INVITE)) {
        send_invite(convention, guest);
    }
    uint64_t span_ns = convention->times.period_ns;
    convention_contact_again(convention, contact, time_add(span_ns, span_ns / 10));
}

void convention_invite(struct convention *convention, struct guest *guest) {
    if (convention->acting && !member_of(convention, guest)) {
        invite(convention, guest);
    }
}

void convention_release_invite(struct convention *convention, struct guest *guest) {
    struct contact *contact = &guest->contact;
    if (convention_release(convention, &contact->brake, &contact->release) && contact->linked && convention->acting) {
        send_invite(convention, guest);
    }
}

void convention_fill_invite(struct convention *convention, struct convention_action *action) {
    for (size_t i = 0; i < convention->candidates_count; i++) {
        const struct candidate *candidate = &convention->candidates[i];
        convention->leaders[i] =
            candidate->self ? convention->self->view.endpoint : bytes_of_text(candidate->contact.endpoint);
    }
    action->invite = (struct frame_invite){
        .leader = convention->self->view,
        .leaders_count = convention->candidates_count,
        .leaders = convention->leaders,
    };
}

/* ---- what becomes of one ---- */

static void judge_capabilities(struct convention *convention, const struct guest *guest, const struct member *member) {
    char missing[MISSING_BYTES];
    if (!capability_fits(&member->capabilities, guest->expected.items, guest->expected.count, missing,
                         sizeof missing)) {
        convention_log(convention, "node %s, which was told about, is not as expected: %s", member->name, missing);
    }
}

void convention_guest_came(struct convention *convention, const struct member *member) {
    struct guest *guest = convention_guest(convention, member->incarnation, member->view.endpoint);
    if (guest) {
        guest->contact.peer = member->incarnation;
        guest->contact.linked = true;
        convention_set_alarm(convention, &guest->contact.call, TIME_NEVER);
        judge_capabilities(convention, guest, member);
    }
}

void convention_guest_left(struct convention *convention, uint64_t peer) {
    struct guest *guest = convention_guest(convention, peer, bytes_make("", 0));
    if (guest) {
        uint64_t span_ns = convention->times.period_ns;
        convention_contact_reset(&guest->contact);
        convention_contact_again(convention, &guest->contact, time_add(span_ns, span_ns / 10));
    }
}

/* ---- what leaders have in common ---- */

void convention_resume_guests(struct convention *convention) {
    for (size_t i = 0; i < convention->guests_count; i++) {
        struct guest *guest = convention->guests[i];
        struct member *present = members_find_endpoint(&convention->members, bytes_of_text(guest->contact.endpoint));
        if (present) {
            guest->contact.peer = present->incarnation;
            guest->contact.linked = present->linked;
        }
        convention_invite(convention, guest);
    }
}

static void take(struct convention *convention, const struct frame_guest *from) {
    struct requirement_set expected = {0};
    struct guest *guest = convention_guest(convention, 0, from->endpoint);
    enum mesh_status status = requirement_set_copy(&expected, from->expected, from->expected_count);
    if (status == MESH_OK && !guest) {
        status = add(convention, from->endpoint, &guest);
    }
    if (status) {
        requirement_set_fini(&expected);
        convention_log(convention, "a guest of the leader is not taken note of: %s", mesh_status_text(status));
        return;
    }
    requirement_set_fini(&guest->expected);
    guest->expected = expected;
    guest->listed = true;
}

/* They come in the last parts of a roster, if it has several. */
void convention_take_guests(struct convention *convention, const struct frame_registered *frame) {
    if (!convention_own_candidate(convention)) {
        return;
    }
    for (size_t i = 0; frame->part == 0 && i < convention->guests_count; i++) {
        convention->guests[i]->listed = false;
    }
    for (size_t i = 0; i < frame->guests_count; i++) {
        if (!bytes_equal(frame->guests[i].endpoint, convention->self->view.endpoint)) {
            take(convention, &frame->guests[i]);
        }
    }
    for (size_t i = convention->guests_count; !frame->more && i-- > 0;) {
        if (!convention->guests[i]->listed && !convention->guests[i]->configured) {
            drop(convention, convention->guests[i]);
        }
    }
}

static size_t guest_bytes(const struct guest *guest) {
    size_t bytes = GUEST_BYTES + strlen(guest->contact.endpoint);
    for (size_t i = 0; i < guest->expected.count; i++) {
        const struct frame_requirement *expected = &guest->expected.items[i];
        bytes += GUEST_BYTES + expected->name.size;
        for (size_t j = 0; j < expected->values_count; j++) {
            bytes += GUEST_BYTES + expected->values[j].bytes.size;
        }
    }
    return bytes;
}

/* One that is larger than a part has one for itself. */
void convention_fill_guests(struct convention *convention, struct frame_registered *registered, size_t room,
                            size_t *told) {
    size_t bytes = 0, count = 0;
    while (*told < convention->guests_count) {
        const struct guest *guest = convention->guests[*told];
        bytes += guest_bytes(guest);
        if (bytes > room && (count || registered->members_count)) {
            break;
        }
        convention->told_guests[count++] = (struct frame_guest){.endpoint = bytes_of_text(guest->contact.endpoint),
                                                                .expected_count = guest->expected.count,
                                                                .expected = guest->expected.items};
        (*told)++;
    }
    registered->guests = convention->told_guests;
    registered->guests_count = count;
}

/* Those that may lead after this node hear of it at once; and since the roster has another number now, who misses that asks. */
static void tell_candidates(struct convention *convention) {
    for (size_t i = 0; i < convention->members.count; i++) {
        struct member *member = convention->members.items[i];
        if (member->told && convention_candidate(convention, member->incarnation)) {
            convention_note_guests(convention);
            convention_send_registered(convention, member, true);
        }
    }
}

/* ---- what is wanted of the leader ---- */

enum mesh_status convention_on_preregister(struct convention *convention, const struct convention_event *event) {
    struct requirement_set expected = {0};
    if (!convention->acting && !event->configured) {
        return MESH_REFUSED;
    }
    if (!event->endpoint.size || event->endpoint.size > FRAME_ENDPOINT_BYTES ||
        bytes_equal(event->endpoint, convention->self->view.endpoint)) {
        return MESH_INVALID_ARGUMENT;
    }
    enum mesh_status status = requirement_set_copy(&expected, event->expected, event->expected_count);
    struct guest *guest = convention_guest(convention, 0, event->endpoint);
    if (status == MESH_OK && !guest) {
        status = add(convention, event->endpoint, &guest);
    }
    if (status) {
        requirement_set_fini(&expected);
        return status;
    }
    requirement_set_fini(&guest->expected);
    guest->expected = expected;
    guest->configured = guest->configured || event->configured;
    if (!convention->acting) {
        return MESH_OK;
    }
    struct member *present = members_find_endpoint(&convention->members, event->endpoint);
    if (present) {
        convention_guest_came(convention, present);
    }
    (void)hysteresis_cancel(&guest->contact.brake); /* who asks for it is not made to wait */
    invite(convention, guest);
    tell_candidates(convention);
    return MESH_OK;
}

/* Of a guest that the leader knows too, the leader decides. */
static enum mesh_status forget_configured(struct convention *convention, struct guest *guest) {
    if (!guest) {
        return MESH_NOT_FOUND;
    }
    guest->configured = false;
    if (!guest->listed) {
        drop(convention, guest);
    }
    return MESH_OK;
}

enum mesh_status convention_on_dismiss(struct convention *convention, const struct convention_event *event) {
    struct guest *guest = convention_guest(convention, event->peer, event->endpoint);
    struct member *member = event->peer ? members_find(&convention->members, event->peer)
                                        : members_find_endpoint(&convention->members, event->endpoint);
    member = !member && guest ? member_of(convention, guest) : member;
    uint64_t peer = member ? member->incarnation : guest && guest->contact.linked ? guest->contact.peer : 0;
    if (!convention->acting) {
        return event->configured ? forget_configured(convention, guest) : MESH_REFUSED;
    }
    if (member == convention->self) {
        return MESH_INVALID_ARGUMENT;
    }
    if (!member && !guest) {
        return MESH_NOT_FOUND;
    }
    if (peer) {
        convention_send_deregister(convention, peer, true, "deregistered at the leader");
    }
    if (member) {
        convention_remove_member(convention, member, "deregistered");
    }
    if (guest) {
        drop(convention, guest);
        tell_candidates(convention);
    }
    return MESH_OK;
}
