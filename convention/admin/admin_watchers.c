/* Actors that are told of the members of the convention (S5A): a host says who wants that, and until when.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/admin.h"
#include "mesh/core/address.h"

static struct mesh_address process_of(const struct admin *admin, const struct resident *host) {
    return address_make(admin->incarnation, host->slot, 0);
}

void admin_on_watch_members(struct admin *admin, const struct resident *host,
                            const struct control_watch_members *said) {
    struct convention_event event = {.kind = said->on ? CONVENTION_WATCH : CONVENTION_UNWATCH};
    if (!host || host->program) {
        return;
    }
    event.watcher = (struct convention_watcher){said->actor, process_of(admin, host)};
    enum mesh_status status = admin_tell_convention(admin, &event);
    if (status != MESH_OK) {
        log_write(admin->log, MESH_LOG_WARNING, NULL, said->actor, "it is not told of the convention's members: %s",
                  mesh_status_text(status));
    }
}

void admin_bury_watchers(struct admin *admin, const struct resident *resident) {
    admin_tell_convention(
        admin, &(struct convention_event){.kind = CONVENTION_UNWATCH, .watcher.process = process_of(admin, resident)});
}

void admin_tell_watcher(struct admin *admin, const struct convention_action *notice) {
    struct control control = {.kind = CONTROL_MEMBER_UPDATE};
    control.member_update = (struct control_member_update){
        .watcher = notice->watcher.actor,
        .member = notice->member->view,
        .added = notice->added,
        .text = bytes_of_text(notice->text),
    };
    admin_send(admin, notice->watcher.process, &control);
}
