/* A module with two types of one name, and none that is proper.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <mesh/actor.h>

static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)self;
    (void)message;
    (void)state;
    return MESH_DONE;
}

static const struct mesh_type first = {.name = "twin", .receive = receive};
static const struct mesh_type second = {.name = "twin", .receive = receive};

MESH_MODULE(&first, &second);
