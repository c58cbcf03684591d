/* Many threads of one process submit, flush and wake while another runs its turns: every message is handled once, in order
 * per thread, and no thread races another (run under tsan).
 *
 * Over the memory transport, since tsan does not see into libzmq.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/time.h"
#include "mesh/core/address.h"
#include "mesh/runtime/process.h"
#include "mesh/runtime/transport.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 4, SENT = 5000, ADMIN = 11, PROGRAM = 12 };

static void fail(const char *what) {
    fprintf(stderr, "FAILED: %s\n", what);
    exit(1);
}

/* ---- the receiving side: an admin with one actor ---- */

struct receiver {
    struct process *process;
    struct mesh_address actor;
    atomic_bool stop;
    bool runnable;
    uint64_t next[THREADS]; /* of each thread's numbers */
    uint64_t received;
};

static void receiver_hello(void *user, uint64_t peer, const struct frame_hello *hello, struct frame_hello *answer) {
    (void)user;
    (void)peer;
    (void)hello;
    answer->slot = 1;
}

static void receiver_control(void *user, struct mesh_address sender, const struct control *control) {
    struct receiver *self = user;
    struct control answer = {
        .id = control->id,
        .kind = CONTROL_RESOLVED,
        .resolved = {.address = control->resolve.address, .process = ADMIN, .endpoint = bytes_of_text("admin")}};
    if (control->kind == CONTROL_RESOLVE && process_send_control(self->process, sender, &answer) != MESH_OK) {
        fail("no answer");
    }
}

static void receiver_resolve(void *user, struct mesh_address address, struct mesh_address sender) {
    struct receiver *self = user;
    (void)sender;
    (void)process_resolved(self->process, address, PROGRAM, NULL);
}

static void receiver_runnable(void *user, struct mesh_address address) {
    struct receiver *self = user;
    self->runnable = self->runnable || mesh_address_equal(address, self->actor);
}

struct numbered {
    uint64_t thread, number;
};

static void receive_all(struct receiver *self) {
    struct message *message;
    struct delivery_event verdict = {.kind = DELIVERY_VERDICT, .address = self->actor, .outcome = FRAME_HANDLED};
    self->runnable = false;
    while ((message = process_take(self->process, self->actor))) {
        struct numbered numbered;
        memcpy(&numbered, message->payload.data, sizeof numbered);
        if (self->next[numbered.thread]++ != numbered.number) {
            fail("a thread's messages are out of order");
        }
        self->received++;
        if (process_step(self->process, &verdict) != MESH_OK) {
            fail("no verdict");
        }
    }
}

static void *run_receiver(void *user) {
    struct receiver *self = user;
    process_lock(self->process);
    while (!atomic_load(&self->stop)) {
        (void)process_turn(self->process, TIME_NEVER);
        if (self->runnable) {
            receive_all(self);
        }
    }
    process_unlock(self->process);
    return NULL;
}

/* ---- the sending side ---- */

struct sender {
    struct process *process;
    struct mesh_address endpoint, target;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned rooms; /* under the mutex */
    atomic_bool stop;
};

static void sender_room(void *user, struct mesh_address address) {
    struct sender *self = user;
    (void)address;
    pthread_mutex_lock(&self->mutex);
    self->rooms++;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->mutex);
}

static void *run_sender(void *user) {
    struct sender *self = user;
    process_lock(self->process);
    while (!atomic_load(&self->stop) || delivery_counters(process_delivery(self->process))->in_flight > 0) {
        (void)process_turn(self->process, TIME_NEVER);
    }
    process_unlock(self->process);
    return NULL;
}

/* Whether it was accepted; else the count of rooms that it is worth waiting to see exceeded. */
static bool submit(struct sender *self, const struct numbered *numbered, unsigned *rooms) {
    process_lock(self->process);
    struct message *message = message_new(delivery_pool(process_delivery(self->process)), bytes_of_text("number"),
                                          bytes_make(numbered, sizeof *numbered));
    if (!message) {
        fail("no memory");
    }
    message->kind = FRAME_USER;
    message->sender = self->endpoint;
    message->target = self->target;
    message->deadline_ns = TIME_NEVER;
    bool accepted = process_submit(self->process, message) == MESH_OK;
    if (!accepted) {
        message_release(message);
    }
    if (!accepted || numbered->number % 7 == 0) {
        process_flush(self->process, false);
    }
    pthread_mutex_lock(&self->mutex);
    *rooms = self->rooms;
    pthread_mutex_unlock(&self->mutex);
    process_unlock(self->process);
    process_wake(self->process);
    return accepted;
}

struct job {
    struct sender *sender;
    uint64_t thread;
};

static void *run_foreign(void *user) {
    const struct job *job = user;
    struct sender *self = job->sender;
    struct numbered numbered = {.thread = job->thread};
    unsigned rooms;
    while (numbered.number < SENT) {
        if (submit(self, &numbered, &rooms)) {
            numbered.number++;
            continue;
        }
        pthread_mutex_lock(&self->mutex);
        while (self->rooms == rooms) {
            pthread_cond_wait(&self->changed, &self->mutex);
        }
        pthread_mutex_unlock(&self->mutex);
    }
    return NULL;
}

/* ---- both ---- */

static void open_receiver(struct receiver *self, struct memory_hub *hub) {
    const char *listen[] = {"admin", NULL};
    struct mesh_error error;
    struct process_options options = {
        .role = FRAME_ROLE_ADMIN,
        .incarnation = ADMIN,
        .node = ADMIN,
        .listen = listen,
        .limits = &delivery_limits_default,
        .callbacks = {.user = self,
                      .hello = receiver_hello,
                      .control = receiver_control,
                      .resolve = receiver_resolve,
                      .runnable = receiver_runnable},
    };
    self->actor = address_make(ADMIN, 0, 1);
    struct delivery_event open = {.kind = DELIVERY_OPEN, .address = self->actor};
    if (transport_memory_new(&options.transport, hub, ADMIN) != MESH_OK ||
        process_new(&self->process, &options, 0, &error) != MESH_OK || process_step(self->process, &open) != MESH_OK) {
        fail("the receiver does not begin");
    }
}

static void open_sender(struct sender *self, struct memory_hub *hub) {
    const char *listen[] = {"program", NULL};
    struct mesh_error error;
    struct delivery_limits limits = delivery_limits_default;
    limits.window_messages = 512; /* so that threads wait for room often */
    struct process_options options = {
        .role = FRAME_ROLE_PROGRAM,
        .incarnation = PROGRAM,
        .listen = listen,
        .admin = "admin",
        .limits = &limits,
        .callbacks = {.user = self, .room = sender_room},
    };
    self->endpoint = address_make(ADMIN, 1, 1);
    self->target = address_make(ADMIN, 0, 1);
    struct delivery_event open = {.kind = DELIVERY_OPEN, .address = self->endpoint};
    if (pthread_mutex_init(&self->mutex, NULL) != 0 || pthread_cond_init(&self->changed, NULL) != 0 ||
        transport_memory_new(&options.transport, hub, PROGRAM) != MESH_OK ||
        process_new(&self->process, &options, 5000, &error) != MESH_OK ||
        process_step(self->process, &open) != MESH_OK) {
        fail("the sender does not begin");
    }
}

static pthread_t start(void *(*run)(void *), void *user) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, user) != 0) {
        fail("no thread");
    }
    return thread;
}

static void stop(pthread_t thread, atomic_bool *flag, struct process *process) {
    atomic_store(flag, true);
    process_wake(process);
    pthread_join(thread, NULL);
}

int main(void) {
    struct memory_hub *hub;
    struct receiver receiver = {0};
    struct sender sender = {0};
    pthread_t foreign[THREADS];
    struct job jobs[THREADS];
    if (memory_hub_new(&hub) != MESH_OK) {
        fail("no hub");
    }
    open_receiver(&receiver, hub);
    pthread_t receiving = start(run_receiver, &receiver);
    open_sender(&sender, hub);
    pthread_t sending = start(run_sender, &sender);
    for (uint64_t i = 0; i < THREADS; i++) {
        jobs[i] = (struct job){&sender, i};
        foreign[i] = start(run_foreign, &jobs[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(foreign[i], NULL);
    }
    stop(sending, &sender.stop, sender.process);
    const struct delivery_counters *counters = delivery_counters(process_delivery(sender.process));
    /* Beside the numbers, the sender has asked where their target lives. */
    bool settled = counters->handled >= THREADS * SENT && counters->handled == counters->accepted;
    stop(receiving, &receiver.stop, receiver.process);
    printf("%llu received, %llu handled\n", (unsigned long long)receiver.received,
           (unsigned long long)counters->handled);
    if (receiver.received != THREADS * SENT || !settled) {
        fail("not every message was handled once");
    }
    process_destroy(&sender.process);
    process_destroy(&receiver.process);
    memory_hub_destroy(&hub);
    return 0;
}
