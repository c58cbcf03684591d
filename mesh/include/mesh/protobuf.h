/* Protobuf messages as payloads, for those who use protobuf-c: pack, unpack, and which is which.
 *
 * The type name of such a message is the name that its .proto file gives it, "package.Name". The library itself does
 * not parse payloads (D9): everything here is inline and needs libprotobuf-c only where it is used.
 *
 *   struct mesh_packed packed;
 *   if (mesh_protobuf_pack(&packed, &count.base) == MESH_OK) {
 *       status = mesh_reply(self, message, packed.type, packed.data, packed.bytes);
 *       mesh_protobuf_release(&packed);
 *   }
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_PROTOBUF_H
#define MESH_PROTOBUF_H

#include <mesh/message.h>
#include <protobuf-c/protobuf-c.h>
#include <stdlib.h>

/* A packed message: what mesh_send, mesh_reply, mesh_tell and mesh_ask take. `type` is static, `data` is owned. */
struct mesh_packed {
    const char *type;
    uint8_t *data;
    size_t bytes;
};

/* MESH_NO_MEMORY; `out` is then untouched. */
MESH_MUST_USE static inline enum mesh_status mesh_protobuf_pack(struct mesh_packed *out,
                                                                const ProtobufCMessage *message) {
    size_t bytes = protobuf_c_message_get_packed_size(message);
    uint8_t *data = (uint8_t *)malloc(bytes > 0 ? bytes : 1);
    if (!data) {
        return MESH_NO_MEMORY;
    }
    out->type = message->descriptor->name;
    out->data = data;
    out->bytes = protobuf_c_message_pack(message, data);
    return MESH_OK;
}

static inline void mesh_protobuf_release(struct mesh_packed *packed) {
    free(packed->data);
    packed->data = NULL;
    packed->bytes = 0;
}

/* Whether it is a user message of this protobuf type. */
static inline bool mesh_protobuf_is(const struct mesh_message *message, const ProtobufCMessageDescriptor *descriptor) {
    return mesh_message_is(message, descriptor->name);
}

/* The message unpacked, to be freed with protobuf_c_message_free_unpacked (or the type's own function); NULL when it is
 * of another type or malformed. protobuf-c unpacks nested messages without a limit on depth: a hostile sender of a type
 * that contains itself can overflow the stack. */
static inline ProtobufCMessage *mesh_protobuf_unpack(const struct mesh_message *message,
                                                     const ProtobufCMessageDescriptor *descriptor) {
    if (!mesh_protobuf_is(message, descriptor)) {
        return NULL;
    }
    size_t bytes = 0;
    const uint8_t *data = (const uint8_t *)mesh_message_data(message, &bytes);
    return protobuf_c_message_unpack(descriptor, NULL, bytes, data);
}

#endif
