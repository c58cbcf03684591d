/* What the scenarios begin and end with.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef TESTS_SCENARIO_STORY_H
#define TESTS_SCENARIO_STORY_H

#include "tests/scenario/cluster.h"
#include <criterion/criterion.h>

/* A leader `a` and one member `b`, one second old, with the trace of the beginning forgotten; `times` as in cluster_new. */
static inline struct cluster *pair_with(const struct convention_times *times) {
    struct cluster *cluster = cluster_new(times, 0, 1);
    cluster_start(cluster, 'a', "a");
    cluster_start(cluster, 'b', "a");
    cluster_run(cluster, NS_PER_S);
    cluster_forget_trace(cluster);
    return cluster;
}

static inline struct cluster *pair(void) {
    return pair_with(NULL);
}

/* The same with a second member `c`, two seconds old. */
static inline struct cluster *three(void) {
    struct cluster *cluster = pair();
    cluster_start(cluster, 'c', "a");
    cluster_run(cluster, NS_PER_S);
    cluster_forget_trace(cluster);
    return cluster;
}

/* Three that may lead and a member, a second old, with the trace of the beginning forgotten. */
static inline struct cluster *three_leaders(void) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    for (const char *letter = "abcd"; *letter; letter++) {
        cluster_start(cluster, *letter, "abc");
    }
    cluster_run(cluster, NS_PER_S);
    cluster_forget_trace(cluster);
    return cluster;
}

/* Without heartbeats, so that registrations alone tell who lives; and without jitter. */
static inline struct convention_times registrations_only(void) {
    struct convention_times times = convention_times_default;
    times.jitter_percent = 0;
    times.heartbeat_ns = times.suspect_ns = times.silent_ns = 0;
    return times;
}

/* `letter` registers with `a` as for the first time, beside what it does by itself. */
static inline void register_first(struct cluster *cluster, char letter) {
    struct frame_register frame = {.member = convention_self(cluster_core(cluster, letter))->view, .first_time = true};
    cluster_tell(cluster, 'a',
                 &(struct convention_event){.kind = CONVENTION_REGISTER,
                                            .peer = cluster_incarnation(cluster, letter),
                                            .registration = &frame});
}

/* What a link of `whom` brings, to or from a member that it knows. */
static inline void tell_link(struct cluster *cluster, char whom, enum convention_event_kind kind, char other) {
    const struct member *member =
        members_find(convention_members(cluster_core(cluster, whom)), cluster_incarnation(cluster, other));
    cluster_tell(
        cluster, whom,
        &(struct convention_event){.kind = kind, .peer = member->incarnation, .endpoint = member->view.endpoint});
}

static inline void expect_leader(struct cluster *cluster, const char *letters, char leader) {
    for (; *letters; letters++) {
        cr_assert_eq(convention_leader(cluster_core(cluster, *letters)), cluster_incarnation(cluster, leader), "%c",
                     *letters);
    }
}

static inline void run_and_expect(struct cluster *cluster, uint64_t seconds, const char *trace) {
    cluster_run(cluster, seconds * NS_PER_S);
    cluster_expect(cluster, trace);
    cluster_destroy(cluster);
}

#endif
