/* The same throughput over tcp: a program of one node to an actor of another, both nodes on loopback. The baseline is raw DEALERs
 * over tcp. And the same when the actor's node cannot be called, so that all goes through both admins; the baseline is the direct way.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "bench/bench.h"
#include "bench/raw.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { JOIN_S = 10, REPORT_MS = 5000, END_MS = 10000 };

/* A port of loopback that was free a moment ago. */
static unsigned free_port(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool well = fd >= 0 && bind(fd, (struct sockaddr *)&address, size) == 0 &&
                getsockname(fd, (struct sockaddr *)&address, &size) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return well ? ntohs(address.sin_port) : 0;
}

const char *raw_tcp_endpoint(char text[64]) {
    snprintf(text, 64, "tcp://127.0.0.1:%u", free_port());
    return text;
}

/* A node with its program's handle, in a directory of its own; and its key, when that is encrypted. */
struct place {
    const char *name;
    char directory[32], config[64], run_directory[64], secret[64], members[64], key[MESH_KEY_TEXT];
    struct mesh_node *node;
};

static bool prepare(struct place *place, const char *name, bool curve) {
    struct mesh_error error;
    place->name = name;
    snprintf(place->directory, sizeof place->directory, "/tmp/mesh-bench-XXXXXX");
    if (!mkdtemp(place->directory)) {
        return bench_fails("a directory below /tmp", MESH_IO);
    }
    snprintf(place->config, sizeof place->config, "%s/conf", place->directory);
    snprintf(place->run_directory, sizeof place->run_directory, "%s/run", place->directory);
    snprintf(place->secret, sizeof place->secret, "%s/key", place->directory);
    snprintf(place->members, sizeof place->members, "%s/members", place->directory);
    return !curve || mesh_key_make(place->secret, false, place->key, &error) == MESH_OK ||
           bench_fails(error.text, error.status);
}

/* Each allows both. */
static bool write_security(const struct place *place, const struct place *other, FILE *config) {
    FILE *members = place->key[0] ? fopen(place->members, "w") : NULL;
    if (!place->key[0]) {
        return true;
    }
    bool well =
        members && fprintf(members, "allow %s %s\nallow %s %s\n", place->key, place->name, other->key, other->name) > 0;
    well = members && fclose(members) == 0 && well;
    return fprintf(config, "security = curve\nkey = %s\nmembers = %s\n", place->secret, place->members) > 0 && well;
}

/* Without a port it cannot be called. */
static bool start(struct place *place, const struct place *other, unsigned port, const struct place *leader,
                  unsigned leader_port) {
    char listens[64] = "outbound_only = true";
    if (port) {
        snprintf(listens, sizeof listens, "bind = tcp://127.0.0.1:%u", port);
    }
    FILE *file = fopen(place->config, "w");
    bool well = file && write_security(place, other, file) &&
                fprintf(file,
                        "node = %s\n%s\nleaders = tcp://127.0.0.1:%u%s%s\n"
                        "module_path = " BENCH_MODULES "\n",
                        place->name, listens, leader_port, leader->key[0] ? "/" : "", leader->key) > 0;
    well = file && fclose(file) == 0 && well;
    struct mesh_node_options options = {.run_directory = place->run_directory, .config = place->config};
    struct mesh_error error;
    if (well && mesh_node_start(&place->node, &options, &error)) {
        fprintf(stderr, "mesh-bench: %s\n", error.text);
        well = false;
    }
    return well;
}

static bool end(struct place *place) {
    enum mesh_status status = place->node ? mesh_node_shutdown(place->node, END_MS) : MESH_OK;
    mesh_node_detach(&place->node);
    if (place->directory[0]) {
        unlink(place->config);
        unlink(place->secret);
        unlink(place->members);
        rmdir(place->directory);
    }
    return status ? bench_fails("the node did not end", status) : true;
}

static bool await_two(struct mesh_node *node) {
    double start = bench_seconds();
    size_t count = 0;
    while (count < 2 && bench_seconds() - start < JOIN_S) {
        struct mesh_report *report = NULL;
        struct mesh_error error;
        enum mesh_status status = mesh_node_report(node, true, REPORT_MS, &report, &error);
        if (status) {
            return bench_fails(error.text, status);
        }
        count = report->nodes_count;
        mesh_report_release(&report);
    }
    return count == 2 || bench_fails("the second node does not join", MESH_TIMED_OUT);
}

/* What is measured between a program of one node and an actor of another. */
typedef bool between(struct bench *near, struct mesh_address far, const struct bench_measurement *self,
                     double values[BENCH_VALUES]);

static bool throughput_between(struct bench *near, struct mesh_address far, const struct bench_measurement *self,
                               double values[BENCH_VALUES]) {
    return throughput_to(near, far, self->payload_bytes, throughput_messages(near, self), &values[0]);
}

static bool latency_between(struct bench *near, struct mesh_address far, const struct bench_measurement *self,
                            double values[BENCH_VALUES]) {
    return latency_to(near, far, self->payload_bytes, values);
}

static bool measure(struct bench *bench, bool routed, between *what, const char *type,
                    const struct bench_measurement *self, double values[BENCH_VALUES]) {
    struct place here = {0}, there = {0};
    unsigned leader = free_port(), member = routed ? 0 : free_port();
    bool well = prepare(&here, "here", self->curve) && prepare(&there, "there", self->curve) &&
                start(&here, &there, leader, &here, leader) && start(&there, &here, member, &here, leader) &&
                await_two(here.node);
    if (well) {
        struct bench near = {.node = here.node, .quick = bench->quick},
                     far = {.node = there.node, .quick = bench->quick};
        struct mesh_address actor;
        well = bench_create(&far, type, &actor) && what(&near, actor, self, values);
    }
    well = end(&there) && well;
    return end(&here) && well;
}

bool tcp_mesh(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES]) {
    return measure(bench, false, throughput_between, "bench-sink", self, values);
}

bool tcp_routed(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES]) {
    return measure(bench, true, throughput_between, "bench-sink", self, values);
}

bool latency_direct(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES]) {
    return measure(bench, false, latency_between, "bench-echo", self, values);
}

bool latency_routed(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES]) {
    return measure(bench, true, latency_between, "bench-echo", self, values);
}
