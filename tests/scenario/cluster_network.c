/* The network of a virtual cluster: calls, links and frames. It does what the admin's shell and its process do: a call is
 * repeated until it is answered, and one that ends at a known process makes no second link.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "tests/scenario/cluster_inside.h"
#include <stdlib.h>

enum { PACKED_BYTES = 256 * 1024 };

/* ---- packets ---- */

static struct packet *packet_new(enum packet_kind kind, uint64_t from, uint64_t to, size_t bytes) {
    struct packet *packet = calloc(1, sizeof *packet + bytes);
    CHECK(packet);
    packet->kind = kind;
    packet->from = from;
    packet->to = to;
    packet->bytes = bytes;
    list_node_init(&packet->place);
    return packet;
}

static void post(struct cluster *cluster, struct packet *packet, uint64_t delay_ns) {
    packet->at_ns = cluster->now_ns + delay_ns;
    struct list_node *at = cluster->packets.ends.next;
    while (at != &cluster->packets.ends && LIST_OWNER(at, struct packet, place)->at_ns <= packet->at_ns) {
        at = at->next;
    }
    list_insert_before(at, &packet->place);
}

static bool passes(const struct node *from, const struct node *to) {
    size_t place = (size_t)(to->letter - 'a');
    return from->linked[place] && !from->cut[place];
}

void cluster_send_frame(struct cluster *cluster, struct node *node, uint64_t peer, const struct frame *frame) {
    struct node *to = cluster_living(cluster, peer);
    struct frame addressed = *frame;
    struct codec_image image;
    if (!to || !node->linked[to->letter - 'a'] ||
        (cluster->loss_per_mille && prng_chance(&cluster->prng, cluster->loss_per_mille))) {
        return;
    }
    addressed.from = cluster_incarnation_of(node);
    addressed.to = peer;
    enum mesh_status status = codec_prepare(cluster->codec, &addressed, &image);
    CHECK(status == MESH_OK && image.bytes < PACKED_BYTES);
    struct packet *packet = packet_new(PACKET_FRAME, addressed.from, peer, image.bytes);
    codec_pack(cluster->codec, packet->data);
    post(cluster, packet, CLUSTER_LATENCY_NS + node->delay_ns);
}

void cluster_send_control(struct cluster *cluster, struct node *node, struct mesh_address to,
                          const struct control *control) {
    struct bytes packed;
    enum mesh_status status = control_encode(cluster->codec, control, &packed);
    CHECK(status == MESH_OK);
    struct packet *packet = packet_new(PACKET_CONTROL, cluster_incarnation_of(node), to.node, packed.size);
    memcpy(packet->data, packed.data, packed.size);
    post(cluster, packet, CLUSTER_LATENCY_NS);
}

void cluster_send_birth(struct cluster *cluster, struct node *node, uint32_t slot, struct mesh_address actor) {
    uint64_t own = cluster_incarnation_of(node);
    struct packet *packet = packet_new(PACKET_BIRTH, own, own, 0);
    packet->slot = slot;
    packet->actor = actor;
    post(cluster, packet, CLUSTER_LATENCY_NS);
}

/* ---- calls ---- */

static bool is_call(const struct packet *packet, uint64_t from, uint64_t peer, struct bytes endpoint) {
    return packet->kind == PACKET_CALL && packet->from == from && packet->to == peer &&
           (peer || bytes_equal(bytes_of_text(packet->endpoint), endpoint));
}

static struct packet *find_call(const struct cluster *cluster, uint64_t from, uint64_t peer, struct bytes endpoint) {
    LIST_EACH (&cluster->packets, node, after) {
        struct packet *packet = LIST_OWNER(node, struct packet, place);
        if (is_call(packet, from, peer, endpoint)) {
            return packet;
        }
    }
    return NULL;
}

void cluster_call(struct cluster *cluster, struct node *node, uint64_t peer, struct bytes endpoint) {
    uint64_t from = cluster_incarnation_of(node);
    struct node *known = cluster_living(cluster, peer);
    bool linked = known && node->linked[known->letter - 'a'];
    CHECK(endpoint.size < ENDPOINT_BYTES);
    if (!linked && !find_call(cluster, from, peer, endpoint)) {
        struct packet *packet = packet_new(PACKET_CALL, from, peer, 0);
        memcpy(packet->endpoint, endpoint.data, endpoint.size);
        post(cluster, packet, CLUSTER_LATENCY_NS);
    }
}

static void end_call(struct cluster *cluster, struct node *node, uint64_t peer, struct bytes endpoint) {
    struct packet *call = find_call(cluster, cluster_incarnation_of(node), peer, endpoint);
    if (call) {
        list_remove(&call->place);
        free(call);
    }
}

void cluster_hang_up(struct cluster *cluster, struct node *node, uint64_t peer, struct bytes endpoint) {
    end_call(cluster, node, 0, endpoint);
    if (peer) {
        end_call(cluster, node, peer, endpoint);
    }
}

static struct convention_event link_event(enum convention_event_kind kind, uint64_t peer, const char *endpoint) {
    return (struct convention_event){.kind = kind, .peer = peer, .endpoint = bytes_of_text(endpoint)};
}

/* Who is called learns where the caller says that it can be called itself. */
static void on_answered(struct cluster *cluster, struct packet *call, struct node *from, struct node *to) {
    uint64_t peer = cluster_incarnation_of(to);
    bool linked = from->linked[to->letter - 'a'];
    if (call->to && call->to != peer) {
        struct convention_event other = link_event(CONVENTION_REPLACED, call->to, call->endpoint);
        cluster_step(cluster, from, &other);
    }
    if (from != to && !linked) {
        from->linked[to->letter - 'a'] = to->linked[from->letter - 'a'] = true;
        struct convention_event called = link_event(CONVENTION_LINK_UP, cluster_incarnation_of(from), from->endpoint);
        cluster_step(cluster, to, &called);
    }
    struct convention_event up = link_event(CONVENTION_LINK_UP, peer, call->endpoint);
    cluster_step(cluster, from, &up);
}

static void arrive_call(struct cluster *cluster, struct packet *packet) {
    struct node *from = cluster_living(cluster, packet->from);
    struct node *to = cluster_node_of(cluster, (char)(packet->endpoint[6] | ' '));
    if (!from || from->frozen || !cluster_trusts(from, to)) {
        free(packet);
    } else if (from->cut[to->letter - 'a'] || to->frozen) {
        post(cluster, packet, RETRY_NS);
    } else if (to->core) {
        on_answered(cluster, packet, from, to);
        free(packet);
    } else {
        struct convention_event refused = link_event(CONVENTION_REFUSED, packet->to, packet->endpoint);
        post(cluster, packet, RETRY_NS);
        cluster_step(cluster, from, &refused);
    }
}

/* ---- arrivals ---- */

static void arrive_frame(struct cluster *cluster, struct node *to, const struct packet *packet) {
    struct frame frame;
    struct node *from = cluster_node_of(cluster, (char)(packet->from / 1000));
    if (passes(to, from)) {
        enum mesh_status status =
            codec_decode(cluster->codec, bytes_make(packet->data, packet->bytes), NULL, 0, &frame);
        CHECK(status == MESH_OK);
        struct convention_event event = convention_event_of(&frame);
        cluster_step(cluster, to, &event);
    }
}

/* Streams resume over a broken link; what they carry waits for a receiver that is halted or cut off, and is gone with its
 * sender's or its receiver's node only. */
static void arrive_control(struct cluster *cluster, struct node *to, const struct packet *packet) {
    struct control control;
    enum mesh_status status = control_decode(cluster->codec, bytes_make(packet->data, packet->bytes), &control);
    CHECK(status == MESH_OK);
    cluster_take_control(cluster, to, packet->from, &control);
}

void cluster_arrive(struct cluster *cluster) {
    struct packet *packet = LIST_OWNER(list_pop_front(&cluster->packets), struct packet, place);
    if (packet->kind == PACKET_CALL) {
        arrive_call(cluster, packet);
        return;
    }
    struct node *to = cluster_living(cluster, packet->to);
    struct node *from = cluster_living(cluster, packet->from);
    bool waits = to && (to->frozen || (from && from->cut[to->letter - 'a']));
    if (waits && packet->kind == PACKET_CONTROL) {
        post(cluster, packet, RETRY_NS);
        return;
    }
    if (to && !to->frozen) {
        if (packet->kind == PACKET_FRAME) {
            arrive_frame(cluster, to, packet);
        } else if (packet->kind == PACKET_CONTROL) {
            arrive_control(cluster, to, packet);
        } else {
            cluster_take_birth(cluster, to, packet->slot, packet->actor);
        }
    }
    free(packet);
}

static void tell_down(struct cluster *cluster, struct node *node, const struct node *peer) {
    node->linked[peer->letter - 'a'] = false;
    if (node->core && !node->frozen) {
        struct convention_event down = link_event(CONVENTION_LINK_DOWN, cluster_incarnation_of(peer), "");
        cluster_step(cluster, node, &down);
    }
}

void cluster_unlink(struct cluster *cluster, struct node *a, struct node *b) {
    if (a->linked[b->letter - 'a']) {
        tell_down(cluster, b, a);
        tell_down(cluster, a, b);
    }
}
