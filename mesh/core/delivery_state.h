/* What the files of delivery share: the state, and what one file does for another. Nobody else includes it.
 *
 *   actors   who is here: a window, a mailbox, the streams it sends on and those that lead to it
 *   routes   where a target lives: unknown, or a peer; the streams to it
 *   peers    processes: streams in, what is ready to go there
 *
 *   delivery.c        life, events, deadlines, polling
 *   delivery_actor.c  actors: windows, settlement, mailboxes, verdicts
 *   delivery_send.c   streams out: submit, acks, probes, expiry
 *   delivery_route.c  where targets live: resolved, gone, links up and down, peers lost
 *   delivery_frame.c  streams in: what a batch brings
 *   delivery_chunk.c  large messages: into slices, and out of them
 *   delivery_pull.c   what goes into a batch
 *   delivery_watch.c  who is told of the end of its target
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_CORE_DELIVERY_STATE_H
#define MESH_CORE_DELIVERY_STATE_H

#include "mesh/base/map.h"
#include "mesh/core/delivery.h"
#include "mesh/core/stream_in.h"
#include "mesh/core/stream_out.h"

enum {
    BATCH_RUNS = 256,
    BATCH_ACKS = 256,
    BATCH_PAYLOADS = 2048,
    BATCH_EXCEPTIONS = 1024,
    BATCH_RANGES = 1024,
    STALE_MAX = 256, /* answers to unknown streams that wait to be pulled */
    LOSSES_MAX = 1024,
};

/* A time that never comes, of a deadline that keeps its place in the heap, so that setting it anew cannot fail. */
#define DEADLINE_FAR (TIME_NEVER - 1)

struct window {
    size_t messages, bytes;
};

struct actor {
    struct mesh_address address;
    struct mailbox mailbox;
    struct message *in_hand;
    struct window users, system; /* unsettled (D7) */
    struct list streams_out, streams_in;
    struct stream_out *recent; /* the stream it last sent on */
    struct list_node runnable, room, drained;
    struct deadline deadline; /* of the mailbox */
    uint64_t handled;
    uint64_t sent, returned, dead; /* of what it sent */
    uint32_t life;                 /* told from others of its address, which are forgotten (C7) */
    enum frame_reason reason;      /* valid when closed */
    bool closed, forgotten, was_drained;
    bool was_full;    /* a submit found the window full: ROOM is due when it is not (D7) */
    bool offer_again; /* there was no memory to take its next message out of a run */
    bool starved;     /* a stream was refused room in the mailbox: it is told when there is some */
    bool passed_on;   /* it has forwarded an ask (D11) */
    struct stream_in
        *claimant; /* whose large message finds no room: others get none until it does, or the time is up */
    size_t claimed_bytes;
    uint64_t claim_until_ns;
};

struct route {
    struct mesh_address target;
    struct peer *peer; /* NULL while unknown */
    uint64_t life;     /* the latest that was told of */
    struct list streams;
    struct list_node of_peer;
};

enum peer_want { PEER_WANTS_NOTHING, PEER_WANTS_LAZY_FLUSH, PEER_WANTS_FLUSH };

struct peer {
    uint64_t id;
    struct map streams_in; /* by sender and target */
    struct list routes;
    struct list ready;  /* streams out that have something to send */
    struct list acking; /* streams in that want an ack */
    struct stream_in *recent;
    size_t stale_count;    /* answers that wait for it */
    uint64_t seen_epoch;   /* highest of its streams */
    uint64_t closed_epoch; /* a stream that is unknown and not later than this was closed, or never heard of in time */
    uint64_t lost_epoch;   /* or dropped when the process was taken for lost */
    enum peer_want want, told; /* told: what the caller knows */
    bool down;
    bool lost; /* was taken for lost, and nothing has shown that it lives */
    struct list_node flushing, checking, of_lost;
};

/* What is remembered of a lost process, whose old frames may still come (D4): its `seen_epoch`. */
struct loss {
    uint64_t id, epoch;
};

/* The answer to a frame of an unknown stream. */
struct stale {
    struct peer *peer;
    struct mesh_address sender, target;
    uint64_t epoch;
    uint32_t flags;
};

struct run_scratch {
    struct stream_out *stream;
    const struct message *message; /* whose entry came last */
    uint64_t deadline_ns;
    bool external;
};

struct batch {
    struct frame_run runs[BATCH_RUNS];
    struct run_scratch scratch[BATCH_RUNS];
    struct frame_ack acks[BATCH_ACKS];
    struct bytes payloads[BATCH_PAYLOADS];
    struct part *parts[BATCH_PAYLOADS];
    struct frame_exception exceptions[BATCH_EXCEPTIONS];
    struct frame_range ranges[BATCH_RANGES];
    size_t runs_count, acks_count, payloads_count, exceptions_count, ranges_count, bytes, head_bytes;
};

struct delivery {
    struct delivery_limits limits;
    struct delivery_counters counters;
    struct message_pool *pool;
    struct map actors, routes, streams_out, peers;
    size_t streams_in_count;
    struct deadlines actors_due, streams_due;
    uint64_t seed; /* of the maps */
    struct actor
        *recent[2]; /* the actors last asked for, the last one first: two that talk to each other find each other */
    struct peer *recent_peer;
    struct message_list settled, unclaimed;
    uint64_t epoch;  /* the last one given out */
    uint32_t lives;  /* the same for actors */
    uint64_t now_ns; /* of the last step */
    struct list runnable, room, drained, flushing, checking, resolving, lost;
    struct stale stale[STALE_MAX];
    size_t stale_count;
    struct loss losses[LOSSES_MAX]; /* the latest ones; the next goes to losses_count % LOSSES_MAX */
    size_t losses_count;
    struct actor nobody; /* closed: streams to light actors that are gone end here, for no admin knows of those (A4) */
    struct batch batch;
};

/* ---- delivery.c ---- */

/* Looks at it again at that time at the latest; `deadline` keeps its place. */
void delivery_wake_at(struct deadlines *deadlines, struct deadline *deadline, uint64_t at_ns);
/* Gives a new thing its place among the deadlines, far away. */
enum mesh_status delivery_add_deadline(struct deadlines *deadlines, struct deadline *deadline);
void delivery_want_flush(struct delivery *d, struct peer *peer, enum peer_want want);

/* ---- delivery_actor.c ---- */

struct actor *actor_find(struct delivery *d, struct mesh_address address);
/* Makes an actor without a place in the tables. */
void actor_init(const struct delivery *d, struct actor *actor, struct mesh_address address);
enum mesh_status actor_open(struct delivery *d, struct mesh_address address);
enum mesh_status actor_close(struct delivery *d, struct mesh_address address, enum frame_reason reason);
enum mesh_status actor_forget(struct delivery *d, struct mesh_address address);
enum mesh_status actor_renew(struct delivery *d, struct mesh_address address);
enum mesh_status actor_pass_on(struct delivery *d, struct mesh_address address);
enum mesh_status actor_verdict(struct delivery *d, const struct delivery_event *event);
void actor_due(struct delivery *d, struct actor *actor, uint64_t now_ns);
/* Frees a closed and forgotten one to which nothing leads any more. */
void actor_retire(struct delivery *d, struct actor *actor);
void actor_check_drained(struct delivery *d, struct actor *actor);
/* Whether another stream than this one has a claim to all room in the mailbox. That of a sender that fell silent lapses
 * (D6). */
bool actor_is_claimed(const struct delivery *d, const struct actor *actor, const struct stream_in *stream);
/* Whether the mailbox may take that weight from the stream. */
static inline bool actor_admits(const struct delivery *d, const struct actor *actor, const struct stream_in *stream,
                                size_t weight) {
    return mailbox_fits(&actor->mailbox, weight) && !(actor->claimant && actor_is_claimed(d, actor, stream));
}
/* The stream was refused room for a large message. */
void actor_claim(struct delivery *d, struct actor *actor, struct stream_in *stream, size_t weight);
/* It got the room, or wants it no more. */
void actor_unclaim(struct delivery *d, struct actor *actor, const struct stream_in *stream);
/* Streams that were refused room go on, if there is enough by now. */
void actor_feed_starved(struct delivery *d, struct actor *actor);
/* Puts a message into the mailbox, which has room. */
void actor_deliver(struct delivery *d, struct actor *actor, struct message *message);
/* Its sender is not told of its fate; when it is `unclaimed`, and was not handled, the caller is (D14). */
void actor_release(struct delivery *d, struct message *message, bool unclaimed);
/* Gives an accepted message, or a run of them, back to the sender, exactly once (D1). */
void actor_settle(struct delivery *d, struct actor *sender, struct message *message);
void actor_settle_dead(struct delivery *d, struct actor *sender, struct message *message, enum frame_reason reason,
                       bool maybe_handled);
/* So many user messages of that weight are handled, and nobody wants to be told. */
void actor_settle_handled(struct delivery *d, struct actor *sender, size_t count, size_t weight);

/* The process that a stream leads to; NULL while that is not known, or while it is not known what became of what had
 * been sent to the one before. */
static inline struct peer *stream_peer(const struct stream_out *stream) {
    return stream->lost_peer == 0 ? stream->route->peer : NULL;
}

/* Nothing of it is open, and nobody waits for the end of its target. */
static inline bool stream_is_at_rest(const struct stream_out *stream) {
    return !stream->closing && stream->unsettled == 0 && stream->base > stream->high && stream->watch_ns == 0;
}

/* ---- delivery_send.c ---- */

struct stream_credit delivery_first_credit(const struct delivery *d);
struct stream_out *stream_find(const struct delivery *d, struct mesh_address sender, struct mesh_address target);
/* Settles each of the list as dead; SKIPs, whose messages were settled before, are only released. */
void stream_settle_dead(struct delivery *d, struct stream_out *stream, struct message_list *list,
                        enum frame_reason reason, bool maybe_handled);
/* Every number up to `handled` is settled: as handled, unless it is listed. False without memory for all of it. */
bool stream_settle(struct delivery *d, struct stream_out *stream, const struct frame_ack *ack);
/* What was queued or sent, or what was told, may have made it ready, drained, idle or overdue. */
void stream_review(struct delivery *d, struct stream_out *stream, uint64_t now_ns);
void stream_unready(struct stream_out *stream);
void stream_due(struct delivery *d, struct stream_out *stream, uint64_t now_ns);
void stream_expire(struct delivery *d, struct stream_out *stream, uint64_t now_ns);
/* Its sender is gone: what it had open was counted as abandoned. */
void stream_abandon(struct delivery *d, struct stream_out *stream);
/* Nothing is unsettled and nobody will send on it: it only tells its receiver to forget it. */
void stream_orphan(struct delivery *d, struct stream_out *stream);
void stream_on_ack(struct delivery *d, uint64_t now_ns, struct peer *peer, const struct frame_ack *ack);
/* What was sent is dead, for its receiver dropped the stream and may have handled it; the rest goes on anew. */
void stream_break(struct delivery *d, struct stream_out *stream);
void stream_want_resolve(struct delivery *d, struct stream_out *stream);
void stream_free(struct delivery *d, struct stream_out *stream);

/* ---- delivery_route.c ---- */

struct peer *peer_find(struct delivery *d, uint64_t id);
enum mesh_status peer_make(struct delivery *d, uint64_t id, struct peer **out);
void peer_free(struct delivery *d, struct peer *peer);
enum mesh_status route_attach(struct delivery *d, struct stream_out *stream);
void route_detach(struct delivery *d, struct stream_out *stream);
struct route *route_find(struct delivery *d, struct mesh_address target);
enum mesh_status route_resolved(struct delivery *d, uint64_t now_ns, const struct delivery_event *event);
enum mesh_status route_gone(struct delivery *d, struct mesh_address target, const struct delivery_gone *gone);
enum mesh_status peer_link_up(struct delivery *d, uint64_t now_ns, uint64_t id);
enum mesh_status peer_link_down(struct delivery *d, uint64_t now_ns, uint64_t id);
enum mesh_status peer_is_lost(struct delivery *d, uint64_t now_ns, uint64_t id);

/* ---- delivery_frame.c ---- */

void delivery_on_frame(struct delivery *d, uint64_t now_ns, uint64_t from, const struct frame_batch *batch);
void stream_in_want_ack(struct delivery *d, struct stream_in *stream, enum stream_want want);
/* The sender or its process is gone: what is in the mailbox stays, and nobody is told of its fate. */
void stream_in_over(struct delivery *d, struct stream_in *stream);
/* A message has found its fate, of which its stream has told, or, being over, never will. */
void stream_in_release(struct delivery *d, struct message *message);
/* Something found no room and was dropped: the sender is told, and again as soon as there is some. */
void stream_in_gap(struct delivery *d, struct stream_in *stream);
/* Something came too early, or found no memory: the sender is told at once, but once for each place. What comes of it then it learns by
 * its probes; told again, it would send again, and so for ever. */
void stream_in_gap_once(struct delivery *d, struct stream_in *stream);
/* The next message of the stream, with its outcome set if it will never reach the mailbox, is in its keeping. */
void stream_in_take(struct delivery *d, struct stream_in *stream, struct message *message, size_t slice_bytes);
/* Whether the stream finds room for one more message. */
bool stream_in_finds_room(const struct delivery *d, struct stream_in *stream, size_t weight);
/* Whether the next number is granted; when not, it is counted as dropped, with the `rest` behind it. */
bool stream_in_grants(struct delivery *d, const struct stream_in *stream, size_t slice_bytes, size_t rest);
/* What a message has from the run that brings it. */
void message_from_run(struct message *message, const struct frame_run *run, size_t i, uint64_t deadline_ns);
/* One of its messages has left the mailbox and the handler's hands, with its outcome set. */
void stream_in_finish(struct delivery *d, struct message *message);
/* A message of its has come into the mailbox; so many have left it. */
void stream_in_enter(struct stream_in *stream);
void stream_in_leave(struct stream_in *stream, size_t count);

/* ---- delivery_watch.c ---- */

/* Its target has ended: who watches is told, once. */
void stream_tell_end(struct delivery *d, struct stream_out *stream, enum frame_reason reason, struct bytes text);
/* What the flags of an ack say of that; and the flags. */
void stream_on_end(struct delivery *d, struct stream_out *stream, uint32_t flags);
uint32_t stream_in_end_flags(const struct stream_in *stream);

/* ---- delivery_chunk.c ---- */

/* Makes the chunks that go before a large message; the last `slice_bytes` go with itself. False without memory, with
 * nothing made. */
bool slices_make(struct delivery *d, const struct message *message, struct message_list *chunks, size_t *slice_bytes);
/* Takes the slices of the run from the `i`th on, which has the next number. */
void slices_take_run(struct delivery *d, struct stream_in *stream, const struct frame_run *run, size_t i,
                     uint64_t deadline_ns);
/* Another message follows what is half here, or what claimed room: it was settled at its sender. Its numbers are settled
 * with that one. */
void slices_break_off(struct delivery *d, struct stream_in *stream);
/* There is nothing half here any more. */
void slices_end(struct delivery *d, struct stream_in *stream);
/* The half message has expired (D8). */
void slices_expire(struct delivery *d, struct stream_in *stream);
/* What a stream may send whose message is half here: its room is reserved. */
struct mailbox_share slices_share(const struct delivery *d, const struct stream_in *stream);

#endif
