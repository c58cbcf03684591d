/* Linger: whether to look for what is awaited a few times more before going to sleep.
 *
 * A core that has gone to sleep takes 20 to 30 us to wake, longer than the work that a small message is. So who had to wait but briefly looks
 * for a moment before it sleeps the next time, and lets others run between two looks. That pays only while there is a core to spare: when
 * others run for long meanwhile, or for most of the wait, there is none that would sleep, and nobody lingers for a while.
 *
 * Pure: the caller says what time it is.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_BASE_LINGER_H
#define MESH_BASE_LINGER_H

#include "mesh/base/time.h"
#include <stdbool.h>

#define LINGER_NS (600 * NS_PER_US)         /* of looking; a wait of no more leads one to expect another such */
#define LINGER_CROWDED_NS (400 * NS_PER_US) /* others who run for so long between two looks have work of their own */
#define LINGER_BUSY_NS (150 * NS_PER_US)    /* of a wait, three quarters of it others': the core would not have slept */
#define LINGER_PAUSE_NS (5 * NS_PER_MS) /* without lingering then; doubles when another crowd comes as soon after it */
#define LINGER_PAUSE_MAX_NS NS_PER_S

/* Zeroed, it has not waited yet. */
struct linger {
    bool expecting;
    uint64_t away_ns; /* for which others ran in this wait */
    uint64_t pause_ns, paused_until_ns;
};

/* Until when to look before sleeping: not at all, if that is not later than now. */
uint64_t linger_until(const struct linger *linger, uint64_t now_ns);

/* One look found nothing and others have run since; whether to look again. */
bool linger_go_on(struct linger *linger, uint64_t looked_ns, uint64_t now_ns);

/* What was awaited is there, or the wait was given up. */
void linger_waited(struct linger *linger, uint64_t began_ns, uint64_t now_ns);

#endif
