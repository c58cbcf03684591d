/* Private endpoints: a thread of a node program tells, asks and listens on one of its own (D12).
 *
 * A handle (node.h) has one endpoint that its threads share; any of them may open others, a hundred at once if it likes.
 * Each has an address, an inbox and one ask at a time, and disturbs no other. The functions of node.h are these, on the
 * handle's own endpoint. At an endpoint a message is handled when ask or listen returns it, not when it arrives: until
 * then it counts in its sender's window, and it may expire (D11).
 *
 * Every function may be called from any thread; ask and listen of one endpoint serve one thread at a time, the others
 * wait. Time-outs are milliseconds; 0 does not wait, MESH_FOREVER waits without end. Rules D11 to D14.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_ENDPOINT_H
#define MESH_ENDPOINT_H

#include <mesh/message.h>

struct mesh_node;
struct mesh_endpoint;

#define MESH_FOREVER (-1)

/* Opens an endpoint; it lasts until it is closed or its node is detached. Does not block. MESH_FULL at 4096 of one handle,
 * MESH_NO_MEMORY, MESH_CLOSED when the node is gone, MESH_INVALID_ARGUMENT. */
MESH_MUST_USE MESH_API enum mesh_status mesh_endpoint_open(struct mesh_node *node, struct mesh_endpoint **out);

/* Closes it and nulls the pointer: what it sent is delivered first, 7 s at most (D14); what is unread is dead (exited).
 * Calls that wait on it in other threads return MESH_CLOSED; none may begin any more. NULL-safe. Blocks. */
MESH_API void mesh_endpoint_close(struct mesh_endpoint **endpoint);

/* Where others send to; never used again after the close (B4). */
MESH_API struct mesh_address mesh_endpoint_address(const struct mesh_endpoint *endpoint);

/* Sends a copy of the payload without waiting for an answer; at the window's limit waits until there is room or the
 * message expires, then MESH_WOULD_BLOCK (D7). MESH_INVALID_ADDRESS (E5), MESH_INVALID_ARGUMENT (no type, or bytes without
 * data), MESH_TOO_LARGE, MESH_NO_MEMORY, MESH_INTERRUPTED (nothing was sent), MESH_CLOSED when the node is gone. */
MESH_MUST_USE MESH_API enum mesh_status mesh_endpoint_tell(struct mesh_endpoint *endpoint, struct mesh_address to,
                                                           const char *type, const void *data, size_t bytes);

/* Sends and waits for the answer to this very message. `*reply` is the caller's, to be given back: on MESH_OK the answer;
 * on MESH_REFUSED (its handler failed, E1) and MESH_DEAD (as soon as the target is known to be dead) a MESH_POISON or
 * MESH_DEAD_LETTER that says why, or NULL without memory; else NULL. One that says that the target is dead which had handled the message has
 * no content. Whoever it was forwarded to counts as the target. MESH_TIMED_OUT, MESH_INTERRUPTED by a signal (D13:
 * go on with mesh_endpoint_ask_resume), MESH_CLOSED, and what mesh_endpoint_tell says. What comes from others, or late,
 * stays for mesh_endpoint_listen. */
MESH_MUST_USE MESH_API enum mesh_status mesh_endpoint_ask(struct mesh_endpoint *endpoint, struct mesh_address to,
                                                          const char *type, const void *data, size_t bytes,
                                                          int timeout_ms, struct mesh_message **reply);

/* Goes on waiting for the answer to the last ask, when that ended with MESH_INTERRUPTED or MESH_TIMED_OUT and no listen
 * has returned the answer since; else MESH_NOT_FOUND. */
MESH_MUST_USE MESH_API enum mesh_status mesh_endpoint_ask_resume(struct mesh_endpoint *endpoint, int timeout_ms,
                                                                 struct mesh_message **reply);

/* The next message for the endpoint, from anyone; the caller's, to be given back. A MESH_POISON is what it told and
 * failed. MESH_TIMED_OUT, MESH_INTERRUPTED, MESH_CLOSED when the node is gone and nothing is left. */
MESH_MUST_USE MESH_API enum mesh_status mesh_endpoint_listen(struct mesh_endpoint *endpoint, int timeout_ms,
                                                             struct mesh_message **out);

#endif
