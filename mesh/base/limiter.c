/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/limiter.h"
#include <inttypes.h>
#include <stdio.h>

bool limiter_take(struct limiter *limiter, uint64_t now_ns) {
    if (limiter->taken == 0 || now_ns >= time_add(limiter->began_ns, limiter->span_ns)) {
        limiter->began_ns = now_ns;
        limiter->taken = 0;
    }
    if (limiter->taken == limiter->most) {
        limiter->left_out++;
        return false;
    }
    limiter->taken++;
    return true;
}

uint64_t limiter_deadline(const struct limiter *limiter) {
    return limiter->left_out > 0 ? time_add(limiter->began_ns, limiter->span_ns) : TIME_NEVER;
}

uint64_t limiter_left_out(struct limiter *limiter, uint64_t now_ns) {
    uint64_t left_out = now_ns >= limiter_deadline(limiter) ? limiter->left_out : 0;
    limiter->left_out -= left_out;
    return left_out;
}

const char *limiter_text(uint64_t left_out, char text[LIMITER_TEXT_BYTES]) {
    text[0] = '\0';
    if (left_out > 0) {
        (void)snprintf(text, LIMITER_TEXT_BYTES, " (%" PRIu64 " more were not told)", left_out);
    }
    return text;
}
