/* Times of the convention: what an operator decides about registering, retrying and losing.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_CORE_TIMES_H
#define CONVENTION_CORE_TIMES_H

#include "convention/core/hysteresis.h"
#include "mesh/base/time.h"
#include <stdbool.h>

/* A time of 0 switches off what it is for. */
struct convention_times {
    uint64_t period_ns;    /* a member registers again after this */
    uint64_t restart_ns;   /* and tries a lost leader again after this, give or take jitter_percent */
    uint64_t heartbeat_ns; /* between admins */
    uint64_t suspect_ns;   /* nothing came for this long, or the link broke */
    uint64_t refused_ns;   /* lost: nobody listens there for this long */
    uint64_t silent_ns;    /* lost: nothing came for this long */
    unsigned misses;       /* periods without a registration or an answer, then lost */
    unsigned jitter_percent;
    unsigned answers_max;       /* registrations of one member answered in a period */
    bool notice_reregistration; /* a first registration of a known incarnation is noticed as removed and added */
    struct hysteresis_limits hysteresis;
    bool one_delay; /* one brake for all targets */
};

extern const struct convention_times convention_times_default;
extern const struct convention_times convention_times_reference; /* the profile `reference` */

/* When a span that began then is over: never when it is switched off, or has not begun. */
static inline uint64_t times_after(uint64_t since_ns, uint64_t span_ns) {
    return span_ns && since_ns != TIME_NEVER ? time_add(since_ns, span_ns) : TIME_NEVER;
}

#endif
