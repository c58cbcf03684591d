/* What the files of the virtual cluster share. Nobody else includes this.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef TESTS_SCENARIO_CLUSTER_INSIDE_H
#define TESTS_SCENARIO_CLUSTER_INSIDE_H

#include "convention/core/directory.h"
#include "mesh/base/list.h"
#include "mesh/base/prng.h"
#include "proto/codec.h"
#include "tests/scenario/cluster.h"

enum { ENDPOINT_BYTES = 16, RETRY_NS = 250 * 1000000 };

struct node {
    char letter, endpoint[ENDPOINT_BYTES];
    struct convention *core;
    struct directory *directory;
    unsigned lives;
    struct trust trust; /* the key of a node begins with its letter */
    char keys[2 * CLUSTER_NODES + 1];
    bool keys_changed;
    uint64_t actors; /* that its program has created */
    bool frozen;
    bool linked[CLUSTER_NODES], cut[CLUSTER_NODES];
    uint64_t delay_ns; /* of what it sends, beside the latency */
};

enum packet_kind {
    PACKET_CALL,    /* goes to an endpoint, and comes again until it is answered or nobody wants it any more */
    PACKET_FRAME,   /* of the convention */
    PACKET_CONTROL, /* of the directory */
    PACKET_BIRTH,   /* a host of the node's own has come up */
};

struct packet {
    struct list_node place;
    enum packet_kind kind;
    uint64_t at_ns, from, to; /* incarnations; `to` is 0 when whoever answers is called */
    char endpoint[ENDPOINT_BYTES];
    uint32_t slot;
    struct mesh_address actor;
    size_t bytes;
    uint8_t data[];
};

struct cluster {
    struct node nodes[CLUSTER_NODES];
    struct convention_times times;
    unsigned loss_per_mille;
    struct prng prng;
    struct codec *codec;
    struct list packets; /* in the order of arrival */
    uint64_t now_ns;
    char *trace;
    size_t trace_bytes;
    bool show_heartbeats, show_mandates;
};

/* ---- cluster.c ---- */

struct node *cluster_node_of(struct cluster *cluster, char letter);
uint64_t cluster_incarnation_of(const struct node *node);
/* NULL when that life of the node is over. */
struct node *cluster_living(struct cluster *cluster, uint64_t incarnation);
/* A convention is told something, and what it wants is done. */
enum mesh_status cluster_step(struct cluster *cluster, struct node *node, const struct convention_event *event);
/* One more line. `peer` may be 0. */
void cluster_note(struct cluster *cluster, const struct node *node, const char *what, uint64_t peer, const char *more);

/* Whether neither has the other's key revoked. */
bool cluster_trusts(const struct node *a, const struct node *b);

/* ---- cluster_network.c ---- */

/* A call of that node goes out, unless it is calling there already. */
void cluster_call(struct cluster *cluster, struct node *node, uint64_t peer, struct bytes endpoint);
/* It has no use for that peer any more; or calls the endpoint no more. */
void cluster_hang_up(struct cluster *cluster, struct node *node, uint64_t peer, struct bytes endpoint);
void cluster_send_frame(struct cluster *cluster, struct node *node, uint64_t peer, const struct frame *frame);
void cluster_send_control(struct cluster *cluster, struct node *node, struct mesh_address to,
                          const struct control *control);
void cluster_send_birth(struct cluster *cluster, struct node *node, uint32_t slot, struct mesh_address actor);
/* The first packet arrives. */
void cluster_arrive(struct cluster *cluster);
void cluster_unlink(struct cluster *cluster, struct node *a, struct node *b);

/* ---- cluster_actors.c ---- */

void cluster_open_directory(struct cluster *cluster, struct node *node);
void cluster_step_directory(struct cluster *cluster, struct node *node, const struct directory_event *event);
void cluster_take_control(struct cluster *cluster, struct node *node, uint64_t from, const struct control *control);
void cluster_take_birth(struct cluster *cluster, struct node *node, uint32_t slot, struct mesh_address actor);

#endif
