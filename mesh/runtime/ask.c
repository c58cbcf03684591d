/* Telling, asking and listening, at endpoints and at handles (D11).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/time.h"
#include "mesh/runtime/handle.h"
#include "mesh/runtime/post.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

uint64_t handle_until(const struct mesh_node *node, int timeout_ms) {
    return timeout_ms < 0 ? TIME_NEVER : process_now(node->process) + (uint64_t)timeout_ms * NS_PER_MS;
}

/* ---- calls ---- */

static void enter(struct mesh_endpoint *endpoint) {
    process_lock(endpoint->node->process);
    endpoint->users++;
}

static void leave(struct mesh_endpoint *endpoint) {
    endpoint->users--;
    if (endpoint->closing) {
        drive_changed(&endpoint->node->drive);
    }
    process_unlock(endpoint->node->process);
}

static bool is_over(const struct mesh_endpoint *endpoint) {
    return endpoint->closing || endpoint->node->admin_gone;
}

/* One thread at a time receives. */
static bool may_receive(void *user) {
    const struct mesh_endpoint *endpoint = user;
    return !endpoint->receiving || endpoint->closing;
}

static enum mesh_status begin_receiving(struct mesh_endpoint *endpoint, uint64_t until_ns) {
    endpoint->waiting++;
    enum mesh_status status = drive_until(&endpoint->node->drive, may_receive, endpoint, until_ns);
    endpoint->waiting--;
    if (status == MESH_OK && endpoint->closing) {
        return MESH_CLOSED;
    }
    endpoint->receiving = endpoint->receiving || status == MESH_OK;
    return status;
}

static void end_receiving(struct mesh_endpoint *endpoint) {
    endpoint->receiving = false;
    if (endpoint->waiting > 0) {
        drive_changed(&endpoint->node->drive);
    }
}

/* ---- telling ---- */

static enum mesh_status send(struct mesh_endpoint *endpoint, const struct post *post, uint64_t until_ns) {
    return post_send(&endpoint->node->drive, post, &endpoint->rooms, until_ns);
}

enum mesh_status mesh_endpoint_tell(struct mesh_endpoint *endpoint, struct mesh_address to, const char *type,
                                    const void *data, size_t bytes) {
    if (!endpoint) {
        return MESH_INVALID_ARGUMENT;
    }
    struct post post = {
        .from = endpoint->inbox.address, .to = to, .kind = FRAME_USER, .type = type, .data = data, .bytes = bytes};
    enter(endpoint);
    struct mesh_node *node = endpoint->node;
    post.now_ns = node->now_ns = process_now_after(node->process, node->now_ns, &node->now_calls);
    enum mesh_status status = send(endpoint, &post, TIME_NEVER);
    if (status == MESH_OK) {
        drive_submitted(&node->drive, bytes);
    }
    leave(endpoint);
    return status;
}

/* ---- asking ---- */

static bool reply_is_there(void *user) {
    const struct mesh_endpoint *endpoint = user;
    return inbox_is_answered(&endpoint->inbox) || is_over(endpoint);
}

static enum mesh_status await_reply(struct mesh_endpoint *endpoint, uint64_t until_ns, struct mesh_message **reply) {
    struct inbox *inbox = &endpoint->inbox;
    inbox_await(inbox, until_ns);
    enum mesh_status status = drive_until(&endpoint->node->drive, reply_is_there, endpoint, until_ns);
    inbox->asking = false;
    if (status != MESH_OK) {
        return status;
    }
    if (inbox_is_answered(inbox)) {
        return inbox_take_answer(inbox, reply);
    }
    inbox->ask = INBOX_ASK_NONE;
    return MESH_CLOSED;
}

static enum mesh_status ask(struct mesh_endpoint *endpoint, struct post *post, uint64_t until_ns,
                            struct mesh_message **reply) {
    struct mesh_node *node = endpoint->node;
    enum mesh_status status = begin_receiving(endpoint, until_ns);
    if (status != MESH_OK) {
        return status;
    }
    post->ask = ++node->last_id;
    inbox_begin_ask(&endpoint->inbox, post->ask, post->to);
    post->now_ns = process_now(node->process);
    status = send(endpoint, post, until_ns);
    if (status == MESH_OK) {
        process_flush(node->process, true);
        status = await_reply(endpoint, until_ns, reply);
    } else {
        endpoint->inbox.ask = INBOX_ASK_NONE;
        status = status == MESH_WOULD_BLOCK ? MESH_TIMED_OUT : status;
    }
    end_receiving(endpoint);
    return status;
}

enum mesh_status mesh_endpoint_ask(struct mesh_endpoint *endpoint, struct mesh_address to, const char *type,
                                   const void *data, size_t bytes, int timeout_ms, struct mesh_message **reply) {
    if (!endpoint || !reply) {
        return MESH_INVALID_ARGUMENT;
    }
    struct post post = {
        .from = endpoint->inbox.address, .to = to, .kind = FRAME_USER, .type = type, .data = data, .bytes = bytes};
    *reply = NULL;
    enter(endpoint);
    enum mesh_status status = ask(endpoint, &post, handle_until(endpoint->node, timeout_ms), reply);
    leave(endpoint);
    return status;
}

enum mesh_status mesh_endpoint_ask_resume(struct mesh_endpoint *endpoint, int timeout_ms, struct mesh_message **reply) {
    if (!endpoint || !reply) {
        return MESH_INVALID_ARGUMENT;
    }
    *reply = NULL;
    enter(endpoint);
    uint64_t until_ns = handle_until(endpoint->node, timeout_ms);
    enum mesh_status status = begin_receiving(endpoint, until_ns);
    if (status == MESH_OK) {
        status = endpoint->inbox.ask == INBOX_ASK_NONE ? MESH_NOT_FOUND : await_reply(endpoint, until_ns, reply);
        end_receiving(endpoint);
    }
    leave(endpoint);
    return status;
}

/* ---- listening ---- */

static bool mail_is_there(void *user) {
    const struct mesh_endpoint *endpoint = user;
    return inbox_has_mail(&endpoint->inbox) || is_over(endpoint);
}

enum mesh_status mesh_endpoint_listen(struct mesh_endpoint *endpoint, int timeout_ms, struct mesh_message **out) {
    if (!endpoint || !out) {
        return MESH_INVALID_ARGUMENT;
    }
    *out = NULL;
    enter(endpoint);
    uint64_t until_ns = handle_until(endpoint->node, timeout_ms);
    enum mesh_status status = begin_receiving(endpoint, until_ns);
    bool receiving = status == MESH_OK;
    while (status == MESH_OK && !*out) {
        status = drive_until(&endpoint->node->drive, mail_is_there, endpoint, until_ns);
        *out = status == MESH_OK ? inbox_take(&endpoint->inbox) : NULL;
        if (status == MESH_OK && !*out && is_over(endpoint)) {
            status = MESH_CLOSED;
        }
    }
    if (receiving) {
        end_receiving(endpoint);
    }
    leave(endpoint);
    return status;
}

/* ---- on the handle's own endpoint ---- */

enum mesh_status mesh_tell(struct mesh_node *node, struct mesh_address to, const char *type, const void *data,
                           size_t bytes) {
    return mesh_endpoint_tell(node ? node->own : NULL, to, type, data, bytes);
}

enum mesh_status mesh_ask(struct mesh_node *node, struct mesh_address to, const char *type, const void *data,
                          size_t bytes, int timeout_ms, struct mesh_message **reply) {
    return mesh_endpoint_ask(node ? node->own : NULL, to, type, data, bytes, timeout_ms, reply);
}

enum mesh_status mesh_ask_resume(struct mesh_node *node, int timeout_ms, struct mesh_message **reply) {
    return mesh_endpoint_ask_resume(node ? node->own : NULL, timeout_ms, reply);
}

enum mesh_status mesh_listen(struct mesh_node *node, int timeout_ms, struct mesh_message **out) {
    return mesh_endpoint_listen(node ? node->own : NULL, timeout_ms, out);
}

enum mesh_status mesh_ask_text(struct mesh_node *node, struct mesh_address to, const char *text, int timeout_ms,
                               struct mesh_message **reply) {
    return text ? mesh_ask(node, to, MESH_TEXT, text, strlen(text) + 1, timeout_ms, reply) : MESH_INVALID_ARGUMENT;
}

enum mesh_status mesh_tell_text(struct mesh_node *node, struct mesh_address to, const char *format, ...) {
    char room[1024];
    char *text = room;
    va_list arguments;
    va_list again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(room, sizeof room, format, arguments);
    if (length >= (int)sizeof room) {
        text = malloc((size_t)length + 1);
        if (text) {
            (void)vsnprintf(text, (size_t)length + 1, format, again);
        }
    }
    va_end(again);
    va_end(arguments);
    if (length < 0 || !text) {
        return MESH_NO_MEMORY;
    }
    enum mesh_status status = mesh_tell(node, to, MESH_TEXT, text, (size_t)length + 1);
    if (text != room) {
        free(text);
    }
    return status;
}
