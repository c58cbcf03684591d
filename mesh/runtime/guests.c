/* What programs and actors tell the leader about guests: <mesh/convention.h>.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/address.h"
#include "mesh/runtime/error.h"
#include "mesh/runtime/handle.h"
#include "mesh/runtime/hosted.h"
#include "mesh/runtime/requirement.h"
#include <mesh/convention.h>
#include <string.h>

/* What the admin judges is only that it is not absurd here. */
static bool is_text(const char *text) {
    size_t bytes = text ? strnlen(text, FRAME_ENDPOINT_BYTES + 1) : 0;
    return bytes > 0 && bytes <= FRAME_ENDPOINT_BYTES;
}

static struct control preregister(const char *endpoint, const struct requirements *expected) {
    return (struct control){.kind = CONTROL_PREREGISTER,
                            .preregister = {.endpoint = bytes_of_text(endpoint),
                                            .expected = expected->items,
                                            .expected_count = expected->count}};
}

/* The text of an admin's address, or else an endpoint. False for the address of anybody else. */
static bool dismiss(const char *who, struct control *out) {
    struct mesh_address address;
    *out = (struct control){.kind = CONTROL_DISMISS};
    if (mesh_address_parse(who, &address) != MESH_OK) {
        out->dismiss.endpoint = bytes_of_text(who);
        return true;
    }
    out->dismiss.admin = address.node;
    return mesh_address_equal(address, address_make(address.node, 0, 0));
}

/* ---- programs ---- */

enum mesh_status mesh_node_preregister(struct mesh_node *node, const char *endpoint,
                                       const struct mesh_requirement *expected, size_t count, int timeout_ms,
                                       struct mesh_error *error) {
    struct requirements requirements;
    if (!is_text(endpoint)) {
        return error_set(error, MESH_INVALID_ARGUMENT, "an endpoint has 1 to %d characters", FRAME_ENDPOINT_BYTES);
    }
    enum mesh_status status = requirements_init(&requirements, expected, count);
    if (status != MESH_OK) {
        return error_set(error, status, "what is expected of %s: %s", endpoint, mesh_status_text(status));
    }
    struct control control = preregister(endpoint, &requirements);
    status = handle_wish(node, &control, timeout_ms, error);
    requirements_fini(&requirements);
    return status;
}

enum mesh_status mesh_node_deregister(struct mesh_node *node, const char *who, int timeout_ms,
                                      struct mesh_error *error) {
    struct control control;
    if (!is_text(who) || !dismiss(who, &control)) {
        return error_set(error, MESH_INVALID_ARGUMENT,
                         "'%.100s' is neither an endpoint nor the address of an admin: `mesh status` shows the members",
                         who ? who : "");
    }
    return handle_wish(node, &control, timeout_ms, error);
}

/* ---- actors ---- */

static enum mesh_status tell(struct mesh_actor *self, const struct control *control) {
    struct host *host = self->host;
    process_lock(host->process);
    enum mesh_status status = process_send_control(host->process, process_admin(host->process), control);
    if (status == MESH_OK && !pthread_equal(pthread_self(), host->main)) {
        drive_submitted(&host->drive, 0);
    }
    process_unlock(host->process);
    return status;
}

enum mesh_status mesh_preregister(struct mesh_actor *self, const char *endpoint,
                                  const struct mesh_requirement *expected, size_t count) {
    struct requirements requirements;
    if (!is_text(endpoint)) {
        return MESH_INVALID_ARGUMENT;
    }
    enum mesh_status status = requirements_init(&requirements, expected, count);
    if (status != MESH_OK) {
        return status;
    }
    struct control control = preregister(endpoint, &requirements);
    status = tell(self, &control);
    requirements_fini(&requirements);
    return status;
}

enum mesh_status mesh_deregister(struct mesh_actor *self, const char *who) {
    struct control control;
    return is_text(who) && dismiss(who, &control) ? tell(self, &control) : MESH_INVALID_ARGUMENT;
}
