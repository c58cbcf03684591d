/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/hosted.h"
#include "mesh/runtime/hosted_sources.h"

#include "mesh/base/check.h"
#include "mesh/runtime/error.h"
#include "mesh/runtime/host_fork.h"
#include "mesh/runtime/log.h"
#include "mesh/runtime/updates.h"
#include <stdlib.h>
#include <string.h>

enum { IN_A_ROW = 8 }; /* messages of one actor before the next has its turn */

/* ---- the table ---- */

struct mesh_actor *hosted_find(struct host *host, struct mesh_address address) {
    return map_get(&host->actors, &address);
}

static struct mesh_actor *hosted_new(struct host *host, struct mesh_address address, const struct mesh_type *type) {
    struct mesh_actor *actor = calloc(1, sizeof *actor);
    void *state = type->state_bytes > 0 ? calloc(1, type->state_bytes) : NULL;
    if (!actor || (type->state_bytes > 0 && !state) || map_put(&host->actors, &address, actor) != MESH_OK) {
        free(actor);
        free(state);
        return NULL;
    }
    actor->host = host;
    actor->type = type;
    actor->address = address;
    actor->state = state;
    actor->page_entry = -1;
    list_node_init(&actor->in_queue);
    return actor;
}

void hosted_end(struct mesh_actor *actor) {
    struct dead_letters *letters = &actor->host->dead_letters;
    forwarded_on_end(&actor->host->forwarded, actor->host->process, actor->address);
    updates_on_end(actor);
    hosted_sources_on_end(actor);
    if (mesh_address_equal(letters->own, actor->address)) {
        (void)dead_letters_register(letters, actor->host->process, actor->address, false);
    }
    if (actor->page_entry >= 0) {
        crash_page_close(actor->host->page, actor->page_entry);
        actor->host->paged[actor->page_entry] = NULL;
        actor->host->paged_count--;
    }
    wakeup_drop(actor);
    (void)map_remove(&actor->host->actors, &actor->address);
    list_remove(&actor->in_queue);
    free(actor->state);
    free(actor);
}

struct crash_load hosted_load(const struct mesh_actor *actor) {
    const struct host *host = actor->host;
    struct delivery_load load = {0};
    struct lifecycle_view life = {0};
    (void)delivery_load(process_delivery(host->process), actor->address, &load);
    (void)lifecycle_look(host->lifecycle, actor->address, &life);
    return (struct crash_load){.mailbox = load.mailbox_messages,
                               .mailbox_bytes = load.mailbox_bytes,
                               .unsettled = load.unsettled_messages,
                               .unsettled_bytes = load.unsettled_bytes,
                               .children = life.children,
                               .timers = timers_count(&host->timers, actor->address),
                               .retried = actor->retried,
                               .returned = actor->returned,
                               .sent = load.sent,
                               .sent_returned = load.returned,
                               .sent_dead = load.dead};
}

/* The admin sees the state of the first so many; of the others it asks the host. */
static void enter_page(struct mesh_actor *actor) {
    struct host *host = actor->host;
    if (host->page && host->paged_count < CRASH_PAGE_ACTORS) {
        actor->page_entry = crash_page_open(host->page, process_now(host->process), actor->address, actor->type->name);
        CHECK(actor->page_entry >= 0);
        host->paged[actor->page_entry] = actor;
        host->paged_count++;
    }
}

/* Its mailbox is as it was; nothing else is left of the life that failed. */
static enum mesh_status begin_again(struct mesh_actor *actor) {
    struct lifecycle_event born = {.kind = LIFECYCLE_BORN, .actor = actor->address};
    enum mesh_status status = hosted_step(actor->host, &born);
    if (status == MESH_OK) {
        updates_on_end(actor);
        hosted_sources_on_end(actor);
        if (actor->state) {
            memset(actor->state, 0, actor->type->state_bytes);
        }
        list_push_back(&actor->host->newborn, &actor->in_queue);
    }
    return status;
}

enum mesh_status hosted_begin(struct host *host, struct mesh_address address, struct mesh_address parent,
                              const struct mesh_type *type, bool restarts, struct mesh_error *error) {
    struct mesh_actor *actor = hosted_find(host, address);
    if (actor) {
        enum mesh_status again = begin_again(actor);
        return again ? error_set(error, again, "this address has an actor already") : MESH_OK;
    }
    actor = hosted_new(host, address, type);
    if (!actor) {
        return error_set(error, MESH_NO_MEMORY, "no memory for an actor of type %s", type->name);
    }
    actor->parent = parent;
    struct lifecycle_event born = {.kind = LIFECYCLE_BORN, .actor = address, .parent = parent, .restarts = restarts};
    enum mesh_status status = lifecycle_step(host->lifecycle, process_now(host->process), &born);
    if (status == MESH_OK) {
        status = process_step(host->process, &(struct delivery_event){.kind = DELIVERY_OPEN, .address = address});
    }
    if (status != MESH_OK) {
        hosted_end(actor);
        return error_set(error, status, "an actor of type %s cannot begin: %s", type->name, mesh_status_text(status));
    }
    enter_page(actor);
    list_push_back(&host->newborn, &actor->in_queue);
    return MESH_OK;
}

/* ---- handlers ---- */

enum mesh_status hosted_step(struct host *host, const struct lifecycle_event *event) {
    enum mesh_status status = lifecycle_step(host->lifecycle, process_now(host->process), event);
    struct mesh_actor *actor = hosted_find(host, event->actor);
    struct lifecycle_view look;
    if (actor) {
        actor->plain = lifecycle_look(host->lifecycle, actor->address, &look) && look.state == LIFECYCLE_RUNNING;
    }
    return status;
}

void hosted_tell(struct host *host, const struct lifecycle_event *event) {
    enum mesh_status status = hosted_step(host, event);
    if (status == MESH_NO_MEMORY) {
        log_write(host->log, MESH_LOG_ERROR, NULL, event->actor, "no memory to keep its record");
    }
}

/* Handlers run outside the baton, so that other threads can send and turns can go on in a wait. */
static enum mesh_verdict call_receive(struct mesh_actor *actor, struct view *view) {
    actor->in_hand = &view->message;
    actor->host->failure[0] = 0;
    process_unlock(actor->host->process);
    enum mesh_verdict verdict = actor->type->receive(actor, &view->message, actor->state);
    host_fork_end_child();
    process_lock(actor->host->process);
    actor->in_hand = NULL;
    return verdict;
}

static void log_failure(struct mesh_actor *actor, const char *what, const char *text) {
    log_write(actor->host->log, MESH_LOG_WARNING, actor->type->name, actor->address, "%s: %s", what, text);
}

static const char *failure_text(const struct mesh_actor *actor) {
    return actor->host->failure[0] ? actor->host->failure : "the handler failed without a text";
}

void hosted_start(struct mesh_actor *actor) {
    struct host *host = actor->host;
    enum mesh_verdict verdict = MESH_DONE;
    actor->host->failure[0] = 0;
    if (actor->type->start) {
        process_unlock(host->process);
        verdict = actor->type->start(actor, actor->state);
        host_fork_end_child();
        process_lock(host->process);
    }
    actor->started = true;
    struct lifecycle_event started = {.kind = LIFECYCLE_STARTED, .actor = actor->address, .verdict = verdict};
    if (verdict == MESH_FAILED) {
        started.text = bytes_of_text(failure_text(actor));
        log_failure(actor, "its constructor failed", failure_text(actor));
    }
    crash_page_set_state(host->page, actor->page_entry, process_now(host->process), CRASH_IDLE);
    CHECK(hosted_step(host, &started) == MESH_OK);
    if (host->stated.count > 0) {
        watch_replace(actor);
    }
    /* What came before it was started is in its mailbox, and was told once. */
    list_push_back(&host->runnable, &actor->in_queue);
}

/* Shows the message, a failed one twice (E1). An exit request is shown once (E2). */
static enum mesh_verdict show(struct mesh_actor *actor, struct view *view, struct message *message) {
    struct host *host = actor->host;
    crash_page_enter(host->page, actor->page_entry, host->now_ns, message);
    actor->entered_ns = host->now_ns;
    actor->replied = false;
    enum mesh_verdict verdict = call_receive(actor, view);
    if (verdict == MESH_FAILED && message->kind != FRAME_EXIT_REQUEST && !host->leaving) {
        actor->retried++;
        verdict = call_receive(actor, view);
    }
    if (actor->watch || host->stated.count > 0) {
        watch_replace(actor);
    }
    host->now_ns = process_now_after(host->process, host->now_ns, &host->now_calls);
    return verdict;
}

static void settle(struct mesh_actor *actor, const struct message *message, enum frame_outcome outcome,
                   enum frame_reason reason, const char *text) {
    struct host *host = actor->host;
    if (outcome != FRAME_DIED) {
        crash_page_leave(host->page, actor->page_entry, host->now_ns, message);
    }
    struct delivery_event verdict = {
        .kind = DELIVERY_VERDICT,
        .address = actor->address,
        .outcome = outcome,
        .reason = reason,
        .text = bytes_of_text(text),
    };
    /* What it makes delivery want is performed by the flush that follows. */
    CHECK(delivery_step(process_delivery(host->process), host->now_ns, &verdict) == MESH_OK);
}

/* A system message has no sender who would want it back (E2). */
static void settle_failed(struct mesh_actor *actor, const struct message *message) {
    const char *text = failure_text(actor);
    actor->returned++;
    log_failure(actor, "a handler failed twice", text);
    bool user = message->kind == FRAME_USER;
    if (message->kind == FRAME_VALIDATE) {
        hosted_sources_on_failed(actor->host, message);
    }
    settle(actor, message, user ? FRAME_RETURNED : FRAME_HANDLED, FRAME_NO_REASON, user ? text : "");
}

/* Shows the message and settles it. With `goes_on` it gives the next one when all is well; else NULL. */
static struct message *handle(struct mesh_actor *actor, struct message *message, bool goes_on) {
    struct view view;
    view_show(&view, message);
    enum mesh_verdict verdict = show(actor, &view, message);
    struct host *host = actor->host;
    if (goes_on && verdict == MESH_DONE && host->now_ns < host->turn_ends_ns) {
        crash_page_leave(host->page, actor->page_entry, host->now_ns, message);
        return delivery_next(process_delivery(host->process), host->now_ns, actor->address);
    }
    struct lifecycle_event shown = {.kind = LIFECYCLE_CHILD_SHOWN, .actor = actor->address};
    struct mesh_exit exit;
    bool child_exited = mesh_message_exit(&view.message, &exit) == MESH_OK;
    if (verdict == MESH_FAILED) {
        settle_failed(actor, message);
    } else {
        settle(actor, message, FRAME_HANDLED, FRAME_NO_REASON, "");
    }
    if (child_exited) {
        shown.child = exit.child;
        hosted_tell(host, &shown);
    }
    if (verdict == MESH_EXIT) {
        hosted_want_end(actor, MESH_EXITED_ITSELF);
        hosted_tell(host, &(struct lifecycle_event){.kind = LIFECYCLE_OWN_EXIT, .actor = actor->address});
    }
    return NULL;
}

static void show_exit(struct mesh_actor *actor, struct message *message) {
    bool alone = message->payload.size == 1 && message->payload.data[0] == 1;
    actor->exit_from = message->sender;
    struct lifecycle_event asked = {.kind = LIFECYCLE_EXIT_REQUEST, .actor = actor->address, .alone = alone};
    hosted_tell(actor->host, &asked);
    settle(actor, message, FRAME_HANDLED, FRAME_NO_REASON, "");
}

/* What is no user message, or comes to an actor that is not simply alive. */
static void treat(struct mesh_actor *actor, struct message *message) {
    switch (lifecycle_treat(actor->host->lifecycle, actor->address, message->kind)) {
    case LIFECYCLE_SHOW:
        if (message->kind == FRAME_EXIT_REQUEST) {
            show_exit(actor, message);
        } else {
            (void)handle(actor, message, false);
        }
        break;
    case LIFECYCLE_SETTLE:
        settle(actor, message, FRAME_HANDLED, FRAME_NO_REASON, "");
        break;
    case LIFECYCLE_HOLD:
    case LIFECYCLE_REFUSE:
        settle(actor, message, FRAME_DIED, FRAME_EXITED, "");
        break;
    }
}

bool hosted_run(struct mesh_actor *actor) {
    struct host *host = actor->host;
    struct message *message = delivery_take(process_delivery(host->process), host->now_ns, actor->address);
    bool ran = message != NULL;
    for (int i = 1; message && actor->plain && message->kind == FRAME_USER; i++) {
        message = handle(actor, message, i < IN_A_ROW);
    }
    if (message) {
        treat(actor, message);
    }
    return ran;
}
