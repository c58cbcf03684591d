/* Telling, asking and listening (D11).
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

/* ---- the inbox ---- */

void handle_put_aside(struct mesh_node *node, struct mesh_message *message) {
    message->next = NULL;
    *node->aside_tail = message;
    node->aside_tail = &message->next;
    node->aside_count++;
}

static struct mesh_message *take_aside(struct mesh_node *node) {
    struct mesh_message *message = node->aside;
    if (message) {
        node->aside = message->next;
        node->aside_tail = node->aside ? node->aside_tail : &node->aside;
        node->aside_count--;
        message->next = NULL;
    }
    return message;
}

static void settle(struct mesh_node *node, enum frame_outcome outcome, enum frame_reason reason) {
    struct delivery_event verdict = {
        .kind = DELIVERY_VERDICT, .address = node->endpoint, .outcome = outcome, .reason = reason};
    (void)process_step(node->process, &verdict);
}

/* The next user message of the mailbox; other kinds are not shown to a program, and an exit request is refused (C6).
 * NULL when there is none, or no memory to show it, which leaves it for the next try. */
static struct mesh_message *take_mail(struct mesh_node *node) {
    struct message *message;
    while ((message = process_take(node->process, node->endpoint))) {
        if (message->kind == FRAME_USER) {
            struct mesh_message *kept = view_keep(message);
            settle(node, kept ? FRAME_HANDLED : FRAME_DIED, kept ? FRAME_NO_REASON : FRAME_REFUSED);
            return kept;
        }
        bool exit_request = message->kind == FRAME_EXIT_REQUEST;
        settle(node, exit_request ? FRAME_DIED : FRAME_HANDLED, exit_request ? FRAME_REFUSED : FRAME_NO_REASON);
    }
    node->may_have_mail = false;
    return NULL;
}

/* What came back: it ends the ask that it belongs to, or is shown to the next listen when it was poisoned. */
void handle_on_unhandled(void *user, struct message *message) {
    struct mesh_node *node = user;
    bool asked = node->ask_state == HANDLE_ASK_OPEN && message->ask == node->ask_id && message->kind == FRAME_USER &&
                 !(message->flags & FRAME_RUN_REPLY);
    bool shown = asked || (message->kind == FRAME_USER && message->outcome == FRAME_RETURNED &&
                           node->aside_count < HANDLE_ASIDE_MAX);
    struct mesh_message *kept = shown ? view_keep_failed(message) : NULL;
    if (asked) {
        node->ask_state = HANDLE_ASK_FAILED;
        mesh_message_release(&node->ask_failed);
        node->ask_failed = kept;
    } else if (kept) {
        handle_put_aside(node, kept);
    }
    message_release(message);
}

/* ---- waiting; one thread at a time receives ---- */

static bool may_receive(void *user) {
    const struct mesh_node *node = user;
    return !node->receiving;
}

static enum mesh_status begin_receiving(struct mesh_node *node, uint64_t until_ns) {
    enum mesh_status status = drive_until(&node->drive, may_receive, node, until_ns);
    if (status == MESH_OK) {
        node->receiving = true;
    }
    return status;
}

static bool reply_is_there(void *user) {
    struct mesh_node *node = user;
    while (node->may_have_mail && !node->ask_reply && node->aside_count < HANDLE_ASIDE_MAX) {
        struct mesh_message *message = take_mail(node);
        if (message && (message->flags & FRAME_RUN_REPLY) && message->ask == node->ask_id) {
            node->ask_reply = message;
        } else if (message) {
            handle_put_aside(node, message);
        }
    }
    return node->ask_reply || node->ask_state == HANDLE_ASK_FAILED || node->admin_gone;
}

static enum mesh_status await_reply(struct mesh_node *node, uint64_t until_ns, struct mesh_message **reply) {
    enum mesh_status status = drive_until(&node->drive, reply_is_there, node, until_ns);
    if (status != MESH_OK) {
        return status;
    }
    if (node->ask_reply) {
        *reply = node->ask_reply;
        node->ask_reply = NULL;
    } else if (node->ask_state == HANDLE_ASK_FAILED) {
        *reply = node->ask_failed;
        node->ask_failed = NULL;
        status = *reply && (*reply)->kind == MESH_POISON ? MESH_REFUSED : MESH_DEAD;
    } else {
        status = MESH_CLOSED;
    }
    node->ask_state = HANDLE_ASK_NONE;
    return status;
}

static enum mesh_status send(struct mesh_node *node, const struct post *post, uint64_t until_ns) {
    struct message *message = NULL;
    enum mesh_status status = post_make(&message, node->process, post);
    return status == MESH_OK ? post_submit(&node->drive, message, post->now_ns, &node->rooms, until_ns) : status;
}

/* ---- the calls ---- */

enum mesh_status mesh_tell(struct mesh_node *node, struct mesh_address to, const char *type, const void *data,
                           size_t bytes) {
    struct post post = {
        .from = node->endpoint, .to = to, .kind = FRAME_USER, .type = type, .data = data, .bytes = bytes};
    process_lock(node->process);
    post.now_ns = process_now(node->process);
    enum mesh_status status = send(node, &post, TIME_NEVER);
    if (status == MESH_OK) {
        drive_submitted(&node->drive, post.now_ns, bytes);
    }
    process_unlock(node->process);
    return status;
}

static enum mesh_status ask(struct mesh_node *node, struct post *post, uint64_t until_ns, struct mesh_message **reply) {
    enum mesh_status status = begin_receiving(node, until_ns);
    if (status != MESH_OK) {
        return status;
    }
    node->ask_id = post->ask = ++node->last_id;
    node->ask_state = HANDLE_ASK_OPEN;
    mesh_message_release(&node->ask_failed);
    post->now_ns = process_now(node->process);
    status = send(node, post, until_ns);
    if (status == MESH_OK) {
        process_flush(node->process, true);
        status = await_reply(node, until_ns, reply);
    } else {
        node->ask_state = HANDLE_ASK_NONE;
        status = status == MESH_WOULD_BLOCK ? MESH_TIMED_OUT : status;
    }
    node->receiving = false;
    return status;
}

enum mesh_status mesh_ask(struct mesh_node *node, struct mesh_address to, const char *type, const void *data,
                          size_t bytes, int timeout_ms, struct mesh_message **reply) {
    struct post post = {
        .from = node->endpoint, .to = to, .kind = FRAME_USER, .type = type, .data = data, .bytes = bytes};
    *reply = NULL;
    process_lock(node->process);
    enum mesh_status status = ask(node, &post, handle_until(node, timeout_ms), reply);
    process_unlock(node->process);
    return status;
}

enum mesh_status mesh_ask_resume(struct mesh_node *node, int timeout_ms, struct mesh_message **reply) {
    *reply = NULL;
    process_lock(node->process);
    uint64_t until_ns = handle_until(node, timeout_ms);
    enum mesh_status status = MESH_NOT_FOUND;
    if (node->ask_state != HANDLE_ASK_NONE) {
        status = begin_receiving(node, until_ns);
        if (status == MESH_OK) {
            status = await_reply(node, until_ns, reply);
            node->receiving = false;
        }
    }
    process_unlock(node->process);
    return status;
}

/* What an interrupted ask waits for stays its own until another ask begins. */
static bool mail_is_there(void *user) {
    struct mesh_node *node = user;
    while (node->may_have_mail && !node->aside) {
        struct mesh_message *message = take_mail(node);
        bool resumable = message && node->ask_state == HANDLE_ASK_OPEN && (message->flags & FRAME_RUN_REPLY) &&
                         message->ask == node->ask_id;
        if (resumable) {
            node->ask_reply = message;
        } else if (message) {
            handle_put_aside(node, message);
        }
    }
    return node->aside || node->admin_gone;
}

enum mesh_status mesh_listen(struct mesh_node *node, int timeout_ms, struct mesh_message **out) {
    *out = NULL;
    process_lock(node->process);
    uint64_t until_ns = handle_until(node, timeout_ms);
    enum mesh_status status = begin_receiving(node, until_ns);
    if (status == MESH_OK) {
        status = drive_until(&node->drive, mail_is_there, node, until_ns);
        node->receiving = false;
    }
    if (status == MESH_OK) {
        *out = take_aside(node);
        status = *out ? MESH_OK : MESH_CLOSED;
    }
    process_unlock(node->process);
    return status;
}

enum mesh_status mesh_ask_text(struct mesh_node *node, struct mesh_address to, const char *text, int timeout_ms,
                               struct mesh_message **reply) {
    return mesh_ask(node, to, MESH_TEXT, text, strlen(text) + 1, timeout_ms, reply);
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
