/* Troupes: <mesh/troupe.h>. What a troupe knows of a worker:
 *
 *   STARTING --ready--> IDLE --a job--> BUSY --ready--> IDLE       any of them --asked to exit--> LEAVING --its end--> gone
 *
 * Jobs stay here until they are over, so that one whose worker dies can be given to another, and all answers pass through here, so that none is
 * given twice.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <inttypes.h>
#include <mesh/dispatch.h>
#include <mesh/troupe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WORKERS = 10,
    IDLE_WORKERS = 2,
    IDLE_MS = 2000,
    JOBS_MAX = 10000,
    JOBS_BYTES_MAX = 64 << 20,
    LIVES_MAX = 3,    /* that one job may cost */
    START_MS = 60000, /* in which a worker must be ready; creating it may take 50 s (C2) */
    AGAIN_MS = 1000,  /* until the next try, when no worker could be created, or nothing be sent to one */
    GONE_MAX = 32,    /* former workers whose late answers are known */
    STATUS_BYTES = 256,
};

struct job {
    struct job *next;
    struct mesh_message *message;
    size_t bytes;
    unsigned lives; /* that it has cost */
    bool answered;
};

enum worker_state { STARTING, IDLE, BUSY, LEAVING };

struct worker {
    struct mesh_address address;
    enum worker_state state;
    struct job *job;
    char *failure;  /* of the job, when that has come back */
    uint64_t since; /* so many were idle before it was */
    uint64_t timer; /* 0 for none: when it is late, or idle for too long */
};

struct troupe {
    const struct mesh_troupe *declared;
    uint32_t max, idle;
    struct mesh_address employer; /* the troupe that it is a worker of */
    struct worker *workers;
    uint32_t workers_count, workers_room;
    struct job *first, **last; /* those that wait */
    size_t waiting, waiting_bytes;
    uint64_t done, failed, given_back, idled;
    struct mesh_address gone[GONE_MAX];
    size_t gone_at;
    bool paused; /* no worker is created before a timer has come */
    bool leaves; /* it has to exit */
    bool exits;  /* it does */
};

static struct troupe *troupe_of(void *state) {
    return *(struct troupe **)state;
}

static size_t or_else(size_t declared, size_t otherwise) {
    return declared > 0 ? declared : otherwise;
}

/* ---- jobs ---- */

static void push_front(struct troupe *troupe, struct job *job) {
    job->next = troupe->first;
    troupe->first = job;
    troupe->last = job->next ? troupe->last : &job->next;
    troupe->waiting++;
    troupe->waiting_bytes += job->bytes;
}

static void push_back(struct troupe *troupe, struct job *job) {
    *troupe->last = job;
    troupe->last = &job->next;
    troupe->waiting++;
    troupe->waiting_bytes += job->bytes;
}

static struct job *pop_front(struct troupe *troupe) {
    struct job *job = troupe->first;
    if (job) {
        troupe->first = job->next;
        troupe->last = job->next ? troupe->last : &troupe->first;
        job->next = NULL;
        troupe->waiting--;
        troupe->waiting_bytes -= job->bytes;
    }
    return job;
}

/* It is over. The troupe that employs this one may have the next; when it cannot be told, the end of this one tells it. */
static void end_job(struct mesh_actor *self, struct troupe *troupe, struct job *job) {
    bool employed = mesh_address_equal(mesh_message_sender(job->message), troupe->employer);
    mesh_message_release(&job->message);
    free(job);
    if (employed && !troupe->exits) {
        enum mesh_status status = mesh_send(self, troupe->employer, MESH_TROUPE_READY, NULL, 0);
        troupe->leaves = troupe->leaves || status != MESH_OK;
    }
}

static void fail_job(struct mesh_actor *self, struct troupe *troupe, struct job *job, const char *text) {
    enum mesh_status status = mesh_reply_failure(self, job->message, "%s", text);
    if (status != MESH_OK) {
        mesh_log(self, MESH_LOG_ERROR, "nobody is told that a job has failed (%s): %s", text, mesh_status_text(status));
    }
    troupe->failed++;
    end_job(self, troupe, job);
}

static void fail_waiting(struct mesh_actor *self, struct troupe *troupe, const char *text) {
    for (struct job *job; (job = pop_front(troupe));) {
        fail_job(self, troupe, job, text);
    }
}

/* ---- workers ---- */

static struct worker *find(const struct troupe *troupe, struct mesh_address address) {
    for (uint32_t i = 0; i < troupe->workers_count; i++) {
        if (mesh_address_equal(troupe->workers[i].address, address)) {
            return &troupe->workers[i];
        }
    }
    return NULL;
}

static bool is_gone(const struct troupe *troupe, struct mesh_address address) {
    for (size_t i = 0; i < GONE_MAX; i++) {
        if (mesh_address_equal(troupe->gone[i], address)) {
            return true;
        }
    }
    return false;
}

static uint32_t count(const struct troupe *troupe, enum worker_state state) {
    uint32_t number = 0;
    for (uint32_t i = 0; i < troupe->workers_count; i++) {
        number += troupe->workers[i].state == state;
    }
    return number;
}

/* The one that has been idle for the shortest time, so that those that are not needed have time to go. */
static struct worker *idle_worker(const struct troupe *troupe) {
    struct worker *found = NULL;
    for (uint32_t i = 0; i < troupe->workers_count; i++) {
        struct worker *worker = &troupe->workers[i];
        if (worker->state == IDLE && (!found || worker->since > found->since)) {
            found = worker;
        }
    }
    return found;
}

static void cancel_timer(struct mesh_actor *self, struct worker *worker) {
    if (worker->timer != 0) {
        mesh_cancel_wakeup(self, worker->timer); /* one that is on its way is known by its number when it comes */
        worker->timer = 0;
    }
}

/* Without a timer a worker that is late is waited for, and one that is idle stays. */
static void set_timer(struct mesh_actor *self, struct worker *worker, uint64_t delay_ms) {
    cancel_timer(self, worker);
    enum mesh_status status = mesh_wakeup(self, delay_ms, &worker->address, sizeof worker->address, &worker->timer);
    if (status != MESH_OK) {
        mesh_log(self, MESH_LOG_WARNING, "no timer for a worker: %s", mesh_status_text(status));
    }
}

static void dismiss(struct mesh_actor *self, struct worker *worker) {
    if (mesh_request_exit(self, worker->address, false) == MESH_OK) {
        cancel_timer(self, worker);
        worker->state = LEAVING;
    } else {
        set_timer(self, worker, AGAIN_MS);
    }
}

/* No worker is created for a moment. */
static void pause_creation(struct mesh_actor *self, struct troupe *troupe) {
    if (!troupe->paused) {
        troupe->paused = mesh_wakeup(self, AGAIN_MS, NULL, 0, NULL) == MESH_OK;
    }
}

/* While there is another worker the jobs are left to that. */
static void on_not_started(struct mesh_actor *self, struct troupe *troupe, const char *text) {
    mesh_log(self, MESH_LOG_WARNING, "no worker of type %s: %s", troupe->declared->worker, text);
    pause_creation(self, troupe);
    if (troupe->workers_count == count(troupe, LEAVING)) {
        fail_waiting(self, troupe, text);
    }
}

static bool make_room(struct troupe *troupe) {
    if (troupe->workers_count < troupe->workers_room) {
        return true;
    }
    uint32_t room = troupe->workers_room > 0 ? 2 * troupe->workers_room : WORKERS;
    struct worker *grown = realloc(troupe->workers, room * sizeof *grown);
    if (grown) {
        troupe->workers = grown;
        troupe->workers_room = room;
    }
    return grown != NULL;
}

static bool create_worker(struct mesh_actor *self, struct troupe *troupe) {
    struct worker worker = {.state = STARTING};
    enum mesh_status status = make_room(troupe) ? MESH_OK : MESH_NO_MEMORY;
    if (status == MESH_OK) {
        status = mesh_create(self, troupe->declared->worker, troupe->declared->options, &worker.address);
    }
    if (status != MESH_OK) {
        on_not_started(self, troupe, mesh_status_text(status));
        return false;
    }
    struct worker *created = &troupe->workers[troupe->workers_count++];
    *created = worker;
    set_timer(self, created, START_MS);
    if (mesh_send(self, worker.address, MESH_TROUPE_HIRE, NULL, 0) != MESH_OK) {
        pause_creation(self, troupe);
        dismiss(self, created);
        return false;
    }
    return true;
}

/* What a job waits for here is known by the end of its worker, not by its expiry. */
static bool give(struct mesh_actor *self, struct troupe *troupe, struct worker *worker) {
    static const struct mesh_send_options options = {.expiry_ms = UINT32_MAX, .no_wait = true};
    const struct mesh_message *message = troupe->first->message;
    size_t bytes;
    const void *data = mesh_message_data(message, &bytes);
    if (mesh_send_with(self, worker->address, mesh_message_type(message), data, bytes, &options) != MESH_OK) {
        pause_creation(self, troupe); /* after that it is tried again */
        return false;
    }
    cancel_timer(self, worker);
    worker->state = BUSY;
    worker->job = pop_front(troupe);
    return true;
}

/* Gives the jobs that wait to those that are idle, and creates one more for each that is left, as far as it may. */
static void spread(struct mesh_actor *self, struct troupe *troupe) {
    struct worker *worker;
    while (troupe->first && (worker = idle_worker(troupe)) && give(self, troupe, worker)) {
    }
    while (!troupe->paused && !troupe->leaves && troupe->workers_count < troupe->max &&
           count(troupe, STARTING) + count(troupe, IDLE) < troupe->waiting && create_worker(self, troupe)) {
    }
}

/* Those that are too many go at once, those that are idle beyond the limit after a while. */
static void settle_down(struct mesh_actor *self, struct troupe *troupe) {
    uint32_t idle = count(troupe, IDLE), staying = troupe->workers_count - count(troupe, LEAVING);
    for (uint32_t i = 0; i < troupe->workers_count; i++) {
        struct worker *worker = &troupe->workers[i];
        if (worker->state == IDLE && staying > troupe->max) {
            dismiss(self, worker);
            staying--;
        } else if (worker->state == IDLE && worker->timer == 0 && idle > troupe->idle) {
            set_timer(self, worker, or_else(troupe->declared->idle_ms, IDLE_MS));
        }
    }
}

/* ---- what comes ---- */

static enum mesh_verdict on_job(struct mesh_actor *self, const struct mesh_message *message, struct troupe *troupe) {
    const struct mesh_troupe *declared = troupe->declared;
    size_t bytes;
    (void)mesh_message_data(message, &bytes);
    if (troupe->waiting >= or_else(declared->jobs_max, JOBS_MAX) ||
        (troupe->waiting > 0 && troupe->waiting_bytes + bytes > or_else(declared->jobs_bytes_max, JOBS_BYTES_MAX))) {
        return mesh_fail(self, "the troupe is full: %zu jobs of %zu bytes wait", troupe->waiting,
                         troupe->waiting_bytes);
    }
    struct job *job = calloc(1, sizeof *job);
    struct mesh_message *copy = job ? mesh_message_copy(message) : NULL;
    if (!copy) {
        free(job);
        return mesh_fail(self, "no memory for a job");
    }
    job->message = copy;
    job->bytes = bytes;
    push_back(troupe, job);
    spread(self, troupe);
    return MESH_DONE;
}

/* When it is ready again the job has failed for that reason, unless it was answered. Without memory there is no reason. */
static bool note_failure(struct worker *worker, const char *text) {
    free(worker->failure);
    worker->failure = strdup(text);
    return worker->failure != NULL;
}

/* What a worker says while it has a job is the answer to that. */
static enum mesh_verdict on_answer(struct mesh_actor *self, const struct mesh_message *message, struct worker *worker) {
    size_t bytes;
    const void *data = mesh_message_data(message, &bytes);
    if (!worker->job) {
        return mesh_fail(self, "a worker without a job has nobody here to answer to");
    }
    enum mesh_status status = mesh_reply(self, worker->job->message, mesh_message_type(message), data, bytes);
    if (status != MESH_OK) {
        (void)note_failure(worker, "its answer could not be passed on");
        return mesh_fail(self, "an answer cannot be passed on: %s", mesh_status_text(status));
    }
    worker->job->answered = true;
    return MESH_DONE;
}

static enum mesh_verdict on_message(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct troupe *troupe = troupe_of(state);
    struct mesh_address sender = mesh_message_sender(message);
    struct worker *worker = find(troupe, sender);
    if (worker) {
        return on_answer(self, message, worker);
    }
    if (is_gone(troupe, sender)) {
        mesh_log(self, MESH_LOG_INFO, "the answer of a worker that is gone comes too late");
        return MESH_DONE;
    }
    return on_job(self, message, troupe);
}

static enum mesh_verdict on_ready(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct troupe *troupe = troupe_of(state);
    struct worker *worker = find(troupe, mesh_message_sender(message));
    if (!worker) {
        return MESH_DONE; /* it is gone by now */
    }
    struct job *job = worker->job;
    char *failure = worker->failure;
    size_t leaves;
    (void)mesh_message_data(message, &leaves);
    worker->job = NULL;
    worker->failure = NULL;
    if (worker->state != LEAVING) {
        cancel_timer(self, worker);
        worker->state = leaves > 0 ? LEAVING : IDLE;
        worker->since = ++troupe->idled;
    }
    if (job && failure && !job->answered) {
        fail_job(self, troupe, job, failure);
    } else if (job) {
        troupe->done++;
        end_job(self, troupe, job);
    }
    free(failure);
    spread(self, troupe);
    settle_down(self, troupe);
    return MESH_DONE;
}

/* Its job has failed twice, or killed it. It is asked which: if it lives it is ready. */
static enum mesh_verdict on_poison(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct troupe *troupe = troupe_of(state);
    struct worker *worker = find(troupe, mesh_message_sender(message));
    if (!worker || !worker->job || mesh_message_is(mesh_message_inner(message), MESH_TROUPE_HIRE)) {
        return MESH_DONE; /* its end tells more; or it is the fate of an answer, whose sender has it from us */
    }
    if (!note_failure(worker, mesh_message_failure(message)) ||
        mesh_send(self, worker->address, MESH_TROUPE_HIRE, NULL, 0) != MESH_OK) {
        dismiss(self, worker); /* then the job is another's */
    }
    return MESH_DONE;
}

static void give_back(struct mesh_actor *self, struct troupe *troupe, struct job *job, const char *text) {
    char why[STATUS_BYTES];
    if (job->answered) {
        troupe->done++;
        end_job(self, troupe, job);
    } else if (++job->lives < LIVES_MAX) {
        troupe->given_back++;
        push_front(troupe, job);
    } else {
        (void)snprintf(why, sizeof why, "%d workers died of it, the last one: %s", LIVES_MAX, text);
        fail_job(self, troupe, job, why);
    }
}

static enum mesh_verdict on_end(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct troupe *troupe = troupe_of(state);
    struct mesh_exit end;
    struct worker *worker = mesh_message_exit(message, &end) == MESH_OK ? find(troupe, end.child) : NULL;
    if (!worker) {
        return MESH_DONE;
    }
    struct worker ended = *worker;
    cancel_timer(self, worker);
    *worker = troupe->workers[--troupe->workers_count];
    troupe->gone[troupe->gone_at++ % GONE_MAX] = ended.address;
    free(ended.failure);
    if (troupe->exits) {
        return MESH_DONE;
    }
    if (ended.job) {
        give_back(self, troupe, ended.job, end.text);
    }
    if (ended.state == STARTING) {
        on_not_started(self, troupe, end.text);
    }
    spread(self, troupe);
    return MESH_DONE;
}

static enum mesh_verdict on_wakeup(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct troupe *troupe = troupe_of(state);
    struct mesh_timer timer;
    struct mesh_address address = {0};
    if (mesh_message_wakeup(message, &timer) == MESH_OK && timer.bytes == sizeof address) {
        memcpy(&address, timer.data, sizeof address);
        struct worker *worker = find(troupe, address);
        if (!worker || worker->timer != timer.id) {
            return MESH_DONE;
        }
        worker->timer = 0;
        bool late = worker->state == STARTING;
        if (late || worker->state != IDLE || count(troupe, IDLE) > troupe->idle) {
            dismiss(self, worker);
        }
        if (late) {
            on_not_started(self, troupe, "it is not ready in time");
        }
    } else {
        troupe->paused = false;
    }
    spread(self, troupe);
    return MESH_DONE;
}

/* The first to be asked for jobs by the troupe that employs this one; and whether it lives. */
static enum mesh_verdict on_hire(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct troupe *troupe = troupe_of(state);
    struct mesh_address sender = mesh_message_sender(message);
    if (!mesh_address_equal(sender, mesh_parent(self))) {
        return mesh_fail(self, "only its parent hires it");
    }
    troupe->employer = sender;
    troupe->leaves = mesh_send(self, sender, MESH_TROUPE_READY, NULL, 0) != MESH_OK;
    return MESH_DONE;
}

/* ---- status and limits ---- */

/* As mesh_troupe_read_status reads it. */
static enum mesh_verdict on_status(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    const struct troupe *troupe = troupe_of(state);
    char text[STATUS_BYTES];
    uint32_t busy = 0;
    for (uint32_t i = 0; i < troupe->workers_count; i++) {
        busy += troupe->workers[i].job != NULL;
    }
    int length = snprintf(text, sizeof text,
                          "max=%" PRIu32 " idle=%" PRIu32 " workers=%" PRIu32 " busy=%" PRIu32
                          " waiting=%zu done=%" PRIu64 " failed=%" PRIu64 " given_back=%" PRIu64,
                          troupe->max, troupe->idle, troupe->workers_count, busy, troupe->waiting, troupe->done,
                          troupe->failed, troupe->given_back);
    return mesh_reply(self, message, MESH_TROUPE_STATUS, text, (size_t)length + 1) == MESH_OK ? MESH_DONE : MESH_FAILED;
}

/* Reads "NAME=NUMBER" at `*text` and what blanks follow; nothing changes when it stands not there. */
static bool read_limit(const char **text, const char *name, uint32_t *out) {
    size_t length = strlen(name);
    if (strncmp(*text, name, length) != 0 || (*text)[length] < '0' || (*text)[length] > '9') {
        return false;
    }
    char *end;
    unsigned long long number = strtoull(*text + length, &end, 10);
    if (number > MESH_TROUPE_WORKERS_MAX || (*end != ' ' && *end != 0)) {
        return false;
    }
    *out = (uint32_t)number;
    *text = end + strspn(end, " ");
    return true;
}

static enum mesh_verdict on_limits(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct troupe *troupe = troupe_of(state);
    char text[STATUS_BYTES];
    size_t bytes;
    const void *data = mesh_message_data(message, &bytes);
    (void)snprintf(text, sizeof text, "%.*s", (int)(bytes < sizeof text ? bytes : sizeof text), (const char *)data);
    const char *rest = text;
    uint32_t max = troupe->max, idle = troupe->idle;
    while (read_limit(&rest, "max=", &max) || read_limit(&rest, "idle=", &idle)) {
    }
    if (*rest || rest == text || max == 0) {
        return mesh_fail(self, "\"%s\" are no limits; such are \"max=20 idle=4\", with a max of 1 to %d", text,
                         MESH_TROUPE_WORKERS_MAX);
    }
    troupe->max = max;
    troupe->idle = idle;
    spread(self, troupe);
    settle_down(self, troupe);
    return on_status(self, message, state);
}

/* ---- beginning and end ---- */

static void drop_jobs(struct mesh_actor *self, struct troupe *troupe) {
    static const char text[] = "the troupe has exited";
    troupe->exits = true;
    for (uint32_t i = 0; i < troupe->workers_count; i++) {
        struct job *job = troupe->workers[i].job;
        troupe->workers[i].job = NULL;
        if (job && job->answered) {
            end_job(self, troupe, job);
        } else if (job) {
            fail_job(self, troupe, job, text);
        }
    }
    fail_waiting(self, troupe, text);
}

static enum mesh_verdict on_exit_request(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)message;
    drop_jobs(self, troupe_of(state));
    return MESH_DONE;
}

enum mesh_verdict mesh_troupe_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    static const struct mesh_case cases[] = {
        {.type = MESH_TROUPE_READY, .receive = on_ready},
        {.type = MESH_TROUPE_HIRE, .receive = on_hire},
        {.type = MESH_TROUPE_STATUS, .receive = on_status},
        {.type = MESH_TROUPE_LIMITS, .receive = on_limits},
        {.kind = MESH_POISON, .receive = on_poison},
        {.kind = MESH_CHILD_EXITED, .receive = on_end},
        {.kind = MESH_WAKEUP, .receive = on_wakeup},
        {.kind = MESH_EXIT_REQUEST, .receive = on_exit_request},
        {.receive = on_message},
    };
    struct troupe *troupe = troupe_of(state);
    enum mesh_verdict verdict = mesh_dispatch(self, message, state, cases);
    if (!troupe->leaves || troupe->exits) {
        return verdict;
    }
    mesh_log(self, MESH_LOG_ERROR, "its own troupe cannot be told that it is ready");
    drop_jobs(self, troupe);
    return MESH_EXIT;
}

enum mesh_verdict mesh_troupe_start(struct mesh_actor *self, void *state) {
    struct troupe *troupe = calloc(1, sizeof *troupe);
    if (!troupe) {
        return mesh_fail(self, "no memory for a troupe");
    }
    *(struct troupe **)state = troupe;
    troupe->declared = mesh_actor_user(self);
    troupe->max = (uint32_t)or_else(troupe->declared->max, WORKERS);
    troupe->idle = (uint32_t)or_else(troupe->declared->idle, IDLE_WORKERS);
    troupe->last = &troupe->first;
    if (troupe->max > MESH_TROUPE_WORKERS_MAX) {
        return mesh_fail(self, "a troupe has %d workers at most", MESH_TROUPE_WORKERS_MAX);
    }
    const struct mesh_create_options *options = troupe->declared->options;
    return !options || (options->on_failure == MESH_STOP && !options->detached && !options->name)
               ? MESH_DONE
               : mesh_fail(self, "the workers of a troupe have no names, are not detached, and stop when they fail");
}

void mesh_troupe_stop(struct mesh_actor *self, void *state) {
    struct troupe *troupe = troupe_of(state);
    (void)self;
    if (troupe) {
        for (uint32_t i = 0; i < troupe->workers_count; i++) {
            free(troupe->workers[i].failure);
        }
        free(troupe->workers);
        free(troupe);
    }
}
