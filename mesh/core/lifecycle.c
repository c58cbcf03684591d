/* Lifecycle: see lifecycle.h. Actors and children stand in a map each; wants and deadlines are intrusive
 * lists. A deadline's length depends on the state alone, so the actors of one state stand
 * in the order of their deadlines and the head of each list is the least.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/lifecycle.h"
#include "mesh/base/check.h"
#include "mesh/base/list.h"
#include "mesh/base/map.h"
#include "mesh/base/time.h"
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 512 };

/* What is to be polled of an entry, in the order in which it is given out. */
enum {
    WANT_SHOW_EXIT = 1,
    WANT_NOTICE = 2,
    WANT_ASK = 4,
    WANT_KILL = 8,
    WANT_CLOSE = 16,
    WANT_FORGET = 32,
    WANT_REPORT = 64,
};

/* What an actor and a child have in common: an address, a place in the list of wants, an end. */
struct entry {
    struct mesh_address address;
    struct list_node wanting;
    unsigned wants;
    bool is_child;
    enum mesh_how how;
    int number;
    char *text;
};

struct actor {
    struct entry entry;
    struct mesh_address parent;
    enum lifecycle_state state;
    struct list_node timed; /* among the actors of its state */
    struct list children;
    size_t children_count, notices;
    uint64_t deadline_ns;
    bool asked, alone; /* an exit request came; it leaves the children be */
};

struct child {
    struct entry entry;
    struct actor *actor;
    struct list_node sibling;
};

struct lifecycle {
    struct lifecycle_limits limits;
    struct map actors, kin; /* by address */
    struct list wants, waiting, killing, draining;
    char *given; /* the text of the action that was polled last */
    bool shutdown;
};

const struct lifecycle_limits lifecycle_limits_default = {
    .actors_max = 1 << 20,
    .children_max = 1 << 20,
    .kin_max = 1 << 21,
    .exit_wait_ns = 7 * NS_PER_S,
    .kill_wait_ns = 1 * NS_PER_S,
    .drain_wait_ns = 7 * NS_PER_S,
};

/* ---- entries ---- */

static struct actor *find_actor(const struct lifecycle *lifecycle, struct mesh_address address) {
    return map_get(&lifecycle->actors, &address);
}

static struct child *find_child(const struct lifecycle *lifecycle, struct mesh_address address) {
    return map_get(&lifecycle->kin, &address);
}

static void entry_init(struct entry *entry, struct mesh_address address, bool is_child) {
    entry->address = address;
    entry->is_child = is_child;
    list_node_init(&entry->wanting);
}

static void entry_fini(struct entry *entry) {
    list_remove(&entry->wanting);
    free(entry->text);
}

static void want(struct lifecycle *lifecycle, struct entry *entry, unsigned wants) {
    if (!entry->wants) {
        list_push_back(&lifecycle->wants, &entry->wanting);
    }
    entry->wants |= wants;
}

static void unwant(struct entry *entry, unsigned wants) {
    entry->wants &= ~wants;
    if (!entry->wants) {
        list_remove(&entry->wanting);
    }
}

/* The text is a help for people: without memory there is none. */
static void note_end(struct entry *entry, const struct lifecycle_event *event) {
    size_t bytes = event->text.size < TEXT_BYTES ? event->text.size : TEXT_BYTES;
    entry->number = event->number;
    entry->text = bytes ? malloc(bytes + 1) : NULL;
    if (entry->text) {
        memcpy(entry->text, event->text.data, bytes);
        entry->text[bytes] = '\0';
    }
}

static void free_child(struct lifecycle *lifecycle, struct child *child) {
    map_remove(&lifecycle->kin, &child->entry.address);
    list_remove(&child->sibling);
    entry_fini(&child->entry);
    free(child);
}

static void free_children(struct lifecycle *lifecycle, struct actor *actor) {
    LIST_EACH (&actor->children, node, after) {
        free_child(lifecycle, LIST_OWNER(node, struct child, sibling));
    }
    actor->children_count = 0;
}

static void free_actor(struct lifecycle *lifecycle, struct actor *actor) {
    free_children(lifecycle, actor);
    map_remove(&lifecycle->actors, &actor->entry.address);
    list_remove(&actor->timed);
    entry_fini(&actor->entry);
    free(actor);
}

/* ---- states: all transitions ---- */

static void enter(struct actor *actor, enum lifecycle_state state) {
    list_remove(&actor->timed);
    actor->state = state;
    actor->deadline_ns = TIME_NEVER;
}

static void enter_timed(struct actor *actor, enum lifecycle_state state, struct list *queue, uint64_t deadline_ns) {
    enter(actor, state);
    actor->deadline_ns = deadline_ns;
    list_push_back(queue, &actor->timed);
}

static void enter_running(struct actor *actor) {
    enter(actor, LIFECYCLE_RUNNING);
}

static void enter_exiting(struct lifecycle *lifecycle, struct actor *actor) {
    enter(actor, LIFECYCLE_EXITING);
    actor->entry.how = MESH_EXITED_ON_REQUEST;
    want(lifecycle, &actor->entry, WANT_SHOW_EXIT);
}

static void enter_gone(struct lifecycle *lifecycle, struct actor *actor) {
    enter(actor, LIFECYCLE_GONE);
    want(lifecycle, &actor->entry, WANT_FORGET | WANT_REPORT);
}

/* Whoever is still among the children ends without this parent (`alone`), or did not end when it was killed. */
static void enter_draining(struct lifecycle *lifecycle, uint64_t now_ns, struct actor *actor) {
    free_children(lifecycle, actor);
    actor->notices = 0;
    enter_timed(actor, LIFECYCLE_DRAINING, &lifecycle->draining, now_ns + lifecycle->limits.drain_wait_ns);
    want(lifecycle, &actor->entry, WANT_CLOSE);
}

static bool left_by_children(const struct actor *actor) {
    return actor->children_count == 0 && actor->notices == 0;
}

static void want_of_living_children(struct lifecycle *lifecycle, struct actor *actor, unsigned wants) {
    LIST_EACH (&actor->children, node, after) {
        struct child *child = LIST_OWNER(node, struct child, sibling);
        if (child->entry.how == 0) {
            want(lifecycle, &child->entry, wants);
        }
    }
}

static void enter_waiting(struct lifecycle *lifecycle, uint64_t now_ns, struct actor *actor) {
    if (actor->alone || left_by_children(actor)) {
        enter_draining(lifecycle, now_ns, actor);
        return;
    }
    enter_timed(actor, LIFECYCLE_WAITING, &lifecycle->waiting, now_ns + lifecycle->limits.exit_wait_ns);
    want_of_living_children(lifecycle, actor, WANT_ASK);
}

static void enter_killing(struct lifecycle *lifecycle, uint64_t now_ns, struct actor *actor) {
    enter_timed(actor, LIFECYCLE_KILLING, &lifecycle->killing, now_ns + lifecycle->limits.kill_wait_ns);
    want_of_living_children(lifecycle, actor, WANT_KILL);
}

static void look_for_the_last(struct lifecycle *lifecycle, uint64_t now_ns, struct actor *actor) {
    bool waits = actor->state == LIFECYCLE_WAITING || actor->state == LIFECYCLE_KILLING;
    if (waits && left_by_children(actor)) {
        enter_draining(lifecycle, now_ns, actor);
    }
}

/* ---- events ---- */

static enum mesh_status on_born(struct lifecycle *lifecycle, const struct lifecycle_event *event) {
    if (lifecycle->shutdown) {
        return MESH_SHUTTING_DOWN;
    }
    struct actor *actor = calloc(1, sizeof *actor);
    if (!actor) {
        return MESH_NO_MEMORY;
    }
    enum mesh_status status = map_put(&lifecycle->actors, &event->actor, actor);
    if (status != MESH_OK) {
        free(actor);
        return status;
    }
    entry_init(&actor->entry, event->actor, false);
    list_node_init(&actor->timed);
    list_init(&actor->children);
    actor->parent = event->parent;
    actor->state = LIFECYCLE_STARTING;
    actor->deadline_ns = TIME_NEVER;
    return MESH_OK;
}

static enum mesh_status on_child(struct lifecycle *lifecycle, struct actor *actor,
                                 const struct lifecycle_event *event) {
    if (actor->asked || actor->state > LIFECYCLE_RUNNING) {
        return MESH_SHUTTING_DOWN;
    }
    if (actor->children_count == lifecycle->limits.children_max) {
        return MESH_FULL;
    }
    struct child *child = calloc(1, sizeof *child);
    if (!child) {
        return MESH_NO_MEMORY;
    }
    enum mesh_status status = map_put(&lifecycle->kin, &event->child, child);
    if (status != MESH_OK) {
        free(child);
        return status;
    }
    entry_init(&child->entry, event->child, true);
    child->actor = actor;
    list_push_back(&actor->children, &child->sibling);
    actor->children_count++;
    return MESH_OK;
}

/* The entry stays until its notice was polled, so that a second word in between is still known as one. */
static void on_child_ended(struct lifecycle *lifecycle, const struct lifecycle_event *event) {
    struct child *child = find_child(lifecycle, event->child);
    if (!child || child->entry.how != 0) {
        return;
    }
    CHECK(event->how != 0);
    unwant(&child->entry, WANT_ASK | WANT_KILL);
    child->entry.how = event->how;
    note_end(&child->entry, event);
    child->actor->children_count--;
    child->actor->notices++;
    want(lifecycle, &child->entry, WANT_NOTICE);
}

static void on_started(struct lifecycle *lifecycle, uint64_t now_ns, struct actor *actor,
                       const struct lifecycle_event *event) {
    CHECK(actor->state == LIFECYCLE_STARTING);
    if (event->verdict != MESH_DONE) {
        actor->entry.how = MESH_EXITED_ITSELF;
        note_end(&actor->entry, event);
        actor->alone = false;
        enter_waiting(lifecycle, now_ns, actor);
    } else if (actor->asked) {
        enter_exiting(lifecycle, actor);
    } else {
        enter_running(actor);
    }
}

/* A request that spares the children gives way to one that does not, until the children have been told. */
static void on_exit_request(struct lifecycle *lifecycle, struct actor *actor, bool alone) {
    if (actor->state > LIFECYCLE_EXITING) {
        return;
    }
    actor->alone = actor->asked ? actor->alone && alone : alone;
    actor->asked = true;
    if (actor->state == LIFECYCLE_RUNNING) {
        enter_exiting(lifecycle, actor);
    }
}

static void on_own_exit(struct lifecycle *lifecycle, uint64_t now_ns, struct actor *actor,
                        const struct lifecycle_event *event) {
    CHECK(actor->state != LIFECYCLE_STARTING);
    if (actor->state == LIFECYCLE_RUNNING) {
        actor->entry.how = MESH_EXITED_ITSELF;
        note_end(&actor->entry, event);
        enter_waiting(lifecycle, now_ns, actor);
    }
}

static void on_cut(struct lifecycle *lifecycle, uint64_t now_ns, struct actor *actor,
                   const struct lifecycle_event *event) {
    if (actor->state >= LIFECYCLE_DRAINING) {
        return;
    }
    if (actor->entry.how == 0) {
        actor->entry.how = event->how ? event->how : MESH_EXITED_ON_REQUEST;
        note_end(&actor->entry, event);
    }
    unwant(&actor->entry, WANT_SHOW_EXIT);
    enter_draining(lifecycle, now_ns, actor);
}

static void on_shown(struct lifecycle *lifecycle, uint64_t now_ns, struct actor *actor) {
    CHECK(actor->state == LIFECYCLE_EXITING);
    unwant(&actor->entry, WANT_SHOW_EXIT);
    enter_waiting(lifecycle, now_ns, actor);
}

static void on_child_shown(struct lifecycle *lifecycle, uint64_t now_ns, struct actor *actor) {
    if (actor->notices > 0) {
        actor->notices--;
        look_for_the_last(lifecycle, now_ns, actor);
    }
}

static void on_shutdown(struct lifecycle *lifecycle) {
    struct actor *actor;
    size_t place = 0;
    lifecycle->shutdown = true;
    while ((actor = map_next(&lifecycle->actors, &place))) {
        on_exit_request(lifecycle, actor, false);
    }
}

/* The events of one actor that cannot fail but for its being unknown. */
static enum mesh_status on_actor(struct lifecycle *lifecycle, uint64_t now_ns, const struct lifecycle_event *event) {
    struct actor *actor = find_actor(lifecycle, event->actor);
    if (!actor || actor->state == LIFECYCLE_GONE) {
        return MESH_NOT_FOUND;
    }
    if (event->kind == LIFECYCLE_CHILD) {
        return on_child(lifecycle, actor, event);
    }
    if (event->kind == LIFECYCLE_STARTED) {
        on_started(lifecycle, now_ns, actor, event);
    } else if (event->kind == LIFECYCLE_CHILD_SHOWN) {
        on_child_shown(lifecycle, now_ns, actor);
    } else if (event->kind == LIFECYCLE_EXIT_REQUEST) {
        on_exit_request(lifecycle, actor, event->alone);
    } else if (event->kind == LIFECYCLE_SHOWN) {
        on_shown(lifecycle, now_ns, actor);
    } else if (event->kind == LIFECYCLE_OWN_EXIT) {
        on_own_exit(lifecycle, now_ns, actor, event);
    } else if (event->kind == LIFECYCLE_CUT) {
        on_cut(lifecycle, now_ns, actor, event);
    } else if (actor->state == LIFECYCLE_DRAINING) {
        enter_gone(lifecycle, actor);
    }
    return MESH_OK;
}

static struct actor *due(struct list *queue, uint64_t now_ns) {
    struct list_node *first = list_front(queue);
    struct actor *actor = first ? LIST_OWNER(first, struct actor, timed) : NULL;
    return actor && actor->deadline_ns <= now_ns ? actor : NULL;
}

static void on_time(struct lifecycle *lifecycle, uint64_t now_ns) {
    struct actor *actor;
    while ((actor = due(&lifecycle->draining, now_ns))) {
        enter_gone(lifecycle, actor);
    }
    while ((actor = due(&lifecycle->killing, now_ns))) {
        enter_draining(lifecycle, now_ns, actor);
    }
    while ((actor = due(&lifecycle->waiting, now_ns))) {
        enter_killing(lifecycle, now_ns, actor);
    }
}

enum mesh_status lifecycle_step(struct lifecycle *lifecycle, uint64_t now_ns, const struct lifecycle_event *event) {
    enum mesh_status status = MESH_OK;
    switch (event->kind) {
    case LIFECYCLE_BORN:
        status = on_born(lifecycle, event);
        break;
    case LIFECYCLE_CHILD_ENDED:
        on_child_ended(lifecycle, event);
        break;
    case LIFECYCLE_SHUTDOWN:
        on_shutdown(lifecycle);
        break;
    case LIFECYCLE_STARTED:
    case LIFECYCLE_CHILD:
    case LIFECYCLE_CHILD_SHOWN:
    case LIFECYCLE_EXIT_REQUEST:
    case LIFECYCLE_SHOWN:
    case LIFECYCLE_OWN_EXIT:
    case LIFECYCLE_CUT:
    case LIFECYCLE_DRAINED:
        status = on_actor(lifecycle, now_ns, event);
        break;
    case LIFECYCLE_TICK:
        break;
    }
    on_time(lifecycle, now_ns);
    return status;
}

/* ---- what the caller asks ---- */

static enum lifecycle_action_kind kind_of_want(unsigned want) {
    switch (want) {
    case WANT_SHOW_EXIT:
        return LIFECYCLE_SHOW_EXIT;
    case WANT_NOTICE:
        return LIFECYCLE_CHILD_EXITED;
    case WANT_ASK:
        return LIFECYCLE_ASK_CHILD_EXIT;
    case WANT_KILL:
        return LIFECYCLE_KILL_CHILD;
    case WANT_CLOSE:
        return LIFECYCLE_CLOSE_MAILBOX;
    case WANT_FORGET:
        return LIFECYCLE_FORGET;
    case WANT_REPORT:
        return LIFECYCLE_REPORT_EXITED;
    }
    CHECK_UNREACHABLE();
}

/* Moves the entry's end into the action; the text stays ours until the next poll. */
static void give_end(struct lifecycle *lifecycle, struct entry *entry, struct lifecycle_action *out) {
    out->how = entry->how;
    out->number = entry->number;
    lifecycle->given = entry->text;
    entry->text = NULL;
    out->text = lifecycle->given ? bytes_of_text(lifecycle->given) : bytes_make(NULL, 0);
}

bool lifecycle_poll(struct lifecycle *lifecycle, struct lifecycle_action *out) {
    free(lifecycle->given);
    lifecycle->given = NULL;
    struct list_node *first = list_front(&lifecycle->wants);
    if (!first) {
        return false;
    }
    struct entry *entry = LIST_OWNER(first, struct entry, wanting);
    struct child *child = entry->is_child ? (struct child *)entry : NULL;
    struct actor *actor = child ? child->actor : (struct actor *)entry;
    unsigned wanted = entry->wants & ~(entry->wants - 1); /* its lowest bit */
    *out =
        (struct lifecycle_action){.kind = kind_of_want(wanted), .actor = actor->entry.address, .parent = actor->parent};
    if (child) {
        out->child = child->entry.address;
    }
    unwant(entry, wanted);
    if (wanted == WANT_NOTICE) {
        CHECK(child);
        give_end(lifecycle, entry, out);
        free_child(lifecycle, child);
    } else if (wanted == WANT_REPORT) {
        give_end(lifecycle, entry, out);
        free_actor(lifecycle, actor);
    }
    return true;
}

enum lifecycle_treatment lifecycle_treat(const struct lifecycle *lifecycle, struct mesh_address address,
                                         enum frame_kind kind) {
    const struct actor *actor = find_actor(lifecycle, address);
    enum lifecycle_state state = actor ? actor->state : LIFECYCLE_GONE;
    if (state == LIFECYCLE_RUNNING) {
        return LIFECYCLE_SHOW;
    }
    if (state != LIFECYCLE_WAITING && state != LIFECYCLE_KILLING) {
        return LIFECYCLE_HOLD;
    }
    if (kind == FRAME_CHILD_EXITED) {
        return LIFECYCLE_SHOW;
    }
    return kind == FRAME_EXIT_REQUEST ? LIFECYCLE_SETTLE : LIFECYCLE_REFUSE;
}

static uint64_t earlier(const struct list *queue, uint64_t deadline_ns) {
    struct list_node *first = list_front(queue);
    return first ? time_min(deadline_ns, LIST_OWNER(first, struct actor, timed)->deadline_ns) : deadline_ns;
}

uint64_t lifecycle_deadline(const struct lifecycle *lifecycle) {
    uint64_t deadline_ns = earlier(&lifecycle->waiting, TIME_NEVER);
    deadline_ns = earlier(&lifecycle->killing, deadline_ns);
    return earlier(&lifecycle->draining, deadline_ns);
}

size_t lifecycle_count(const struct lifecycle *lifecycle) {
    return map_size(&lifecycle->actors);
}

bool lifecycle_look(const struct lifecycle *lifecycle, struct mesh_address address, struct lifecycle_view *out) {
    const struct actor *actor = find_actor(lifecycle, address);
    if (!actor) {
        return false;
    }
    *out = (struct lifecycle_view){actor->state, actor->parent, actor->children_count, actor->deadline_ns};
    return true;
}

enum mesh_status lifecycle_new(struct lifecycle **out, const struct lifecycle_limits *limits, uint64_t seed) {
    CHECK(limits->exit_wait_ns > 0 && limits->kill_wait_ns > 0 && limits->drain_wait_ns > 0);
    struct lifecycle *lifecycle = calloc(1, sizeof *lifecycle);
    if (!lifecycle) {
        return MESH_NO_MEMORY;
    }
    lifecycle->limits = *limits;
    map_init(&lifecycle->actors, sizeof(struct mesh_address), limits->actors_max, seed);
    map_init(&lifecycle->kin, sizeof(struct mesh_address), limits->kin_max, seed + 1);
    list_init(&lifecycle->wants);
    list_init(&lifecycle->waiting);
    list_init(&lifecycle->killing);
    list_init(&lifecycle->draining);
    *out = lifecycle;
    return MESH_OK;
}

void lifecycle_destroy(struct lifecycle **lifecycle) {
    struct lifecycle *self = *lifecycle;
    *lifecycle = NULL;
    if (!self) {
        return;
    }
    struct actor *actor;
    size_t place = 0;
    while ((actor = map_next(&self->actors, &place))) {
        free_actor(self, actor);
    }
    map_fini(&self->actors);
    map_fini(&self->kin);
    free(self->given);
    free(self);
}
