/* Sending protobuf messages from actors. */
#ifndef SAY_H
#define SAY_H

#include <mesh/mesh.h>
#include <mesh/protobuf.h>

/* Packs and sends; the status of whichever failed. */
static inline enum mesh_status say(struct mesh_actor *self, struct mesh_address to, const ProtobufCMessage *message) {
    struct mesh_packed packed;
    enum mesh_status status = mesh_protobuf_pack(&packed, message);
    if (status == MESH_OK) {
        status = mesh_send(self, to, packed.type, packed.data, packed.bytes);
        mesh_protobuf_release(&packed);
    }
    return status;
}

#endif
