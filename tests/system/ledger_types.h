/* Actor types that keep a ledger of all they send, receive and get back, in one file that all of them append to.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef TESTS_SYSTEM_LEDGER_TYPES_H
#define TESTS_SYSTEM_LEDGER_TYPES_H

#include <mesh/mesh.h>

#define LEDGER_ENVIRONMENT "TEST_LEDGER_FILE"

enum { LEDGER_PEERS = 16 };

enum ledger_kind {
    LEDGER_SENT,     /* by its sender, when the send was accepted */
    LEDGER_HANDLED,  /* by its receiver, before the verdict */
    LEDGER_RETURNED, /* by its sender, from the poison */
    LEDGER_DEAD,     /* by the dead-letter handler of the sender's node */
};

/* A message's id is the number of its sender, then the number that it has among that sender's. */
struct ledger_record {
    uint64_t id;
    uint32_t kind, actor; /* SENT: to whom; HANDLED: by whom; DEAD: whether it may have been handled */
};

static inline uint32_t ledger_sender(uint64_t id) {
    return (uint32_t)(id >> 32);
}

/* "begin" gives an actor its number, and how often it is to send. */
struct ledger_begin {
    uint32_t number, tick_ms;
};

/* "peers" tells it to whom. */
struct ledger_peer {
    struct mesh_address address;
    uint32_t number;
};

/* The next of a row of random numbers (splitmix64). */
uint64_t ledger_random(uint64_t *state);

/* test.gossip sends to its peers until "stop", which it answers. One message in eight takes its while.
 * test.clerk  handles the dead letters of its node; answers "well" when it does. */
extern const struct mesh_type *const ledger_types[];

#endif
