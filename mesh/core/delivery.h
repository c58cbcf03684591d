/* Delivery: acknowledged, ordered, deduplicated exchange of messages between the actors of processes.
 *
 * One `struct delivery` serves one process: its local actors and endpoints (each a window for what it sends and a
 * mailbox for what it gets), the streams between them and actors elsewhere, and the peers (processes) that these
 * streams lead to. A stream is one (sender, target) pair; delivery state is per stream, never per link.
 *
 *   sender's side   UNRESOLVED --resolved--> READY --sent, link lost--> READY (resumes after `received`)
 *                        ^------- peer lost ------'      --gone--> every unsettled message settled, stream forgotten
 *   a message       queued -> sent -> received -> handled | returned | dead
 *
 * Two cumulative marks rule a stream (D14): `received` says what need not be sent again, `handled` what is settled.
 * The receiver takes messages only in order; what is ahead or beyond the credit is dropped, counted and sent again.
 * An overdue ack is never taken for a death: the sender probes, and the answer says what to send again.
 *
 * Pure: no socket, clock, thread or file. The caller says what happened and when, then polls until there is nothing
 * left: settled messages, actions, batches for each peer. One thread at a time. Rules D1 to D8, D14.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_CORE_DELIVERY_H
#define MESH_CORE_DELIVERY_H

#include "mesh/core/message.h"

struct delivery;

struct delivery_limits {
    size_t window_messages, window_bytes;   /* unsettled, per sending actor (D7) */
    size_t system_messages;                 /* of a sender's own, beside its window; these never wait */
    size_t mailbox_messages, mailbox_bytes; /* (D7a) */
    size_t message_bytes_max;               /* of one payload; a larger one is refused, by sender and receiver (D6) */
    size_t
        chunk_bytes; /* above twice that a payload travels in slices of that size; FRAME_INLINE_BYTES to FRAME_BATCH_BYTES */
    size_t first_credit_messages, first_credit_bytes;
    size_t actors_max, streams_max, peers_max;
    uint64_t overdue_ns, overdue_max_ns; /* a first probe after this, doubled up to that */
    uint64_t stream_idle_ns;             /* an empty stream is closed after this */
    uint32_t room_percent;               /* a waiting sender goes on below this share of its window */
    size_t run_min;                      /* so many small messages in a row, alike, are kept as a run; 1 or more */
    bool tell_handled;                   /* delivery_settled gives out also what was handled, not only the rest */
};

extern const struct delivery_limits delivery_limits_default;

/* What the caller has to do. Each is given out once; it comes again only when it became necessary again: a FLUSH after
 * a pull has said that nothing is left, or when what was lazy no longer is; a RUNNABLE after the verdict; a RESOLVE after the
 * peer was lost, or when neither the answer nor the target was heard of for long. */
enum delivery_action_kind {
    DELIVERY_NOTHING,
    DELIVERY_RESOLVE,  /* find out where `address` lives; answer with a RESOLVED or GONE event. `sender` asks. */
    DELIVERY_FLUSH,    /* `peer` has something to pull */
    DELIVERY_CHECK,    /* an ack of `peer` is overdue: see whether its link still stands */
    DELIVERY_ROOM,     /* the window of `address` fell below room_percent after a submit had found it full */
    DELIVERY_RUNNABLE, /* `address` has a message to take and no handler at work */
    DELIVERY_DRAINED,  /* all that the closed actor `address` sent is received or settled: it may go (D14) */
};

struct delivery_action {
    enum delivery_action_kind kind;
    struct mesh_address address, sender;
    uint64_t peer;
    bool lazy; /* FLUSH: only acks, which may wait for company until the process turns idle (D2) */
};

enum delivery_event_kind {
    DELIVERY_OPEN,   /* a local actor or endpoint begins: window and mailbox for `address` */
    DELIVERY_CLOSE,  /* it ends: its mailbox is dead with `reason`; what it sent stays until received (D14) */
    DELIVERY_FORGET, /* a closed one is given up: what it still had open is counted as abandoned */
    DELIVERY_RENEW, /* an open one begins a new life, as if its process had died: what it had open is abandoned, and with what
                         * it was told by itself it is lost; what others sent stays, in order (C7) */
    DELIVERY_PASSED_ON, /* it has forwarded an ask, so that its end is no answer to who watches it (D11) */
    DELIVERY_FRAME,     /* `batch` came from process `peer`; it may be malformed in meaning, not in form */
    DELIVERY_RESOLVED, /* `address` lives in process `peer`, started anew `life` times; an answer of an earlier life than one
                         * told before is asked for again (D4). `gone`, unless NULL: what is on record of the life before, for the
                         * sender who asked; the streams of others that had sent there wait for answers of their own (C7) */
    DELIVERY_GONE,      /* `address` is dead for ever: see struct delivery_gone */
    DELIVERY_LINK_UP,   /* frames to `peer` can go out on a new connection: streams resume */
    DELIVERY_LINK_DOWN, /* none can */
    DELIVERY_PEER_LOST, /* the process `peer` exists no more: its streams are resolved anew */
    DELIVERY_VERDICT,   /* the handler of `address` is through with the message it took: outcome and text */
    DELIVERY_TICK,      /* nothing but the time */
};

/* What is on record of a dead target, or of the life before the present one; without `floors_known` whatever had been sent may have been handled. */
struct delivery_gone {
    enum frame_reason reason;
    struct bytes text;
    struct mesh_address sender; /* whose stream the floors are of; none for a plain death */
    bool floors_known;
    uint64_t epoch, handled, in_hand; /* in_hand: the message in the crashed handler, returned as poison (E3) */
};

struct delivery_event {
    enum delivery_event_kind kind;
    struct mesh_address address;
    uint64_t peer, life;
    enum frame_outcome outcome;
    enum frame_reason reason;
    struct bytes text;
    const struct frame_batch *batch;
    const struct delivery_gone *gone;
};

struct delivery_counters {
    uint64_t accepted, handled, returned, dead, abandoned, in_flight; /* of what was sent here (D1) */
    uint64_t received, duplicates, dropped_gap, dropped_credit, dropped_full, dropped_unknown, dropped_bad;
    uint64_t sent_again, probes, acks_sent, acks_received, expired;
};

/* Makes the one allocation that a delivery begins with. `seed` drives the little chance that there is. */
enum mesh_status delivery_new(struct delivery **out, const struct delivery_limits *limits, uint64_t seed);

/* Frees it with all messages in its keeping. NULL-safe. */
void delivery_destroy(struct delivery **delivery);

const struct delivery_limits *delivery_limits(const struct delivery *delivery);

/* Takes the limits of windows and of one message over at once, those of mailboxes for the actors that are opened from now
 * on. The others stay. */
void delivery_set_limits(struct delivery *delivery, const struct delivery_limits *limits);

/* The pool from which messages for this delivery are made. */
struct message_pool *delivery_pool(struct delivery *delivery);

/* Accepts a message of a local sender. On MESH_OK the message belongs to the delivery until delivery_settled gives it
 * back, with its outcome, exactly once (D1), perhaps as another object of the same contents. Otherwise it stays the caller's and nothing has happened:
 * MESH_WOULD_BLOCK at the window's limit (D7; for a local target also at its mailbox's limit), MESH_NO_MEMORY,
 * MESH_FULL at streams_max, MESH_NOT_FOUND for a sender that is not open, MESH_INVALID_ADDRESS for no target,
 * MESH_TOO_LARGE for a payload above message_bytes_max or a type name above FRAME_TYPE_BYTES. The message's deadline is
 * rounded up to the next 8 ms, so that its neighbours' agree with it. */
enum mesh_status delivery_submit(struct delivery *delivery, uint64_t now_ns, struct message *message);

/* The same for a draft: a message on the caller's stack, all zero but `count`, which is 1, and what the sender gives; type and
 * payload are copied when it is accepted. Many small ones in a row stand in runs, so this is the way for what comes in thousands. */
enum mesh_status delivery_post(struct delivery *delivery, uint64_t now_ns, struct message *draft);

/* Tells what happened. MESH_FULL (OPEN, RESOLVED at a limit), MESH_NO_MEMORY, MESH_EXISTS or MESH_NOT_FOUND:
 * nothing has changed. A FRAME never fails: what makes no sense or finds no room is dropped, counted and sent again. */
enum mesh_status delivery_step(struct delivery *delivery, uint64_t now_ns, const struct delivery_event *event);

/* The next thing to do; false when there is none. */
bool delivery_poll(struct delivery *delivery, struct delivery_action *out);

/* The next message whose fate is known; the caller owns it from now on. NULL when there is none, or no memory to give it. One of kind
 * FRAME_SKIP is none: it says that the target of a delivery_watch has ended. */
struct message *delivery_settled(struct delivery *delivery);

/* The next user message that was not handled and whose sender is gone, so that nobody is told but the dead-letter handler (D14): what that
 * one had sent and is dead or returned by now, and what it had not got to its receiver, as expired. It was counted as abandoned. The caller
 * owns it. NULL as delivery_settled. */
struct message *delivery_unclaimed(struct delivery *delivery);

/* The sender, which has just sent to the target, waits for an answer until then (0: no more): should the target end, also one that has
 * handled everything, delivery_settled says so once, after all that it has left open. Not of a target that has forwarded an ask, or that is
 * started anew. MESH_NOT_FOUND for a target in this process, of whose end the caller knows itself. */
enum mesh_status delivery_watch(struct delivery *delivery, struct mesh_address sender, struct mesh_address target,
                                uint64_t until_ns);

/* Fills `out` with the next batch for `peer`, runs and acks, at most FRAME_BATCH_BYTES of payload (one larger message
 * goes alone); false when there is nothing. Valid until the next call. What was pulled counts as sent. */
bool delivery_pull(struct delivery *delivery, uint64_t now_ns, uint64_t peer, struct frame_batch *out);

/* The next message for the actor, which its handler begins now (expired ones are settled, not shown; D8). The delivery
 * keeps it until the VERDICT; to have it longer, hold it. NULL when there is none or one is in hand. */
struct message *delivery_take(struct delivery *delivery, uint64_t now_ns, struct mesh_address address);

/* The message in hand is handled, as by a VERDICT; gives the next one as delivery_take does, which may be the same object. */
struct message *delivery_next(struct delivery *delivery, uint64_t now_ns, struct mesh_address address);

/* The same as delivery_take for the first message that is `wanted`, past those before it: an endpoint takes the answer to its ask so, and
 * what was not wanted waits for a delivery_take (D11). Each message is looked at once, but with `again`. */
struct delivery_pick {
    bool (*wanted)(void *user, const struct message *message);
    void *user;
    bool again;
};
struct message *delivery_take_picked(struct delivery *delivery, uint64_t now_ns, struct mesh_address address,
                                     const struct delivery_pick *pick);

/* When a TICK is due at the latest; TIME_NEVER when nothing waits for time. Later than the last step's time (law 7). */
uint64_t delivery_deadline(const struct delivery *delivery);

const struct delivery_counters *delivery_counters(const struct delivery *delivery);

/* Whether the sender may submit one more system message. */
bool delivery_system_room(const struct delivery *delivery, struct mesh_address sender);

/* Messages and bytes in the mailbox, unsettled messages of the window, what it has sent in all, and what of that came back or is
 * dead; false for an unknown address. */
struct delivery_load {
    size_t mailbox_messages, mailbox_bytes, unsettled_messages, unsettled_bytes;
    size_t system_messages; /* of the unsettled ones */
    uint64_t handled;
    uint64_t sent, returned, dead;
};
bool delivery_load(const struct delivery *delivery, struct mesh_address address, struct delivery_load *out);

/* Its streams: to so many targets and from so many senders in other processes. Walks them. */
struct delivery_traffic {
    size_t streams_out, streams_in;
};
bool delivery_traffic(const struct delivery *delivery, struct mesh_address address, struct delivery_traffic *out);

/* Whether nothing is under way between local actors and that process, and nobody waits for its word: a link to it is of no use at present. */
bool delivery_is_idle_with(const struct delivery *delivery, uint64_t peer);

/* How many of each it keeps. At rest, when every stream has been idle for stream_idle_ns, only open actors are left, and peers. */
struct delivery_census {
    size_t actors, routes, streams_out, streams_in, peers;
};
struct delivery_census delivery_census(const struct delivery *delivery);

#endif
