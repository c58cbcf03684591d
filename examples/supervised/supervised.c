/* A worker (worker.c) that divides, and crashes on purpose when it is asked for the impossible. Whoever asked for that gets the question back
 * with the cause; the worker is started anew at its address, and answers whatever comes after it (C7).
 *
 *   supervised 12/4 7/0 10/5
 */
#include "worker.h"
#include <mesh/mesh.h>
#include <stdio.h>

static const struct mesh_type *const types[] = {&supervised_worker, NULL};

static void ask(struct mesh_node *node, struct mesh_address actor, const char *question) {
    struct mesh_message *reply;
    enum mesh_status status = mesh_ask_text(node, actor, question, 10000, &reply);
    if (status == MESH_OK) {
        puts(mesh_message_text(reply));
    } else {
        printf("%s: %s\n", question, reply ? mesh_message_failure(reply) : mesh_status_text(status));
    }
    mesh_message_release(&reply);
}

int main(int count, char **questions) {
    mesh_host_enter(types);
    struct mesh_node *node;
    struct mesh_address actor;
    struct mesh_error error;
    struct mesh_node_options options = {.types = types};
    struct mesh_create_options supervision = {.on_failure =
                                                  MESH_RESTART}; /* three times in five seconds, then it is gone */
    if (mesh_node_start(&node, &options, &error) ||
        mesh_node_create(node, "supervised.worker", &supervision, &actor, &error)) {
        fprintf(stderr, "supervised: %s\n", error.text);
        return 1;
    }
    for (int i = 1; i < count; i++) {
        ask(node, actor, questions[i]);
    }
    enum mesh_status ended = mesh_node_shutdown(node, 10000);
    mesh_node_detach(&node);
    return ended != MESH_OK;
}
