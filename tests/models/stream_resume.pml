/* Stream resume: one stream through lost links, restarts of its receiver, and frames that come late.
 *
 *   sender     stream_out.c, delivery_send.c, delivery_pull.c (one message a frame), delivery_route.c
 *   receiver   stream_in.c, delivery_frame.c, delivery_actor.c; each life is a process with an incarnation of its own
 *   admin      convention/core/directory_*.c: where the target lives, and what its crash page has on record (C7, E3)
 *   faults     what links and processes do to them
 *
 * A name of a state is that of the field in the code; `life` stands for the incarnation, 1 being the first. A message's
 * number is its place among those sent, since nothing expires here. Overdue is when nothing is under way any more, and
 * EARLY times besides. A link that is lost is replaced by the other of two channels; what is left in the old one comes
 * late, or not at all. Hello, refusal and `stale` are one event: the sender takes the process for lost (peer_is_lost).
 *
 * Each run ends, and where it ends every message is settled. Never is one settled twice or untruly (D1, D2), handled
 * out of order (D5), twice by one life, or again by a later one without its mark (D4).
 *
 * SPDX-License-Identifier: MPL-2.0 */

#ifndef MESSAGES
#define MESSAGES 3
#endif
#ifndef LOSSES
#define LOSSES 2 /* of links, in each direction or both in one */
#endif
#ifndef RESTARTS
#define RESTARTS 0
#endif
#ifndef SLIPS
#define SLIPS 0 /* frames that are lost or doubled without a word */
#endif
#ifndef MISTAKES
#define MISTAKES 0 /* a living process is taken for lost, by either side */
#endif
#ifndef EARLY
#define EARLY 0
#endif
#ifndef FAILURES
#define FAILURES 0 /* handlers that fail: the message is returned (E1) */
#endif
#ifndef CROWDED
#define CROWDED 0 /* crash pages without the stream's floor */
#endif
#ifndef FRAMES
#define FRAMES 2
#endif
#ifdef BUG_RECORD_OF_EARLIER_LIFE
#define RECORD_FITS <=
#else
#define RECORD_FITS ==
#endif
#define WINDOW 3
#define MAILBOX 2
#define FIRST_CREDIT 2

#define BIT(n) (1 << (n))

/* ---- the wire ---- */

mtype = { RUN_PROBE, RUN_MESSAGE, RUN_REDELIVERED, ACK_STATE, ACK_GAP, ACK_LOST };

chan runs[2] = [FRAMES] of { byte /* to */, byte /* epoch */, byte /* first */, mtype, byte /* base */, byte /* probe */ };
chan acks[2] = [FRAMES] of { byte /* from */, byte /* epoch */, mtype, byte /* received */, byte /* handled */,
                             byte /* exceptions, as bits */, byte /* credit_seq */, byte /* echo */ };
bit runs_link, acks_link; /* the channel of the present link; the other is of an earlier one */

/* ---- what is true, which no process knows ---- */

mtype = { OPEN, HANDLED, RETURNED, DEAD, MAYBE_HANDLED };
mtype fate[MESSAGES + 1] = OPEN;
byte begun, done, failed; /* by any life, as bits */
byte begun_now, last_begun; /* by the present life */

inline settle(number, outcome) {
    assert(fate[number] == OPEN); /* once (D1) */
    fate[number] = outcome
}

/* ---- the sender ---- */

typedef stream_out {
    byte epoch, base = 1, received, high, credit_seq = FIRST_CREDIT;
    byte cursor; /* the next number to send again, 0 for none */
    byte probe, echo;
    bool probe_wanted, resolving;
    byte lost_peer;
    byte redelivered /* messages with the flag, as bits */
};
stream_out out;
byte accepted;    /* messages 1 to this: those beyond `high` are queued */
byte last_epoch;  /* of the sending process */
byte peer;        /* route->peer: the life that the target is thought to live in */
byte told_life;   /* route->life: the latest that was told of */
bool runs_up;     /* the link to `peer` */
bool buried;      /* the target is gone for ever */

#define STREAM_PEER (out.lost_peer -> 0 : peer)
#define NEXT (out.cursor -> out.cursor : out.high + 1)
#define HAS_NEXT (NEXT <= accepted && NEXT <= out.credit_seq)

inline ask() {
    assert(out.probe < 32); /* else asking has no end */
    out.probe++;
    out.probe_wanted = true
}

inline rewind() {
    out.cursor = (out.received < out.high -> out.received + 1 : 0)
}

inline restart() {
    out.received = out.base - 1;
    rewind();
    out.credit_seq = out.received + FIRST_CREDIT;
    out.epoch = 0
}

inline resume() {
    if
    :: out.received < out.high -> rewind()
    :: out.received >= out.high && out.base <= out.high -> ask()
    :: else
    fi
}

/* delivery_pull: the next message, or a probe when there is none; a last message takes the probe along. */
inline pull() {
    if
    :: out.epoch == 0 -> last_epoch++; out.epoch = last_epoch
    :: else
    fi;
    number = 0;
    if
    :: HAS_NEXT ->
        number = NEXT;
        if
        :: out.cursor -> out.cursor = (number < out.high -> number + 1 : 0)
        :: else -> out.high = number
        fi
    :: else
    fi;
    probe = (out.probe_wanted && !HAS_NEXT -> out.probe : 0);
    out.probe_wanted = out.probe_wanted && probe == 0;
    if
    :: number == 0 -> kind = RUN_PROBE; number = out.high + 1
    :: else -> kind = (out.redelivered & BIT(number) -> RUN_REDELIVERED : RUN_MESSAGE)
    fi;
    runs[runs_link]!peer, out.epoch, number, kind, out.base, probe
}

/* stream_out_received */
inline learn_received(upto) {
    out.received = upto;
    if
    :: out.cursor != 0 && out.cursor <= upto -> rewind()
    :: else
    fi
}

/* settle() of delivery_send.c */
inline settle_up_to(upto, exceptions) {
    do
    :: out.base <= upto && out.base <= out.received ->
        if
        :: exceptions & BIT(out.base) -> assert(failed & BIT(out.base)); settle(out.base, RETURNED)
        :: else -> assert(done & BIT(out.base)); settle(out.base, HANDLED)
        fi;
        out.base++
    :: else -> break
    od
}

/* stream_break: its receiver dropped the stream. */
inline break_stream() {
    do
    :: out.base <= out.high -> settle(out.base, MAYBE_HANDLED); out.base++
    :: else -> break
    od;
    out.received = out.high;
    restart()
}

inline on_ack() {
    if
#ifndef BUG_LATE_ACK_ACCEPTED
    :: STREAM_PEER != from || out.epoch == 0 || epoch != out.epoch -> skip
#endif
    :: else ->
        if
        :: kind == ACK_LOST ->
#ifdef BUG_LOST_IS_SENT_AGAIN
            restart()
#else
            break_stream()
#endif
        :: kind != ACK_LOST ->
#ifndef BUG_LATE_ACK_ACCEPTED
            assert(received <= out.high && handled <= received && echo <= out.probe);
#endif
            if
            :: received >= out.received ->
                learn_received(received);
                out.credit_seq = (credit > out.credit_seq -> credit : out.credit_seq)
            :: else
            fi;
            /* resume_if_lost */
            if
            :: ((echo > out.echo && echo == out.probe) || (kind == ACK_GAP && received == out.received)) ->
                rewind()
            :: else
            fi;
            out.echo = (echo > out.echo -> echo : out.echo);
            settle_up_to(handled, exceptions)
        fi
    fi
}

/* part of delivery_route.c */
inline part_from_peer() {
    if
    :: out.epoch != 0 && out.lost_peer == 0 -> out.lost_peer = peer
    :: else
    fi;
    peer = 0;
    runs_up = false;
    runs_link = 1 - runs_link;
    out.resolving = true
}

/* settle_recorded, and the marks for what is not on record. */
inline settle_recorded() {
    if
    :: record_epoch != 0 && record_epoch == out.epoch ->
        number = (in_hand > handled -> in_hand : handled);
        number = (number < out.high -> number : out.high);
        if
        :: number > out.received -> learn_received(number)
        :: else
        fi;
        do
        :: out.base <= number ->
            if
            :: out.base == in_hand ->
#ifdef BUG_IN_HAND_IS_SENT_AGAIN
                break
#else
                settle(out.base, RETURNED)
#endif
            :: else ->
                assert((done | failed) & BIT(out.base)); /* E3: the page does not tell which */
                settle(out.base, HANDLED)
            fi;
            out.base++
        :: else -> break
        od
    :: else ->
#ifndef BUG_NO_REDELIVERED_FLAG
        number = out.base;
        do
        :: number <= out.high -> out.redelivered = out.redelivered | BIT(number); number++
        :: else -> break
        od
#else
        skip
#endif
    fi
}

/* meet: lives is the process of the answer. */
inline meet() {
    out.resolving = false;
    if
    :: out.lost_peer == lives -> out.lost_peer = 0; resume()
    :: out.lost_peer != 0 && out.lost_peer != lives -> out.lost_peer = 0; settle_recorded(); restart()
    :: else
    fi
}

inline on_resolved() {
    if
#ifndef BUG_OVERTAKEN_ANSWER
    :: lives < told_life -> out.resolving = out.resolving || STREAM_PEER == 0
#endif
    :: else ->
        told_life = lives;
        if
        :: peer != 0 && peer != lives -> part_from_peer()
        :: else
        fi;
        if
        :: peer == 0 -> peer = lives; meet()
        :: else
        fi
    fi
}

/* bury_stream, settle_gone */
inline on_gone() {
    do
    :: out.base <= accepted ->
        if
        :: out.base <= out.high && record_epoch != 0 && record_epoch == out.epoch && out.base == in_hand ->
            settle(out.base, RETURNED)
        :: out.base <= out.high && record_epoch != 0 && record_epoch == out.epoch && out.base <= handled &&
            out.base != in_hand ->
            assert((done | failed) & BIT(out.base));
            settle(out.base, HANDLED)
        :: else ->
            if
            :: (out.base <= out.high && !(record_epoch != 0 && record_epoch RECORD_FITS out.epoch)) ||
                (out.redelivered & BIT(out.base)) ->
                settle(out.base, MAYBE_HANDLED)
            :: else -> assert(!(begun & BIT(out.base))); settle(out.base, DEAD)
            fi
        fi;
        out.base++
    :: else -> break
    od;
    buried = true;
    out.resolving = false;
    peer = 0
}

inline on_answer() {
    if
    :: buried -> skip
    :: !buried && lives == 0 -> on_gone()
    :: else -> on_resolved()
    fi;
    lives = 0; record_epoch = 0; handled = 0; in_hand = 0; number = 0
}

/* ---- the receiver ---- */

typedef stream_in {
    bool known;
    byte epoch, handled, received, credit_seq, echo;
    byte listed; /* exceptions, as bits */
    bool dropped, want_ack;
    byte told_gap
};
stream_in in;
byte life = 1;
bool alive = true;
bool acks_up = true;
bool sender_lost;     /* peer->lost: the sender was taken for lost */
bool proof_wanted;    /* a connection is to show that it lives */
byte lost_epoch;      /* and closed_epoch: nothing is closed here but by that */
byte seen_epoch;
byte stale;           /* the epoch of an answer that waits, 0 for none */
bool starved;
chan mailbox = [MAILBOX] of { byte /* number */, byte /* epoch */, bool /* redelivered */ };
byte hand, hand_epoch;      /* the message in the handler; what the crash page says of it */
byte page_epoch, page_handled; /* the floor on the crash page */

#define ROOM (MAILBOX - len(mailbox))

inline stream_in_over() {
    in.known = false; in.epoch = 0; in.handled = 0; in.received = 0; in.credit_seq = 0; in.echo = 0; in.listed = 0;
    in.dropped = false; in.want_ack = false; in.told_gap = 255
}

inline begin() {
    in.known = true;
    in.epoch = epoch;
    in.handled = base - 1;
    in.received = base - 1;
    in.credit_seq = base - 1 + FIRST_CREDIT;
    seen_epoch = epoch
}

inline gap() {
    in.dropped = true;
    if
    :: in.told_gap != in.received -> in.told_gap = in.received; in.want_ack = true
    :: else
    fi
}

inline gap_once() {
    if
    :: in.told_gap != in.received -> gap()
    :: else
    fi
}

inline take() {
    if
    :: in.received >= in.credit_seq || ROOM == 0 -> starved = starved || in.received < in.credit_seq; gap()
    :: else ->
        in.received = number;
        mailbox!number, epoch, kind == RUN_REDELIVERED;
        in.want_ack = true
    fi
}

inline on_messages() {
    if
    :: number <= in.received ->
#ifdef BUG_NO_DEDUP
        if
        :: ROOM > 0 -> mailbox!number, epoch, kind == RUN_REDELIVERED
        :: else
        fi;
#endif
        in.want_ack = true
#ifndef BUG_GAP_ACCEPTED
    :: number > in.received + 1 -> gap_once()
#endif
    :: else -> take()
    fi
}

inline on_stream_run() {
    assert(base <= in.handled + 1);
    in.listed = in.listed & ~(BIT(base) - 1); /* stream_in_pass */
    in.echo = (probe > in.echo -> probe : in.echo);
    if
    :: kind != RUN_PROBE -> on_messages()
    :: else
    fi;
    in.want_ack = in.want_ack || probe > 0
}

inline on_run() {
    if
#ifndef BUG_LATE_FRAME_ACCEPTED
    :: to != life -> skip /* on_misled of process_turn.c */
#endif
    :: in.known && epoch < in.epoch -> skip
    :: !in.known && epoch <= lost_epoch -> stale = epoch
    :: else ->
        if
        :: in.known && epoch > in.epoch -> stream_in_over()
        :: else
        fi;
        if
        :: !in.known && sender_lost -> proof_wanted = true
        :: !in.known && !sender_lost -> begin(); on_stream_run()
        :: else -> on_stream_run()
        fi
    fi
}

/* stream_in_ack */
inline send_ack() {
    kind = (in.dropped && ROOM > 0 -> ACK_GAP : ACK_STATE);
    in.dropped = in.dropped && ROOM == 0;
    starved = starved || ROOM == 0;
    in.credit_seq = (in.received + ROOM > in.credit_seq -> in.received + ROOM : in.credit_seq);
    in.want_ack = false;
#ifdef BUG_ACK_AT_RECEIPT
    acks[acks_link]!life, in.epoch, kind, in.received, in.received, in.listed, in.credit_seq, in.echo
#else
    acks[acks_link]!life, in.epoch, kind, in.received, in.handled, in.listed, in.credit_seq, in.echo
#endif
}

/* delivery_take: the handler begins. */
inline begin_handling() {
    mailbox?hand, hand_epoch, marked;
    assert(!(begun_now & BIT(hand)));                            /* never twice in one life (D4) */
    assert(hand > last_begun);                                   /* in order (D5) */
    assert(marked || !(begun & BIT(hand)));                      /* again only with the mark (D4) */
    assert(fate[hand] == OPEN || fate[hand] == MAYBE_HANDLED);   /* and not when it was told otherwise (D1) */
    begun_now = begun_now | BIT(hand);
    begun = begun | BIT(hand);
    last_begun = hand;
    if
    :: starved && in.known -> starved = false; in.want_ack = true /* actor_feed_starved */
    :: else
    fi
}

/* actor_verdict, stream_in_finish; crash_page_leave comes first. */
inline finish_handling(fails) {
    page_epoch = hand_epoch;
    page_handled = hand;
    if
    :: fails -> failed = failed | BIT(hand)
    :: else -> done = done | BIT(hand)
    fi;
    if
    :: in.known && in.epoch == hand_epoch ->
        assert(hand == in.handled + 1);
        in.handled = hand;
        in.listed = (fails -> in.listed | BIT(hand) : in.listed);
        in.want_ack = true
    :: else
    fi;
    hand = 0;
    hand_epoch = 0
}

/* ---- the admin ---- */

bool dying;       /* the present life has crashed, which the admin does not know yet */
bool gone;        /* it was the last one */
byte kept_epoch, kept_handled, kept_in_hand; /* the record of the latest life that left one; epoch 0 for none */
byte restarts_left = RESTARTS, crowded_left = CROWDED;
chan answers[2] = [1] of { byte /* the life, 0 for gone */, byte /* record: epoch */, byte /* handled */, byte /* in hand */ };

/* crash_page_floor, directory_keep_record */
inline keep_record() {
    if
    :: hand != 0 && hand_epoch == page_epoch ->
        kept_epoch = page_epoch; kept_handled = page_handled; kept_in_hand = hand
    :: hand != 0 && hand_epoch != page_epoch ->
        kept_epoch = hand_epoch; kept_handled = hand - 1; kept_in_hand = hand
    :: hand == 0 && page_epoch != 0 -> kept_epoch = page_epoch; kept_handled = page_handled; kept_in_hand = 0
    :: else /* nothing of this stream: what an earlier life has left stays */
    fi
}

inline begin_life() {
    stream_in_over();
    sender_lost = false; proof_wanted = false; lost_epoch = 0; seen_epoch = 0; stale = 0; starved = false;
    do
    :: len(mailbox) > 0 -> mailbox?_, _, _
    :: else -> break
    od;
    hand = 0; hand_epoch = 0; page_epoch = 0; page_handled = 0; begun_now = 0; last_begun = 0
}

/* ---- the processes ---- */

byte losses_left = LOSSES, slips_left = SLIPS, mistakes_left = MISTAKES, early_left = EARLY, failures_left = FAILURES;

#define WAITS (out.base <= out.high || (out.high < accepted && !HAS_NEXT))
#define QUIET (empty(runs[0]) && empty(runs[1]) && empty(acks[0]) && empty(acks[1]) && !in.want_ack && !hand && \
               empty(mailbox) && stale == 0 && !proof_wanted)

proctype sender() {
    byte from, epoch, received, handled, exceptions, credit, echo, number, probe, lives, record_epoch, in_hand;
    mtype kind = RUN_PROBE;
end:
    do
    :: atomic { accepted < MESSAGES && accepted + 1 - out.base < WINDOW && !buried ->
        accepted++;
        out.resolving = out.resolving || (peer == 0 && accepted == 1) }
    :: atomic { STREAM_PEER != 0 && runs_up && nfull(runs[runs_link]) && (HAS_NEXT || out.probe_wanted) ->
        pull(); number = 0; probe = 0; kind = RUN_PROBE }
    :: atomic { nempty(acks[0]) -> acks[0]?from, epoch, kind, received, handled, exceptions, credit, echo; on_ack();
        from = 0; epoch = 0; received = 0; handled = 0; exceptions = 0; credit = 0; echo = 0; kind = RUN_PROBE }
    :: atomic { nempty(acks[1]) -> acks[1]?from, epoch, kind, received, handled, exceptions, credit, echo; on_ack();
        from = 0; epoch = 0; received = 0; handled = 0; exceptions = 0; credit = 0; echo = 0; kind = RUN_PROBE }
    :: atomic { nempty(answers[0]) -> answers[0]?lives, record_epoch, handled, in_hand; on_answer() }
    :: atomic { nempty(answers[1]) -> answers[1]?lives, record_epoch, handled, in_hand; on_answer() }
    /* peer_link_up: whoever listens there now. */
    :: atomic { peer != 0 && !runs_up && alive ->
        runs_up = true;
        if
        :: out.lost_peer == 0 -> resume()
        :: else
        fi }
    /* peer_is_lost: refused, another incarnation answered, or the admin said so. */
    :: atomic { peer != 0 && (peer != life || (!alive && !dying)) -> part_from_peer() }
#ifndef BUG_NO_PROBE
    /* on_overdue */
    :: atomic { STREAM_PEER != 0 && runs_up && WAITS && !out.probe_wanted && peer == life && QUIET -> ask() }
    :: atomic { STREAM_PEER != 0 && runs_up && WAITS && !out.probe_wanted && early_left > 0 -> early_left--; ask() }
#endif
    :: atomic { peer != 0 && !out.resolving && early_left > 0 -> early_left--; out.resolving = true }
    od
}

proctype receiver() {
    byte to, epoch, number, base, probe;
    mtype kind = RUN_PROBE;
    bool marked;
end:
    do
    :: atomic { alive && nempty(runs[0]) -> runs[0]?to, epoch, number, kind, base, probe; on_run();
        to = 0; epoch = 0; number = 0; base = 0; probe = 0; kind = RUN_PROBE }
    :: atomic { alive && nempty(runs[1]) -> runs[1]?to, epoch, number, kind, base, probe; on_run();
        to = 0; epoch = 0; number = 0; base = 0; probe = 0; kind = RUN_PROBE }
    :: atomic { alive && in.want_ack && acks_up && nfull(acks[acks_link]) -> send_ack(); kind = RUN_PROBE }
    :: atomic { alive && stale != 0 && acks_up && nfull(acks[acks_link]) ->
        acks[acks_link]!life, stale, ACK_LOST, 0, 0, 0, 0, 0; stale = 0 }
    /* peer_link_up: all is told again. */
    :: atomic { alive && !acks_up && (!sender_lost || proof_wanted || stale != 0) ->
        acks_up = true; sender_lost = false; proof_wanted = false; in.want_ack = in.known }
    :: atomic { alive && hand == 0 && nempty(mailbox) -> begin_handling(); marked = false }
    :: atomic { alive && hand != 0 -> finish_handling(false) }
    :: atomic { alive && hand != 0 && failures_left > 0 -> failures_left--; finish_handling(true) }
    od
}

proctype admin() {
end:
    do
    :: atomic { dying ->
        dying = false;
        if
        :: true -> keep_record()
        :: crowded_left > 0 -> crowded_left--
        fi;
        if
        :: restarts_left > 0 -> restarts_left--; life++; alive = true; acks_up = true; acks_link = 1 - acks_link
        :: true -> gone = true
        fi;
        begin_life() }
    /* While the end of a life is news it still answers as before; what it has said may be overtaken by what it says next. */
    :: atomic { out.resolving && empty(answers[0]) -> out.resolving = false;
        answers[0]!(gone -> 0 : life), kept_epoch, kept_handled, kept_in_hand }
    :: atomic { out.resolving && nempty(answers[0]) && empty(answers[1]) -> out.resolving = false;
        answers[1]!(gone -> 0 : life), kept_epoch, kept_handled, kept_in_hand }
    od
}

proctype faults() {
    byte a, b, c, d, e, f, g;
    mtype k = RUN_PROBE;
end:
    do
    :: atomic { losses_left > 0 && runs_up -> losses_left--; runs_up = false; runs_link = 1 - runs_link }
    :: atomic { losses_left > 0 && acks_up -> losses_left--; acks_up = false; acks_link = 1 - acks_link }
    /* What the earlier link had is lost, in part or all. */
    :: atomic { nempty(runs[1 - runs_link]) -> runs[1 - runs_link]?_, _, _, _, _, _ }
    :: atomic { nempty(acks[1 - acks_link]) -> acks[1 - acks_link]?_, _, _, _, _, _, _, _ }
#if SLIPS > 0
    :: atomic { slips_left > 0 && nempty(runs[runs_link]) -> slips_left--; runs[runs_link]?_, _, _, _, _, _ }
    :: atomic { slips_left > 0 && nempty(acks[acks_link]) -> slips_left--; acks[acks_link]?_, _, _, _, _, _, _, _ }
    :: atomic { slips_left > 0 && nempty(runs[runs_link]) && nfull(runs[1 - runs_link]) -> slips_left--;
        runs[runs_link]?<a, b, c, k, d, e>; runs[1 - runs_link]!a, b, c, k, d, e;
        a = 0; b = 0; c = 0; d = 0; e = 0; k = RUN_PROBE }
    :: atomic { slips_left > 0 && nempty(acks[acks_link]) && nfull(acks[1 - acks_link]) -> slips_left--;
        acks[acks_link]?<a, b, k, c, d, e, f, g>; acks[1 - acks_link]!a, b, k, c, d, e, f, g;
        a = 0; b = 0; c = 0; d = 0; e = 0; f = 0; g = 0; k = RUN_PROBE }
#endif
#if RESTARTS > 0
    :: atomic { alive && (restarts_left > 0 || life > 1) -> alive = false; dying = true }
#endif
#if MISTAKES > 0
    /* The sender takes the receiver for lost. */
    :: atomic { mistakes_left > 0 && peer == life && alive -> mistakes_left--;
        part_from_peer() }
    /* The receiver takes the sender for lost: peer_is_lost, stream_in_over. */
    :: atomic { mistakes_left > 0 && alive && !sender_lost -> mistakes_left--;
        stream_in_over(); sender_lost = true; lost_epoch = seen_epoch; stale = 0; acks_up = false;
        acks_link = 1 - acks_link }
#endif
    od
}

/* Where nothing can happen any more, everything has been accepted and settled. */
proctype at_rest() {
    byte i;
    atomic { timeout ->
        assert(accepted == MESSAGES || buried);
        for (i : 1 .. MESSAGES) {
            assert(fate[i] != OPEN || (i > accepted && buried))
        }
    }
}

init {
    atomic { in.told_gap = 255; run sender(); run receiver(); run admin(); run faults(); run at_rest() }
}
