/* An actor (runner.c) that runs a command, reads what it prints as it comes, and stops it when its time is over.
 *
 *   timer-and-watch MILLISECONDS COMMAND
 */
#include "runner.h"
#include <mesh/mesh.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static const struct mesh_type *const types[] = {&command_runner, NULL};

static int follow(struct mesh_node *node) {
    struct mesh_message *message;
    int code = -1;
    while (code < 0 && mesh_listen(node, MESH_FOREVER, &message) == MESH_OK) {
        size_t bytes;
        if (mesh_message_is(message, "over")) {
            code = *(const int *)mesh_message_data(message, &bytes);
            puts(WIFSIGNALED(code) ? "(stopped: its time was over)" : "(it ended by itself)");
        } else if (mesh_message_text(message)) {
            fputs(mesh_message_text(message), stdout);
        }
        mesh_message_release(&message);
    }
    return WIFEXITED(code) ? WEXITSTATUS(code) : 1;
}

int main(int count, char **arguments) {
    mesh_host_enter(types);
    struct mesh_node *node;
    struct mesh_address actor;
    struct mesh_error error;
    if (count != 3) {
        fputs("usage: timer-and-watch MILLISECONDS COMMAND\n", stderr);
        return 2;
    }
    if (mesh_node_start(&node, &(struct mesh_node_options){.types = types}, &error) ||
        mesh_node_create(node, "runner", NULL, &actor, &error)) {
        fprintf(stderr, "timer-and-watch: %s\n", error.text);
        return 1;
    }
    int code = 1;
    if (mesh_tell(node, actor, arguments[1], arguments[2], strlen(arguments[2]) + 1) == MESH_OK) {
        code = follow(node);
    }
    enum mesh_status ended = mesh_node_shutdown(node, 10000);
    mesh_node_detach(&node);
    return ended ? 1 : code;
}
