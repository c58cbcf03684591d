/* Changes of what a node has to offer, by its programs and its actors (H4).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/capabilities.h"
#include "mesh/core/capability.h"
#include "mesh/runtime/error.h"
#include "mesh/runtime/handle.h"
#include "mesh/runtime/hosted.h"
#include "mesh/runtime/report.h"
#include "mesh/runtime/requirement.h"
#include "mesh/runtime/value.h"
#include <mesh/convention.h>
#include <stdlib.h>
#include <string.h>

/* ---- to and from what travels ---- */

/* Its values go where `values` points, and their bytes where `room` does, which move on. */
static enum mesh_status convert(struct frame_capability *out, const struct mesh_capability *item,
                                struct frame_value **values, uint8_t **room) {
    if (!requirement_name_valid(item->name)) {
        return MESH_INVALID_ARGUMENT;
    }
    *out = (struct frame_capability){.name = bytes_of_text(item->name), .values = *values};
    if (capability_is_standard(out->name)) {
        return MESH_REFUSED;
    }
    if (item->value && !value_read_all(item->value, *values, &out->values_count, &out->list, room)) {
        return MESH_INVALID_ARGUMENT;
    }
    *values += out->values_count;
    return out->values_count > FRAME_VALUES ? MESH_TOO_LARGE : MESH_OK;
}

enum mesh_status capability_changes_init(struct capability_changes *out, const struct mesh_capability *changes,
                                         size_t count) {
    size_t values_count = 0, text_bytes = 0;
    if (count == 0 || !changes) {
        return MESH_INVALID_ARGUMENT;
    }
    if (count > FRAME_CAPABILITIES) {
        return MESH_TOO_LARGE;
    }
    for (size_t i = 0; i < count; i++) {
        values_count += changes[i].value ? value_count_max(changes[i].value) : 0;
        text_bytes += changes[i].value ? strlen(changes[i].value) : 0;
    }
    struct frame_capability *items =
        calloc(1, count * sizeof *items + values_count * sizeof(struct frame_value) + text_bytes);
    enum mesh_status status = items ? MESH_OK : MESH_NO_MEMORY;
    struct frame_value *values = (struct frame_value *)(void *)(items + count);
    uint8_t *room = (uint8_t *)(values + values_count);
    for (size_t i = 0; status == MESH_OK && i < count; i++) {
        status = convert(&items[i], &changes[i], &values, &room);
    }
    if (status != MESH_OK) {
        free(items);
        return status;
    }
    *out = (struct capability_changes){.items = items, .count = count};
    return MESH_OK;
}

void capability_changes_fini(struct capability_changes *changes) {
    free(changes->items);
    *changes = (struct capability_changes){0};
}

const struct mesh_capability *capabilities_print(struct arena *arena, const struct frame_capability *items,
                                                 size_t count) {
    struct mesh_capability *printed = arena_take(arena, (count ? count : 1) * sizeof *printed);
    for (size_t i = 0; printed && i < count; i++) {
        printed[i].name = report_text(arena, items[i].name);
        printed[i].value = value_print(arena, items[i].values, items[i].values_count);
        if (!printed[i].name || !printed[i].value) {
            return NULL;
        }
    }
    return printed;
}

/* ---- changes ---- */

static struct control control_of(const struct capability_changes *changes) {
    return (struct control){.kind = CONTROL_CAPABILITIES, .capabilities = {changes->count, changes->items}};
}

enum mesh_status mesh_node_set_capabilities(struct mesh_node *node, const struct mesh_capability *changes, size_t count,
                                            int timeout_ms, struct mesh_error *error) {
    struct capability_changes read;
    struct handle_request request;
    enum mesh_status status = capability_changes_init(&read, changes, count);
    if (status == MESH_REFUSED) {
        return error_set(error, status, "standard capabilities cannot be changed");
    }
    if (status != MESH_OK) {
        return error_set(
            error, status,
            "the capabilities: %s: a name has 1 to %d bytes, none a control character; a list no empty item",
            mesh_status_text(status), FRAME_NAME_BYTES);
    }
    struct control control = control_of(&read);
    process_lock(node->process);
    status = handle_request(node, &control, handle_until(node, timeout_ms), &request);
    process_unlock(node->process);
    capability_changes_fini(&read);
    return status == MESH_OK ? MESH_OK : error_set(error, status, "%s", request.error.text);
}

enum mesh_status mesh_set_capabilities(struct mesh_actor *self, const struct mesh_capability *changes, size_t count) {
    struct host *host = self->host;
    struct capability_changes read;
    enum mesh_status status = capability_changes_init(&read, changes, count);
    if (status != MESH_OK) {
        return status;
    }
    struct control control = control_of(&read);
    process_lock(host->process);
    status = process_send_control(host->process, process_admin(host->process), &control);
    if (status == MESH_OK && !pthread_equal(pthread_self(), host->main)) {
        drive_submitted(&host->drive, 0);
    }
    process_unlock(host->process);
    capability_changes_fini(&read);
    return status;
}
