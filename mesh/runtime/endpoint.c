/* The life of an endpoint.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/endpoint.h"

#include "mesh/base/time.h"
#include "mesh/runtime/handle.h"
#include "mesh/runtime/post.h"
#include <stdlib.h>

/* ---- opening ---- */

enum mesh_status endpoint_open(struct mesh_node *node, struct mesh_address address, struct mesh_endpoint **out) {
    struct mesh_endpoint *endpoint = calloc(1, sizeof *endpoint);
    if (!endpoint) {
        return MESH_NO_MEMORY;
    }
    endpoint->node = node;
    enum mesh_status status = map_put(&node->endpoints, &address, endpoint);
    if (status == MESH_OK && (status = inbox_open(&endpoint->inbox, node->process, address)) != MESH_OK) {
        (void)map_remove(&node->endpoints, &address);
    }
    if (status != MESH_OK) {
        free(endpoint);
        return status;
    }
    *out = endpoint;
    return MESH_OK;
}

enum mesh_status mesh_endpoint_open(struct mesh_node *node, struct mesh_endpoint **out) {
    if (!node || !out) {
        return MESH_INVALID_ARGUMENT;
    }
    process_lock(node->process);
    struct mesh_address address;
    enum mesh_status status = node->admin_gone ? MESH_CLOSED : address_mint(&node->mint, &address);
    if (status == MESH_OK) {
        status = endpoint_open(node, address, out);
    }
    process_unlock(node->process);
    return status;
}

struct mesh_address mesh_endpoint_address(const struct mesh_endpoint *endpoint) {
    return endpoint->inbox.address;
}

/* ---- closing ---- */

static bool is_deserted(void *user) {
    const struct mesh_endpoint *endpoint = user;
    return endpoint->users == 0;
}

void endpoint_begin_close(struct mesh_endpoint *endpoint) {
    struct mesh_node *node = endpoint->node;
    endpoint->closing = true;
    endpoint->rooms = POST_CLOSED;
    drive_changed(&node->drive);
    while (drive_until(&node->drive, is_deserted, endpoint, TIME_NEVER) == MESH_INTERRUPTED) {
    }
    inbox_close(&endpoint->inbox);
    process_flush(node->process, true);
}

bool endpoint_is_drained(void *user) {
    const struct mesh_endpoint *endpoint = user;
    return endpoint->drained || endpoint->node->admin_gone;
}

void endpoint_destroy(struct mesh_endpoint *endpoint) {
    inbox_fini(&endpoint->inbox);
    (void)map_remove(&endpoint->node->endpoints, &endpoint->inbox.address);
    free(endpoint);
}

void mesh_endpoint_close(struct mesh_endpoint **closed) {
    if (!closed || !*closed) {
        return;
    }
    struct mesh_endpoint *endpoint = *closed;
    struct mesh_node *node = endpoint->node;
    process_lock(node->process);
    uint64_t until_ns = process_now(node->process) + HANDLE_DRAIN_WAIT_NS;
    endpoint_begin_close(endpoint);
    while (drive_until(&node->drive, endpoint_is_drained, endpoint, until_ns) == MESH_INTERRUPTED) {
    }
    endpoint_destroy(endpoint);
    process_unlock(node->process);
    *closed = NULL;
}

/* ---- what the process tells ---- */

void endpoint_on_room(struct mesh_endpoint *endpoint) {
    endpoint->rooms += endpoint->rooms != POST_CLOSED;
}

void endpoint_on_gone(struct mesh_endpoint *endpoint) {
    endpoint->rooms = POST_CLOSED;
}
