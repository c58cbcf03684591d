/* A module that needs a function which nobody has.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <mesh/actor.h>

extern int a_function_that_nobody_has(void);

static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)self;
    (void)message;
    (void)state;
    return a_function_that_nobody_has() ? MESH_DONE : MESH_FAILED;
}

static const struct mesh_type type = {.name = "missing.symbol", .receive = receive};

MESH_MODULE(&type);
