/* Where a process is reached by others, and that this may change.
 *
 * A host or program is reached where its admin is, at a port of its own, whatever address it has bound: that may be all, or one that is
 * translated on the way.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/process_inside.h"
#include <stdio.h>
#include <string.h>

const char *process_endpoint(const struct process *process, bool remote) {
    if (remote && process->advertise[0] != '\0') {
        return process->advertise;
    }
    for (size_t i = 0; i < process->bound_count; i++) {
        bool ipc = strncmp(process->bound[i], "ipc://", 6) == 0;
        if (ipc != remote) {
            return process->bound[i];
        }
    }
    return "";
}

/* The port that it has bound for other nodes, with what stands behind it; NULL when there is none. */
static const char *own_port(const struct process *process) {
    for (size_t i = 0; i < process->bound_count; i++) {
        if (strncmp(process->bound[i], "tcp://", 6) == 0) {
            return strrchr(process->bound[i], ':');
        }
    }
    return NULL;
}

void process_choose_endpoint(struct process *process) {
    const char *text = process->admin_remote, *port = strrchr(text, ':'), *own = own_port(process);
    struct passage passage;
    if (passage_read(bytes_of_text(text), &passage)) {
        memcpy(process->advertise, text,
               sizeof process->admin_remote); /* nobody calls this process but through the admin */
    } else if (port && own) {
        (void)snprintf(process->advertise, sizeof process->advertise, "%.*s%s", (int)(port - text), text, own);
    }
}

void process_hear_endpoint(struct process *process, struct bytes endpoint) {
    char text[TRANSPORT_ENDPOINT_BYTES];
    (void)snprintf(text, sizeof text, "%.*s", (int)endpoint.size, (const char *)endpoint.data);
    bool moved = process->admin_remote[0] != '\0' && strcmp(process->admin_remote, text) != 0;
    memcpy(process->admin_remote, text, sizeof text);
    process_choose_endpoint(process);
    if (moved) {
        process_redial(process);
    }
}

void process_advertise(struct process *process, const char *endpoint, const char *to_own) {
    size_t place = 0;
    (void)snprintf(process->advertise, sizeof process->advertise, "%s", endpoint);
    for (struct peer *peer; (peer = peers_next(&process->peers, &place));) {
        if (peer->own && process_link_takes(peer)) {
            process_link_greet(process, peer, bytes_of_text(to_own));
        }
    }
}

static struct peer *next_to_redial(const struct process *process) {
    size_t place = 0;
    for (struct peer *peer; (peer = peers_next(&process->peers, &place));) {
        if (peer->link && !peer->back && peer->called_at[0] != '\0') {
            return peer;
        }
    }
    return NULL;
}

void process_redial(struct process *process) {
    for (struct peer *peer; (peer = next_to_redial(process));) {
        process_link_enter_down(process, peer, false);
    }
}

const char *process_called_at(const struct process *process, uint64_t incarnation) {
    const struct peer *peer = peers_find(&process->peers, incarnation);
    return peer ? peer->called_at : "";
}
