/* A virtual cluster: see cluster.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/scenario/cluster.h"
#include "mesh/base/arena.h"
#include "mesh/base/check.h"
#include "mesh/base/list.h"
#include "mesh/base/prng.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { TRACE_BYTES = 256 * 1024, ARENA_BYTES = 64 * 1024 * 1024, RETRY_NS = 250 * 1000000 };

struct node {
    char letter, endpoint[16];
    struct convention *core;
    unsigned lives;
    bool frozen;
    bool linked[CLUSTER_NODES], cut[CLUSTER_NODES];
};

/* Something on its way: it arrives as an event at `to`, or as a call that `to` answers. */
struct packet {
    struct list_node place;
    uint64_t at_ns, from, to; /* incarnations; `to` 0 of a call by endpoint */
    struct convention_event event;
    bool call;
    char text[16];
};

struct cluster {
    struct node nodes[CLUSTER_NODES];
    struct convention_times times;
    unsigned loss_per_mille;
    struct prng prng;
    struct arena arena;
    struct list packets;
    uint64_t now_ns;
    char *trace;
    size_t trace_bytes;
};

struct cluster *cluster_new(const struct convention_times *times, unsigned loss_per_mille, uint64_t seed) {
    struct cluster *cluster = calloc(1, sizeof *cluster);
    CHECK(cluster);
    cluster->times = times ? *times : convention_times_default;
    cluster->times.jitter_percent = times ? times->jitter_percent : 0;
    cluster->loss_per_mille = loss_per_mille;
    prng_init(&cluster->prng, seed);
    arena_init(&cluster->arena, ARENA_BYTES);
    list_init(&cluster->packets);
    cluster->trace = calloc(1, TRACE_BYTES);
    CHECK(cluster->trace);
    for (int i = 0; i < CLUSTER_NODES; i++) {
        cluster->nodes[i].letter = (char)('a' + i);
        snprintf(cluster->nodes[i].endpoint, sizeof cluster->nodes[i].endpoint, "tcp://%c", 'a' + i);
    }
    return cluster;
}

void cluster_destroy(struct cluster *cluster) {
    for (int i = 0; i < CLUSTER_NODES; i++) {
        convention_destroy(&cluster->nodes[i].core);
    }
    arena_fini(&cluster->arena);
    free(cluster->trace);
    free(cluster);
}

/* ---- names ---- */

static struct node *node_of(struct cluster *cluster, char letter) {
    CHECK(letter >= 'a' && letter < 'a' + CLUSTER_NODES);
    return &cluster->nodes[letter - 'a'];
}

static uint64_t incarnation_of(const struct node *node) {
    return (uint64_t)node->letter * 1000 + node->lives;
}

static struct node *living(struct cluster *cluster, uint64_t incarnation) {
    struct node *node = incarnation ? node_of(cluster, (char)(incarnation / 1000)) : NULL;
    return node && node->core && incarnation_of(node) == incarnation ? node : NULL;
}

uint64_t cluster_incarnation(struct cluster *cluster, char letter) {
    return incarnation_of(node_of(cluster, letter));
}

struct convention *cluster_core(struct cluster *cluster, char letter) {
    return node_of(cluster, letter)->core;
}

/* ---- the trace ---- */

static void trace(struct cluster *cluster, const struct node *node, const char *what, uint64_t peer, const char *more) {
    char name[16] = "";
    if (peer) {
        snprintf(name, sizeof name, " %c%u", (char)(peer / 1000), (unsigned)(peer % 1000));
    }
    int bytes =
        snprintf(cluster->trace + cluster->trace_bytes, TRACE_BYTES - cluster->trace_bytes, "%.3f %c %s%s%s%s\n",
                 (double)cluster->now_ns / 1e9, node->letter, what, name, *more ? " " : "", more);
    cluster->trace_bytes += (size_t)bytes;
    CHECK(cluster->trace_bytes < TRACE_BYTES);
}

const char *cluster_trace(const struct cluster *cluster) {
    return cluster->trace;
}

void cluster_forget_trace(struct cluster *cluster) {
    cluster->trace_bytes = 0;
    cluster->trace[0] = 0;
}

void cluster_expect(struct cluster *cluster, const char *expected) {
    cr_assert(strcmp(cluster->trace, expected) == 0, "the trace is\n%sand should be\n%s", cluster->trace, expected);
    cluster_forget_trace(cluster);
}

size_t cluster_count(const struct cluster *cluster, const char *text) {
    size_t count = 0;
    for (const char *at = strstr(cluster->trace, text); at; at = strstr(at + 1, text)) {
        count++;
    }
    return count;
}

/* ---- copies of frames, since a core's are views ---- */

static void *copy(struct cluster *cluster, const void *from, size_t bytes) {
    void *to = arena_take(&cluster->arena, bytes ? bytes : 1);
    CHECK(to);
    if (bytes) {
        memcpy(to, from, bytes);
    }
    return to;
}

static struct frame_member copy_member(struct cluster *cluster, struct frame_member from) {
    from.name.data = copy(cluster, from.name.data, from.name.size);
    from.endpoint.data = copy(cluster, from.endpoint.data, from.endpoint.size);
    from.capabilities = NULL; /* what is in them is the business of other tests */
    from.capabilities_count = 0;
    return from;
}

static struct frame_member *copy_members(struct cluster *cluster, const struct frame_member *from, size_t count) {
    struct frame_member *to = copy(cluster, from, count * sizeof *from);
    for (size_t i = 0; i < count; i++) {
        to[i] = copy_member(cluster, from[i]);
    }
    return to;
}

/* ---- the network ---- */

static struct packet *post(struct cluster *cluster, uint64_t from, uint64_t to, enum convention_event_kind kind,
                           uint64_t delay_ns) {
    struct packet *packet = arena_take(&cluster->arena, sizeof *packet);
    CHECK(packet);
    *packet = (struct packet){.at_ns = cluster->now_ns + delay_ns, .from = from, .to = to};
    packet->event = (struct convention_event){.kind = kind, .peer = from};
    list_node_init(&packet->place);
    struct list_node *at = cluster->packets.ends.next;
    while (at != &cluster->packets.ends && LIST_OWNER(at, struct packet, place)->at_ns <= packet->at_ns) {
        at = at->next;
    }
    list_insert_before(at, &packet->place);
    return packet;
}

static void call(struct cluster *cluster, struct node *node, uint64_t peer, struct bytes endpoint, uint64_t delay_ns) {
    struct packet *packet = post(cluster, incarnation_of(node), peer, CONVENTION_LINK_UP, delay_ns);
    packet->call = true;
    CHECK(endpoint.size < sizeof packet->text);
    memcpy(packet->text, endpoint.data, endpoint.size);
}

static void send_frame(struct cluster *cluster, struct node *node, const struct convention_action *action,
                       enum convention_event_kind kind) {
    struct node *to = living(cluster, action->peer);
    if (!to || !node->linked[to - cluster->nodes] ||
        (cluster->loss_per_mille && prng_chance(&cluster->prng, cluster->loss_per_mille))) {
        return;
    }
    struct packet *packet = post(cluster, incarnation_of(node), action->peer, kind, CLUSTER_LATENCY_NS);
    struct convention_action *kept = copy(cluster, action, sizeof *action);
    if (kind == CONVENTION_REGISTER) {
        kept->registration.member = copy_member(cluster, action->registration.member);
    } else if (kind == CONVENTION_REGISTERED) {
        kept->registered.leader = copy_member(cluster, action->registered.leader);
        kept->registered.members = copy_members(cluster, action->registered.members, action->registered.members_count);
    } else if (kind == CONVENTION_ROSTER) {
        kept->roster.joined = copy_members(cluster, action->roster.joined, action->roster.joined_count);
        kept->roster.left = copy(cluster, action->roster.left, action->roster.left_count * sizeof(uint64_t));
    } else if (kind == CONVENTION_DEREGISTER) {
        kept->deregister.reason.data = copy(cluster, action->deregister.reason.data, action->deregister.reason.size);
    }
    packet->event.heartbeat = &kept->heartbeat; /* all members of either union lie at one place */
}

static void perform_send(struct cluster *cluster, struct node *node, const struct convention_action *action) {
    char more[64] = "";
    switch (action->kind) {
    case CONVENTION_SEND_HEARTBEAT:
        send_frame(cluster, node, action, CONVENTION_HEARTBEAT);
        return;
    case CONVENTION_SEND_REGISTER:
        trace(cluster, node, "Register", action->peer, action->registration.first_time ? "first" : "");
        send_frame(cluster, node, action, CONVENTION_REGISTER);
        return;
    case CONVENTION_SEND_REGISTERED:
        snprintf(more, sizeof more, "%u:%u", (unsigned)action->registered.number,
                 (unsigned)action->registered.members_count);
        trace(cluster, node, "Registered", action->peer, more);
        send_frame(cluster, node, action, CONVENTION_REGISTERED);
        return;
    case CONVENTION_SEND_ROSTER:
        snprintf(more, sizeof more, "%u:+%u-%u", (unsigned)action->roster.number, (unsigned)action->roster.joined_count,
                 (unsigned)action->roster.left_count);
        trace(cluster, node, "Roster", action->peer, more);
        send_frame(cluster, node, action, CONVENTION_ROSTER);
        return;
    case CONVENTION_SEND_DEREGISTER:
        trace(cluster, node, "Deregister", action->peer, "");
        send_frame(cluster, node, action, CONVENTION_DEREGISTER);
        return;
    case CONVENTION_CONNECT:
    case CONVENTION_MEMBER_ADDED:
    case CONVENTION_MEMBER_REMOVED:
    case CONVENTION_MEMBER_SUSPECT:
    case CONVENTION_LEADER:
    case CONVENTION_LOG:
        CHECK_UNREACHABLE();
    }
}

static void perform(struct cluster *cluster, struct node *node, const struct convention_action *action) {
    switch (action->kind) {
    case CONVENTION_CONNECT:
        trace(cluster, node, "call", action->peer, "");
        call(cluster, node, action->peer, action->endpoint, CLUSTER_LATENCY_NS);
        return;
    case CONVENTION_MEMBER_ADDED:
        trace(cluster, node, "+", action->peer, action->member->name);
        return;
    case CONVENTION_MEMBER_REMOVED:
        trace(cluster, node, "-", action->peer, action->text);
        return;
    case CONVENTION_MEMBER_SUSPECT:
        trace(cluster, node, "suspect", action->peer, "");
        return;
    case CONVENTION_LEADER:
        trace(cluster, node, "leader", action->peer, action->peer ? "" : "none");
        return;
    case CONVENTION_LOG:
        trace(cluster, node, "log", 0, action->text);
        return;
    case CONVENTION_SEND_HEARTBEAT:
    case CONVENTION_SEND_REGISTER:
    case CONVENTION_SEND_REGISTERED:
    case CONVENTION_SEND_ROSTER:
    case CONVENTION_SEND_DEREGISTER:
        perform_send(cluster, node, action);
        return;
    }
}

static void step(struct cluster *cluster, struct node *node, const struct convention_event *event) {
    struct convention_action action;
    convention_step(node->core, cluster->now_ns, event);
    while (convention_poll(node->core, &action)) {
        perform(cluster, node, &action);
    }
    cr_assert(convention_deadline(node->core) > cluster->now_ns, "law 7: a deadline of %c is in the past",
              node->letter);
}

void cluster_lose(struct cluster *cluster, unsigned per_mille) {
    cluster->loss_per_mille = per_mille;
}

void cluster_tell(struct cluster *cluster, char letter, const struct convention_event *event) {
    step(cluster, node_of(cluster, letter), event);
}

static void link_up(struct cluster *cluster, struct node *from, struct node *to, const char *endpoint) {
    from->linked[to - cluster->nodes] = to->linked[from - cluster->nodes] = true;
    step(cluster, to, &(struct convention_event){.kind = CONVENTION_LINK_UP, .peer = incarnation_of(from)});
    step(cluster, from,
         &(struct convention_event){
             .kind = CONVENTION_LINK_UP, .peer = incarnation_of(to), .endpoint = bytes_of_text(endpoint)});
}

/* A known peer that cannot be reached is called again and again, as the shell does. */
static void answer_call(struct cluster *cluster, struct packet *packet) {
    struct node *from = living(cluster, packet->from);
    struct bytes endpoint = bytes_of_text(packet->text);
    if (!from || from->frozen) {
        return;
    }
    struct node *to = node_of(cluster, packet->text[6]);
    size_t at = (size_t)(to - cluster->nodes);
    if (from->cut[at] || to->frozen) {
        call(cluster, from, packet->to, endpoint, RETRY_NS);
    } else if (to->core) {
        link_up(cluster, from, to, packet->text);
    } else {
        step(cluster, from,
             &(struct convention_event){.kind = CONVENTION_REFUSED, .peer = packet->to, .endpoint = endpoint});
        if (packet->to) {
            call(cluster, from, packet->to, endpoint, RETRY_NS);
        }
    }
}

static void arrive(struct cluster *cluster, struct packet *packet) {
    list_remove(&packet->place);
    if (packet->call) {
        answer_call(cluster, packet);
        return;
    }
    struct node *from = node_of(cluster, (char)(packet->from / 1000));
    struct node *to = living(cluster, packet->to);
    if (to && !to->frozen && !to->cut[from - cluster->nodes] && to->linked[from - cluster->nodes]) {
        step(cluster, to, &packet->event);
    }
}

static uint64_t next_time(struct cluster *cluster) {
    struct list_node *first = list_front(&cluster->packets);
    uint64_t least = first ? LIST_OWNER(first, struct packet, place)->at_ns : TIME_NEVER;
    for (int i = 0; i < CLUSTER_NODES; i++) {
        struct node *node = &cluster->nodes[i];
        if (node->core && !node->frozen) {
            least = time_min(least, convention_deadline(node->core));
        }
    }
    return least;
}

void cluster_run(struct cluster *cluster, uint64_t span_ns) {
    uint64_t end_ns = cluster->now_ns + span_ns;
    for (uint64_t next = next_time(cluster); next <= end_ns; next = next_time(cluster)) {
        cluster->now_ns = next;
        struct list_node *first = list_front(&cluster->packets);
        if (first && LIST_OWNER(first, struct packet, place)->at_ns <= next) {
            arrive(cluster, LIST_OWNER(first, struct packet, place));
            continue;
        }
        for (int i = 0; i < CLUSTER_NODES; i++) {
            struct node *node = &cluster->nodes[i];
            if (node->core && !node->frozen && convention_deadline(node->core) <= next) {
                step(cluster, node, &(struct convention_event){.kind = CONVENTION_TICK});
            }
        }
    }
    cluster->now_ns = end_ns;
}

/* ---- what befalls nodes ---- */

void cluster_start(struct cluster *cluster, char letter, char leader, const char *name) {
    struct node *node = node_of(cluster, letter);
    char own[2] = {letter, 0};
    const char *candidates[2] = {leader ? node_of(cluster, leader)->endpoint : NULL, NULL};
    struct capability_set none = {0};
    CHECK(!node->core);
    node->lives++;
    node->frozen = false;
    memset(node->linked, 0, sizeof node->linked);
    struct convention_options options = {
        .incarnation = incarnation_of(node),
        .name = name ? name : own,
        .endpoint = node->endpoint,
        .candidates = candidates,
        .capabilities = &none,
        .times = cluster->times,
        .members_max = CLUSTER_NODES,
        .seed = prng_next(&cluster->prng),
    };
    enum mesh_status status = convention_new(&node->core, &options);
    CHECK(status == MESH_OK);
    step(cluster, node, &(struct convention_event){.kind = CONVENTION_START});
}

static void unlink_nodes(struct cluster *cluster, struct node *a, struct node *b) {
    if (a->linked[b - cluster->nodes]) {
        a->linked[b - cluster->nodes] = b->linked[a - cluster->nodes] = false;
        if (b->core && !b->frozen) {
            step(cluster, b, &(struct convention_event){.kind = CONVENTION_LINK_DOWN, .peer = incarnation_of(a)});
        }
    }
}

void cluster_kill(struct cluster *cluster, char letter) {
    struct node *node = node_of(cluster, letter);
    convention_destroy(&node->core);
    for (int i = 0; i < CLUSTER_NODES; i++) {
        unlink_nodes(cluster, node, &cluster->nodes[i]);
    }
}

void cluster_stop(struct cluster *cluster, char letter) {
    step(cluster, node_of(cluster, letter), &(struct convention_event){.kind = CONVENTION_STOP});
    cluster_run(cluster, CLUSTER_LATENCY_NS);
    cluster_kill(cluster, letter);
}

void cluster_freeze(struct cluster *cluster, char letter) {
    node_of(cluster, letter)->frozen = true;
}

static void set_cut(struct cluster *cluster, char a, char b, bool cut) {
    node_of(cluster, a)->cut[b - 'a'] = node_of(cluster, b)->cut[a - 'a'] = cut;
}

void cluster_cut(struct cluster *cluster, char a, char b) {
    set_cut(cluster, a, b, true);
}

void cluster_heal(struct cluster *cluster, char a, char b) {
    set_cut(cluster, a, b, false);
}

void cluster_break(struct cluster *cluster, char a, char b) {
    struct node *one = node_of(cluster, a), *other = node_of(cluster, b);
    unlink_nodes(cluster, one, other);
    if (one->core) {
        step(cluster, one, &(struct convention_event){.kind = CONVENTION_LINK_DOWN, .peer = incarnation_of(other)});
    }
}
