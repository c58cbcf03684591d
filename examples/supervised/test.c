/* Tests the worker without a node: it is crashed in its handler, and three more times than it may. */
#include "worker.h"
#include <mesh/test.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct mesh_type *const types[] = {&supervised_worker, NULL};
static struct mesh_test *test;
static struct mesh_address worker;

static void expect(bool holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "not so: %s\n", what);
        exit(1);
    }
}

static void expect_answer(const char *question, enum mesh_status status, const char *answer) {
    struct mesh_message *reply;
    expect(mesh_test_ask_text(test, worker, question, 1000, &reply) == status, question);
    expect(!answer || strcmp(status ? mesh_message_failure(reply) : mesh_message_text(reply), answer) == 0, answer);
    mesh_message_release(&reply);
}

int main(void) {
    struct mesh_create_options supervision = {.on_failure = MESH_RESTART}; /* three times in five seconds */
    expect(mesh_test_new(&test, &(struct mesh_test_options){.types = types}, NULL) == MESH_OK, "a test");
    expect(mesh_test_create(test, "supervised.worker", &supervision, &worker, NULL) == MESH_OK, "a worker");
    expect_answer("12/4", MESH_OK, "12/4 is 3 (answer 1 of this life)");
    expect_answer("12/3", MESH_OK, "12/3 is 4 (answer 2 of this life)");

    /* abort() would end this program too, so the kit crashes it instead of showing it the message. */
    expect(mesh_test_crash_in_handler(test, worker, SIGABRT) == MESH_OK, "it can be crashed");
    expect_answer("7/0", MESH_REFUSED, "killed by SIGABRT");
    expect_answer("10/5", MESH_OK, "10/5 is 2 (answer 1 of this life)");

    mesh_test_advance(test, 5000); /* no time goes by: the crash is now too long ago to count */
    for (int crashes = 0; crashes < 4; crashes++) {
        expect(mesh_test_lives(test, worker), "it is started anew three times");
        expect(mesh_test_crash(test, worker, SIGKILL) == MESH_OK, "it can be killed");
        mesh_test_run(test);
    }
    expect(!mesh_test_lives(test, worker), "not a fourth time");
    expect_answer("1/1", MESH_DEAD, NULL);
    mesh_test_destroy(&test);
    return 0;
}
