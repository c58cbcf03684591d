/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/post.h"

#include "mesh/base/time.h"
#include "mesh/core/address.h"
#include <string.h>

static enum mesh_status check(const struct delivery_limits *limits, const struct post *post) {
    if (post->to.node == 0) {
        return MESH_INVALID_ADDRESS;
    }
    if (post->kind == FRAME_EXIT_REQUEST && address_number(post->to) == 0) {
        return MESH_REFUSED; /* an admin, or a process itself (C6) */
    }
    size_t type_bytes = post->type ? strnlen(post->type, FRAME_TYPE_BYTES + 1) : FRAME_TYPE_BYTES + 1;
    if (type_bytes > FRAME_TYPE_BYTES || (type_bytes == 0 && post->kind == FRAME_USER) ||
        (post->bytes > 0 && !post->data)) {
        return MESH_INVALID_ARGUMENT;
    }
    return post->bytes > limits->message_bytes_max ? MESH_TOO_LARGE : MESH_OK;
}

enum mesh_status post_make(struct message **out, struct process *process, const struct post *post) {
    enum mesh_status status = check(delivery_limits(process_delivery(process)), post);
    if (status != MESH_OK) {
        return status;
    }
    struct message_pool *pool = delivery_pool(process_delivery(process));
    struct message *message =
        message_new(pool, bytes_of_text(post->type), bytes_make(post->data, post->bytes)); /* a large one in a part */
    if (!message) {
        return MESH_NO_MEMORY;
    }
    message->sender = post->from;
    message->target = post->to;
    message->kind = post->kind;
    message->ask = post->ask;
    message->flags = (uint16_t)post->flags;
    message->urgent = post->urgent;
    message->deadline_ns = time_add(post->now_ns, post->expiry_ns ? post->expiry_ns : POST_EXPIRY_NS);
    *out = message;
    return MESH_OK;
}

struct room {
    const uint64_t *rooms;
    uint64_t seen;
};

static bool has_room(void *user) {
    const struct room *room = user;
    return *room->rooms != room->seen;
}

enum mesh_status post_submit(struct drive *drive, struct message *message, uint64_t now_ns, const uint64_t *rooms,
                             uint64_t until_ns) {
    uint64_t end_ns = time_min(until_ns, message->deadline_ns);
    enum mesh_status status = MESH_OK;
    while (status == MESH_OK) {
        struct room room = {.rooms = rooms, .seen = *rooms};
        if (room.seen == POST_CLOSED) {
            status = MESH_CLOSED;
            break;
        }
        status = delivery_submit(process_delivery(drive->process), now_ns, message);
        if (status == MESH_OK) {
            return MESH_OK;
        }
        if (status != MESH_WOULD_BLOCK || now_ns >= end_ns) {
            break;
        }
        status = drive_until(drive, has_room, &room, end_ns);
        now_ns = process_now(drive->process);
        status = status == MESH_TIMED_OUT ? MESH_WOULD_BLOCK : status;
    }
    message_release(message);
    return status;
}

enum mesh_status post_now(struct process *process, const struct post *post) {
    struct message *message = NULL;
    enum mesh_status status = post_make(&message, process, post);
    if (status != MESH_OK) {
        return status;
    }
    status = process_submit(process, message);
    if (status != MESH_OK) {
        message_release(message);
    }
    return status;
}
