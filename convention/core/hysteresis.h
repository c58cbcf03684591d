/* Hysteresis: a brake on what a node starts, so that neither a node gone wild nor a crowd floods the others.
 *
 *   FREE --attempt: passes--> BLACKOUT --attempt: waits, the blackout grows--> BLACKOUT
 *                             BLACKOUT --its end, what waits goes out: another as long--> BLACKOUT
 *                             BLACKOUT --its end, nothing waits: the next one is shorter--> BLACKOUT | FREE
 *
 * The first message to a target passes at once and begins a blackout. A further one makes it longer, up to a ceiling, and waits for its end;
 * of one kind only the newest waits, whose fate is that of all it stands for, and an attempt of a kind that waits already changes nothing: a
 * crowd is told of as soon as one. A blackout at whose end something goes out is followed by another as long, one that ends quietly by one that
 * is shorter by the same factor, until there is none. So a target that is told something now and then is told at once, and one that would be
 * told all the time is told ever more seldom.
 *
 * The brake knows no messages, only their kinds, as bits: the caller makes the message when it goes out. Each target has
 * a delay of its own; by the profile `reference` one delay serves all targets, each attempt lengthens it, and each end shortens the next.
 *
 * Pure. Rules S4A, S4C.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_CORE_HYSTERESIS_H
#define CONVENTION_CORE_HYSTERESIS_H

#include <stdbool.h>
#include <stdint.h>

struct hysteresis_limits {
    uint64_t first_ns;       /* of the blackout that a message begins; 0: there is no brake */
    uint64_t ceiling_ns;     /* no blackout is longer */
    unsigned growth_percent; /* by which an attempt lengthens it, and its end shortens the next one: 1 to 1000 */
};

/* The blackouts. Zeroed, there is none. */
struct hysteresis_delay {
    uint64_t span_ns; /* of the present blackout; 0: there is none */
    uint64_t since_ns;
    uint64_t ended; /* how many have ended */
};

/* One target. Zeroed, it has a delay of its own and nothing waits. */
struct hysteresis {
    struct hysteresis_delay own;
    struct hysteresis_delay *shared; /* instead of its own; or NULL */
    unsigned waiting;                /* kinds */
    uint64_t ended;                  /* how many blackouts had ended when the first of them began to wait */
};

/* Whether a message of this kind may go out now; else it waits. */
bool hysteresis_attempt(struct hysteresis *target, const struct hysteresis_limits *limits, uint64_t now_ns,
                        unsigned kind);

/* The kinds that go out now, each once; 0 when their blackout has not ended. */
unsigned hysteresis_release(struct hysteresis *target, const struct hysteresis_limits *limits, uint64_t now_ns);

/* When there may be something to release, not later than that; TIME_NEVER when nothing waits. */
uint64_t hysteresis_deadline(const struct hysteresis *target);

/* Drops what waits and gives its kinds: it has failed. The next attempt passes at once, unless others share the delay. */
unsigned hysteresis_cancel(struct hysteresis *target);

#endif
