/* A create with a global name in an actor's code: the one that waits for its answer (G3).
 *
 * The host receives, settles and acknowledges meanwhile, but starts no handler.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/time.h"
#include "mesh/runtime/create_terms.h"
#include "mesh/runtime/hosted.h"

#define NAME_WAIT_NS (5 * NS_PER_S) /* G3 */

struct named_create {
    struct named_create *next;
    uint64_t id;
    bool answered;
    enum mesh_status status;
    struct mesh_address address;
};

static bool is_answered(void *user) {
    const struct named_create *waiting = user;
    return waiting->answered;
}

bool named_create_on_answer(struct host *host, const struct control *control) {
    struct named_create *waiting = host->named_creates;
    while (waiting && waiting->id != control->id) {
        waiting = waiting->next;
    }
    if (!waiting || (control->kind != CONTROL_CREATED && control->kind != CONTROL_CREATE_FAILED)) {
        return false;
    }
    waiting->answered = true;
    waiting->status = control->kind == CONTROL_CREATED ? MESH_OK : control->create_failed.status;
    waiting->address = control->kind == CONTROL_CREATED ? control->created.address : waiting->address;
    return true;
}

static enum mesh_status wait_for(struct host *host, struct named_create *waiting) {
    waiting->next = host->named_creates;
    host->named_creates = waiting;
    enum mesh_status status =
        drive_until(&host->drive, is_answered, waiting, time_add(process_now(host->process), NAME_WAIT_NS));
    struct named_create **link = &host->named_creates;
    while (*link != waiting) {
        link = &(*link)->next;
    }
    *link = waiting->next;
    return status == MESH_OK ? waiting->status : status;
}

enum mesh_status named_create(struct mesh_actor *self, const char *type, bool brought, const struct create_terms *terms,
                              struct mesh_address *out) {
    struct host *host = self->host;
    struct named_create waiting = {.id = ++host->last_named};
    struct control request = {.id = waiting.id, .kind = CONTROL_CREATE, .create = {.type = bytes_of_text(type)}};
    create_terms_put(terms, &request.create);
    if (brought) {
        request.create.program = bytes_of_text(host->options->program);
    }
    if (host->create_named) {
        return host->create_named(host, &request.create, out);
    }
    enum mesh_status status = process_send_control(host->process, process_admin(host->process), &request);
    if (status != MESH_OK) {
        return status;
    }
    process_flush(host->process, true);
    status = wait_for(host, &waiting);
    if (status == MESH_OK) {
        *out = waiting.address;
    }
    return status == MESH_INTERRUPTED ? MESH_TIMED_OUT : status;
}
