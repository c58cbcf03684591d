/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/drive.h"

#include "mesh/base/time.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#define STANDBY_AFTER_NS UINT64_C(10000000)
#define GATHER_NS UINT64_C(50000)
#define PAUSE_NS UINT64_C(400000)
#define PAUSE_MAX_NS UINT64_C(5000000)

enum mesh_status drive_init(struct drive *drive, struct process *process) {
    *drive = (struct drive){.process = process};
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0) {
        return MESH_NO_MEMORY;
    }
    bool made = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
                pthread_cond_init(&drive->changed, &attributes) == 0 &&
                pthread_cond_init(&drive->deserted, &attributes) == 0 && pthread_mutex_init(&drive->mutex, NULL) == 0;
    (void)pthread_condattr_destroy(&attributes);
    return made ? MESH_OK : MESH_NO_MEMORY;
}

void drive_fini(struct drive *drive) {
    (void)pthread_mutex_destroy(&drive->mutex);
    (void)pthread_cond_destroy(&drive->changed);
    (void)pthread_cond_destroy(&drive->deserted);
}

/* Lets go of the baton while it waits. The mutex is taken before, so that no signal of a baton holder is missed. */
static void wait_for(struct drive *drive, pthread_cond_t *condition, uint64_t until_ns) {
    (void)pthread_mutex_lock(&drive->mutex);
    process_unlock(drive->process);
    if (until_ns == TIME_NEVER) {
        (void)pthread_cond_wait(condition, &drive->mutex);
    } else {
        struct timespec until = {.tv_sec = (time_t)(until_ns / 1000000000), .tv_nsec = (long)(until_ns % 1000000000)};
        (void)pthread_cond_timedwait(condition, &drive->mutex, &until);
    }
    (void)pthread_mutex_unlock(&drive->mutex);
    process_lock(drive->process);
}

static void tell(struct drive *drive, pthread_cond_t *condition) {
    (void)pthread_mutex_lock(&drive->mutex);
    (void)pthread_cond_broadcast(condition);
    (void)pthread_mutex_unlock(&drive->mutex);
}

static enum mesh_status take_turn(struct drive *drive, uint64_t until_ns) {
    drive->driving = true;
    drive->gathered = false;
    enum mesh_status status = process_turn(drive->process, until_ns);
    drive->driving = false;
    drive->left_ns = drive->flushed_ns = process_now(drive->process);
    drive->gathered_bytes = 0;
    if (drive->waiting > 0) {
        tell(drive, &drive->changed);
    }
    return status;
}

static void await_turn(struct drive *drive, uint64_t until_ns) {
    drive->waiting++;
    if (drive->by_standby) {
        process_wake(drive->process);
    }
    wait_for(drive, &drive->changed, until_ns);
    drive->waiting--;
}

/* Nobody drives from here on: a standby that has gone to sleep begins to count. */
static void leave(struct drive *drive) {
    if (drive->standby_idle) {
        drive->standby_idle = false;
        tell(drive, &drive->deserted);
    }
}

enum mesh_status drive_turn(struct drive *drive, uint64_t until_ns) {
    if (drive->driving) {
        await_turn(drive, until_ns);
        return MESH_OK;
    }
    return take_turn(drive, until_ns);
}

enum mesh_status drive_until(struct drive *drive, bool (*ready)(void *user), void *user, uint64_t until_ns) {
    enum mesh_status status = MESH_OK;
    if (!drive->driving) {
        drive->entered_ns = process_now(drive->process);
    }
    while (!ready(user)) {
        if (status != MESH_OK) {
            break;
        }
        if (until_ns != TIME_NEVER && process_now(drive->process) >= until_ns) {
            status = MESH_TIMED_OUT;
            break;
        }
        status = drive_turn(drive, until_ns);
    }
    leave(drive);
    return ready(user) ? MESH_OK : status;
}

static void flush(struct drive *drive, uint64_t now_ns) {
    process_flush(drive->process, false);
    drive->flushed_ns = now_ns;
    drive->gathered_bytes = 0;
}

void drive_gather(struct drive *drive, size_t bytes) {
    drive->gathered_bytes += bytes;
    if (drive->gathered_bytes >= FRAME_BATCH_BYTES) {
        flush(drive, drive->flushed_ns);
    }
}

void drive_submitted(struct drive *drive, uint64_t now_ns, size_t bytes) {
    drive->gathered_bytes += bytes;
    bool nobody = !drive->driving && !drive->has_standby;
    if (nobody || drive->gathered_bytes >= FRAME_BATCH_BYTES) {
        flush(drive, now_ns);
    } else if (drive->gathered || drive->pausing) {
        return; /* somebody sends it in a moment */
    } else if (now_ns > drive->flushed_ns + GATHER_NS) {
        flush(drive, now_ns);
    } else if (drive->driving) {
        drive->gathered = true;
        process_wake(drive->process);
    } else {
        drive->gathered = true;
        drive->urgent = true;
        tell(drive, &drive->deserted);
    }
}

/* ---- the standby ---- */

/* While others send, and by themselves send what makes a batch, the next turn comes only when they stop, or after a while. */
static void pause_for_senders(struct drive *drive, bool sending) {
    uint64_t began_ns = process_now(drive->process), now_ns = began_ns;
    drive->pausing = sending;
    while (sending && drive->waiting == 0 && !drive->stopping && now_ns - began_ns < PAUSE_MAX_NS) {
        uint64_t flushed_ns = drive->flushed_ns;
        wait_for(drive, &drive->deserted, now_ns + PAUSE_NS);
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
        wait_for(drive, &drive->deserted, TIME_NEVER);
    } else if (drive->driving || drive->waiting > 0 || (!drive->urgent && now_ns - drive->left_ns < STANDBY_AFTER_NS)) {
        wait_for(drive, &drive->deserted, now_ns + STANDBY_AFTER_NS);
    } else {
        drive->urgent = false;
        drive->by_standby = true;
        bool sending = drive->gathered_bytes > 0;
        (void)take_turn(drive, TIME_NEVER);
        drive->by_standby = false;
        pause_for_senders(drive, sending || drive->gathered);
        /* Who drives as the standby need not wait 10 ms for itself, unless somebody else wants to. */
        drive->left_ns = drive->waiting > 0 ? drive->left_ns : 0;
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
    tell(drive, &drive->deserted);
    process_wake(drive->process);
    process_unlock(drive->process);
    (void)pthread_join(drive->standby, NULL);
    drive->has_standby = false;
}
