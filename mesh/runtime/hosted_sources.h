/* Sources in a host: what its actors load, are asked to judge, and are told of (J1, J2, J6).
 *
 *   offers     bytes that this host has and its admin may ask for, until it is done with them: loads, and plain bytes of the Authority
 *   questions  bytes that its admin has and an actor of this host is to judge: asked for part by part, then shown, then answered
 *
 * Main thread, with the baton.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_HOSTED_SOURCES_H
#define MESH_RUNTIME_HOSTED_SOURCES_H

#include "mesh/base/list.h"
#include "proto/control.h"

struct host;
struct mesh_actor;
struct message;

/* A word of the admin about sources; or that it is done with what has that number. Whether it was for this file. */
bool hosted_sources_on_control(struct host *host, const struct control *control);

/* The handler that was to judge has failed: the answer is no. */
void hosted_sources_on_failed(struct host *host, const struct message *message);

/* The actor, or a life of it, ends. */
void hosted_sources_on_end(struct mesh_actor *actor);

void hosted_sources_fini(struct host *host);

#endif
