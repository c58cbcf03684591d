/* What a convention of many costs: traffic, the leader's work, and how long it takes until all follow another leader.
 *
 *   mesh-bench-members [NODES]
 *
 * Times of the convention are virtual, and the same on every machine: they are judged. The leader's work is real time, and is not.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "bench/bench_core_crowd.h"
#include "mesh/base/time.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { LEADERS = 3, PERIODS = 6, WAIT_S = 300, FRAME_BYTES_MAX = 128 * 1024 };

#define PERIOD_NS (10 * NS_PER_S)
#define STARTED_NS (6 * NS_PER_S)  /* the restart period with its jitter, when the first call came too early */
#define REPLACED_NS (5 * NS_PER_S) /* refused for 2 s, a heartbeat, a registration and its answer */
#define TOLD_NS (2 * NS_PER_S)     /* the word of a crowd that joins within a second waits but a few blackouts (S4A) */

/* A heartbeat a second each way, a registration with each that may lead, and one answer. Those that may lead have some more. */
#define REST_MESSAGES (2 * 10 + LEADERS + 1 + 0.5)

static int judge(const char *what, bool good) {
    if (!good) {
        printf("  <-- %s\n", what);
    }
    return !good;
}

static double messages_of(const struct crowd *crowd, uint64_t periods) {
    struct crowd_figures figures = crowd_figures(crowd);
    return (double)figures.frames / (double)crowd_living(crowd) / (double)periods;
}

/* How many bounds it is above. */
static int print(const char *what, const struct crowd *crowd, uint64_t periods) {
    struct crowd_figures figures = crowd_figures(crowd);
    double shares = (double)crowd_living(crowd) * (double)periods;
    printf("%-28s %8.2f messages, %9.0f bytes a member and period, the largest %6" PRIu64 "; %8.0f ns for each of the "
           "leader's %6" PRIu64 " events; the longest answer %.3f s\n",
           what, messages_of(crowd, periods), (double)figures.bytes / shares, figures.largest,
           (double)figures.leader_ns / (double)figures.events, figures.events, (double)figures.longest_ns / 1e9);
    return judge("an answer takes more than one period", figures.longest_ns <= PERIOD_NS) +
           judge("an answer has not come", figures.unanswered == 0) +
           judge("a message is larger than a part of a roster may be", figures.largest <= FRAME_BYTES_MAX);
}

/* Nanoseconds until it is so of all who live. */
static uint64_t await(struct crowd *crowd, size_t (*count)(const struct crowd *crowd)) {
    uint64_t begun_ns = crowd_now(crowd);
    while (count(crowd) < crowd_living(crowd) && crowd_now(crowd) < begun_ns + WAIT_S * NS_PER_S) {
        crowd_run(crowd, 100 * NS_PER_MS);
    }
    return crowd_now(crowd) - begun_ns;
}

static int print_time(const char *what, uint64_t span_ns, uint64_t most_ns) {
    printf("%-28s %8.1f s\n", what, (double)span_ns / 1e9);
    return judge("that takes too long", span_ns <= most_ns);
}

static int restart_some(struct crowd *crowd, size_t nodes) {
    crowd_measure(crowd);
    for (size_t i = 0; i < PERIODS; i++) {
        crowd_kill(crowd, nodes - 1 - i);
        crowd_run(crowd, PERIOD_NS / 2);
        crowd_restart(crowd, nodes - 1 - i);
        crowd_run(crowd, PERIOD_NS / 2);
    }
    return print("one restarts each period", crowd, PERIODS);
}

static int replace_leader(struct crowd *crowd) {
    (void)await(crowd, crowd_agreeing);
    crowd_measure(crowd);
    crowd_kill(crowd, 0);
    uint64_t begun_ns = crowd_now(crowd);
    int bad = print_time("until all follow another", await(crowd, crowd_following), REPLACED_NS);
    (void)await(crowd, crowd_agreeing);
    return bad + print_time("and know that all do", crowd_now(crowd) - begun_ns, REPLACED_NS + TOLD_NS) +
           print("the leader is killed", crowd, 1);
}

int main(int argc, char **argv) {
    size_t nodes = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
    if (nodes <= LEADERS + PERIODS) {
        fprintf(stderr, "usage: mesh-bench-members [NODES], more than %d\n", LEADERS + PERIODS);
        return 2;
    }
    struct crowd *crowd = crowd_new(nodes, LEADERS, 1);
    printf("%zu nodes, %d of which may lead\n", nodes, LEADERS);
    int bad = print_time("until all follow the first", await(crowd, crowd_following), STARTED_NS);
    bad += print_time("until all know all", await(crowd, crowd_agreeing), TOLD_NS);
    bad += print("all join", crowd, 1);
    crowd_run(crowd, PERIOD_NS);
    crowd_measure(crowd);
    crowd_run(crowd, PERIODS * PERIOD_NS);
    bad += print("at rest", crowd, PERIODS);
    bad += judge("there is more traffic at rest than the rules demand", messages_of(crowd, PERIODS) <= REST_MESSAGES);
    bad += restart_some(crowd, nodes);
    bad += replace_leader(crowd);
    crowd_free(crowd);
    return bad != 0;
}
