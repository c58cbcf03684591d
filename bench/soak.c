/* Memory over time: messages, asks, and actors that come and go, for as long as is asked; the private memory of the admin, of a host and
 * of this program in the last minute against the first. Before that it warms up, until what is kept of the dead is as much as it ever will
 * be. Each sample is taken at rest, when what only a burst needs is given back: at work, memory is as high as the fullest queue was so
 * far, whose record is broken ever more seldom, but again.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "bench/bench.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define REST_S 1.5 /* a process gives free memory back when it has rested for a second */

enum { WARM_UP_S = 60, MINUTE_S = 60, SAMPLES_MAX = 24 * 3600, BURST = 200000 };

enum { OF_ADMIN, OF_HOST, OF_PROGRAM, PROCESSES };

static const char *const names[PROCESSES] = {"soak-meshd", "soak-host", "soak-program"};

struct samples {
    double kb[PROCESSES][SAMPLES_MAX];
    size_t count;
};

static bool work(struct bench *bench, struct mesh_address sink) {
    struct bench_measurement self = {0};
    double values[BENCH_VALUES];
    return throughput_to(bench, sink, 64, BURST, &values[0]) && create_mesh(bench, &self, values);
}

static bool take_sample(struct bench *bench, struct mesh_address sink, struct samples *samples) {
    nanosleep(&(struct timespec){.tv_sec = (time_t)REST_S, .tv_nsec = (long)((REST_S - (time_t)REST_S) * 1e9)}, NULL);
    double *host = &samples->kb[OF_HOST][samples->count], *admin = &samples->kb[OF_ADMIN][samples->count];
    samples->kb[OF_PROGRAM][samples->count] = bench_private_kb((uint32_t)getpid());
    samples->count++;
    return bench_actor_kb(bench, sink, host) && bench_admin_kb(bench, admin);
}

/* What lies in the middle of the samples of that minute. */
static double level(const double *kb, size_t count) {
    double *sorted = malloc((count + 1) * sizeof *sorted);
    for (size_t i = 0; sorted && i < count; i++) {
        sorted[i] = kb[i];
    }
    double middle = sorted ? bench_percentile(sorted, count, 0.5) : 0;
    free(sorted);
    return middle;
}

static void print(const struct samples *samples, size_t minute, bool json) {
    for (int p = 0; p < PROCESSES; p++) {
        double first = level(samples->kb[p], minute), last = level(samples->kb[p] + samples->count - minute, minute);
        double growth = (last / first - 1) * 100;
        if (json) {
            printf("{\"name\":\"%s\",\"first_kb\":%.6g,\"last_kb\":%.6g,\"growth_percent\":%.3f,\"must\":1}\n",
                   names[p], first, last, growth);
        } else {
            printf("%-16s %10.0f kB in the first minute %10.0f in the last  %+.2f %%  must below 1  %s\n", names[p],
                   first, last, growth, growth < 1 ? "must" : "short");
        }
    }
}

/* A sample after every second of work, unless `samples` is NULL. */
static bool run(struct bench *bench, struct mesh_address sink, size_t seconds, struct samples *samples) {
    bool well = true;
    double end = bench_seconds() + (double)seconds;
    while (well && bench_seconds() < end && (!samples || samples->count < SAMPLES_MAX)) {
        double due = bench_seconds() + 1;
        while (well && bench_seconds() < due) {
            well = work(bench, sink);
        }
        well = well && (!samples || take_sample(bench, sink, samples));
    }
    return well;
}

bool bench_soak(struct bench *bench, size_t seconds, bool json) {
    struct samples *samples = calloc(1, sizeof *samples);
    struct mesh_address sink;
    if (!samples || !bench_create(bench, "bench-sink", &sink)) {
        free(samples);
        return false;
    }
    bench->idle = 1;
    bench->quick = true; /* a sample after every second needs small portions */
    bool well = run(bench, sink, WARM_UP_S, NULL) && run(bench, sink, seconds, samples);
    well = bench_end(bench, sink) && well;
    if (well) {
        size_t share = seconds >= 3 * MINUTE_S ? seconds / MINUTE_S : 3;
        print(samples, samples->count / share, json);
    }
    free(samples);
    return well;
}
