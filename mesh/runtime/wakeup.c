/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/wakeup.h"

#include "mesh/base/time.h"
#include "mesh/runtime/hosted.h"
#include "mesh/runtime/log.h"
#include "mesh/runtime/post.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* A message to the actor from itself (F1). */
static enum mesh_status tell_self(struct mesh_actor *actor, enum frame_kind kind, const void *data, size_t bytes) {
    struct post post = {
        .now_ns = process_now(actor->host->process),
        .from = actor->address,
        .to = actor->address,
        .kind = kind,
        .type = "",
        .data = data,
        .bytes = bytes,
        .expiry_ns = TIME_NEVER,
    };
    return post_now(actor->host->process, &post);
}

/* ---- wake-ups ---- */

enum mesh_status mesh_wakeup(struct mesh_actor *self, uint64_t delay_ms, const void *data, size_t bytes, uint64_t *id) {
    if (bytes > 0 && !data) {
        return MESH_INVALID_ARGUMENT;
    }
    if (bytes > MESH_WAKEUP_BYTES) {
        return MESH_TOO_LARGE;
    }
    struct host *host = self->host;
    uint64_t set = 0;
    process_lock(host->process);
    enum mesh_status status = MESH_SHUTTING_DOWN;
    if (self->plain || !self->started) {
        status = timers_set(&host->timers, process_now(host->process), self->address, delay_ms, bytes_make(data, bytes),
                            &set);
    }
    if (status == MESH_OK && !pthread_equal(pthread_self(), host->main)) {
        process_wake(host->process); /* the loop is to wait no longer than that */
    }
    process_unlock(host->process);
    if (status == MESH_OK && id) {
        *id = set;
    }
    return status;
}

enum mesh_status mesh_cancel_wakeup(struct mesh_actor *self, uint64_t id) {
    process_lock(self->host->process);
    enum mesh_status status = timers_cancel(&self->host->timers, self->address, id);
    process_unlock(self->host->process);
    return status;
}

/* Whether the timer is done with: told, or of nobody. */
static bool fire(struct host *host, const struct timer *timer) {
    struct mesh_actor *actor = hosted_find(host, timer->owner);
    if (!actor || !actor->plain) {
        return true;
    }
    uint8_t payload[VIEW_WAKEUP_BYTES + MESH_WAKEUP_BYTES];
    size_t bytes = view_pack_wakeup(payload, timer->id, timer->delay_ms, timer->payload);
    enum mesh_status status = tell_self(actor, FRAME_WAKEUP, payload, bytes);
    return status != MESH_WOULD_BLOCK && status != MESH_NO_MEMORY;
}

static void fire_due(struct host *host, uint64_t now_ns) {
    struct list late;
    list_init(&late);
    struct list_node *node;
    while ((node = list_pop_front(&host->due))) {
        list_push_back(&late, node);
    }
    for (;;) {
        node = list_pop_front(&late);
        struct timer *timer = node ? LIST_OWNER(node, struct timer, of_owner) : timers_pop(&host->timers, now_ns);
        if (!timer) {
            return;
        }
        if (fire(host, timer)) {
            free(timer);
        } else {
            list_push_back(&host->due, &timer->of_owner);
        }
    }
}

/* ---- watching ---- */

enum mesh_status mesh_watch(struct mesh_actor *self, const int *fds, size_t count) {
    struct host *host = self->host;
    if (!pthread_equal(pthread_self(), host->main) || (count > 0 && !fds)) {
        return MESH_INVALID_ARGUMENT;
    }
    if (count > WATCH_MAX) {
        return MESH_FULL;
    }
    host->stated.count = 0;
    for (size_t i = 0; i < count; i++) {
        if (fcntl(fds[i], F_GETFD) >= 0) { /* what is closed is ignored */
            host->stated.fds[host->stated.count++] = fds[i];
        }
    }
    return MESH_OK;
}

/* Whether another actor of the host has that descriptor in its set. */
static bool is_watched(const struct host *host, int fd) {
    LIST_EACH (&host->watches, node, after) {
        const struct watch *watch = LIST_OWNER(node, struct watch, of_host);
        for (size_t i = 0; !watch->told && i < watch->count; i++) {
            if (watch->fds[i] == fd) {
                return true;
            }
        }
    }
    return false;
}

/* One that was closed meanwhile polls as ready, and is ignored. */
static void on_ready(void *user, int fd) {
    struct host *host = user;
    bool open = fcntl(fd, F_GETFD) >= 0;
    process_unwatch(host->process, fd);
    LIST_EACH (&host->watches, node, after) {
        struct watch *watch = LIST_OWNER(node, struct watch, of_host);
        for (size_t i = 0; open && !watch->told && i < watch->count; i++) {
            if (watch->fds[i] == fd) {
                watch->ready[i] = watch->any_ready = true;
            }
        }
    }
}

static void begin_polling(struct host *host, const struct watch *watch) {
    for (size_t i = 0; i < watch->count; i++) {
        process_unwatch(host->process, watch->fds[i]);
        if (process_watch(host->process, watch->fds[i], on_ready, host) != MESH_OK) {
            log_write(host->log, MESH_LOG_ERROR, NULL, watch->actor->address, "no memory to watch a descriptor");
        }
    }
}

static void end_polling(struct host *host, struct watch *watch) {
    watch->told = true;
    for (size_t i = 0; i < watch->count; i++) {
        if (!is_watched(host, watch->fds[i])) {
            process_unwatch(host->process, watch->fds[i]);
        }
    }
}

static void tell_ready(struct host *host) {
    LIST_EACH (&host->watches, node, after) {
        struct watch *watch = LIST_OWNER(node, struct watch, of_host);
        int fds[WATCH_MAX];
        size_t count = 0;
        for (size_t i = 0; watch->any_ready && i < watch->count; i++) {
            if (watch->ready[i]) {
                fds[count++] = watch->fds[i];
            }
        }
        if (count > 0 && tell_self(watch->actor, FRAME_WATCH, fds, count * sizeof *fds) == MESH_OK) {
            end_polling(host, watch);
            watch->any_ready = false;
        }
    }
}

static void watch_end(struct mesh_actor *actor) {
    struct watch *watch = actor->watch;
    if (watch) {
        actor->watch = NULL;
        list_remove(&watch->of_host);
        end_polling(actor->host, watch);
        free(watch);
    }
}

void watch_replace(struct mesh_actor *actor) {
    struct host *host = actor->host;
    struct watch_statement *stated = &host->stated;
    watch_end(actor);
    if (stated->count == 0 || !actor->plain) {
        stated->count = 0;
        return;
    }
    struct watch *watch = calloc(1, sizeof *watch);
    if (watch) {
        watch->actor = actor;
        watch->count = stated->count;
        memcpy(watch->fds, stated->fds, stated->count * sizeof *stated->fds);
        list_push_back(&host->watches, &watch->of_host);
        actor->watch = watch;
        begin_polling(host, watch);
    } else {
        log_write(host->log, MESH_LOG_ERROR, NULL, actor->address, "no memory to watch its descriptors");
    }
    stated->count = 0;
}

/* ---- both ---- */

void wakeup_tick(struct host *host, uint64_t now_ns) {
    fire_due(host, now_ns);
    tell_ready(host);
}

void wakeup_drop(struct mesh_actor *actor) {
    timers_drop(&actor->host->timers, actor->address);
    watch_end(actor);
}
