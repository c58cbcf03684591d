/* Actors that exit by themselves: <mesh/transient.h>.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <mesh/transient.h>
#include <string.h>

enum { AFTER_MS = 10000 };

/* Tells the pattern's timers from the actor's own: one that was cancelled may be on its way. */
static const char mark[] = "mesh.transient";

static enum mesh_status set_end(struct mesh_actor *self, const struct mesh_transient *transient,
                                struct mesh_lifetime *life) {
    if (life->timer != 0 && transient->from == MESH_AFTER_FIRST) {
        return MESH_OK;
    }
    uint64_t before = life->timer;
    enum mesh_status status =
        mesh_wakeup(self, transient->after_ms > 0 ? transient->after_ms : AFTER_MS, mark, sizeof mark, &life->timer);
    if (status == MESH_OK && before != 0) {
        mesh_cancel_wakeup(self, before);
    }
    return status;
}

enum mesh_verdict mesh_transient_receive(struct mesh_actor *self, const struct mesh_message *message, void *state,
                                         const struct mesh_transient *transient, struct mesh_lifetime *life) {
    struct mesh_timer timer;
    if (mesh_message_wakeup(message, &timer) == MESH_OK && timer.bytes == sizeof mark &&
        memcmp(timer.data, mark, sizeof mark) == 0) {
        return timer.id == life->timer ? MESH_EXIT : MESH_DONE;
    }
    if (mesh_message_kind(message) == MESH_USER) {
        enum mesh_status status = set_end(self, transient, life);
        if (status != MESH_OK) {
            return mesh_fail(self, "no timer for its end: %s", mesh_status_text(status));
        }
    }
    return transient->receive(self, message, state);
}
