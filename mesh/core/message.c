/* Messages: see message.h. A block of the pool holds the struct, its type name and its payload; what does not fit into
 * one block gets an allocation of its own.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/message.h"
#include "mesh/base/check.h"
#include <stdlib.h>
#include <string.h>

/* Room for the struct and the everyday message: five cache lines. */
enum { BLOCK_BYTES = 384 };

struct message_pool {
    struct message *kept;
    size_t kept_count, kept_max, out_count;
    bool closed; /* freed when the last message comes back */
};

enum mesh_status message_pool_new(struct message_pool **out, size_t kept_max) {
    struct message_pool *pool = calloc(1, sizeof *pool);
    if (!pool) {
        return MESH_NO_MEMORY;
    }
    pool->kept_max = kept_max;
    *out = pool;
    return MESH_OK;
}

/* Messages that somebody still holds keep the pool alive. */
void message_pool_destroy(struct message_pool **pool) {
    struct message_pool *p = *pool;
    *pool = NULL;
    if (!p) {
        return;
    }
    while (p->kept) {
        struct message *message = p->kept;
        p->kept = message->next;
        free(message);
    }
    p->closed = true;
    p->kept_max = 0;
    if (p->out_count == 0) {
        free(p);
    }
}

/* Field by field: a memset of this size becomes a string instruction, which costs a tenth of a message's whole life. */
static void blank(struct message *message, struct message_pool *pool) {
    message->next = NULL;
    message->sender = message->target = (struct mesh_address){0};
    message->ask = message->deadline_ns = message->seq = message->epoch = 0;
    message->type = message->payload = message->text = (struct bytes){0};
    message->part = NULL;
    message->kind = FRAME_USER;
    message->outcome = FRAME_HANDLED;
    message->reason = FRAME_NO_REASON;
    message->flags = 0;
    message->chunks = 0;
    message->holders = 1;
    message->maybe_handled = message->urgent = false;
    message->stream = NULL;
    message->pool = pool;
}

static struct message *block_new(struct message_pool *pool, size_t bytes) {
    struct message *message;
    if (bytes <= BLOCK_BYTES && pool->kept) {
        message = pool->kept;
        pool->kept = message->next;
        pool->kept_count--;
    } else {
        message = malloc(bytes <= BLOCK_BYTES ? BLOCK_BYTES : bytes);
        if (!message) {
            return NULL;
        }
    }
    pool->out_count++;
    blank(message, pool);
    return message;
}

static size_t block_bytes(size_t type_bytes, size_t inline_bytes) {
    return sizeof(struct message) + type_bytes + inline_bytes;
}

/* Both lie behind the struct, the payload first, for its alignment. */
static void fill(struct message *message, struct bytes type, struct bytes inline_payload) {
    uint8_t *at = (uint8_t *)(message + 1);
    message->payload = (struct bytes){at, inline_payload.size};
    if (inline_payload.size > 0) {
        memcpy(at, inline_payload.data, inline_payload.size);
        at += inline_payload.size;
    }
    message->type = (struct bytes){at, type.size};
    if (type.size > 0) {
        memcpy(at, type.data, type.size);
    }
}

struct message *message_new(struct message_pool *pool, struct bytes type, struct bytes payload) {
    if (payload.size > FRAME_INLINE_BYTES) {
        struct part *part = part_copy(payload);
        struct message *message = part ? message_new_part(pool, type, part) : NULL;
        part_release(part);
        return message;
    }
    struct message *message = block_new(pool, block_bytes(type.size, payload.size));
    if (message) {
        fill(message, type, payload);
    }
    return message;
}

struct message *message_new_part(struct message_pool *pool, struct bytes type, struct part *part) {
    struct message *message = block_new(pool, block_bytes(type.size, 0));
    if (message) {
        fill(message, type, (struct bytes){NULL, 0});
        message->part = part_hold(part);
        message->payload = part->bytes;
    }
    return message;
}

void message_set_text(struct message *message, struct bytes text) {
    size_t size = text.size < FRAME_TEXT_BYTES ? text.size : FRAME_TEXT_BYTES;
    uint8_t *copy = size > 0 ? malloc(size) : NULL;
    if (copy) {
        memcpy(copy, text.data, size);
    }
    free((void *)(uintptr_t)message->text.data);
    message->text = (struct bytes){copy, copy ? size : 0};
}

void message_shed(struct message *message) {
    if (message->part && message->holders == 1) {
        part_release(message->part);
        message->part = NULL;
        message->payload = (struct bytes){0};
    }
}

struct message *message_hold(struct message *message) {
    message->holders++;
    return message;
}

void message_release(struct message *message) {
    if (!message) {
        return;
    }
    CHECK(message->holders > 0);
    if (--message->holders > 0) {
        return;
    }
    struct message_pool *pool = message->pool;
    bool pooled = block_bytes(message->type.size, message->part ? 0 : message->payload.size) <= BLOCK_BYTES;
    part_release(message->part);
    free((void *)(uintptr_t)message->text.data);
    pool->out_count--;
    if (pooled && pool->kept_count < pool->kept_max) {
        message->next = pool->kept;
        pool->kept = message;
        pool->kept_count++;
    } else {
        free(message);
    }
    if (pool->closed && pool->out_count == 0) {
        free(pool);
    }
}
