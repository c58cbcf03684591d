/* Tests the troupe without a node: it counts right, has as many workers as it may, and lets go those that it does not need. */
#include "primes.h"
#include <mesh/patterns.h>
#include <mesh/test.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct mesh_type *const types[] = {&primes_type, &primes_worker_type, NULL};
static struct mesh_test *test;
static struct mesh_address primes;

static void expect(bool holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "not so: %s\n", what);
        exit(1);
    }
}

static struct mesh_troupe_status status(void) {
    struct mesh_message *reply;
    struct mesh_troupe_status status;
    expect(mesh_test_ask(test, primes, MESH_TROUPE_STATUS, NULL, 0, 0, &reply) == MESH_OK, "it answers");
    expect(mesh_troupe_read_status(reply, &status) == MESH_OK, "with its status");
    mesh_message_release(&reply);
    return status;
}

int main(void) {
    struct range range = {1, 100};
    struct mesh_message *reply;
    expect(mesh_test_new(&test, &(struct mesh_test_options){.types = types}, NULL) == MESH_OK, "a test");
    expect(mesh_test_create(test, "primes", NULL, &primes, NULL) == MESH_OK, "a troupe");
    for (int i = 0; i < 10; i++) {
        expect(mesh_test_tell(test, primes, "range", &range, sizeof range) == MESH_OK, "it is told");
    }
    for (int i = 0; i < 10; i++) {
        expect(mesh_test_listen(test, 0, &reply) == MESH_OK, "each range is answered");
        expect(strcmp(mesh_message_text(reply), "25") == 0, "there are 25 primes up to 100");
        mesh_message_release(&reply);
    }
    expect(status().workers == 4 && status().done == 10, "four workers did it");
    expect(mesh_test_ask(test, primes, "range", &range, 1, 0, &reply) == MESH_OK, "a bad range has an answer");
    expect(mesh_message_is(reply, MESH_FAILURE), "that it has failed");
    mesh_message_release(&reply);
    mesh_test_advance(test, 2000);
    expect(status().workers == 2, "two stay");
    mesh_test_destroy(&test);
    return 0;
}
