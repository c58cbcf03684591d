/* What idle actors cost the others: throughput, latency and creation beside 1, 10, 100 and 1000 of them, and how that compares with
 * the first.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "bench/bench.h"
#include <stdio.h>

enum { STEPS = 4, IDLE_MAX = 1000, RUNS = 5 };

static const struct curve_column {
    const char *name, *unit;
    size_t payload_bytes;
    bool (*measure)(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES]);
} columns[] = {
    {"throughput-64", "messages/s", 64, throughput_mesh},
    {"latency-p50", "us", 64, latency_mesh},
    {"create-process", "us", 0, create_mesh},
};

enum { COLUMNS = sizeof columns / sizeof *columns };

static bool measure(struct bench *bench, const struct curve_column *column, double *middle) {
    struct bench_measurement self = {.payload_bytes = column->payload_bytes};
    double seen[RUNS];
    for (int run = 0; run < RUNS; run++) {
        double values[BENCH_VALUES] = {0};
        if (!column->measure(bench, &self, values)) {
            return false;
        }
        seen[run] = values[0];
    }
    *middle = bench_percentile(seen, RUNS, 0.5);
    return true;
}

static void print(bool json, size_t idle, const struct curve_column *column, double value, double first) {
    if (json) {
        printf("{\"name\":\"%s\",\"idle_actors\":%zu,\"mesh\":%.6g,\"unit\":\"%s\",\"to_first\":%.3f}\n", column->name,
               idle, value, column->unit, value / first);
    } else {
        printf("%6zu  %-16s %12.6g %-10s  %5.2f of the first\n", idle, column->name, value, column->unit,
               value / first);
    }
    fflush(stdout);
}

bool bench_curve(struct bench *bench, bool json) {
    static const size_t steps[STEPS] = {1, 10, 100, IDLE_MAX};
    struct mesh_address idle[IDLE_MAX];
    double first[COLUMNS] = {0};
    size_t count = 0;
    bool well = true;
    for (size_t s = 0; well && s < STEPS; s++) {
        well = bench_create_idle(bench, idle + count, steps[s] - count);
        bench->idle = count = well ? steps[s] : count;
        for (size_t c = 0; well && c < COLUMNS; c++) {
            double value;
            well = measure(bench, &columns[c], &value);
            if (well) {
                first[c] = s == 0 ? value : first[c];
                print(json, count, &columns[c], value, first[c]);
            }
        }
    }
    bench->idle = 0;
    return bench_end_idle(bench, idle, count) && well;
}
