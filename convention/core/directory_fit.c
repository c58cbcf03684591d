/* Who fits this node: what each actor here requires is kept, and judged again when the node's capabilities change; what check
 * functions judge their hosts are told (H2, H4).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/directory_state.h"
#include <stdlib.h>

void directory_drop_demand(struct actor *actor) {
    if (actor->demand) {
        requirement_set_fini(&actor->demand->requirements);
        free(actor->demand);
        actor->demand = NULL;
    }
}

/* Without requirements; NULL without memory. */
static struct demand *add_demand(struct directory *directory, struct actor *actor) {
    actor->demand = calloc(1, sizeof *actor->demand);
    directory->no_memory = directory->no_memory || !actor->demand;
    return actor->demand;
}

void directory_note_demand(struct directory *directory, struct actor *actor, const struct pending *pending) {
    const struct control_create *create = &pending->create;
    directory_drop_demand(actor);
    struct demand *demand = create->requirements_count > 0 ? add_demand(directory, actor) : NULL;
    if (!demand) {
        return;
    }
    demand->creators_count = create->creators_count;
    if (requirement_set_copy(&demand->requirements, create->requirements, create->requirements_count)) {
        directory->no_memory = true;
    }
}

bool directory_fits(const struct directory *directory, const struct actor *actor) {
    const struct requirement_set *required = actor->demand ? &actor->demand->requirements : NULL;
    return !required ||
           capability_fits(&directory_self(directory)->capabilities, required->items, required->count, NULL, 0);
}

/* ---- check functions ---- */

static void send_check(struct directory *directory, const struct actor *actor) {
    const struct capability_set *offered = &directory_self(directory)->capabilities;
    const struct demand *demand = actor->demand;
    struct control control = {.kind = CONTROL_CHECK};
    control.check = (struct control_check){.address = actor->address,
                                           .capabilities_count = offered->count,
                                           .requirements_count = demand->creators_count,
                                           .capabilities = offered->items,
                                           .requirements = demand->requirements.items};
    directory_send(directory, address_make(directory->incarnation, actor->slot, 0), &control);
}

/* From now on it is judged with each change, too. One that is not wanted any more the host shall forget. */
void directory_on_check(struct directory *directory, const struct directory_event *event) {
    struct mesh_address address = event->control->check.address;
    bool here = event->asker.node == directory->incarnation;
    struct slot *slot = here ? directory_slot(directory, address_slot(event->asker)) : NULL;
    struct pending *pending = slot ? directory_pending_of(slot, address) : NULL;
    struct actor *actor = pending ? directory_actor(directory, address) : NULL;
    if (!slot || slot->program) {
        directory->counters.late++;
    } else if (!actor) {
        struct control forget = {.kind = CONTROL_KILL};
        forget.kill.address = address;
        directory_send(directory, event->asker, &forget);
    } else if (actor->demand || add_demand(directory, actor)) {
        actor->demand->checked = true;
        send_check(directory, actor);
    }
}

/* ---- changes ---- */

/* One that is on its way is judged by its requirements when it is up. */
void directory_judge_all(struct directory *directory) {
    size_t at = 0;
    for (struct actor *actor; (actor = map_next(&directory->actors, &at));) {
        bool lives = actor->state == ACTOR_HERE;
        if (lives && !directory_fits(directory, actor)) {
            directory_want(directory, DIRECTORY_UNFIT, actor->address, 0, NULL);
        } else if (actor->demand && actor->demand->checked && (lives || actor->state == ACTOR_PENDING)) {
            send_check(directory, actor);
        }
    }
}
