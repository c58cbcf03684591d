/* SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/log_forward.h"

#include "mesh/base/list.h"
#include <stdlib.h>

const struct log_forward_limits log_forward_limits_default = {
    .lines_max = 1000,
    .bytes_max = 256 << 10,
    .burst = 200,
    .per_second = 20,
    .batch_bytes = 48 << 10,
};

struct waiting {
    struct list_node place;
    size_t bytes;
    uint8_t line[];
};

struct log_forward {
    struct log_forward_limits limits;
    struct list waiting; /* the oldest first */
    size_t count, bytes;
    size_t open; /* the first of them are with the leader, which has not answered yet */
    bool asked;  /* it has a batch, perhaps without a line */
    uint64_t open_id, open_lost;
    uint64_t until_ns; /* when its answer is late */
    uint64_t leader;
    bool itself;
    uint64_t retry_ns; /* nothing goes before that */
    uint64_t untold;   /* lines that were lost, of which the leader does not know */
    uint64_t tokens, filled_ns;
    struct log_forward_counters counters;
};

enum mesh_status log_forward_new(struct log_forward **out, const struct log_forward_limits *limits) {
    struct log_forward *forward = calloc(1, sizeof *forward);
    if (!forward) {
        return MESH_NO_MEMORY;
    }
    forward->limits = *limits;
    forward->tokens = limits->burst;
    list_init(&forward->waiting);
    *out = forward;
    return MESH_OK;
}

static void drop_first(struct log_forward *forward) {
    struct waiting *first = LIST_OWNER(list_pop_front(&forward->waiting), struct waiting, place);
    forward->count--;
    forward->bytes -= first->bytes;
    free(first);
}

static void drop_all(struct log_forward *forward) {
    while (forward->count > 0) {
        drop_first(forward);
    }
}

void log_forward_destroy(struct log_forward **forward) {
    if (*forward) {
        drop_all(*forward);
        free(*forward);
        *forward = NULL;
    }
}

/* What it had goes again. */
static void take_back(struct log_forward *forward, uint64_t retry_ns) {
    forward->asked = false;
    forward->open = 0;
    forward->retry_ns = retry_ns;
}

void log_forward_follow(struct log_forward *forward, uint64_t now_ns, uint64_t leader, bool itself) {
    if (leader != forward->leader || itself != forward->itself) {
        take_back(forward, now_ns);
    }
    forward->leader = itself ? 0 : leader;
    forward->itself = itself;
    if (itself) {
        drop_all(forward);
        forward->untold = 0;
    }
}

void log_forward_lose(struct log_forward *forward, uint64_t lines) {
    if (!forward->itself) {
        forward->untold += lines;
        forward->counters.lost += lines;
    }
}

void log_forward_push(struct log_forward *forward, struct bytes line) {
    if (forward->itself) {
        return;
    }
    bool room = forward->count < forward->limits.lines_max && line.size <= forward->limits.bytes_max - forward->bytes;
    struct waiting *waiting = room ? malloc(sizeof *waiting + line.size) : NULL;
    if (!waiting) {
        log_forward_lose(forward, 1);
        return;
    }
    waiting->bytes = line.size;
    memcpy(waiting->line, line.data, line.size);
    list_node_init(&waiting->place);
    list_push_back(&forward->waiting, &waiting->place);
    forward->count++;
    forward->bytes += line.size;
}

/* ---- the brake ---- */

static void fill(struct log_forward *forward, uint64_t now_ns) {
    uint64_t per_line_ns = NS_PER_S / forward->limits.per_second;
    uint64_t more = time_left(forward->filled_ns, now_ns) / per_line_ns;
    forward->tokens += more;
    forward->filled_ns += more * per_line_ns;
    if (forward->tokens >= forward->limits.burst) {
        forward->tokens = forward->limits.burst;
        forward->filled_ns = now_ns;
    }
}

/* Lines go one by one only when there is but one: what is braked goes in batches of a second. */
static uint64_t needed(const struct log_forward *forward) {
    uint64_t lines = forward->count > 0 ? forward->count : 1;
    return lines < forward->limits.per_second ? lines : forward->limits.per_second;
}

static bool has_work(const struct log_forward *forward) {
    return forward->leader != 0 && !forward->asked && (forward->count > 0 || forward->untold > 0);
}

/* ---- batches ---- */

static void gather(struct log_forward *forward, struct log_forward_batch *out) {
    size_t bytes = 0;
    LIST_EACH (&forward->waiting, node, after) {
        const struct waiting *waiting = LIST_OWNER(node, struct waiting, place);
        bytes += waiting->bytes;
        if (out->count == LOG_FORWARD_BATCH || out->count == forward->tokens ||
            (out->count > 0 && bytes > forward->limits.batch_bytes)) {
            return;
        }
        out->lines[out->count++] = bytes_make(waiting->line, waiting->bytes);
    }
}

bool log_forward_poll(struct log_forward *forward, uint64_t now_ns, uint64_t id, struct log_forward_batch *out) {
    if (forward->asked && now_ns >= forward->until_ns) {
        take_back(forward, now_ns);
    }
    fill(forward, now_ns);
    if (!has_work(forward) || now_ns < forward->retry_ns || forward->tokens < needed(forward)) {
        return false;
    }
    out->leader = forward->leader;
    out->id = forward->open_id = id;
    out->lost = forward->open_lost = forward->untold;
    out->count = 0;
    gather(forward, out);
    forward->open = out->count;
    forward->tokens -= out->count > 0 ? out->count : 1;
    forward->asked = true;
    forward->until_ns = time_add(now_ns, LOG_FORWARD_WAIT_NS);
    return true;
}

bool log_forward_answer(struct log_forward *forward, uint64_t now_ns, uint64_t leader, uint64_t id, bool taken) {
    if (!forward->asked || leader != forward->leader || id != forward->open_id) {
        return false;
    }
    if (taken) {
        forward->counters.forwarded += forward->open;
        forward->untold -= forward->open_lost;
        while (forward->open > 0) {
            drop_first(forward);
            forward->open--;
        }
    }
    take_back(forward, taken ? now_ns : time_add(now_ns, LOG_FORWARD_RETRY_NS));
    return true;
}

uint64_t log_forward_deadline(const struct log_forward *forward) {
    if (forward->asked) {
        return forward->until_ns;
    }
    if (!has_work(forward)) {
        return TIME_NEVER;
    }
    uint64_t missing = needed(forward) > forward->tokens ? needed(forward) - forward->tokens : 0;
    uint64_t filled_ns = time_add(forward->filled_ns, missing * (NS_PER_S / forward->limits.per_second));
    return missing > 0 && filled_ns > forward->retry_ns ? filled_ns : forward->retry_ns;
}

const struct log_forward_counters *log_forward_counters(const struct log_forward *forward) {
    return &forward->counters;
}
