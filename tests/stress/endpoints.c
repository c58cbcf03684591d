/* A hundred threads open endpoints, ask, give up, resume, tell, listen and close in disorder, while the node ends under
 * them: each is answered or told that it is closed, and none races another (run under tsan).
 *
 * Over the memory transport, since tsan does not see into libzmq.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/prng.h"
#include "mesh/runtime/handle.h"
#include "mesh/runtime/transport.h"
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS = 100, ANSWERS = 4000, ADMIN = 11, PROGRAM = 12, CALLS = 12, WAIT_MS = 60000 };

static const char directory[] = "stress";

static void fail(const char *what) {
    fprintf(stderr, "FAILED: %s\n", what);
    exit(1);
}

/* ---- the node: an admin with one actor that answers ---- */

struct admin {
    struct process *process;
    struct mesh_address actor;
    atomic_bool stop;
    bool runnable;
};

static void admin_hello(void *user, uint64_t peer, const struct frame_hello *hello, struct frame_hello *answer) {
    (void)user;
    (void)peer;
    (void)hello;
    answer->slot = 1;
}

static void admin_control(void *user, struct mesh_address sender, const struct control *control) {
    struct admin *self = user;
    struct control answer = {
        .id = control->id,
        .kind = CONTROL_RESOLVED,
        .resolved = {.address = control->resolve.address, .process = ADMIN, .endpoint = bytes_of_text("")}};
    if (control->kind == CONTROL_RESOLVE && process_send_control(self->process, sender, &answer) != MESH_OK) {
        fail("no answer");
    }
}

static void admin_resolve(void *user, struct mesh_address address, struct mesh_address sender) {
    struct admin *self = user;
    (void)sender;
    (void)process_resolved(self->process, address, PROGRAM, NULL);
}

static void admin_runnable(void *user, struct mesh_address address) {
    struct admin *self = user;
    self->runnable = self->runnable || mesh_address_equal(address, self->actor);
}

/* The answer, and every third time a word more, which waits for a listen. */
static void answer(struct admin *self, const struct message *asked) {
    struct message_pool *pool = delivery_pool(process_delivery(self->process));
    for (int i = 0; i < (asked->seq % 3 == 0 ? 2 : 1); i++) {
        struct message *reply = message_new(pool, bytes_of_text("answer"), asked->payload);
        if (!reply) {
            fail("no memory");
        }
        reply->sender = self->actor;
        reply->target = asked->sender;
        reply->kind = FRAME_USER;
        reply->ask = i == 0 ? asked->ask : 0;
        reply->flags = i == 0 && asked->ask ? FRAME_RUN_REPLY : 0;
        reply->deadline_ns = TIME_NEVER;
        if (process_submit(self->process, reply) != MESH_OK) {
            message_release(reply);
        }
    }
}

static void answer_all(struct admin *self) {
    const struct message *message;
    struct delivery_event verdict = {.kind = DELIVERY_VERDICT, .address = self->actor, .outcome = FRAME_HANDLED};
    self->runnable = false;
    while ((message = process_take(self->process, self->actor))) {
        answer(self, message);
        if (process_step(self->process, &verdict) != MESH_OK) {
            fail("no verdict");
        }
    }
}

static void *run_admin(void *user) {
    struct admin *self = user;
    process_lock(self->process);
    while (!atomic_load(&self->stop)) {
        (void)process_turn(self->process, TIME_NEVER);
        if (self->runnable) {
            answer_all(self);
        }
    }
    process_unlock(self->process);
    return NULL;
}

static void open_admin(struct admin *self, struct memory_hub *hub) {
    char endpoint[RUN_PATH_ENDPOINT_BYTES];
    const char *listen[] = {run_path_endpoint(endpoint, directory, "admin"), NULL};
    struct mesh_error error;
    struct process_options options = {
        .role = FRAME_ROLE_ADMIN,
        .incarnation = ADMIN,
        .node = ADMIN,
        .listen = listen,
        .limits = &delivery_limits_default,
        .callbacks = {.user = self,
                      .hello = admin_hello,
                      .control = admin_control,
                      .resolve = admin_resolve,
                      .runnable = admin_runnable},
    };
    self->actor = address_make(ADMIN, 0, 1);
    struct delivery_event open = {.kind = DELIVERY_OPEN, .address = self->actor};
    if (transport_memory_new(&options.transport, hub, ADMIN) != MESH_OK ||
        process_new(&self->process, &options, 0, &error) != MESH_OK || process_step(self->process, &open) != MESH_OK) {
        fail("the admin does not begin");
    }
}

/* ---- the program ---- */

static struct mesh_node *node;
static struct mesh_address actor;
static atomic_uint answers;
static sem_t enough;

static bool is_expected(enum mesh_status status) {
    return status == MESH_OK || status == MESH_TIMED_OUT || status == MESH_NOT_FOUND || status == MESH_CLOSED ||
           status == MESH_DEAD;
}

static enum mesh_status call_once(struct mesh_endpoint *endpoint, uint64_t chance) {
    struct mesh_message *message = NULL;
    int wait_ms = (int)(chance >> 8 & 3);
    enum mesh_status status;
    switch (chance & 3) {
    case 0:
        status = mesh_endpoint_listen(endpoint, wait_ms, &message);
        break;
    case 1:
        status = mesh_endpoint_tell(endpoint, actor, "told", &chance, sizeof chance);
        break;
    case 2:
        status = mesh_endpoint_ask_resume(endpoint, wait_ms, &message);
        break;
    default:
        status = mesh_endpoint_ask(endpoint, actor, "asked", &chance, sizeof chance, wait_ms ? WAIT_MS : 0, &message);
        if (status == MESH_OK && atomic_fetch_add(&answers, 1) == ANSWERS) {
            (void)sem_post(&enough);
        }
        break;
    }
    mesh_message_release(&message);
    return status;
}

static void *run_thread(void *user) {
    struct prng prng;
    prng_init(&prng, (uint64_t)(uintptr_t)user);
    enum mesh_status status = MESH_OK;
    while (status != MESH_CLOSED) {
        struct mesh_endpoint *endpoint = NULL;
        status = mesh_endpoint_open(node, &endpoint);
        for (int i = 0; i < CALLS && endpoint && status != MESH_CLOSED; i++) {
            status = call_once(endpoint, prng_next(&prng));
        }
        mesh_endpoint_close(&endpoint);
        if (!is_expected(status)) {
            fail(mesh_status_name(status));
        }
    }
    return NULL;
}

int main(void) {
    struct memory_hub *hub;
    struct admin admin = {0};
    pthread_t administering, threads[THREADS];
    struct handle_options options = {.run_directory = directory, .incarnation = PROGRAM};
    struct mesh_error error;
    if (memory_hub_new(&hub) != MESH_OK || sem_init(&enough, 0, 0) != 0) {
        fail("no hub");
    }
    open_admin(&admin, hub);
    actor = admin.actor;
    if (pthread_create(&administering, NULL, run_admin, &admin) != 0 ||
        transport_memory_new(&options.transport, hub, PROGRAM) != MESH_OK ||
        handle_open(&node, &options, &error) != MESH_OK) {
        fail("the program does not attach");
    }
    for (uintptr_t i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, run_thread, (void *)(i + 1)) != 0) {
            fail("no thread");
        }
    }
    while (sem_wait(&enough) != 0) {
    }
    atomic_store(&admin.stop, true);
    process_wake(admin.process);
    pthread_join(administering, NULL);
    process_destroy(&admin.process);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    mesh_node_detach(&node);
    memory_hub_destroy(&hub);
    printf("%u answers\n", atomic_load(&answers));
    return 0;
}
