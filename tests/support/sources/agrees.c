/* A module with a Source Authority that agrees to everything.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <mesh/source.h>

static enum mesh_verdict start(struct mesh_actor *self, void *state) {
    (void)state;
    return mesh_source_authority(self, true) == MESH_OK ? MESH_DONE : MESH_FAILED;
}

static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct mesh_source source;
    (void)state;
    bool asked = mesh_message_source(message, &source) == MESH_OK;
    return !asked || mesh_source_validated(self, source.hash, NULL, 0) == MESH_OK ? MESH_DONE : MESH_FAILED;
}

static const struct mesh_type agrees = {.name = "test.agrees", .receive = receive, .start = start};

MESH_MODULE(&agrees);
