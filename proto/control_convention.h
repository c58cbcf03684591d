/* What is wanted of a leader about guests and keys, what it says of addresses, what watchers are told, and capabilities, within control messages. For proto/control.c alone.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef PROTO_CONTROL_CONVENTION_H
#define PROTO_CONTROL_CONVENTION_H

#include "proto/codec_memory.h"

bool control_put_preregister(struct arena *arena, const struct control_preregister *request,
                             Mesh__Wire__Preregister *out);
bool control_get_preregister(struct arena *arena, const Mesh__Wire__Preregister *wire, struct control_preregister *out);
bool control_put_dismiss(struct arena *arena, const struct control_dismiss *request, Mesh__Wire__Dismiss *out);
bool control_get_dismiss(const Mesh__Wire__Dismiss *wire, struct control_dismiss *out);
bool control_put_watch_members(const struct control_watch_members *request, Mesh__Wire__WatchMembers *out);
bool control_get_watch_members(const Mesh__Wire__WatchMembers *wire, struct control_watch_members *out);
bool control_put_member_update(struct arena *arena, const struct control_member_update *update,
                               Mesh__Wire__MemberUpdate *out);
bool control_get_member_update(struct arena *arena, const Mesh__Wire__MemberUpdate *wire,
                               struct control_member_update *out);
bool control_put_capabilities(struct arena *arena, const struct control_capabilities *capabilities,
                              Mesh__Wire__Capabilities *out);
bool control_get_capabilities(struct arena *arena, const Mesh__Wire__Capabilities *wire,
                              struct control_capabilities *out);
bool control_put_member_key(const struct control_member_key *request, Mesh__Wire__MemberKey *out);
bool control_get_member_key(const Mesh__Wire__MemberKey *wire, struct control_member_key *out);
bool control_put_check(struct arena *arena, const struct control_check *check, Mesh__Wire__Check *out);
bool control_get_check(struct arena *arena, const Mesh__Wire__Check *wire, struct control_check *out);
bool control_put_unreached(struct arena *arena, const struct control_unreached *word, Mesh__Wire__Unreached *out);
bool control_get_unreached(const Mesh__Wire__Unreached *wire, struct control_unreached *out);

#endif
