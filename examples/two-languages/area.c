/* A module with an actor in C: it is sent two numbers, "3 4", and answers with their product.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <mesh/mesh.h>
#include <stdio.h>

static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)state;
    double width, height;
    const char *text = mesh_message_text(message);
    if (!text) {
        return MESH_DONE;
    }
    if (sscanf(text, "%lf %lf", &width, &height) != 2) {
        return mesh_fail(self, "\"%s\" are not two numbers", text);
    }
    return mesh_reply_text(self, message, "%g", width * height) == MESH_OK ? MESH_DONE : MESH_FAILED;
}

static const struct mesh_type area = {.name = "fields.area", .receive = receive};

MESH_MODULE(&area);
