/* What this node has to offer (H1), and changes of it while it runs (H4).
 *
 * A change counts here at once. The leader is told by a message, and who asked hears when it knows: then whoever creates sees it. A
 * leader that comes later, or that was not reached, learns of it when this node registers.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/admin.h"
#include "proto/codec.h"
#include <mesh/version.h>
#include <stdio.h>
#include <sys/utsname.h>

enum { TEXT_BYTES = 400 };

enum mesh_status admin_make_capabilities(const struct admin *admin, struct capability_set *out) {
    struct utsname host;
    char wire[16];
    snprintf(wire, sizeof wire, "%d.%d", CODEC_MAJOR, CODEC_MINOR);
    struct capability_standard standard = {
        .library_version = mesh_version(),
        .wire_version = wire,
        .node_name = admin->config->name,
        .watch_supported = true,
        .system_base = admin->config->bind.count || admin->config->outbound_only ? "tcp" : "local",
        .host_architecture = uname(&host) == 0 ? host.machine : "unknown",
    };
    const struct capability_set *own = &admin->config->capabilities;
    enum mesh_status status = capability_set_copy(out, own->items, own->count);
    return status == MESH_OK ? capability_set_standard(out, &standard) : status;
}

/* ---- changes ---- */

static const struct capability_set *present(const struct admin *admin) {
    return &convention_self(admin->convention)->capabilities;
}

/* They count here from now on. */
static enum mesh_status enter(struct admin *admin, const struct capability_set *set) {
    enum mesh_status status =
        admin_tell_convention(admin, &(struct convention_event){.kind = CONVENTION_CAPABILITIES,
                                                                .peer = admin->incarnation,
                                                                .capabilities = set->items,
                                                                .capabilities_count = set->count});
    return status == MESH_REFUSED ? MESH_SHUTTING_DOWN : status;
}

/* All that this node has, for its leader. */
static struct control word(const struct admin *admin, uint64_t id) {
    const struct capability_set *set = present(admin);
    return (struct control){.id = id, .kind = CONTROL_CAPABILITIES, .capabilities = {set->count, set->items}};
}

static bool has_other_leader(const struct admin *admin) {
    return convention_leader(admin->convention) != 0 && !convention_is_acting(admin->convention);
}

static struct mesh_address leader(const struct admin *admin) {
    return (struct mesh_address){.node = convention_leader(admin->convention)};
}

enum mesh_status admin_set_capabilities(struct admin *admin, const struct capability_set *wanted) {
    struct capability_set renewed = {0};
    enum mesh_status status = capability_set_renew(&renewed, present(admin), wanted);
    if (status == MESH_OK) {
        status = enter(admin, &renewed);
    }
    capability_set_fini(&renewed);
    if (status == MESH_OK && has_other_leader(admin)) {
        struct control control = word(admin, 0);
        admin_send(admin, leader(admin), &control);
    }
    return status;
}

/* The present ones, changed; `text` says what is wrong. */
static enum mesh_status change(const struct admin *admin, const struct control_capabilities *changes,
                               struct capability_set *out, struct text_builder *text) {
    enum mesh_status status = capability_set_copy(out, present(admin)->items, present(admin)->count);
    for (size_t i = 0; status == MESH_OK && i < changes->count; i++) {
        status = capability_set_put(out, &changes->items[i]);
        if (status != MESH_OK) {
            text_append(text, "the capability \"");
            text_append_escaped(text, changes->items[i].name);
            text_append(text, "\" cannot be set: %s",
                        status == MESH_REFUSED ? "it is one of the standard ones" : mesh_status_text(status));
        }
    }
    return status;
}

/* Also what is so already is passed on: another's change to it may still be on its way. */
static void on_change(struct admin *admin, struct mesh_address asker, const struct control *control) {
    char room[TEXT_BYTES] = "";
    struct text_builder text = text_builder(room, sizeof room);
    struct capability_set changed = {0};
    enum mesh_status status = change(admin, &control->capabilities, &changed, &text);
    if (status == MESH_OK) {
        status = enter(admin, &changed);
        text_append(&text, "the capabilities cannot be changed: %s", mesh_status_text(status));
    }
    capability_set_fini(&changed);
    if (status == MESH_OK && has_other_leader(admin)) {
        struct control passed = word(admin, control->id);
        admin_pass_on(admin, asker, leader(admin), &passed);
        return;
    }
    if (status != MESH_OK) { /* actors do not wait for the answer */
        log_write(admin->log, MESH_LOG_WARNING, NULL, asker, "%s", room);
    }
    admin_answer_done(admin, asker, control->id, status, status == MESH_OK ? "" : room);
}

static void on_word(struct admin *admin, struct mesh_address asker, const struct control *control) {
    const struct control_capabilities *said = &control->capabilities;
    enum mesh_status status =
        admin_tell_convention(admin, &(struct convention_event){.kind = CONVENTION_CAPABILITIES,
                                                                .peer = asker.node,
                                                                .capabilities = said->items,
                                                                .capabilities_count = said->count});
    if (status == MESH_NOT_FOUND) {
        admin_answer_done(admin, asker, control->id, MESH_UNREACHABLE,
                          "the capabilities are set, but no leader knows yet: the next one will");
    } else {
        admin_answer_done(admin, asker, control->id, status, mesh_status_text(status));
    }
}

void admin_on_capabilities(struct admin *admin, const struct resident *resident, struct mesh_address asker,
                           const struct control *control) {
    if (resident) {
        on_change(admin, asker, control);
    } else if (asker.node != admin->incarnation && asker.local == 0) {
        on_word(admin, asker, control);
    }
}
