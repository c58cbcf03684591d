/* What a node takes while nothing happens: private memory of its processes, and processor time.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "bench/bench.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { IDLE_ACTORS = 100, REPORT_MS = 10000 };

/* ---- of one process ---- */

double bench_private_kb(uint32_t pid) {
    char path[64], line[128];
    double total = 0, kb;
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/smaps_rollup", pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "Private_Clean: %lf", &kb) == 1 || sscanf(line, "Private_Dirty: %lf", &kb) == 1) {
            total += kb;
        }
    }
    if (file) {
        fclose(file);
    }
    return total;
}

/* Nanoseconds on a processor, of all its threads. */
static double busy_ns(uint32_t pid) {
    char path[64];
    double total = 0, ns;
    for (uint32_t task = pid; task < pid + 16; task++) { /* its threads have been made one after the other */
        snprintf(path, sizeof path, "/proc/%" PRIu32 "/task/%" PRIu32 "/schedstat", pid, task);
        FILE *file = fopen(path, "r");
        total += file && fscanf(file, "%lf", &ns) == 1 ? ns : 0;
        if (file) {
            fclose(file);
        }
    }
    return total;
}

/* ---- of the node ---- */

static struct mesh_report *report(struct bench *bench) {
    struct mesh_report *report = NULL;
    struct mesh_error error;
    if (mesh_node_report(bench->node, false, REPORT_MS, &report, &error)) {
        fprintf(stderr, "mesh-bench: no report of the node: %s\n", error.text);
        return NULL;
    }
    return report;
}

static uint32_t pid_of(const struct mesh_report *report, struct mesh_address actor) {
    const struct mesh_node_report *node = &report->nodes[0];
    for (size_t i = 0; i < node->actors_count; i++) {
        if (mesh_address_equal(node->actors[i].address, actor)) {
            return node->actors[i].pid;
        }
    }
    return 0;
}

bool bench_actor_kb(struct bench *bench, struct mesh_address actor, double *kb) {
    struct mesh_report *seen = report(bench);
    *kb = seen ? bench_private_kb(pid_of(seen, actor)) : 0;
    mesh_report_release(&seen);
    return *kb > 0;
}

bool bench_admin_kb(struct bench *bench, double *kb) {
    struct mesh_report *seen = report(bench);
    *kb = seen ? bench_private_kb(seen->nodes[0].pid) : 0;
    mesh_report_release(&seen);
    return *kb > 0;
}

bool bench_await_actors(struct bench *bench, uint64_t count) {
    double start = bench_seconds();
    for (;;) {
        struct mesh_report *seen = report(bench);
        if (!seen) {
            return false;
        }
        bool there = seen->nodes[0].actors_hosted == count;
        mesh_report_release(&seen);
        if (there) {
            return true;
        }
        if (bench_seconds() - start > 30) {
            fprintf(stderr, "mesh-bench: the node does not come to have %" PRIu64 " actors\n", count);
            return false;
        }
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
}

void bench_settle(const struct bench *bench) {
    nanosleep(&(struct timespec){.tv_sec = bench->quick ? 2 : 60}, NULL);
}

bool bench_create_idle(struct bench *bench, struct mesh_address *actors, size_t count) {
    bool well = true;
    for (size_t i = 0; well && i < count; i++) {
        well = bench_create(bench, "bench-echo", &actors[i]) && bench_ask(bench, actors[i], "ping", NULL, 0);
    }
    return well;
}

bool bench_end_idle(struct bench *bench, const struct mesh_address *actors, size_t count) {
    bool well = true;
    for (size_t i = 0; i < count; i++) {
        well = bench_end(bench, actors[i]) && well;
    }
    return bench_await_actors(bench, 0) && well;
}

bool memory_mesh(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES]) {
    (void)self;
    struct mesh_address actor;
    if (!bench_create_idle(bench, &actor, 1)) {
        return false;
    }
    bench_settle(bench);
    struct mesh_report *seen = report(bench);
    if (!seen) {
        return false;
    }
    values[0] = bench_private_kb(seen->nodes[0].pid) / 1024;
    values[1] = bench_private_kb(pid_of(seen, actor)) / 1024;
    mesh_report_release(&seen);
    return bench_end_idle(bench, &actor, 1);
}

static double node_busy_ns(const struct mesh_report *report) {
    const struct mesh_node_report *node = &report->nodes[0];
    double total = busy_ns(node->pid);
    for (size_t i = 0; i < node->actors_count; i++) {
        total += busy_ns(node->actors[i].pid);
    }
    return total;
}

bool idle_mesh(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES]) {
    (void)self;
    struct mesh_address actors[IDLE_ACTORS];
    if (!bench_create_idle(bench, actors, IDLE_ACTORS)) {
        return false;
    }
    bench_settle(bench);
    struct mesh_report *before = report(bench);
    double start = bench_seconds(), busy = before ? node_busy_ns(before) : 0;
    bench_settle(bench);
    double span = bench_seconds() - start;
    values[0] = before ? (node_busy_ns(before) - busy) / (span * 1e9) * 100 : 0;
    bool well = before != NULL;
    mesh_report_release(&before);
    return bench_end_idle(bench, actors, IDLE_ACTORS) && well;
}
