/* Agenda: what happens later in a simulated world, in the order of time; at one time in the order of entry.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef SIM_AGENDA_H
#define SIM_AGENDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct world;
struct packet;

/* One thing to come. What the numbers mean is the affair of `run`. */
struct errand {
    uint64_t at_ns, order;
    void (*run)(struct world *world, const struct errand *errand);
    uint64_t incarnation; /* of the process that it is for, or 0 */
    size_t process, actor, other;
    uint64_t number;
    unsigned life; /* of the actor */
    struct packet *packet;
};

struct agenda {
    struct errand *heap;
    size_t count, room;
    uint64_t order;
};

void agenda_add(struct agenda *agenda, struct errand errand);

/* False when the agenda is empty. */
bool agenda_next(struct agenda *agenda, struct errand *out);

void agenda_fini(struct agenda *agenda);

#endif
