/* A limiter: so many of a thing in a span of time, and a count of what was left out; for lines of a log.
 *
 * Pure: the caller says what time it is.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_BASE_LIMITER_H
#define MESH_BASE_LIMITER_H

#include "mesh/base/time.h"
#include <stdbool.h>

struct limiter {
    uint64_t span_ns;
    uint32_t most, taken; /* in the span that began at `began_ns` */
    uint64_t began_ns;
    uint64_t left_out; /* and not told yet */
};

static inline struct limiter limiter_make(uint32_t most, uint64_t span_ns) {
    return (struct limiter){.span_ns = span_ns, .most = most};
}

/* Whether one more may pass; else it is left out. */
bool limiter_take(struct limiter *limiter, uint64_t now_ns);

/* When what was left out is to be told; TIME_NEVER when nothing was. */
uint64_t limiter_deadline(const struct limiter *limiter);

/* How many were left out, once that is to be told: each is counted once. 0 before. */
uint64_t limiter_left_out(struct limiter *limiter, uint64_t now_ns);

/* That in words, to be put behind a line: "" for 0. */
enum { LIMITER_TEXT_BYTES = 48 };
const char *limiter_text(uint64_t left_out, char text[LIMITER_TEXT_BYTES]);

#endif
