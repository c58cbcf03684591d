/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/forwarded.h"

#include "mesh/runtime/dead_letters.h"
#include <stdlib.h>

enum { PLACES = 256 };

void forwarded_fini(struct forwarded *forwarded) {
    free(forwarded->asks);
    forwarded->asks = NULL;
}

/* Endpoints of one program have consecutive addresses, those of several differ in the upper half of the local word. */
static struct forwarded_ask *place_of(const struct forwarded *forwarded, struct mesh_address asker) {
    return forwarded->asks + ((asker.local ^ asker.local >> 40 ^ asker.node) % PLACES);
}

void forwarded_note(struct forwarded *forwarded, const struct forwarded_ask *ask) {
    if (!forwarded->asks) {
        forwarded->asks = calloc(PLACES, sizeof *forwarded->asks);
    }
    if (forwarded->asks) {
        *place_of(forwarded, ask->asker) = *ask;
    }
}

bool forwarded_knows(const struct forwarded *forwarded, struct mesh_address asker, uint64_t ask) {
    const struct forwarded_ask *known = forwarded->asks ? place_of(forwarded, asker) : NULL;
    return known && mesh_address_equal(known->asker, asker) && known->ask == ask;
}

void forwarded_on_failed(struct process *process, const struct message *message) {
    bool reply = message->flags & FRAME_RUN_REPLY;
    if (message->kind == FRAME_USER && message->ask != 0 && !reply && !mesh_address_is_none(message->asker)) {
        dead_letters_tell_asker(process, message);
    }
}

void forwarded_on_end(struct forwarded *forwarded, struct process *process, struct mesh_address who) {
    for (size_t i = 0; forwarded->asks && i < PLACES; i++) {
        struct forwarded_ask *ask = &forwarded->asks[i];
        if (mesh_address_equal(ask->to, who)) {
            struct message end = {.kind = FRAME_USER,
                                  .sender = ask->asker,
                                  .target = who,
                                  .asker = ask->asker,
                                  .ask = ask->ask,
                                  .outcome = FRAME_DIED,
                                  .reason = FRAME_EXITED,
                                  .maybe_handled = true};
            *ask = (struct forwarded_ask){0};
            dead_letters_tell_asker(process, &end);
        }
    }
}
