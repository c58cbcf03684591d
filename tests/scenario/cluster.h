/* A virtual cluster: conventions in one process, on virtual time, over a network that the test commands.
 *
 * Every message, call and notice is a line of the trace, "SECONDS NODE what"; heartbeats are left out unless they are asked
 * for. A node's name is its letter, its endpoint "tcp://LETTER", its incarnation what the trace shows as LETTER and the
 * count of its lives. Messages travel as the codec packs them. Beside its convention each node has a directory, so that a
 * test sees what becomes of actors (cluster_create).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef TESTS_SCENARIO_CLUSTER_H
#define TESTS_SCENARIO_CLUSTER_H

#include "convention/core/convention.h"
#include "mesh/base/time.h"

enum { CLUSTER_NODES = 8, CLUSTER_LATENCY_NS = 1000000 };

struct cluster;

/* `times` NULL: the defaults without jitter. `loss_per_mille` of the frames vanish, by the seed. */
struct cluster *cluster_new(const struct convention_times *times, unsigned loss_per_mille, uint64_t seed);
void cluster_destroy(struct cluster *cluster);

/* What may be said of a node; all may be NULL. */
struct cluster_node {
    const char *leaders;    /* the letters of those that may lead, in their order; 'A' is another endpoint of node a */
    const char *name;       /* instead of its letter */
    const char *capability; /* a flag */
    const char *preregistered; /* letters, of nodes to invite */
    unsigned padding;          /* so many capabilities of 16 KiB each, at most 3 */
};

/* Starts node `letter` ('a' ...) that knows these leaders. */
void cluster_start(struct cluster *cluster, char letter, const char *leaders);
void cluster_start_as(struct cluster *cluster, char letter, const struct cluster_node *node);
/* The same in two steps: it is there, and is told nothing yet; then it is activated. */
void cluster_prepare(struct cluster *cluster, char letter, const struct cluster_node *node);
void cluster_activate(struct cluster *cluster, char letter);

void cluster_stop(struct cluster *cluster, char letter);   /* orderly */
void cluster_kill(struct cluster *cluster, char letter);   /* its links break, and nobody listens there any more */
void cluster_freeze(struct cluster *cluster, char letter); /* it does nothing, its links stand, what comes is lost */
void cluster_thaw(struct cluster *cluster, char letter);
void cluster_cut(struct cluster *cluster, char a, char b); /* nothing passes between them, links stand */
void cluster_heal(struct cluster *cluster, char a, char b);
void cluster_break(struct cluster *cluster, char a, char b); /* the link between them breaks and can be made anew */
/* What the node sends from now on takes so much longer, and is overtaken by what it sends later. */
void cluster_delay(struct cluster *cluster, char letter, uint64_t delay_ns);
/* From now on this many of a thousand frames vanish. */
void cluster_lose(struct cluster *cluster, unsigned per_mille);
void cluster_tell(struct cluster *cluster, char letter, const struct convention_event *event);

/* Has the node invite another, which is expected to have that capability (NULL: nothing); or dismiss it. */
enum mesh_status cluster_preregister(struct cluster *cluster, char letter, char who, const char *capability);
enum mesh_status cluster_dismiss(struct cluster *cluster, char letter, char who);
/* The same by the node's configuration, from which that other has vanished if not `on` (S9E). */
enum mesh_status cluster_configure(struct cluster *cluster, char letter, char who, bool on);

/* An operator's word at the node: the key of `who` is allowed for it, or revoked. Each node keeps its list over its lives. */
enum mesh_status cluster_key(struct cluster *cluster, char letter, char who, bool allowed);
/* The list of the node, as "+b-c": b is allowed, c revoked. */
const char *cluster_keys(struct cluster *cluster, char letter);

/* An actor of the node, by a number, is told of members, or not any more; or the process of all of them ends. */
void cluster_watch(struct cluster *cluster, char letter, unsigned actor, bool on);
void cluster_end_watchers(struct cluster *cluster, char letter);

/* The node has that capability from now on, or has it no more: as an admin does, it tells its leader by a message. */
void cluster_set_capability(struct cluster *cluster, char letter, const char *capability, bool there);

/* Lets virtual time pass. Law 7 is checked after every step. */
void cluster_run(struct cluster *cluster, uint64_t span_ns);

bool cluster_is_linked(struct cluster *cluster, char a, char b);
struct convention *cluster_core(struct cluster *cluster, char letter);
uint64_t cluster_incarnation(struct cluster *cluster, char letter);

/* A program of the node creates an actor that needs the capability (NULL: none). It comes up where it is placed, at once;
 * the trace shows where it is started, what its creator hears, and who is asked to exit. */
void cluster_create(struct cluster *cluster, char letter, const char *capability);

/* The same, and it outlives its creator. */
void cluster_create_detached(struct cluster *cluster, char letter, const char *capability);
/* The program of the node asks where the actor lives that was minted with that number by the program of the node that was `home`. */
void cluster_seek(struct cluster *cluster, char letter, uint64_t home, unsigned number);

/* The same by a global name (NULL: none). The address is minted where it comes up. */
void cluster_create_named(struct cluster *cluster, char letter, const char *capability, const char *name);
/* The actor that was minted there with that number exits. */
void cluster_end_actor(struct cluster *cluster, char letter, unsigned number);
/* Whether an actor there has it. */
bool cluster_has_name(struct cluster *cluster, char letter, const char *name);

/* ---- the trace ---- */

/* Fails the test unless the trace since the last call is this, line by line. */
void cluster_expect(struct cluster *cluster, const char *trace);
const char *cluster_trace(const struct cluster *cluster);
void cluster_forget_trace(struct cluster *cluster);
void cluster_show_heartbeats(struct cluster *cluster);
/* And who gives names, from when to when. */
void cluster_show_mandates(struct cluster *cluster);

/* How many lines of the trace contain the text. */
size_t cluster_count(const struct cluster *cluster, const char *text);

#endif
