/* Back-off: how long to wait before the next try of a connection.
 *
 * The first delay, doubled at each failure up to a ceiling, each time shortened by chance to between half and all of it, so that
 * many who lost the same peer do not come back at once. Pure.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_CORE_BACKOFF_H
#define MESH_CORE_BACKOFF_H

#include "mesh/base/prng.h"
#include "mesh/base/time.h"

#define BACKOFF_FIRST_NS (20 * NS_PER_MS)
#define BACKOFF_MAX_NS (1000 * NS_PER_MS)

/* Zeroed, it has not failed yet. */
struct backoff {
    uint64_t delay_ns;
};

/* Notes a failure and gives the wait until the next try. */
static inline uint64_t backoff_failed(struct backoff *backoff, struct prng *prng) {
    uint64_t delay_ns = backoff->delay_ns ? backoff->delay_ns : BACKOFF_FIRST_NS;
    backoff->delay_ns = delay_ns * 2 > BACKOFF_MAX_NS ? BACKOFF_MAX_NS : delay_ns * 2;
    return prng_between(prng, delay_ns / 2, delay_ns);
}

static inline void backoff_succeeded(struct backoff *backoff) {
    backoff->delay_ns = 0;
}

#endif
