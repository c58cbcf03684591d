/* The directory's pools: which host a light actor shares, and what waits until that host can be told (A4).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/directory_state.h"
#include <stdlib.h>

static struct slot *add_pooled(struct directory *directory, const char *pool) {
    char *name = directory_text(directory, bytes_of_text(pool));
    struct slot *slot = name ? directory_add_slot(directory) : NULL;
    if (!slot) {
        free(name);
        return NULL;
    }
    slot->pool = name;
    list_push_back(&directory->pooled, &slot->pooled);
    return slot;
}

struct slot *directory_add_heir(struct directory *directory, const char *pool) {
    return pool ? add_pooled(directory, pool) : directory_add_slot(directory);
}

/* A host that is about to end has no actor, and is not counted. */
struct slot *directory_choose_slot(struct directory *directory, const char *pool) {
    struct slot *best = NULL;
    size_t hosts = 0;
    if (!pool) {
        return directory_add_slot(directory);
    }
    LIST_EACH (&directory->pooled, node, after) {
        struct slot *slot = LIST_OWNER(node, struct slot, pooled);
        if (!slot->ending && strcmp(slot->pool, pool) == 0) {
            hosts++;
            best = !best || slot->actors < best->actors ? slot : best;
        }
    }
    struct slot *fresh = hosts < directory->limits.light_hosts || !best ? add_pooled(directory, pool) : NULL;
    return fresh ? fresh : best;
}

/* A new process is given so much time; one that lives answers, or dies. */
void directory_enter_slot(struct directory *directory, struct pending *pending, struct actor *actor,
                          struct slot *slot) {
    list_push_back(&slot->pendings, &pending->of_slot);
    slot->actors++;
    pending->slot = slot->number;
    pending->admin = 0;
    directory_move(directory, actor, actor->state, slot->number);
    actor->admin = directory->incarnation;
    deadlines_clear(&directory->pending_deadlines, &pending->deadline);
    if (!slot->started) {
        slot->started = pending->sent = true;
        directory_want(directory, DIRECTORY_START_HOST, pending->asker, slot->number, &pending->create);
    }
    if (slot->up) {
        directory_send_pendings(directory, slot);
    } else {
        directory_pending_wait(directory, pending, directory->limits.start_wait_ns);
    }
}

void directory_leave_slot(struct directory *directory, uint32_t number) {
    struct slot *slot = number ? directory_slot(directory, number) : NULL;
    if (slot && slot->actors > 0 && --slot->actors == 0) {
        slot->ending = true;
    }
}

void directory_send_pendings(struct directory *directory, struct slot *slot) {
    LIST_EACH (&slot->pendings, node, after) {
        struct pending *pending = LIST_OWNER(node, struct pending, of_slot);
        if (!pending->sent) {
            pending->sent = true;
            deadlines_clear(&directory->pending_deadlines, &pending->deadline); /* the host answers, or dies */
            struct control control = {.id = pending->id, .kind = CONTROL_CREATE, .create = pending->create};
            directory_send(directory, address_make(directory->incarnation, slot->number, 0), &control);
        }
    }
}
