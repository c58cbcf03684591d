/* A program in C that has an actor in Python write for it: two-languages "3 4" "2 2.5".
 *
 * The node that it starts is told by its environment where the actors are:
 *
 *   MESH_NODE_MODULE_PATH=build MESH_NODE_SPAWNER="python3 -m actormesh.spawner --path . fields" build/two-languages "3 4"
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <mesh/mesh.h>
#include <stdio.h>
#include <stdlib.h>

enum { WAIT_MS = 30000 };

static void expect(enum mesh_status status, const char *what, const struct mesh_error *error) {
    if (status != MESH_OK) {
        fprintf(stderr, "%s: %s\n", what, error->text[0] ? error->text : mesh_status_text(status));
        exit(1);
    }
}

int main(int argc, char **argv) {
    struct mesh_node *node;
    struct mesh_address poet;
    struct mesh_error error = {.text = ""};
    expect(mesh_node_start(&node, NULL, &error), "the node", &error);
    expect(mesh_node_create(node, "fields.Poet", NULL, &poet, &error), "the poet", &error);
    for (int i = 1; i < argc; i++) {
        struct mesh_message *poem;
        expect(mesh_tell_text(node, poet, "%s", argv[i]), "telling", &error);
        expect(mesh_listen(node, WAIT_MS, &poem), "listening", &error);
        const char *text = mesh_message_text(poem);
        printf("%s\n", text ? text : "(no text)");
        mesh_message_release(&poem);
    }
    expect(mesh_node_shutdown(node, WAIT_MS), "the end of the node", &error);
    mesh_node_detach(&node);
    return 0;
}
