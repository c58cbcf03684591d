/* Step 3: a mill whose miller may fail, or crash: that costs nobody more than the number that was in hand. */
#include "factors.h"
#include <mesh/actor.h>
#include <stdlib.h>
#include <string.h>

/* ---- the miller ---- */

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

static const struct mesh_type miller = {.name = "miller", .receive = grind};

/* ---- the mill ---- */

struct mill {
    struct mesh_address miller;
    unsigned taken; /* numbers so far */
};

/* A miller that crashes is started anew at its address: at most twice in a minute, then it is gone. */
static enum mesh_verdict hire(struct mesh_actor *self, void *state) {
    static const struct mesh_create_options options = {
        .on_failure = MESH_RESTART, .restarts_max = 2, .restarts_within_ms = 60000};
    struct mill *mill = state;
    return mesh_create(self, "miller", &options, &mill->miller) ? MESH_FAILED : MESH_DONE;
}

static enum mesh_verdict replace(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct mesh_exit end;
    if (mesh_message_exit(message, &end) == MESH_OK) {
        mesh_log(self, MESH_LOG_WARNING, "the miller is gone (%s), another one is hired", end.text);
    }
    return hire(self, state);
}

static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct mill *mill = state;
    const char *text = mesh_message_text(message);
    if (mesh_message_kind(message) == MESH_CHILD_EXITED) {
        return replace(self, message, state);
    }
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
    .name = "mill", .state_bytes = sizeof(struct mill), .receive = receive, .start = hire};

MESH_MODULE(&mill, &miller);
