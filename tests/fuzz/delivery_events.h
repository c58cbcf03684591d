/* The script that fuzz_delivery.c reads: a byte for what happens, and the bytes that say the rest. Where bytes end, zeros
 * follow.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef TESTS_FUZZ_DELIVERY_EVENTS_H
#define TESTS_FUZZ_DELIVERY_EVENTS_H

/* Parties and peers are one byte each; what is out of range wraps. */
enum delivery_script {
    SCRIPT_OPEN,   /* party */
    SCRIPT_CLOSE,  /* party */
    SCRIPT_FORGET, /* party */
    SCRIPT_SUBMIT, /* sender, target, kind, size in units, expiry */
    SCRIPT_RUN, /* peer, sender, target, epoch, first, base, kind, flags, count, size in units, ttl, total, offset, probe */
    SCRIPT_ACK, /* peer, which of the runs that were pulled, received, handled, listed_from, credit, flags, exceptions */
    SCRIPT_RESOLVED,  /* party, peer, life, and of the life before: sender, floors: known, handled, in hand */
    SCRIPT_GONE,      /* party, reason, sender, floors: known, handled, in hand */
    SCRIPT_LINK_UP,   /* peer */
    SCRIPT_LINK_DOWN, /* peer */
    SCRIPT_PEER_LOST, /* peer */
    SCRIPT_TAKE,      /* party */
    SCRIPT_VERDICT,   /* party, outcome */
    SCRIPT_PULL,      /* peer */
    SCRIPT_TIME,      /* hundredths of a second, to the power of two */
    SCRIPT_RENEW,     /* party */
    SCRIPT_EVENTS,
};

enum {
    SCRIPT_PARTIES = 8,
    SCRIPT_PEERS = 4,
    SCRIPT_UNIT_BYTES = 512, /* of payload sizes, totals and offsets */
};

#endif
