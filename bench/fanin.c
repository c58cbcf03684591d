/* Sixteen senders to one receiver. The senders of the mesh are actors, each with a process of its own; those of the baseline are
 * processes with a DEALER each. Throughput is from the word to go to the last message handled.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "bench/actors.h"
#include "bench/bench.h"
#include "bench/raw.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SENDERS = 16, ANSWER_MS = 60000 };

/* The sink answers when it has had so many. */
bool fanin_mesh(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES]) {
    struct mesh_address sink, guns[SENDERS];
    uint64_t each = throughput_messages(bench, self) / SENDERS, all = each * SENDERS;
    bool well = bench_create(bench, "bench-sink", &sink);
    for (int i = 0; well && i < SENDERS; i++) {
        well = bench_create(bench, "bench-gun", &guns[i]);
    }
    if (!well || !bench_tell(bench, sink, "expect", &all, sizeof all)) {
        return false;
    }
    struct shots shots = {sink, each, self->payload_bytes};
    double start = bench_seconds();
    for (int i = 0; well && i < SENDERS; i++) {
        well = bench_tell(bench, guns[i], "fire", &shots, sizeof shots);
    }
    struct mesh_message *message = NULL;
    enum mesh_status status = mesh_listen(bench->node, ANSWER_MS, &message);
    values[0] = (double)all / (bench_seconds() - start);
    if (status || !mesh_message_is(message, "count")) {
        well = bench_fails("the sink has not had all", status);
    }
    mesh_message_release(&message);
    for (int i = 0; i < SENDERS; i++) {
        well = bench_end(bench, guns[i]) && well;
    }
    return bench_end(bench, sink) && bench_await_actors(bench, 0) && well;
}

/* ---- raw ---- */

static void fire_all(const char *endpoint, int hwm, size_t bytes, size_t count, const int ends[2]) {
    struct raw raw = {0};
    char end;
    close(ends[1]);
    bool well = raw_open(&raw, endpoint, false, hwm);
    for (size_t i = 0; well && i < count; i++) {
        well = raw_send(&raw, bytes);
    }
    while (read(ends[0], &end, 1) > 0) {
    }
    raw_close(&raw);
    _exit(well ? 0 : 1);
}

static double rate_at(int hwm, size_t bytes, size_t each) {
    char endpoint[64];
    int ends[2];
    pid_t children[SENDERS];
    struct raw raw = {0};
    if (pipe(ends) != 0) {
        return 0;
    }
    raw_endpoint(endpoint);
    for (int i = 0; i < SENDERS; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            fire_all(endpoint, hwm, bytes, each, ends);
        }
    }
    bool well = raw_open(&raw, endpoint, true, hwm);
    double start = bench_seconds();
    for (size_t i = 0; well && i < each * SENDERS; i++) {
        well = raw_receive(&raw);
        start = i == 0 ? bench_seconds() : start;
    }
    double rate = (double)(each * SENDERS - 1) / (bench_seconds() - start);
    close(ends[0]);
    close(ends[1]);
    raw_close(&raw);
    for (int i = 0; i < SENDERS; i++) {
        well = raw_child_was_well(children[i]) && well;
    }
    return well ? rate : 0;
}

bool fanin_baseline(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES]) {
    size_t each = throughput_messages(bench, self) / SENDERS;
    double narrow = rate_at(64, self->payload_bytes, each), wide = rate_at(1000, self->payload_bytes, each);
    values[0] = narrow > wide ? narrow : wide;
    return values[0] > 0;
}
