/* Control messages, and what the directory core makes of them.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/admin.h"
#include "mesh/base/check.h"
#include "mesh/core/address.h"
#include "mesh/runtime/dead_letters.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* ---- sending ---- */

/* What goes to another node names the remote way to a process only, which may be through this admin; what stays here, the local one. */
static struct bytes endpoint_for(struct admin *admin, struct mesh_address to, struct bytes endpoints) {
    const uint8_t *space = endpoints.size > 0 ? memchr(endpoints.data, ' ', endpoints.size) : NULL;
    bool leaves = to.node != admin->incarnation, here = endpoints.size > 0 && endpoints.data[0] == 'i';
    if (leaves && here && admin->passage[0]) {
        return bytes_of_text(admin->passage);
    }
    if (!space) {
        return endpoints;
    }
    size_t first = (size_t)(space - endpoints.data);
    return !leaves ? bytes_make(endpoints.data, first)
                   : admin_endpoint_now(admin, bytes_make(space + 1, endpoints.size - first - 1));
}

void admin_send(struct admin *admin, struct mesh_address to, const struct control *control) {
    struct control sent = *control;
    if (sent.kind == CONTROL_CREATED) {
        sent.created.endpoint = endpoint_for(admin, to, sent.created.endpoint);
    } else if (sent.kind == CONTROL_RESOLVED) {
        sent.resolved.endpoint = endpoint_for(admin, to, sent.resolved.endpoint);
    }
    enum mesh_status status = process_send_control(admin->process, to, &sent);
    if (status != MESH_OK) {
        log_write(admin->log, MESH_LOG_ERROR, NULL, to, "a control message to it is not sent: %s",
                  mesh_status_text(status));
    }
}

void admin_answer_done(struct admin *admin, struct mesh_address to, uint64_t id, enum mesh_status status,
                       const char *text) {
    struct control done = {.id = id, .kind = CONTROL_DONE, .done = {.status = status, .text = bytes_of_text(text)}};
    admin_send(admin, to, &done);
}

/* ---- performing the directory ---- */

static void request_exit(struct admin *admin, struct mesh_address to) {
    struct message *message =
        message_new(delivery_pool(process_delivery(admin->process)), bytes_make("", 0), bytes_make("", 0));
    if (!message) {
        log_write(admin->log, MESH_LOG_ERROR, NULL, to, "no memory to ask it to exit");
        return;
    }
    message->kind = FRAME_EXIT_REQUEST;
    message->sender = process_address(admin->process);
    message->target = to;
    message->deadline_ns = TIME_NEVER;
    message->flags = FRAME_RUN_URGENT;
    message->urgent = true;
    enum mesh_status status = process_submit(admin->process, message);
    if (status != MESH_OK) {
        log_write(admin->log, MESH_LOG_ERROR, NULL, to, "it is not asked to exit: %s", mesh_status_text(status));
        message_release(message);
    }
}

/* What the directory answers to this admin itself: where somebody lives to whom it wants to send. */
static void take_own(struct admin *admin, const struct control *control) {
    if (control->kind == CONTROL_RESOLVED) {
        struct bytes endpoint = endpoint_for(admin, process_address(admin->process), control->resolved.endpoint);
        char *text = strndup((const char *)endpoint.data, endpoint.size);
        bool here = text && strncmp(text, "ipc://", 6) == 0; /* who lives on this node has called us */
        process_answer_resolved(admin->process, &control->resolved, here || !text ? NULL : text);
        free(text);
    } else if (control->kind == CONTROL_GONE) {
        process_answer_gone(admin->process, &control->gone);
    }
}

static void perform(struct admin *admin, const struct directory_action *action) {
    switch (action->kind) {
    case DIRECTORY_START_HOST:
        admin_start_host(admin, action->slot, &action->control.create, action->to);
        return;
    case DIRECTORY_KILL_HOST:
        admin_kill_host(admin, action->slot, SIGKILL);
        return;
    case DIRECTORY_SEND:
        if (mesh_address_equal(action->to, process_address(admin->process))) {
            take_own(admin, &action->control);
        } else {
            admin_send(admin, action->to, &action->control);
        }
        return;
    case DIRECTORY_EXIT_REQUEST:
        request_exit(admin, action->to);
        return;
    case DIRECTORY_UNFIT:
        log_write(admin->log, MESH_LOG_WARNING, NULL, action->to,
                  "it is asked to exit: the node's capabilities have changed, and do not fit it any more");
        request_exit(admin, action->to);
        return;
    case DIRECTORY_NAME_TAKEN:
        log_write(admin->log, MESH_LOG_WARNING, NULL, action->to,
                  "it is asked to exit: its name %.*s is taken by another, by the word of a later leader",
                  (int)action->control.name_taken.name.size, (const char *)action->control.name_taken.name.data);
        request_exit(admin, action->to);
        return;
    case DIRECTORY_WARN:
        log_write(admin->log, MESH_LOG_WARNING, action->type, action->to, "%s", action->text);
        return;
    }
    CHECK_UNREACHABLE();
}

void admin_tell_actors(struct admin *admin) {
    uint32_t actors = (uint32_t)directory_hosted(admin->directory);
    if (actors != admin->actors_told && !admin->performing) {
        admin->actors_told = actors;
        admin_tell_convention(admin, &(struct convention_event){.kind = CONVENTION_ACTORS, .actors = actors});
    }
}

void admin_tell_directory(struct admin *admin, const struct directory_event *event) {
    enum mesh_status status = directory_step(admin->directory, process_now(admin->process), event);
    if (status != MESH_OK && status != MESH_NOT_FOUND) {
        log_write(admin->log, MESH_LOG_ERROR, NULL, event->asker, "the directory: %s", mesh_status_text(status));
    }
    struct directory_action action;
    while (directory_poll(admin->directory, &action)) {
        perform(admin, &action);
    }
    admin_tell_actors(admin);
}

/* ---- requests ---- */

/* A create gets the requirements of its type, as this node knows it, besides its creator's, and is refused here when nobody knows the
 * type. */
void admin_begin_create(struct admin *admin, struct mesh_address sender, const struct control *control,
                        const struct found_type *found) {
    struct control merged = *control;
    struct frame_requirement requirements[FRAME_REQUIREMENTS_OF_BOTH];
    const struct type_entry *type = found->type;
    bool of_source = control->create.source.size > 0;
    if (type) {
        size_t count = 0;
        for (size_t i = 0; i < control->create.creators_count; i++) {
            requirements[count++] = control->create.requirements[i];
        }
        for (size_t i = 0; i < type->requirements.count; i++) {
            requirements[count++] = type->requirements.items[i];
        }
        merged.create.requirements = requirements;
        merged.create.requirements_count = count;
    }
    if (!type && merged.create.refusal.size == 0) {
        merged.create.status = found->status;
        merged.create.refusal = bytes_of_text(found->why);
    }
    admin_tell_directory(admin, &(struct directory_event){.kind = DIRECTORY_CONTROL,
                                                          .asker = sender,
                                                          .control = &merged,
                                                          .known = type != NULL,
                                                          .status = type ? MESH_OK : found->status,
                                                          .text = bytes_of_text(type || !of_source ? "" : found->why),
                                                          .pool = bytes_of_text(found->pool)});
}

static void on_create(struct admin *admin, struct mesh_address sender, const struct control *control) {
    char why[FRAME_TEXT_BYTES];
    if (admin->stopping) {
        struct control failed = {.id = control->id, .kind = CONTROL_CREATE_FAILED};
        failed.create_failed = (struct control_create_failed){control->create.address, MESH_SHUTTING_DOWN,
                                                              bytes_of_text("the node is shutting down")};
        admin_send(admin, sender, &failed);
        return;
    }
    if (control->create.source.size > 0) {
        admin_create_from_source(admin, sender, control);
        return;
    }
    const struct type_entry *type = types_find(admin->types, control->create.type, control->create.program);
    struct found_type found = {.type = type, .pool = "", .status = MESH_UNKNOWN_TYPE};
    if (type && type->light) {
        found.pool = type->module ? type->module : type->program;
    } else if (!type) {
        found.why = types_why_unknown(admin->types, control->create.type, why, sizeof why);
    }
    admin_begin_create(admin, sender, control, &found);
}

/* The resident that speaks, when it speaks as a process of this node. */
static struct resident *speaker(const struct admin *admin, struct mesh_address sender) {
    return sender.node == admin->incarnation ? admin_resident(admin, address_slot(sender)) : NULL;
}

/* A host of ours says that an actor runs, or cannot. */
static bool on_birth(struct admin *admin, const struct resident *host, const struct control *control) {
    if (!host || host->program) {
        return false;
    }
    if (control->kind == CONTROL_CREATED) {
        admin_tell_directory(admin, &(struct directory_event){.kind = DIRECTORY_ACTOR_UP,
                                                              .slot = host->slot,
                                                              .address = control->created.address});
        return true;
    }
    if (control->kind == CONTROL_CREATE_FAILED) {
        admin_tell_directory(admin, &(struct directory_event){.kind = DIRECTORY_HOST_FAILED,
                                                              .slot = host->slot,
                                                              .address = control->create_failed.address,
                                                              .status = control->create_failed.status,
                                                              .text = control->create_failed.text});
        return true;
    }
    return false;
}

static void on_types(struct admin *admin, struct mesh_address sender, const struct control *control) {
    enum mesh_status status = types_add_program(admin->types, &control->types);
    admin_answer_done(admin, sender, control->id, status,
                      status == MESH_OK ? "" : "the node cannot take the program's types: too many, or no memory");
}

static bool on_goodbye(struct admin *admin, struct resident *resident, const struct control *control) {
    bool is_goodbye = resident && resident->program && control->kind == CONTROL_EXITED &&
                      address_number(control->exited.address) == 0;
    if (is_goodbye) {
        admin_program_left(admin, resident);
    }
    return is_goodbye;
}

static void on_status_request(struct admin *admin, struct mesh_address sender, const struct control *control) {
    const struct control_status_request *request = &control->status_request;
    if (mesh_address_is_none(request->address) ||
        mesh_address_equal(request->address, process_address(admin->process))) {
        admin_on_status_request(admin, sender, control->id, request);
    } else {
        admin_on_inquiry(admin, sender, control->id, request);
    }
}

static void on_status_reply(struct admin *admin, struct mesh_address sender, const struct control *control) {
    if (!admin_on_status_reply(admin, control->id, &control->status_reply)) {
        admin_on_inquiry_answer(admin, sender, control);
    }
}

/* What somebody wants of the leader. */
static void on_wish(struct admin *admin, struct mesh_address sender, const struct control *control) {
    if (control->kind == CONTROL_PREREGISTER) {
        admin_on_preregister(admin, sender, control);
    } else if (control->kind == CONTROL_DISMISS) {
        admin_on_dismiss(admin, sender, control);
    } else {
        admin_on_member_key(admin, sender, control);
    }
}

static void on_dead_letters(struct admin *admin, const struct resident *resident, const struct control *control) {
    if (control->kind == CONTROL_DEAD_LETTER) {
        admin_on_dead_letter(admin, resident, &control->dead_letter);
    } else {
        admin_on_dead_letter_handler(admin, resident, &control->dead_letter_handler);
    }
}

static void on_question(struct admin *admin, struct mesh_address sender, const struct control *control) {
    if (control->kind == CONTROL_STATUS_REQUEST) {
        on_status_request(admin, sender, control);
    } else {
        admin_on_log_request(admin, sender, control);
    }
}

static void on_answer(struct admin *admin, struct mesh_address sender, const struct control *control) {
    if (control->kind == CONTROL_SOURCE || (control->kind == CONTROL_DONE && sources_is_own(control->id))) {
        admin_on_source(admin, sender, control);
    } else if (control->kind == CONTROL_STATUS_REPLY) {
        on_status_reply(admin, sender, control);
    } else if (control->kind != CONTROL_DONE || !admin_on_log_answer(admin, sender, control)) {
        admin_on_inquiry_answer(admin, sender, control);
    }
}

/* What another admin says to a leader, or the leader to it. */
static void on_word(struct admin *admin, struct mesh_address sender, const struct control *control) {
    if (control->kind == CONTROL_UNREACHED) {
        admin_on_unreached(admin, sender, &control->unreached);
    } else {
        admin_on_log_lines(admin, sender, control);
    }
}

void admin_on_control(void *user, struct mesh_address sender, const struct control *control) {
    struct admin *admin = user;
    struct resident *resident = speaker(admin, sender);
    if (on_birth(admin, resident, control) || on_goodbye(admin, resident, control)) {
        return;
    }
    switch (control->kind) {
    case CONTROL_CREATE:
        on_create(admin, sender, control);
        return;
    case CONTROL_PROGRAM_TYPES:
        on_types(admin, sender, control);
        return;
    case CONTROL_STATUS_REQUEST:
    case CONTROL_LOG_REQUEST:
        on_question(admin, sender, control);
        return;
    case CONTROL_STATUS_REPLY:
    case CONTROL_ACTOR_REPORT:
    case CONTROL_LOG_REPLY:
    case CONTROL_DONE:
    case CONTROL_SOURCE:
        on_answer(admin, sender, control);
        return;
    case CONTROL_SHUTDOWN:
        admin_begin_stop(admin, (uint64_t)control->shutdown.timeout_ms * NS_PER_MS);
        admin_answer_done(admin, sender, control->id, MESH_OK, "");
        return;
    case CONTROL_PREREGISTER:
    case CONTROL_DISMISS:
    case CONTROL_MEMBER_KEY:
        on_wish(admin, sender, control);
        return;
    case CONTROL_WATCH_MEMBERS:
        admin_on_watch_members(admin, resident, &control->watch_members);
        return;
    case CONTROL_CAPABILITIES:
        admin_on_capabilities(admin, resident, sender, control);
        return;
    case CONTROL_UNREACHED:
    case CONTROL_LOG_LINES:
        on_word(admin, sender, control);
        return;
    case CONTROL_MEMBER_UPDATE:
    case CONTROL_KEYS_CHANGED:
        return; /* is an admin's word to a host */
    case CONTROL_DEAD_LETTER_HANDLER:
    case CONTROL_DEAD_LETTER:
        on_dead_letters(admin, resident, control);
        return;
    case CONTROL_CREATED:
    case CONTROL_CREATE_FAILED:
    case CONTROL_RESOLVE:
    case CONTROL_RESOLVED:
    case CONTROL_GONE:
    case CONTROL_EXITED:
    case CONTROL_KILL:
    case CONTROL_CHECK:
    case CONTROL_NAME_REQUEST:
    case CONTROL_NAME_GRANT:
    case CONTROL_NAMES_HELD:
    case CONTROL_NAME_FREED:
    case CONTROL_NAMES_WANTED:
    case CONTROL_NAME_TAKEN:
    case CONTROL_MET:
        admin_tell_directory(admin,
                             &(struct directory_event){.kind = DIRECTORY_CONTROL, .asker = sender, .control = control});
        return;
    }
}

/* ---- where this admin's own messages go ---- */

static void resolve_admin(struct admin *admin, struct mesh_address address) {
    const struct member *member = members_find(convention_members(admin->convention), address.node);
    if (member) {
        (void)process_resolved(admin->process, address, address.node, member->endpoint);
    } else if (map_get(&admin->neighbours, &address.node)) {
        (void)process_resolved(admin->process, address, address.node, NULL);
    } else {
        process_gone(admin->process, address,
                     &(struct delivery_gone){.reason = FRAME_NODE_LOST, .text = bytes_of_text("its node is lost")});
    }
}

static void resolve_resident(struct admin *admin, struct mesh_address address) {
    const struct resident *resident = admin_resident(admin, address_slot(address));
    if (resident) {
        (void)process_resolved(admin->process, address, resident->incarnation, NULL);
    } else {
        process_gone(admin->process, address,
                     &(struct delivery_gone){.reason = FRAME_EXITED, .text = bytes_of_text("its process is gone")});
    }
}

void admin_on_resolve(void *user, struct mesh_address address, struct mesh_address sender) {
    struct admin *admin = user;
    bool here = address.node == admin->incarnation;
    if (address_number(address) != 0) {
        struct control resolve = {.kind = CONTROL_RESOLVE, .resolve = {address, sender}};
        admin_tell_directory(admin, &(struct directory_event){.kind = DIRECTORY_CONTROL,
                                                              .asker = process_address(admin->process),
                                                              .control = &resolve});
    } else if (here) {
        resolve_resident(admin, address);
    } else {
        resolve_admin(admin, address);
    }
}
