/* Driving: which of a process's threads runs its turns.
 *
 * Exactly one thread at a time runs process_turn. A thread that waits for something runs the turns itself, so that
 * an answer wakes the very thread that wants it. The others sleep: after each turn the driver looks what they wait for
 * and calls those for whom it is there, and when it leaves it calls one of them to drive, so that of a hundred threads
 * that wait only the one concerned wakes up.
 *
 *   nobody --a thread waits--> that thread --what it waited for is there--> nobody --10 ms--> standby
 *      ^                                                                                        |
 *      '------------------------ a thread wants to drive: the standby leaves -------------------'
 *
 * A program has a standby thread, which takes over when nobody has driven for 10 to 50 ms, so that acks, repetitions and
 * what comes in go on while the program computes. A host's main thread drives between its handlers; it has a standby when other
 * threads of it send.
 *
 * What several sends gather is sent at once when the last flush is 50 us ago, else by the driver, who is woken once:
 * a lone message never waits, and many go out together.
 *
 * All functions are called with the process's baton held, but for start and stop. Rules A7, D7, D13.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_DRIVE_H
#define MESH_RUNTIME_DRIVE_H

#include "mesh/base/list.h"
#include "mesh/runtime/process.h"
#include <pthread.h>
#include <semaphore.h>

/* A thread that sleeps until it is called. A semaphore, unlike a condition, lets a signal end the sleep (D13). */
struct drive_sleeper {
    struct list_node place; /* among those that wait while another drives */
    sem_t semaphore;
    bool called;
    bool (*ready)(void *user); /* NULL: called after every turn */
    void *user;
};

struct drive {
    struct process *process;
    struct list waiting;           /* threads that wait while another drives */
    struct drive_sleeper deserted; /* the standby: nobody drives, or nobody may any more */
    pthread_t standby;
    bool has_standby, stopping;
    bool driving;        /* a thread is in process_turn */
    bool by_standby;     /* it is the standby, which leaves when somebody else wants to drive */
    bool gathered;       /* something waits for the driver's flush, who has been woken for it */
    bool urgent;         /* the standby is to take over at once */
    bool standby_idle;   /* the standby sleeps until somebody leaves */
    uint64_t entered_ns; /* when the present driver began to wait */
    uint64_t left_ns;    /* when somebody last drove */
    uint64_t seen_ns;    /* that, when the standby last looked */
    uint64_t look_ns;    /* how long it sleeps until it looks again */
    uint64_t flushed_ns;
    size_t gathered_bytes; /* submitted since then */
    bool pausing;          /* the standby lets what is being sent gather, and sends what is left when it wakes */
};

MESH_MUST_USE enum mesh_status drive_init(struct drive *drive, struct process *process);
void drive_fini(struct drive *drive);

/* Starts and ends the standby thread; it blocks all signals, which so reach the program's own threads. To stop it, without the
 * baton. MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status drive_start_standby(struct drive *drive);
void drive_stop_standby(struct drive *drive);

/* Runs turns, or lets another thread run them, until `ready`: MESH_OK, MESH_TIMED_OUT, or MESH_INTERRUPTED by a
 * signal. Whichever thread drives calls `ready`, with the baton held. */
MESH_MUST_USE enum mesh_status drive_until(struct drive *drive, bool (*ready)(void *user), void *user,
                                           uint64_t until_ns);

/* The caller has changed what other threads may wait for. */
void drive_changed(struct drive *drive);

/* One turn, by this thread or another; waits until `until_ns` at most. MESH_INTERRUPTED by a signal. */
enum mesh_status drive_turn(struct drive *drive, uint64_t until_ns);

/* Something of so many bytes was submitted: sends it, or sees to it that the driver does. */
void drive_submitted(struct drive *drive, size_t bytes);

/* The same for a handler: it leaves when the handler returns, or when there is enough for a batch. */
void drive_gather(struct drive *drive, size_t bytes);

#endif
