/* A virtual cluster: conventions in one process, on virtual time, over a network that the test commands.
 *
 * Every message, call and notice is a line of the trace, "SECONDS NODE what"; heartbeats are left out. A node's
 * name is its letter, its endpoint "tcp://LETTER", its incarnation what the trace shows as LETTER and the count of
 * its lives.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef TESTS_SCENARIO_CLUSTER_H
#define TESTS_SCENARIO_CLUSTER_H

#include "convention/core/convention.h"
#include "mesh/base/time.h"

enum { CLUSTER_NODES = 8, CLUSTER_LATENCY_NS = 1000000 };

struct cluster;

/* `times` NULL: the defaults without jitter. `loss_per_mille` of the frames vanish, by the seed. */
struct cluster *cluster_new(const struct convention_times *times, unsigned loss_per_mille, uint64_t seed);
void cluster_destroy(struct cluster *cluster);

/* Starts node `letter` ('a' ...) that knows the leader at the endpoint of `leader` (0: none), named by its letter or
 * `name`. */
void cluster_start(struct cluster *cluster, char letter, char leader, const char *name);
void cluster_stop(struct cluster *cluster, char letter);   /* orderly */
void cluster_kill(struct cluster *cluster, char letter);   /* its links break, and nobody listens there any more */
void cluster_freeze(struct cluster *cluster, char letter); /* it does nothing, its links stand, what comes is lost */
void cluster_cut(struct cluster *cluster, char a, char b); /* nothing passes between them, links stand */
void cluster_heal(struct cluster *cluster, char a, char b);
void cluster_break(struct cluster *cluster, char a, char b); /* the link between them breaks and can be made anew */
/* From now on this many of a thousand frames vanish. */
void cluster_lose(struct cluster *cluster, unsigned per_mille);
void cluster_tell(struct cluster *cluster, char letter, const struct convention_event *event);

/* Lets virtual time pass. Law 7 is checked after every step. */
void cluster_run(struct cluster *cluster, uint64_t span_ns);

struct convention *cluster_core(struct cluster *cluster, char letter);
uint64_t cluster_incarnation(struct cluster *cluster, char letter);

/* Fails the test unless the trace since the last call is this, line by line. */
void cluster_expect(struct cluster *cluster, const char *trace);
const char *cluster_trace(const struct cluster *cluster);
void cluster_forget_trace(struct cluster *cluster);

/* How many lines of the trace contain the text. */
size_t cluster_count(const struct cluster *cluster, const char *text);

#endif
