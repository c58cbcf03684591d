/* The table of peers.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/peers.h"
#include "mesh/base/check.h"
#include <stdlib.h>
#include <string.h>

static void free_peer(struct peer *peer) {
    passage_queue_fini(&peer->queue);
    free(peer);
}

void peers_init(struct peers *peers, uint64_t seed) {
    map_init(&peers->by_incarnation, sizeof(uint64_t), PEERS_MAX, seed);
    list_init(&peers->called);
    deadlines_init(&peers->retries, 2 * PEERS_MAX);
}

void peers_fini(struct peers *peers) {
    size_t place = 0;
    for (struct peer *peer = peers_next(peers, &place); peer; peer = peers_next(peers, &place)) {
        free_peer(peer);
    }
    LIST_EACH (&peers->called, node, after) {
        free_peer(LIST_OWNER(node, struct peer, called));
    }
    map_fini(&peers->by_incarnation);
    deadlines_fini(&peers->retries);
}

struct peer *peers_find(const struct peers *peers, uint64_t incarnation) {
    return map_get(&peers->by_incarnation, &incarnation);
}

static void set_endpoint(struct peer *peer, struct bytes endpoint) {
    memcpy(peer->endpoint, endpoint.data, endpoint.size);
    peer->endpoint[endpoint.size] = '\0';
}

static enum mesh_status make_peer(struct peers *peers, struct bytes endpoint, struct peer **out) {
    if (endpoint.size >= TRANSPORT_ENDPOINT_BYTES) {
        return MESH_TOO_LARGE;
    }
    struct peer *peer = calloc(1, sizeof *peer);
    if (!peer) {
        return MESH_NO_MEMORY;
    }
    peer->nonsense = limiter_make(callers_limits_default.nonsense - 1, callers_limits_default.memory_ns);
    list_node_init(&peer->flush);
    list_node_init(&peer->lazy);
    list_node_init(&peer->called);
    list_node_init(&peer->naming);
    list_node_init(&peer->greeting);
    list_init(&peer->carried);
    list_node_init(&peer->of_via);
    list_node_init(&peer->asking);
    list_node_init(&peer->passing);
    passage_queue_init(&peer->queue, &peers->queued_bytes);
    if (endpoint.size > 0) {
        set_endpoint(peer, endpoint);
    }
    *out = peer;
    return MESH_OK;
}

enum mesh_status peers_add(struct peers *peers, uint64_t incarnation, struct bytes endpoint, struct peer **out) {
    struct peer *peer = peers_find(peers, incarnation);
    if (peer) {
        if (endpoint.size >= TRANSPORT_ENDPOINT_BYTES) {
            return MESH_TOO_LARGE;
        }
        if (endpoint.size > 0) {
            set_endpoint(peer, endpoint);
        }
        *out = peer;
        return MESH_OK;
    }
    enum mesh_status status = make_peer(peers, endpoint, &peer);
    if (status != MESH_OK) {
        return status;
    }
    peer->incarnation = incarnation;
    status = map_put(&peers->by_incarnation, &incarnation, peer);
    if (status != MESH_OK) {
        free(peer);
        return status;
    }
    *out = peer;
    return MESH_OK;
}

enum mesh_status peers_call(struct peers *peers, struct bytes endpoint, struct peer **out) {
    enum mesh_status status = make_peer(peers, endpoint, out);
    if (status == MESH_OK) {
        list_push_back(&peers->called, &(*out)->called);
    }
    return status;
}

enum mesh_status peers_name(struct peers *peers, struct peer *peer, uint64_t incarnation) {
    CHECK(peer->incarnation == 0 && incarnation != 0);
    enum mesh_status status = map_put(&peers->by_incarnation, &incarnation, peer);
    if (status == MESH_OK) {
        peer->incarnation = incarnation;
        list_remove(&peer->called);
    }
    return status;
}

void peers_remove(struct peers *peers, struct peer *peer) {
    CHECK(!peer->link && list_is_empty(&peer->carried));
    deadlines_clear(&peers->retries, &peer->retry);
    list_remove(&peer->flush);
    list_remove(&peer->lazy);
    list_remove(&peer->called);
    list_remove(&peer->naming);
    list_remove(&peer->greeting);
    list_remove(&peer->of_via);
    list_remove(&peer->asking);
    list_remove(&peer->passing);
    if (peer->incarnation) {
        map_remove(&peers->by_incarnation, &peer->incarnation);
    }
    free_peer(peer);
}
