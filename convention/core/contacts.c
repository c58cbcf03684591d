/* Contacts: whom a node calls by itself; see convention_state.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/convention_state.h"
#include "mesh/base/time.h"
#include <stdlib.h>

bool convention_contact_init(struct convention *convention, struct contact *contact, struct bytes endpoint,
                             enum alarm_kind call, enum alarm_kind release) {
    struct label *label = malloc(sizeof *label + endpoint.size + 1);
    if (!label) {
        return false;
    }
    memcpy(label->text, endpoint.data, endpoint.size);
    label->text[endpoint.size] = 0;
    *contact = (struct contact){.label = label, .endpoint = label->text, .call.kind = call, .release.kind = release};
    convention_init_brake(convention, &contact->brake);
    return true;
}

void convention_contact_fini(struct contact *contact) {
    free(contact->label);
    *contact = (struct contact){0};
}

void convention_contact_retire(struct convention *convention, struct contact *contact) {
    bool member = contact->peer && members_find(&convention->members, contact->peer);
    convention_want(convention, CONVENTION_HANG_UP, member ? 0 : contact->peer)->endpoint =
        bytes_of_text(contact->endpoint);
    convention_set_alarm(convention, &contact->call, TIME_NEVER);
    convention_set_alarm(convention, &contact->release, TIME_NEVER);
    contact->label->next_retired = convention->retired;
    convention->retired = contact->label;
    *contact = (struct contact){0};
}

void convention_free_retired(struct convention *convention) {
    while (convention->retired) {
        struct label *label = convention->retired;
        convention->retired = label->next_retired;
        free(label);
    }
}

void convention_contact_reset(struct contact *contact) {
    contact->peer = 0;
    contact->linked = false;
    (void)hysteresis_cancel(&contact->brake);
}

bool convention_contact_is_at(const struct contact *contact, struct bytes endpoint) {
    return bytes_equal(bytes_of_text(contact->endpoint), endpoint);
}

void convention_contact_call(struct convention *convention, struct contact *contact) {
    convention_want(convention, CONVENTION_CONNECT, contact->peer)->endpoint = bytes_of_text(contact->endpoint);
}

void convention_contact_again(struct convention *convention, struct contact *contact, uint64_t span_ns) {
    convention_set_alarm(convention, &contact->call, time_add(convention->now_ns, span_ns));
}
