/* Peers whose endpoint names a host: each time that one is called, its name is looked up anew, by the resolver's thread.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/process_inside.h"
#include "mesh/runtime/resolver.h"
#include <string.h>

static void fail(struct process *process, struct peer *peer, const char *why) {
    if (peer->backoff.delay_ns == 0) { /* the first time in a row */
        log_write(process->log, MESH_LOG_WARNING, NULL, (struct mesh_address){0}, "cannot connect to %s: %s",
                  peer->endpoint, why);
    }
    process_link_enter_down(process, peer, false);
}

static struct peer *who_waits_for(const struct process *process, const char *endpoint) {
    LIST_EACH (&process->naming, node, after) {
        struct peer *peer = LIST_OWNER(node, struct peer, naming);
        if (strcmp(peer->endpoint, endpoint) == 0) {
            return peer;
        }
    }
    return NULL;
}

/* Several may wait for one name; what becomes of one may end another. */
static void take_answer(struct process *process, const struct resolver_answer *answer) {
    for (struct peer *peer; (peer = who_waits_for(process, answer->endpoint));) {
        list_remove(&peer->naming);
        if (answer->failure) {
            fail(process, peer, answer->failure);
        } else {
            process_link_open(process, peer, answer->numeric);
        }
    }
}

static void on_answers(void *user, int fd) {
    struct process *process = user;
    struct resolver_answer answer;
    (void)fd;
    while (resolver_answer(process->resolver, &answer)) {
        take_answer(process, &answer);
    }
}

static enum mesh_status start_resolver(struct process *process) {
    enum mesh_status status = process->resolver ? MESH_OK : resolver_new(&process->resolver, NULL);
    if (status == MESH_OK && !process->resolver_watched) {
        status = process_watch(process, resolver_descriptor(process->resolver), on_answers, process);
        process->resolver_watched = status == MESH_OK;
    }
    return status;
}

void process_name_look_up(struct process *process, struct peer *peer) {
    peer->state = PEER_OPENING;
    enum mesh_status status = start_resolver(process);
    if (status == MESH_OK) {
        status = resolver_ask(process->resolver, peer->endpoint);
    }
    if (status != MESH_OK) {
        fail(process, peer, mesh_status_text(status));
    } else if (!list_is_linked(&peer->naming)) {
        list_push_back(&process->naming, &peer->naming);
        process_look_up(process);
    }
}
