/* Hosts that are pulled: see <mesh/host.h>.
 *
 *   the host's own thread                              the caller's
 *   host_run
 *     a function of the type: offer ----offered------> mesh_host_next
 *       sleeps                                           is in the handler
 *     returns with the verdict <--------settled------- mesh_host_done
 *     ...
 *   nothing is left --------------------offered------> mesh_host_next: MESH_CLOSED
 *
 * The host is an ordinary one, whose type has functions that hand over. Of the two threads one sleeps whenever the other is in the handler; the
 * semaphores order all that both touch. Who has a message in hand is the host's main thread, so that sends mean what they mean in a handler (D7, D11).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/error.h"
#include "mesh/runtime/host_fork.h"
#include "mesh/runtime/host_signal.h"
#include "mesh/runtime/hosted.h"
#include "mesh/runtime/log.h"
#include <errno.h>
#include <mesh/endpoint.h>
#include <mesh/host.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct mesh_host {
    struct host host;
    struct host_options options;
    char *text; /* that the options point into */
    struct mesh_type type;
    const struct mesh_type *types[2];
    struct mesh_host_request request;
    struct log_settings log; /* as they were when it began */
    pthread_t runner;
    sem_t offered, settled;
    const struct mesh_message *_Atomic message; /* that is offered; NULL: nothing comes any more */
    struct mesh_actor *_Atomic actor;
    enum mesh_verdict verdict;
    bool in_hand, over; /* the caller's */
};

static bool is_host; /* the process: signals, title and death signal are its own */

/* ---- the host's own thread: the functions of the type ---- */

static void wait_for(sem_t *semaphore) {
    while (sem_wait(semaphore) != 0) {
    }
}

static enum mesh_verdict offer(struct mesh_host *host, const struct mesh_message *message) {
    host->message = message;
    (void)sem_post(&host->offered);
    wait_for(&host->settled);
    return host->verdict;
}

static bool on_check(const struct mesh_fit *fit, void *user) {
    const struct mesh_message message = {.kind = MESH_CHECK, .fit = fit};
    return offer(user, &message) == MESH_DONE;
}

static enum mesh_verdict on_start(struct mesh_actor *self, void *state) {
    struct mesh_host *host = mesh_actor_user(self);
    const struct mesh_message message = {.kind = MESH_BEGIN};
    (void)state;
    host->actor = self;
    return offer(host, &message);
}

static enum mesh_verdict on_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)state;
    return offer(mesh_actor_user(self), message);
}

static void on_stop(struct mesh_actor *self, void *state) {
    struct mesh_host *host = mesh_actor_user(self);
    const struct mesh_message message = {.kind = MESH_END};
    (void)state;
    (void)offer(host, &message);
    host->actor = NULL;
}

static void *run(void *user) {
    struct mesh_host *host = user;
    process_lock(host->host.process);
    host->host.main = pthread_self();
    process_unlock(host->host.process);
    host_run(&host->host, MESH_OK, NULL);
    host->message = NULL;
    (void)sem_post(&host->offered);
    return NULL;
}

/* ---- beginning ---- */

/* The caller's threads get the signals, so that a wait of theirs ends by one (D13). */
static enum mesh_status start_runner(struct mesh_host *host, struct mesh_error *error) {
    sigset_t all;
    sigset_t kept;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &kept);
    int failed = pthread_create(&host->runner, NULL, run, host);
    (void)pthread_sigmask(SIG_SETMASK, &kept, NULL);
    return failed ? error_set(error, MESH_NO_MEMORY, "no thread for the host: %s", strerror(failed)) : MESH_OK;
}

static enum mesh_status begin(struct mesh_host *host, struct mesh_error *error) {
    enum mesh_status status = host_options_parse(&host->options, host->text, error);
    if (status != MESH_OK) {
        return status;
    }
    host->type = (struct mesh_type){.name = host->options.type,
                                    .receive = on_receive,
                                    .start = on_start,
                                    .stop = on_stop,
                                    .check = on_check,
                                    .user = host};
    host->types[0] = &host->type;
    status = host_begin(&host->host, &host->options, error);
    if (status != MESH_OK) {
        return status;
    }
    host->host.types = host->types;
    host->host.origin = "the process";
    status = host_open(&host->host, error);
    if (status == MESH_OK) {
        host_signal_install(&host->host);
        status = start_runner(host, error);
    }
    if (status != MESH_OK) {
        host_signal_remove();
        host_close(&host->host);
    }
    return status;
}

static void describe(struct mesh_host *host) {
    log_read(host->host.log, &host->log);
    host->request = (struct mesh_host_request){
        .type = host->options.type,
        .actor = host->options.actor,
        .parent = host->options.parent,
        .admin = process_admin(host->host.process),
        .node = host->options.node_name,
        .name = host->options.name,
        .source = host->options.source,
        .source_path = host->options.source ? host->options.module : NULL,
        .log = host->log.to == LOG_TO_FILE ? host->log.path : NULL,
        .log_level = log_policy_level(&host->log.policy, bytes_of_text(host->options.type)),
    };
}

enum mesh_status mesh_host_open(struct mesh_host **out, const char *request, struct mesh_error *error) {
    const char *text = request ? request : getenv(HOST_ENVIRONMENT);
    if (!text) {
        return error_set(error, MESH_NOT_FOUND, "no node wants this process to host an actor");
    }
    if (is_host) {
        return error_set(error, MESH_EXISTS, "this process hosts an actor already");
    }
    struct mesh_host *host = calloc(1, sizeof *host);
    struct mesh_error why = {0};
    enum mesh_status status = MESH_NO_MEMORY;
    if (host && (host->text = strdup(text))) {
        (void)sem_init(&host->offered, 0, 0);
        (void)sem_init(&host->settled, 0, 0);
        if (!request) {
            (void)unsetenv(HOST_ENVIRONMENT); /* a program that the actor starts is no host */
        }
        status = begin(host, &why);
    }
    if (status != MESH_OK) {
        free(host ? host->text : NULL);
        free(host);
        return error_set(error, status, "%s", why.text[0] ? why.text : "no memory for a host");
    }
    is_host = true;
    describe(host);
    *out = host;
    return MESH_OK;
}

const struct mesh_host_request *mesh_host_request(const struct mesh_host *host) {
    return &host->request;
}

struct mesh_actor *mesh_host_actor(const struct mesh_host *host) {
    return host->actor;
}

/* ---- the caller's side ---- */

static enum mesh_status await(sem_t *semaphore, int timeout_ms) {
    struct timespec until;
    int failed = 0;
    if (timeout_ms < 0) {
        failed = sem_wait(semaphore);
    } else if (timeout_ms == 0) {
        failed = sem_trywait(semaphore);
    } else {
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += timeout_ms / 1000;
        until.tv_nsec += timeout_ms % 1000 * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        failed = sem_clockwait(semaphore, CLOCK_MONOTONIC, &until);
    }
    return !failed ? MESH_OK : errno == EINTR ? MESH_INTERRUPTED : MESH_TIMED_OUT;
}

/* Which thread is in the handler. */
static void set_main(struct mesh_host *host, pthread_t thread) {
    process_lock(host->host.process);
    host->host.main = thread;
    process_unlock(host->host.process);
}

enum mesh_status mesh_host_next(struct mesh_host *host, int timeout_ms, const struct mesh_message **out) {
    host_fork_end_child();
    if (!host || !out || host->in_hand) {
        return MESH_INVALID_ARGUMENT;
    }
    if (!host->over) {
        enum mesh_status status = await(&host->offered, timeout_ms);
        if (status != MESH_OK) {
            return status;
        }
        host->over = !host->message;
    }
    if (host->over) {
        return MESH_CLOSED;
    }
    set_main(host, pthread_self());
    host->in_hand = true;
    *out = host->message;
    return MESH_OK;
}

static bool is_verdict(enum mesh_verdict verdict) {
    return verdict == MESH_DONE || verdict == MESH_FAILED || verdict == MESH_EXIT;
}

static void settle(struct mesh_host *host, enum mesh_verdict verdict, const char *text) {
    if (!is_verdict(verdict)) {
        (void)host_fail(&host->host, "%d is no verdict", (int)verdict);
    } else if (text) {
        (void)host_fail(&host->host, "%s", text);
    }
    host->verdict = is_verdict(verdict) ? verdict : MESH_FAILED;
    host->in_hand = false;
    set_main(host, host->runner);
    (void)sem_post(&host->settled);
}

enum mesh_status mesh_host_done(struct mesh_host *host, enum mesh_verdict verdict, const char *text, const int *fds,
                                size_t count) {
    host_fork_end_child();
    if (!host || !host->in_hand) {
        return MESH_INVALID_ARGUMENT;
    }
    enum mesh_status watched = count > 0 && host->actor ? mesh_watch(host->actor, fds, count) : MESH_OK;
    if (watched != MESH_OK) {
        return watched;
    }
    settle(host, verdict, text);
    return MESH_OK;
}

enum mesh_status mesh_host_refuse(struct mesh_host *host, enum mesh_status status, const char *text) {
    bool known = status == MESH_UNKNOWN_TYPE || status == MESH_UNKNOWN_SOURCE || status == MESH_LOAD_FAILED;
    if (!host || !host->in_hand || host->message->kind != MESH_CHECK || !known) {
        return MESH_INVALID_ARGUMENT;
    }
    host->host.refused = status;
    return mesh_host_done(host, MESH_FAILED, text ? text : mesh_status_text(status), NULL, 0);
}

enum mesh_status mesh_message_fit(const struct mesh_message *message, const struct mesh_fit **out) {
    if (message->kind != MESH_CHECK || !out) {
        return MESH_INVALID_ARGUMENT;
    }
    *out = message->fit;
    return MESH_OK;
}

/* ---- end ---- */

/* What still comes is settled without the caller, until nothing does. */
static void settle_rest(struct mesh_host *host) {
    const struct mesh_message *message;
    for (;;) {
        if (host->in_hand) {
            settle(host, host->message->kind == MESH_BEGIN ? MESH_EXIT : MESH_FAILED, "its host was closed");
        }
        if (mesh_host_next(host, MESH_FOREVER, &message) == MESH_CLOSED) {
            return;
        }
    }
}

int mesh_host_close(struct mesh_host **host) {
    if (!host || !*host) {
        return 0;
    }
    struct mesh_host *closed = *host;
    if (!closed->over) {
        closed->host.exit_signal = SIGTERM;
        process_wake(closed->host.process);
        settle_rest(closed);
    }
    (void)pthread_join(closed->runner, NULL);
    host_signal_remove();
    host_close(&closed->host);
    (void)sem_destroy(&closed->offered);
    (void)sem_destroy(&closed->settled);
    free(closed->text);
    free(closed);
    *host = NULL;
    is_host = false;
    return 0;
}
