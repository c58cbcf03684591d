/* Liveness: see liveness.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/liveness.h"
#include <stddef.h>

struct liveness liveness_make(uint64_t now_ns) {
    return (struct liveness){.heard_ns = now_ns, .refused_ns = TIME_NEVER};
}

bool liveness_hear(struct liveness *liveness, uint64_t now_ns) {
    bool suspect = liveness->suspect;
    *liveness = liveness_make(now_ns);
    return suspect;
}

void liveness_refuse(struct liveness *liveness, uint64_t now_ns) {
    liveness->refused_ns = time_min(liveness->refused_ns, now_ns);
    liveness->refused_until_ns = liveness->refused_until_ns == TIME_NEVER ? TIME_NEVER : now_ns;
}

void liveness_miss(struct liveness *liveness) {
    if (liveness->refused_until_ns != TIME_NEVER) {
        liveness->refused_ns = TIME_NEVER;
    }
}

void liveness_replace(struct liveness *liveness, uint64_t now_ns) {
    liveness_refuse(liveness, now_ns);
    liveness->refused_until_ns = TIME_NEVER;
}

void liveness_excuse(struct liveness *liveness, uint64_t now_ns) {
    liveness->suspect = liveness_hear(liveness, now_ns);
}

uint64_t liveness_gone_ns(const struct liveness *liveness, const struct convention_times *times) {
    uint64_t at_ns = times_after(liveness->refused_ns, times->refused_ns);
    return liveness->refused_until_ns >= at_ns ? at_ns : TIME_NEVER;
}

bool liveness_doubts(const struct liveness *liveness, const struct convention_times *times, uint64_t now_ns) {
    return now_ns >= times_after(liveness->heard_ns, times->suspect_ns);
}

const char *liveness_loss(const struct liveness *liveness, const struct convention_times *times, uint64_t now_ns) {
    if (now_ns >= liveness_gone_ns(liveness, times)) {
        return "its admin is gone";
    }
    return now_ns >= times_after(liveness->heard_ns, times->silent_ns) ? "silent" : NULL;
}

uint64_t liveness_deadline(const struct liveness *liveness, const struct convention_times *times) {
    uint64_t least = time_min(liveness_gone_ns(liveness, times), times_after(liveness->heard_ns, times->silent_ns));
    return liveness->suspect ? least : time_min(least, times_after(liveness->heard_ns, times->suspect_ns));
}
