/* The directory's meetings: two nodes that know of each other, or again, tell each other what they have on record of each
 * other's actors, so that no actor lives on whose creator was told of its end, and each creator hears of it (C4, C8).
 *
 *   host                     home
 *   Created  ----------->    it is dead there: Exited, and the host asks it to exit; another has its address: Kill
 *   Exited, if it has ended <---- Created  of those that it believes to live there
 *
 * Who had lost the other, or had something to say to it before it was on the roster, says Met, upon which that one, which may
 * have lost nobody, tells the same.
 *
 * A detached actor that the home had lost with its node is taken back: the home knows again where it lives (C6).
 *
 * A node that does not come to the roster, though an actor here belongs to it, or lives there, is taken for lost.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/directory_state.h"

/* ---- what is told ---- */

/* Where it lives, as known here, to its home or to who hosts it. */
static void tell_place(struct directory *directory, const struct actor *actor, uint64_t admin) {
    const struct slot *slot = directory_slot(directory, actor->slot);
    const char *endpoint = slot ? slot->endpoint : actor->endpoint;
    struct control control = {.kind = CONTROL_CREATED};
    control.created = (struct control_created){.address = actor->address,
                                               .process = slot ? slot->process : actor->process,
                                               .admin = slot ? directory->incarnation : actor->admin,
                                               .endpoint = bytes_of_text(endpoint ? endpoint : ""),
                                               .detached = actor->detached};
    directory_send(directory, directory_admin(admin), &control);
}

static void tell_all(struct directory *directory, uint64_t admin) {
    size_t at = 0;
    for (struct actor *actor; (actor = map_next(&directory->actors, &at));) {
        if (actor->address.node == admin && actor->owed) {
            directory_tell_end(directory, actor);
        } else if (actor->address.node == admin && actor->state == ACTOR_HERE) {
            tell_place(directory, actor, admin);
        } else if (actor->state == ACTOR_ELSEWHERE && actor->admin == admin) {
            tell_place(directory, actor, admin);
            directory_end_orphan(directory, actor);
        }
    }
}

void directory_meet(struct directory *directory, uint64_t admin) {
    if (latest_remove(&directory->missed, admin)) {
        directory_send(directory, directory_admin(admin), &(struct control){.kind = CONTROL_MET});
    }
    tell_all(directory, admin);
}

void directory_on_met(struct directory *directory, uint64_t admin) {
    if (members_find(directory->members, admin)) {
        tell_all(directory, admin);
    }
}

/* ---- what is answered ---- */

void directory_confirm(struct directory *directory, struct mesh_address address) {
    struct actor *actor = directory_actor(directory, address);
    bool ended = actor && (actor->state == ACTOR_DEAD || (actor->state == ACTOR_LEAVING && !actor->reviving));
    if (ended) {
        actor->told = false;
        directory_tell_end(directory, actor);
    } else if (!actor || actor->state == ACTOR_PARKED) {
        struct control control = {.kind = CONTROL_EXITED};
        control.exited = (struct control_exited){
            .address = address, .how = CONTROL_NODE_LOST, .text = bytes_of_text("its node was lost for a while")};
        directory_send(directory, address_home(address), &control);
    }
}

/* Without an endpoint, who asks is told by who hosts it, which knows of its lives. */
bool directory_take_back(struct directory *directory, const struct control_created *created, struct actor *actor) {
    bool lost = actor && actor->state == ACTOR_DEAD && actor->how == CONTROL_NODE_LOST;
    bool vacant = !actor || actor->state == ACTOR_PARKED || lost;
    if (!created->detached || !vacant) {
        return false;
    }
    if (lost) {
        directory_remove_actor(directory, actor);
    }
    actor = directory_enter_pending(directory, created->address);
    if (actor) {
        actor->detached = actor->told = true;
        actor->admin = created->admin;
        directory_move(directory, actor, ACTOR_ELSEWHERE, 0);
        directory_answer_waits(directory, actor);
        directory_note_stranger(directory, actor);
    } else {
        directory_warn(directory, created->address, NULL,
                       "its home does not know of it any more: the limit `actors` is reached");
    }
    return true;
}

/* ---- nodes that do not come ---- */

/* The node to which it belongs, or where it lives. */
static uint64_t other_end(const struct directory *directory, const struct actor *actor) {
    if (actor->state == ACTOR_ELSEWHERE) {
        return actor->admin;
    }
    bool belongs = actor->state == ACTOR_HERE && !actor->detached && !actor->orphan;
    return belongs ? actor->address.node : directory->incarnation;
}

static bool has_stranger(const struct directory *directory, const struct actor *actor) {
    return !members_find(directory->members, other_end(directory, actor));
}

static void await_strangers(struct directory *directory) {
    directory->strangers_ns =
        time_min(directory->strangers_ns, time_add(directory->now_ns, directory->limits.stranger_wait_ns));
}

void directory_note_stranger(struct directory *directory, const struct actor *actor) {
    if (has_stranger(directory, actor)) {
        await_strangers(directory);
    }
}

/* Who is one at two looks in succession has had that long to come. */
void directory_lose_strangers(struct directory *directory) {
    if (directory->now_ns < directory->strangers_ns) {
        return;
    }
    directory->strangers_ns = TIME_NEVER;
    size_t at = 0;
    for (struct actor *actor; (actor = map_next(&directory->actors, &at));) {
        bool before = actor->strange;
        actor->strange = has_stranger(directory, actor);
        if (actor->strange && before) {
            uint64_t admin = other_end(directory, actor);
            directory_warn(directory, directory_admin(admin), NULL,
                           "it does not come to the roster, though an actor belongs to it or lives there: it is "
                           "taken for lost");
            directory_lose(directory, admin);
        } else if (actor->strange) {
            await_strangers(directory);
        }
    }
}
