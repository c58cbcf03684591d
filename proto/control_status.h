/* The status of nodes and of actors within control messages. For proto/control.c alone.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef PROTO_CONTROL_STATUS_H
#define PROTO_CONTROL_STATUS_H

#include "proto/codec_memory.h"

bool control_put_status(struct arena *arena, const struct control_status_reply *reply, Mesh__Wire__StatusReply *out);
bool control_get_status(struct arena *arena, const Mesh__Wire__StatusReply *wire, struct control_status_reply *out);
bool control_put_actor_report(struct arena *arena, const struct control_actor_report *report,
                              Mesh__Wire__ActorReport *out);
bool control_get_actor_report(struct arena *arena, const Mesh__Wire__ActorReport *wire,
                              struct control_actor_report *out);

#endif
