/* Crowd: a convention of many nodes on virtual time, real convention cores over a network without faults. It counts messages and
 * times what the leader does.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef BENCH_BENCH_CORE_CROWD_H
#define BENCH_BENCH_CORE_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct crowd;

/* Since crowd_measure. */
struct crowd_figures {
    uint64_t events;     /* that the leader was told */
    uint64_t leader_ns;  /* which it needed for them, by a real clock, the reading of which is not counted */
    uint64_t frames;     /* of all nodes */
    uint64_t bytes;      /* in them */
    uint64_t largest;    /* bytes of one */
    uint64_t longest_ns; /* from a registration with the leader to its answer */
    uint64_t unanswered; /* of them, now */
};

/* So many nodes start within a second, the first `leaders` of which may lead. */
struct crowd *crowd_new(size_t nodes, size_t leaders, uint64_t seed);
void crowd_free(struct crowd *crowd);

void crowd_run(struct crowd *crowd, uint64_t span_ns);
/* The node is killed; or starts again, as another incarnation. */
void crowd_kill(struct crowd *crowd, size_t node);
void crowd_restart(struct crowd *crowd, size_t node);

/* How many living nodes have the first living one that may lead as their leader, and all who live as members. */
size_t crowd_agreeing(const struct crowd *crowd);
/* The same, whatever members they have. */
size_t crowd_following(const struct crowd *crowd);
size_t crowd_living(const struct crowd *crowd);
uint64_t crowd_now(const struct crowd *crowd);

void crowd_measure(struct crowd *crowd);
struct crowd_figures crowd_figures(const struct crowd *crowd);

#endif
