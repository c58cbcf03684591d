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

static struct message draft_of(const struct post *post) {
    return (struct message){
        .count = 1,
        .sender = post->from,
        .target = post->to,
        .kind = post->kind,
        .ask = post->ask,
        .asker = post->asker,
        .flags = (uint16_t)post->flags,
        .urgent = post->urgent,
        .deadline_ns = time_add(post->now_ns, post->expiry_ns ? post->expiry_ns : POST_EXPIRY_NS),
        .type = bytes_of_text(post->type),
        .payload = bytes_make(post->data, post->bytes),
    };
}

enum mesh_status post_make(struct message **out, struct process *process, const struct post *post) {
    enum mesh_status status = check(delivery_limits(process_delivery(process)), post);
    if (status != MESH_OK) {
        return status;
    }
    struct message draft = draft_of(post);
    struct message *message = message_new_from(delivery_pool(process_delivery(process)), &draft);
    if (!message) {
        return MESH_NO_MEMORY;
    }
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

enum mesh_status post_send(struct drive *drive, const struct post *post, const uint64_t *rooms, uint64_t until_ns) {
    struct delivery *delivery = process_delivery(drive->process);
    enum mesh_status status = check(delivery_limits(delivery), post);
    if (status != MESH_OK) {
        return status;
    }
    struct message draft = draft_of(post);
    uint64_t now_ns = post->now_ns, end_ns = time_min(until_ns, draft.deadline_ns);
    for (;;) {
        struct room room = {.rooms = rooms, .seen = *rooms};
        if (room.seen == POST_CLOSED) {
            return MESH_CLOSED;
        }
        status = delivery_post(delivery, now_ns, &draft);
        if (status != MESH_WOULD_BLOCK || now_ns >= end_ns) {
            return status;
        }
        status = drive_until(drive, has_room, &room, end_ns);
        now_ns = process_now(drive->process);
        if (status != MESH_OK && status != MESH_TIMED_OUT) {
            return status;
        }
    }
}

enum mesh_status post_now(struct process *process, const struct post *post) {
    enum mesh_status status = check(delivery_limits(process_delivery(process)), post);
    struct message draft = draft_of(post);
    return status == MESH_OK ? delivery_post(process_delivery(process), process_now(process), &draft) : status;
}
