/* The clock: the one place where time comes into the cores.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_CLOCK_H
#define MESH_RUNTIME_CLOCK_H

#include "mesh/base/time.h"
#include <time.h>

/* Monotonic; stands still while the machine sleeps. */
static inline uint64_t clock_now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* The same at a third of the price, some milliseconds behind. */
static inline uint64_t clock_coarse_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

#endif
