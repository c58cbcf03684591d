/* The status of one actor: what its host says of it, and what its actors have requested of others (K1).
 *
 * The host answers its admin between two handlers, or during one if it has a thread for that; an actor's request goes to the
 * admin, and what that answers becomes a message to the actor. All functions are called with the baton.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_ACTOR_REPORT_H
#define MESH_RUNTIME_ACTOR_REPORT_H

#include "mesh/runtime/crash_page.h"
#include "proto/control.h"

enum { ACTOR_REPORT_COUNTERS = 6 };

struct host;

/* Puts that into the report, whose counters stand in `counters` from then on. */
void actor_report_show_load(struct control_actor_report *report, uint64_t handled, const struct crash_load *load,
                            struct control_counter counters[ACTOR_REPORT_COUNTERS]);

/* Tells `asker` of the actor that the request names. */
void actor_report_answer(struct host *host, struct mesh_address asker, const struct control *request);

static inline bool actor_report_is_answer(enum control_kind kind) {
    return kind == CONTROL_ACTOR_REPORT || kind == CONTROL_STATUS_REPLY || kind == CONTROL_DONE;
}

/* Gives the answer to the actor that requested it, if it still lives. */
void actor_report_on_answer(struct host *host, const struct control *answer);

/* Nobody waits any more. */
void actor_report_forget(struct host *host);

#endif
