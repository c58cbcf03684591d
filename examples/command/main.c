/* Has an actor run a program, and prints what that has said and how it ended: command MILLISECONDS PROGRAM [ARGUMENT...]. */
#include <mesh/mesh.h>
#include <mesh/patterns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct mesh_type *const types[] = {&mesh_command_type, NULL};

static int print(const struct mesh_message *reply) {
    struct mesh_command_result result;
    if (mesh_command_read_result(reply, &result)) {
        return 1;
    }
    fwrite(result.output, 1, result.output_bytes, stdout);
    fwrite(result.errors, 1, result.errors_bytes, stderr);
    if (result.stopped == MESH_COMMAND_TIMED_OUT) {
        puts("(its time was over)");
    } else if (result.killed) {
        printf("(killed: %s)\n", strsignal(result.number));
    }
    return result.killed ? 1 : result.number;
}

static int run(struct mesh_node *node, struct mesh_address runner, const struct mesh_command *command) {
    struct mesh_message *reply;
    void *data;
    size_t bytes;
    int code = 1;
    if (mesh_command_pack(command, &data, &bytes)) {
        return code;
    }
    enum mesh_status status = mesh_ask(node, runner, MESH_COMMAND_RUN, data, bytes, MESH_FOREVER, &reply);
    if (status == MESH_OK) {
        code = print(reply);
    } else {
        fprintf(stderr, "command: %s\n", reply ? mesh_message_failure(reply) : mesh_status_text(status));
    }
    mesh_message_release(&reply);
    free(data);
    return code;
}

int main(int count, char **arguments) {
    mesh_host_enter(types);
    struct mesh_node *node;
    struct mesh_address runner;
    struct mesh_error error;
    struct mesh_node_options options = {.types = types};
    if (count < 3) {
        fputs("usage: command MILLISECONDS PROGRAM [ARGUMENT...]\n", stderr);
        return 2;
    }
    const struct mesh_command command = {.argv = (const char *const *)&arguments[2],
                                         .timeout_ms = (uint32_t)strtoul(arguments[1], NULL, 10)};
    if (mesh_node_start(&node, &options, &error) || mesh_node_create(node, "mesh.command", NULL, &runner, &error)) {
        fprintf(stderr, "command: %s\n", error.text);
        return 1;
    }
    int code = run(node, runner, &command);
    enum mesh_status ended = mesh_node_shutdown(node, 10000);
    mesh_node_detach(&node);
    return ended ? 1 : code;
}
