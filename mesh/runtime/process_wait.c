/* How a process waits: for its descriptors, those that it watches for others, and whoever wakes it.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/process_inside.h"
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/eventfd.h>

static bool make_room(struct process *process, size_t wanted) {
    if (wanted <= process->polled_room) {
        return true;
    }
    struct pollfd *polled = realloc(process->polled, wanted * 2 * sizeof *polled);
    if (!polled) {
        return false;
    }
    process->polled = polled;
    process->polled_room = wanted * 2;
    return true;
}

/* The wake-up and the watched descriptors come first, then those of the transport. */
static size_t fill_polled(struct process *process) {
    size_t own = 1 + process->watches_count;
    if (!make_room(process, own)) {
        return 0;
    }
    size_t room = process->polled_room - own;
    size_t others = transport_descriptors(process->transport, process->polled + own, room);
    if (others > room) {
        if (!make_room(process, own + others)) {
            return 0;
        }
        others = transport_descriptors(process->transport, process->polled + own, others);
    }
    process->polled[0] = (struct pollfd){.fd = process->wake_fd, .events = POLLIN};
    for (size_t i = 0; i < process->watches_count; i++) {
        process->polled[1 + i] = (struct pollfd){.fd = process->watches[i].fd, .events = POLLIN};
    }
    return own + others;
}

/* The count is read before the flag is lowered: a wake-up in between finds the flag up and is seen by this turn; one whose write is
 * still to come leaves the descriptor readable for the next. */
static void drain_wake(struct process *process) {
    eventfd_t count;
    (void)eventfd_read(process->wake_fd, &count);
    (void)atomic_exchange(&process->woken, false);
}

/* A callback may watch and unwatch: what was ready is looked up again by its descriptor. */
static void call_watches(struct process *process, size_t watched) {
    for (size_t i = 0; i < watched; i++) {
        int fd = process->polled[1 + i].fd;
        if (process->polled[1 + i].revents == 0) {
            continue;
        }
        for (size_t w = 0; w < process->watches_count; w++) {
            if (process->watches[w].fd == fd) {
                process->watches[w].ready(process->watches[w].user, fd);
                break;
            }
        }
    }
}

/* Polls for so long at most; looks a few times before it sleeps when that is likely to pay. On real time whatever the process's own clock. */
static int poll_for(struct process *process, size_t count, uint64_t span_ns) {
    uint64_t began_ns = clock_now_ns(), at_ns = began_ns;
    uint64_t until_ns = time_min(linger_until(&process->linger, began_ns), time_add(began_ns, span_ns));
    bool again = at_ns < until_ns;
    int ready = 0;
    while (again && ready == 0) {
        ready = poll(process->polled, count, 0);
        if (ready == 0) {
            uint64_t looked_ns = clock_now_ns();
            (void)sched_yield();
            at_ns = clock_now_ns();
            again = linger_go_on(&process->linger, looked_ns, at_ns) && at_ns < until_ns;
        }
    }
    if (ready == 0) {
        ready = poll(process->polled, count, time_ms_round_up(span_ns));
    }
    int number = errno;
    linger_waited(&process->linger, began_ns, clock_now_ns());
    errno = number;
    return ready;
}

enum mesh_status process_wait(struct process *process, uint64_t until_ns) {
    size_t count = fill_polled(process);
    size_t watched = process->watches_count;
    uint64_t now_ns = process_now(process);
    uint64_t span_ns = until_ns == TIME_NEVER ? TIME_NEVER : time_left(now_ns, until_ns);
    process->waiting = true;
    process_unlock(process);
    int ready = poll_for(process, count, span_ns);
    int number = errno;
    process_lock(process);
    process->waiting = false;
    if (ready > 0 && count > 0 && process->polled[0].revents != 0) {
        drain_wake(process);
    }
    if (ready > 0 && count > 0) {
        call_watches(process, watched);
    }
    if (ready > 0 || count == 0) {
        transport_polled(process->transport, count > 0 ? process->polled + 1 + watched : NULL);
    }
    return ready < 0 && number == EINTR ? MESH_INTERRUPTED : MESH_OK;
}
