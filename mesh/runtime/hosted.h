/* The inside of a host: its actors, and which of them has a message to handle.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_HOSTED_H
#define MESH_RUNTIME_HOSTED_H

#include "mesh/base/list.h"
#include "mesh/base/map.h"
#include "mesh/core/address.h"
#include "mesh/core/lifecycle.h"
#include "mesh/runtime/crash_page.h"
#include "mesh/runtime/dead_letters.h"
#include "mesh/runtime/drive.h"
#include "mesh/runtime/forwarded.h"
#include "mesh/runtime/host.h"
#include "mesh/runtime/node_security.h"
#include "mesh/runtime/view.h"
#include "mesh/runtime/wakeup.h"

struct host {
    const struct host_options *options;
    const struct mesh_type *const *types; /* of the module, or of the program */
    const char *origin;                   /* where they come from, for texts */
    struct process *process;
    struct node_security *security; /* NULL where nothing is encrypted */
    struct drive drive;
    bool may_stand_by;                  /* it is a process of its own */
    struct named_create *named_creates; /* of calls that wait; call_named.c */
    uint64_t last_named;
    /* Instead of the admin, for a host whose admin is a test; else NULL. */
    enum mesh_status (*create_named)(struct host *host, const struct control_create *create, struct mesh_address *out);
    struct lifecycle *lifecycle;
    struct crash_page *page; /* NULL without one */
    struct log *log;
    struct map actors;                           /* by address */
    struct mesh_actor *paged[CRASH_PAGE_ACTORS]; /* those with an entry of the page */
    size_t paged_count;
    struct list runnable;   /* actors that may have a message */
    struct list newborn;    /* actors whose constructor is still to run */
    struct birth *births;   /* actors whose check function is still to run (H2) */
    struct list judgements; /* what check functions are to judge */
    struct message_list
        turned; /* poison (E1), reports (K1) and updates (S5A) that wait for room in the host's own window */
    struct list offers, questions; /* sources that are loaded from here, or judged here: hosted_sources.h */
    uint64_t last_offer;
    struct list asked; /* statuses that its actors have requested */
    size_t asked_count;
    uint64_t last_asked;
    struct timers timers;
    struct list due;     /* timers whose time has come, and whose actor's mailbox was full */
    struct list watches; /* of actors that watch descriptors */
    struct watch_statement stated;
    pthread_t main; /* the thread that runs handlers; of a host that is pulled, the one that has a message in hand */
    struct dead_letters dead_letters;
    struct forwarded forwarded;
    struct address_mint mint;
    struct address_mint local_mint; /* for light children, which stay here (A4) */
    char failure[FRAME_TEXT_BYTES]; /* the text of mesh_fail: one handler is at work at a time */
    enum mesh_status refused;       /* by a check function: of what kind its no is; MESH_OK: the node does not fit */
    uint64_t now_ns;                /* the present, good enough for handlers: see process_now_after */
    unsigned now_calls;
    uint64_t turn_ends_ns;   /* when handlers have had their share of this turn */
    uint64_t admin_lost_ns;  /* since when the link to the admin is down; 0: it is up */
    bool endpoint_drained;   /* what the host itself said is received (D14) */
    bool leaving;            /* exit() was called in a handler */
    _Atomic int exit_signal; /* SIGTERM or SIGINT has come, on whichever thread */
};

struct mesh_actor {
    struct host *host;
    const struct mesh_type *type;
    struct mesh_address address, parent;
    void *state;
    struct list_node in_queue; /* of runnable, or of newborn */
    int page_entry;
    bool started; /* its constructor has run */
    bool plain;   /* it runs and does not exit: user messages need no asking how to treat them */
    bool updates; /* it is told of the convention's members (S5A) */
    bool source_updates, source_authority; /* it is told of sources (J6); it judges them (J2) */
    bool replied;                          /* the message in hand has had its reply (D11) */
    const struct mesh_message *in_hand;
    struct watch *watch;           /* the descriptors that it watches; NULL for none (F2) */
    struct mesh_address exit_from; /* who asked it to exit */
    uint64_t rooms;                /* counts up whenever its window has room again */
    uint64_t entered_ns;           /* when its handler began with the message in hand */
    uint64_t retried, returned;    /* messages that failed once, and twice (E1) */
};

/* ---- the table ---- */

struct mesh_actor *hosted_find(struct host *host, struct mesh_address address); /* NULL when it is not here */

/* Whether that address lives here, or did: a light child, of which no admin knows (A4). */
static inline bool hosted_is_here(const struct host *host, struct mesh_address address) {
    return address_is_local(address) && mesh_address_equal(address_process(address), process_address(host->process));
}

/* Begins an actor: window and mailbox, lifecycle, crash page; or a failed one that waits for that again, with fresh state (C7).
 * Its constructor runs later. MESH_NO_MEMORY, MESH_FULL, MESH_EXISTS, MESH_SHUTTING_DOWN with a text. */
MESH_MUST_USE enum mesh_status hosted_begin(struct host *host, struct mesh_address address, struct mesh_address parent,
                                            const struct mesh_type *type, bool restarts, struct mesh_error *error);

/* Forgets it; its state is freed. */
void hosted_end(struct mesh_actor *actor);

/* A create with a global name, for which it waits (G3): as mesh_create. With the baton. */
struct create_terms;
MESH_MUST_USE enum mesh_status named_create(struct mesh_actor *self, const char *type, bool brought,
                                            const struct create_terms *terms, struct mesh_address *out);
/* Whether the admin's word is the answer to one. */
bool named_create_on_answer(struct host *host, const struct control *control);

/* What is told of it: what waits, and what was counted. */
struct crash_load hosted_load(const struct mesh_actor *actor);

/* ---- the host's loop, for whoever runs it ---- */

/* What a host does when its process tells it something; without a user, and but for `control`, which is its admin's. */
extern const struct process_callbacks host_callbacks;

/* Empty tables for a host of `options`; the rest is the caller's to fill in. MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status host_init(struct host *host, const struct host_options *options);
void host_fini(struct host *host); /* before its process */

/* ---- the life of a host that is a process: in this order ---- */

/* host_init, and then what makes a process a host: its death signal, title, log and crash page. Before the process has a second thread. MESH_CLOSED:
 * the admin is gone; MESH_IO, MESH_INVALID_ARGUMENT, MESH_NO_MEMORY: nothing is left to be closed. */
MESH_MUST_USE enum mesh_status host_begin(struct host *host, const struct host_options *options,
                                          struct mesh_error *error);

/* Greets the admin; a failure is logged, and host_close is still to come. As process_new. */
MESH_MUST_USE enum mesh_status host_open(struct host *host, struct mesh_error *error);

/* Runs actors until none is left and all is told; or tells that the first one's code was not `loaded`. In the thread that is `main`. */
void host_run(struct host *host, enum mesh_status loaded, const struct mesh_error *error);
void host_close(struct host *host);

/* ---- its loop ---- */

/* When it wants its tick at the latest. */
uint64_t host_deadline(const struct host *host);

/* One round: births, a message for each of some actors, and what comes of it. Whether more is to be done at once. */
bool host_work(struct host *host);

/* The text of a failure, as by mesh_fail; gives MESH_FAILED. */
enum mesh_verdict host_fail(struct host *host, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- what it does; main thread, with the baton ---- */

/* Runs the constructor (C3). */
void hosted_start(struct mesh_actor *actor);

/* Handles its next message; false when it has none. */
bool hosted_run(struct mesh_actor *actor);

/* Performs what the lifecycle wants, as far as the host's own window has room for it: the rest comes with the next turn. */
void hosted_perform(struct host *host);

/* A dead letter has come for a handler that lives here, or did (E4). */
void hosted_on_dead_letter(struct host *host, const struct control_dead_letter *letter);

/* Puts its end on record before it is told of it: the host may die from here on. */
void hosted_want_end(struct mesh_actor *actor, enum mesh_how how);

/* Asks all actors to exit; none is born any more. */
void hosted_shut_down(struct host *host);

/* Asks an actor to exit, ahead of its mailbox (C5). */
void hosted_request_exit(struct host *host, struct mesh_address to);

/* Tells the lifecycle, and refreshes what the actor caches of it. */
enum mesh_status hosted_step(struct host *host, const struct lifecycle_event *event);

/* The same for what may come late or twice: whom it is about may be gone, which is no failure. */
void hosted_tell(struct host *host, const struct lifecycle_event *event);

#endif
