/* What light actors cost: to create, for a message there and back, and in memory. Measured inside a handler, or from one message to
 * the last; there is no baseline.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "bench/actors.h"
#include "bench/bench.h"
#include <stdlib.h>
#include <string.h>

/* Has a new crowd do that, and gives the nanoseconds that it tells. It lives on. */
static bool run(struct bench *bench, const char *what, struct mesh_address *crowd, double *ns) {
    struct mesh_message *message = NULL;
    size_t bytes = 0;
    if (!bench_create(bench, "bench-crowd", crowd)) {
        return false;
    }
    enum mesh_status status = mesh_tell(bench->node, *crowd, what, NULL, 0);
    status = status ? status : mesh_listen(bench->node, 60000, &message);
    if (status) {
        return bench_fails(what, status);
    }
    const void *data = mesh_message_data(message, &bytes);
    bool well = bytes == sizeof *ns;
    if (well) {
        memcpy(ns, data, sizeof *ns);
    }
    mesh_message_release(&message);
    return well;
}

bool light_roundtrip_mesh(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES]) {
    (void)self;
    struct mesh_address crowd;
    return run(bench, "play", &crowd, &values[0]) && bench_end(bench, crowd) && bench_await_actors(bench, 0);
}

/* The second value is what each of them has added to its host's private memory, once its constructor has run. */
bool light_spawn_mesh(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES]) {
    (void)self;
    struct mesh_address first, crowd;
    double before_kb, after_kb, ignored;
    if (!run(bench, "play", &first, &ignored) || !bench_actor_kb(bench, first, &before_kb) ||
        !bench_end(bench, first) || !bench_await_actors(bench, 0) || !run(bench, "spawn", &crowd, &values[0])) {
        return false;
    }
    bench_settle(bench);
    bool well = bench_actor_kb(bench, crowd, &after_kb);
    values[1] = (after_kb - before_kb) * 1024 / BENCH_CROWD;
    return well && bench_end(bench, crowd) && bench_await_actors(bench, 0);
}
