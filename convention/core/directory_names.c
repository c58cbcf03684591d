/* The directory's names: a create with a global name asks for it, and who hosts an actor with one holds it (G1 to G4).
 * A detached actor of another home is held by its address, so that the leader knows where it lives when that home is gone (C6).
 *
 *   a create here   ASKED --given--> GIVEN --created, failed--> (none)
 *                   ASKED --somebody has it--> answered      ASKED --refused, 5 s--> failed
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/directory_state.h"
#include <stdlib.h>

enum { PLACE_BYTES = 1 + MESH_ADDRESS_TEXT_BYTES };

/* ---- held here ---- */

static struct held_name *next_held(const struct directory *directory, struct list_node *node) {
    return node == &directory->held.ends ? NULL : LIST_OWNER(node, struct held_name, place);
}

static struct held_name *first_held(const struct directory *directory) {
    return next_held(directory, directory->held.ends.next);
}

static struct held_name *held_by(const struct directory *directory, struct mesh_address actor) {
    struct held_name *held = first_held(directory);
    while (held && !mesh_address_equal(held->actor, actor)) {
        held = next_held(directory, held->place.next);
    }
    return held;
}

static struct held_name *held_as(const struct directory *directory, struct bytes name) {
    struct held_name *held = first_held(directory);
    while (held && !bytes_equal(bytes_of_text(held->name), name)) {
        held = next_held(directory, held->place.next);
    }
    return held;
}

static const char *name_of(const struct directory *directory, const struct actor *actor) {
    const struct held_name *held = actor->named ? held_by(directory, actor->address) : NULL;
    return held ? held->name : NULL;
}

bool directory_next_name(const struct directory *directory, const void **cursor, struct control_held_name *out) {
    const struct held_name *last = *cursor;
    const struct held_name *held = last ? next_held(directory, last->place.next) : first_held(directory);
    while (held && !directory_is_home(directory, held->actor)) { /* an address */
        held = next_held(directory, held->place.next);
    }
    if (held) {
        *cursor = held;
        *out = (struct control_held_name){bytes_of_text(held->name), held->actor, held->epoch};
    }
    return held;
}

/* What was said of it may still refer to its text. */
static void release(struct directory *directory, struct actor *actor) {
    struct held_name *held = held_by(directory, actor->address);
    actor->named = false;
    list_remove(&held->place);
    list_push_back(&directory->released, &held->place);
}

static void free_held(struct list *list) {
    for (struct list_node *node; (node = list_pop_front(list));) {
        free(LIST_OWNER(node, struct held_name, place));
    }
}

/* ---- held elsewhere, as far as known ---- */

static struct known_name *find_known(const struct directory *directory, struct bytes name) {
    for (size_t i = 0; i < KNOWN_NAMES; i++) {
        struct known_name *known = &directory->known[i];
        if (known->name && bytes_equal(bytes_of_text(known->name), name)) {
            return known;
        }
    }
    return NULL;
}

static void forget_known(struct known_name *known) {
    free(known->name);
    *known = (struct known_name){0};
}

static void note_known(struct directory *directory, const struct control_name_grant *grant) {
    struct known_name *known = find_known(directory, grant->name);
    if (!known) {
        known = &directory->known[directory->known_next++ % KNOWN_NAMES];
        forget_known(known);
        known->name = directory_text(directory, grant->name);
    }
    known->address = grant->address;
    known->admin = grant->admin;
}

/* ---- telling the leader ---- */

/* Whether it is cut off from who gives names, as far as it knows. */
static bool is_cut_off(const struct directory *directory) {
    const struct member *leader = members_find(directory->members, directory->leader);
    return !leader || leader->liveness.suspect;
}

static void say(struct directory *directory, uint64_t admin, const struct control *control) {
    if (admin == directory->incarnation) {
        directory_on_name(
            directory,
            &(struct directory_event){.kind = DIRECTORY_CONTROL, .asker = directory_admin(admin), .control = control});
    } else if (admin) {
        directory_send(directory, directory_admin(admin), control);
    }
}

static struct told_names *tell_more(struct directory *directory) {
    struct told_names *told = malloc(sizeof *told);
    if (!told) {
        directory->no_memory = true;
        return NULL;
    }
    told->next = directory->told_names;
    directory->told_names = told;
    return told;
}

static void say_held(struct directory *directory, const struct told_names *told, size_t count, bool first, bool last) {
    struct control control = {.kind = CONTROL_NAMES_HELD};
    control.names_held = (struct control_names_held){
        .epoch = directory->keeper_epoch, .first = first, .last = last, .count = count, .names = told->names};
    say(directory, directory->keeper, &control);
}

static void hold(struct directory *directory, struct actor *actor, struct bytes name, uint64_t epoch) {
    struct held_name *held = malloc(sizeof *held + name.size + 1);
    struct told_names *told = tell_more(directory);
    if (!held || !told) {
        free(held);
        directory->no_memory = true;
        return;
    }
    held->actor = actor->address;
    held->epoch = epoch;
    memcpy(held->name, name.data, name.size);
    held->name[name.size] = 0;
    list_node_init(&held->place);
    list_push_back(&directory->held, &held->place);
    actor->named = true;
    told->names[0] = (struct control_held_name){bytes_of_text(held->name), held->actor, held->epoch};
    say_held(directory, told, 1, false, false);
}

void directory_hold_name(struct directory *directory, struct actor *actor, const struct pending *pending) {
    hold(directory, actor, pending->create.name, pending->create.name_epoch);
}

static void say_freed(struct directory *directory, uint64_t to, struct bytes name, struct mesh_address address,
                      uint64_t admin) {
    struct control control = {.kind = CONTROL_NAME_FREED};
    control.name_freed = (struct control_name_freed){name, address, admin};
    say(directory, to, &control);
}

void directory_free_name(struct directory *directory, struct actor *actor) {
    const char *name = name_of(directory, actor);
    if (name) {
        release(directory, actor);
        say_freed(directory, directory->keeper, bytes_of_text(name), actor->address, 0);
    }
}

/* No name that anybody may ask for begins like this. */
static struct bytes name_of_place(struct mesh_address address, char out[PLACE_BYTES]) {
    out[0] = '\x01';
    mesh_address_print(address, out + 1);
    return bytes_of_text(out);
}

void directory_hold_place(struct directory *directory, struct actor *actor) {
    char name[PLACE_BYTES];
    hold(directory, actor, name_of_place(actor->address, name), 0);
}

uint64_t directory_who_knows(const struct directory *directory, struct mesh_address address, uint64_t asker) {
    char name[PLACE_BYTES];
    if (members_find(directory->members, address.node)) {
        return address.node;
    }
    uint64_t holder = names_holder(directory->names, name_of_place(address, name));
    bool asks = !holder && asker == directory->incarnation && directory->leader != asker;
    return asks && members_find(directory->members, directory->leader) ? directory->leader : holder;
}

bool directory_awaits_leader(const struct directory *directory, struct mesh_address address, uint64_t asker) {
    bool minted_by_process = address_slot(address) && address_number(address) && !address_is_local(address);
    bool leads = directory->leader == directory->incarnation;
    return minted_by_process && (leads ? !names_are_all_told(directory->names) : asker != directory->leader);
}

void directory_finish_naming(struct directory *directory, struct pending *pending, uint64_t admin) {
    if (pending->naming == NAMING_GIVEN && admin != directory->incarnation) {
        say_freed(directory, directory->keeper, pending->create.name, (struct mesh_address){0}, admin);
    }
    pending->naming = NAMING_NONE;
}

/* Adds one more to those that are told, which go out when they are many. */
static bool tell(struct directory *directory, struct told_names **told, size_t *count, bool *first,
                 const struct control_held_name *name) {
    if (*count == CONTROL_NAMES) {
        say_held(directory, *told, *count, *first, false);
        *told = tell_more(directory);
        *count = 0;
        *first = false;
    }
    if (*told) {
        (*told)->names[(*count)++] = *name;
    }
    return *told;
}

/* What is held here, and what is being created for this node. */
static void tell_all(struct directory *directory) {
    struct told_names *told = tell_more(directory);
    size_t count = 0, at = 0;
    bool first = true, told_all = told;
    for (struct held_name *held = first_held(directory); told_all && held;
         held = next_held(directory, held->place.next)) {
        struct control_held_name name = {bytes_of_text(held->name), held->actor, held->epoch};
        told_all = tell(directory, &told, &count, &first, &name);
    }
    for (struct pending *pending; told_all && (pending = map_next(&directory->pendings, &at));) {
        if (pending->naming == NAMING_GIVEN) {
            struct control_held_name name = {.name = pending->create.name, .epoch = pending->create.name_epoch};
            told_all = tell(directory, &told, &count, &first, &name);
        }
    }
    if (told_all) {
        say_held(directory, told, count, first, true);
    }
}

/* ---- asking ---- */

static void answer_known(struct directory *directory, struct pending *pending, struct mesh_address address,
                         uint64_t admin) {
    struct control control = {.id = pending->asker_id, .kind = CONTROL_CREATED};
    control.created = (struct control_created){.address = address, .admin = admin};
    directory_send(directory, pending->asker, &control);
    directory_remove_pending(directory, pending);
}

void directory_ask_name(struct directory *directory, struct pending *pending) {
    const struct held_name *held = held_as(directory, pending->create.name);
    const struct known_name *known = is_cut_off(directory) ? find_known(directory, pending->create.name) : NULL;
    bool asked = pending->naming == NAMING_ASKED;
    pending->naming = NAMING_ASKED;
    if (held) {
        answer_known(directory, pending, held->actor, directory->incarnation);
        return;
    }
    if (known) {
        answer_known(directory, pending, known->address, known->admin);
        return;
    }
    if (!asked) {
        directory_pending_wait(directory, pending, directory->limits.name_wait_ns);
    }
    if (directory->leader && pending->admin != directory->leader) {
        struct control control = {.id = pending->id, .kind = CONTROL_NAME_REQUEST};
        control.name_request.name = pending->create.name;
        pending->admin = directory->leader;
        say(directory, directory->leader, &control);
    }
}

void directory_name_expire(struct directory *directory, struct pending *pending) {
    const struct known_name *known = find_known(directory, pending->create.name);
    if (known) {
        answer_known(directory, pending, known->address, known->admin);
        return;
    }
    directory_fail(directory, pending, MESH_NAME_UNAVAILABLE,
                   bytes_of_text(!directory->leader ? "no leader of the convention is known, who alone gives names"
                                                    : "the leader of the convention has not given the name in time"));
}

static void on_grant(struct directory *directory, const struct directory_event *event) {
    const struct control_name_grant *grant = &event->control->name_grant;
    struct pending *pending = map_get(&directory->pendings, &event->control->id);
    bool awaited = pending && pending->naming == NAMING_ASKED && pending->admin == event->asker.node &&
                   bytes_equal(pending->create.name, grant->name);
    bool given = grant->status == MESH_OK && mesh_address_is_none(grant->address);
    if (!awaited) {
        directory->counters.late++;
        if (given) {
            say_freed(directory, event->asker.node, grant->name, grant->address, 0);
        }
    } else if (grant->status != MESH_OK) {
        directory_fail(directory, pending, grant->status, grant->text);
    } else if (given) {
        pending->naming = NAMING_GIVEN;
        pending->create.name_epoch = grant->epoch;
        pending->admin = 0;
        deadlines_clear(&directory->pending_deadlines, &pending->deadline);
        directory_place(directory, pending);
    } else {
        note_known(directory, grant);
        answer_known(directory, pending, grant->address, grant->admin);
    }
}

/* ---- what the leader wants ---- */

static void on_wanted(struct directory *directory, const struct directory_event *event) {
    uint64_t epoch = event->control->names_wanted.epoch;
    if (epoch >= directory->keeper_epoch || event->asker.node == directory->leader || !directory->keeper) {
        directory->keeper = event->asker.node;
        directory->keeper_epoch = epoch;
        tell_all(directory);
    }
}

void directory_names_follow(struct directory *directory) {
    if (!directory->keeper && directory->leader != directory->incarnation) {
        directory->keeper = directory->leader;
        if (first_held(directory)) {
            tell_all(directory);
        }
    }
}

/* It may have asked before it was on the roster: what it was told then is lost. */
void directory_names_meet(struct directory *directory, uint64_t admin) {
    if (directory->keeper == admin) {
        tell_all(directory);
    }
}

static void on_taken(struct directory *directory, const struct directory_event *event) {
    const struct control_name_taken *taken = &event->control->name_taken;
    struct actor *actor = directory_actor(directory, taken->address);
    const char *name = actor ? name_of(directory, actor) : NULL;
    if (name && bytes_equal(bytes_of_text(name), taken->name) && event->asker.node == directory->keeper) {
        release(directory, actor);
        directory_want_taken(directory, actor->address, bytes_of_text(name));
    } else {
        directory->counters.late++;
    }
}

void directory_on_name(struct directory *directory, const struct directory_event *event) {
    const struct control *control = event->control;
    uint64_t admin = event->asker.node;
    if (event->asker.local) {
        directory->counters.late++; /* not an admin's word */
    } else if (control->kind == CONTROL_NAME_REQUEST) {
        names_on_request(directory->names, admin, control->id, &control->name_request);
    } else if (control->kind == CONTROL_NAMES_HELD) {
        names_on_held(directory->names, admin, &control->names_held);
        directory->news = true;
    } else if (control->kind == CONTROL_NAME_FREED) {
        names_on_freed(directory->names, admin, &control->name_freed);
    } else if (control->kind == CONTROL_NAME_GRANT) {
        on_grant(directory, event);
    } else if (control->kind == CONTROL_NAMES_WANTED) {
        on_wanted(directory, event);
    } else {
        on_taken(directory, event);
    }
}

void directory_names_lose(struct directory *directory, uint64_t admin) {
    for (size_t i = 0; i < KNOWN_NAMES; i++) {
        if (directory->known[i].name && directory->known[i].admin == admin) {
            forget_known(&directory->known[i]);
        }
    }
    if (directory->keeper == admin) {
        directory->keeper = directory->keeper_epoch = 0;
        if (directory->leader != admin) { /* there is another by now, who may never ask */
            directory_names_follow(directory);
        }
    }
    names_on_member_lost(directory->names, admin);
}

void directory_tell_names(struct directory *directory) {
    struct names_action action;
    while (names_poll(directory->names, &action)) {
        say(directory, action.admin, &action.control);
    }
}

/* ---- memory ---- */

void directory_forget_names(struct directory *directory) {
    names_forget(directory->names);
    free_held(&directory->released);
    while (directory->told_names) {
        struct told_names *told = directory->told_names;
        directory->told_names = told->next;
        free(told);
    }
}

void directory_fini_names(struct directory *directory) {
    if (!directory->names) {
        return;
    }
    directory_forget_names(directory);
    free_held(&directory->held);
    names_destroy(&directory->names);
    for (size_t i = 0; i < KNOWN_NAMES; i++) {
        forget_known(&directory->known[i]);
    }
    free(directory->known);
}
