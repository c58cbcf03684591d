/* What it costs to create process actors: one at a time, many at once, and each by the one before.
 *
 * The baseline forks a process that makes a ZeroMQ context and three sockets, as a host has, and answers: no actor
 * system on ZeroMQ can do with less.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "bench/actors.h"
#include "bench/bench.h"
#include "bench/raw.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

enum { CHAIN = 250, BURST = 100, ANSWER_MS = 30000 };

/* ---- many of them ---- */

static bool await_done(struct bench *bench, size_t count) {
    while (count > 0) {
        struct mesh_message *message = NULL;
        enum mesh_status status = mesh_listen(bench->node, ANSWER_MS, &message);
        if (status) {
            return bench_fails("not all have answered", status);
        }
        count -= mesh_message_is(message, "done");
        mesh_message_release(&message);
    }
    return true;
}

/* The first is there already: what is measured is those that it creates, directly or not. */
static bool run_errand(struct bench *bench, struct errand errand, size_t answers, double *seconds) {
    struct mesh_address first;
    errand.origin = mesh_node_address(bench->node);
    if (!bench_create(bench, "bench-link", &first)) {
        return false;
    }
    double start = bench_seconds();
    enum mesh_status status = mesh_tell(bench->node, first, "errand", &errand, sizeof errand);
    if (status) {
        return bench_fails("tell the first", status);
    }
    bool well = await_done(bench, answers);
    *seconds = bench_seconds() - start;
    return well && bench_end(bench, first) && bench_await_actors(bench, 0);
}

bool chain_mesh(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES]) {
    (void)self;
    return run_errand(bench, (struct errand){.left = CHAIN}, 1, &values[0]);
}

bool burst_mesh(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES]) {
    (void)self;
    return run_errand(bench, (struct errand){.at_once = BURST}, BURST, &values[0]);
}

/* ---- one at a time ---- */

static size_t creates(const struct bench *bench) {
    return bench->quick ? 50 : 200;
}

bool create_mesh(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES]) {
    size_t count = creates(bench);
    double *samples = calloc(count, sizeof *samples);
    bool well = samples != NULL;
    for (size_t i = 0; well && i < count; i++) {
        struct mesh_address actor;
        double start = bench_seconds();
        well = bench_create(bench, "bench-echo", &actor) && bench_ask(bench, actor, "ping", NULL, self->payload_bytes);
        samples[i] = (bench_seconds() - start) * 1e6;
        well = well && bench_end(bench, actor) && bench_await_actors(bench, bench->idle);
    }
    if (well) {
        values[0] = bench_percentile(samples, count, 0.5);
    }
    free(samples);
    return well;
}

/* The child: a context, a socket for what comes in, one to its admin, one to a peer; then it answers once. */
static void answer_once(const char *endpoint) {
    struct raw raw = {0};
    char own[64];
    snprintf(own, sizeof own, "ipc://@mesh-bench-child-%ld", (long)getpid());
    bool well = raw_open(&raw, endpoint, false, 64);
    void *inbound = well ? zmq_socket(raw.context, ZMQ_DEALER) : NULL;
    void *third = well ? zmq_socket(raw.context, ZMQ_DEALER) : NULL;
    well = inbound && third && zmq_bind(inbound, own) == 0 && zmq_connect(third, own) == 0 && raw_send(&raw, 1) &&
           raw_receive(&raw) && raw_send(&raw, 1);
    zmq_close(inbound);
    zmq_close(third);
    raw_close(&raw);
    _exit(well ? 0 : 1);
}

/* The parent listens before the clock starts, as a program does that has attached: were it to make its context meanwhile, the child would
 * do so at the same time on the other core, unmeasured. The child has contexts of its own only. */
static bool create_once(double *sample) {
    char endpoint[64];
    struct raw raw = {0};
    snprintf(endpoint, sizeof endpoint, "ipc://@mesh-bench-parent-%ld", (long)getpid());
    if (!raw_open(&raw, endpoint, true, 64)) {
        raw_close(&raw);
        return false;
    }
    double start = bench_seconds();
    pid_t child = fork();
    if (child == 0) {
        answer_once(endpoint);
    }
    bool well = child > 0 && raw_receive(&raw) && raw_send(&raw, 1) && raw_receive(&raw);
    *sample = (bench_seconds() - start) * 1e6;
    raw_close(&raw);
    return raw_child_was_well(child) && well;
}

bool create_baseline(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES]) {
    (void)self;
    size_t count = creates(bench);
    double *samples = calloc(count, sizeof *samples);
    bool well = samples != NULL;
    for (size_t i = 0; well && i < count; i++) {
        well = create_once(&samples[i]);
    }
    if (well) {
        values[0] = bench_percentile(samples, count, 0.5);
    }
    free(samples);
    return well;
}
