/* Tests step 6 without a node: what the mill says that is to be loaded. */
#include <mesh/test.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct mesh_module mesh_module; /* of mill.c */

static void expect(bool holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "not so: %s\n", what);
        exit(1);
    }
}

static void expect_answer(struct mesh_test *test, struct mesh_address mill, const char *number, const char *answer) {
    struct mesh_message *reply;
    expect(mesh_test_ask_text(test, mill, number, 1000, &reply) == MESH_OK, number);
    expect(strcmp(mesh_message_text(reply), answer) == 0, answer);
    mesh_message_release(&reply);
}

int main(void) {
    struct mesh_test *test;
    struct mesh_address mill;
    expect(mesh_test_new(&test, &(struct mesh_test_options){.types = mesh_module.types}, NULL) == MESH_OK, "a test");
    expect(mesh_test_create(test, "mill", NULL, &mill, NULL) == MESH_OK, "a mill");
    expect_answer(test, mill, "360", "360 = 2 * 2 * 2 * 3 * 3 * 5");
    expect_answer(test, mill, "97", "97 is prime");
    expect_answer(test, mill, "1", "1 = 1");
    mesh_test_destroy(&test);
    return 0;
}
