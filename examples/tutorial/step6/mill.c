/* Step 6: a mill that arrives at run time. The one of step 1, but that it knows a prime when it sees one. */
#include "factors.h"
#include <mesh/actor.h>
#include <stdlib.h>
#include <string.h>

static enum mesh_verdict grind(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    const char *text = mesh_message_text(message);
    char product[256];
    (void)state;
    if (!text) {
        return MESH_DONE;
    }
    unsigned long number = strtoul(text, NULL, 10);
    factors(number, product, sizeof product);
    enum mesh_status status = number > 1 && !strchr(product, '*')
                                  ? mesh_reply_text(self, message, "%lu is prime", number)
                                  : mesh_reply_text(self, message, "%lu = %s", number, product);
    return status ? MESH_FAILED : MESH_DONE;
}

static const struct mesh_type mill = {.name = "mill", .receive = grind};

MESH_MODULE(&mill);
