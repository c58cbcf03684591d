/* A module with four types: one has requirements, one is light, one has a check function.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <mesh/actor.h>
#include <string.h>

static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)self;
    (void)message;
    (void)state;
    return MESH_DONE;
}

static const struct mesh_type plain = {.name = "good.plain", .receive = receive};
static const struct mesh_requirement needs[] = {
    {"gpu", MESH_PRESENT, NULL}, {"zone", MESH_EQUAL, "north west"}, {"load", MESH_LESS_OR_EQUAL, "0.5"}};
static const struct mesh_type picky = {
    .name = "good.picky", .receive = receive, .requirements = needs, .requirements_count = 3};

static const struct mesh_type light = {.name = "good.light", .receive = receive, .light = true};

static bool check(const struct mesh_fit *fit, void *user) {
    (void)user;
    for (size_t i = 0; i < fit->capabilities_count; i++) {
        if (strcmp(fit->capabilities[i].name, "vetted") == 0) {
            return strcmp(fit->capabilities[i].value, "true") == 0;
        }
    }
    return false;
}

static const struct mesh_type checked = {.name = "good.checked", .receive = receive, .check = check};

MESH_MODULE(&plain, &picky, &light, &checked);
