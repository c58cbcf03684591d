/* The directory's questions: where does an address live, how far had it come when it died, and who knows its status?
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/directory_state.h"
#include "mesh/base/check.h"
#include <stdlib.h>

struct question {
    struct mesh_address asker, address, sender;
    uint64_t id;
};

/* ---- answers ---- */

static void answer_resolved(struct directory *directory, const struct question *question, uint64_t process,
                            struct bytes endpoint) {
    struct control control = {.id = question->id, .kind = CONTROL_RESOLVED};
    control.resolved = (struct control_resolved){
        .address = question->address, .sender = question->sender, .process = process, .endpoint = endpoint};
    directory_send(directory, question->asker, &control);
}

static uint64_t restarts_of(const struct actor *actor) {
    return actor->revival ? actor->revival->supervision.restarts : 0;
}

/* Where an actor lives here, and what its earlier lives have on record of the sender (C7). */
static void answer_here(struct directory *directory, const struct question *question, const struct actor *actor) {
    const struct slot *slot = directory_slot(directory, actor->slot);
    const struct record *record = directory_record(actor, question->sender);
    struct control control = {.id = question->id, .kind = CONTROL_RESOLVED};
    CHECK(slot);
    control.resolved = (struct control_resolved){.address = question->address,
                                                 .sender = question->sender,
                                                 .process = slot->process,
                                                 .endpoint = bytes_of_text(slot->endpoint ? slot->endpoint : ""),
                                                 .life = restarts_of(actor)};
    if (record) {
        control.resolved.floors_known = true;
        control.resolved.epoch = record->floor.epoch;
        control.resolved.handled = record->floor.handled;
        control.resolved.in_hand = record->floor.in_hand;
        control.resolved.text = bytes_of_text(record->cause);
    }
    directory_send(directory, question->asker, &control);
}

static void answer_gone(struct directory *directory, const struct question *question, enum frame_reason reason,
                        const char *text) {
    struct control control = {.id = question->id, .kind = CONTROL_GONE};
    control.gone = (struct control_gone){
        .address = question->address, .sender = question->sender, .reason = reason, .text = bytes_of_text(text)};
    directory_send(directory, question->asker, &control);
}

static enum frame_reason reason_of(const struct actor *actor) {
    if (actor->how == CONTROL_NOT_CREATED) {
        return FRAME_NEVER_CREATED;
    }
    return actor->how == CONTROL_NODE_LOST ? FRAME_NODE_LOST : FRAME_EXITED;
}

/* A tombstone that is asked for is kept longer. */
static void answer_dead(struct directory *directory, const struct question *question, struct actor *actor) {
    struct control control = {.id = question->id, .kind = CONTROL_GONE};
    control.gone =
        (struct control_gone){.address = question->address, .sender = question->sender, .reason = reason_of(actor)};
    control.gone.text = bytes_of_text(actor->text ? actor->text : "");
    const struct record *record = directory_record(actor, question->sender);
    if (record) {
        control.gone.floors_known = true;
        control.gone.epoch = record->floor.epoch;
        control.gone.handled = record->floor.handled;
        control.gone.in_hand = record->floor.in_hand;
    }
    directory_touch(directory, actor);
    directory_send(directory, question->asker, &control);
}

/* ---- waiting ---- */

void directory_free_wait(struct wait *wait) {
    free(wait);
}

static void remove_wait(struct directory *directory, struct wait *wait) {
    CHECK(map_remove(&directory->waits, &wait->id) == wait);
    deadlines_clear(&directory->wait_deadlines, &wait->deadline);
    list_remove(&wait->place);
    directory_free_wait(wait);
}

static struct question question_of(const struct wait *wait) {
    return (struct question){wait->asker, wait->address, wait->sender, wait->asker_id};
}

/* NULL at waits_max: the question is not answered; a process that has something open asks again. */
static struct wait *keep(struct directory *directory, const struct question *question) {
    if (map_size(&directory->waits) == directory->limits.waits_max) {
        return NULL;
    }
    struct wait *wait = calloc(1, sizeof *wait);
    if (!wait) {
        directory->no_memory = true;
        return NULL;
    }
    wait->id = ++directory->next_id;
    wait->asker = question->asker;
    wait->asker_id = question->id;
    wait->address = question->address;
    wait->sender = question->sender;
    list_node_init(&wait->place);
    uint64_t end_ns = time_add(directory->now_ns, directory->limits.park_wait_ns);
    if (map_put(&directory->waits, &wait->id, wait)) {
        free(wait);
        directory->no_memory = true;
        return NULL;
    }
    if (deadlines_set(&directory->wait_deadlines, &wait->deadline, end_ns)) {
        directory->no_memory = true;
    }
    directory->counters.parked++;
    return wait;
}

static enum mesh_status keep_at(struct directory *directory, const struct question *question, struct actor *actor) {
    struct wait *wait = keep(directory, question);
    if (!wait) {
        return MESH_FULL;
    }
    if (actor->state == ACTOR_PENDING) {
        deadlines_clear(&directory->wait_deadlines, &wait->deadline); /* a create always comes to an end */
    }
    list_push_back(&actor->waits, &wait->place);
    return MESH_OK;
}

static enum mesh_status park(struct directory *directory, const struct question *question) {
    struct actor *actor = directory_actor(directory, question->address);
    actor = actor ? actor : directory_add_actor(directory, question->address, ACTOR_PARKED);
    return actor ? keep_at(directory, question, actor) : MESH_FULL;
}

static enum mesh_status ask(struct directory *directory, const struct question *question, uint64_t admin) {
    struct wait *wait = keep(directory, question);
    if (!wait) {
        return MESH_FULL;
    }
    wait->asked = admin;
    deadlines_clear(&directory->wait_deadlines, &wait->deadline); /* it answers, or it is lost */
    struct control control = {.id = wait->id, .kind = CONTROL_RESOLVE};
    control.resolve = (struct control_resolve){.address = wait->address, .sender = wait->sender};
    directory_send(directory, directory_admin(admin), &control);
    return MESH_OK;
}

/* ---- by what is known of the address ---- */

static enum mesh_status resolve_process(struct directory *directory, const struct question *question) {
    uint32_t number = address_slot(question->address);
    struct slot *slot = directory_slot(directory, number);
    if (number == 0) {
        answer_resolved(directory, question, directory->incarnation, bytes_of_text(directory->endpoint));
    } else if (slot && slot->process) {
        answer_resolved(directory, question, slot->process, bytes_of_text(slot->endpoint ? slot->endpoint : ""));
    } else if (slot) {
        return park(directory, question);
    } else {
        bool leased = number < directory->next_slot;
        answer_gone(directory, question, leased ? FRAME_EXITED : FRAME_NEVER_CREATED, "its process is gone");
    }
    return MESH_OK;
}

/* Numbers of one slot are minted in order and their creates arrive in order, so a number below the highest that has no
 * record was created and is dead. */
static enum mesh_status resolve_unrecorded(struct directory *directory, const struct question *question) {
    uint32_t number = address_slot(question->address);
    uint64_t count = address_number(question->address);
    struct slot *slot = directory_slot(directory, number);
    if ((slot && slot->program) || address_is_local(question->address)) {
        return resolve_process(directory, question);
    }
    if (slot && count > slot->highest) {
        return park(directory, question);
    }
    bool never = number == 0 ? count >= directory->mint.next : number >= directory->next_slot;
    answer_gone(directory, question, never ? FRAME_NEVER_CREATED : FRAME_EXITED, "");
    return MESH_OK;
}

/* And with its home, whoever lived there; where another may have it, that is asked first (C6). */
static bool is_lost(const struct directory *directory, struct mesh_address address, uint64_t asker) {
    return directory_is_lost(directory, address.node) && !directory_awaits_leader(directory, address, asker);
}

static enum mesh_status resolve_foreign(struct directory *directory, const struct question *question) {
    uint64_t admin = directory_who_knows(directory, question->address, question->asker.node);
    if (admin) {
        return ask(directory, question, admin);
    }
    if (is_lost(directory, question->address, question->asker.node)) {
        answer_gone(directory, question, FRAME_NODE_LOST, "its node was lost");
        return MESH_OK;
    }
    return park(directory, question);
}

static enum mesh_status resolve_actor(struct directory *directory, const struct question *question,
                                      struct actor *actor) {
    bool known = members_find(directory->members, actor->admin) && question->asker.node != actor->admin;
    switch (actor->state) {
    case ACTOR_PARKED:
    case ACTOR_PENDING:
    case ACTOR_LEAVING:
        return keep_at(directory, question, actor);
    case ACTOR_HERE:
        answer_here(directory, question, actor);
        return MESH_OK;
    case ACTOR_ELSEWHERE:
        if ((actor->restarts || !actor->endpoint) && known) {
            return ask(directory, question, actor->admin); /* which life it lives there, or where, is known there */
        }
        answer_resolved(directory, question, actor->process, bytes_of_text(actor->endpoint ? actor->endpoint : ""));
        return MESH_OK;
    case ACTOR_DEAD:
        break;
    }
    if (known && actor->admin != directory->incarnation) {
        return ask(directory, question, actor->admin); /* it has the floors on record */
    }
    answer_dead(directory, question, actor);
    return MESH_OK;
}

static enum mesh_status resolve(struct directory *directory, const struct question *question) {
    struct actor *actor = directory_actor(directory, question->address);
    bool foreign = !directory_is_home(directory, question->address);
    if (actor && !(foreign && actor->state == ACTOR_PARKED)) {
        return resolve_actor(directory, question, actor);
    }
    if (foreign) {
        return resolve_foreign(directory, question);
    }
    if (!address_number(question->address)) {
        return resolve_process(directory, question);
    }
    return resolve_unrecorded(directory, question);
}

/* ---- events ---- */

enum mesh_status directory_on_resolve(struct directory *directory, const struct directory_event *event) {
    const struct control_resolve *from = &event->control->resolve;
    struct question question = {event->asker, from->address, from->sender, event->control->id};
    return resolve(directory, &question);
}

void directory_on_answer(struct directory *directory, const struct directory_event *event) {
    struct wait *wait = map_get(&directory->waits, &event->control->id);
    if (!wait || !wait->asked || wait->asked != event->asker.node || event->asker.local) {
        directory->counters.late++;
        return;
    }
    struct control control = *event->control;
    control.id = wait->asker_id;
    directory_send(directory, wait->asker, &control);
    remove_wait(directory, wait);
}

void directory_answer_waits(struct directory *directory, struct actor *actor) {
    if (actor->state == ACTOR_PARKED || actor->state == ACTOR_PENDING || actor->state == ACTOR_LEAVING) {
        return;
    }
    while (!list_is_empty(&actor->waits)) {
        struct wait *wait = LIST_OWNER(list_front(&actor->waits), struct wait, place);
        struct question question = question_of(wait);
        list_remove(&wait->place);
        remove_wait(directory, wait);
        if (resolve_actor(directory, &question, actor)) {
            answer_dead(directory, &question, actor);
        }
    }
}

/* A parked entry goes with the last who waits for it. */
static void forget_parked(struct directory *directory, struct mesh_address address) {
    struct actor *actor = directory_actor(directory, address);
    if (actor && actor->state == ACTOR_PARKED && list_is_empty(&actor->waits)) {
        directory_remove_actor(directory, actor);
    }
}

void directory_wait_expire(struct directory *directory, struct wait *wait) {
    struct question question = question_of(wait);
    struct actor *actor = directory_actor(directory, question.address);
    bool foreign = !directory_is_home(directory, question.address);
    directory->counters.park_expired++;
    remove_wait(directory, wait);
    if (foreign) {
        answer_gone(directory, &question, FRAME_NODE_LOST, "its node does not answer");
    } else if (actor && actor->state == ACTOR_LEAVING) {
        answer_gone(directory, &question, FRAME_EXITED, "it has exited");
    } else {
        answer_gone(directory, &question, FRAME_NEVER_CREATED, "it was not created");
    }
    forget_parked(directory, question.address);
}

static void take_wait(struct wait *wait, struct list *out) {
    list_remove(&wait->place);
    list_push_back(out, &wait->place);
}

static void ask_again(struct directory *directory, struct list *waits) {
    while (!list_is_empty(waits)) {
        struct wait *wait = LIST_OWNER(list_front(waits), struct wait, place);
        struct question question = question_of(wait);
        remove_wait(directory, wait);
        forget_parked(directory, question.address);
        if (resolve(directory, &question)) {
            directory->counters.park_expired++;
        }
    }
}

/* Who was asked is lost, or it is another who knows; or that nobody does is certain. */
static bool is_outdated(const struct directory *directory, const struct wait *wait) {
    const struct actor *actor = directory_actor(directory, wait->address);
    bool on_record = directory_is_home(directory, wait->address) || (actor && actor->state != ACTOR_PARKED);
    bool forsaken = wait->asked && !members_find(directory->members, wait->asked);
    if (on_record || forsaken) {
        return forsaken;
    }
    uint64_t knows = directory_who_knows(directory, wait->address, wait->asker.node);
    return knows ? knows != wait->asked : !wait->asked && is_lost(directory, wait->address, wait->asker.node);
}

void directory_review_waits(struct directory *directory) {
    struct list outdated;
    list_init(&outdated);
    size_t at = 0;
    for (struct wait *wait; directory->news && (wait = map_next(&directory->waits, &at));) {
        if (is_outdated(directory, wait)) {
            take_wait(wait, &outdated);
        }
    }
    directory->news = false;
    ask_again(directory, &outdated);
}

void directory_waits_slot(struct directory *directory, uint32_t slot) {
    struct actor *actor = directory_actor(directory, address_make(directory->incarnation, slot, 0));
    struct list waits;
    list_init(&waits);
    while (actor && actor->state == ACTOR_PARKED && !list_is_empty(&actor->waits)) {
        take_wait(LIST_OWNER(list_front(&actor->waits), struct wait, place), &waits);
    }
    ask_again(directory, &waits);
}

/* ---- the status (K1) ---- */

static void place_actor(const struct directory *directory, const struct actor *actor, struct directory_place *out) {
    static const enum directory_place_kind kinds[] = {
        [ACTOR_PARKED] = DIRECTORY_NOWHERE,      [ACTOR_PENDING] = DIRECTORY_STARTING, [ACTOR_HERE] = DIRECTORY_HERE,
        [ACTOR_ELSEWHERE] = DIRECTORY_ELSEWHERE, [ACTOR_LEAVING] = DIRECTORY_ENDED,    [ACTOR_DEAD] = DIRECTORY_ENDED};
    const struct slot *slot = directory_slot(directory, actor->slot);
    out->kind = actor->reviving ? DIRECTORY_STARTING : kinds[actor->state];
    out->light = slot && slot->pool;
    out->admin = actor->admin;
    out->restarts = restarts_of(actor);
    out->how = actor->how;
    out->text = actor->text ? actor->text : "";
    directory_view_actor(directory, actor, &out->view);
}

static void place_process(const struct directory *directory, struct mesh_address address, struct directory_place *out) {
    const struct slot *slot = directory_slot(directory, address_slot(address));
    out->kind = slot ? DIRECTORY_PROCESS : DIRECTORY_ENDED;
    if (slot && !slot->program && address_is_local(address)) {
        out->kind = DIRECTORY_HERE;
        out->light = true;
        out->view = (struct directory_view){
            .address = address, .slot = slot->number, .process = slot->process, .pid = slot->pid, .state = "running"};
    }
}

static void place_unrecorded(const struct directory *directory, struct mesh_address address,
                             struct directory_place *out) {
    uint32_t number = address_slot(address);
    uint64_t count = address_number(address);
    const struct slot *slot = directory_slot(directory, number);
    bool never = number == 0 ? count >= directory->mint.next : number >= directory->next_slot;
    if (never || (slot && !slot->program && !address_is_local(address) && count > slot->highest)) {
        out->kind = DIRECTORY_NOWHERE;
    } else if (number > 0 && (count == 0 || address_is_local(address) || (slot && slot->program))) {
        place_process(directory, address, out);
    } else {
        out->kind = number == 0 && count == 0 ? DIRECTORY_PROCESS : DIRECTORY_ENDED;
    }
}

struct directory_place directory_find(const struct directory *directory, struct mesh_address address) {
    struct directory_place place = {.text = ""};
    const struct actor *actor = directory_actor(directory, address);
    if (actor && (actor->state != ACTOR_PARKED || directory_is_home(directory, address))) {
        place_actor(directory, actor, &place);
    } else if (directory_is_home(directory, address)) {
        place_unrecorded(directory, address, &place);
    } else {
        place.admin = directory_who_knows(directory, address, directory->incarnation);
        place.kind = place.admin ? DIRECTORY_ELSEWHERE : DIRECTORY_CUT_OFF;
    }
    return place;
}
