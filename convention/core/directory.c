/* Directory: see directory.h. This file is the table of contents; creates, ends and questions have a file each.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/directory.h"
#include "convention/core/directory_state.h"
#include "mesh/base/check.h"
#include <stdlib.h>

const struct directory_limits directory_limits_default = {
    .actors_max = 65536,
    .slots_max = 4096,
    .waits_max = 65536,
    .tombstones_max = 4096,
    .tombstones_kept = 256,
    .light_hosts = 2,
    .names_max = 65536,
    .create_wait_ns = 45 * NS_PER_S,
    .start_wait_ns = 20 * NS_PER_S,
    .name_wait_ns = 5 * NS_PER_S,
    .stranger_wait_ns = 60 * NS_PER_S, /* longer than a new member may be braked (S4A) */
    .park_wait_ns = 10 * NS_PER_S,
    .tombstone_ns = 1 * NS_PER_S,
    .crash_tombstone_ns = 30 * NS_PER_S,
};

/* ---- making ---- */

enum mesh_status directory_new(struct directory **out, const struct directory_limits *limits, uint64_t incarnation,
                               const char *endpoint, struct members *members) {
    struct directory *directory = calloc(1, sizeof *directory);
    if (!directory) {
        return MESH_NO_MEMORY;
    }
    CHECK(incarnation);
    directory->limits = *limits;
    directory->members = members;
    directory->incarnation = incarnation;
    directory->next_slot = 1;
    directory->strangers_ns = TIME_NEVER;
    directory->mint = address_mint_init(incarnation, 0);
    slabs_init(&directory->actor_slabs, sizeof(struct actor));
    size_t actors_max = limits->actors_max + limits->tombstones_max + 1;
    map_init(&directory->actors, sizeof(struct mesh_address), actors_max, incarnation);
    map_init(&directory->pendings, sizeof(uint64_t), limits->actors_max, incarnation);
    map_init(&directory->waits, sizeof(uint64_t), limits->waits_max, incarnation);
    map_init(&directory->slots, sizeof(uint64_t), limits->slots_max, incarnation);
    deadlines_init(&directory->pending_deadlines, limits->actors_max);
    deadlines_init(&directory->wait_deadlines, limits->waits_max);
    list_init(&directory->told);
    list_init(&directory->untold);
    list_init(&directory->owed);
    list_init(&directory->wants);
    list_init(&directory->given);
    list_init(&directory->pooled);
    list_init(&directory->held);
    list_init(&directory->released);
    directory->endpoint = directory_text(directory, bytes_of_text(endpoint));
    directory->known = calloc(KNOWN_NAMES, sizeof *directory->known);
    enum mesh_status status = names_new(&directory->names, members, limits->names_max);
    if (!directory->endpoint || !directory->known || status) {
        directory_destroy(&directory);
        return MESH_NO_MEMORY;
    }
    *out = directory;
    return MESH_OK;
}

static void free_actor(struct directory *directory, struct actor *actor) {
    free(actor->endpoint);
    free(actor->type);
    directory_drop_text(actor);
    if (actor->records != &actor->record) {
        free(actor->records);
    }
    directory_free_revival(actor->revival);
    directory_drop_demand(actor);
    slabs_give(&directory->actor_slabs, actor);
}

static void free_slot(struct slot *slot) {
    free(slot->endpoint);
    free(slot->pool);
    free(slot);
}

static void free_wants(struct list *wants) {
    while (!list_is_empty(wants)) {
        free(LIST_OWNER(list_pop_front(wants), struct want, place));
    }
}

static void free_removed(struct directory *directory) {
    while (directory->removed_actors) {
        struct actor *actor = directory->removed_actors;
        directory->removed_actors = actor->next_removed;
        free_actor(directory, actor);
    }
    while (directory->removed_pendings) {
        struct pending *pending = directory->removed_pendings;
        directory->removed_pendings = pending->next_removed;
        directory_free_pending(pending);
    }
    while (directory->removed_slots) {
        struct slot *slot = directory->removed_slots;
        directory->removed_slots = slot->next_removed;
        free_slot(slot);
    }
}

void directory_destroy(struct directory **handle) {
    struct directory *directory = *handle;
    if (!directory) {
        return;
    }
    void *entry;
    for (size_t at = 0; (entry = map_next(&directory->waits, &at));) {
        directory_free_wait(entry);
    }
    for (size_t at = 0; (entry = map_next(&directory->pendings, &at));) {
        directory_free_pending(entry);
    }
    for (size_t at = 0; (entry = map_next(&directory->slots, &at));) {
        free_slot(entry);
    }
    for (size_t at = 0; (entry = map_next(&directory->actors, &at));) {
        free_actor(directory, entry);
    }
    free_removed(directory);
    free_wants(&directory->wants);
    free_wants(&directory->given);
    directory_fini_names(directory);
    map_fini(&directory->actors);
    map_fini(&directory->pendings);
    map_fini(&directory->waits);
    map_fini(&directory->slots);
    deadlines_fini(&directory->pending_deadlines);
    deadlines_fini(&directory->wait_deadlines);
    free(directory->endpoint);
    free(directory);
    *handle = NULL;
}

enum mesh_status directory_lease(struct directory *directory, uint32_t *out) {
    struct slot *slot = directory_add_slot(directory);
    if (!slot) {
        return directory->no_memory ? MESH_NO_MEMORY : MESH_FULL;
    }
    slot->program = true;
    *out = slot->number;
    return MESH_OK;
}

/* ---- the step ---- */

static enum mesh_status on_control(struct directory *directory, const struct directory_event *event) {
    switch (event->control->kind) {
    case CONTROL_CREATE:
        directory_on_create(directory, event);
        return MESH_OK;
    case CONTROL_CREATED:
        directory_on_created(directory, event);
        return MESH_OK;
    case CONTROL_CREATE_FAILED:
        directory_on_create_failed(directory, event);
        return MESH_OK;
    case CONTROL_RESOLVE:
        return directory_on_resolve(directory, event);
    case CONTROL_RESOLVED:
    case CONTROL_GONE:
        directory_on_answer(directory, event);
        return MESH_OK;
    case CONTROL_EXITED:
        directory_on_exited(directory, event);
        return MESH_OK;
    case CONTROL_KILL:
        directory_on_kill(directory, event);
        return MESH_OK;
    case CONTROL_CHECK:
        directory_on_check(directory, event);
        return MESH_OK;
    case CONTROL_NAME_REQUEST:
    case CONTROL_NAME_GRANT:
    case CONTROL_NAMES_HELD:
    case CONTROL_NAME_FREED:
    case CONTROL_NAMES_WANTED:
    case CONTROL_NAME_TAKEN:
        directory_on_name(directory, event);
        return MESH_OK;
    case CONTROL_SOURCE:
        directory_on_arriving(directory, event);
        return MESH_OK;
    case CONTROL_MET:
        directory_on_met(directory, event->asker.node);
        return MESH_OK;
    case CONTROL_MEMBER_KEY:
    case CONTROL_KEYS_CHANGED:
    case CONTROL_UNREACHED:
    case CONTROL_LOG_LINES:
    case CONTROL_LOG_REQUEST:
    case CONTROL_LOG_REPLY:
    case CONTROL_STATUS_REQUEST:
    case CONTROL_STATUS_REPLY:
    case CONTROL_SHUTDOWN:
    case CONTROL_PROGRAM_TYPES:
    case CONTROL_DONE:
    case CONTROL_DEAD_LETTER_HANDLER:
    case CONTROL_DEAD_LETTER:
    case CONTROL_ACTOR_REPORT:
    case CONTROL_PREREGISTER:
    case CONTROL_DISMISS:
    case CONTROL_WATCH_MEMBERS:
    case CONTROL_MEMBER_UPDATE:
    case CONTROL_CAPABILITIES:
        break;
    }
    CHECK_UNREACHABLE();
}

static void on_host_up(struct directory *directory, struct slot *slot, const struct directory_event *event) {
    slot->process = event->process;
    slot->pid = event->pid;
    free(slot->endpoint);
    slot->endpoint = directory_text(directory, event->endpoint);
    directory_waits_slot(directory, slot->number);
}

static enum mesh_status on_host(struct directory *directory, const struct directory_event *event) {
    struct slot *slot = directory_slot(directory, event->slot);
    if (!slot) {
        return MESH_NOT_FOUND;
    }
    if (event->kind == DIRECTORY_HOST_UP) {
        on_host_up(directory, slot, event);
    } else if (event->kind == DIRECTORY_ACTOR_UP) {
        directory_on_actor_up(directory, slot, event->address);
    } else if (event->kind == DIRECTORY_HOST_DIED) {
        directory_on_host_died(directory, slot, event);
    } else {
        directory_on_host_failed(directory, slot, event);
    }
    return MESH_OK;
}

void directory_lose(struct directory *directory, uint64_t admin) {
    latest_add(&directory->lost, admin);
    latest_add(&directory->missed, admin);
    if (directory->leader == admin) {
        directory->leader = 0;
    }
    directory_pendings_lose(directory, admin);
    directory_actors_lose(directory, admin);
    directory_names_lose(directory, admin);
    directory->news = true;
}

static void on_member_moved(struct directory *directory, uint64_t admin) {
    size_t at = 0;
    for (struct actor *actor; (actor = map_next(&directory->actors, &at));) {
        if (actor->state == ACTOR_ELSEWHERE && actor->admin == admin) {
            free(actor->endpoint);
            actor->endpoint = NULL;
        }
    }
}

static void on_moved(struct directory *directory, struct bytes endpoint) {
    char *text = directory_text(directory, endpoint);
    if (text) {
        free(directory->endpoint);
        directory->endpoint = text;
    }
}

static void on_time(struct directory *directory) {
    for (struct deadline *due; (due = deadlines_pop_due(&directory->pending_deadlines, directory->now_ns));) {
        directory_pending_expire(directory, DEADLINE_OWNER(due, struct pending, deadline));
    }
    for (struct deadline *due; (due = deadlines_pop_due(&directory->wait_deadlines, directory->now_ns));) {
        directory_wait_expire(directory, DEADLINE_OWNER(due, struct wait, deadline));
    }
    directory_lose_strangers(directory);
}

static enum mesh_status on_event(struct directory *directory, const struct directory_event *event) {
    switch (event->kind) {
    case DIRECTORY_CONTROL:
        return on_control(directory, event);
    case DIRECTORY_HOST_UP:
    case DIRECTORY_ACTOR_UP:
    case DIRECTORY_HOST_FAILED:
    case DIRECTORY_HOST_DIED:
        return on_host(directory, event);
    case DIRECTORY_MEMBER_ADDED:
        directory->news = true;
        directory_meet(directory, event->admin);
        directory_names_meet(directory, event->admin);
        names_on_member_added(directory->names, event->admin);
        return MESH_OK;
    case DIRECTORY_MEMBER_LOST:
        directory_lose(directory, event->admin);
        return MESH_OK;
    case DIRECTORY_MEMBER_MOVED:
        on_member_moved(directory, event->admin);
        return MESH_OK;
    case DIRECTORY_MOVED:
        on_moved(directory, event->endpoint);
        return MESH_OK;
    case DIRECTORY_MEMBER_SUSPECT:
        names_on_member_suspect(directory->names);
        return MESH_OK;
    case DIRECTORY_MANDATE:
        names_on_mandate(directory->names, event->epoch, event->mandate, (const char *)event->text.data);
        directory->news = true;
        return MESH_OK;
    case DIRECTORY_CAPABILITIES:
        directory_judge_all(directory);
        return MESH_OK;
    case DIRECTORY_UNLOADED:
        directory_on_unloaded(directory, event);
        return MESH_OK;
    case DIRECTORY_LEADER:
        directory->leader = event->admin;
        directory->news = true;
        if (event->admin) {
            directory_names_follow(directory);
            directory_pendings_retry(directory);
        }
        return MESH_OK;
    case DIRECTORY_STOPPING:
        directory->stopping = true;
        return MESH_OK;
    case DIRECTORY_TICK:
        return MESH_OK;
    }
    CHECK_UNREACHABLE();
}

enum mesh_status directory_step(struct directory *directory, uint64_t now_ns, const struct directory_event *event) {
    CHECK(list_is_empty(&directory->wants));
    free_removed(directory);
    free_wants(&directory->given);
    directory_forget_names(directory);
    directory->now_ns = now_ns;
    enum mesh_status status = on_event(directory, event);
    on_time(directory);
    directory_tell_names(directory);
    directory_review_waits(directory);
    directory_forget(directory); /* after all that may end somebody */
    return directory->no_memory ? MESH_NO_MEMORY : status;
}

bool directory_poll(struct directory *directory, struct directory_action *out) {
    struct list_node *node = list_pop_front(&directory->wants);
    if (!node) {
        return false;
    }
    list_push_back(&directory->given, node);
    *out = LIST_OWNER(node, struct want, place)->action;
    return true;
}

uint64_t directory_deadline(const struct directory *directory) {
    uint64_t least_ns = time_min(deadlines_least(&directory->pending_deadlines), directory_forget_ns(directory));
    least_ns = time_min(least_ns, directory->strangers_ns);
    return time_min(least_ns, deadlines_least(&directory->wait_deadlines));
}

/* ---- queries ---- */

const struct directory_counters *directory_counters(const struct directory *directory) {
    return &directory->counters;
}

struct directory_census directory_census(const struct directory *directory) {
    return (struct directory_census){
        .actors = directory->alive,
        .pendings = map_size(&directory->pendings),
        .waits = map_size(&directory->waits),
        .slots = map_size(&directory->slots),
    };
}

size_t directory_hosted(const struct directory *directory) {
    return directory->hosted;
}

void directory_view_actor(const struct directory *directory, const struct actor *actor, struct directory_view *out) {
    struct slot *slot = directory_slot(directory, actor->slot);
    *out = (struct directory_view){
        .address = actor->address,
        .parent = actor->parent,
        .type = bytes_of_text(actor->type ? actor->type : ""),
        .slot = actor->slot,
        .process = slot ? slot->process : 0,
        .pid = slot ? slot->pid : 0,
        .state = actor->state == ACTOR_PENDING ? "starting"
                 : actor->state == ACTOR_HERE  ? "running"
                                               : "exiting",
    };
}

bool directory_next_hosted(const struct directory *directory, size_t *cursor, struct directory_view *out) {
    struct actor *actor;
    do {
        actor = map_next(&directory->actors, cursor);
    } while (actor && !actor_is_hosted(actor));
    if (!actor) {
        return false;
    }
    directory_view_actor(directory, actor, out);
    return true;
}
