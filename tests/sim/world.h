/* World: N processes on virtual time, with real delivery and lifecycle cores, an ideal admin, and a network with faults.
 *
 *   agenda -> one errand -> step of one core -> laws -> poll: what it wants becomes errands -> next errand
 *
 *   safety:   traffic, and all the faults that the seed has drawn
 *   healing:  no new traffic, no faults, handlers that never returned return, links come up
 *   liveness: within a stated time everything is settled; then one message over every pair of actors is handled;
 *             then, at rest, nothing costs a step
 *
 * The admin is ideal: it knows at once, and tells late, twice, what was true when it was asked, or not at all. An actor's address
 * is (1, its place in the world's table + 1); a process's incarnation holds its place too. Only the world knows that.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "mesh/base/prng.h"
#include "mesh/core/delivery.h"
#include "mesh/core/lifecycle.h"
#include "tests/sim/agenda.h"

#include "tests/sim/ledger.h"
#include "tests/sim/tally.h"
#include <setjmp.h>

enum {
    WORLD_PROCESSES_MAX = 6,
    WORLD_ACTORS_MAX = 400,
    WORLD_NONE = -1,
    LAWS_TEXT_BYTES = 900,
};

enum world_law {
    LAW_NONE,
    LAW_SETTLED_ONCE,
    LAW_CONTENT,
    LAW_ORDER,
    LAW_HANDLED_ONCE,
    LAW_EXIT_NOTICE,
    LAW_LIMITS,
    LAW_DEADLINE,
    LAW_LIVENESS, /* law 8's part that concerns one process: what can be settled is, within a stated time */
    LAW_NOTHING_LEFT = 11,
    LAW_PROGRESS = 12,
};

/* All that the seed decides beforehand; chances are in permille. */
struct options {
    size_t processes, roots, messages_max, payload_max;
    uint64_t traffic_ns, pause_ns, handle_ns, expiry_ns;
    uint64_t delay_min_ns, delay_max_ns, admin_ns, reconnect_ns;
    uint64_t reset_every_ns, silence_every_ns, crash_every_ns, exit_every_ns, cut_every_ns;
    unsigned loss, duplicate, late, fail, stall, own_exit, create, create_fail, constructor_fail, short_expiry, floors;
    unsigned tell_twice, large, told, restart, unanswered;
    struct delivery_limits delivery;
    struct lifecycle_limits lifecycle;
};

enum fate {
    FATE_PENDING,
    FATE_ALIVE,
    FATE_ENDED,
};

enum handler {
    HANDLER_IDLE,
    HANDLER_MESSAGE,
    HANDLER_NOTICE,
    HANDLER_EXIT,
};

/* One actor or endpoint of the world's whole history: what the admin knows, what its host does, what the laws need. */
struct actor_record {
    struct mesh_address address;
    int parent; /* WORLD_NONE: the admin */
    size_t process;
    uint64_t incarnation; /* of the process that has it; 0 until it is there */
    enum fate fate;
    enum frame_reason reason;
    bool endpoint, open, exit_waits, close_waits, runnable, blocked, stalled, crashed, drained, floors_known, exiting;
    enum handler handler;
    uint64_t handlers; /* how many it has had */
    struct message *in_hand;
    bool restarts;        /* it is started anew when its process crashes (C7) */
    bool was_on_record;   /* what a life that is over had handled */
    bool unrecorded;      /* a life has ended with nothing on record */
    bool started;         /* its constructor has succeeded */
    unsigned renewed;     /* how often it crashed alone, in a process that lives on */
    unsigned life;        /* how often it was started anew */
    unsigned parent_life; /* that created it */
    unsigned notices;     /* of its own end, shown to its parent */
};

struct link {
    bool up;   /* what this end believes */
    bool dead; /* what is true */
    bool lost; /* this end was told that the peer is no more */
    bool flush_waits;
    uint64_t incarnation; /* of the peer it leads to; 0 for none */
    uint64_t told;        /* a bit for each life of the peer that this end was told is over */
    uint64_t generation, silent_until_ns, last_ns;
};

struct sim_process {
    size_t index;
    bool alive, performing;
    uint64_t life, incarnation, wake_ns;
    size_t endpoint; /* its record */
    struct delivery *delivery;
    struct lifecycle *lifecycle;
    struct link links[WORLD_PROCESSES_MAX];
    struct ledger_counts counts;
};

struct world {
    uint64_t seed, now_ns, steps, steps_now;
    int plant;
    bool verbose, healing;
    struct prng prng;
    struct options options;
    struct agenda agenda;
    struct ledger ledger;
    uint64_t *counts; /* of events, by tally.h */
    struct sim_process processes[WORLD_PROCESSES_MAX];
    struct actor_record actors[WORLD_ACTORS_MAX];
    size_t actors_count;
    jmp_buf given_up; /* where a planted world ends that breaks another law first */
};

/* Draws the options of a seed. */
void options_draw(struct options *options, struct prng *prng);

/* Runs one seed from beginning to end. A broken law ends the program with its story. */
void world_run(uint64_t seed, int plant, bool verbose, uint64_t *counts);

/* ---- among the world's own files ---- */

void world_count(struct world *world, enum tally_event event, uint64_t count);
void world_say(const struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Ends the program: seed, time, law, story. With a bug planted against another law it only ends this world. */
_Noreturn void world_broken(struct world *world, enum world_law law, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds what a delivery has counted in its life. */
void world_gather(struct world *world, const struct delivery_counters *counters);

void world_later(struct world *world, uint64_t delay_ns, struct errand errand);
struct actor_record *world_actor(struct world *world, struct mesh_address address);
struct sim_process *world_process(struct world *world, uint64_t incarnation); /* NULL when it is no more */

/* process.c: one process and its cores */
void process_begin(struct world *world, size_t index);
void process_crash(struct world *world, struct sim_process *process);
enum mesh_status process_deliver(struct world *world, struct sim_process *process, struct delivery_event event);
enum mesh_status process_live(struct world *world, struct sim_process *process, struct lifecycle_event event);
void process_perform(struct world *world, struct sim_process *process);
void process_stepped(struct world *world, struct sim_process *process);
void process_end(struct sim_process *process);

/* host.c: actors, their handlers and what these do */
size_t host_new_actor(struct world *world, size_t process, int parent);
void host_born(struct world *world, size_t actor);
void host_born_again(struct world *world, size_t actor);         /* in its process, after its constructor has failed */
void host_cut(struct world *world, size_t actor);                /* it crashes alone, also with a message in hand */
unsigned host_lives(const struct actor_record *record);          /* that are over */
bool host_run(struct world *world, struct sim_process *process); /* whether anything was there to do */
enum mesh_status host_send(struct world *world, size_t sender, size_t target, enum frame_kind kind, uint64_t content,
                           uint64_t expiry_ns);
void host_show_exit(struct world *world, size_t actor);
void host_owe_notice(struct world *world, size_t parent, size_t child);
void host_release(struct world *world); /* the handlers that do not return */

/* network.c: links and frames */
void network_want(struct world *world, struct sim_process *from, uint64_t incarnation);
void network_flush(struct world *world, struct sim_process *from, uint64_t incarnation, bool lazy);
void network_check(struct world *world, struct sim_process *from, uint64_t incarnation);
void network_reset(struct world *world, struct sim_process *from, size_t to, bool told);
void network_process_died(struct world *world, size_t index, uint64_t incarnation);
void network_heal(struct world *world);
void network_discard(struct packet *packet);

/* admin.c: the ideal admin */
void admin_resolve(struct world *world, struct sim_process *process, struct mesh_address address,
                   struct mesh_address sender);
void admin_create(struct world *world, size_t actor);
void admin_exited(struct world *world, size_t actor, enum mesh_how how);
void admin_crashed(struct world *world, size_t process, uint64_t incarnation);
void admin_begun(struct world *world, size_t process); /* a new life of the process: who lived in it is started anew */
void admin_failed(struct world *world, size_t actor, enum mesh_how how);
void admin_kill(struct world *world, size_t actor);
void admin_shake(struct world *world);

/* laws.c: after every step */
void laws_deadline(struct world *world, const struct sim_process *process, const char *core, uint64_t deadline_ns);
void laws_after_step(struct world *world, struct sim_process *process);
void laws_settled(struct world *world, struct sim_process *process, const struct message *message);
void laws_end_told(struct world *world, const struct message *message);
void laws_unclaimed(struct world *world, const struct message *message);
void laws_begun(struct world *world, struct sim_process *process, const struct message *message);
void laws_abandoned(struct world *world, struct sim_process *process,
                    size_t sender); /* what it has open, in a moment */
void laws_lost_with_it(struct world *world,
                       size_t actor);         /* what its process told it itself, when it begins a new life */
void laws_settle_untold(struct world *world); /* at rest, what was handled is settled, if nobody was told of it */
void laws_finished(struct world *world, const struct message *message, enum frame_outcome outcome);
struct bytes laws_text(const struct message *message, char out[LAWS_TEXT_BYTES]); /* of a handler's failure */
void laws_notice(struct world *world, size_t parent, size_t child);
void laws_at_rest(struct world *world);
void laws_nothing_left(struct world *world); /* when idle streams had their time to close */

#endif
