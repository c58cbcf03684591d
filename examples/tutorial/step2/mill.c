/* Step 2: a mill that has a miller do the grinding, a child of its own, and so has time for other questions. */
#include "factors.h"
#include <mesh/actor.h>
#include <stdlib.h>
#include <string.h>

/* ---- the miller ---- */

static enum mesh_verdict grind(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    const char *text = mesh_message_text(message);
    char product[256];
    (void)state;
    if (!text) {
        return MESH_DONE;
    }
    unsigned long number = strtoul(text, NULL, 10);
    return mesh_reply_text(self, message, "%lu = %s", number, factors(number, product, sizeof product)) ? MESH_FAILED
                                                                                                        : MESH_DONE;
}

static const struct mesh_type miller = {.name = "miller", .receive = grind};

/* ---- the mill ---- */

struct mill {
    struct mesh_address miller;
    unsigned taken; /* numbers so far */
};

static enum mesh_verdict start(struct mesh_actor *self, void *state) {
    struct mill *mill = state;
    return mesh_create(self, "miller", NULL, &mill->miller) ? MESH_FAILED : MESH_DONE;
}

static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct mill *mill = state;
    const char *text = mesh_message_text(message);
    if (!text) {
        return MESH_DONE;
    }
    if (strcmp(text, "how many?") == 0) {
        return mesh_reply_text(self, message, "%u", mill->taken) ? MESH_FAILED : MESH_DONE;
    }
    mill->taken++;
    return mesh_forward(self, message, mill->miller) ? MESH_FAILED : MESH_DONE;
}

static const struct mesh_type mill = {
    .name = "mill", .state_bytes = sizeof(struct mill), .receive = receive, .start = start};

MESH_MODULE(&mill, &miller);
