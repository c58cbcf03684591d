/* See worker.h. */
#include "worker.h"
#include <stdio.h>
#include <stdlib.h>

static enum mesh_verdict divide(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    int *answers = state, above, below;
    const char *text = mesh_message_text(message);
    if (!text || sscanf(text, "%d/%d", &above, &below) != 2) {
        return MESH_DONE;
    }
    if (below == 0) {
        abort();
    }
    ++*answers;
    return mesh_reply_text(self, message, "%s is %d (answer %d of this life)", text, above / below, *answers)
               ? MESH_FAILED
               : MESH_DONE;
}

const struct mesh_type supervised_worker = {.name = "supervised.worker", .state_bytes = sizeof(int), .receive = divide};
