/* SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/thread_types.h"

#include "tests/system/nodes.h"
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

static enum mesh_verdict verdict_of(enum mesh_status status) {
    return status == MESH_OK ? MESH_DONE : MESH_FAILED;
}

/* ---- counter ---- */

static enum mesh_verdict counter_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    unsigned *count = state;
    *count += mesh_message_is(message, "x");
    return mesh_message_text(message) ? verdict_of(mesh_reply_text(self, message, "%u", *count)) : MESH_DONE;
}

/* ---- threads ---- */

struct worker {
    struct mesh_actor *actor;
    struct mesh_address to;
    pthread_t thread;
    bool started;
};

static void *work(void *user) {
    struct worker *worker = user;
    for (int i = 0; i < SENT; i++) {
        EXPECT(mesh_send(worker->actor, worker->to, "x", NULL, 0) == MESH_OK);
        mesh_log(worker->actor, MESH_LOG_INFO, "line %d", i);
    }
    return NULL;
}

static enum mesh_verdict threads_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)state;
    static struct worker workers[THREADS];
    char address[MESH_ADDRESS_TEXT_BYTES], fifo[128];
    const char *text = mesh_message_text(message);
    struct mesh_address to;
    if (!text) {
        return MESH_DONE;
    }
    EXPECT(sscanf(text, "%39s %127s", address, fifo) == 2 && mesh_address_parse(address, &to) == MESH_OK);
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.actor = self, .to = to};
        workers[i].started = pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0;
    }
    for (int i = 0; i < THREADS; i++) {
        EXPECT(workers[i].started && pthread_join(workers[i].thread, NULL) == 0);
    }
    int held = open(fifo, O_RDONLY | O_CLOEXEC); /* until somebody opens its other end */
    EXPECT(held >= 0 && close(held) == 0);
    return verdict_of(mesh_reply_text(self, message, "released"));
}

/* ---- timed ---- */

struct timed {
    struct mesh_address asker;
    long delay_ms;
};

struct setting {
    struct mesh_actor *actor;
    struct timed timed;
};

static void *set_timer(void *user) {
    struct setting *setting = user;
    EXPECT(mesh_wakeup(setting->actor, (uint64_t)setting->timed.delay_ms, &setting->timed.asker,
                       sizeof setting->timed.asker, NULL) == MESH_OK);
    free(setting);
    return NULL;
}

static enum mesh_verdict timed_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)state;
    struct mesh_timer timer;
    struct mesh_address asker;
    const char *text = mesh_message_text(message);
    if (mesh_message_wakeup(message, &timer) == MESH_OK) {
        memcpy(&asker, timer.data, sizeof asker);
        return verdict_of(mesh_send_text(self, asker, "over"));
    }
    if (text) {
        pthread_t thread;
        struct setting *setting = malloc(sizeof *setting);
        EXPECT(setting);
        *setting = (struct setting){self, {mesh_message_sender(message), strtol(text, NULL, 10)}};
        EXPECT(pthread_create(&thread, NULL, set_timer, setting) == 0 && pthread_detach(thread) == 0);
    }
    return MESH_DONE;
}

/* ---- watcher ---- */

static int pipes[2][2]; /* of all watchers of the host */

struct watcher {
    struct mesh_address asker;
};

static enum mesh_status watch_both(struct mesh_actor *self) {
    return mesh_watch(self, (int[]){pipes[0][0], pipes[1][0]}, 2);
}

/* A light child, so that it runs when this handler has returned. */
static enum mesh_status order_child(struct mesh_actor *self, const char *what, struct mesh_address asker) {
    struct mesh_address child;
    enum mesh_status status = mesh_create(self, "test.watcher", NULL, &child);
    status = status ? status : mesh_send(self, child, what, &asker, sizeof asker);
    return status ? status : watch_both(self);
}

static enum mesh_verdict watcher_obey(struct mesh_actor *self, const struct mesh_message *message, const char *text) {
    struct mesh_address asker = mesh_message_sender(message);
    if (strcmp(text, "pipe") == 0) {
        EXPECT(pipe2(pipes[0], O_CLOEXEC) == 0 && pipe2(pipes[1], O_CLOEXEC) == 0);
        return verdict_of(mesh_reply_text(self, message, "made"));
    }
    if (strcmp(text, "write") == 0) {
        EXPECT(write(pipes[0][1], "x", 1) == 1);
        return verdict_of(watch_both(self));
    }
    return verdict_of(order_child(self, text, asker));
}

static enum mesh_verdict watcher_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct watcher *watcher = state;
    const char *text = mesh_message_text(message);
    if (mesh_message_kind(message) == MESH_WATCH) {
        int ready[2];
        return verdict_of(mesh_send_text(self, watcher->asker, "%zu ready", mesh_message_ready(message, ready, 2)));
    }
    if (text) {
        watcher->asker = mesh_message_sender(message);
        return watcher_obey(self, message, text);
    }
    if (mesh_message_is(message, "watch") || mesh_message_is(message, "close")) {
        size_t bytes;
        memcpy(&watcher->asker, mesh_message_data(message, &bytes), sizeof watcher->asker);
        EXPECT(mesh_message_is(message, "watch") ? watch_both(self) == MESH_OK : close(pipes[1][0]) == 0);
        return verdict_of(mesh_send_text(self, watcher->asker, "done"));
    }
    return MESH_DONE;
}

static const struct mesh_type counter = {
    .name = "test.counter", .receive = counter_receive, .state_bytes = sizeof(unsigned)};
static const struct mesh_type threads = {.name = "test.threads", .receive = threads_receive};
static const struct mesh_type timed = {
    .name = "test.timed", .receive = timed_receive, .state_bytes = sizeof(struct timed)};
static const struct mesh_type watcher = {
    .name = "test.watcher", .receive = watcher_receive, .state_bytes = sizeof(struct watcher), .light = true};

const struct mesh_type *const thread_types[] = {&counter, &threads, &timed, &watcher, NULL};
