/* Tests the runner without a node. Its commands are real processes, so the time is real too. */
#include "runner.h"
#include <mesh/test.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static const struct mesh_type *const types[] = {&command_runner, NULL};
static struct mesh_test *test;

static void expect(bool holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "not so: %s\n", what);
        exit(1);
    }
}

/* Runs a command to its end; gives its status, and what it printed. */
static int run(const char *limit_ms, const char *command, char *output, size_t bytes) {
    struct mesh_address runner;
    struct mesh_message *message;
    int status = -1;
    output[0] = '\0';
    expect(mesh_test_create(test, "runner", NULL, &runner, NULL) == MESH_OK, "a runner");
    expect(mesh_test_tell(test, runner, limit_ms, command, strlen(command) + 1) == MESH_OK, "it is told");
    while (status < 0) {
        expect(mesh_test_listen(test, 30000, &message) == MESH_OK, "something comes");
        size_t length = strlen(output), size;
        if (mesh_message_is(message, "over")) {
            memcpy(&status, mesh_message_data(message, &size), sizeof status);
        } else {
            snprintf(output + length, bytes - length, "%s", mesh_message_text(message));
        }
        mesh_message_release(&message);
    }
    return status;
}

int main(void) {
    char output[64];
    struct mesh_test_options options = {.types = types, .real_time = true};
    expect(mesh_test_new(&test, &options, NULL) == MESH_OK, "a test");
    int status = run("30000", "echo one; echo two; exit 3", output, sizeof output);
    expect(strcmp(output, "one\ntwo\n") == 0, "all of the output comes");
    expect(WIFEXITED(status) && WEXITSTATUS(status) == 3, "it ends by itself");
    status = run("300", "echo begun; sleep 600; echo never", output, sizeof output);
    expect(strcmp(output, "begun\n") == 0, "what comes before its time is over");
    expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "it is stopped");
    mesh_test_destroy(&test);
    return 0;
}
