/* Step 4: a mill that has as many millers as there is work for, up to three: a troupe. */
#include "factors.h"
#include <mesh/patterns.h>
#include <stdlib.h>

static enum mesh_verdict grind(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    const char *text = mesh_message_text(message);
    char product[256], *end;
    (void)state;
    if (!text) {
        return MESH_DONE;
    }
    unsigned long number = strtoul(text, &end, 10);
    if (end == text || *end != '\0') {
        return mesh_fail(self, "'%s' is no number", text);
    }
    if (number == 0) {
        abort(); /* stands for the mistake that nobody has found yet */
    }
    return mesh_reply_text(self, message, "%lu = %s", number, factors(number, product, sizeof product)) ? MESH_FAILED
                                                                                                        : MESH_DONE;
}

/* The pattern stands between the library and the miller's own handler: it tells the troupe when a job is over. */
static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    return mesh_worker_receive(self, message, state, state, grind);
}

static const struct mesh_type miller = {
    .name = "miller", .state_bytes = sizeof(struct mesh_worker), .receive = receive};

static const struct mesh_type mill = MESH_TROUPE("mill", .worker = "miller", .max = 3);

MESH_MODULE(&mill, &miller);
