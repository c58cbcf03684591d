/* Counts primes with a troupe (primes.c): troupe [UP-TO]. Whoever has a range works in a process of its own. */
#include "primes.h"
#include <mesh/mesh.h>
#include <mesh/patterns.h>
#include <stdio.h>
#include <stdlib.h>

enum { RANGES = 20 };

static const struct mesh_type *const types[] = {&primes_type, &primes_worker_type, NULL};

static enum mesh_status tell_ranges(struct mesh_node *node, struct mesh_address primes, unsigned up_to) {
    enum mesh_status status = MESH_OK;
    for (unsigned i = 0; i < RANGES && status == MESH_OK; i++) {
        struct range range = {.first = up_to / RANGES * i + 1, .last = up_to / RANGES * (i + 1)};
        status = mesh_tell(node, primes, "range", &range, sizeof range);
    }
    return status;
}

static enum mesh_status add_up(struct mesh_node *node, unsigned long *sum) {
    enum mesh_status status = MESH_OK;
    for (unsigned i = 0; i < RANGES && status == MESH_OK; i++) {
        struct mesh_message *answer;
        status = mesh_listen(node, 60000, &answer);
        if (status == MESH_OK && mesh_message_text(answer)) {
            *sum += strtoul(mesh_message_text(answer), NULL, 10);
        } else if (status == MESH_OK) {
            status = MESH_REFUSED; /* a MESH_FAILURE, or what could not be taken on */
        }
        mesh_message_release(&answer);
    }
    return status;
}

int main(int count, char **arguments) {
    mesh_host_enter(types);
    struct mesh_node *node;
    struct mesh_address primes;
    struct mesh_error error;
    struct mesh_node_options options = {.types = types};
    unsigned up_to = count > 1 ? (unsigned)strtoul(arguments[1], NULL, 10) : 1000000;
    unsigned long sum = 0;
    if (mesh_node_start(&node, &options, &error) || mesh_node_create(node, "primes", NULL, &primes, &error)) {
        fprintf(stderr, "troupe: %s\n", error.text);
        return 1;
    }
    enum mesh_status status = tell_ranges(node, primes, up_to);
    if (status == MESH_OK) {
        status = add_up(node, &sum);
    }
    if (status == MESH_OK) {
        printf("%lu primes up to %u\n", sum, up_to / RANGES * RANGES);
    } else {
        fprintf(stderr, "troupe: %s\n", mesh_status_text(status));
    }
    enum mesh_status ended = mesh_node_shutdown(node, 10000);
    mesh_node_detach(&node);
    return status != MESH_OK || ended != MESH_OK;
}
