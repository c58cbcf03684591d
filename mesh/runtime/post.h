/* Posting: from the arguments of a send to a submitted message, with the wait at the window's limit (D7).
 *
 * Hosts and programs send alike: check what the caller gave, copy it into a message, submit it, and at the limit
 * wait for room while turns go on. All functions are called with the baton held.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_POST_H
#define MESH_RUNTIME_POST_H

#include "mesh/runtime/drive.h"

#define POST_EXPIRY_NS (UINT64_C(300) * 1000 * 1000 * 1000) /* D8 */

struct post {
    uint64_t now_ns; /* read once for each send */
    struct mesh_address from, to;
    enum frame_kind kind;
    const char *type; /* "" for system messages */
    const void *data;
    size_t bytes;
    uint64_t ask;
    struct mesh_address asker; /* of a forwarded ask */
    uint32_t flags;            /* FRAME_RUN_* */
    uint64_t expiry_ns;        /* from now on; 0: the default */
    bool urgent;               /* goes ahead of the mailbox */
    bool plain;                /* in a handler it may count as the reply to the message in hand (D11) */
};

/* Gives a message with copies of type and payload, not yet submitted. MESH_INVALID_ADDRESS (E5), MESH_REFUSED for an
 * exit request to an admin or a process itself (C6),
 * MESH_INVALID_ARGUMENT for a type that is missing or too long, or bytes without data; MESH_TOO_LARGE,
 * MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status post_make(struct message **out, struct process *process, const struct post *post);

/* Makes and submits it; at the limit waits until `until_ns` for `*rooms` to change, which the owner counts up in its room
 * callback. What post_make says; MESH_WOULD_BLOCK when the time is up, MESH_INTERRUPTED,
 * MESH_CLOSED when `*rooms` is POST_CLOSED, and what delivery_submit says. */
#define POST_CLOSED UINT64_MAX
MESH_MUST_USE enum mesh_status post_send(struct drive *drive, const struct post *post, const uint64_t *rooms,
                                         uint64_t until_ns);

/* The same without a wait. */
MESH_MUST_USE enum mesh_status post_now(struct process *process, const struct post *post);

#endif
