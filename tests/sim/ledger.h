/* Ledger: what the world knows of every message that was ever accepted, kept outside the cores.
 *
 * A message's payload begins with its number; the rest follows from the number. So a payload that reaches a handler
 * names its entry, and the entry says what it must look like, where it came from and where it must be.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef SIM_LEDGER_H
#define SIM_LEDGER_H

#include "proto/frame.h"

enum ledger_state {
    LEDGER_OPEN,
    LEDGER_SETTLED,
    LEDGER_ABANDONED, /* its sender was given up */
    LEDGER_ORPHANED,  /* its sender's process is dead */
};

struct ledger_entry {
    size_t sender, target, bytes, process;
    uint64_t incarnation, deadline_ns, content; /* of the sender's process; what the payload begins with */
    uint64_t begun_in;                          /* the process whose handler was shown it last */
    enum frame_kind kind;
    enum ledger_state state;
    enum frame_outcome outcome, verdict;
    enum frame_reason reason;
    bool maybe, begun, finished, urgent, wired, unclaimed;
    bool guessed; /* that it was settled as handled: so many of its sender's were when that was given up */
};

struct ledger_counts {
    uint64_t accepted, handled, returned, dead, abandoned, open;
};

/* How far the messages of one sender to one target went at the target: its crash page, and the order of handling. */
struct ledger_floor {
    uint64_t begun; /* the highest number that a handler was shown, plus 1; 0 for none */
    uint64_t epoch, handled, in_hand;
};

struct ledger {
    struct ledger_entry *entries;
    size_t count, room;
    struct ledger_floor *floors; /* of every pair that the world has room for */
    size_t actors_max;
};

enum { LEDGER_HEADER_BYTES = 16 };

void ledger_init(struct ledger *ledger, size_t actors_max);

/* Adds an entry; its number is its place. */
uint64_t ledger_add(struct ledger *ledger, const struct ledger_entry *entry);

/* NULL when the payload names none. */
struct ledger_entry *ledger_find(struct ledger *ledger, struct bytes payload, uint64_t *number);

/* Writes the payload of entry `number` into `out`; `bytes` is at least LEDGER_HEADER_BYTES. */
void ledger_fill(const struct ledger *ledger, uint64_t number, unsigned char *out);

/* Whether the payload is what ledger_fill wrote. */
bool ledger_equal(const struct ledger *ledger, uint64_t number, struct bytes payload);

struct ledger_floor *ledger_floor(struct ledger *ledger, size_t sender, size_t target);

void ledger_fini(struct ledger *ledger);

#endif
