/* Names: see names.h. The table is sorted, and walked when a member comes or goes.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/names.h"
#include "mesh/base/list.h"
#include <stdlib.h>
#include <string.h>

/* Somebody who asked. */
struct wait {
    struct list_node place;
    uint64_t admin, id;
    size_t bytes;
    char name[];
};

struct name {
    uint64_t holder;             /* the admin that hosts its actor, or for which it is reserved */
    uint64_t epoch;              /* of the leader that gave it */
    struct mesh_address address; /* none: it is reserved */
    bool unconfirmed;            /* its holder is telling its names, and has not told this one yet */
    bool dropped;
    struct list waits;
    struct name *next_removed;
    size_t bytes;
    char text[];
};

struct want {
    struct list_node place;
    struct names_action action;
};

struct names {
    struct members *members;
    uint64_t epoch; /* epoch 0: this node does not lead */
    enum convention_mandate mandate;
    const char *refusal;
    struct name **items;
    size_t count, room, names_max, waits_count;
    struct list queue; /* those who wait until names are given */
    struct list wants, given;
    struct name *removed;
    struct list answered; /* waits that are over */
};

/* ---- making ---- */

enum mesh_status names_new(struct names **out, struct members *members, size_t names_max) {
    struct names *names = calloc(1, sizeof *names);
    if (!names) {
        return MESH_NO_MEMORY;
    }
    *names = (struct names){.members = members, .names_max = names_max};
    list_init(&names->queue);
    list_init(&names->wants);
    list_init(&names->given);
    list_init(&names->answered);
    *out = names;
    return MESH_OK;
}

static void free_waits(struct list *list) {
    for (struct list_node *node; (node = list_pop_front(list));) {
        free(LIST_OWNER(node, struct wait, place));
    }
}

static void free_wants(struct list *list) {
    for (struct list_node *node; (node = list_pop_front(list));) {
        free(LIST_OWNER(node, struct want, place));
    }
}

void names_forget(struct names *names) {
    free_wants(&names->given);
    free_waits(&names->answered);
    while (names->removed) {
        struct name *name = names->removed;
        names->removed = name->next_removed;
        free(name);
    }
}

static void finish_wait(struct names *names, struct wait *wait) {
    list_remove(&wait->place);
    list_push_back(&names->answered, &wait->place);
    names->waits_count--;
}

static void finish_waits(struct names *names, struct list *waits) {
    while (!list_is_empty(waits)) {
        finish_wait(names, LIST_OWNER(list_front(waits), struct wait, place));
    }
}

/* ---- the table ---- */

static int compare(const struct name *name, struct bytes text) {
    size_t both = name->bytes < text.size ? name->bytes : text.size;
    int order = memcmp(name->text, text.data, both);
    return order ? order : (name->bytes > text.size) - (name->bytes < text.size);
}

/* The place of the first that is not before it. */
static size_t place_of(const struct names *names, struct bytes text) {
    size_t low = 0, high = names->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(names->items[middle], text) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct name *find(const struct names *names, struct bytes text) {
    size_t place = place_of(names, text);
    bool found = place < names->count && compare(names->items[place], text) == 0;
    return found ? names->items[place] : NULL;
}

static bool make_room(struct names *names) {
    if (names->count < names->room) {
        return true;
    }
    size_t room = names->room ? 2 * names->room : 16;
    struct name **items = realloc(names->items, room * sizeof *items);
    if (!items) {
        return false;
    }
    names->items = items;
    names->room = room;
    return true;
}

/* NULL without memory, or beyond the limit. */
static struct name *add(struct names *names, struct bytes text, size_t max) {
    struct name *name = names->count < max && make_room(names) ? calloc(1, sizeof *name + text.size + 1) : NULL;
    if (!name) {
        return NULL;
    }
    name->bytes = text.size;
    memcpy(name->text, text.data, text.size);
    list_init(&name->waits);
    size_t place = place_of(names, text);
    memmove(names->items + place + 1, names->items + place, (names->count - place) * sizeof *names->items);
    names->items[place] = name;
    names->count++;
    return name;
}

/* It stays in the table until the sweep. */
static void drop(struct names *names, struct name *name) {
    finish_waits(names, &name->waits);
    name->next_removed = names->removed;
    name->dropped = true;
    names->removed = name;
}

static void sweep(struct names *names) {
    size_t kept = 0;
    for (size_t i = 0; i < names->count; i++) {
        if (!names->items[i]->dropped) {
            names->items[kept++] = names->items[i];
        }
    }
    names->count = kept;
}

static void clear(struct names *names) {
    for (size_t i = 0; i < names->count; i++) {
        drop(names, names->items[i]);
    }
    sweep(names);
    finish_waits(names, &names->queue);
}

void names_destroy(struct names **handle) {
    struct names *names = *handle;
    if (!names) {
        return;
    }
    clear(names);
    names_forget(names);
    free_wants(&names->wants);
    free(names->items);
    free(names);
    *handle = NULL;
}

/* ---- what is to be sent ---- */

/* Without memory nobody hears of it: who asked gives up, and a member that was not asked holds up all names until it leaves. */
static void send(struct names *names, uint64_t admin, const struct control *control) {
    struct want *want = calloc(1, sizeof *want);
    if (want) {
        want->action = (struct names_action){.admin = admin, .control = *control};
        list_push_back(&names->wants, &want->place);
    }
}

bool names_poll(struct names *names, struct names_action *out) {
    struct list_node *node = list_pop_front(&names->wants);
    if (!node) {
        return false;
    }
    list_push_back(&names->given, node);
    *out = LIST_OWNER(node, struct want, place)->action;
    return true;
}

static struct bytes text_of(const struct name *name) {
    return bytes_make(name->text, name->bytes);
}

/* Who has it; or, for one that is reserved, that the asker may create it. */
static void grant(struct names *names, uint64_t admin, uint64_t id, const struct name *name) {
    struct control control = {.id = id, .kind = CONTROL_NAME_GRANT};
    control.name_grant = (struct control_name_grant){
        .name = text_of(name), .epoch = name->epoch, .address = name->address, .admin = name->holder};
    send(names, admin, &control);
}

static void refuse(struct names *names, uint64_t admin, uint64_t id, struct bytes name, enum mesh_status status,
                   const char *text) {
    struct control control = {.id = id, .kind = CONTROL_NAME_GRANT};
    control.name_grant = (struct control_name_grant){.name = name, .status = status, .text = bytes_of_text(text)};
    send(names, admin, &control);
}

static void tell_taken(struct names *names, uint64_t admin, struct bytes name, struct mesh_address address) {
    struct control control = {.kind = CONTROL_NAME_TAKEN, .name_taken = {.name = name, .address = address}};
    send(names, admin, &control);
}

static void ask_member(struct names *names, uint64_t admin) {
    struct control control = {.kind = CONTROL_NAMES_WANTED, .names_wanted.epoch = names->epoch};
    send(names, admin, &control);
}

/* ---- giving ---- */

/* Every member has told what it holds, but for those that are suspect. */
static bool is_complete(const struct names *names) {
    for (size_t i = 0; i < names->members->count; i++) {
        const struct member *member = names->members->items[i];
        if (member->names_told != names->epoch && !member->liveness.suspect) {
            return false;
        }
    }
    return true;
}

static bool gives(const struct names *names) {
    return names->mandate == MANDATE_GIVEN && is_complete(names);
}

static void reserve(struct names *names, struct name *name, uint64_t admin, uint64_t id) {
    name->holder = admin;
    name->epoch = names->epoch;
    name->address = (struct mesh_address){0};
    grant(names, admin, id, name);
}

static void wait_for(struct names *names, struct list *list, uint64_t admin, uint64_t id, struct bytes text) {
    struct wait *wait = names->waits_count < names->names_max ? calloc(1, sizeof *wait + text.size) : NULL;
    if (!wait) {
        refuse(names, admin, id, text, MESH_FULL, "too many wait for names");
        return;
    }
    wait->admin = admin;
    wait->id = id;
    wait->bytes = text.size;
    memcpy(wait->name, text.data, text.size);
    list_node_init(&wait->place);
    list_push_back(list, &wait->place);
    names->waits_count++;
}

static void give(struct names *names, uint64_t admin, uint64_t id, struct bytes text) {
    struct name *name = add(names, text, names->names_max);
    if (name) {
        reserve(names, name, admin, id);
    } else {
        refuse(names, admin, id, text, MESH_FULL, "as many names are held as there may be, or no memory is left");
    }
}

static void request(struct names *names, uint64_t admin, uint64_t id, struct bytes text) {
    struct name *name = find(names, text);
    if (name && !mesh_address_is_none(name->address)) {
        grant(names, admin, id, name);
    } else if (name) {
        wait_for(names, &name->waits, admin, id, text);
    } else if (names->mandate == MANDATE_NONE) {
        refuse(names, admin, id, text, MESH_NAME_UNAVAILABLE, names->refusal);
    } else if (gives(names)) {
        give(names, admin, id, text);
    } else {
        wait_for(names, &names->queue, admin, id, text);
    }
}

/* Those that wait ask again, as it were, in their order. */
static void ask_again(struct names *names, struct list *waits) {
    struct list before;
    list_init(&before);
    for (struct list_node *node; (node = list_pop_front(waits));) {
        list_push_back(&before, node);
    }
    while (!list_is_empty(&before)) {
        struct wait *wait = LIST_OWNER(list_front(&before), struct wait, place);
        finish_wait(names, wait);
        request(names, wait->admin, wait->id, bytes_make(wait->name, wait->bytes));
    }
}

static void review(struct names *names) {
    if (names->mandate == MANDATE_NONE || gives(names)) {
        ask_again(names, &names->queue);
    }
}

/* Nobody has it any more: the next who waits may create its actor, if names are given. */
static void release(struct names *names, struct name *name) {
    struct list_node *next = gives(names) ? list_front(&name->waits) : NULL;
    if (next) {
        struct wait *wait = LIST_OWNER(next, struct wait, place);
        finish_wait(names, wait);
        reserve(names, name, wait->admin, wait->id);
        return;
    }
    for (struct list_node *node; (node = list_pop_front(&name->waits));) {
        list_push_back(&names->queue, node);
    }
    drop(names, name);
}

/* ---- what happens ---- */

void names_on_mandate(struct names *names, uint64_t epoch, enum convention_mandate mandate, const char *text) {
    bool anew = epoch && epoch != names->epoch;
    names->epoch = epoch;
    names->mandate = mandate;
    names->refusal = text;
    if (!epoch) {
        clear(names);
        return;
    }
    for (size_t i = 0; anew && i < names->members->count; i++) {
        ask_member(names, names->members->items[i]->incarnation);
    }
    review(names);
}

void names_on_request(struct names *names, uint64_t admin, uint64_t id, const struct control_name_request *asked) {
    if (names->epoch) {
        request(names, admin, id, asked->name);
    }
}

/* Who waits hears of it. */
static void hold(struct names *names, struct name *name, uint64_t admin, const struct control_held_name *claim) {
    name->holder = admin;
    name->address = claim->address;
    name->epoch = claim->epoch;
    name->unconfirmed = false;
    ask_again(names, &name->waits);
}

static void judge_claim(struct names *names, uint64_t admin, const struct control_held_name *claim) {
    struct name *name = find(names, claim->name);
    bool reservation = mesh_address_is_none(claim->address);
    if (!name) {
        name = add(names, claim->name, SIZE_MAX);
        if (name) {
            hold(names, name, admin, claim);
        } else if (!reservation) { /* what is not in the table might be given again */
            tell_taken(names, admin, claim->name, claim->address);
        }
        return;
    }
    bool reserved = mesh_address_is_none(name->address);
    if (reservation) {
        name->unconfirmed = name->unconfirmed && !(reserved && name->holder == admin);
    } else if (mesh_address_equal(name->address, claim->address) || (reserved && claim->epoch >= name->epoch)) {
        hold(names, name, admin, claim);
    } else if (claim->epoch > name->epoch) {
        tell_taken(names, name->holder, text_of(name), name->address);
        hold(names, name, admin, claim);
    } else {
        tell_taken(names, admin, text_of(name), claim->address);
    }
}

static void begin_confirming(struct names *names, uint64_t admin) {
    for (size_t i = 0; i < names->count; i++) {
        names->items[i]->unconfirmed = names->items[i]->holder == admin;
    }
}

static void end_confirming(struct names *names, uint64_t admin) {
    for (size_t i = 0; i < names->count; i++) {
        if (names->items[i]->unconfirmed && names->items[i]->holder == admin) {
            release(names, names->items[i]);
        }
    }
    sweep(names);
}

void names_on_held(struct names *names, uint64_t admin, const struct control_names_held *held) {
    struct member *member = members_find(names->members, admin);
    if (!names->epoch || !member) {
        return;
    }
    if (held->first) {
        begin_confirming(names, admin);
    }
    for (size_t i = 0; i < held->count; i++) {
        judge_claim(names, admin, &held->names[i]);
    }
    if (held->last && held->epoch == names->epoch) {
        member->names_told = names->epoch;
        end_confirming(names, admin);
        review(names);
    }
}

void names_on_freed(struct names *names, uint64_t admin, const struct control_name_freed *freed) {
    struct name *name = find(names, freed->name);
    bool reserved = name && mesh_address_is_none(name->address);
    if (!name || !mesh_address_equal(name->address, freed->address) || name->holder != admin) {
        return;
    }
    if (reserved && freed->admin && members_find(names->members, freed->admin)) {
        name->holder = freed->admin; /* which will say so */
    } else {
        release(names, name);
        sweep(names);
    }
}

/* ---- members ---- */

void names_on_member_added(struct names *names, uint64_t admin) {
    if (names->epoch) {
        ask_member(names, admin);
    }
}

static void forget_waits(struct names *names, struct list *waits, uint64_t admin) {
    LIST_EACH (waits, node, after) {
        struct wait *wait = LIST_OWNER(node, struct wait, place);
        if (wait->admin == admin) {
            finish_wait(names, wait);
        }
    }
}

void names_on_member_lost(struct names *names, uint64_t admin) {
    forget_waits(names, &names->queue, admin);
    for (size_t i = 0; i < names->count; i++) {
        forget_waits(names, &names->items[i]->waits, admin);
    }
    for (size_t i = 0; i < names->count; i++) {
        if (names->items[i]->holder == admin) {
            release(names, names->items[i]);
        }
    }
    sweep(names);
    review(names);
}

void names_on_member_suspect(struct names *names) {
    review(names);
}

uint64_t names_holder(const struct names *names, struct bytes text) {
    const struct name *name = find(names, text);
    return name && !mesh_address_is_none(name->address) ? name->holder : 0;
}

bool names_are_all_told(const struct names *names) {
    bool all = names->epoch;
    for (size_t i = 0; all && i < names->members->count; i++) {
        all = names->members->items[i]->names_told == names->epoch;
    }
    return all;
}

size_t names_count(const struct names *names) {
    return names->count;
}
