/* The calls of a transport, passed to its implementation.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/transport.h"

void transport_destroy(struct transport **transport) {
    if (*transport) {
        (*transport)->ops->destroy(*transport);
        *transport = NULL;
    }
}

enum mesh_status transport_secure(struct transport *transport, const struct transport_security *security,
                                  struct mesh_error *error) {
    return transport->ops->secure(transport, security, error);
}

enum mesh_status transport_listen(struct transport *transport, const char *endpoint,
                                  char bound[TRANSPORT_ENDPOINT_BYTES], struct mesh_error *error) {
    return transport->ops->listen(transport, endpoint, bound, error);
}

enum mesh_status transport_open(struct transport *transport, const char *endpoint, bool two_way,
                                struct transport_link **out) {
    return transport->ops->open(transport, endpoint, two_way, out);
}

enum mesh_status transport_back(struct transport *transport, uint64_t source, struct transport_link **out) {
    return transport->ops->back(transport, source, out);
}

void transport_close(struct transport *transport, struct transport_link *link) {
    transport->ops->close(transport, link);
}

enum mesh_status transport_send(struct transport *transport, struct transport_link *link, struct codec *codec,
                                const struct codec_image *image) {
    return transport->ops->send(transport, link, codec, image);
}

struct transport_link *transport_changed(struct transport *transport) {
    return transport->ops->changed(transport);
}

bool transport_receive(struct transport *transport, struct transport_inbound *out) {
    return transport->ops->receive(transport, out);
}

size_t transport_descriptors(struct transport *transport, struct pollfd *out, size_t max) {
    return transport->ops->descriptors(transport, out, max);
}

void transport_polled(struct transport *transport, const struct pollfd *polled) {
    transport->ops->polled(transport, polled);
}

void transport_judge(struct transport *transport, bool sense) {
    if (transport->ops->judge) {
        transport->ops->judge(transport, sense);
    }
}

void transport_shut(struct transport *transport) {
    if (transport->ops->shut) {
        transport->ops->shut(transport);
    }
}

const struct callers *transport_callers(struct transport *transport) {
    return transport->ops->callers ? transport->ops->callers(transport) : NULL;
}
