/* Ways: by which routing id a ROUTER reaches who has called it over tcp by CURVE.
 *
 * A ROUTER gives the connection that names an id to whoever named it last. So ids that anybody can guess would let one member take what is for
 * another: where keys count a caller's id ends with a number that nobody else knows, and the ROUTER answers by the id of the last hello that was
 * believed, or to the frame in hand by its own.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/incarnation.h"
#include "mesh/runtime/transport_zmq.h"
#include <stdlib.h>
#include <string.h>

enum { WAYS_MAX = 4096 };

struct zmq_way {
    uint64_t number;
};

bool zmq_way_name(void *socket, uint64_t incarnation) {
    uint8_t identity[ZMQ_TRANSPORT_IDENTITY_MOST];
    size_t bytes = zmq_way_print(incarnation, incarnation_draw(), identity);
    return zmq_setsockopt(socket, ZMQ_ROUTING_ID, identity, bytes) == 0;
}

size_t zmq_way_print(uint64_t source, uint64_t number, uint8_t identity[ZMQ_TRANSPORT_IDENTITY_MOST]) {
    identity[0] = 'm';
    memcpy(identity + 1, &source, sizeof source);
    memcpy(identity + ZMQ_TRANSPORT_IDENTITY, &number, sizeof number);
    return number ? ZMQ_TRANSPORT_IDENTITY_MOST : ZMQ_TRANSPORT_IDENTITY;
}

void zmq_way_read(struct bytes identity, uint64_t *source, uint64_t *number) {
    *source = *number = 0;
    if (identity.size == ZMQ_TRANSPORT_IDENTITY_MOST) {
        memcpy(number, identity.data + ZMQ_TRANSPORT_IDENTITY, sizeof *number);
        identity.size = ZMQ_TRANSPORT_IDENTITY;
    }
    if (identity.size == ZMQ_TRANSPORT_IDENTITY && identity.data[0] == 'm') {
        memcpy(source, identity.data + 1, sizeof *source);
    }
}

uint64_t zmq_way_to(const struct zmq_transport *self, uint64_t source) {
    const struct zmq_way *way = map_get(&self->ways, &source);
    return self->source == source ? self->number : way ? way->number : 0;
}

/* All are forgotten when they are too many, and where there is no memory: who called is answered while its frames are in hand, and says hello
 * again when it misses more. */
void zmq_way_keep(struct zmq_transport *self) {
    struct zmq_way *way = map_get(&self->ways, &self->source);
    if (self->number == 0 || self->source == 0) {
        return;
    }
    if (!way && map_size(&self->ways) == WAYS_MAX) {
        zmq_way_fini(self);
        zmq_way_init(self);
    }
    if (!way && (way = calloc(1, sizeof *way)) && map_put(&self->ways, &self->source, way) != MESH_OK) {
        free(way);
        way = NULL;
    }
    if (way) {
        way->number = self->number;
    }
}

void zmq_way_init(struct zmq_transport *self) {
    map_init(&self->ways, sizeof self->source, WAYS_MAX, self->incarnation);
}

void zmq_way_fini(struct zmq_transport *self) {
    size_t place = 0;
    for (struct zmq_way *way; (way = map_next(&self->ways, &place));) {
        free(way);
    }
    map_fini(&self->ways);
}
