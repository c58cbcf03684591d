/* What the mesh does in the measurements of messages: a program and one actor, two processes of one node.
 *
 * Throughput counts messages that were handled and acknowledged in order: the last one is an ask, whose answer says
 * how many came before it. Latency is one ask after the other.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "bench/bench.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SETTLE_MS = 60000, RATE_PER_SECOND = 2000 };

double bench_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_percentile(double *samples, size_t count, double share) {
    qsort(samples, count, sizeof *samples, compare_doubles);
    return samples[(size_t)floor(share * (double)(count - 1))];
}

/* About the same time for each size: half a second at the rates of a small machine. */
size_t throughput_messages(const struct bench *bench, const struct bench_measurement *self) {
    size_t count = self->payload_bytes <= 64 ? 2000000 : self->payload_bytes <= 1024 ? 600000 : 12000;
    return bench->quick ? count / 2 : count;
}

size_t latency_rounds(const struct bench *bench) {
    return bench->quick ? 8000 : 30000;
}

void latency_values(double *samples, size_t count, double values[BENCH_VALUES]) {
    values[0] = bench_percentile(samples, count, 0.50);
    values[1] = bench_percentile(samples, count, 0.99);
}

bool bench_fails(const char *what, enum mesh_status status) {
    fprintf(stderr, "mesh-bench: %s: %s\n", what, mesh_status_text(status));
    return false;
}

/* Asks the sink how many it has handled, once all that was told before is. */
static bool ask_count(struct bench *bench, struct mesh_address sink, uint64_t *count) {
    struct mesh_message *reply = NULL;
    enum mesh_status status = mesh_ask(bench->node, sink, "count", NULL, 0, SETTLE_MS, &reply);
    if (status) {
        return bench_fails("ask the sink", status);
    }
    size_t bytes;
    const void *data = mesh_message_data(reply, &bytes);
    bool well = bytes == sizeof *count;
    if (well) {
        memcpy(count, data, sizeof *count);
    }
    mesh_message_release(&reply);
    return well;
}

bool throughput_to(struct bench *bench, struct mesh_address sink, size_t bytes, size_t count, double *rate) {
    uint64_t before = 0, handled = 0;
    void *payload = calloc(1, bytes);
    if (!payload) {
        return bench_fails("payload", MESH_NO_MEMORY);
    }
    if (!ask_count(bench, sink, &before)) {
        free(payload);
        return false;
    }
    double start = bench_seconds();
    enum mesh_status status = MESH_OK;
    for (size_t i = 0; status == MESH_OK && i < count; i++) {
        status = mesh_tell(bench->node, sink, "load", payload, bytes);
    }
    free(payload);
    if (status) {
        return bench_fails("tell the sink", status);
    }
    if (!ask_count(bench, sink, &handled)) {
        return false;
    }
    *rate = (double)count / (bench_seconds() - start);
    if (handled - before != count) {
        fprintf(stderr, "mesh-bench: the sink handled %" PRIu64 " of %zu messages\n", handled - before, count);
    }
    return handled - before == count;
}

bool bench_create(struct bench *bench, const char *type, struct mesh_address *out) {
    struct mesh_error error;
    if (mesh_node_create(bench->node, type, NULL, out, &error)) {
        fprintf(stderr, "mesh-bench: %s\n", error.text);
        return false;
    }
    return true;
}

bool bench_end(struct bench *bench, struct mesh_address actor) {
    enum mesh_status status = mesh_node_request_exit(bench->node, actor, false);
    return status ? bench_fails("end the actor", status) : true;
}

bool throughput_mesh(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES]) {
    struct mesh_address sink;
    return bench_create(bench, "bench-sink", &sink) &&
           throughput_to(bench, sink, self->payload_bytes, throughput_messages(bench, self), &values[0]) &&
           bench_end(bench, sink);
}

bool bench_ask(struct bench *bench, struct mesh_address echo, const char *type, const void *payload, size_t bytes) {
    struct mesh_message *reply = NULL;
    enum mesh_status status = mesh_ask(bench->node, echo, type, payload, bytes, SETTLE_MS, &reply);
    if (status) {
        return bench_fails("ask the echo", status);
    }
    mesh_message_release(&reply);
    return true;
}

bool latency_to(struct bench *bench, struct mesh_address echo, size_t bytes, double values[BENCH_VALUES]) {
    size_t count = latency_rounds(bench);
    double *samples = calloc(count, sizeof *samples);
    void *payload = calloc(1, bytes);
    bool well = samples && payload;
    for (size_t i = 0; well && i < count; i++) {
        double start = bench_seconds();
        well = bench_ask(bench, echo, "ping", payload, bytes);
        samples[i] = (bench_seconds() - start) * 1e6;
    }
    if (well) {
        latency_values(samples, count, values);
    }
    free(payload);
    free(samples);
    return well;
}

bool latency_mesh(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES]) {
    struct mesh_address echo;
    return bench_create(bench, "bench-echo", &echo) && latency_to(bench, echo, self->payload_bytes, values) &&
           bench_end(bench, echo);
}

bool bench_tell(struct bench *bench, struct mesh_address to, const char *type, const void *data, size_t bytes) {
    enum mesh_status status = mesh_tell(bench->node, to, type, data, bytes);
    return status ? bench_fails("tell", status) : true;
}

/* ---- at a fixed rate ---- */

size_t rate_rounds(const struct bench *bench) {
    return bench->quick ? RATE_PER_SECOND : 5 * RATE_PER_SECOND;
}

/* A sample counts from when it was due: who is late for one is late for the next. */
double rate_wait(double start, size_t round) {
    double due = start + (double)round / RATE_PER_SECOND, left = due - bench_seconds();
    if (left > 0) {
        nanosleep(&(struct timespec){.tv_nsec = (long)(left * 1e9)}, NULL);
    }
    return due;
}

bool rate_mesh(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES]) {
    struct mesh_address echo;
    size_t count = rate_rounds(bench);
    double *samples = calloc(count, sizeof *samples);
    void *payload = calloc(1, self->payload_bytes);
    bool well = samples && payload && bench_create(bench, "bench-echo", &echo);
    double start = bench_seconds();
    for (size_t i = 0; well && i < count; i++) {
        double due = rate_wait(start, i);
        well = bench_ask(bench, echo, "ping", payload, self->payload_bytes);
        samples[i] = (bench_seconds() - due) * 1e6;
    }
    if (well) {
        values[0] = bench_percentile(samples, count, 0.99);
        well = bench_end(bench, echo);
    }
    free(payload);
    free(samples);
    return well;
}
