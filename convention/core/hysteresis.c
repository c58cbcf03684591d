/* Hysteresis: see hysteresis.h. Time between two calls is made up for: blackouts that have ended meanwhile follow each other.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/hysteresis.h"
#include "mesh/base/time.h"

static struct hysteresis_delay *delay_of(struct hysteresis *target) {
    return target->shared ? target->shared : &target->own;
}

/* Divided first: no span is so long that it overflows. */
static uint64_t shorter(uint64_t span_ns, const struct hysteresis_limits *limits) {
    uint64_t next_ns = span_ns / (100 + limits->growth_percent) * 100;
    return next_ns < limits->first_ns ? 0 : next_ns;
}

static uint64_t longer(uint64_t span_ns, const struct hysteresis_limits *limits) {
    return time_min(span_ns / 100 * (100 + limits->growth_percent), limits->ceiling_ns);
}

/* A blackout at whose end something goes out is followed by one of the same length. */
static void advance(const struct hysteresis *target, struct hysteresis_delay *delay,
                    const struct hysteresis_limits *limits, uint64_t now_ns) {
    bool goes = !target->shared && target->waiting && target->ended == delay->ended;
    while (delay->span_ns && now_ns >= time_add(delay->since_ns, delay->span_ns)) {
        delay->since_ns += delay->span_ns;
        delay->span_ns = goes ? delay->span_ns : shorter(delay->span_ns, limits);
        delay->ended++;
        goes = false;
    }
}

bool hysteresis_attempt(struct hysteresis *target, const struct hysteresis_limits *limits, uint64_t now_ns,
                        unsigned kind) {
    struct hysteresis_delay *delay = delay_of(target);
    advance(target, delay, limits, now_ns);
    if (!delay->span_ns) {
        delay->since_ns = now_ns;
        delay->span_ns = limits->first_ns;
        target->waiting &= ~kind; /* the newest goes for it */
        return true;
    }
    if (target->shared || !(target->waiting & kind)) {
        delay->span_ns = longer(delay->span_ns, limits);
    }
    target->ended = target->waiting ? target->ended : delay->ended;
    target->waiting |= kind;
    return false;
}

unsigned hysteresis_release(struct hysteresis *target, const struct hysteresis_limits *limits, uint64_t now_ns) {
    struct hysteresis_delay *delay = delay_of(target);
    advance(target, delay, limits, now_ns);
    if (!target->waiting || target->ended == delay->ended) {
        return 0;
    }
    unsigned kinds = target->waiting;
    target->waiting = 0;
    return kinds;
}

uint64_t hysteresis_deadline(const struct hysteresis *target) {
    const struct hysteresis_delay *delay = target->shared ? target->shared : &target->own;
    return target->waiting ? time_add(delay->since_ns, delay->span_ns) : TIME_NEVER;
}

unsigned hysteresis_cancel(struct hysteresis *target) {
    unsigned kinds = target->waiting;
    target->waiting = 0;
    if (!target->shared) {
        target->own.span_ns = 0;
    }
    return kinds;
}
