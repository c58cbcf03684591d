/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/drive.h"

#include "mesh/base/time.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#define STANDBY_AFTER_NS UINT64_C(10000000)
#define STANDBY_MAX_NS UINT64_C(40000000)
#define GATHER_NS UINT64_C(50000)
#define PAUSE_NS UINT64_C(400000)
#define PAUSE_MAX_NS UINT64_C(5000000)

/* ---- sleeping ---- */

static enum mesh_status sleeper_init(struct drive_sleeper *sleeper) {
    list_node_init(&sleeper->place);
    return sem_init(&sleeper->semaphore, 0, 0) == 0 ? MESH_OK : MESH_NO_MEMORY;
}

static void call(struct drive_sleeper *sleeper) {
    if (!sleeper->called) {
        sleeper->called = true;
        (void)sem_post(&sleeper->semaphore);
    }
}

/* Lets go of the baton meanwhile; a call that came before is not missed. */
static enum mesh_status sleep_until(struct drive *drive, struct drive_sleeper *sleeper, uint64_t until_ns) {
    struct timespec until = {.tv_sec = (time_t)(until_ns / NS_PER_S), .tv_nsec = (long)(until_ns % NS_PER_S)};
    process_unlock(drive->process);
    int failed = until_ns == TIME_NEVER ? sem_wait(&sleeper->semaphore)
                                        : sem_clockwait(&sleeper->semaphore, CLOCK_MONOTONIC, &until);
    bool interrupted = failed && errno == EINTR;
    process_lock(drive->process);
    sleeper->called = sleeper->called && failed;
    return interrupted ? MESH_INTERRUPTED : MESH_OK;
}

enum mesh_status drive_init(struct drive *drive, struct process *process) {
    *drive = (struct drive){.process = process};
    list_init(&drive->waiting);
    return sleeper_init(&drive->deserted);
}

void drive_fini(struct drive *drive) {
    (void)sem_destroy(&drive->deserted.semaphore);
}

/* ---- turns ---- */

static void call_ready(struct drive *drive) {
    LIST_EACH (&drive->waiting, node, after) {
        struct drive_sleeper *sleeper = LIST_OWNER(node, struct drive_sleeper, place);
        if (!sleeper->ready || sleeper->ready(sleeper->user)) {
            call(sleeper);
        }
    }
}

static enum mesh_status take_turn(struct drive *drive, uint64_t until_ns) {
    drive->driving = true;
    drive->gathered = false;
    enum mesh_status status = process_turn(drive->process, until_ns);
    drive->driving = false;
    drive->left_ns = drive->flushed_ns = process_now(drive->process);
    drive->gathered_bytes = 0;
    call_ready(drive);
    return status;
}

static enum mesh_status await_turn(struct drive *drive, bool (*ready)(void *user), void *user, uint64_t until_ns) {
    struct drive_sleeper sleeper = {.ready = ready, .user = user};
    enum mesh_status status = sleeper_init(&sleeper);
    if (status != MESH_OK) {
        return status;
    }
    list_push_back(&drive->waiting, &sleeper.place);
    if (drive->by_standby) {
        process_wake(drive->process);
    }
    status = sleep_until(drive, &sleeper, until_ns);
    list_remove(&sleeper.place);
    (void)sem_destroy(&sleeper.semaphore);
    return status;
}

/* Nobody drives from here on: who waits longest is called to, and a standby that has gone to sleep begins to count. */
static void leave(struct drive *drive) {
    if (!drive->driving && !list_is_empty(&drive->waiting)) {
        call(LIST_OWNER(list_front(&drive->waiting), struct drive_sleeper, place));
    }
    if (drive->standby_idle) {
        drive->standby_idle = false;
        call(&drive->deserted);
    }
}

/* Whoever drives looks for itself at the end of its turn. */
void drive_changed(struct drive *drive) {
    call_ready(drive);
    if (drive->driving) {
        process_wake(drive->process);
    }
}

enum mesh_status drive_turn(struct drive *drive, uint64_t until_ns) {
    enum mesh_status status = MESH_OK;
    if (drive->driving) {
        (void)await_turn(drive, NULL, NULL, until_ns);
    } else {
        status = take_turn(drive, until_ns);
    }
    leave(drive);
    return status;
}

enum mesh_status drive_until(struct drive *drive, bool (*ready)(void *user), void *user, uint64_t until_ns) {
    enum mesh_status status = MESH_OK;
    if (!drive->driving) {
        drive->entered_ns = process_now(drive->process);
    }
    while (status == MESH_OK && !ready(user)) {
        if (until_ns != TIME_NEVER && process_now(drive->process) >= until_ns) {
            status = MESH_TIMED_OUT;
        } else {
            status = drive->driving ? await_turn(drive, ready, user, until_ns) : take_turn(drive, until_ns);
        }
    }
    leave(drive);
    return ready(user) ? MESH_OK : status;
}

static void flush(struct drive *drive) {
    process_flush(drive->process, false);
    drive->flushed_ns = process_now(drive->process);
    drive->gathered_bytes = 0;
}

void drive_gather(struct drive *drive, size_t bytes) {
    drive->gathered_bytes += bytes;
    if (drive->gathered_bytes >= FRAME_BATCH_BYTES) {
        flush(drive);
    }
}

void drive_submitted(struct drive *drive, size_t bytes) {
    drive->gathered_bytes += bytes;
    bool nobody = !drive->driving && !drive->has_standby;
    if (nobody || drive->gathered_bytes >= FRAME_BATCH_BYTES) {
        flush(drive);
    } else if (drive->gathered || (drive->pausing && !drive->driving)) {
        return; /* somebody sends it in a moment; a driver who came while the standby pauses must be woken for it */
    } else if (process_now(drive->process) > drive->flushed_ns + GATHER_NS) {
        flush(drive);
    } else if (drive->driving) {
        drive->gathered = true;
        process_wake(drive->process);
    } else {
        drive->gathered = true;
        drive->urgent = true;
        call(&drive->deserted);
    }
}

/* ---- the standby ---- */

/* While others send, and by themselves send what makes a batch, the next turn comes only when they stop, or after a while. */
static void pause_for_senders(struct drive *drive, bool sending) {
    uint64_t began_ns = process_now(drive->process), now_ns = began_ns;
    drive->pausing = sending;
    while (sending && list_is_empty(&drive->waiting) && !drive->stopping && now_ns - began_ns < PAUSE_MAX_NS) {
        uint64_t flushed_ns = drive->flushed_ns;
        (void)sleep_until(drive, &drive->deserted, now_ns + PAUSE_NS);
        now_ns = process_now(drive->process);
        sending = drive->flushed_ns != flushed_ns;
    }
    drive->pausing = false;
}

static void stand_by(struct drive *drive) {
    uint64_t now_ns = process_now(drive->process);
    if (drive->driving && now_ns - drive->entered_ns >= STANDBY_AFTER_NS) {
        /* Only a driver who waits long tells the standby that it leaves: many short waits must not wake it each time. */
        drive->standby_idle = true;
        (void)sleep_until(drive, &drive->deserted, TIME_NEVER);
    } else if (drive->driving || !list_is_empty(&drive->waiting) ||
               (!drive->urgent && now_ns - drive->left_ns < STANDBY_AFTER_NS)) {
        /* While others drive again and again it looks ever more seldom: each look is felt by one of a hundred asks. */
        bool again = drive->left_ns != drive->seen_ns;
        drive->look_ns = again ? time_min(drive->look_ns + STANDBY_AFTER_NS, STANDBY_MAX_NS) : STANDBY_AFTER_NS;
        drive->seen_ns = drive->left_ns;
        (void)sleep_until(drive, &drive->deserted, now_ns + drive->look_ns);
    } else {
        drive->urgent = false;
        drive->by_standby = true;
        bool sending = drive->gathered_bytes > 0;
        (void)take_turn(drive, TIME_NEVER);
        drive->by_standby = false;
        leave(drive);
        pause_for_senders(drive, sending || drive->gathered);
        /* Who drives as the standby need not wait 10 ms for itself, unless somebody else wants to. */
        drive->left_ns = !list_is_empty(&drive->waiting) ? drive->left_ns : 0;
    }
}

static void *run_standby(void *user) {
    struct drive *drive = user;
    process_lock(drive->process);
    while (!drive->stopping) {
        stand_by(drive);
    }
    process_unlock(drive->process);
    return NULL;
}

enum mesh_status drive_start_standby(struct drive *drive) {
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&drive->standby, NULL, run_standby, drive);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    drive->has_standby = failed == 0;
    return failed == 0 ? MESH_OK : MESH_NO_MEMORY;
}

void drive_stop_standby(struct drive *drive) {
    if (!drive->has_standby) {
        return;
    }
    process_lock(drive->process);
    drive->stopping = true;
    call(&drive->deserted);
    process_wake(drive->process);
    process_unlock(drive->process);
    (void)pthread_join(drive->standby, NULL);
    drive->has_standby = false;
}
