/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/linger.h"

uint64_t linger_until(const struct linger *linger, uint64_t now_ns) {
    return linger->expecting && now_ns >= linger->paused_until_ns ? time_add(now_ns, LINGER_NS) : now_ns;
}

static void pause_lingering(struct linger *linger, uint64_t now_ns) {
    bool helped = now_ns >= time_add(linger->paused_until_ns, linger->pause_ns);
    linger->pause_ns = helped ? LINGER_PAUSE_NS : time_min(2 * linger->pause_ns, LINGER_PAUSE_MAX_NS);
    linger->paused_until_ns = time_add(now_ns, linger->pause_ns);
}

bool linger_go_on(struct linger *linger, uint64_t looked_ns, uint64_t now_ns) {
    linger->away_ns += now_ns - looked_ns;
    if (now_ns - looked_ns < LINGER_CROWDED_NS) {
        return true;
    }
    pause_lingering(linger, now_ns);
    return false;
}

void linger_waited(struct linger *linger, uint64_t began_ns, uint64_t now_ns) {
    uint64_t waited_ns = now_ns - began_ns;
    linger->expecting = waited_ns <= LINGER_NS;
    if (waited_ns >= LINGER_BUSY_NS && linger->away_ns >= waited_ns / 4 * 3 && now_ns >= linger->paused_until_ns) {
        pause_lingering(linger, now_ns);
    }
    linger->away_ns = 0;
}
