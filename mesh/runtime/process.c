/* A process: its beginning and end, and the calls of those who run it.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/process.h"
#include "mesh/base/check.h"
#include "mesh/runtime/error.h"
#include "mesh/runtime/process_inside.h"
#include "mesh/runtime/resolver.h"
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { CLOCK_CALLS = 16, DISTRUST_LINES = 20 };

#define DISTRUST_SPAN_NS (10 * NS_PER_S)

/* ---- beginning ---- */

static enum mesh_status make_parts(struct process *process, const struct process_options *options) {
    uint64_t seed = options->incarnation;
    prng_init(&process->prng, seed);
    peers_init(&process->peers, seed);
    list_init(&process->flush);
    list_init(&process->lazy);
    list_init(&process->asking);
    list_init(&process->naming);
    list_init(&process->greeting);
    list_init(&process->passing);
    process->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (process->wake_fd < 0) {
        return MESH_IO;
    }
    enum mesh_status status = codec_new(&process->codec);
    struct delivery_limits limits = *options->limits;
    limits.tell_handled = options->callbacks.settled != NULL;
    if (status == MESH_OK) {
        status = delivery_new(&process->delivery, &limits, seed);
    }
    if (status == MESH_OK && !process->transport) {
        status = transport_zmq_new(&process->transport, options->incarnation, options->role == FRAME_ROLE_ADMIN);
    }
    return status;
}

static enum mesh_status listen_at(struct process *process, const char *endpoint, struct mesh_error *error) {
    CHECK(process->bound_count < PROCESS_LISTENS);
    enum mesh_status status =
        transport_listen(process->transport, endpoint, process->bound[process->bound_count], error);
    if (status == MESH_OK) {
        process->bound_count++;
        struct text_builder all = text_builder(process->endpoints, sizeof process->endpoints);
        for (size_t i = 0; i < process->bound_count; i++) {
            text_append(&all, i ? " %s" : "%s", process->bound[i]);
        }
    }
    return status;
}

static enum mesh_status listen_all(struct process *process, const struct process_options *options,
                                   struct mesh_error *error) {
    enum mesh_status status = MESH_OK;
    for (size_t i = 0; status == MESH_OK && options->listen && options->listen[i]; i++) {
        status = listen_at(process, options->listen[i], error);
    }
    return status;
}

/* A program learns from its admin's hello where other nodes reach this one: there they are to reach the program too. */
static enum mesh_status listen_remote(struct process *process, struct mesh_error *error) {
    const char *port = strrchr(process->admin_remote, ':');
    if (process->role != FRAME_ROLE_PROGRAM || !port || strncmp(process->admin_remote, "tcp://", 6) != 0) {
        return MESH_OK;
    }
    char endpoint[TRANSPORT_ENDPOINT_BYTES + 2];
    snprintf(endpoint, sizeof endpoint, "%.*s:*", (int)(port - process->admin_remote), process->admin_remote);
    enum mesh_status status = listen_at(process, endpoint, error);
    if (status == MESH_INVALID_ARGUMENT) { /* a name, or an address that is not one of this machine */
        status = listen_at(process, "tcp://0.0.0.0:*", error);
    }
    process_choose_endpoint(process);
    return status == MESH_OK ? process_link_greet_admin(process) : status;
}

enum mesh_status process_open_endpoint(struct process *process) {
    struct delivery_event open = {.kind = DELIVERY_OPEN, .address = process_address(process)};
    return delivery_step(process->delivery, process_now(process), &open);
}

static enum mesh_status call_admin(struct process *process, const char *endpoint) {
    struct bytes where = bytes_of_text(endpoint);
    enum mesh_status status = process->node ? peers_add(&process->peers, process->node, where, &process->admin)
                                            : peers_call(&process->peers, where, &process->admin);
    if (status == MESH_OK) {
        process->admin->two_way = true;
        process_link_want(process, process->admin);
    }
    return status;
}

static enum mesh_status await_admin(struct process *process, const char *endpoint, int timeout_ms,
                                    struct mesh_error *error) {
    uint64_t until_ns = time_add(process_now(process), (uint64_t)timeout_ms * NS_PER_MS);
    while (!process->greeted) {
        if (process->refused != MESH_OK) {
            return error_set(error, process->refused, "the node at %s: %s", endpoint, process->refusal);
        }
        if (process->admin->state == PEER_WAITING) {
            return error_set(error, MESH_UNREACHABLE,
                             "no node answers at %s: start one with `mesh node start`, or name its run directory",
                             endpoint);
        }
        if (process_now(process) >= until_ns) {
            return error_set(error, MESH_TIMED_OUT, "the node at %s does not answer: see its log", endpoint);
        }
        (void)process_turn(process, until_ns);
    }
    return listen_remote(process, error);
}

static enum mesh_status begin(struct process *process, const struct process_options *options, int timeout_ms,
                              struct mesh_error *error) {
    enum mesh_status status = make_parts(process, options);
    if (status != MESH_OK) {
        return error_set(error, status, "cannot make the process's tables and sockets: %s", mesh_status_text(status));
    }
    status = process_trust_begin(process, error);
    if (status == MESH_OK) {
        status = listen_all(process, options, error);
    }
    if (status != MESH_OK) {
        return status;
    }
    if (!options->admin) {
        return process_open_endpoint(process);
    }
    status = call_admin(process, options->admin);
    if (status != MESH_OK) {
        return error_set(error, status, "cannot connect to %s: %s", options->admin, mesh_status_text(status));
    }
    if (options->first && process_peer(process, options->first, options->first_endpoint) == MESH_OK) {
        process_link_want(process, peers_find(&process->peers, options->first));
    }
    process_lock(process);
    status = await_admin(process, options->admin, timeout_ms, error);
    process_unlock(process);
    return status;
}

enum mesh_status process_new(struct process **out, const struct process_options *options, int timeout_ms,
                             struct mesh_error *error) {
    CHECK(options->incarnation != 0 && (options->role == FRAME_ROLE_ADMIN) == (options->admin == NULL));
    struct process *process = calloc(1, sizeof *process);
    if (!process) {
        return error_set(error, MESH_NO_MEMORY, "no memory for a process");
    }
    process->role = options->role;
    process->incarnation = options->incarnation;
    process->node = options->node;
    process->slot = options->slot;
    process->callbacks = options->callbacks;
    process->log = options->log;
    process->transport = options->transport;
    process->clock = options->clock;
    process->key = options->key;
    process->trust = options->trust;
    process->distrust_lines = limiter_make(DISTRUST_LINES, DISTRUST_SPAN_NS);
    process->wake_fd = -1;
    process->tick_ns = process->rest_ns = TIME_NEVER;
    snprintf(process->node_name, sizeof process->node_name, "%s", options->node_name ? options->node_name : "");
    snprintf(process->advertise, sizeof process->advertise, "%s", options->advertise ? options->advertise : "");
    if (pthread_mutex_init(&process->baton, NULL) != 0) {
        free(process);
        return error_set(error, MESH_NO_MEMORY, "no memory for a process");
    }
    enum mesh_status status = begin(process, options, timeout_ms, error);
    if (status != MESH_OK) {
        process_destroy(&process);
        return status;
    }
    process->begun = true;
    if (process->told_early) {
        process_wake(process);
    }
    *out = process;
    return MESH_OK;
}

void process_destroy(struct process **destroyed) {
    struct process *process = *destroyed;
    if (!process) {
        return;
    }
    for (struct message *message; (message = message_list_take(&process->said));) {
        message_release(message);
    }
    delivery_destroy(&process->delivery); /* before the transport: messages may hold its parts */
    transport_destroy(&process->transport);
    resolver_destroy(&process->resolver);
    codec_destroy(&process->codec);
    peers_fini(&process->peers);
    if (process->wake_fd >= 0) {
        close(process->wake_fd);
    }
    pthread_mutex_destroy(&process->baton);
    free(process->watches);
    free(process->polled);
    free(process);
    *destroyed = NULL;
}

/* ---- threads ---- */

void process_lock(struct process *process) {
    pthread_mutex_lock(&process->baton);
}

void process_unlock(struct process *process) {
    pthread_mutex_unlock(&process->baton);
}

void process_wake(struct process *process) {
    if (!atomic_exchange(&process->woken, true)) {
        (void)eventfd_write(process->wake_fd, 1);
    }
}

/* ---- delivery ---- */

enum mesh_status process_submit(struct process *process, struct message *message) {
    return delivery_submit(process->delivery, process_now(process), message);
}

enum mesh_status process_step(struct process *process, const struct delivery_event *event) {
    enum mesh_status status = delivery_step(process->delivery, process_now(process), event);
    process_perform(process);
    return status;
}

struct message *process_take(struct process *process, struct mesh_address address) {
    return delivery_take(process->delivery, process_now(process), address);
}

enum mesh_status process_send_control(struct process *process, struct mesh_address to, const struct control *control) {
    struct bytes packed;
    enum mesh_status status = control_encode(process->codec, control, &packed);
    if (status != MESH_OK) {
        return status;
    }
    struct message *message = message_new(delivery_pool(process->delivery), bytes_make("", 0), packed);
    if (!message) {
        return MESH_NO_MEMORY;
    }
    message->kind = FRAME_CONTROL;
    message->sender = process_address(process);
    message->target = to;
    message->deadline_ns = TIME_NEVER;
    status = process->said.first ? MESH_WOULD_BLOCK : process_submit(process, message);
    if (status == MESH_WOULD_BLOCK && process->said_count < PROCESS_SAID_MAX) {
        message_list_append(&process->said, message);
        process->said_count++;
        return MESH_OK;
    }
    if (status != MESH_OK) {
        message_release(message);
    }
    return status;
}

/* The first stays where it is until the window has taken it. */
bool process_say(struct process *process) {
    bool any = false;
    for (struct message *message; (message = process->said.first); any = true) {
        struct message *next = message->next;
        enum mesh_status status = process_submit(process, message);
        if (status == MESH_WOULD_BLOCK) {
            break;
        }
        process->said.first = next;
        process->said.last = next ? process->said.last : NULL;
        process->said_count--;
        if (status != MESH_OK) {
            log_write(process->log, MESH_LOG_ERROR, NULL, message->target, "a control message to it is lost: %s",
                      mesh_status_text(status));
            message_release(message);
        }
    }
    return any;
}

/* ---- peers ---- */

enum mesh_status process_send_frame(struct process *process, uint64_t incarnation, const struct frame *frame) {
    struct peer *peer = peers_find(&process->peers, incarnation);
    if (!peer) {
        return MESH_NOT_FOUND;
    }
    process_link_want(process, peer);
    if (peer->via || !process_link_takes(peer)) {
        return MESH_WOULD_BLOCK; /* only what is acknowledged goes through others */
    }
    struct frame addressed = *frame;
    addressed.from = process->incarnation;
    addressed.to = incarnation;
    return process_link_send(process, peer, &addressed);
}

enum mesh_status process_peer(struct process *process, uint64_t incarnation, const char *endpoint) {
    struct peer *peer;
    enum mesh_status status = peers_add(&process->peers, incarnation, bytes_of_text(endpoint ? endpoint : ""), &peer);
    if (status == MESH_OK && process->role == FRAME_ROLE_ADMIN && endpoint) {
        peer->two_way = true; /* an admin is given the endpoints of admins only */
    }
    return status;
}

void process_peer_lost(struct process *process, uint64_t incarnation) {
    struct peer *peer = peers_find(&process->peers, incarnation);
    if (peer && peer != process->admin) {
        process_link_drop(process, peer);
        process_passage_carrier_lost(process, peer, false);
        peers_remove(&process->peers, peer);
    }
    struct delivery_event lost = {.kind = DELIVERY_PEER_LOST, .peer = incarnation};
    (void)delivery_step(process->delivery, process_now(process),
                        &lost); /* NOT_FOUND when nothing was going on with it */
}

void process_say_goodbye(struct process *process) {
    size_t place = 0;
    for (struct peer *peer; (peer = peers_next(&process->peers, &place));) {
        struct frame stale = {.from = process->incarnation,
                              .to = peer->incarnation,
                              .body = FRAME_STALE,
                              .stale = {.meant = process->incarnation}};
        if (!peer->two_way && process_link_takes(peer)) {
            (void)process_link_send(process, peer, &stale); /* else it finds out by itself */
        }
    }
}

/* Whom a call goes to that nobody has answered yet; NULL when there is none. */
static struct peer *called(const struct process *process, const char *endpoint) {
    LIST_EACH (&process->peers.called, node, after) {
        struct peer *peer = LIST_OWNER(node, struct peer, called);
        if (strcmp(peer->endpoint, endpoint) == 0) {
            return peer;
        }
    }
    return NULL;
}

void process_hang_up(struct process *process, const char *endpoint) {
    struct peer *peer = called(process, endpoint);
    if (peer) {
        process_link_drop(process, peer);
        peers_remove(&process->peers, peer);
    }
}

enum mesh_status process_call(struct process *process, uint64_t incarnation, const char *endpoint) {
    struct passage passage;
    if (incarnation == 0 && (called(process, endpoint) || passage_read(bytes_of_text(endpoint), &passage))) {
        return MESH_OK; /* is called again by its own back-off; or calls us, since nobody can call it */
    }
    if (incarnation == 0 && process_link_is_known(process, endpoint)) {
        return MESH_OK;
    }
    struct peer *peer;
    struct bytes where = bytes_of_text(endpoint);
    bool in_call = called(process, endpoint) != NULL; /* who answers is named then, and needs no second link */
    enum mesh_status status =
        incarnation ? peers_add(&process->peers, incarnation, where, &peer) : peers_call(&process->peers, where, &peer);
    if (status == MESH_OK) {
        peer->two_way = true;
        if (!in_call) {
            process_link_want(process, peer);
        }
    }
    return status;
}

enum mesh_status process_resolved(struct process *process, struct mesh_address address, uint64_t incarnation,
                                  const char *endpoint) {
    enum mesh_status status = process_peer(process, incarnation, endpoint);
    if (status == MESH_OK) {
        peers_find(&process->peers, incarnation)->resident = address;
        struct delivery_event resolved = {.kind = DELIVERY_RESOLVED, .address = address, .peer = incarnation};
        status = delivery_step(process->delivery, process_now(process), &resolved);
    }
    return status;
}

void process_created(struct process *process, const struct control_created *created) {
    process->created.address = created->address;
    process->created.process = created->process;
    (void)snprintf(process->created.endpoint, sizeof process->created.endpoint, "%.*s", (int)created->endpoint.size,
                   (const char *)created->endpoint.data);
}

void process_gone(struct process *process, struct mesh_address address, const struct delivery_gone *gone) {
    struct delivery_event event = {.kind = DELIVERY_GONE, .address = address, .gone = gone};
    (void)delivery_step(process->delivery, process_now(process), &event); /* NOT_FOUND when nobody asks any more */
}

/* ---- other descriptors ---- */

enum mesh_status process_watch(struct process *process, int fd, void (*ready)(void *user, int fd), void *user) {
    if (process->watches_count == process->watches_room) {
        size_t room = process->watches_room ? process->watches_room * 2 : 8;
        struct process_watch *watches = realloc(process->watches, room * sizeof *watches);
        if (!watches) {
            return MESH_NO_MEMORY;
        }
        process->watches = watches;
        process->watches_room = room;
    }
    process->watches[process->watches_count++] = (struct process_watch){fd, ready, user};
    return MESH_OK;
}

void process_unwatch(struct process *process, int fd) {
    for (size_t i = 0; i < process->watches_count; i++) {
        if (process->watches[i].fd == fd) {
            process->watches[i] = process->watches[--process->watches_count];
            return;
        }
    }
}

/* ---- what it is ---- */

struct delivery *process_delivery(struct process *process) {
    return process->delivery;
}

struct mesh_address process_address(const struct process *process) {
    return address_make(process->node, process->slot, 0);
}

struct mesh_address process_admin(const struct process *process) {
    return address_make(process->node, 0, 0);
}

void process_give_back(struct process *process) {
    message_pool_trim(delivery_pool(process->delivery));
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
}

size_t process_known(const struct process *process) {
    return map_size(&process->peers.by_incarnation);
}

uint64_t process_now(const struct process *process) {
    return process->clock ? *process->clock : clock_now_ns();
}

uint64_t process_now_after(const struct process *process, uint64_t seen_ns, unsigned *calls) {
    bool fresh = ++*calls % CLOCK_CALLS != 0 && (process->clock || clock_coarse_ns() <= seen_ns);
    return fresh ? seen_ns : process_now(process);
}
