/* Wake-ups and watched descriptors of a host's actors: how they become messages (F1, F2).
 *
 * A wake-up that finds its actor's mailbox full waits and is tried again. A watched set is polled until one of its
 * descriptors is readable; then it is put aside and its message waits in the mailbox like any other, so that nothing is told
 * twice, and no ready descriptor keeps the loop awake.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_WAKEUP_H
#define MESH_RUNTIME_WAKEUP_H

#include "mesh/base/list.h"
#include "mesh/core/timers.h"

struct host;
struct mesh_actor;

enum { WATCH_MAX = 64 };

/* What a handler has stated, to hold when it has returned. */
struct watch_statement {
    int fds[WATCH_MAX];
    size_t count;
};

/* The set of one actor. */
struct watch {
    struct list_node of_host;
    struct mesh_actor *actor;
    bool ready[WATCH_MAX];
    bool any_ready, told;
    size_t count;
    int fds[WATCH_MAX];
};

/* Sends the wake-ups that are due, and tells of descriptors that became readable. */
void wakeup_tick(struct host *host, uint64_t now_ns);

/* The handler of the actor's message has returned: what it stated replaces what held (F2). */
void watch_replace(struct mesh_actor *actor);

/* The actor goes, and its timers and its set with it. */
void wakeup_drop(struct mesh_actor *actor);

#endif
