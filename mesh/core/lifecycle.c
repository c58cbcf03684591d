/* Lifecycle: see lifecycle.h. Its events and what the caller asks; lifecycle_state.c has the states.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/lifecycle.h"
#include "mesh/base/check.h"
#include "mesh/base/time.h"
#include "mesh/core/address.h"
#include "mesh/core/lifecycle_state.h"
#include <stdlib.h>

const struct lifecycle_limits lifecycle_limits_default = {
    .actors_max = 1 << 20,
    .children_max = 1 << 20,
    .kin_max = 1 << 21,
    .exit_wait_ns = 7 * NS_PER_S,
    .kill_wait_ns = 1 * NS_PER_S,
    .drain_wait_ns = 7 * NS_PER_S,
};

/* ---- events ---- */

static enum mesh_status on_born(struct lifecycle *lifecycle, const struct lifecycle_event *event) {
    if (lifecycle->shutdown) {
        return MESH_SHUTTING_DOWN;
    }
    struct actor *failed = lifecycle_find_actor(lifecycle, event->actor);
    if (failed && failed->state == LIFECYCLE_FAILED) {
        lifecycle_enter_starting(failed);
        return MESH_OK;
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
    lifecycle_entry_init(&actor->entry, event->actor, false);
    list_node_init(&actor->timed);
    list_init(&actor->children);
    actor->parent = event->parent;
    actor->restarts = event->restarts;
    lifecycle_enter_starting(actor);
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
    lifecycle_entry_init(&child->entry, event->child, true);
    child->actor = actor;
    list_push_back(&actor->children, &child->sibling);
    actor->children_count++;
    return MESH_OK;
}

/* Names the child; the first that escalates counts. */
static void note_escalation(struct actor *actor, const struct lifecycle_event *event) {
    char reason[TEXT_BYTES], name[MESH_ADDRESS_TEXT_BYTES];
    struct text_builder text = text_builder(reason, sizeof reason);
    if (!actor->escalation) {
        text_append(&text, "its child %s failed: %.*s", mesh_address_print(event->child, name), (int)event->text.size,
                    event->text.data ? (const char *)event->text.data : "");
        actor->escalation = lifecycle_copy_text(bytes_of_text(reason));
    }
}

/* The entry stays until its notice was polled, so that a second word in between is still known as one. */
static void on_child_ended(struct lifecycle *lifecycle, const struct lifecycle_event *event) {
    struct child *child = lifecycle_find_child(lifecycle, event->child);
    if (!child || child->entry.how != 0) {
        return;
    }
    CHECK(event->how != 0);
    lifecycle_unwant(&child->entry, WANT_ASK | WANT_KILL);
    child->entry.how = event->how;
    lifecycle_note_end(&child->entry, event);
    child->actor->children_count--;
    child->actor->notices++;
    lifecycle_want(lifecycle, &child->entry, WANT_NOTICE);
    if (event->escalates) {
        note_escalation(child->actor, event);
    }
}

static void on_started(struct lifecycle *lifecycle, uint64_t now_ns, struct actor *actor,
                       const struct lifecycle_event *event) {
    CHECK(actor->state == LIFECYCLE_STARTING);
    if (event->verdict != MESH_DONE) {
        actor->entry.how = MESH_EXITED_ITSELF;
        lifecycle_note_end(&actor->entry, event);
        actor->alone = false;
        actor->failed = event->verdict == MESH_FAILED;
        lifecycle_enter_waiting(lifecycle, now_ns, actor);
    } else if (actor->asked) {
        lifecycle_enter_exiting(lifecycle, actor);
    } else {
        lifecycle_enter_running(actor);
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
        lifecycle_enter_exiting(lifecycle, actor);
    }
}

static void on_own_exit(struct lifecycle *lifecycle, uint64_t now_ns, struct actor *actor,
                        const struct lifecycle_event *event) {
    if (actor->state <= LIFECYCLE_RUNNING) {
        actor->entry.how = MESH_EXITED_ITSELF;
        lifecycle_note_end(&actor->entry, event);
        lifecycle_enter_waiting(lifecycle, now_ns, actor);
    }
}

static void on_cut(struct lifecycle *lifecycle, uint64_t now_ns, struct actor *actor,
                   const struct lifecycle_event *event) {
    if (actor->state >= LIFECYCLE_DRAINING || (event->crashed && actor->state == LIFECYCLE_FAILED)) {
        return;
    }
    if (actor->entry.how == 0) {
        actor->entry.how = event->how ? event->how : MESH_EXITED_ON_REQUEST;
        lifecycle_note_end(&actor->entry, event);
    }
    if (event->crashed && actor->state <= LIFECYCLE_RUNNING && !actor->asked) {
        actor->failed = true;
    }
    lifecycle_unwant(&actor->entry, WANT_SHOW_EXIT);
    if (event->crashed && lifecycle_may_be_born_again(lifecycle, actor)) {
        lifecycle_enter_failed(lifecycle, actor);
    } else {
        lifecycle_enter_draining(lifecycle, now_ns, actor);
    }
}

static void on_shown(struct lifecycle *lifecycle, uint64_t now_ns, struct actor *actor) {
    CHECK(actor->state == LIFECYCLE_EXITING);
    lifecycle_unwant(&actor->entry, WANT_SHOW_EXIT);
    lifecycle_enter_waiting(lifecycle, now_ns, actor);
}

static void on_child_shown(struct lifecycle *lifecycle, uint64_t now_ns, struct actor *actor) {
    if (actor->notices > 0) {
        actor->notices--;
        lifecycle_look_for_the_last(lifecycle, now_ns, actor);
    }
    if (actor->escalation && actor->notices == 0 && actor->state == LIFECYCLE_RUNNING) {
        lifecycle_enter_escalating(lifecycle, actor);
    }
}

static void on_given_up(struct lifecycle *lifecycle, uint64_t now_ns, struct actor *actor) {
    if (actor->state == LIFECYCLE_FAILED) {
        lifecycle_enter_draining(lifecycle, now_ns, actor);
    }
}

static void on_shutdown(struct lifecycle *lifecycle, uint64_t now_ns) {
    struct actor *actor;
    size_t place = 0;
    lifecycle->shutdown = true;
    while ((actor = map_next(&lifecycle->actors, &place))) {
        on_exit_request(lifecycle, actor, false);
        on_given_up(lifecycle, now_ns, actor);
    }
}

/* The events of one actor that cannot fail but for its being unknown. */
static enum mesh_status on_actor(struct lifecycle *lifecycle, uint64_t now_ns, const struct lifecycle_event *event) {
    struct actor *actor = lifecycle_find_actor(lifecycle, event->actor);
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
    } else if (event->kind == LIFECYCLE_GIVEN_UP) {
        on_given_up(lifecycle, now_ns, actor);
    } else if (actor->state == LIFECYCLE_DRAINING) {
        lifecycle_enter_gone(lifecycle, actor);
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
        lifecycle_enter_gone(lifecycle, actor);
    }
    while ((actor = due(&lifecycle->killing, now_ns))) {
        lifecycle_enter_draining(lifecycle, now_ns, actor);
    }
    while ((actor = due(&lifecycle->waiting, now_ns))) {
        lifecycle_enter_killing(lifecycle, now_ns, actor);
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
        on_shutdown(lifecycle, now_ns);
        break;
    case LIFECYCLE_STARTED:
    case LIFECYCLE_CHILD:
    case LIFECYCLE_CHILD_SHOWN:
    case LIFECYCLE_EXIT_REQUEST:
    case LIFECYCLE_SHOWN:
    case LIFECYCLE_OWN_EXIT:
    case LIFECYCLE_CUT:
    case LIFECYCLE_DRAINED:
    case LIFECYCLE_GIVEN_UP:
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
    case WANT_REPORT_FAILED:
        return LIFECYCLE_REPORT_FAILED;
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

/* The text stays with the actor, which may yet end by it. */
static void give_failure(const struct actor *actor, struct lifecycle_action *out) {
    out->how = actor->entry.how;
    out->number = actor->entry.number;
    out->text = actor->entry.text ? bytes_of_text(actor->entry.text) : bytes_make(NULL, 0);
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
    out->failed = actor->failed;
    out->alone = actor->alone;
    if (child) {
        out->child = child->entry.address;
    }
    lifecycle_unwant(entry, wanted);
    if (wanted == WANT_NOTICE) {
        CHECK(child);
        give_end(lifecycle, entry, out);
        lifecycle_free_child(lifecycle, child);
    } else if (wanted == WANT_ASK && actor->state == LIFECYCLE_FAILED) {
        lifecycle_free_child(lifecycle, child);
    } else if (wanted == WANT_REPORT_FAILED) {
        give_failure(actor, out);
    } else if (wanted == WANT_REPORT) {
        give_end(lifecycle, entry, out);
        lifecycle_free_actor(lifecycle, actor);
    }
    return true;
}

bool lifecycle_is_pending(const struct lifecycle *lifecycle) {
    return !list_is_empty(&lifecycle->wants);
}

enum lifecycle_treatment lifecycle_treat(const struct lifecycle *lifecycle, struct mesh_address address,
                                         enum frame_kind kind) {
    const struct actor *actor = lifecycle_find_actor(lifecycle, address);
    enum lifecycle_state state = actor ? actor->state : LIFECYCLE_GONE;
    if (state == LIFECYCLE_RUNNING) {
        bool stale = kind == FRAME_CHILD_EXITED && actor->notices == 0; /* of an earlier life's child (C7) */
        return stale ? LIFECYCLE_SETTLE : LIFECYCLE_SHOW;
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
    const struct actor *actor = lifecycle_find_actor(lifecycle, address);
    if (!actor) {
        return false;
    }
    *out =
        (struct lifecycle_view){actor->state, actor->parent, actor->children_count, actor->deadline_ns, actor->failed};
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
        lifecycle_free_actor(self, actor);
    }
    map_fini(&self->actors);
    map_fini(&self->kin);
    free(self->given);
    free(self);
}

size_t lifecycle_children(const struct lifecycle *lifecycle, struct mesh_address address, struct mesh_address *out,
                          size_t max) {
    const struct actor *actor = lifecycle_find_actor(lifecycle, address);
    size_t count = 0;
    if (!actor) {
        return 0;
    }
    LIST_EACH (&actor->children, node, after) {
        const struct child *child = LIST_OWNER(node, struct child, sibling);
        if (child->entry.how == 0 && count++ < max) {
            out[count - 1] = child->entry.address;
        }
    }
    return count;
}
