/* Step 1: an actor that is told a number, and answers with its prime factors. */
#include "factors.h"
#include <mesh/actor.h>
#include <stdlib.h>

struct mill {
    unsigned ground; /* numbers so far */
};

static enum mesh_verdict grind(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct mill *mill = state;
    const char *text = mesh_message_text(message);
    char product[256];
    if (!text) {
        return MESH_DONE;
    }
    unsigned long number = strtoul(text, NULL, 10);
    factors(number, product, sizeof product);
    mill->ground++;
    return mesh_reply_text(self, message, "%lu = %s (number %u)", number, product, mill->ground) ? MESH_FAILED
                                                                                                 : MESH_DONE;
}

static const struct mesh_type mill = {.name = "mill", .state_bytes = sizeof(struct mill), .receive = grind};

MESH_MODULE(&mill);
