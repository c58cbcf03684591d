/* The directory's supervision: an actor that failed is started anew, so often as its create allows, and what its earlier lives
 * have on record is kept for those who had sent to them (C7, E3).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/directory_state.h"
#include "mesh/base/check.h"
#include <stdlib.h>

/* ---- what it is started anew from ---- */

void directory_free_revival(struct revival *revival) {
    if (revival) {
        free(revival->type);
        free(revival->program);
        free(revival->pool);
        free(revival);
    }
}

void directory_supervise(struct directory *directory, struct actor *actor, const struct pending *pending) {
    if (actor->revival || pending->create.supervision.on_failure == CONTROL_STOP) {
        return;
    }
    struct revival *revival = calloc(1, sizeof *revival);
    if (!revival) {
        directory->no_memory = true;
        return;
    }
    revival->supervision.terms = pending->create.supervision;
    revival->type = directory_text(directory, pending->create.type);
    revival->program = directory_text(directory, pending->create.program);
    revival->pool = pending->pool ? directory_text(directory, bytes_of_text(pending->pool)) : NULL;
    memcpy(revival->source, pending->source, sizeof revival->source);
    revival->source_load = pending->create.source_load;
    actor->revival = revival;
    actor->restarts = revival->supervision.terms.on_failure == CONTROL_RESTART;
}

/* ---- how often ---- */

static void note_used_up(struct directory *directory, struct actor *actor) {
    char reason[REASON_BYTES];
    supervision_print_used_up(&actor->revival->supervision, bytes_of_text(actor->text ? actor->text : ""), reason,
                              sizeof reason);
    directory_set_text(directory, actor, bytes_of_text(reason));
}

bool directory_may_restart(struct directory *directory, struct actor *actor) {
    struct revival *revival = actor->revival;
    if (!actor->restarts || !revival || actor->doomed || actor->orphan || directory->stopping) {
        return false;
    }
    if (!supervision_may_restart(&revival->supervision, directory->now_ns)) {
        note_used_up(directory, actor);
        return false;
    }
    directory->counters.restarts++;
    return true;
}

/* ---- restarting ---- */

/* As if its creator had asked once more; nobody is answered. */
static struct pending *ask_again(struct directory *directory, const struct actor *actor) {
    const struct revival *revival = actor->revival;
    struct control control = {.kind = CONTROL_CREATE};
    control.create.address = actor->address;
    control.create.parent = actor->parent;
    control.create.type = bytes_of_text(revival->type);
    control.create.program = bytes_of_text(revival->program);
    control.create.supervision = revival->supervision.terms;
    control.create.detached = actor->detached;
    if (revival->source_load) {
        control.create.source = bytes_make(revival->source, sizeof revival->source);
        control.create.source_load = revival->source_load;
    }
    struct directory_event event = {.kind = DIRECTORY_CONTROL,
                                    .asker = directory_admin(directory->incarnation),
                                    .control = &control,
                                    .known = true,
                                    .pool = bytes_of_text(revival->pool ? revival->pool : "")};
    struct pending *pending = directory_add_pending(directory, &event);
    if (pending) {
        pending->restart = true;
    }
    return pending;
}

/* Its questions wait for the new life. */
static void enter_pending(struct directory *directory, struct actor *actor) {
    directory_move(directory, actor, ACTOR_PENDING, 0);
    actor->reviving = actor->failed = false;
    directory_drop_text(actor);
    LIST_EACH (&actor->waits, node, after) {
        deadlines_clear(&directory->wait_deadlines, &LIST_OWNER(node, struct wait, place)->deadline);
    }
}

static void end(struct directory *directory, struct actor *actor, struct bytes text) {
    char reason[REASON_BYTES];
    struct text_builder all = text_builder(reason, sizeof reason);
    text_append(&all, "it failed, and is not started anew: ");
    text_append_escaped(&all, text);
    directory_note_end(directory, actor, actor->how, actor->number, bytes_of_text(reason));
    directory_tell_end(directory, actor);
    directory_bury(directory, actor);
}

void directory_restart(struct directory *directory, struct actor *actor, struct slot **heir) {
    struct pending *pending = ask_again(directory, actor);
    const char *pool = pending ? pending->pool : NULL;
    if (pending && !*heir) {
        *heir = directory_add_heir(directory, pool);
    }
    enter_pending(directory, actor);
    if (pending && *heir) {
        directory_enter_slot(directory, pending, actor, *heir);
        return;
    }
    end(directory, actor, bytes_of_text("the node is full: a limit is reached"));
    if (pending) {
        directory_remove_pending(directory, pending);
    }
}

void directory_restart_failed(struct directory *directory, struct pending *pending, struct bytes text) {
    struct actor *actor = directory_actor(directory, pending->create.address);
    CHECK(actor && actor->state == ACTOR_PENDING);
    directory_leave_slot(directory, pending->slot);
    end(directory, actor, text);
    directory_remove_pending(directory, pending);
}

/* Where others live too, it is born again beside them; a process of its own is replaced. */
void directory_on_failed(struct directory *directory, struct actor *actor, const struct control_exited *exited) {
    struct slot *slot = directory_slot(directory, actor->slot);
    CHECK(slot);
    directory_note_end(directory, actor, exited->how, exited->number, exited->text);
    if (!directory_may_restart(directory, actor)) {
        actor->given_up = true;
        struct control give_up = {.kind = CONTROL_KILL};
        give_up.kill.address = actor->address;
        directory_send(directory, address_make(directory->incarnation, slot->number, 0), &give_up);
    } else if (slot->pool) {
        slot->actors--; /* and comes again */
        directory_restart(directory, actor, &slot);
    } else {
        actor->reviving = true;
        directory_move(directory, actor, ACTOR_LEAVING, actor->slot);
        directory_want(directory, DIRECTORY_KILL_HOST, (struct mesh_address){0}, slot->number, NULL);
    }
}

/* ---- what earlier lives have on record ---- */

struct record *directory_record(const struct actor *actor, struct mesh_address sender) {
    for (size_t i = 0; i < actor->records_count; i++) {
        if (mesh_address_equal(actor->records[i].floor.sender, sender)) {
            return &actor->records[i];
        }
    }
    return NULL;
}

static struct record *add_record(struct directory *directory, struct actor *actor) {
    if (actor->records_count == RECORDS_MAX) {
        return NULL;
    }
    if (!actor->records) {
        actor->records = &actor->record;
        return &actor->records[actor->records_count++];
    }
    struct record *several = actor->records == &actor->record ? NULL : actor->records;
    several = realloc(several, (actor->records_count + 1) * sizeof *several);
    if (!several) {
        directory->no_memory = true;
        return NULL;
    }
    if (actor->records == &actor->record) {
        several[0] = actor->record;
    }
    actor->records = several;
    return &actor->records[actor->records_count++];
}

/* The later life's replaces the earlier's: a sender that has reached it has settled what it had sent before. Without
 * room nothing is on record, and what was sent is handled again, marked (D4). */
void directory_keep_record(struct directory *directory, struct actor *actor, const struct directory_floor *floor,
                           struct bytes cause) {
    struct record *known = directory_record(actor, floor->sender);
    if (!known) {
        known = add_record(directory, actor);
        if (!known) {
            return;
        }
    }
    struct text_builder text = text_builder(known->cause, sizeof known->cause);
    known->floor = *floor;
    text_append_escaped(&text, cause);
}
