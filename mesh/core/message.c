/* Messages: see message.h. A block of the pool holds the struct, its type name and its payload; what does not fit into
 * one block gets an allocation of its own. A run has a larger block: the struct, its type name and its payloads from the
 * front, and from the back where each payload ends.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/message.h"
#include "mesh/base/check.h"
#include <stdlib.h>
#include <string.h>

/* Room for the struct and the everyday message: six cache lines; and for the run of many. */
enum { BLOCK_BYTES = 384, RUN_BYTES = 16 * 1024, RUNS_KEPT_MAX = 64 };

struct message_pool {
    struct message *kept, *kept_runs;
    size_t kept_count, kept_max, kept_runs_count, out_count;
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

static void free_all(struct message *first) {
    for (struct message *message = first, *next; message; message = next) {
        next = message->next;
        free(message);
    }
}

/* Messages that somebody still holds keep the pool alive. */
void message_pool_destroy(struct message_pool **pool) {
    struct message_pool *p = *pool;
    *pool = NULL;
    if (!p) {
        return;
    }
    message_pool_trim(p);
    p->closed = true;
    p->kept_max = 0;
    if (p->out_count == 0) {
        free(p);
    }
}

void message_pool_trim(struct message_pool *pool) {
    free_all(pool->kept);
    free_all(pool->kept_runs);
    pool->kept = pool->kept_runs = NULL;
    pool->kept_count = pool->kept_runs_count = 0;
}

static void blank(struct message *message, struct message_pool *pool) {
    *message = (struct message){.kind = FRAME_USER, .count = 1, .holders = 1, .pool = pool};
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
    if (message->of && message->holders == 1) {
        message_release(message->of);
        message->of = NULL;
        message->type = message->payload = (struct bytes){0};
    }
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

static void block_free(struct message_pool *pool, struct message *message) {
    if (message->run) {
        if (pool->closed || pool->kept_runs_count == RUNS_KEPT_MAX) {
            free(message);
            return;
        }
        message->next = pool->kept_runs;
        pool->kept_runs = message;
        pool->kept_runs_count++;
        return;
    }
    bool inside = message->part || message->of;
    bool pooled = inside || block_bytes(message->type.size, message->payload.size) <= BLOCK_BYTES;
    if (pooled && pool->kept_count < pool->kept_max) {
        message->next = pool->kept;
        pool->kept = message;
        pool->kept_count++;
    } else {
        free(message);
    }
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
    message_release(message->of);
    part_release(message->part);
    free((void *)(uintptr_t)message->text.data);
    pool->out_count--;
    block_free(pool, message);
    if (pool->closed && pool->out_count == 0) {
        free(pool);
    }
}

/* ---- runs ---- */

/* Payloads begin where any type may. */
static size_t align_up(size_t bytes) {
    return (bytes + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

/* Where the payload of an entry lies, counted from where the first does, and how many bytes it and those before have. */
struct entry {
    uint32_t at, sum;
};

static struct entry *entry_of(const struct message *run, uint32_t i) {
    return (struct entry *)((uintptr_t)run + RUN_BYTES) - 1 - i;
}

static uint32_t sum_before(const struct message *run, uint32_t i) {
    return i == 0 ? 0 : entry_of(run, i - 1)->sum;
}

static uint8_t *payloads_of(const struct message *run) {
    return (uint8_t *)((uintptr_t)(run + 1) + align_up(run->type.size));
}

static void copy_head(struct message *to, const struct message *from) {
    to->sender = from->sender;
    to->target = from->target;
    to->asker = from->asker;
    to->ask = from->ask;
    to->deadline_ns = from->deadline_ns;
    to->epoch = from->epoch;
    to->kind = from->kind;
    to->outcome = from->outcome;
    to->reason = from->reason;
    to->flags = from->flags;
    to->life = from->life;
    to->maybe_handled = from->maybe_handled;
    to->urgent = from->urgent;
    to->stream = from->stream;
    if (from->text.size > 0) {
        message_set_text(to, from->text);
    }
}

static struct message *run_block(struct message_pool *pool) {
    struct message *run = pool->kept_runs;
    if (run) {
        pool->kept_runs = run->next;
        pool->kept_runs_count--;
    } else {
        run = malloc(RUN_BYTES);
    }
    return run;
}

static struct message *run_new(struct message_pool *pool, const struct message *like) {
    struct message *run = run_block(pool);
    if (!run) {
        return NULL;
    }
    pool->out_count++;
    blank(run, pool);
    copy_head(run, like);
    uint8_t *at = (uint8_t *)(run + 1);
    run->type = (struct bytes){at, like->type.size};
    if (like->type.size > 0) {
        memcpy(at, like->type.data, like->type.size);
    }
    run->run = true;
    run->used = 0;
    run->count = 0;
    return run;
}

bool message_may_run(const struct message *message) {
    return message->kind == FRAME_USER && !message->part && !message->run && !message->urgent &&
           message->payload.size <= MESSAGE_RUN_PAYLOAD_BYTES;
}

bool message_is_alike(const struct message *a, const struct message *b) {
    return a->kind == b->kind && a->deadline_ns == b->deadline_ns && a->ask == b->ask &&
           mesh_address_equal(a->asker, b->asker) && a->flags == b->flags && a->urgent == b->urgent &&
           bytes_equal(a->type, b->type);
}

/* Where the next messages will be written. The sender unlocks right after each message, and would wait there for every line of memory
 * that its stores have missed. */
static void fetch_early(const uint8_t *start, const struct entry *entry) {
    enum { AHEAD = 512, LINE = 64 };
    __builtin_prefetch(start + AHEAD, 1);
    __builtin_prefetch((const uint8_t *)entry - LINE, 1);
}

bool message_run_add(struct message *run, struct bytes payload) {
    size_t at = align_up(run->used);
    uint8_t *start = payloads_of(run) + at;
    struct entry *entry = entry_of(run, run->count);
    ptrdiff_t room = (uint8_t *)entry - start;
    if (room < (ptrdiff_t)payload.size) {
        return false;
    }
    fetch_early(start, entry);
    if (payload.size > 0) {
        memcpy(start, payload.data, payload.size);
    }
    *entry = (struct entry){(uint32_t)at, sum_before(run, run->count) + (uint32_t)payload.size};
    run->used = (uint32_t)(at + payload.size);
    run->count++;
    return true;
}

struct message *message_run_new(struct message_pool *pool, const struct message *like) {
    struct message *run = run_new(pool, like);
    if (run) {
        bool fits = message_run_add(run, like->payload);
        CHECK(fits);
    }
    return run;
}

struct message *message_new_from(struct message_pool *pool, const struct message *draft) {
    struct message *message = message_new(pool, draft->type, draft->payload);
    if (message) {
        copy_head(message, draft);
    }
    return message;
}

struct message *message_run_split(struct message *run, uint32_t at) {
    CHECK(run->run && at > 0 && at >= run->begin && at < run->count);
    struct message *rest = run_new(run->pool, run);
    for (uint32_t i = at; rest && i < run->count; i++) {
        bool fits = message_run_add(rest, message_entry(run, i));
        CHECK(fits);
    }
    if (rest) {
        run->count = at;
        run->used = (uint32_t)(entry_of(run, at - 1)->at + message_entry(run, at - 1).size);
    }
    return rest;
}

struct message *message_run_first(struct message *run) {
    CHECK(run->run && run->begin < run->count);
    struct message *message = block_new(run->pool, sizeof *message);
    if (message) {
        message->of = message_hold(run);
        message->type = run->type;
        message->payload = message_entry(run, run->begin);
        copy_head(message, run);
        message->seq = run->seq > 0 ? run->seq + run->begin : 0;
    }
    return message;
}

struct bytes message_entry(const struct message *run, uint32_t i) {
    uint32_t before = sum_before(run, i);
    const struct entry *entry = entry_of(run, i);
    return (struct bytes){payloads_of(run) + entry->at, entry->sum - before};
}

void message_entries(const struct message *run, uint32_t from, size_t count, struct bytes *out) {
    const uint8_t *payloads = payloads_of(run);
    uint32_t before = sum_before(run, from);
    for (size_t i = 0; i < count; i++) {
        const struct entry *entry = entry_of(run, from + (uint32_t)i);
        out[i] = (struct bytes){payloads + entry->at, entry->sum - before};
        before = entry->sum;
    }
}

size_t message_entries_bytes(const struct message *run, uint32_t from, uint32_t to) {
    return sum_before(run, to) - sum_before(run, from);
}

size_t message_entries_within(const struct message *run, uint32_t from, size_t count, size_t bytes) {
    size_t most = count;
    while (count > 0 && message_entries_bytes(run, from, from + (uint32_t)count) > bytes) {
        most = count - 1;
        count /= 2;
    }
    while (count < most && message_entries_bytes(run, from, from + (uint32_t)count + 1) <= bytes) {
        count++;
    }
    return count;
}
