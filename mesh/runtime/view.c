/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/view.h"

#include "mesh/base/time.h"
#include <stdlib.h>
#include <string.h>

static enum mesh_kind kind_of(enum frame_kind kind) {
    switch (kind) {
    case FRAME_USER:
    case FRAME_CONTROL:
    case FRAME_SKIP:
    case FRAME_CHUNK:
        return MESH_USER;
    case FRAME_EXIT_REQUEST:
        return MESH_EXIT_REQUEST;
    case FRAME_CHILD_EXITED:
        return MESH_CHILD_EXITED;
    case FRAME_POISON:
        return MESH_POISON;
    case FRAME_DEAD:
        return MESH_DEAD_LETTER;
    case FRAME_WAKEUP:
        return MESH_WAKEUP;
    case FRAME_WATCH:
        return MESH_WATCH;
    case FRAME_REPORT:
        return MESH_REPORT;
    case FRAME_UPDATE:
        return MESH_UPDATE;
    case FRAME_SOURCE:
        return MESH_SOURCE;
    case FRAME_VALIDATE:
        return MESH_VALIDATE;
    }
    return MESH_USER;
}

static const char *terminate(char *room, struct bytes text, size_t max) {
    size_t bytes = text.size < max ? text.size : max;
    if (bytes > 0) {
        memcpy(room, text.data, bytes);
    }
    room[bytes] = 0;
    return room;
}

static void show_wakeup(struct mesh_message *view) {
    memcpy(&view->ask, view->payload.data, 8);
    memcpy(&view->delay_ms, view->payload.data + 8, 8);
    view->payload = bytes_make(view->payload.data + VIEW_WAKEUP_BYTES, view->payload.size - VIEW_WAKEUP_BYTES);
}

static void show_source(struct mesh_message *view) {
    view->head = (const char *)view->payload.data;
    view->payload = bytes_make(view->payload.data + VIEW_SOURCE_BYTES, view->payload.size - VIEW_SOURCE_BYTES);
}

static void show_dead(struct view *view, const struct message *message) {
    struct mesh_message *outer = &view->message;
    memcpy(&outer->dead, outer->payload.data, sizeof outer->dead);
    view->inner = *outer;
    view->inner.kind = MESH_USER;
    view->inner.sender = outer->dead.sender;
    view->inner.payload =
        bytes_make(outer->payload.data + sizeof outer->dead, outer->payload.size - sizeof outer->dead);
    outer->sender = outer->dead.target;
    outer->inner = &view->inner;
    outer->failure = terminate(view->failure, message->text, FRAME_TEXT_BYTES);
    outer->payload = (struct bytes){0};
}

void view_show(struct view *view, const struct message *message) {
    view->message = (struct mesh_message){
        .kind = kind_of(message->kind),
        .flags = message->flags,
        .sender = message->sender,
        .asker = message->asker,
        .ask = message->ask,
        .type = message->type,
        .payload = message->payload,
        .type_room = view->type,
    };
    if (message->kind == FRAME_WAKEUP) {
        show_wakeup(&view->message);
    }
    if (message->kind == FRAME_SOURCE || message->kind == FRAME_VALIDATE) {
        show_source(&view->message);
    }
    if (message->kind == FRAME_DEAD) {
        show_dead(view, message);
    }
    if (message->kind == FRAME_POISON) {
        view->inner = view->message;
        view->inner.kind = MESH_USER;
        view->inner.sender = message->target;
        view->message.inner = &view->inner;
        struct bytes text = message->text;
        if (text.size >= sizeof view->message.sender) {
            memcpy(&view->message.sender, text.data, sizeof view->message.sender);
            text = bytes_make(text.data + sizeof view->message.sender, text.size - sizeof view->message.sender);
        }
        view->message.failure = terminate(view->failure, text, FRAME_TEXT_BYTES);
        view->message.payload = (struct bytes){0};
    }
}

void view_turn(struct message *message, struct mesh_address process) {
    uint8_t text[FRAME_TEXT_BYTES];
    size_t bytes = sizeof message->target;
    memcpy(text, &message->target, bytes);
    size_t cut = message->text.size < sizeof text - bytes ? message->text.size : sizeof text - bytes;
    if (cut > 0) {
        memcpy(text + bytes, message->text.data, cut);
    }
    message_set_text(message, bytes_make(text, bytes + cut));
    message->kind = FRAME_POISON;
    message->target = message->sender;
    message->sender = process;
    message->seq = message->epoch = message->ask = 0;
    message->asker = (struct mesh_address){0};
    message->flags = 0;
    message->deadline_ns = TIME_NEVER;
}

void view_show_exit_request(struct view *view, struct mesh_address sender) {
    view->message = (struct mesh_message){.kind = MESH_EXIT_REQUEST, .sender = sender, .type_room = view->type};
}

/* One block: the message, the inner one if there is a failure, their texts, and a payload that has no part. */
static struct mesh_message *keep(const struct message *message, enum mesh_kind kind, struct bytes failure) {
    bool failed = kind == MESH_POISON || kind == MESH_DEAD_LETTER;
    size_t copied = message->part ? 0 : message->payload.size;
    size_t head = failed ? 2 * sizeof(struct mesh_message) : sizeof(struct mesh_message);
    struct mesh_message *kept = malloc(head + message->type.size + 1 + failure.size + 1 + copied);
    if (!kept) {
        return NULL;
    }
    char *room = (char *)kept + head;
    struct mesh_message content = {
        .kind = MESH_USER,
        .flags = message->flags,
        .sender = message->sender,
        .asker = message->asker,
        .ask = message->ask,
        .type_text = terminate(room, message->type, message->type.size),
    };
    content.type = bytes_make(room, message->type.size);
    room += message->type.size + 1;
    const char *text = terminate(room, failure, failure.size);
    room += failure.size + 1;
    if (copied > 0) {
        memcpy(room, message->payload.data, copied);
    }
    content.payload = message->part ? message->payload : bytes_make(room, copied);
    struct mesh_message *outer = kept;
    *outer = content;
    outer->part = message->part ? part_hold(message->part) : NULL;
    outer->kind = kind;
    if (failed) {
        kept[1] = content;
        outer->inner = &kept[1];
        outer->sender = message->target;
        outer->failure = text;
        outer->dead = (struct mesh_dead){.target = message->target,
                                         .sender = message->sender,
                                         .reason = (enum mesh_reason)message->reason,
                                         .maybe_handled = message->maybe_handled,
                                         .bytes = message->payload.size};
        outer->payload = (struct bytes){0};
    }
    return kept;
}

struct mesh_message *view_keep(const struct message *message) {
    return keep(message, kind_of(message->kind), (struct bytes){0});
}

struct mesh_message *mesh_message_copy(const struct mesh_message *message) {
    struct message content = {
        .kind = FRAME_USER,
        .flags = (uint16_t)message->flags,
        .sender = message->sender,
        .asker = message->asker,
        .ask = message->ask,
        .type = message->type,
        .payload = message->payload,
        .part = message->part,
    };
    return message->kind == MESH_USER ? view_keep(&content) : NULL;
}

static const char *reason_text(enum frame_reason reason) {
    static const char *const texts[] = {
        [FRAME_NO_REASON] = "it died",
        [FRAME_EXITED] = "the target has exited",
        [FRAME_NEVER_CREATED] = "the target was never created",
        [FRAME_EXPIRED] = "it expired",
        [FRAME_REFUSED] = "it was refused",
        [FRAME_NODE_LOST] = "the target's node was lost",
    };
    return texts[reason];
}

struct bytes view_failure(const struct message *message) {
    return message->text.size > 0 ? message->text : bytes_of_text(reason_text(message->reason));
}

struct mesh_message *view_keep_failed(const struct message *message) {
    bool returned = message->outcome == FRAME_RETURNED;
    return keep(message, returned ? MESH_POISON : MESH_DEAD_LETTER, view_failure(message));
}

size_t view_pack_wakeup(uint8_t *payload, uint64_t id, uint64_t delay_ms, struct bytes content) {
    memcpy(payload, &id, 8);
    memcpy(payload + 8, &delay_ms, 8);
    if (content.size > 0) {
        memcpy(payload + VIEW_WAKEUP_BYTES, content.data, content.size);
    }
    return VIEW_WAKEUP_BYTES + content.size;
}

size_t view_pack_dead(uint8_t *payload, const struct mesh_dead *dead, struct bytes content) {
    memcpy(payload, dead, sizeof *dead);
    if (content.size > 0) {
        memcpy(payload + sizeof *dead, content.data, content.size);
    }
    return sizeof *dead + content.size;
}

size_t view_pack_exit(uint8_t payload[VIEW_EXIT_BYTES], const struct mesh_exit *exit, size_t text_bytes) {
    uint32_t how = exit->how;
    size_t cut = text_bytes < FRAME_TEXT_BYTES ? text_bytes : FRAME_TEXT_BYTES;
    memcpy(payload, &exit->child, 16);
    memcpy(payload + 16, &how, 4);
    memcpy(payload + 20, &exit->number, 4);
    (void)terminate((char *)payload + 24, bytes_make(exit->text, cut), cut);
    return 24 + cut + 1;
}

/* ---- the public reading of a message ---- */

enum mesh_kind mesh_message_kind(const struct mesh_message *message) {
    return message->kind;
}

struct mesh_address mesh_message_sender(const struct mesh_message *message) {
    return message->sender;
}

const char *mesh_message_type(const struct mesh_message *message) {
    if (message->kind != MESH_USER) {
        return "";
    }
    if (!message->type_text) {
        /* A borrowed message lies on its host's stack and belongs to one handler, so this write races with nobody. */
        struct mesh_message *own = (struct mesh_message *)(uintptr_t)message;
        own->type_text = terminate(message->type_room, message->type, FRAME_TYPE_BYTES);
    }
    return message->type_text;
}

bool mesh_message_is(const struct mesh_message *message, const char *type) {
    size_t bytes = strlen(type);
    return message->kind == MESH_USER && message->type.size == bytes && memcmp(message->type.data, type, bytes) == 0;
}

const void *mesh_message_data(const struct mesh_message *message, size_t *bytes) {
    static const char empty[] = "";
    *bytes = message->payload.size;
    return message->payload.size > 0 ? (const void *)message->payload.data : empty;
}

const char *mesh_message_text(const struct mesh_message *message) {
    struct bytes payload = message->payload;
    bool terminated = payload.size > 0 && payload.data[payload.size - 1] == 0;
    return terminated && mesh_message_is(message, MESH_TEXT) ? (const char *)payload.data : NULL;
}

bool mesh_message_redelivered(const struct mesh_message *message) {
    return (message->flags & FRAME_RUN_REDELIVERED) != 0;
}

enum mesh_status mesh_message_exit(const struct mesh_message *message, struct mesh_exit *out) {
    struct bytes payload = message->payload;
    if (message->kind != MESH_CHILD_EXITED || payload.size < 25 || payload.data[payload.size - 1] != 0) {
        return MESH_INVALID_ARGUMENT;
    }
    uint32_t how = 0;
    memcpy(&out->child, payload.data, 16);
    memcpy(&how, payload.data + 16, 4);
    memcpy(&out->number, payload.data + 20, 4);
    out->how = (enum mesh_how)how;
    out->text = (const char *)payload.data + 24;
    return MESH_OK;
}

enum mesh_status mesh_message_wakeup(const struct mesh_message *message, struct mesh_timer *out) {
    if (message->kind != MESH_WAKEUP) {
        return MESH_INVALID_ARGUMENT;
    }
    *out = (struct mesh_timer){
        .id = message->ask,
        .delay_ms = message->delay_ms,
        .data = message->payload.data,
        .bytes = message->payload.size,
    };
    return MESH_OK;
}

size_t mesh_message_ready(const struct mesh_message *message, int *fds, size_t max) {
    size_t count = message->kind == MESH_WATCH ? message->payload.size / sizeof *fds : 0;
    size_t copied = count < max ? count : max;
    if (copied > 0) {
        memcpy(fds, message->payload.data, copied * sizeof *fds);
    }
    return count;
}

enum mesh_status mesh_message_dead(const struct mesh_message *message, struct mesh_dead *out) {
    if (message->kind != MESH_DEAD_LETTER) {
        return MESH_INVALID_ARGUMENT;
    }
    *out = message->dead;
    return MESH_OK;
}

const struct mesh_message *mesh_message_inner(const struct mesh_message *message) {
    return message->inner;
}

const char *mesh_message_failure(const struct mesh_message *message) {
    return message->inner ? message->failure : NULL;
}

void mesh_message_release(struct mesh_message **message) {
    if (message && *message) {
        part_release((*message)->part);
        free(*message);
        *message = NULL;
    }
}
