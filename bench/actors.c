/* The actors of the benchmark, a module that its node has on its path.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "bench/actors.h"
#include <mesh/actor.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- what messages are sent to ---- */

struct sink {
    uint64_t handled, expected;
    struct mesh_address waiting; /* who is told when as many as expected have come */
};

static enum mesh_verdict sink_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct sink *sink = state;
    if (mesh_message_is(message, "count")) {
        return mesh_reply(self, message, "count", &sink->handled, sizeof sink->handled) ? MESH_FAILED : MESH_DONE;
    }
    if (mesh_message_is(message, "expect")) {
        size_t bytes;
        memcpy(&sink->expected, mesh_message_data(message, &bytes), sizeof sink->expected);
        sink->waiting = mesh_message_sender(message);
        return MESH_DONE;
    }
    if (mesh_message_kind(message) == MESH_USER && ++sink->handled == sink->expected) {
        return mesh_send(self, sink->waiting, "count", &sink->handled, sizeof sink->handled) ? MESH_FAILED : MESH_DONE;
    }
    return MESH_DONE;
}

static enum mesh_verdict echo_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)state;
    if (mesh_message_kind(message) != MESH_USER) {
        return MESH_DONE;
    }
    size_t bytes;
    const void *data = mesh_message_data(message, &bytes);
    return mesh_reply(self, message, mesh_message_type(message), data, bytes) ? MESH_FAILED : MESH_DONE;
}

static const struct mesh_type sink_type = {
    .name = "bench-sink", .state_bytes = sizeof(struct sink), .receive = sink_receive};
static const struct mesh_type echo_type = {.name = "bench-echo", .receive = echo_receive};
/* ---- what creates others ---- */

static enum mesh_status send_on(struct mesh_actor *self, struct errand errand) {
    struct mesh_address child;
    enum mesh_status status = mesh_create(self, "bench-link", NULL, &child);
    return status ? status : mesh_send(self, child, "errand", &errand, sizeof errand);
}

static enum mesh_verdict link_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)state;
    if (!mesh_message_is(message, "errand")) {
        return MESH_DONE;
    }
    size_t bytes;
    struct errand errand;
    memcpy(&errand, mesh_message_data(message, &bytes), sizeof errand);
    enum mesh_status status = MESH_OK;
    if (errand.at_once > 0) {
        for (uint32_t i = 0; i < errand.at_once && status == MESH_OK; i++) {
            status = send_on(self, (struct errand){.origin = errand.origin});
        }
    } else if (errand.left > 0) {
        status = send_on(self, (struct errand){.origin = errand.origin, .left = errand.left - 1});
    } else {
        status = mesh_send(self, errand.origin, "done", NULL, 0);
    }
    return status ? MESH_FAILED : MESH_DONE;
}

static const struct mesh_type link_type = {.name = "bench-link", .receive = link_receive};

/* ---- what sends much ---- */

static enum mesh_verdict gun_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)state;
    if (!mesh_message_is(message, "fire")) {
        return MESH_DONE;
    }
    size_t bytes;
    struct shots shots;
    memcpy(&shots, mesh_message_data(message, &bytes), sizeof shots);
    void *payload = calloc(1, shots.bytes);
    enum mesh_status status = payload ? MESH_OK : MESH_NO_MEMORY;
    for (uint64_t i = 0; status == MESH_OK && i < shots.count; i++) {
        status = mesh_send(self, shots.target, "load", payload, shots.bytes);
    }
    free(payload);
    return status ? mesh_fail(self, "%s", mesh_status_text(status)) : MESH_DONE;
}

static const struct mesh_type gun_type = {.name = "bench-gun", .receive = gun_receive};

/* ---- light ones ---- */

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

struct crowd {
    struct mesh_address asker, partner;
    uint64_t left;
    double began;
};

static enum mesh_status tell_ns(struct mesh_actor *self, struct crowd *crowd, uint64_t count) {
    double ns = (seconds() - crowd->began) * 1e9 / (double)count;
    return mesh_send(self, crowd->asker, "ns", &ns, sizeof ns);
}

static enum mesh_status spawn(struct mesh_actor *self, struct crowd *crowd) {
    enum mesh_status status = MESH_OK;
    crowd->began = seconds();
    for (size_t i = 0; status == MESH_OK && i < BENCH_CROWD; i++) {
        status = mesh_create(self, "bench-leaf", NULL, &crowd->partner);
    }
    return status ? status : tell_ns(self, crowd, BENCH_CROWD);
}

static enum mesh_status play(struct mesh_actor *self, struct crowd *crowd) {
    crowd->left = BENCH_ROUNDS;
    enum mesh_status status = mesh_create(self, "bench-leaf", NULL, &crowd->partner);
    crowd->began = seconds();
    return status ? status : mesh_send(self, crowd->partner, "ping", NULL, 0);
}

static enum mesh_verdict crowd_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct crowd *crowd = state;
    enum mesh_status status = MESH_OK;
    if (mesh_message_is(message, "pong")) {
        status =
            --crowd->left > 0 ? mesh_send(self, crowd->partner, "ping", NULL, 0) : tell_ns(self, crowd, BENCH_ROUNDS);
    } else if (mesh_message_is(message, "spawn") || mesh_message_is(message, "play")) {
        crowd->asker = mesh_message_sender(message);
        status = mesh_message_is(message, "spawn") ? spawn(self, crowd) : play(self, crowd);
    }
    return status ? MESH_FAILED : MESH_DONE;
}

static enum mesh_verdict leaf_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)state;
    bool ping = mesh_message_is(message, "ping");
    return ping && mesh_send(self, mesh_message_sender(message), "pong", NULL, 0) ? MESH_FAILED : MESH_DONE;
}

static const struct mesh_type crowd_type = {
    .name = "bench-crowd", .receive = crowd_receive, .state_bytes = sizeof(struct crowd), .light = true};
static const struct mesh_type leaf_type = {.name = "bench-leaf", .receive = leaf_receive, .light = true};

MESH_MODULE(&sink_type, &echo_type, &link_type, &gun_type, &crowd_type, &leaf_type);
