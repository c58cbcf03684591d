/* Messages of every size between two nodes (D6): nothing at all up to more than any mailbox holds, and small ones that pass
 * between the slices of a large one.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/nodes.h"
#include <string.h>

enum { KIB = 1024, MIB = 1024 * 1024, LARGE_MS = 60000, PINGS = 20 };

static struct node nodes[2];

/* ---- the actor: answers any bytes with their number and their sum ---- */

static uint64_t sum_of(const uint8_t *data, size_t bytes) {
    uint64_t sum = bytes;
    for (size_t i = 0; i < bytes; i++) {
        sum = (sum << 1 | sum >> 63) ^ data[i];
    }
    return sum;
}

static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)state;
    size_t bytes = 0;
    const void *data = mesh_message_data(message, &bytes);
    if (mesh_message_kind(message) != MESH_USER) {
        return MESH_DONE;
    }
    uint64_t sum = sum_of(data, bytes);
    return mesh_reply(self, message, "sum", &sum, sizeof sum) ? MESH_FAILED : MESH_DONE;
}

static const struct mesh_type summer = {.name = "summer", .receive = receive};
static const struct mesh_type *const types[] = {&summer, NULL};

/* ---- the test ---- */

static uint8_t *content(size_t bytes) {
    uint8_t *data = malloc(bytes + 1);
    EXPECT(data);
    for (size_t i = 0; i < bytes; i++) {
        data[i] = (uint8_t)(i * 2654435761u >> 13);
    }
    return data;
}

static uint64_t sum_in(struct mesh_message **message) {
    uint64_t sum;
    size_t bytes = 0;
    const void *data = mesh_message_data(*message, &bytes);
    EXPECT(mesh_message_is(*message, "sum") && bytes == sizeof sum);
    memcpy(&sum, data, sizeof sum);
    mesh_message_release(message);
    return sum;
}

static void expect_sum(struct mesh_address actor, size_t bytes) {
    struct mesh_message *reply = NULL;
    uint8_t *data = content(bytes);
    long began_ms = node_now_ms();
    EXPECT(mesh_ask(nodes[0].handle, actor, "blob", data, bytes, LARGE_MS, &reply) == MESH_OK);
    EXPECT(sum_in(&reply) == sum_of(data, bytes));
    printf("    %zu bytes in %ld ms\n", bytes, node_now_ms() - began_ms);
    free(data);
}

static void D6_any_size_arrives_whole(void) {
    static const size_t sizes[] = {0, 1, 4 * KIB, 4 * KIB + 1, 128 * KIB, 128 * KIB + 1, MIB, 64 * MIB};
    struct mesh_address there = node_create(&nodes[0], "summer", "there");
    struct mesh_address here = node_create(&nodes[0], "summer", "here");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        expect_sum(there, sizes[i]);
    }
    expect_sum(here, 8 * MIB);
}

static void D6_small_ones_pass_between_the_slices_of_a_large_one(void) {
    struct mesh_address busy = node_create(&nodes[0], "summer", "there");
    struct mesh_address other = node_create(&nodes[0], "summer", "there");
    struct mesh_message *reply = NULL;
    size_t bytes = (size_t)300 * MIB;
    uint8_t *data = content(bytes);
    EXPECT(mesh_tell(nodes[0].handle, busy, "blob", data, bytes) == MESH_OK);
    /* It has the window to itself, so the small ones come from an endpoint of their own. */
    struct mesh_endpoint *endpoint = NULL;
    EXPECT(mesh_endpoint_open(nodes[0].handle, &endpoint) == MESH_OK);
    for (int i = 0; i < PINGS; i++) {
        EXPECT(mesh_endpoint_ask(endpoint, other, "blob", "ping", 4, LARGE_MS, &reply) == MESH_OK);
        EXPECT(sum_in(&reply) == sum_of((const uint8_t *)"ping", 4));
    }
    EXPECT(mesh_listen(nodes[0].handle, 0, &reply) == MESH_TIMED_OUT); /* they were answered before it was there */
    mesh_endpoint_close(&endpoint);
    EXPECT(mesh_listen(nodes[0].handle, LARGE_MS, &reply) == MESH_OK);
    EXPECT(sum_in(&reply) == sum_of(data, bytes));
    free(data);
}

static void D6_what_is_above_the_limit_is_refused_at_the_call(void) {
    struct mesh_address there = node_create(&nodes[0], "summer", "there");
    static const uint8_t byte;
    EXPECT(mesh_tell(nodes[0].handle, there, "blob", &byte, ((size_t)1 << 30) + 1) == MESH_TOO_LARGE);
    expect_sum(there, 1);
}

#define RUN(test) (printf("%s\n", #test), test())

int main(void) {
    mesh_host_enter(types);
    nodes_init(types);
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    node_start(&nodes[0], "here", NULL);
    node_start(&nodes[1], "there", &nodes[0]);
    (void)node_await_members(&nodes[0], 2, WAIT_MS);
    RUN(D6_any_size_arrives_whole);
    RUN(D6_small_ones_pass_between_the_slices_of_a_large_one);
    RUN(D6_what_is_above_the_limit_is_refused_at_the_call);
    node_stop(&nodes[1]);
    node_stop(&nodes[0]);
    return 0;
}
