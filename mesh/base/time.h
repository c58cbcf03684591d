/* Time as the cores know it: nanoseconds of a monotonic clock, told by the caller.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_BASE_TIME_H
#define MESH_BASE_TIME_H

#include <limits.h>
#include <stdint.h>

#define TIME_NEVER UINT64_MAX

#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

static inline uint64_t time_add(uint64_t at_ns, uint64_t span_ns) {
    return at_ns > TIME_NEVER - span_ns ? TIME_NEVER : at_ns + span_ns;
}

static inline uint64_t time_min(uint64_t a_ns, uint64_t b_ns) {
    return a_ns < b_ns ? a_ns : b_ns;
}

/* The span from now until then; 0 when then is past. */
static inline uint64_t time_left(uint64_t now_ns, uint64_t then_ns) {
    return then_ns > now_ns ? then_ns - now_ns : 0;
}

/* A span for poll(2): whole milliseconds, rounded up so that a wait never ends before its deadline; -1 for never. */
static inline int time_ms_round_up(uint64_t span_ns) {
    if (span_ns == TIME_NEVER) {
        return -1;
    }
    uint64_t ms = span_ns / NS_PER_MS + (span_ns % NS_PER_MS != 0);
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

#endif
