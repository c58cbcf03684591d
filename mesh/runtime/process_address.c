/* Where a process is reached by others, and that this may change.
 *
 * A host that listens on all addresses of its machine says of itself the address at which its admin is reached, with its own port.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/process_inside.h"
#include <stdio.h>
#include <string.h>

#define ANY "tcp://0.0.0.0:"

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

/* The port on all addresses that it has bound; NULL when there is none. */
static const char *port_on_any(const struct process *process) {
    for (size_t i = 0; i < process->bound_count; i++) {
        if (strncmp(process->bound[i], ANY, strlen(ANY)) == 0) {
            return process->bound[i] + strlen(ANY) - 1;
        }
    }
    return NULL;
}

void process_hear_endpoint(struct process *process, struct bytes endpoint) {
    char text[TRANSPORT_ENDPOINT_BYTES];
    struct passage passage;
    (void)snprintf(text, sizeof text, "%.*s", (int)endpoint.size, (const char *)endpoint.data);
    bool moved = process->admin_remote[0] != '\0' && strcmp(process->admin_remote, text) != 0;
    const char *port = strrchr(text, ':'), *own_port = port_on_any(process);
    memcpy(process->admin_remote, text, sizeof text);
    if (passage_read(endpoint, &passage)) {
        memcpy(process->advertise, text, sizeof text); /* nobody calls this process but through the admin */
    } else if (port && own_port) {
        (void)snprintf(process->advertise, sizeof process->advertise, "%.*s%s", (int)(port - text), text, own_port);
    }
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
