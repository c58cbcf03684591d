/* The directory's book: entries, slots, and what is wanted. See directory_state.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/directory_state.h"
#include "mesh/base/check.h"
#include <stdlib.h>

static void copy_text(char *to, struct bytes from) {
    if (from.size) {
        memcpy(to, from.data, from.size);
    }
    to[from.size] = 0;
}

char *directory_text(struct directory *directory, struct bytes from) {
    char *text = malloc(from.size + 1);
    if (!text) {
        directory->no_memory = true;
        return NULL;
    }
    copy_text(text, from);
    return text;
}

/* ---- actors ---- */

void directory_drop_text(struct actor *actor) {
    if (actor->text != actor->brief) {
        free(actor->text);
    }
    actor->text = NULL;
}

void directory_set_text(struct directory *directory, struct actor *actor, struct bytes text) {
    directory_drop_text(actor);
    if (text.size < sizeof actor->brief) {
        copy_text(actor->brief, text);
        actor->text = actor->brief;
    } else {
        actor->text = directory_text(directory, text);
    }
}

struct actor *directory_actor(const struct directory *directory, struct mesh_address address) {
    return map_get(&directory->actors, &address);
}

struct actor *directory_add_actor(struct directory *directory, struct mesh_address address, enum actor_state state) {
    if (directory->alive == directory->limits.actors_max) {
        return NULL;
    }
    struct actor *actor = slabs_take(&directory->actor_slabs);
    if (!actor || map_put(&directory->actors, &address, actor)) {
        slabs_give(&directory->actor_slabs, actor);
        directory->no_memory = true;
        return NULL;
    }
    actor->address = address;
    actor->state = state;
    list_init(&actor->waits);
    list_node_init(&actor->aged);
    directory->alive++;
    return actor;
}

void directory_move(struct directory *directory, struct actor *actor, enum actor_state state, uint32_t slot) {
    directory->hosted -= actor_is_hosted(actor);
    actor->state = state;
    actor->slot = slot;
    directory->hosted += actor_is_hosted(actor);
}

struct actor *directory_enter_pending(struct directory *directory, struct mesh_address address) {
    struct actor *actor = directory_actor(directory, address);
    if (!actor) {
        return directory_add_actor(directory, address, ACTOR_PENDING);
    }
    if (actor->slot || (actor->state != ACTOR_PARKED && actor->state != ACTOR_PENDING)) {
        return NULL;
    }
    directory_move(directory, actor, ACTOR_PENDING, 0);
    LIST_EACH (&actor->waits, node, after) {
        deadlines_clear(&directory->wait_deadlines, &LIST_OWNER(node, struct wait, place)->deadline);
    }
    return actor;
}

void directory_remove_actor(struct directory *directory, struct actor *actor) {
    CHECK(list_is_empty(&actor->waits));
    CHECK(map_remove(&directory->actors, &actor->address) == actor);
    directory->hosted -= actor_is_hosted(actor);
    if (actor->state == ACTOR_DEAD) {
        list_remove(&actor->aged);
        directory->tombstones_count--;
    } else {
        directory->alive--;
    }
    actor->next_removed = directory->removed_actors;
    directory->removed_actors = actor;
}

/* ---- tombstones ---- */

static bool ended_well(const struct actor *actor) {
    return actor->how == CONTROL_EXIT_REQUEST || actor->how == CONTROL_OWN_EXIT || actor->how == CONTROL_NOT_CREATED;
}

static struct actor *front(const struct list *list) {
    return list_is_empty(list) ? NULL : LIST_OWNER(list_front(list), struct actor, aged);
}

static struct actor *sooner(struct actor *one, struct actor *other) {
    return !other || (one && one->forget_ns <= other->forget_ns) ? one : other;
}

static struct actor *next_to_go(const struct directory *directory) {
    return sooner(front(&directory->told), front(&directory->untold));
}

static void drop(struct directory *directory, struct actor *actor) {
    directory->counters.tombstones_dropped++;
    directory_remove_actor(directory, actor);
}

void directory_touch(struct directory *directory, struct actor *actor) {
    bool told = ended_well(actor) && !actor->owed;
    list_remove(&actor->aged);
    list_push_back(actor->owed ? &directory->owed : told ? &directory->told : &directory->untold, &actor->aged);
    actor->forget_ns =
        time_add(directory->now_ns, told ? directory->limits.tombstone_ns : directory->limits.crash_tombstone_ns);
}

void directory_bury(struct directory *directory, struct actor *actor) {
    CHECK(actor->state != ACTOR_DEAD);
    directory_free_name(directory, actor);
    directory_move(directory, actor, ACTOR_DEAD, 0);
    directory_drop_demand(actor);
    free(actor->type);
    actor->type = NULL;
    directory->alive--;
    directory->tombstones_count++;
    directory_touch(directory, actor);
    directory_answer_waits(directory, actor);
    if (directory->tombstones_count > directory->limits.tombstones_max) {
        drop(directory, sooner(next_to_go(directory), front(&directory->owed)));
    }
}

uint64_t directory_forget_ns(const struct directory *directory) {
    bool many = directory->tombstones_count > directory->limits.tombstones_kept;
    const struct actor *next = many ? next_to_go(directory) : NULL;
    return next ? next->forget_ns : TIME_NEVER;
}

void directory_forget(struct directory *directory) {
    while (directory_forget_ns(directory) <= directory->now_ns) {
        drop(directory, next_to_go(directory));
    }
}

/* ---- slots ---- */

static uint64_t slot_key(uint32_t number) {
    return number;
}

struct slot *directory_slot(const struct directory *directory, uint32_t number) {
    uint64_t key = slot_key(number);
    return map_get(&directory->slots, &key);
}

struct slot *directory_add_slot(struct directory *directory) {
    if (directory->next_slot > ADDRESS_SLOT_MAX || map_size(&directory->slots) == directory->limits.slots_max) {
        return NULL;
    }
    struct slot *slot = calloc(1, sizeof *slot);
    uint64_t key = slot_key(directory->next_slot);
    if (!slot || map_put(&directory->slots, &key, slot)) {
        free(slot);
        directory->no_memory = true;
        return NULL;
    }
    slot->number = directory->next_slot++;
    list_init(&slot->pendings);
    list_node_init(&slot->pooled);
    return slot;
}

void directory_remove_slot(struct directory *directory, struct slot *slot) {
    uint64_t key = slot_key(slot->number);
    CHECK(map_remove(&directory->slots, &key) == slot);
    list_remove(&slot->pooled);
    slot->next_removed = directory->removed_slots;
    directory->removed_slots = slot;
}

/* ---- other nodes ---- */

/* The place behind it; 0 when it is not there. Who is sought again and again was added last. */
static size_t latest_find(const struct latest *latest, uint64_t admin) {
    size_t place = latest->count;
    while (place > 0 && latest->admins[place - 1] != admin) {
        place--;
    }
    return place;
}

static void take_out(struct latest *latest, size_t place) {
    memmove(latest->admins + place - 1, latest->admins + place, (latest->count - place) * sizeof *latest->admins);
    latest->count--;
}

bool latest_remove(struct latest *latest, uint64_t admin) {
    size_t place = latest_find(latest, admin);
    if (place > 0) {
        take_out(latest, place);
    }
    return place > 0;
}

void latest_add(struct latest *latest, uint64_t admin) {
    if (!latest_remove(latest, admin) && latest->count == FRAME_MEMBERS) {
        take_out(latest, 1);
    }
    latest->admins[latest->count++] = admin;
}

bool directory_is_lost(const struct directory *directory, uint64_t admin) {
    return latest_find(&directory->lost, admin) > 0;
}

struct member *directory_self(const struct directory *directory) {
    struct member *self = members_find(directory->members, directory->incarnation);
    CHECK(self);
    return self;
}

/* ---- wants ---- */

static struct want *want_new(struct directory *directory) {
    struct want *want = calloc(1, sizeof *want);
    if (!want) {
        directory->no_memory = true;
        return NULL;
    }
    list_push_back(&directory->wants, &want->place);
    return want;
}

void directory_send(struct directory *directory, struct mesh_address to, const struct control *control) {
    if (!members_find(directory->members, to.node)) {
        latest_add(&directory->missed, to.node);
    }
    struct want *want = want_new(directory);
    if (want) {
        want->action = (struct directory_action){.kind = DIRECTORY_SEND, .to = to, .control = *control};
    }
}

void directory_want(struct directory *directory, enum directory_action_kind kind, struct mesh_address to, uint32_t slot,
                    const struct control_create *create) {
    struct want *want = want_new(directory);
    if (want) {
        want->action = (struct directory_action){.kind = kind, .to = to, .slot = slot};
        if (create) {
            want->action.control.kind = CONTROL_CREATE;
            want->action.control.create = *create;
        }
    }
}

void directory_want_taken(struct directory *directory, struct mesh_address actor, struct bytes name) {
    struct want *want = want_new(directory);
    if (want) {
        want->action = (struct directory_action){.kind = DIRECTORY_NAME_TAKEN, .to = actor};
        want->action.control.kind = CONTROL_NAME_TAKEN;
        want->action.control.name_taken = (struct control_name_taken){name, actor};
    }
}

void directory_warn(struct directory *directory, struct mesh_address about, const char *type, const char *text) {
    struct want *want = want_new(directory);
    if (want) {
        want->action = (struct directory_action){.kind = DIRECTORY_WARN, .to = about, .type = type, .text = text};
    }
}
