/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/supervision.h"

#include "mesh/base/time.h"

/* The oldest of the last N restarts is so long ago that it does not count any more, or there were not so many. */
static bool has_one_left(const struct supervision *supervision, uint64_t now_ns) {
    uint32_t max = supervision->terms.restarts_max;
    if (max == 0 || supervision->restarts < max) {
        return max > 0;
    }
    uint64_t oldest_ns = supervision->restarted_ns[(supervision->restarts - max) % CONTROL_RESTARTS_MAX];
    return now_ns >= time_add(oldest_ns, supervision->terms.within_ms * NS_PER_MS);
}

bool supervision_may_restart(struct supervision *supervision, uint64_t now_ns) {
    if (!has_one_left(supervision, now_ns)) {
        return false;
    }
    supervision->restarted_ns[supervision->restarts++ % CONTROL_RESTARTS_MAX] = now_ns;
    return true;
}

void supervision_print_used_up(const struct supervision *supervision, struct bytes cause, char *text, size_t bytes) {
    struct text_builder builder = text_builder(text, bytes);
    text_append(&builder, "%.*s; its %u restarts within %u ms are used up", (int)cause.size,
                cause.data ? (const char *)cause.data : "", supervision->terms.restarts_max,
                supervision->terms.within_ms);
}
