/* A module with three types: one has requirements, one is light.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <mesh/actor.h>

static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)self;
    (void)message;
    (void)state;
    return MESH_DONE;
}

static const struct mesh_type plain = {.name = "good.plain", .receive = receive};
static const struct mesh_requirement needs[] = {{"gpu", MESH_PRESENT, NULL}, {"zone", MESH_EQUAL, "north west"}};
static const struct mesh_type picky = {
    .name = "good.picky", .receive = receive, .requirements = needs, .requirements_count = 2};

static const struct mesh_type light = {.name = "good.light", .receive = receive, .light = true};

MESH_MODULE(&plain, &picky, &light);
