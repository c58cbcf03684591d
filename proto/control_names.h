/* Global names on the wire (G2). SPDX-License-Identifier: MPL-2.0 */
#ifndef PROTO_CONTROL_NAMES_H
#define PROTO_CONTROL_NAMES_H

#include "proto/codec_memory.h"
#include "proto/control.h"

bool control_put_held(struct arena *arena, const struct control_held_name *names, size_t count,
                      Mesh__Wire__HeldName ***out);
/* NULL for what is malformed, and without memory. */
const struct control_held_name *control_get_held(struct arena *arena, Mesh__Wire__HeldName *const *wire, size_t count);
bool control_put_name_request(struct arena *arena, const struct control_name_request *request,
                              Mesh__Wire__NameRequest *out);
bool control_get_name_request(const Mesh__Wire__NameRequest *wire, struct control_name_request *out);
bool control_put_name_grant(struct arena *arena, const struct control_name_grant *grant, Mesh__Wire__NameGrant *out);
bool control_get_name_grant(const Mesh__Wire__NameGrant *wire, struct control_name_grant *out);
bool control_put_names_held(struct arena *arena, const struct control_names_held *held, Mesh__Wire__NamesHeld *out);
bool control_get_names_held(struct arena *arena, const Mesh__Wire__NamesHeld *wire, struct control_names_held *out);
bool control_put_name_freed(struct arena *arena, const struct control_name_freed *freed, Mesh__Wire__NameFreed *out);
bool control_get_name_freed(const Mesh__Wire__NameFreed *wire, struct control_name_freed *out);
bool control_put_name_taken(struct arena *arena, const struct control_name_taken *taken, Mesh__Wire__NameTaken *out);
bool control_get_name_taken(const Mesh__Wire__NameTaken *wire, struct control_name_taken *out);

#endif
