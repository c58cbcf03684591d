/* Troupes: an actor that has what it is told done by workers, which it creates as they are needed (P2).
 *
 *   const struct mesh_type squares_type = MESH_TROUPE("squares", .worker = "square");
 *
 * Whoever sends it a message has a job for it. A worker is an actor like any other, whose type has this in front of its handler:
 *
 *   static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
 *       struct square *square = state;
 *       return mesh_worker_receive(self, message, state, &square->work, calculate);
 *   }
 *
 * A worker has one job at a time. The troupe is its sender, and whatever the worker sends there, by mesh_reply or otherwise, is the answer to the
 * job that it has, and is passed on to who sent that. The job is over when its handler has returned, or, if the handler calls mesh_worker_go_on, when
 * the worker calls mesh_worker_finish.
 *
 * A job that a troupe has taken on counts as handled. When its worker dies before it has answered, it is given to another; when it has cost three
 * workers their lives, when its handler fails twice (E1), or when no worker comes up, who sent it gets a MESH_FAILURE. The jobs of a troupe that
 * crashes are lost, and asks end as with any actor that is dead. What finds no room goes back as poison.
 *
 * The worker's type may be a troupe itself.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_TROUPE_H
#define MESH_TROUPE_H

#include <mesh/failure.h>

/* What a type declares. */
struct mesh_troupe {
    const char *worker; /* the type of its workers */
    const struct mesh_create_options
        *options;          /* with which they are created; may be NULL. No name, not detached, MESH_STOP */
    uint32_t max;          /* workers at a time (0: 10), MESH_TROUPE_WORKERS_MAX or less */
    uint32_t idle;         /* that are kept without a job (0: 2); others go when they had none for ... */
    uint32_t idle_ms;      /* ... so long (0: 2,000) */
    size_t jobs_max;       /* that may wait for a worker (0: 10,000) ... */
    size_t jobs_bytes_max; /* ... and their bytes (0: 64 MiB); one alone may have more */
};

#define MESH_TROUPE_WORKERS_MAX 1000

/* The type of a troupe, at file level: its name, then fields of struct mesh_troupe. */
#define MESH_TROUPE(type_name, ...)                                                                                    \
    {                                                                                                                  \
        .name = (type_name), .state_bytes = sizeof(void *), .receive = mesh_troupe_receive,                            \
        .start = mesh_troupe_start, .stop = mesh_troupe_stop, .user = &(struct mesh_troupe) {                          \
            __VA_ARGS__                                                                                                \
        }                                                                                                              \
    }

/* What that is made of: for a type whose user pointer is a struct mesh_troupe and whose state is one zeroed pointer. */
MESH_MUST_USE MESH_API enum mesh_verdict mesh_troupe_receive(struct mesh_actor *self,
                                                             const struct mesh_message *message, void *state);
MESH_MUST_USE MESH_API enum mesh_verdict mesh_troupe_start(struct mesh_actor *self, void *state);
MESH_API void mesh_troupe_stop(struct mesh_actor *self, void *state);

/* ---- at run time, by message ---- */

/* Asks for the status, and is the type of the answer. */
#define MESH_TROUPE_STATUS "mesh.troupe.status"

/* Changes limits, by a text like "max=20 idle=4" in which one may be missing; answered with the status. Here idle may be 0. Workers that are
 * too many go when their job is over. */
#define MESH_TROUPE_LIMITS "mesh.troupe.limits"

/* What a troupe is doing. */
struct mesh_troupe_status {
    uint32_t max, idle; /* the limits */
    uint32_t workers,
        busy;         /* those that there are, some of them still starting or about to go, and those that have a job */
    uint64_t waiting; /* jobs that no worker has */
    uint64_t done, failed; /* jobs, since it began */
    uint64_t given_back;   /* so often a worker died before it had answered, and another got its job */
};

/* The content of an answer, whose text has the same names. MESH_INVALID_ARGUMENT for any other message. */
MESH_MUST_USE MESH_API enum mesh_status mesh_troupe_read_status(const struct mesh_message *message,
                                                                struct mesh_troupe_status *out);

/* ---- workers ---- */

/* Of a worker's state; all of it is the pattern's. */
struct mesh_worker {
    struct mesh_address troupe; /* none while it works for nobody */
    bool in_job;                /* a handler has a job in hand */
    bool goes_on;               /* it has a job that is not over when its handler returns */
};

/* Calls the handler, and tells the troupe when a job is over. Alone, without a troupe, a worker is an actor like any other. */
MESH_MUST_USE MESH_API enum mesh_verdict mesh_worker_receive(
    struct mesh_actor *self, const struct mesh_message *message, void *state, struct mesh_worker *worker,
    enum mesh_verdict (*receive)(struct mesh_actor *self, const struct mesh_message *message, void *state));

/* In the handler of a job: it goes on when that has returned; the worker gets no other one until mesh_worker_finish. */
MESH_API void mesh_worker_go_on(struct mesh_worker *worker);

/* The job is over. Without one it does nothing. As mesh_send. */
MESH_MUST_USE MESH_API enum mesh_status mesh_worker_finish(struct mesh_actor *self, struct mesh_worker *worker);

/* What passes between them, for workers that have no mesh_worker_receive. A troupe hires its worker, and asks whether a job has failed or killed
 * it; a worker is ready for the next job, or, if that has a byte of content, for none. */
#define MESH_TROUPE_HIRE "mesh.troupe.hire"
#define MESH_TROUPE_READY "mesh.troupe.ready"

#endif
