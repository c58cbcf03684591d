/* The directory's creates: from a request to a place, or to a refusal (C1, C2, H3).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/directory_state.h"
#include "mesh/base/check.h"
#include <stdlib.h>

static const char exists[] = "this address has an actor already";

static void place(struct directory *directory, struct pending *pending);

/* The actor that this create is to bring; NULL when this admin only passes the request on, even if the same create has
 * come by another way and is on its way into a slot here. */
static struct actor *actor_of(const struct directory *directory, const struct pending *pending) {
    struct actor *actor = directory_actor(directory, pending->create.address);
    return actor && actor->state == ACTOR_PENDING && actor->slot == pending->slot ? actor : NULL;
}

static bool came_from_admin(const struct directory *directory, const struct pending *pending) {
    return pending->asker.local == 0 && pending->asker.node != directory->incarnation;
}

static bool is_acting(const struct directory *directory) {
    return directory->leader == directory->incarnation;
}

/* ---- answers ---- */

static void answer_failed(struct directory *directory, struct mesh_address asker, uint64_t id,
                          struct mesh_address address, enum mesh_status status, struct bytes text) {
    directory->counters.create_failed++;
    directory_send(directory, asker,
                   &(struct control){.id = id,
                                     .kind = CONTROL_CREATE_FAILED,
                                     .create_failed = {.address = address, .status = status, .text = text}});
}

static struct bytes reason_of(const struct pending *pending) {
    return bytes_of_text(pending->refusal ? pending->refusal : "");
}

static void fail(struct directory *directory, struct pending *pending) {
    directory_finish_naming(directory, pending, 0);
    struct actor *actor = actor_of(directory, pending);
    answer_failed(directory, pending->asker, pending->asker_id, pending->create.address, pending->create.status,
                  reason_of(pending));
    if (actor && directory_is_home(directory, actor->address)) {
        actor->how = CONTROL_NOT_CREATED;
        actor->told = true; /* the failure itself tells the creator */
        directory_set_text(directory, actor, reason_of(pending));
        directory_bury(directory, actor);
    } else if (actor) {
        actor->how = CONTROL_NOT_CREATED;
        directory_bury(directory, actor);
    }
    directory_remove_pending(directory, pending);
}

void directory_answer_created(struct directory *directory, struct pending *pending,
                              const struct control_created *created) {
    directory_finish_naming(directory, pending, created->admin);
    struct mesh_address home = address_home(created->address);
    struct control control = {.id = pending->asker_id, .kind = CONTROL_CREATED, .created = *created};
    directory->counters.created++;
    directory_send(directory, pending->asker, &control);
    if (created->admin == directory->incarnation && home.node != directory->incarnation &&
        !mesh_address_equal(home, pending->asker)) {
        control.id = 0; /* the chain of askers may break, the home must know all the same */
        directory_send(directory, home, &control);
    }
}

/* ---- refusals ---- */

/* Of several refusals the most telling is kept: code that fails to load, then a source that is missing, where all else fits
 * perhaps, then a node that does not fit, then a type that is not known. */
static int weight(enum mesh_status status) {
    if (status == MESH_OK) {
        return 0;
    }
    if (status == MESH_UNKNOWN_TYPE) {
        return 1;
    }
    return status == MESH_NO_COMPATIBLE_NODE ? 2 : status == MESH_UNKNOWN_SOURCE ? 3 : 4;
}

static void note_refusal(struct directory *directory, struct pending *pending, enum mesh_status status,
                         struct bytes text) {
    if (weight(status) <= weight(pending->create.status)) {
        return;
    }
    char *refusal = directory_text(directory, text);
    if (refusal) {
        free(pending->refusal);
        pending->refusal = refusal;
        pending->create.refusal = bytes_of_text(refusal);
        pending->create.status = status;
    }
}

static void leave_slot(struct directory *directory, struct pending *pending) {
    struct actor *actor = actor_of(directory, pending);
    if (actor) {
        directory_move(directory, actor, actor->state, 0);
    }
    list_remove(&pending->of_slot);
    directory_leave_slot(directory, pending->slot);
    pending->slot = 0;
    pending->sent = false;
}

void directory_refuse_here(struct directory *directory, struct pending *pending, enum mesh_status status,
                           struct bytes text) {
    if (pending->restart) {
        directory_restart_failed(directory, pending, text);
        return;
    }
    struct actor *actor = actor_of(directory, pending);
    directory_uncount_placed(directory, pending);
    bool minted = actor && directory_is_home(directory, actor->address) && !address_slot(actor->address);
    leave_slot(directory, pending);
    if (actor && (minted || !directory_is_home(directory, actor->address))) {
        actor->how = CONTROL_NOT_CREATED;
        directory_bury(directory, actor);
    } else if (actor) {
        directory_drop_demand(actor);
        actor->admin = 0;
    }
    if (minted) {
        pending->create.address = (struct mesh_address){0};
        pending->create.parent = (struct mesh_address){0};
    }
    note_refusal(directory, pending, status, text);
    directory_add_refuser(directory, pending, directory->incarnation);
    place(directory, pending);
}

/* ---- placing ---- */

static struct placement_request request_of(const struct pending *pending) {
    return (struct placement_request){
        .type = pending->create.type,
        .requirements = pending->create.requirements,
        .requirements_count = pending->create.requirements_count,
        .refused_by = pending->create.refused_by,
        .refused_count = pending->create.refused_count,
        .refusal = pending->create.refusal,
    };
}

/* Whether it can be hosted here; if not, that is noted among the refusals. */
static bool fits_here(struct directory *directory, struct pending *pending) {
    struct placement_request request = request_of(pending);
    struct member *self = directory_self(directory);
    char reason[REASON_BYTES];
    if (placement_is_refused_by(&request, self->incarnation)) {
        return false;
    }
    enum mesh_status status = MESH_OK;
    if (!placement_fits(&request, self, reason, sizeof reason)) {
        status = MESH_NO_COMPATIBLE_NODE;
    } else if (!pending->known) {
        struct text_builder text = text_builder(reason, sizeof reason);
        status = pending->lacking;
        if (pending->why) {
            text_append(&text, "node %s: %s", self->name, pending->why);
        } else {
            text_append(&text, "node %s has no module with type ", self->name);
            text_append_escaped(&text, pending->create.type);
        }
    }
    if (status) {
        note_refusal(directory, pending, status, bytes_of_text(reason));
        directory_add_refuser(directory, pending, self->incarnation);
    }
    return status == MESH_OK;
}

/* A top-level actor's address is minted by who hosts it, and that admin is its parent (C6). */
static struct actor *make_actor(struct directory *directory, struct pending *pending) {
    struct mesh_address address = pending->create.address;
    if (mesh_address_is_none(address)) {
        if (address_mint(&directory->mint, &address)) {
            return NULL;
        }
    }
    if (mesh_address_is_none(pending->create.address) || pending->create.detached) {
        pending->create.parent = directory_admin(directory->incarnation);
    }
    struct actor *actor = directory_enter_pending(directory, address);
    if (actor) {
        pending->create.address = address;
        actor->parent = pending->create.parent;
        actor->detached = pending->create.detached;
        directory_supervise(directory, actor, pending);
        directory_note_demand(directory, actor, pending);
    }
    return actor;
}

static void start_here(struct directory *directory, struct pending *pending) {
    struct actor *actor = make_actor(directory, pending);
    struct slot *slot = actor ? directory_choose_slot(directory, pending->pool) : NULL;
    if (!actor && directory_actor(directory, pending->create.address)) {
        directory_refuse_here(directory, pending, MESH_EXISTS, bytes_of_text(exists));
        return;
    }
    if (!slot) {
        directory_refuse_here(directory, pending, MESH_FULL, bytes_of_text("the node is full: a limit is reached"));
        return;
    }
    directory_enter_slot(directory, pending, actor, slot);
}

static void send_create(struct directory *directory, struct pending *pending, uint64_t admin) {
    pending->admin = admin;
    directory_pending_wait(directory, pending, directory->limits.create_wait_ns);
    directory_send(directory, directory_admin(admin),
                   &(struct control){.id = pending->id, .kind = CONTROL_CREATE, .create = pending->create});
}

static void place_as_leader(struct directory *directory, struct pending *pending) {
    for (;;) {
        char reason[REASON_BYTES];
        struct placement_request request = request_of(pending);
        struct member *chosen = placement_choose(&request, directory->members, reason, sizeof reason);
        if (!chosen) {
            enum mesh_status status = pending->create.status ? pending->create.status : MESH_NO_COMPATIBLE_NODE;
            pending->create.status = MESH_OK; /* this text says more: it has the last refusal in it */
            note_refusal(directory, pending, status, bytes_of_text(reason));
            fail(directory, pending);
            return;
        }
        if (chosen->incarnation != directory->incarnation) {
            directory_count_placed(pending, chosen);
            send_create(directory, pending, chosen->incarnation);
            return;
        }
        if (fits_here(directory, pending)) {
            directory_count_placed(pending, chosen);
            start_here(directory, pending);
            return;
        }
    }
}

void directory_place(struct directory *directory, struct pending *pending) {
    place(directory, pending);
}

void directory_fail(struct directory *directory, struct pending *pending, enum mesh_status status, struct bytes text) {
    pending->create.status = MESH_OK;
    note_refusal(directory, pending, status, text);
    fail(directory, pending);
}

static void place(struct directory *directory, struct pending *pending) {
    bool chosen_by_another = came_from_admin(directory, pending);
    if (directory->no_memory) {
        return;
    }
    if (chosen_by_another && is_acting(directory)) {
        place_as_leader(directory, pending);
    } else if (fits_here(directory, pending)) {
        start_here(directory, pending);
    } else if (is_acting(directory)) {
        place_as_leader(directory, pending);
    } else if (chosen_by_another) {
        fail(directory, pending);
    } else if (directory->leader) {
        send_create(directory, pending, directory->leader);
    } else {
        pending->admin = 0;
        directory_pending_wait(directory, pending, directory->limits.create_wait_ns);
    }
}

/* ---- requests ---- */

/* Enters an address that is minted elsewhere but homed here; NULL at a limit. */
static struct actor *enter_home(struct directory *directory, const struct control_create *create) {
    struct actor *actor = directory_enter_pending(directory, create->address);
    if (actor) {
        struct slot *slot = directory_slot(directory, address_slot(create->address));
        actor->parent = create->parent;
        actor->type = directory_text(directory, create->type);
        actor->restarts = create->supervision.on_failure == CONTROL_RESTART;
        actor->detached = create->detached;
        if (slot && slot->highest < address_number(create->address)) {
            slot->highest = address_number(create->address);
        }
        bool alone = !slot && address_slot(create->address); /* its creator is gone already */
        actor->told = alone || create->detached;
        actor->orphan = alone && !create->detached;
    }
    return actor;
}

void directory_on_create(struct directory *directory, const struct directory_event *event) {
    const struct control_create *create = &event->control->create;
    struct mesh_address address = create->address;
    bool ours = !mesh_address_is_none(address) && directory_is_home(directory, address);
    struct actor *present = mesh_address_is_none(address) ? NULL : directory_actor(directory, address);
    if (present && present->state != ACTOR_PARKED) {
        answer_failed(directory, event->asker, event->control->id, address, MESH_EXISTS, bytes_of_text(exists));
        return;
    }
    if (ours && !enter_home(directory, create)) {
        answer_failed(directory, event->asker, event->control->id, address, MESH_FULL,
                      bytes_of_text("the node is full: the limit `actors` is reached"));
        return;
    }
    struct pending *pending = directory_add_pending(directory, event);
    if (pending && pending->name && !create->name_epoch) {
        directory_ask_name(directory, pending);
        return;
    }
    if (pending) {
        place(directory, pending);
        return;
    }
    struct actor *actor = ours ? directory_actor(directory, address) : NULL;
    answer_failed(directory, event->asker, event->control->id, address, MESH_FULL,
                  bytes_of_text("the request is over a limit"));
    if (actor) {
        actor->how = CONTROL_NOT_CREATED;
        actor->told = true;
        directory_bury(directory, actor);
    }
}

/* ---- what became of it ---- */

struct pending *directory_pending_of(const struct slot *slot, struct mesh_address address) {
    LIST_EACH (&slot->pendings, node, after) {
        struct pending *pending = LIST_OWNER(node, struct pending, of_slot);
        if (mesh_address_is_none(address) || mesh_address_equal(pending->create.address, address)) {
            return pending;
        }
    }
    return NULL;
}

void directory_on_host_failed(struct directory *directory, struct slot *slot, const struct directory_event *event) {
    bool all = mesh_address_is_none(event->address);
    for (struct pending *pending; (pending = directory_pending_of(slot, event->address));) {
        directory_refuse_here(directory, pending, event->status, event->text);
        if (!all) {
            return;
        }
    }
}

static void place_again(struct directory *directory, struct pending *pending, struct actor *actor, bool failed) {
    leave_slot(directory, pending);
    if (!failed && !pending->restart) {
        start_here(directory, pending);
        return;
    }
    struct slot *heir = directory_add_heir(directory, pending->pool);
    if (heir) {
        directory_enter_slot(directory, pending, actor, heir);
    } else {
        directory_refuse_here(directory, pending, MESH_FULL, bytes_of_text("the node is full: a limit is reached"));
    }
}

/* A check function that dies, or ends its process, has said no (H2). The others of that process have nothing to do with that; nor has
 * what its host was not told of yet, or what came to a host that had nothing more to do. */
void directory_on_pendings_died(struct directory *directory, struct slot *slot, const struct directory_event *event) {
    char reason[REASON_BYTES];
    struct text_builder text = text_builder(reason, sizeof reason);
    bool crashed = slot->process && (event->how == CONTROL_SIGNAL || event->how == CONTROL_EXIT_CODE);
    bool ended = event->how == CONTROL_OWN_EXIT, in_check = !mesh_address_is_none(event->checking);
    text_append(&text, "its host ended before it was up: ");
    text_append_escaped(&text, event->text);
    for (struct pending *pending; (pending = directory_pending_of(slot, (struct mesh_address){0}));) {
        struct actor *actor = actor_of(directory, pending);
        bool refused = in_check && mesh_address_equal(pending->create.address, event->checking);
        bool left = !refused && (in_check || (ended && (slot->up || !pending->sent)));
        bool failed = crashed && actor && actor->restarts && !refused && !left;
        if (failed) { /* in its constructor, perhaps (C7) */
            directory_note_end(directory, actor, event->how, event->number, event->text);
        }
        failed = failed && directory_may_restart(directory, actor);
        if (left || failed) {
            place_again(directory, pending, actor, failed);
        } else {
            enum mesh_status status = refused ? MESH_NO_COMPATIBLE_NODE : MESH_LOAD_FAILED;
            directory_refuse_here(directory, pending, status, bytes_of_text(reason));
        }
    }
}

static void answer_up(struct directory *directory, struct pending *pending, const struct slot *slot) {
    struct control_created created = {.address = pending->create.address,
                                      .process = slot->process,
                                      .admin = directory->incarnation,
                                      .endpoint = bytes_of_text(slot->endpoint ? slot->endpoint : ""),
                                      .detached = pending->create.detached};
    if (!pending->restart) {
        directory_answer_created(directory, pending, &created);
    }
}

void directory_on_actor_up(struct directory *directory, struct slot *slot, struct mesh_address address) {
    struct pending *pending = directory_pending_of(slot, address);
    struct actor *actor = pending ? actor_of(directory, pending) : NULL;
    if (!actor) {
        directory->counters.late++;
        if (!slot->pool) {
            directory_want(directory, DIRECTORY_KILL_HOST, (struct mesh_address){0}, slot->number, NULL);
        }
        return;
    }
    directory_move(directory, actor, ACTOR_HERE, actor->slot);
    actor->process = slot->process;
    if (!actor->type) {
        actor->type = directory_text(directory, pending->create.type);
    }
    if (pending->name && !pending->restart) {
        directory_hold_name(directory, actor, pending);
    } else if (actor->detached && !actor->named && !directory_is_home(directory, actor->address)) {
        directory_hold_place(directory, actor);
    }
    answer_up(directory, pending, slot);
    directory_answer_waits(directory, actor);
    directory_note_stranger(directory, actor);
    if (actor->orphan) {
        directory_want(directory, DIRECTORY_EXIT_REQUEST, actor->address, 0, NULL);
    } else if (!directory_fits(directory, actor)) {
        directory_want(directory, DIRECTORY_UNFIT, actor->address, 0, NULL);
    }
    directory_remove_pending(directory, pending);
    slot->up = true;
    directory_send_pendings(directory, slot);
}

static struct pending *find_by_address(const struct directory *directory, struct mesh_address address) {
    size_t place_in_map = 0;
    for (struct pending *pending; (pending = map_next(&directory->pendings, &place_in_map));) {
        if (mesh_address_equal(pending->create.address, address)) {
            return pending;
        }
    }
    return NULL;
}

static void move_elsewhere(struct directory *directory, struct actor *actor, const struct control_created *created) {
    directory_move(directory, actor, ACTOR_ELSEWHERE, 0);
    actor->admin = created->admin;
    actor->process = created->process;
    actor->endpoint = directory_text(directory, created->endpoint);
    directory_answer_waits(directory, actor);
    directory_end_orphan(directory, actor);
    directory_note_stranger(directory, actor);
}

/* Nobody waits for it: it is asked to exit, by who hosts it. Where another has its address, it is killed. */
static void refuse_created(struct directory *directory, const struct control_created *created,
                           const struct actor *actor) {
    bool dead = actor && actor->state == ACTOR_DEAD;
    struct control control = {.kind = CONTROL_EXITED};
    control.exited = (struct control_exited){.address = created->address, .how = dead ? actor->how : CONTROL_NODE_LOST};
    if (actor && !dead && actor->state != ACTOR_PARKED) {
        control = (struct control){.kind = CONTROL_KILL, .kill.address = created->address};
    }
    directory_send(directory, directory_admin(created->admin), &control);
}

/* The hosting admin's word to the home comes without a number, and may come before or after that of the chain. */
void directory_on_created(struct directory *directory, const struct directory_event *event) {
    struct control_created created = event->control->created;
    struct pending *pending = map_get(&directory->pendings, &event->control->id);
    bool ours = directory_is_home(directory, created.address);
    if (!pending && ours) {
        pending = find_by_address(directory, created.address);
    }
    struct actor *actor = ours ? directory_actor(directory, created.address) : NULL;
    bool ended = actor && actor->state != ACTOR_PENDING;
    bool given_up = ended && actor->state == ACTOR_DEAD && actor->how == CONTROL_NODE_LOST;
    bool known = ended && actor->admin == created.admin && !given_up;
    if (directory_is_lost(directory, created.admin) && !members_find(directory->members, created.admin)) {
        directory->counters.late++; /* what lives there is lost with it, and another was asked */
        return;
    }
    if (pending && (pending->slot || event->asker.local)) {
        pending = NULL; /* it is started here, or the answer is not an admin's */
    }
    if (!pending) {
        directory->counters.late++;
        if (ours && !known && !directory_take_back(directory, &created, actor)) {
            refuse_created(directory, &created, actor);
        } else if (!ours && mesh_address_equal(event->asker, address_home(created.address))) {
            directory_confirm(directory, created.address);
        }
        return;
    }
    directory_answer_created(directory, pending, &created);
    directory_remove_pending(directory, pending);
    if (actor && actor->state == ACTOR_PENDING) {
        move_elsewhere(directory, actor, &created);
    }
}

void directory_on_create_failed(struct directory *directory, const struct directory_event *event) {
    const struct control_create_failed *failed = &event->control->create_failed;
    struct pending *pending = map_get(&directory->pendings, &event->control->id);
    if (!pending || pending->admin != event->asker.node || event->asker.local) {
        directory->counters.late++;
        return;
    }
    note_refusal(directory, pending, failed->status, failed->text);
    directory_uncount_placed(directory, pending);
    if (is_acting(directory)) {
        directory_add_refuser(directory, pending, pending->admin);
        place(directory, pending);
        return;
    }
    pending->create.status = MESH_OK; /* the leader has the last word */
    note_refusal(directory, pending, failed->status, failed->text);
    fail(directory, pending);
}

void directory_pending_expire(struct directory *directory, struct pending *pending) {
    if (pending->naming == NAMING_ASKED) {
        directory_name_expire(directory, pending);
        return;
    }
    struct bytes text = bytes_of_text("no leader was there to find a node for it");
    if (pending->slot) {
        directory_want(directory, DIRECTORY_KILL_HOST, (struct mesh_address){0}, pending->slot, NULL);
        directory_refuse_here(directory, pending, MESH_TIMED_OUT, bytes_of_text("its host did not come up in time"));
        return;
    }
    if (pending->admin) {
        text = bytes_of_text("the admin that was to create it did not answer in time");
    }
    if (pending->restart) {
        directory_restart_failed(directory, pending, text);
        return;
    }
    pending->create.status = MESH_OK;
    note_refusal(directory, pending, MESH_TIMED_OUT, text);
    fail(directory, pending);
}

/* What came from the lost node is of no use to anybody; what was sent to it goes elsewhere. */
void directory_pendings_lose(struct directory *directory, uint64_t admin) {
    size_t at = 0;
    for (struct pending *pending; (pending = map_next(&directory->pendings, &at));) {
        if (pending->asker.node == admin) {
            struct actor *actor = actor_of(directory, pending);
            if (pending->pool && pending->slot && actor) {
                actor->orphan = true; /* its host has others, too */
                continue;
            }
            if (pending->slot) {
                directory_want(directory, DIRECTORY_KILL_HOST, (struct mesh_address){0}, pending->slot, NULL);
            }
            if (actor) {
                actor->how = CONTROL_NOT_CREATED;
                directory_bury(directory, actor);
            }
            directory_remove_pending(directory, pending);
        } else if (pending->admin == admin && pending->naming == NAMING_ASKED) {
            pending->admin = 0;
        } else if (pending->admin == admin) {
            pending->admin = 0;
            if (is_acting(directory)) {
                note_refusal(directory, pending, MESH_NO_COMPATIBLE_NODE,
                             bytes_of_text("the node that was to host it was lost"));
                directory_add_refuser(directory, pending, admin);
            }
            place(directory, pending);
        }
    }
}

void directory_pendings_retry(struct directory *directory) {
    size_t at = 0;
    for (struct pending *pending; (pending = map_next(&directory->pendings, &at));) {
        if (pending->naming == NAMING_ASKED) {
            directory_ask_name(directory, pending);
        } else if (!pending->admin && !pending->slot) {
            place(directory, pending);
        }
    }
}
