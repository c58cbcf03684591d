/* The actor that travels: it greets whom it is told, and says where it runs. */
#include <mesh/actor.h>

static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    const char *name = mesh_message_text(message);
    (void)state;
    if (!name) {
        return MESH_DONE;
    }
    enum mesh_status status = mesh_reply_text(self, message, "Hello %s, from %s", name, mesh_actor_node(self));
    return status == MESH_OK ? MESH_DONE : MESH_FAILED;
}

static const struct mesh_type greeter = {.name = "greeter", .receive = receive};

MESH_MODULE(&greeter);
