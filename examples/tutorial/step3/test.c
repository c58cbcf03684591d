/* Tests step 3 without a node: the miller fails, crashes, is started anew, and at last is replaced. */
#include <mesh/test.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct mesh_module mesh_module; /* of mill.c */
static struct mesh_test *test;
static struct mesh_address mill, miller;

static void expect(bool holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "not so: %s\n", what);
        exit(1);
    }
}

/* What comes of a question; the answer tells who the miller is. */
static void expect_answer(const char *question, enum mesh_status status, const char *answer) {
    struct mesh_message *reply;
    expect(mesh_test_ask_text(test, mill, question, 1000, &reply) == status, question);
    expect(strcmp(status ? mesh_message_failure(reply) : mesh_message_text(reply), answer) == 0, answer);
    miller = status ? miller : mesh_message_sender(reply);
    mesh_message_release(&reply);
}

int main(void) {
    expect(mesh_test_new(&test, &(struct mesh_test_options){.types = mesh_module.types}, NULL) == MESH_OK, "a test");
    expect(mesh_test_create(test, "mill", NULL, &mill, NULL) == MESH_OK, "a mill");
    expect_answer("twelve", MESH_REFUSED, "'twelve' is no number");
    expect_answer("12", MESH_OK, "12 = 2 * 2 * 3");
    struct mesh_address first = miller;

    /* abort() would end this program too, so the kit crashes the miller instead of showing it the message. */
    for (int crashes = 0; crashes < 2; crashes++) {
        expect(mesh_test_crash_in_handler(test, miller, SIGABRT) == MESH_OK, "it can be crashed");
        expect_answer("0", MESH_REFUSED, "killed by SIGABRT");
        expect_answer("12", MESH_OK, "12 = 2 * 2 * 3");
        expect(mesh_address_equal(miller, first), "it is started anew where it was");
    }
    expect(mesh_test_crash(test, miller, SIGKILL) == MESH_OK, "it can be killed");
    mesh_test_run(test);
    expect_answer("12", MESH_OK, "12 = 2 * 2 * 3");
    expect(!mesh_address_equal(miller, first), "the third time another one is hired");
    mesh_test_destroy(&test);
    return 0;
}
