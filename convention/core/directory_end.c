/* The directory's ends: an actor exits, its process dies, its node is lost; its creator hears of it once (C4, C8).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/directory_state.h"
#include <stdlib.h>

/* The home tells the process that created the actor; of a top-level one nobody is told (C6). Who hosts it for another
 * home tells
 * the home. */
static void tell_end(struct directory *directory, struct actor *actor) {
    if (actor->told) {
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
    directory_send(directory, to, &control);
}

static void note_end(struct directory *directory, struct actor *actor, enum control_how how, int number,
                     struct bytes text) {
    actor->how = how;
    actor->number = number;
    if (!actor->text) {
        actor->text = directory_text(directory, text);
    }
}

/* A host tells of its actors, the hosting admin of those that are homed here; nobody else is believed. */
static bool may_tell(const struct directory *directory, const struct actor *actor, struct mesh_address asker) {
    if (actor->state == ACTOR_ELSEWHERE) {
        return asker.local == 0 && asker.node == actor->admin;
    }
    return actor->state == ACTOR_HERE && asker.node == directory->incarnation && address_slot(asker) == actor->slot;
}

void directory_on_exited(struct directory *directory, const struct directory_event *event) {
    const struct control_exited *exited = &event->control->exited;
    struct actor *actor = directory_actor(directory, exited->address);
    if (!actor || !may_tell(directory, actor, event->asker)) {
        directory->counters.late++;
        return;
    }
    note_end(directory, actor, exited->how, exited->number, exited->text);
    tell_end(directory, actor);
    if (actor->state == ACTOR_HERE) {
        actor->state = ACTOR_LEAVING; /* how far it came is known when its process has died */
    } else {
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
    if (!actor || !may) {
        directory->counters.late++;
    } else if (actor->state == ACTOR_ELSEWHERE) {
        directory_send(directory, directory_admin(actor->admin), event->control);
    } else if (actor->slot) {
        directory_want(directory, DIRECTORY_KILL_HOST, (struct mesh_address){0}, actor->slot, NULL);
    } else if (actor->state == ACTOR_PENDING) {
        actor->orphan = true;
    }
}

/* ---- a process died ---- */

static void keep_floors(struct directory *directory, struct actor *actor, const struct directory_event *event) {
    size_t count = 0;
    for (size_t i = 0; i < event->floors_count; i++) {
        count += mesh_address_equal(event->floors[i].actor, actor->address);
    }
    if (!count) {
        return;
    }
    actor->floors = calloc(count, sizeof *actor->floors);
    if (!actor->floors) {
        directory->no_memory = true;
        return;
    }
    for (size_t i = 0; i < event->floors_count; i++) {
        if (mesh_address_equal(event->floors[i].actor, actor->address)) {
            actor->floors[actor->floors_count++] = event->floors[i];
        }
    }
}

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
        note_end(directory, actor, event->how, event->number, event->text);
        directory_bury(directory, actor);
    }
    struct directory_floor *floors = realloc(actor->floors, (actor->floors_count + 1) * sizeof *floors);
    if (!floors) {
        directory->no_memory = true;
        return;
    }
    floors[actor->floors_count++] = *floor;
    actor->floors = floors;
}

static void end_with_process(struct directory *directory, struct actor *actor, const struct directory_event *event) {
    keep_floors(directory, actor, event);
    if (actor->state == ACTOR_HERE) {
        note_end(directory, actor, event->how, event->number, event->text);
        tell_end(directory, actor);
    }
    directory_bury(directory, actor);
}

/* Its creator died with the process: it shall exit, and nobody is told of that. */
static void orphan(struct directory *directory, struct actor *actor) {
    actor->told = true;
    if (actor->state == ACTOR_HERE || actor->state == ACTOR_ELSEWHERE) {
        directory_want(directory, DIRECTORY_EXIT_REQUEST, actor->address, 0, NULL);
    } else if (actor->state == ACTOR_PENDING) {
        actor->orphan = true;
    }
}

/* A question about an actor of that slot which was never created finds its answer now. */
static void judge_actor(struct directory *directory, struct actor *actor, uint32_t slot,
                        const struct directory_event *event) {
    bool lives_here = actor->state == ACTOR_HERE || actor->state == ACTOR_LEAVING;
    if (lives_here && actor->slot == slot) {
        end_with_process(directory, actor, event);
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

void directory_on_host_died(struct directory *directory, struct slot *slot, const struct directory_event *event) {
    if (slot->pending) {
        char reason[REASON_BYTES];
        struct text_builder text = text_builder(reason, sizeof reason);
        text_append(&text, "its host ended before it was up: ");
        text_append_escaped(&text, event->text);
        directory_refuse_here(directory, slot->pending, MESH_LOAD_FAILED, bytes_of_text(reason));
    }
    uint32_t number = slot->number;
    directory_remove_slot(directory, slot);
    for (size_t i = 0; i < event->floors_count; i++) {
        struct mesh_address address = event->floors[i].actor;
        bool own = directory_is_home(directory, address) && address_slot(address) == number;
        if (own && address_is_local(address)) {
            bury_local(directory, &event->floors[i], event);
        }
    }
    size_t at = 0;
    for (struct actor *actor; (actor = map_next(&directory->actors, &at));) {
        judge_actor(directory, actor, number, event);
    }
}

/* ---- a node is lost ---- */

void directory_actors_lose(struct directory *directory, uint64_t admin) {
    size_t at = 0;
    for (struct actor *actor; (actor = map_next(&directory->actors, &at));) {
        if (actor->state == ACTOR_ELSEWHERE && actor->admin == admin) {
            note_end(directory, actor, CONTROL_NODE_LOST, 0, bytes_of_text("its node was lost"));
            tell_end(directory, actor);
            directory_bury(directory, actor);
        } else if (actor->address.node == admin && (actor->state == ACTOR_HERE || actor->state == ACTOR_PENDING)) {
            orphan(directory, actor);
        } else if (actor->address.node == admin && actor->state == ACTOR_PARKED) {
            note_end(directory, actor, CONTROL_NODE_LOST, 0, bytes_of_text("its node was lost"));
            actor->told = true;
            directory_bury(directory, actor);
        }
    }
}
