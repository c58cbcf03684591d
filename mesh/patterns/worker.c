/* A troupe's workers: <mesh/troupe.h>.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <mesh/troupe.h>

static enum mesh_status say_ready(struct mesh_actor *self, const struct mesh_worker *worker, bool leaves) {
    return mesh_send(self, worker->troupe, MESH_TROUPE_READY, "", leaves ? 1 : 0);
}

/* A worker that cannot say so goes: its end tells the troupe, too. */
static enum mesh_verdict tell_ready(struct mesh_actor *self, const struct mesh_worker *worker,
                                    enum mesh_verdict verdict) {
    enum mesh_status status = say_ready(self, worker, verdict == MESH_EXIT);
    if (status != MESH_OK) {
        mesh_log(self, MESH_LOG_ERROR, "its troupe cannot be told that it is ready: %s", mesh_status_text(status));
        return MESH_EXIT;
    }
    return verdict;
}

void mesh_worker_go_on(struct mesh_worker *worker) {
    worker->goes_on = worker->in_job;
}

enum mesh_status mesh_worker_finish(struct mesh_actor *self, struct mesh_worker *worker) {
    bool over = worker->goes_on && !worker->in_job;
    enum mesh_status status = over ? say_ready(self, worker, false) : MESH_OK;
    if (status == MESH_OK) {
        worker->goes_on = false;
    }
    return status;
}

enum mesh_verdict mesh_worker_receive(struct mesh_actor *self, const struct mesh_message *message, void *state,
                                      struct mesh_worker *worker,
                                      enum mesh_verdict (*receive)(struct mesh_actor *self,
                                                                   const struct mesh_message *message, void *state)) {
    struct mesh_address sender = mesh_message_sender(message);
    if (mesh_message_is(message, MESH_TROUPE_HIRE) && mesh_address_equal(sender, mesh_parent(self))) {
        worker->troupe = sender;
        return worker->goes_on ? MESH_DONE : tell_ready(self, worker, MESH_DONE);
    }
    worker->in_job = mesh_message_kind(message) == MESH_USER && mesh_address_equal(sender, worker->troupe);
    enum mesh_verdict verdict = receive(self, message, state);
    if (!worker->in_job) {
        return verdict;
    }
    worker->in_job = false;
    if (verdict == MESH_FAILED) {
        worker->goes_on = false;
        return verdict;
    }
    return worker->goes_on && verdict == MESH_DONE ? verdict : tell_ready(self, worker, verdict);
}
