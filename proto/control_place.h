/* Where an address lives, within control messages. For proto/control.c alone.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef PROTO_CONTROL_PLACE_H
#define PROTO_CONTROL_PLACE_H

#include "proto/codec_memory.h"

bool control_put_resolve(struct arena *arena, const struct control_resolve *resolve, Mesh__Wire__Resolve *out);
bool control_put_resolved(struct arena *arena, const struct control_resolved *resolved, Mesh__Wire__Resolved *out);
bool control_put_gone(struct arena *arena, const struct control_gone *gone, Mesh__Wire__Gone *out);
bool control_get_place(const Mesh__Wire__Control *wire, struct control *out); /* any of the three */

#endif
