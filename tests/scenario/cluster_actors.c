/* The directories of a virtual cluster, and the actors that its programs create. Hosts come up at once.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "mesh/core/address.h"
#include "tests/scenario/cluster_inside.h"
#include <stdio.h>

enum { PROGRAM_SLOT = 1, HOST_PROCESS = 100, ACTOR_BYTES = 24 };

static struct mesh_address admin_of(uint64_t incarnation) {
    return address_make(incarnation, 0, 0);
}

static const char *actor_name(struct mesh_address address, char out[ACTOR_BYTES]) {
    snprintf(out, ACTOR_BYTES, "%c%u.%u", (char)(address.node / 1000), (unsigned)(address.node % 1000),
             (unsigned)address_number(address));
    return out;
}

static void note_actor(struct cluster *cluster, const struct node *node, const char *what, struct mesh_address actor,
                       const char *more) {
    char name[ACTOR_BYTES], text[256];
    snprintf(text, sizeof text, "%s%s%s", actor_name(actor, name), *more ? ": " : "", more);
    cluster_note(cluster, node, what, 0, text);
}

/* The program hears of its actors. */
static void note_answer(struct cluster *cluster, const struct node *node, const struct control *control) {
    char text[256];
    switch (control->kind) {
    case CONTROL_CREATED:
        note_actor(cluster, node, "created", control->created.address, "");
        return;
    case CONTROL_CREATE_FAILED:
        note_actor(cluster, node, "not created", control->create_failed.address,
                   mesh_status_name(control->create_failed.status));
        return;
    case CONTROL_EXITED:
        snprintf(text, sizeof text, "%.*s", (int)control->exited.text.size, (const char *)control->exited.text.data);
        note_actor(cluster, node, "exited", control->exited.address, text);
        return;
    case CONTROL_RESOLVED:
        note_actor(cluster, node, "finds", control->resolved.address, "");
        return;
    case CONTROL_GONE:
        note_actor(cluster, node, "does not find", control->gone.address, "");
        return;
    case CONTROL_CREATE:
    case CONTROL_RESOLVE:
    case CONTROL_STATUS_REQUEST:
    case CONTROL_STATUS_REPLY:
    case CONTROL_SHUTDOWN:
    case CONTROL_PROGRAM_TYPES:
    case CONTROL_KILL:
    case CONTROL_DONE:
    case CONTROL_DEAD_LETTER_HANDLER:
    case CONTROL_DEAD_LETTER:
    case CONTROL_ACTOR_REPORT:
    case CONTROL_PREREGISTER:
    case CONTROL_DISMISS:
    case CONTROL_WATCH_MEMBERS:
    case CONTROL_MEMBER_UPDATE:
    case CONTROL_CAPABILITIES:
    case CONTROL_CHECK:
    case CONTROL_NAME_REQUEST:
    case CONTROL_NAME_GRANT:
    case CONTROL_NAMES_HELD:
    case CONTROL_NAME_FREED:
    case CONTROL_NAMES_WANTED:
    case CONTROL_NAME_TAKEN:
    case CONTROL_MEMBER_KEY:
    case CONTROL_KEYS_CHANGED:
    case CONTROL_UNREACHED:
    case CONTROL_LOG_LINES:
    case CONTROL_LOG_REQUEST:
    case CONTROL_LOG_REPLY:
    case CONTROL_SOURCE:
    case CONTROL_MET:
        return;
    }
}

static void perform(struct cluster *cluster, struct node *node, const struct directory_action *action) {
    switch (action->kind) {
    case DIRECTORY_START_HOST:
        note_actor(cluster, node, "start", action->control.create.address, "");
        cluster_send_birth(cluster, node, action->slot, action->control.create.address);
        return;
    case DIRECTORY_SEND:
        if (action->to.node != cluster_incarnation_of(node)) {
            cluster_send_control(cluster, node, action->to, &action->control);
        } else {
            note_answer(cluster, node, &action->control);
        }
        return;
    case DIRECTORY_EXIT_REQUEST:
        note_actor(cluster, node, "exit request", action->to, "");
        return;
    case DIRECTORY_UNFIT:
        note_actor(cluster, node, "unfit", action->to, "");
        return;
    case DIRECTORY_NAME_TAKEN:
        note_actor(cluster, node, "name taken", action->to, "");
        return;
    case DIRECTORY_WARN:
        note_actor(cluster, node, "warns of", action->to, action->text);
        return;
    case DIRECTORY_KILL_HOST:
        break; /* no host here needs that */
    }
    CHECK_UNREACHABLE();
}

void cluster_step_directory(struct cluster *cluster, struct node *node, const struct directory_event *event) {
    struct directory_action action;
    enum mesh_status status = directory_step(node->directory, cluster->now_ns, event);
    CHECK(status == MESH_OK);
    while (directory_poll(node->directory, &action)) {
        perform(cluster, node, &action);
    }
}

void cluster_open_directory(struct cluster *cluster, struct node *node) {
    uint32_t slot;
    CHECK(directory_new(&node->directory, &directory_limits_default, cluster_incarnation_of(node), node->endpoint,
                        convention_members(node->core)) == MESH_OK);
    CHECK(directory_lease(node->directory, &slot) == MESH_OK && slot == PROGRAM_SLOT);
    cluster_step_directory(cluster, node,
                           &(struct directory_event){.kind = DIRECTORY_HOST_UP,
                                                     .slot = slot,
                                                     .process = HOST_PROCESS,
                                                     .endpoint = bytes_of_text("ipc://program")});
}

void cluster_take_control(struct cluster *cluster, struct node *node, uint64_t from, const struct control *control) {
    if (control->kind == CONTROL_CAPABILITIES) {
        struct convention_event event = {.kind = CONVENTION_CAPABILITIES, .peer = from};
        event.capabilities = control->capabilities.items;
        event.capabilities_count = control->capabilities.count;
        (void)cluster_step(cluster, node, &event);
        return;
    }
    cluster_step_directory(cluster, node,
                           &(struct directory_event){
                               .kind = DIRECTORY_CONTROL, .asker = admin_of(from), .control = control, .known = true});
}

void cluster_take_birth(struct cluster *cluster, struct node *node, uint32_t slot, struct mesh_address actor) {
    cluster_step_directory(cluster, node,
                           &(struct directory_event){.kind = DIRECTORY_HOST_UP,
                                                     .slot = slot,
                                                     .process = HOST_PROCESS + slot,
                                                     .endpoint = bytes_of_text("ipc://host")});
    cluster_step_directory(cluster, node,
                           &(struct directory_event){.kind = DIRECTORY_ACTOR_UP, .slot = slot, .address = actor});
}

static void create(struct cluster *cluster, char letter, const char *capability, const char *name, bool detached) {
    struct node *node = cluster_node_of(cluster, letter);
    uint64_t own = cluster_incarnation_of(node);
    struct frame_requirement need = {.comparison = FRAME_COMPARE_PRESENT};
    struct control control = {.id = ++node->actors, .kind = CONTROL_CREATE};
    if (name) {
        control.create.name = bytes_of_text(name);
    } else {
        control.create.address = address_make(own, PROGRAM_SLOT, node->actors);
        control.create.parent = address_make(own, PROGRAM_SLOT, 0);
    }
    control.create.type = bytes_of_text("actor");
    control.create.detached = detached;
    if (capability) {
        need.name = bytes_of_text(capability);
        control.create.requirements = &need;
        control.create.requirements_count = control.create.creators_count = 1;
    }
    cluster_step_directory(cluster, node,
                           &(struct directory_event){.kind = DIRECTORY_CONTROL,
                                                     .asker = address_make(own, PROGRAM_SLOT, 0),
                                                     .control = &control,
                                                     .known = true});
}

void cluster_create(struct cluster *cluster, char letter, const char *capability) {
    create(cluster, letter, capability, NULL, false);
}

void cluster_create_detached(struct cluster *cluster, char letter, const char *capability) {
    create(cluster, letter, capability, NULL, true);
}

void cluster_create_named(struct cluster *cluster, char letter, const char *capability, const char *name) {
    create(cluster, letter, capability, name, false);
}

void cluster_end_actor(struct cluster *cluster, char letter, unsigned number) {
    struct node *node = cluster_node_of(cluster, letter);
    uint64_t own = cluster_incarnation_of(node);
    struct mesh_address actor = address_make(own, 0, number);
    struct directory_place place = directory_find(node->directory, actor);
    struct control control = {.kind = CONTROL_EXITED, .exited = {.address = actor, .how = CONTROL_OWN_EXIT}};
    CHECK(place.kind == DIRECTORY_HERE);
    cluster_step_directory(cluster, node,
                           &(struct directory_event){.kind = DIRECTORY_CONTROL,
                                                     .asker = address_make(own, place.view.slot, 0),
                                                     .control = &control});
}

void cluster_seek(struct cluster *cluster, char letter, uint64_t home, unsigned number) {
    struct node *node = cluster_node_of(cluster, letter);
    struct control control = {.id = 1, .kind = CONTROL_RESOLVE};
    control.resolve.address = address_make(home, PROGRAM_SLOT, number);
    cluster_step_directory(
        cluster, node,
        &(struct directory_event){.kind = DIRECTORY_CONTROL,
                                  .asker = address_make(cluster_incarnation_of(node), PROGRAM_SLOT, 0),
                                  .control = &control});
}

bool cluster_has_name(struct cluster *cluster, char letter, const char *name) {
    const void *cursor = NULL;
    struct control_held_name held;
    while (directory_next_name(cluster_node_of(cluster, letter)->directory, &cursor, &held)) {
        if (bytes_equal(held.name, bytes_of_text(name))) {
            return true;
        }
    }
    return false;
}
