/* An actor that greets, and a program that asks it. */
#include <mesh/mesh.h>
#include <stdio.h>

static enum mesh_verdict greet(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    int *greeted = state;
    const char *name = mesh_message_text(message);
    if (!name) {
        return MESH_DONE;
    }
    ++*greeted;
    return mesh_reply_text(self, message, "Hello %s, you are number %d.", name, *greeted) ? MESH_FAILED : MESH_DONE;
}

static const struct mesh_type greeter = {.name = "hello.greeter", .state_bytes = sizeof(int), .receive = greet};
static const struct mesh_type *const types[] = {&greeter, NULL};

int main(int count, char **names) {
    mesh_host_enter(types);
    struct mesh_node *node;
    struct mesh_address actor;
    struct mesh_message *reply;
    struct mesh_error error;
    struct mesh_node_options options = {.types = types};
    if (mesh_node_start(&node, &options, &error) || mesh_node_create(node, "hello.greeter", NULL, &actor, &error)) {
        fprintf(stderr, "hello: %s\n", error.text);
        return 1;
    }
    for (int i = 1; i < count; i++) {
        if (mesh_ask_text(node, actor, names[i], 5000, &reply) == MESH_OK) {
            puts(mesh_message_text(reply));
        }
        mesh_message_release(&reply);
    }
    enum mesh_status ended = mesh_node_shutdown(node, 10000);
    mesh_node_detach(&node);
    return ended != MESH_OK;
}
