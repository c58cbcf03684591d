/* Supervision: how often an actor that has failed may be started anew: at most N times in T, whichever T is looked at.
 *
 * Pure: the caller says when. Rule C7.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_CORE_SUPERVISION_H
#define MESH_CORE_SUPERVISION_H

#include "mesh/base/bytes.h"
#include "proto/control.h"

/* All zero but for the terms before the first restart. */
struct supervision {
    struct control_supervision terms;
    uint64_t restarts;
    uint64_t restarted_ns[CONTROL_RESTARTS_MAX]; /* the last ones, a ring */
};

/* Whether one more restart is allowed now; if so, it is counted. */
bool supervision_may_restart(struct supervision *supervision, uint64_t now_ns);

/* Writes why the actor has ended for good: what it failed of, and that its restarts are used up. */
void supervision_print_used_up(const struct supervision *supervision, struct bytes cause, char *text, size_t bytes);

#endif
