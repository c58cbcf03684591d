/* World of a convention: up to fifty nodes on virtual time, each with a real convention core and a real directory core,
 * and a network between them with faults.
 *
 *   agenda -> one errand -> step of one core -> laws -> poll: what it wants becomes errands -> next errand
 *
 *   safety:   nodes, links and addresses come and go, as the seed has drawn
 *   healing:  no new faults; whoever is down starts again, partitions and halts end
 *   liveness: within a stated time all agree on leader and members; then every create and question has its answer; at rest
 *             there is no more traffic than stated, and no trace of anybody who is gone
 *
 * Frames travel packed, over links that may break, lose, double and overtake. Control messages travel over ideal streams: in
 * order and once, later when the way is cut, and lost with the node of either end, or when the sender takes the receiver
 * for lost: that streams do so is what mesh-sim shows. Each node has a clock of its own, which may jump.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef SIM_CONVENTION_WORLD_H
#define SIM_CONVENTION_WORLD_H

#include "convention/core/directory.h"
#include "mesh/base/list.h"
#include "mesh/base/prng.h"
#include "mesh/base/time.h"
#include "proto/codec.h"
#include "tests/sim/agenda.h"
#include "tests/sim/convention/events.h"
#include <setjmp.h>

enum {
    WORLD_NODES_MAX = 50,
    WORLD_LEADERS_MAX = 5,
    WORLD_WATCHERS = 2, /* of each node */
    WORLD_ENDPOINT_BYTES = 32,
    WORLD_NAME_BYTES = 16,
    WORLD_CAPABILITIES = 3,
    WORLD_PADDING_MAX = 16 * 1024,
    WORLD_ACTORS_MAX = 600,
    WORLD_ORDERS_MAX = 300,
};

enum world_law {
    LAW_NONE,
    LAW_ANSWERED_ONCE = 1,
    LAW_EXIT_NOTICE = 5,
    LAW_LIMITS = 6,
    LAW_DEADLINE = 7,
    LAW_AGREEMENT = 8,
    LAW_UNIQUE = 9,
    LAW_TRAFFIC = 10,
    LAW_NOTHING_LEFT = 11,
    LAW_PROGRESS = 12,
};

/* Plants bear the number of their law, a second one with a hundred more. */
enum { PLANT_NAMES_KEPT = 100 + LAW_UNIQUE };

/* All that the seed decides beforehand; chances are in permille. */
struct options {
    size_t nodes, leaders, guests; /* the first so many may lead, the last so many are invited */
    size_t members_max, padding;   /* bytes of a capability, so that a roster needs several frames */
    bool reference;
    struct convention_times times;
    struct directory_limits directory;
    uint64_t unit_ns; /* a tenth of the period: faults last some of them */
    uint64_t safety_ns, delay_min_ns, delay_max_ns, reconnect_ns;
    uint64_t strike_every_ns, cut_every_ns, reset_every_ns, move_every_ns, change_every_ns, create_every_ns,
        exit_every_ns, guest_every_ns, wild_every_ns;
    unsigned loss, duplicate, late, told, answering, spurned, strike_leader, birth_fail, named;
};

/* One end of a link to a node, as that end believes. */
struct link {
    uint64_t peer; /* who is known there; 0: nobody */
    bool up;
    uint64_t generation; /* both ends of one that stands have the same */
    char endpoint[WORLD_ENDPOINT_BYTES];
};

/* What goes to one node over streams. */
struct stream {
    struct list packets;
    bool running; /* an errand is under way for the first of them */
};

/* What one node has sent to another within the present period. */
struct traffic {
    uint64_t begun_ns;
    unsigned sent;
};

/* What a watcher has been told of each node: which life of it is there, and of its capabilities. */
struct audience {
    uint64_t present[WORLD_NODES_MAX];
    int64_t versions[WORLD_NODES_MAX];
};

struct sim_node {
    size_t index;
    bool alive, active, halted, leaving, stepping;
    bool silent;                           /* when it is dead: nobody refuses calls there */
    uint64_t lives, incarnation, ahead_ns; /* its clock's lead over the world's */
    uint32_t actors_told;                  /* to its convention */
    uint64_t wake_ns, halted_until_ns, struck_ns, steps;
    unsigned moves;
    int64_t version; /* of its capabilities, which is one of them */
    char name[WORLD_NAME_BYTES], endpoint[WORLD_ENDPOINT_BYTES];
    struct convention *convention;
    struct directory *directory;
    struct list calls;
    struct link links[WORLD_NODES_MAX];
    struct stream streams[WORLD_NODES_MAX];
    struct traffic traffic[WORLD_NODES_MAX];
    uint64_t last_ns[WORLD_NODES_MAX];  /* when the last frame to it arrives */
    bool cut[WORLD_NODES_MAX];          /* nothing passes from here to there */
    uint64_t apart_ns[WORLD_NODES_MAX]; /* when something was last between the two; TIME_NEVER: it still is */
    uint64_t follows, follows_ns; /* whom, and since when: it leads, lists this node, and nothing is between them */
    struct audience audiences[WORLD_WATCHERS];
};

/* An actor of any life of any node, from when its host is asked for. */
struct sim_actor {
    struct mesh_address address;
    uint64_t host; /* its node */
    uint32_t slot;
    bool alive, gone, asked; /* gone: its process has ended; asked: to exit */
    bool turned_away;        /* its home was full when it came back */
    char name[8];
    uint64_t born_ns;
};

/* What a process has asked its admin for. */
struct sim_order {
    struct mesh_address asker, address; /* the address is none when it is asked for by a name */
    uint64_t id;
    bool named, detached, created, over; /* over: the asker is gone */
    unsigned answers, notices;
};

struct world {
    uint64_t seed, now_ns, heals_ns, steps, steps_now, generation, frames, ids;
    int plant;
    bool verbose, healing;
    struct prng prng;
    struct options options;
    struct agenda agenda;
    uint64_t *counts; /* of events */
    struct codec *codec;
    struct sim_node nodes[WORLD_NODES_MAX];
    struct sim_actor actors[WORLD_ACTORS_MAX];
    struct sim_order orders[WORLD_ORDERS_MAX];
    size_t actors_count, orders_count;
    bool invited[WORLD_NODES_MAX]; /* the operator wants it, if it is a guest */
    jmp_buf given_up;              /* where a planted world ends that breaks another law first */
};

void options_draw(struct options *options, struct prng *prng);
void world_run(uint64_t seed, int plant, bool verbose, uint64_t *counts);

/* ---- world.c ---- */

void world_count(struct world *world, enum world_event event);
void world_say(const struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Ends the program: seed, time, law, story. With a bug planted against another law it only ends this world. */
_Noreturn void world_broken(struct world *world, enum world_law law, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void world_later(struct world *world, uint64_t delay_ns, struct errand errand);
void world_run_until(struct world *world, uint64_t until_ns);
struct sim_node *world_node(struct world *world, uint64_t incarnation);  /* NULL when that life of it is over */
struct sim_node *world_place(struct world *world, uint64_t incarnation); /* of any of its lives */

/* ---- node.c: one node and its cores ---- */

void node_start(struct world *world, struct sim_node *node);
void node_end(struct world *world, struct sim_node *node);
enum mesh_status node_tell(struct world *world, struct sim_node *node, const struct convention_event *event);
void node_tell_directory(struct world *world, struct sim_node *node, const struct directory_event *event);
/* It has other capabilities from now on. */
void node_change(struct world *world, struct sim_node *node);
/* The version that a set of capabilities bears. */
int64_t node_version(const struct capability_set *capabilities);
/* A control message of another admin comes for it, or for a process of the node. */
void node_take_control(struct world *world, struct sim_node *node, struct mesh_address from, struct mesh_address to,
                       const struct control *control);
/* What comes to a halted node is there when it goes on: whether that is put off until then. */
bool node_waits(struct world *world, const struct sim_node *node, const struct errand *errand);
/* It is told the time when it wants to hear it. */
void node_keep_deadline(struct world *world, struct sim_node *node);

/* ---- network.c: calls, links, frames, streams ---- */

/* The node at `peer`, 0 for whoever answers, is called until it answers or there is no use for it any more. */
void network_call(struct world *world, struct sim_node *node, uint64_t peer, const char *endpoint);
/* A peer is known by others' word: it is called when something is to be sent. */
void network_know(struct world *world, struct sim_node *node, uint64_t peer, const char *endpoint);
/* There is no use for that peer any more, unless it is 0; or for who is called at that endpoint, unless that is empty. */
void network_forget(struct world *world, struct sim_node *node, uint64_t peer);
void network_hang_up(struct sim_node *node, struct bytes endpoint);
void network_send(struct world *world, struct sim_node *node, uint64_t peer, const struct frame *frame);
void network_send_control(struct world *world, struct sim_node *node, struct mesh_address to,
                          const struct control *control);
/* The link breaks; each end is told, or finds out. */
void network_reset(struct world *world, struct sim_node *a, struct sim_node *b, bool tell_a, bool tell_b);
/* Those who have a link to the node find out, or are told. */
void network_reset_all(struct world *world, struct sim_node *node, bool told);
/* What a node that ends had under way is gone. */
void network_end(struct world *world, struct sim_node *node);
void network_discard(struct packet *packet); /* NULL-safe */

/* An exit request for an actor there. */
void network_send_exit(struct world *world, struct sim_node *node, uint64_t host, struct mesh_address actor);

/* ---- actors.c: programs, hosts and actors ---- */

void actors_begin(struct world *world, struct sim_node *node);
void actors_end(struct world *world, const struct sim_node *node);
void actors_create(struct world *world, struct sim_node *node);
void actors_strike(struct world *world);
void actors_ask_to_exit(struct world *world, struct mesh_address address);
void actors_perform(struct world *world, struct sim_node *node, const struct directory_action *action);
void actors_check(struct world *world); /* at rest */
/* No two whose nodes have followed one leader for so long have one name (G4). */
void actors_check_names(struct world *world, uint64_t span_ns);

/* ---- faults.c ---- */

void faults_begin(struct world *world);
void faults_heal(struct world *world);
/* The node lives, halts, is cut off, or not any more. */
void faults_review(struct world *world, struct sim_node *node);
/* The operator tells the leader whether he wants the guest. */
void faults_wish(struct world *world, struct sim_node *guest);

/* ---- laws.c ---- */

void laws_deadline(struct world *world, const struct sim_node *node, const char *core, uint64_t deadline_ns);
void laws_after_step(struct world *world, struct sim_node *node);
void laws_begin(struct world *world);                         /* those that are looked after from time to time */
void laws_parted(struct world *world, struct sim_node *node); /* it has another leader, or its leader lost it */
void laws_sent(struct world *world, struct sim_node *from, const struct sim_node *to);
void laws_notice(struct world *world, struct sim_node *node, const struct convention_action *notice);
/* Whether the node is to be in the convention in the end. */
bool laws_belongs(const struct world *world, const struct sim_node *node);
/* Why the nodes do not agree; NULL when they do. */
const char *laws_disagreement(struct world *world, char out[static 200]);
uint64_t laws_agreement_ns(const struct world *world); /* after healing */
uint64_t laws_settling_ns(const struct world *world);  /* after that */
void laws_at_rest(struct world *world, uint64_t span_ns, uint64_t steps, uint64_t frames);

#endif
