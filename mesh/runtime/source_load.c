/* Sources for node programs: <mesh/source.h> (J1, J5).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/error.h"
#include "mesh/runtime/handle.h"
#include "mesh/runtime/source_digest.h"
#include <mesh/source.h>

enum mesh_status mesh_node_load_source(struct mesh_node *node, const void *data, size_t bytes, const char *info,
                                       int timeout_ms, struct mesh_error *error) {
    uint8_t digest[SOURCE_HASH_BYTES];
    size_t info_bytes = info ? strlen(info) : 0;
    if (!node || !data || bytes == 0 || info_bytes > MESH_SOURCE_INFO_BYTES) {
        return error_set(error, MESH_INVALID_ARGUMENT, "a source has bytes, and an info text of at most %d",
                         MESH_SOURCE_INFO_BYTES);
    }
    if (bytes > MESH_SOURCE_BYTES) {
        return error_set(error, MESH_TOO_LARGE, "a source has at most %d MiB", MESH_SOURCE_BYTES / 1024 / 1024);
    }
    source_digest(digest, bytes_make(data, bytes));
    struct handle_request request;
    struct control control = {.kind = CONTROL_SOURCE};
    control.source = (struct control_source){.what = CONTROL_SOURCE_LOAD,
                                             .hash = bytes_make(digest, sizeof digest),
                                             .size = bytes,
                                             .text = bytes_of_text(info ? info : "")};
    process_lock(node->process);
    enum mesh_status status =
        handle_offer(node, &control, handle_until(node, timeout_ms), bytes_make(data, bytes), &request);
    process_unlock(node->process);
    return status == MESH_OK ? MESH_OK : error_set(error, status, "the source is not loaded: %s", request.error.text);
}

enum mesh_status mesh_node_unload_source(struct mesh_node *node, const char *hash, int timeout_ms,
                                         struct mesh_error *error) {
    uint8_t digest[SOURCE_HASH_BYTES];
    if (!node || !hash || !source_hash_parse(hash, digest)) {
        return error_set(error, MESH_INVALID_ARGUMENT, "a source is named by 64 hexadecimal digits");
    }
    struct control control = {.kind = CONTROL_SOURCE};
    control.source = (struct control_source){.what = CONTROL_SOURCE_UNLOAD, .hash = bytes_make(digest, sizeof digest)};
    return handle_wish(node, &control, timeout_ms, error);
}
