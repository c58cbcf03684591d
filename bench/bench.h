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
#include <stdint.h>

enum { BENCH_VALUES = 2, BENCH_RUNS_MAX = 31, BENCH_ONCE = 1 };

struct bench {
    struct mesh_node *node;
    bool quick;
    uint64_t idle; /* actors that stay while others come and go */
};

struct bench_row {
    const char *name;
    const char *unit;
    double must, aim; /* of the ratio mesh / baseline; of the value itself where there is no baseline */
};

struct bench_measurement {
    struct bench_row rows[BENCH_VALUES]; /* a row without a name ends them */
    bool more_is_better;
    size_t payload_bytes;
    bool tcp;        /* between two nodes, over loopback */
    bool curve;      /* encrypted there */
    size_t runs_max; /* 0: as many as are asked for */
    /* Each fills a value per row; false after having said why on stderr. There may be no baseline. */
    bool (*mesh)(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES]);
    bool (*baseline)(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES]);
};

#define BENCH_MEASURE(name)                                                                                            \
    bool name(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES])
BENCH_MEASURE(throughput_mesh);
BENCH_MEASURE(throughput_baseline);
BENCH_MEASURE(tcp_mesh);
BENCH_MEASURE(tcp_routed);
BENCH_MEASURE(latency_routed);
BENCH_MEASURE(latency_direct);
BENCH_MEASURE(fanin_mesh);
BENCH_MEASURE(fanin_baseline);
BENCH_MEASURE(latency_mesh);
BENCH_MEASURE(latency_baseline);
BENCH_MEASURE(rate_mesh);
BENCH_MEASURE(rate_baseline);
BENCH_MEASURE(create_mesh);
BENCH_MEASURE(create_baseline);
BENCH_MEASURE(chain_mesh);
BENCH_MEASURE(burst_mesh);
BENCH_MEASURE(members_many);
BENCH_MEASURE(members_few);
BENCH_MEASURE(light_spawn_mesh);
BENCH_MEASURE(light_roundtrip_mesh);
BENCH_MEASURE(memory_mesh);
BENCH_MEASURE(idle_mesh);

/* How much is done in one run, and what becomes of latency samples: the same for the mesh and the baseline. */
size_t throughput_messages(const struct bench *bench, const struct bench_measurement *self);
size_t latency_rounds(const struct bench *bench);
void latency_values(double *samples, size_t count, double values[BENCH_VALUES]);

/* A fixed rate: waits until the round is due, and gives when that was. */
size_t rate_rounds(const struct bench *bench);
double rate_wait(double start, size_t round);

/* Calls of the mesh that say on stderr what went wrong; bench_fails gives false. */
bool bench_fails(const char *what, enum mesh_status status);
bool bench_create(struct bench *bench, const char *type, struct mesh_address *out);
bool bench_end(struct bench *bench, struct mesh_address actor);
bool bench_tell(struct bench *bench, struct mesh_address to, const char *type, const void *data, size_t bytes);
bool bench_ask(struct bench *bench, struct mesh_address to, const char *type, const void *data, size_t bytes);
bool bench_await_actors(struct bench *bench, uint64_t count);
/* Tells a sink so many messages of that size: how many a second were handled, and told to be. */
bool throughput_to(struct bench *bench, struct mesh_address sink, size_t bytes, size_t count, double *rate);
/* Asks an echo one time after the other: microseconds. */
bool latency_to(struct bench *bench, struct mesh_address echo, size_t bytes, double values[BENCH_VALUES]);
/* Private memory of a process, of that of an actor, of the admin. */
double bench_private_kb(uint32_t pid);
bool bench_admin_kb(struct bench *bench, double *kb);
bool bench_actor_kb(struct bench *bench, struct mesh_address actor, double *kb);
/* Process actors that do nothing, each of which has answered once; and their end. */
bool bench_create_idle(struct bench *bench, struct mesh_address *actors, size_t count);
bool bench_end_idle(struct bench *bench, const struct mesh_address *actors, size_t count);
/* Lets the node come to rest: 60 s, 2 in a quick run. */
void bench_settle(const struct bench *bench);

/* What --curve and --soak print. */
bool bench_curve(struct bench *bench, bool json);
bool bench_soak(struct bench *bench, size_t seconds, bool json);

/* Seconds of the monotonic clock. */
double bench_seconds(void);

/* Sorts the samples and gives the value below which `share` of them lie. */
double bench_percentile(double *samples, size_t count, double share);

#endif
