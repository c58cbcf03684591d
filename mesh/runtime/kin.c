/* Performing what the lifecycle wants: exits are shown, children told, ends reported.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/host_fork.h"
#include "mesh/runtime/hosted.h"
#include "mesh/runtime/log.h"
#include "mesh/runtime/post.h"

/* Of what lives beside its parent no admin knows, so that none has to judge its end (A4). */
void hosted_want_end(struct mesh_actor *actor, enum mesh_how how) {
    if (!address_is_local(actor->address)) {
        crash_page_want_end(actor->host->page, actor->address, how);
    }
}

void hosted_shut_down(struct host *host) {
    crash_page_want_all_ends(host->page, MESH_EXITED_ON_REQUEST);
    hosted_tell(host, &(struct lifecycle_event){.kind = LIFECYCLE_SHUTDOWN});
}

/* The request itself is settled already; a failure in its handler changes nothing (C5). */
static void show_exit(struct mesh_actor *actor) {
    struct host *host = actor->host;
    struct view view;
    view_show_exit_request(&view, actor->exit_from);
    actor->in_hand = &view.message;
    actor->entered_ns = process_now(host->process);
    actor->replied = false;
    crash_page_set_state(host->page, actor->page_entry, process_now(host->process), CRASH_EXITING);
    struct lifecycle_view look;
    if (lifecycle_look(host->lifecycle, actor->address, &look) && !look.failed) {
        hosted_want_end(actor, MESH_EXITED_ON_REQUEST);
    }
    process_unlock(host->process);
    (void)actor->type->receive(actor, &view.message, actor->state);
    process_lock(host->process);
    actor->in_hand = NULL;
    hosted_tell(host, &(struct lifecycle_event){.kind = LIFECYCLE_SHOWN, .actor = actor->address});
}

/* A system message to an actor of this process, from the process itself. */
static enum mesh_status tell(struct host *host, struct mesh_address to, enum frame_kind kind, const void *data,
                             size_t bytes, bool urgent) {
    struct post post = {
        .now_ns = process_now(host->process),
        .from = process_address(host->process),
        .to = to,
        .kind = kind,
        .type = "",
        .data = data,
        .bytes = bytes,
        .urgent = urgent,
    };
    return post_now(host->process, &post);
}

static void tell_child_exited(struct host *host, const struct lifecycle_action *action) {
    uint8_t payload[VIEW_EXIT_BYTES];
    struct mesh_exit exit = {
        .child = action->child,
        .how = action->how,
        .number = action->number,
        .text = action->text.size > 0 ? (const char *)action->text.data : "",
    };
    size_t bytes = view_pack_exit(payload, &exit, action->text.size);
    if (tell(host, action->actor, FRAME_CHILD_EXITED, payload, bytes, false) != MESH_OK) {
        log_write(host->log, MESH_LOG_ERROR, NULL, action->actor, "no memory to tell it of a child's exit");
        hosted_tell(host, &(struct lifecycle_event){
                              .kind = LIFECYCLE_CHILD_SHOWN, .actor = action->actor, .child = action->child});
    }
}

void hosted_request_exit(struct host *host, struct mesh_address to) {
    (void)tell(host, to, FRAME_EXIT_REQUEST, NULL, 0, true);
}

static void kill_child(struct host *host, struct mesh_address child) {
    if (hosted_is_here(host, child)) {
        hosted_tell(host, &(struct lifecycle_event){
                              .kind = LIFECYCLE_CUT, .actor = child, .text = bytes_of_text("it did not exit in time")});
        return;
    }
    struct control kill = {.kind = CONTROL_KILL, .kill = {.address = child}};
    (void)process_send_control(host->process, process_admin(host->process), &kill);
}

static void stop(struct mesh_actor *actor) {
    struct host *host = actor->host;
    if (actor->type->stop && actor->started) {
        process_unlock(host->process);
        actor->type->stop(actor, actor->state);
        host_fork_end_child();
        process_lock(host->process);
    }
    wakeup_drop(actor);
    actor->started = false;
}

static void close_mailbox(struct mesh_actor *actor) {
    struct host *host = actor->host;
    stop(actor);
    struct delivery_event close = {.kind = DELIVERY_CLOSE, .address = actor->address, .reason = FRAME_EXITED};
    (void)process_step(host->process, &close);
}

/* Of what has lived beside its parent no admin knows (A4). */
static void tell_parent_here(struct host *host, const struct lifecycle_action *action) {
    struct lifecycle_event ended = {.kind = LIFECYCLE_CHILD_ENDED,
                                    .actor = action->parent,
                                    .child = action->actor,
                                    .how = action->how,
                                    .number = action->number,
                                    .text = action->text};
    hosted_tell(host, &ended);
}

/* An end, or a failure after which the admin decides: it is born again, or given up (C7). */
static void tell_admin(struct host *host, const struct lifecycle_action *action) {
    struct control exited = {.kind = CONTROL_EXITED,
                             .exited = {.address = action->actor,
                                        .how = (enum control_how)action->how,
                                        .number = action->number,
                                        .text = action->text,
                                        .failed = action->failed,
                                        .alone = action->alone}};
    (void)process_send_control(host->process, process_admin(host->process), &exited);
}

/* What waits for it stays where it is. */
static void report_failed(struct mesh_actor *actor, const struct lifecycle_action *action) {
    stop(actor);
    list_remove(&actor->in_queue);
    tell_admin(actor->host, action);
}

static void report_exited(struct host *host, const struct lifecycle_action *action) {
    struct mesh_actor *actor = hosted_find(host, action->actor);
    if (actor) {
        hosted_end(actor);
    }
    bool here = hosted_is_here(host, action->actor);
    if (here) {
        tell_parent_here(host, action);
    }
    if (!here || action->alone) { /* its children may have processes of their own */
        tell_admin(host, action);
    }
}

static void perform(struct host *host, const struct lifecycle_action *action) {
    struct mesh_actor *actor = hosted_find(host, action->actor);
    switch (action->kind) {
    case LIFECYCLE_SHOW_EXIT:
        show_exit(actor);
        break;
    case LIFECYCLE_CHILD_EXITED:
        tell_child_exited(host, action);
        break;
    case LIFECYCLE_ASK_CHILD_EXIT:
        hosted_request_exit(host, action->child);
        break;
    case LIFECYCLE_KILL_CHILD:
        kill_child(host, action->child);
        break;
    case LIFECYCLE_CLOSE_MAILBOX:
        close_mailbox(actor);
        break;
    case LIFECYCLE_FORGET:
        (void)process_step(host->process, &(struct delivery_event){.kind = DELIVERY_FORGET, .address = action->actor});
        break;
    case LIFECYCLE_REPORT_EXITED:
        report_exited(host, action);
        break;
    case LIFECYCLE_REPORT_FAILED:
        report_failed(actor, action);
        break;
    }
}

void hosted_perform(struct host *host) {
    struct lifecycle_action action;
    while (delivery_system_room(process_delivery(host->process), process_address(host->process)) &&
           lifecycle_poll(host->lifecycle, &action)) {
        perform(host, &action);
    }
}
