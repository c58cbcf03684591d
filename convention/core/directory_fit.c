/* Who fits this node: what each actor here requires is kept, and judged again when the node's capabilities change (H4).
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

void directory_note_demand(struct directory *directory, struct actor *actor, const struct pending *pending) {
    const struct control_create *create = &pending->create;
    directory_drop_demand(actor);
    if (create->requirements_count == 0) {
        return;
    }
    struct demand *demand = calloc(1, sizeof *demand);
    if (!demand || requirement_set_copy(&demand->requirements, create->requirements, create->requirements_count)) {
        free(demand);
        directory->no_memory = true;
        return;
    }
    demand->creators_count = create->creators_count;
    actor->demand = demand;
}

bool directory_fits(const struct directory *directory, const struct actor *actor) {
    const struct requirement_set *required = actor->demand ? &actor->demand->requirements : NULL;
    return !required ||
           capability_fits(&directory_self(directory)->capabilities, required->items, required->count, NULL, 0);
}

/* One that is on its way is judged when it is up. */
void directory_judge_all(struct directory *directory) {
    size_t at = 0;
    for (struct actor *actor; (actor = map_next(&directory->actors, &at));) {
        if (actor->state == ACTOR_HERE && !directory_fits(directory, actor)) {
            directory_want(directory, DIRECTORY_UNFIT, actor->address, 0, NULL);
        }
    }
}
