/* The send queue: threads that post messages, the baton, who drives, and a socket whose descriptor tells of changes only.
 *
 *   poster      mesh/runtime/post.c, drive.c: posts at the limit of its window wait, and whoever waits drives
 *   listener    a thread that waits for something else (ask, listen), and leaves at any time
 *   standby     drive.c: drives when nobody else has for 10 ms, or when it is called to
 *   peer        the I/O thread of libzmq and the receiver behind it: takes frames, acknowledges when it likes
 *
 * The inlines have the names of the functions in drive.c, process_turn.c and transport_zmq_link.c that they stand for.
 * Between a lock and an unlock only the peer can do anything, so what does not touch the socket is one step. A socket
 * is as libzmq makes it: what its I/O thread tells it (there is something to read, there is room again) waits as a
 * command, and the descriptor is readable only until some call takes the commands in: a look at its events and a
 * receive in vain always do, a send now and then. The frame that a link keeps is one message here.
 *
 * Each run ends, and where it ends nobody waits and all that was accepted is settled: no wake-up is lost. Never is the
 * limit exceeded (D7), nor a thread's order broken (D5), and never do two threads drive.
 *
 * SPDX-License-Identifier: MPL-2.0 */

#ifndef POSTERS
#define POSTERS 2
#endif
#ifndef POSTS
#define POSTS 3 /* of each */
#endif
#ifndef LISTENERS
#define LISTENERS 0
#endif
#ifndef EXPIRIES
#define EXPIRIES 0 /* posts whose time is up while they wait */
#endif
#ifndef LIMIT
#define LIMIT 2 /* window_messages */
#endif
#define ROOM_AT (LIMIT - 2) /* room_percent of it: a waiting sender goes on when two are settled */
#define THREADS (POSTERS + LISTENERS)
#define STANDBY THREADS
#define NOBODY 255

/* ---- the baton, and threads that sleep (struct drive_sleeper) ---- */

byte baton = NOBODY;
bool called[THREADS + 1], semaphore[THREADS + 1];
chan waiting = [THREADS] of { byte }; /* drive->waiting, in order */
bool driving, by_standby, gathered, urgent, standby_idle, pausing, flushed;
bool recent; /* somebody drove less than 10 ms ago */

inline process_lock() {
    atomic { baton == NOBODY -> baton = me }
}

inline process_unlock() {
    baton = NOBODY
}

/* A call before the sleep is not missed: the semaphore counts it. */
inline call(who) {
#ifdef BUG_CHECK_THEN_WAIT
    if
    :: !called[who] && asleep[who] -> called[who] = true; semaphore[who] = true
    :: else
    fi
#else
    if
    :: !called[who] -> called[who] = true; semaphore[who] = true
    :: else
    fi
#endif
}
bool asleep[THREADS + 1]; /* for that planted bug only */

/* ---- the socket ---- */

chan out_pipe = [1] of { byte /* thread */, byte /* number */ };
chan in_pipe = [1] of { byte /* handled in all */ };
bool in_active, out_active = true;  /* what the socket knows of its pipes */
bool tells_read, tells_write;       /* commands */
#define DESCRIPTOR (tells_read || tells_write)
#define POLLIN (in_active && len(in_pipe) > 0)
#define POLLOUT (out_active && len(out_pipe) == 0)

inline take_commands() {
    in_active = in_active || tells_read;
    out_active = out_active || tells_write;
    tells_read = false;
    tells_write = false
}

/* ---- the link, the process ---- */

bool has_frame;             /* link->waiting: a frame that did not go out, then the link is not ready but busy */
byte frame_thread, frame_number;
bool stirred, drained, in_poll /* process->waiting */, woken, wake_fd;
chan queue = [LIMIT] of { byte, byte }; /* the stream's: submitted and not pulled */
byte accepted, handled;     /* in all */
bool was_full;
byte rooms;                 /* the owner's count of DELIVERY_ROOM */
#define UNSETTLED (accepted - handled)

inline process_wake() {
    if
    :: !woken -> woken = true; wake_fd = true
    :: else
    fi
}

inline look_at() {
    atomic {
        take_commands();
#ifndef BUG_NOT_STIRRED
        stirred = stirred || POLLIN;
#endif
        pollout = has_frame && POLLOUT
    }
}
bool pollout, went_on;

inline send_waiting() {
    atomic {
        if
        :: take_commands()
        :: skip
        fi;
        if
        :: POLLOUT -> out_pipe!frame_thread, frame_number; has_frame = false; frame_thread = 0; frame_number = 0
        :: else -> out_active = false
        fi
    }
}

/* transport_changed: advance() for the link while it is busy. */
inline look_at_links() {
    if
    :: has_frame ->
        look_at();
        do
        :: pollout -> send_waiting(); look_at()
        :: else -> break
        od;
        went_on = !has_frame
    :: else
    fi
}

/* on_batch, stream_on_ack, release_window; and DELIVERY_ROOM, which is polled before anybody waits. */
inline on_ack() {
    handled = word;
    word = 0;
    if
    :: was_full && UNSETTLED <= ROOM_AT ->
        was_full = false;
#ifndef BUG_ROOM_NOT_TOLD
        rooms++
#endif
    :: else
    fi
}

/* Until there is nothing, which a receive knows only when it has taken the commands in. */
inline receive_some() {
    atomic { drained = false; stirred = false }
    do
    :: atomic { POLLIN -> in_pipe?word; on_ack(); got = true }
    :: atomic { !POLLIN ->
        in_active = false;
        take_commands();
        if
        :: POLLIN
        :: else -> in_active = false; drained = true; break
        fi }
    od
}

/* process_link_send, on a socket that is also received from. */
inline process_link_send() {
    send_waiting();
    look_at();
#ifndef BUG_NO_LOOK_UP
    if
    :: in_poll -> process_wake()
    :: else
    fi
#endif
}

inline process_flush() {
    do
#ifdef BUG_NOT_READY_IGNORED
    :: atomic { len(queue) > 0 -> queue?frame_thread, frame_number; has_frame = true; drained = false }
        process_link_send()
#else
    :: atomic { len(queue) > 0 && !has_frame -> queue?frame_thread, frame_number; has_frame = true; drained = false }
        process_link_send()
#endif
    :: else -> break
    od;
    flushed = true
}

#define IS_QUIET (drained && !stirred)

/* poll(2), outside the baton; `may_expire`: until the caller's time is up. */
inline wait_in_poll(may_expire) {
    atomic { in_poll = true; process_unlock() }
    if
    :: atomic { wake_fd || DESCRIPTOR || work -> saw_wake = wake_fd }
    :: atomic { may_expire && !work -> expired = true; saw_wake = wake_fd }
    fi;
    atomic {
        process_lock();
        in_poll = false;
        if
        :: saw_wake -> wake_fd = false; woken = false; saw_wake = false /* drain_wake */
        :: else
        fi;
        work = false
    }
}

inline process_turn(may_expire) {
    look_at_links();
    atomic { got = false; went_on = false }
    if
    :: !IS_QUIET -> receive_some()
    :: else
    fi;
    if
    :: !got ->
        process_flush();
        if
        :: !IS_QUIET -> receive_some()
        :: else
        fi
    :: else
    fi;
    if
    :: !got ->
#ifndef BUG_NO_SECOND_LOOK
        look_at_links();
#endif
#ifdef BUG_WENT_ON_UNNOTICED
        went_on = false;
#endif
        atomic { work = !IS_QUIET || woken || went_on; went_on = false }
        wait_in_poll(may_expire);
        look_at_links();
        went_on = false;
        receive_some()
    :: else
    fi;
    got = false;
    process_flush()
}

/* ---- drive.c ---- */

inline take_turn(may_expire) {
    atomic { assert(!driving); driving = true; gathered = false }
    process_turn(may_expire);
    atomic {
        driving = false;
        recent = true;
        /* call_ready */
        do
        :: other < POSTERS ->
            if
            :: waiting??[eval(other)] && rooms != seen[other] -> call(other)
            :: else
            fi;
            other++
        :: else -> other = 0; break
        od
    }
}

inline leave() {
    atomic {
        if
#ifndef BUG_NOBODY_CALLED
        :: !driving && len(waiting) > 0 -> waiting?<other>; call(other); other = 0
#endif
        :: else
        fi;
        if
        :: standby_idle -> standby_idle = false; call(STANDBY)
        :: else
        fi
    }
}

inline await_turn(may_expire) {
    atomic {
        called[me] = false;
        semaphore[me] = false;
        waiting!me;
        if
        :: by_standby -> process_wake()
        :: else
        fi;
        process_unlock()
    }
#ifdef BUG_CHECK_THEN_WAIT
    asleep[me] = true;
#endif
    if
    :: atomic { semaphore[me] -> semaphore[me] = false }
    :: may_expire -> expired = true
    fi;
    atomic {
        process_lock();
        asleep[me] = false;
        waiting??eval(me);
        called[me] = false;
        semaphore[me] = false
    }
}

byte seen[THREADS];

inline drive_until(is_ready, may_expire) {
    do
    :: !(is_ready) && !expired ->
        if
        :: driving -> await_turn(may_expire)
        :: else -> take_turn(may_expire)
        fi
    :: else -> break
    od;
#ifdef BUG_EXPIRED_KEEPS_THE_TURN
    if
    :: expired
    :: else -> leave()
    fi
#else
    leave()
#endif
}

#ifdef BUG_PAUSES_WHILE_DRIVEN
#define IS_SENT_SOON (gathered || pausing)
#else
#define IS_SENT_SOON (gathered || (pausing && !driving))
#endif

inline drive_submitted() {
    if
    :: IS_SENT_SOON
    :: !IS_SENT_SOON -> process_flush() /* the last flush is 50 us ago */
    :: !IS_SENT_SOON && driving -> gathered = true; process_wake()
    :: !IS_SENT_SOON && !driving -> gathered = true; urgent = true; call(STANDBY)
    fi
}

/* ---- the threads ---- */

byte expiries_left = EXPIRIES, ended;

proctype poster(byte me) {
    byte number, other, word;
    bool got, work, saw_wake, expired;
    do
    :: number < POSTS ->
        number++;
        process_lock();
        /* post_submit */
        do
        :: seen[me] = rooms;
            if
            :: UNSETTLED < LIMIT -> queue!me, number; accepted++; drive_submitted(); break
            :: UNSETTLED >= LIMIT && expired -> break
            :: else ->
                was_full = true;
                drive_until(rooms != seen[me], expiries_left > 0);
#ifdef BUG_NOT_SUBMITTED_AGAIN
                if
                :: !expired -> accepted++; queue!me, number; drive_submitted(); break
                :: else
                fi;
#endif
                if
                :: expired && rooms == seen[me] -> break /* MESH_WOULD_BLOCK */
                :: else
                fi
            fi
        od;
        assert(UNSETTLED <= LIMIT);
        if
        :: expired -> expired = false; expiries_left = (expiries_left > 0 -> expiries_left - 1 : 0)
        :: else
        fi;
        seen[me] = 0;
        process_unlock()
    :: else -> break
    od;
    ended++
}

proctype listener(byte me) {
    byte other, word;
    bool got, work, saw_wake, expired;
    process_lock();
    drive_until(false, true);
    process_unlock();
    ended++
}

proctype standby(byte me) {
    byte other, word;
    bool got, work, saw_wake, expired, sending;
    process_lock();
    do
    :: driving ->
        standby_idle = true;
        process_unlock();
end_idle:
        atomic { semaphore[me] -> semaphore[me] = false };
        process_lock();
        called[me] = false
    /* For a while: time is up when something would come of it. */
    :: driving || len(waiting) > 0 || (recent && !urgent) ->
        process_unlock();
end_sleep:
        if
        :: atomic { semaphore[me] -> semaphore[me] = false }
        :: atomic { !driving && len(waiting) == 0 -> recent = false }
        fi;
        process_lock();
        called[me] = semaphore[me]
    :: !driving && len(waiting) == 0 && (urgent || !recent) ->
        urgent = false;
        by_standby = true;
        sending = gathered;
        take_turn(false);
        by_standby = false;
        leave();
        /* pause_for_senders */
        pausing = sending;
        do
        :: sending && len(waiting) == 0 ->
            flushed = false;
            process_unlock();
            if
            :: atomic { semaphore[me] -> semaphore[me] = false }
            :: true
            fi;
            process_lock();
            called[me] = semaphore[me];
            sending = flushed
        :: else -> break
        od;
        pausing = false;
        sending = false;
        recent = recent && len(waiting) > 0
    od
}

proctype peer() {
    byte thread, number, taken, told;
    byte last[POSTERS];
    bool eager; /* else it tells nothing before it has all: what goes out must not need an ack */
    if
    :: eager = true
    :: eager = false
    fi;
end:
    do
    :: atomic { nempty(out_pipe) ->
        out_pipe?thread, number;
        tells_write = tells_write || !out_active;
        assert(number > last[thread]);
        last[thread] = number;
        thread = 0; number = 0;
        taken++ }
    :: atomic { told < taken && nfull(in_pipe) && (eager || taken == accepted) ->
        in_pipe!taken;
        tells_read = tells_read || !in_active;
        told = taken }
    od
}

proctype at_rest() {
    atomic { timeout ->
        assert(ended == THREADS);
        assert(UNSETTLED == 0 && len(queue) == 0 && !has_frame)
    }
}

init {
    byte i;
    atomic {
        for (i : 0 .. POSTERS - 1) {
            run poster(i)
        }
#if LISTENERS > 0
        run listener(POSTERS);
#endif
        run standby(STANDBY);
        run peer();
        run at_rest()
    }
}
