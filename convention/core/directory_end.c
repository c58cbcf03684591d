/* The directory's ends: an actor exits, its process dies, its node is lost; its creator hears of it once (C4, C8).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/directory_state.h"
#include <stdlib.h>

/* The home tells the process that created the actor; of a top-level one nobody is told (C6). Who hosts it for another
 * home tells the home, when that is on the roster. */
void directory_tell_end(struct directory *directory, struct actor *actor) {
    if (actor->told) {
        return;
    }
    actor->owed = !members_find(directory->members, actor->address.node);
    if (actor->state == ACTOR_DEAD) {
        directory_touch(directory, actor);
    }
    if (actor->owed) {
        return;
    }
    actor->told = true;
    directory->counters.exited++;
    struct mesh_address to = address_process(actor->address);
    if (!directory_is_home(directory, actor->address)) {
        to = address_home(actor->address);
    } else if (!address_slot(actor->address) || !directory_slot(directory, address_slot(actor->address))) {
        return;
    }
    struct control control = {.kind = CONTROL_EXITED};
    control.exited = (struct control_exited){.address = actor->address, .how = actor->how, .number = actor->number};
    control.exited.text = bytes_of_text(actor->text ? actor->text : "");
    control.exited.escalates = actor->escalates;
    directory_send(directory, to, &control);
}

void directory_note_end(struct directory *directory, struct actor *actor, enum control_how how, int number,
                        struct bytes text) {
    actor->how = how;
    actor->number = number;
    if (!actor->text) {
        directory_set_text(directory, actor, text);
    }
}

/* It has left its children be: nobody hears of their ends, and they are no orphans when its process ends (C5, C8). */
static void disown_children(struct directory *directory, struct mesh_address parent, struct mesh_address process) {
    size_t at = 0, at_pending = 0;
    for (struct actor *actor; (actor = map_next(&directory->actors, &at));) {
        if (mesh_address_equal(actor->parent, parent) && mesh_address_equal(address_process(actor->address), process)) {
            actor->detached = actor->told = true;
        }
    }
    for (struct pending *pending; (pending = map_next(&directory->pendings, &at_pending));) {
        if (mesh_address_equal(pending->create.parent, parent) && mesh_address_equal(pending->asker, process)) {
            pending->create.detached = true;
        }
    }
}

/* A host tells of its actors, the hosting admin of those that are homed here; nobody else is believed. */
static bool may_tell(const struct directory *directory, const struct actor *actor, struct mesh_address asker) {
    if (actor->state == ACTOR_ELSEWHERE) {
        return asker.local == 0 && asker.node == actor->admin;
    }
    return actor->state == ACTOR_HERE && asker.node == directory->incarnation && address_slot(asker) == actor->slot;
}

/* Who hosts it judges (C7), and the home passes that on. */
static void note_escalation(const struct directory *directory, struct actor *actor,
                            const struct control_exited *exited) {
    bool here = actor->revival && actor->revival->supervision.terms.on_failure == CONTROL_ESCALATE;
    actor->escalates = actor->admin == directory->incarnation ? here && exited->failed : exited->escalates;
}

void directory_end_orphan(struct directory *directory, const struct actor *actor) {
    if (actor->orphan && (actor->state == ACTOR_HERE || actor->state == ACTOR_ELSEWHERE)) {
        directory_want(directory, DIRECTORY_EXIT_REQUEST, actor->address, 0, NULL);
    }
}

/* Its creator is gone, or was told of its end: it shall exit. Nobody here is told of that; another home may have lost nobody. */
static void orphan(struct directory *directory, struct actor *actor) {
    if (actor->detached) {
        return;
    }
    actor->told = actor->told || directory_is_home(directory, actor->address);
    actor->orphan = true;
    directory_end_orphan(directory, actor);
}

/* NULL when it is not known. */
static const char *type_of(const struct directory *directory, const struct actor *actor) {
    const struct slot *slot = directory_slot(directory, actor->slot);
    const struct pending *pending = slot ? directory_pending_of(slot, actor->address) : NULL;
    return pending ? pending->type : actor->type;
}

/* Its home says that its creator was told of its end, which nothing that has happened here explains. A detached one lives on when its
 * home had only lost this node; else its address has lived already, or could not be created, and was given up. */
static void on_believed_dead(struct directory *directory, struct actor *actor, enum control_how how) {
    actor->detached = actor->detached && how == CONTROL_NODE_LOST;
    bool begins = actor->state == ACTOR_PENDING;
    if ((begins || actor->state == ACTOR_HERE) && !actor->detached && !actor->orphan) {
        directory_warn(directory, actor->address, type_of(directory, actor),
                       begins ? "it is to exit as soon as it is up: its creator's node had taken it for dead"
                              : "it is asked to exit: its creator's node had taken it for dead");
    }
    orphan(directory, actor);
}

void directory_on_exited(struct directory *directory, const struct directory_event *event) {
    const struct control_exited *exited = &event->control->exited;
    struct actor *actor = directory_actor(directory, exited->address);
    if (exited->alone) {
        disown_children(directory, exited->address, event->asker);
    }
    bool foreign = actor && !directory_is_home(directory, actor->address);
    if (foreign && mesh_address_equal(event->asker, address_home(actor->address))) {
        on_believed_dead(directory, actor, exited->how);
        return;
    }
    if (!actor || !may_tell(directory, actor, event->asker)) {
        directory->counters.late++;
        return;
    }
    if (actor->state == ACTOR_HERE && exited->failed && actor->restarts && !actor->given_up) {
        directory_on_failed(directory, actor, exited);
        return;
    }
    struct slot *slot = directory_slot(directory, actor->slot);
    directory_note_end(directory, actor, exited->how, exited->number, exited->text);
    note_escalation(directory, actor, exited);
    directory_tell_end(directory, actor);
    directory_free_name(directory, actor);
    if (slot && !slot->pool) {
        directory_move(directory, actor, ACTOR_LEAVING,
                       actor->slot); /* how far it came is known when its process has died */
    } else {
        directory_leave_slot(directory, actor->slot);
        directory_bury(directory, actor);
    }
}

/* The parent's process asks its home, and the home asks who hosts the actor. */
void directory_on_kill(struct directory *directory, const struct directory_event *event) {
    struct mesh_address address = event->control->kill.address;
    struct actor *actor = directory_actor(directory, address);
    bool may = mesh_address_equal(event->asker, address_process(address)) ||
               mesh_address_equal(event->asker, address_home(address)) ||
               mesh_address_equal(event->asker, directory_admin(directory->incarnation));
    struct slot *slot = directory_slot(directory, address_slot(address));
    if (!actor && may && slot && !slot->program && address_is_local(address)) {
        directory_want(directory, DIRECTORY_KILL_HOST, (struct mesh_address){0}, slot->number, NULL);
    } else if (!actor || !may) {
        directory->counters.late++;
    } else if (actor->state == ACTOR_ELSEWHERE) {
        directory_send(directory, directory_admin(actor->admin), event->control);
    } else if (actor->slot) {
        actor->doomed = true;
        directory_want(directory, DIRECTORY_KILL_HOST, (struct mesh_address){0}, actor->slot, NULL);
    } else if (actor->state == ACTOR_PENDING) {
        actor->orphan = true;
    }
}

/* ---- a process died ---- */

/* Of light actors beside their parent there is no record: a tombstone keeps how far they had come (A4, E3). */
static void bury_local(struct directory *directory, const struct directory_floor *floor,
                       const struct directory_event *event) {
    struct actor *actor = directory_actor(directory, floor->actor);
    if (!actor) {
        actor = directory_add_actor(directory, floor->actor, ACTOR_LEAVING);
        if (!actor) {
            return;
        }
        actor->told = true;
        directory_note_end(directory, actor, event->how, event->number, event->text);
        directory_bury(directory, actor);
    }
    directory_keep_record(directory, actor, floor, event->text);
}

/* Not when somebody wanted it to end, or it did itself. */
static bool is_failure(const struct actor *actor, const struct directory_event *event) {
    bool wanted = actor->state != ACTOR_HERE || actor->wanted || actor->doomed || actor->given_up;
    return !wanted && (event->how == CONTROL_SIGNAL || event->how == CONTROL_EXIT_CODE);
}

/* The first cause is told (C4): of what was about to end, only the text says what became of its process. */
static void note_death(struct directory *directory, struct actor *actor, const struct directory_event *event) {
    if (actor->wanted) {
        directory_note_end(directory, actor, actor->wanted, 0, event->text);
    } else if (!actor->given_up) { /* its host has told why */
        directory_note_end(directory, actor, event->how, event->number, event->text);
    }
}

static void end_with_process(struct directory *directory, struct actor *actor, const struct directory_event *event,
                             struct slot **heir) {
    if (actor->state == ACTOR_HERE && !actor->wanted) {
        actor->wanted = event->all_wanted;
    }
    bool failed = is_failure(actor, event);
    if (directory_is_home(directory, actor->address) && address_slot(actor->address) == event->slot) {
        orphan(directory, actor); /* its creator died with it */
    }
    if (actor->state == ACTOR_HERE) {
        note_death(directory, actor, event);
    }
    if (actor->reviving || (failed && directory_may_restart(directory, actor))) {
        directory_restart(directory, actor, heir);
        return;
    }
    if (actor->state == ACTOR_HERE) {
        note_escalation(directory, actor, &(struct control_exited){.failed = failed});
        directory_tell_end(directory, actor);
    }
    directory_bury(directory, actor);
}

static bool lives_in(const struct actor *actor, uint32_t slot) {
    return actor && actor->slot == slot && (actor->state == ACTOR_HERE || actor->state == ACTOR_LEAVING);
}

/* A question about an actor of that slot which was never created finds its answer now. */
static void judge_actor(struct directory *directory, struct actor *actor, uint32_t slot,
                        const struct directory_event *event, struct slot **heir) {
    if (lives_in(actor, slot)) {
        end_with_process(directory, actor, event, heir);
    } else if (directory_is_home(directory, actor->address) && address_slot(actor->address) == slot) {
        if (actor->state == ACTOR_PARKED) {
            actor->how = CONTROL_NOT_CREATED;
            actor->told = true;
            directory_bury(directory, actor);
        } else if (actor->state != ACTOR_DEAD) {
            orphan(directory, actor);
        }
    }
}

/* The page of a dead process may say anything of those who did not live there: that is not believed. */
static void read_page(struct directory *directory, uint32_t slot, const struct directory_event *event) {
    for (size_t i = 0; i < event->floors_count; i++) {
        const struct directory_floor *floor = &event->floors[i];
        struct actor *actor = directory_actor(directory, floor->actor);
        bool own = directory_is_home(directory, floor->actor) && address_slot(floor->actor) == slot;
        if (own && address_is_local(floor->actor)) {
            bury_local(directory, floor, event);
        } else if (lives_in(actor, slot)) {
            directory_keep_record(directory, actor, floor, event->text);
        }
    }
    for (size_t i = 0; i < event->wanted_count; i++) {
        struct actor *actor = directory_actor(directory, event->wanted[i].actor);
        if (actor && actor->slot == slot && actor->state == ACTOR_HERE && !actor->wanted) {
            actor->wanted = event->wanted[i].how;
        }
    }
}

void directory_on_host_died(struct directory *directory, struct slot *slot, const struct directory_event *event) {
    struct slot *heir = NULL;
    slot->ending = true;
    directory_on_pendings_died(directory, slot, event);
    uint32_t number = slot->number;
    directory_remove_slot(directory, slot);
    read_page(directory, number, event);
    size_t at = 0;
    for (struct actor *actor; (actor = map_next(&directory->actors, &at));) {
        judge_actor(directory, actor, number, event, &heir);
    }
}

/* ---- a node is lost ---- */

void directory_actors_lose(struct directory *directory, uint64_t admin) {
    size_t at = 0;
    for (struct actor *actor; (actor = map_next(&directory->actors, &at));) {
        if (actor->state == ACTOR_ELSEWHERE && actor->admin == admin) {
            directory_note_end(directory, actor, CONTROL_NODE_LOST, 0, bytes_of_text("its node was lost"));
            directory_tell_end(directory, actor);
            directory_bury(directory, actor);
        } else if (actor->address.node == admin && (actor->state == ACTOR_HERE || actor->state == ACTOR_PENDING)) {
            orphan(directory, actor);
        } else if (actor->address.node == admin && actor->state == ACTOR_PARKED) {
            directory_note_end(directory, actor, CONTROL_NODE_LOST, 0, bytes_of_text("its node was lost"));
            actor->told = true;
            directory_bury(directory, actor);
        }
    }
}
