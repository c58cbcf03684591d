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
}

bool liveness_doubts(const struct liveness *liveness, const struct convention_times *times, uint64_t now_ns) {
    return now_ns >= times_after(liveness->heard_ns, times->suspect_ns);
}

const char *liveness_loss(const struct liveness *liveness, const struct convention_times *times, uint64_t now_ns) {
    if (now_ns >= times_after(liveness->refused_ns, times->refused_ns)) {
        return "its admin is gone";
    }
    return now_ns >= times_after(liveness->heard_ns, times->silent_ns) ? "silent" : NULL;
}

uint64_t liveness_deadline(const struct liveness *liveness, const struct convention_times *times) {
    uint64_t least = time_min(times_after(liveness->refused_ns, times->refused_ns),
                              times_after(liveness->heard_ns, times->silent_ns));
    return liveness->suspect ? least : time_min(least, times_after(liveness->heard_ns, times->suspect_ns));
}
