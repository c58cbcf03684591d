/* Lines of logs within control messages (K2). For proto/control.c alone.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef PROTO_CONTROL_LOG_H
#define PROTO_CONTROL_LOG_H

#include "proto/codec_memory.h"

bool control_put_log_lines(struct arena *arena, const struct control_log_lines *lines, Mesh__Wire__LogLines *out);
bool control_put_log_request(struct arena *arena, const struct control_log_request *request,
                             Mesh__Wire__LogRequest *out);
bool control_put_log_reply(struct arena *arena, const struct control_log_reply *reply, Mesh__Wire__LogReply *out);
bool control_get_log(struct arena *arena, const Mesh__Wire__Control *wire, struct control *out); /* any of the three */

#endif
