/* What is wanted of a leader about guests, to the wire and back.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef PROTO_CONTROL_GUEST_H
#define PROTO_CONTROL_GUEST_H

#include "proto/codec_memory.h"

bool control_put_preregister(struct arena *arena, const struct control_preregister *request,
                             Mesh__Wire__Preregister *out);
bool control_get_preregister(struct arena *arena, const Mesh__Wire__Preregister *wire, struct control_preregister *out);
bool control_put_dismiss(struct arena *arena, const struct control_dismiss *request, Mesh__Wire__Dismiss *out);
bool control_get_dismiss(const Mesh__Wire__Dismiss *wire, struct control_dismiss *out);

#endif
