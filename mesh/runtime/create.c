/* What a program asks its node's admin: to create an actor, to shut down; and its request that an actor exit.
 *
 * Each request has an answer channel of its own, its number, so that no message can be taken for its answer (C2, D11).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/time.h"
#include "mesh/runtime/create_terms.h"
#include "mesh/runtime/error.h"
#include "mesh/runtime/handle.h"
#include "mesh/runtime/module.h"
#include "mesh/runtime/post.h"
#include "mesh/runtime/report.h"
#include "mesh/runtime/source_part.h"
#include <limits.h>
#include <unistd.h>

#define CREATE_WAIT_NS (50 * NS_PER_S) /* C2 */

/* ---- requests ---- */

static bool is_answered(void *user) {
    const struct handle_request *request = user;
    return request->answered || *request->admin_gone;
}

enum mesh_status handle_begin_request(struct mesh_node *node, struct control *control, struct handle_request *request) {
    request->next = node->requests;
    request->id = ++node->last_id;
    request->answered = false;
    request->status = MESH_CLOSED;
    request->admin_gone = &node->admin_gone;
    (void)error_set(&request->error, MESH_CLOSED, "the node in %s has ended", node->run_directory);
    control->id = request->id;
    enum mesh_status status = process_send_control(node->process, process_admin(node->process), control);
    if (status != MESH_OK) {
        return error_set(&request->error, status, "%s", mesh_status_text(status));
    }
    node->requests = request;
    return MESH_OK;
}

void handle_end_request(struct mesh_node *node, struct handle_request *request) {
    struct handle_request **link = &node->requests;
    while (*link != request) {
        link = &(*link)->next;
    }
    *link = request->next;
}

enum mesh_status handle_request(struct mesh_node *node, struct control *control, uint64_t until_ns,
                                struct handle_request *request) {
    return handle_offer(node, control, until_ns, (struct bytes){0}, request);
}

enum mesh_status handle_offer(struct mesh_node *node, struct control *control, uint64_t until_ns, struct bytes offered,
                              struct handle_request *request) {
    uint64_t waited_until_ns;
    *request = (struct handle_request){.offered = offered};
    enum mesh_status status = handle_begin_request(node, control, request);
    if (status != MESH_OK) {
        return status;
    }
    process_flush(node->process, true);
    do { /* a source that is arriving has been told of meanwhile, perhaps */
        waited_until_ns = time_add(until_ns, request->extended_ns);
        status = drive_until(&node->drive, is_answered, request, waited_until_ns);
    } while (status == MESH_TIMED_OUT && time_add(until_ns, request->extended_ns) > waited_until_ns);
    handle_end_request(node, request);
    if (status != MESH_OK) {
        return error_set(&request->error, status, "the node in %s has not answered: %s", node->run_directory,
                         mesh_status_text(status));
    }
    return request->status;
}

enum mesh_status handle_wish(struct mesh_node *node, struct control *control, int timeout_ms,
                             struct mesh_error *error) {
    struct handle_request request;
    process_lock(node->process);
    enum mesh_status status = handle_request(node, control, handle_until(node, timeout_ms), &request);
    process_unlock(node->process);
    return status == MESH_OK ? MESH_OK : error_set(error, status, "%s", request.error.text);
}

static void answer(struct handle_request *request, enum mesh_status status, struct bytes text) {
    request->answered = true;
    request->status = status;
    if (status != MESH_OK) {
        (void)error_set(&request->error, status, "%.*s", (int)text.size, (const char *)text.data);
    }
}

/* Not the answer yet: it asks for more of what is offered, or says that a create waits for its source. */
static void on_source(struct mesh_node *node, struct handle_request *request, const struct control *control) {
    struct control part;
    if (control->source.what == CONTROL_SOURCE_ARRIVING) {
        request->extended_ns = time_add(request->extended_ns, control->source.number * NS_PER_MS);
    } else if (control->source.what == CONTROL_SOURCE_WANTED && source_part(&part, control, request->offered)) {
        (void)process_send_control(node->process, process_admin(node->process), &part);
    }
}

void handle_on_answer(struct mesh_node *node, const struct control *control) {
    struct handle_request *request = node->requests;
    while (request && request->id != control->id) {
        request = request->next;
    }
    if (!request) {
        return;
    }
    if (control->kind == CONTROL_SOURCE) {
        on_source(node, request, control);
    } else if (control->kind == CONTROL_CREATED) {
        request->address = control->created.address;
        if (control->created.process) {
            process_created(node->process, &control->created);
        }
        answer(request, MESH_OK, bytes_make("", 0));
    } else if (control->kind == CONTROL_CREATE_FAILED) {
        answer(request, control->create_failed.status, control->create_failed.text);
    } else if (control->kind == CONTROL_STATUS_REPLY) {
        answer(request, report_new(&request->report, &control->status_reply), bytes_of_text("no memory for it"));
    } else if (control->kind == CONTROL_ACTOR_REPORT) {
        answer(request, report_new_of_actor(&request->report, &control->actor_report),
               bytes_of_text("no memory for it"));
    } else if (control->kind == CONTROL_LOG_REPLY && request->log_reply) {
        request->log_reply(request->user, &control->log_reply);
        answer(request, MESH_OK, bytes_make("", 0));
    } else if (control->kind == CONTROL_DONE) {
        answer(request, control->done.status, control->done.text);
    }
}

/* ---- creating ---- */

static bool is_own_type(const struct mesh_node *node, const char *type) {
    for (size_t i = 0; node->types && node->types[i]; i++) {
        if (strcmp(node->types[i]->name, type) == 0) {
            return true;
        }
    }
    return false;
}

static enum mesh_status create(struct mesh_node *node, const char *type, const struct create_terms *terms,
                               struct mesh_address *out, struct mesh_error *error) {
    char program[PATH_MAX];
    struct control control = {.kind = CONTROL_CREATE, .create = {.type = bytes_of_text(type)}};
    create_terms_put(terms, &control.create);
    ssize_t bytes =
        !terms->of_source && is_own_type(node, type) ? readlink("/proc/self/exe", program, sizeof program) : 0;
    control.create.program = bytes_make(program, bytes > 0 ? (size_t)bytes : 0);
    struct handle_request request;
    enum mesh_status status = handle_request(node, &control, process_now(node->process) + CREATE_WAIT_NS, &request);
    if (status != MESH_OK) {
        return error_set(error, status, "no actor of type %s: %s", type, request.error.text);
    }
    *out = request.address;
    return MESH_OK;
}

enum mesh_status mesh_node_create(struct mesh_node *node, const char *type, const struct mesh_create_options *options,
                                  struct mesh_address *out, struct mesh_error *error) {
    if (!node || !out) {
        return error_set(error, MESH_INVALID_ARGUMENT, "a create needs a node, and a place for the address");
    }
    if (!module_name_valid(type)) {
        return error_set(error, MESH_INVALID_ARGUMENT, "a type's name has 1 to %d characters, none of them a space",
                         MODULE_NAME_BYTES);
    }
    if (options && !create_name_is_valid(options->name)) {
        return error_set(error, MESH_INVALID_ARGUMENT,
                         "a global name has 1 to %d bytes, none of them a control character", FRAME_NAME_BYTES);
    }
    struct create_terms terms;
    enum mesh_status status = create_terms_init(&terms, options);
    if (status != MESH_OK) {
        return error_set(error, status, "the options for an actor of type %s: %s", type, mesh_status_text(status));
    }
    process_lock(node->process);
    status = create(node, type, &terms, out, error);
    process_unlock(node->process);
    create_terms_fini(&terms);
    return status;
}

/* ---- ending ---- */

enum mesh_status mesh_node_request_exit(struct mesh_node *node, struct mesh_address who, bool alone) {
    uint8_t flag = 1;
    struct post post = {
        .from = node->own->inbox.address,
        .to = who,
        .kind = FRAME_EXIT_REQUEST,
        .type = "",
        .data = &flag,
        .bytes = alone ? 1 : 0,
    };
    process_lock(node->process);
    post.now_ns = process_now(node->process);
    enum mesh_status status = post_now(node->process, &post);
    if (status == MESH_OK) {
        drive_submitted(&node->drive, 0);
    }
    process_unlock(node->process);
    return status;
}

static bool is_gone(void *user) {
    const struct mesh_node *node = user;
    return node->admin_gone;
}

enum mesh_status mesh_node_shutdown(struct mesh_node *node, int timeout_ms) {
    process_lock(node->process);
    enum mesh_status status = MESH_OK;
    if (!node->admin_gone) {
        struct control control = {.kind = CONTROL_SHUTDOWN,
                                  .shutdown = {.timeout_ms = timeout_ms < 0 ? 0 : (uint32_t)timeout_ms}};
        status = process_send_control(node->process, process_admin(node->process), &control);
    }
    if (status == MESH_OK) {
        process_flush(node->process, true);
        status = drive_until(&node->drive, is_gone, node, handle_until(node, timeout_ms));
    }
    process_unlock(node->process);
    return status;
}
