/* Tests an actor that leaves work to commands without a node: those are real processes, so time is real too. */
#include <mesh/patterns.h>
#include <mesh/test.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct mesh_type *const types[] = {&mesh_command_type, NULL};
static struct mesh_test *test;
static struct mesh_address runner;

static void expect(bool holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "not so: %s\n", what);
        exit(1);
    }
}

static struct mesh_message *run(const struct mesh_command *command, struct mesh_command_result *result) {
    struct mesh_message *reply;
    void *data;
    size_t bytes;
    expect(mesh_command_pack(command, &data, &bytes) == MESH_OK, "it can be said");
    expect(mesh_test_ask(test, runner, MESH_COMMAND_RUN, data, bytes, 30000, &reply) == MESH_OK, "it is answered");
    expect(mesh_command_read_result(reply, result) == MESH_OK, "with a result");
    free(data);
    return reply;
}

int main(void) {
    const char *const sort[] = {"sort", NULL}, *const forever[] = {"sleep", "600", NULL};
    struct mesh_test_options options = {.types = types, .real_time = true};
    struct mesh_command_result result;
    struct mesh_message *reply;
    expect(mesh_test_new(&test, &options, NULL) == MESH_OK, "a test");
    expect(mesh_test_create(test, "mesh.command", NULL, &runner, NULL) == MESH_OK, "a runner");

    reply = run(&(struct mesh_command){.argv = sort, .input = "b\na\n", .input_bytes = 4}, &result);
    expect(result.number == 0 && result.output_bytes == 4, "it ends well");
    expect(memcmp(result.output, "a\nb\n", 4) == 0, "and has sorted");
    mesh_message_release(&reply);

    reply = run(&(struct mesh_command){.argv = forever, .timeout_ms = 50}, &result);
    expect(result.stopped == MESH_COMMAND_TIMED_OUT && result.number == SIGTERM, "it is stopped");
    mesh_message_release(&reply);
    mesh_test_destroy(&test);
    return 0;
}
