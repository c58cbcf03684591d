/* The life of an endpoint, and what comes for it.
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
    endpoint->address = address;
    endpoint->aside_tail = &endpoint->aside;
    struct delivery_event open = {.kind = DELIVERY_OPEN, .address = address};
    enum mesh_status status = map_put(&node->endpoints, &address, endpoint);
    if (status == MESH_OK && (status = process_step(node->process, &open)) != MESH_OK) {
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
    return endpoint->address;
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
    struct delivery_event close = {.kind = DELIVERY_CLOSE, .address = endpoint->address, .reason = FRAME_EXITED};
    (void)process_step(node->process, &close);
    process_flush(node->process, true);
}

bool endpoint_is_drained(void *user) {
    const struct mesh_endpoint *endpoint = user;
    return endpoint->drained || endpoint->node->admin_gone;
}

void endpoint_destroy(struct mesh_endpoint *endpoint) {
    struct mesh_node *node = endpoint->node;
    struct delivery_event forget = {.kind = DELIVERY_FORGET, .address = endpoint->address};
    (void)process_step(node->process, &forget);
    (void)map_remove(&node->endpoints, &endpoint->address);
    mesh_message_release(&endpoint->ask_reply);
    mesh_message_release(&endpoint->ask_failed);
    while (endpoint->aside) {
        struct mesh_message *message = endpoint->aside;
        endpoint->aside = message->next;
        mesh_message_release(&message);
    }
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

/* ---- what comes ---- */

static void put_aside(struct mesh_endpoint *endpoint, struct mesh_message *message) {
    message->next = NULL;
    *endpoint->aside_tail = message;
    endpoint->aside_tail = &message->next;
    endpoint->aside_count++;
}

static bool is_reply(const struct mesh_endpoint *endpoint, uint32_t flags, uint64_t ask) {
    return endpoint->ask_state == ENDPOINT_ASK_OPEN && (flags & FRAME_RUN_REPLY) && ask == endpoint->ask_id;
}

/* Other kinds than user messages are not shown to a program. */
static bool is_wanted(void *user, const struct message *message) {
    const struct mesh_endpoint *endpoint = user;
    return message->kind != FRAME_USER ||
           (endpoint->asking && !endpoint->ask_reply && is_reply(endpoint, message->flags, message->ask));
}

/* Settles what was taken and gives what is kept of it: a user message. Without memory it is refused. */
static struct mesh_message *accept(struct mesh_endpoint *endpoint, const struct message *message) {
    struct delivery *delivery = process_delivery(endpoint->node->process);
    struct mesh_message *kept = message->kind == FRAME_USER ? view_keep(message) : NULL;
    struct delivery_event verdict = {.kind = DELIVERY_VERDICT,
                                     .address = endpoint->address,
                                     .outcome = kept ? FRAME_HANDLED : FRAME_DIED,
                                     .reason = kept ? FRAME_NO_REASON : FRAME_REFUSED};
    (void)delivery_step(delivery, process_now(endpoint->node->process), &verdict);
    return kept;
}

struct mesh_message *endpoint_take(struct mesh_endpoint *endpoint) {
    struct mesh_message *kept = endpoint->aside;
    if (kept) {
        endpoint->aside = kept->next;
        endpoint->aside_tail = endpoint->aside ? endpoint->aside_tail : &endpoint->aside;
        endpoint->aside_count--;
        kept->next = NULL;
        return kept;
    }
    const struct message *message;
    while (!kept && (message = process_take(endpoint->node->process, endpoint->address))) {
        kept = accept(endpoint, message);
    }
    if (!kept) {
        endpoint->may_have_mail = false;
        endpoint->overtaken = 0;
    } else if (is_reply(endpoint, kept->flags, kept->ask)) {
        endpoint->ask_state = ENDPOINT_ASK_NONE;
    }
    return kept;
}

static void take_in(struct mesh_endpoint *endpoint) {
    const struct message *message;
    endpoint->overtaken = 0;
    while (endpoint->aside_count < ENDPOINT_ASIDE_MAX &&
           (message = process_take(endpoint->node->process, endpoint->address))) {
        struct mesh_message *kept = accept(endpoint, message);
        if (kept) {
            put_aside(endpoint, kept);
        }
    }
}

static void pick(struct mesh_endpoint *endpoint, bool again) {
    struct process *process = endpoint->node->process;
    struct delivery_pick wanted = {.wanted = is_wanted, .user = endpoint, .again = again};
    const struct message *message;
    while (
        (message = delivery_take_picked(process_delivery(process), process_now(process), endpoint->address, &wanted))) {
        bool reply = message->kind == FRAME_USER;
        struct mesh_message *kept = accept(endpoint, message);
        endpoint->ask_reply = reply ? kept : endpoint->ask_reply;
        endpoint->overtaken += reply;
        wanted.again = false;
    }
    if (endpoint->overtaken >= ENDPOINT_OVERTAKEN_MAX) {
        take_in(endpoint);
    }
}

void endpoint_await(struct mesh_endpoint *endpoint) {
    endpoint->asking = true;
    pick(endpoint, true);
}

void endpoint_on_mail(struct mesh_endpoint *endpoint) {
    endpoint->may_have_mail = true;
    pick(endpoint, false);
}

void endpoint_on_room(struct mesh_endpoint *endpoint) {
    endpoint->rooms += endpoint->rooms != POST_CLOSED;
}

void endpoint_on_failed(struct mesh_endpoint *endpoint, const struct message *message) {
    bool asked = endpoint->ask_state == ENDPOINT_ASK_OPEN && message->ask == endpoint->ask_id &&
                 message->kind == FRAME_USER && !(message->flags & FRAME_RUN_REPLY);
    bool shown =
        message->kind == FRAME_USER && message->outcome == FRAME_RETURNED && endpoint->aside_count < ENDPOINT_ASIDE_MAX;
    struct mesh_message *kept = asked || shown ? view_keep_failed(message) : NULL;
    if (asked) {
        endpoint->ask_state = ENDPOINT_ASK_FAILED;
        mesh_message_release(&endpoint->ask_failed);
        endpoint->ask_failed = kept;
    } else if (kept) {
        put_aside(endpoint, kept);
    }
}

void endpoint_on_gone(struct mesh_endpoint *endpoint) {
    endpoint->rooms = POST_CLOSED;
}
