/* Tests step 4 without a node: three millers do the work, and what cannot be ground is answered, too. */
#include <mesh/patterns.h>
#include <mesh/test.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBERS = 20 };

extern const struct mesh_module mesh_module; /* of mill.c */
static struct mesh_test *test;
static struct mesh_address mill;

static void expect(bool holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "not so: %s\n", what);
        exit(1);
    }
}

static struct mesh_troupe_status status(void) {
    struct mesh_message *reply;
    struct mesh_troupe_status status;
    expect(mesh_test_ask(test, mill, MESH_TROUPE_STATUS, NULL, 0, 0, &reply) == MESH_OK, "it answers");
    expect(mesh_troupe_read_status(reply, &status) == MESH_OK, "with its status");
    mesh_message_release(&reply);
    return status;
}

static void expect_failure(const char *number, const char *why) {
    struct mesh_message *reply;
    size_t bytes;
    expect(mesh_test_ask_text(test, mill, number, 1000, &reply) == MESH_OK, "it is answered");
    expect(mesh_message_is(reply, MESH_FAILURE), "that it has failed");
    expect(strstr(mesh_message_data(reply, &bytes), why) != NULL, why);
    mesh_message_release(&reply);
}

int main(void) {
    struct mesh_message *reply;
    expect(mesh_test_new(&test, &(struct mesh_test_options){.types = mesh_module.types}, NULL) == MESH_OK, "a test");
    expect(mesh_test_create(test, "mill", NULL, &mill, NULL) == MESH_OK, "a mill");
    for (int i = 0; i < NUMBERS; i++) {
        expect(mesh_test_tell_text(test, mill, "12") == MESH_OK, "it is told");
    }
    for (int i = 0; i < NUMBERS; i++) {
        expect(mesh_test_listen(test, 0, &reply) == MESH_OK, "each number is answered");
        expect(strcmp(mesh_message_text(reply), "12 = 2 * 2 * 3") == 0, "and right");
        mesh_message_release(&reply);
    }
    expect(status().workers == 3 && status().done == NUMBERS, "three millers did it");
    expect_failure("twelve", "'twelve' is no number");
    mesh_test_destroy(&test);
    return 0;
}
