/* The dead-letter handler of this node: one actor at a time, the last one that registered (E4).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/admin.h"
#include "mesh/core/address.h"
#include "mesh/runtime/dead_letters.h"

static bool is_from(struct mesh_address process, const struct resident *resident) {
    return !mesh_address_is_none(process) && address_slot(process) == resident->slot;
}

void admin_tell_dead_letter_handler(struct admin *admin, const struct resident *resident) {
    struct control control = {.kind = CONTROL_DEAD_LETTER_HANDLER, .dead_letter_handler = admin->dead_letter_handler};
    admin_send(admin, address_make(admin->incarnation, resident->slot, 0), &control);
}

static void change(struct admin *admin, const struct control_dead_letter_handler *handler) {
    size_t place = 0;
    admin->dead_letter_handler = *handler;
    for (struct resident *resident; (resident = map_next(&admin->residents, &place));) {
        if (resident->greeted || resident->program) {
            admin_tell_dead_letter_handler(admin, resident);
        }
    }
}

void admin_on_dead_letter_handler(struct admin *admin, const struct resident *host,
                                  const struct control_dead_letter_handler *said) {
    struct control_dead_letter_handler handler = {0};
    bool present = mesh_address_equal(said->handler, admin->dead_letter_handler.handler);
    if (!host || host->program || (!said->registered && !present)) {
        return;
    }
    if (said->registered) {
        handler.handler = said->handler;
        handler.process = address_make(admin->incarnation, host->slot, 0);
    }
    change(admin, &handler);
}

void admin_bury_dead_letter_handler(struct admin *admin, const struct resident *resident) {
    if (is_from(admin->dead_letter_handler.process, resident)) {
        change(admin, &(struct control_dead_letter_handler){0});
    }
}

void admin_on_dead_letter(struct admin *admin, const struct resident *resident,
                          const struct control_dead_letter *letter) {
    struct control_dead_letter passed = *letter;
    struct mesh_address to = {0};
    if (resident && letter->sender.node != admin->incarnation) {
        to = address_home(letter->sender);
    } else if (!resident) {
        passed.handler = admin->dead_letter_handler.handler;
        to = admin->dead_letter_handler.process;
    }
    bool sent = !mesh_address_is_none(to) && dead_letters_pass_on(admin->process, to, &passed);
    if (!sent && limiter_take(&admin->dead_letter_lines, process_now(admin->process))) {
        dead_letters_log(admin->log, letter);
    }
}
