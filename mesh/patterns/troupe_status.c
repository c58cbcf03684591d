/* The status of a troupe, as it is read: <mesh/troupe.h>.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <inttypes.h>
#include <mesh/troupe.h>
#include <stdio.h>

enum { FIELDS = 8 };

enum mesh_status mesh_troupe_read_status(const struct mesh_message *message, struct mesh_troupe_status *out) {
    struct mesh_troupe_status read = {0};
    size_t bytes;
    const char *text = mesh_message_data(message, &bytes);
    if (!mesh_message_is(message, MESH_TROUPE_STATUS) || bytes == 0 || text[bytes - 1] != 0 ||
        sscanf(text,
               "max=%" SCNu32 " idle=%" SCNu32 " workers=%" SCNu32 " busy=%" SCNu32 " waiting=%" SCNu64 " done=%" SCNu64
               " failed=%" SCNu64 " given_back=%" SCNu64,
               &read.max, &read.idle, &read.workers, &read.busy, &read.waiting, &read.done, &read.failed,
               &read.given_back) != FIELDS) {
        return MESH_INVALID_ARGUMENT;
    }
    *out = read;
    return MESH_OK;
}
