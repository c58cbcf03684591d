/* The benchmark's parts: measurements of the mesh, each beside a baseline of raw libzmq.
 *
 * A measurement runs once for the mesh and once for the baseline, in turn, and yields one value per row. Ratios
 * are taken pair by pair, so that a machine whose speed drifts still tells the truth.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <mesh/mesh.h>
#include <stdbool.h>
#include <stddef.h>

enum { BENCH_VALUES = 2, BENCH_RUNS_MAX = 31 };

struct bench {
    struct mesh_node *node;
    bool quick;
};

struct bench_row {
    const char *name;
    double must, aim; /* of the ratio mesh / baseline */
};

struct bench_measurement {
    struct bench_row rows[BENCH_VALUES]; /* a row without a name ends them */
    const char *unit;
    bool more_is_better;
    size_t payload_bytes;
    /* Each fills a value per row; false after having said why on stderr. */
    bool (*mesh)(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES]);
    bool (*baseline)(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES]);
};

/* NULL-terminated. */
extern const struct bench_measurement *const bench_measurements[];

/* The actor types that the benchmark brings. */
extern const struct mesh_type *const bench_types[];

bool throughput_mesh(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES]);
bool throughput_baseline(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES]);
bool latency_mesh(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES]);
bool latency_baseline(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES]);

/* How much is done in one run, and what becomes of latency samples: the same for the mesh and the baseline. */
size_t throughput_messages(const struct bench *bench, const struct bench_measurement *self);
size_t latency_rounds(const struct bench *bench);
void latency_values(double *samples, size_t count, double values[BENCH_VALUES]);

/* Seconds of the monotonic clock. */
double bench_seconds(void);

/* Sorts the samples and gives the value below which `share` of them lie. */
double bench_percentile(double *samples, size_t count, double share);

#endif
