/* Resolver: looks host names up in a thread of its own, so that neither a turn nor a thread of libzmq waits for a name service.
 *
 * An endpoint that names its host goes in, and comes back with the address that the name has at that time. Nothing is kept: who
 * connects anew asks anew, so that a host is found that has another address by now.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_RESOLVER_H
#define MESH_RUNTIME_RESOLVER_H

#include "mesh/runtime/transport.h"

struct resolver;

/* Finds the address of a host: 0, or a code that gai_strerror explains. May block. */
typedef int resolver_look_up(const char *host, char address[TRANSPORT_ENDPOINT_BYTES]);

struct resolver_answer {
    char endpoint[TRANSPORT_ENDPOINT_BYTES]; /* as it was asked */
    char numeric[TRANSPORT_ENDPOINT_BYTES];
    const char *failure; /* NULL when it was found; static */
};

/* Whether the host of a tcp endpoint is a name. */
bool resolver_is_needed(const char *endpoint);

/* Starts the thread. `look_up` NULL: the system's name service. MESH_NO_MEMORY, MESH_IO. */
MESH_MUST_USE enum mesh_status resolver_new(struct resolver **out, resolver_look_up *look_up);

/* Does not wait for a look-up that is under way. NULL-safe. */
void resolver_destroy(struct resolver **resolver);

/* Asks; an endpoint that is being looked up already is asked for once. MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status resolver_ask(struct resolver *resolver, const char *endpoint);

/* Readable when there is an answer. */
int resolver_descriptor(const struct resolver *resolver);

/* The next answer; false when there is none. */
bool resolver_answer(struct resolver *resolver, struct resolver_answer *out);

#endif
