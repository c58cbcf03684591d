/* Lifecycle: its entries, and all transitions between states. See lifecycle_state.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/lifecycle_state.h"
#include "mesh/base/time.h"
#include <stdlib.h>
#include <string.h>

/* ---- entries ---- */

struct actor *lifecycle_find_actor(const struct lifecycle *lifecycle, struct mesh_address address) {
    return map_get(&lifecycle->actors, &address);
}

struct child *lifecycle_find_child(const struct lifecycle *lifecycle, struct mesh_address address) {
    return map_get(&lifecycle->kin, &address);
}

void lifecycle_entry_init(struct entry *entry, struct mesh_address address, bool is_child) {
    entry->address = address;
    entry->is_child = is_child;
    list_node_init(&entry->wanting);
}

static void entry_fini(struct entry *entry) {
    list_remove(&entry->wanting);
    free(entry->text);
}

void lifecycle_want(struct lifecycle *lifecycle, struct entry *entry, unsigned wants) {
    if (!entry->wants) {
        list_push_back(&lifecycle->wants, &entry->wanting);
    }
    entry->wants |= wants;
}

void lifecycle_unwant(struct entry *entry, unsigned wants) {
    entry->wants &= ~wants;
    if (!entry->wants) {
        list_remove(&entry->wanting);
    }
}

/* The text is a help for people: without memory there is none. */
char *lifecycle_copy_text(struct bytes text) {
    size_t bytes = text.size < TEXT_BYTES ? text.size : TEXT_BYTES;
    char *copy = bytes ? malloc(bytes + 1) : NULL;
    if (copy) {
        memcpy(copy, text.data, bytes);
        copy[bytes] = '\0';
    }
    return copy;
}

void lifecycle_note_end(struct entry *entry, const struct lifecycle_event *event) {
    entry->number = event->number;
    entry->text = lifecycle_copy_text(event->text);
}

void lifecycle_free_child(struct lifecycle *lifecycle, struct child *child) {
    map_remove(&lifecycle->kin, &child->entry.address);
    list_remove(&child->sibling);
    entry_fini(&child->entry);
    free(child);
}

static void free_children(struct lifecycle *lifecycle, struct actor *actor) {
    LIST_EACH (&actor->children, node, after) {
        lifecycle_free_child(lifecycle, LIST_OWNER(node, struct child, sibling));
    }
    actor->children_count = 0;
}

void lifecycle_free_actor(struct lifecycle *lifecycle, struct actor *actor) {
    free_children(lifecycle, actor);
    map_remove(&lifecycle->actors, &actor->entry.address);
    list_remove(&actor->timed);
    entry_fini(&actor->entry);
    free(actor->escalation);
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

void lifecycle_enter_starting(struct actor *actor) {
    enter(actor, LIFECYCLE_STARTING);
    actor->asked = actor->alone = actor->failed = false;
    actor->entry.how = 0;
    free(actor->entry.text);
    free(actor->escalation);
    actor->entry.text = actor->escalation = NULL;
}

void lifecycle_enter_running(struct actor *actor) {
    enter(actor, LIFECYCLE_RUNNING);
}

void lifecycle_enter_exiting(struct lifecycle *lifecycle, struct actor *actor) {
    enter(actor, LIFECYCLE_EXITING);
    actor->entry.how = MESH_EXITED_ON_REQUEST;
    lifecycle_want(lifecycle, &actor->entry, WANT_SHOW_EXIT);
}

/* It is shown an exit request like any other, but its end is a failure. */
void lifecycle_enter_escalating(struct lifecycle *lifecycle, struct actor *actor) {
    lifecycle_enter_exiting(lifecycle, actor);
    actor->alone = false;
    actor->failed = true;
    actor->entry.how = MESH_EXITED_ITSELF;
    actor->entry.text = actor->escalation;
    actor->escalation = NULL;
}

void lifecycle_enter_gone(struct lifecycle *lifecycle, struct actor *actor) {
    enter(actor, LIFECYCLE_GONE);
    lifecycle_want(lifecycle, &actor->entry, WANT_FORGET | WANT_REPORT);
}

/* Whoever is still among the children ends without this parent (`alone`), or did not end when it was killed. */
void lifecycle_enter_draining(struct lifecycle *lifecycle, uint64_t now_ns, struct actor *actor) {
    free_children(lifecycle, actor);
    actor->notices = 0;
    enter_timed(actor, LIFECYCLE_DRAINING, &lifecycle->draining, now_ns + lifecycle->limits.drain_wait_ns);
    lifecycle_want(lifecycle, &actor->entry, WANT_CLOSE);
}

static bool left_by_children(const struct actor *actor) {
    return actor->children_count == 0 && actor->notices == 0;
}

static void want_of_living_children(struct lifecycle *lifecycle, struct actor *actor, unsigned wants) {
    LIST_EACH (&actor->children, node, after) {
        struct child *child = LIST_OWNER(node, struct child, sibling);
        if (child->entry.how == 0) {
            lifecycle_want(lifecycle, &child->entry, wants);
        }
    }
}

/* A restarted life knows nothing of these children: they are told to go, and nobody waits for them. */
void lifecycle_enter_failed(struct lifecycle *lifecycle, struct actor *actor) {
    enter(actor, LIFECYCLE_FAILED);
    LIST_EACH (&actor->children, node, after) {
        struct child *child = LIST_OWNER(node, struct child, sibling);
        if (child->entry.how != 0) {
            lifecycle_free_child(lifecycle, child);
        } else {
            lifecycle_want(lifecycle, &child->entry, WANT_ASK);
        }
    }
    actor->children_count = actor->notices = 0;
    lifecycle_want(lifecycle, &actor->entry, WANT_REPORT_FAILED);
}

bool lifecycle_may_be_born_again(const struct lifecycle *lifecycle, const struct actor *actor) {
    return actor->failed && actor->restarts && !lifecycle->shutdown;
}

void lifecycle_enter_waiting(struct lifecycle *lifecycle, uint64_t now_ns, struct actor *actor) {
    if (lifecycle_may_be_born_again(lifecycle, actor)) {
        lifecycle_enter_failed(lifecycle, actor);
        return;
    }
    if (actor->alone || left_by_children(actor)) {
        lifecycle_enter_draining(lifecycle, now_ns, actor);
        return;
    }
    enter_timed(actor, LIFECYCLE_WAITING, &lifecycle->waiting, now_ns + lifecycle->limits.exit_wait_ns);
    want_of_living_children(lifecycle, actor, WANT_ASK);
}

void lifecycle_enter_killing(struct lifecycle *lifecycle, uint64_t now_ns, struct actor *actor) {
    enter_timed(actor, LIFECYCLE_KILLING, &lifecycle->killing, now_ns + lifecycle->limits.kill_wait_ns);
    want_of_living_children(lifecycle, actor, WANT_KILL);
}

void lifecycle_look_for_the_last(struct lifecycle *lifecycle, uint64_t now_ns, struct actor *actor) {
    bool waits = actor->state == LIFECYCLE_WAITING || actor->state == LIFECYCLE_KILLING;
    if (waits && left_by_children(actor)) {
        lifecycle_enter_draining(lifecycle, now_ns, actor);
    }
}
