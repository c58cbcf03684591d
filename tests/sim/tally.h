/* Tally: how often each event was reached, over all seeds of a run. An event that is never reached tests nothing.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef SIM_TALLY_H
#define SIM_TALLY_H

#define TALLY_EVENTS(X)                                                                                                \
    X(ACCEPTED, "messages accepted")                                                                                   \
    X(HANDLED, "handled")                                                                                              \
    X(HANDLED_UNTOLD, "handled, of which nobody was told")                                                             \
    X(RETURNED, "returned")                                                                                            \
    X(DEAD, "dead")                                                                                                    \
    X(DEAD_EXITED, "dead: exited")                                                                                     \
    X(DEAD_NEVER_CREATED, "dead: never created")                                                                       \
    X(DEAD_EXPIRED, "dead: expired")                                                                                   \
    X(DEAD_NODE_LOST, "dead: node lost")                                                                               \
    X(MAYBE_HANDLED, "dead, maybe handled")                                                                            \
    X(ABANDONED, "abandoned by an actor that was given up")                                                            \
    X(ORPHANED, "open at the crash of their sender's process")                                                         \
    X(SENT_AGAIN, "sent again")                                                                                        \
    X(DUPLICATES, "duplicates dropped")                                                                                \
    X(DROPPED_GAP, "dropped after a gap")                                                                              \
    X(DROPPED_CREDIT, "dropped beyond the credit")                                                                     \
    X(DROPPED_UNKNOWN, "dropped for an unknown target")                                                                \
    X(PROBES, "probes")                                                                                                \
    X(ACK_GAP, "acks that tell of a gap")                                                                              \
    X(ACK_STALE, "acks for a stale epoch")                                                                             \
    X(ACK_EXCEPTION, "exceptions in acks")                                                                             \
    X(RUN_PACKED, "runs of several messages")                                                                          \
    X(RUN_SKIP, "runs of expired messages")                                                                            \
    X(RUN_CLOSE, "streams closed when idle")                                                                           \
    X(RUN_LARGE, "payloads that travel as parts")                                                                      \
    X(RUN_CHUNKS, "slices of large messages")                                                                          \
    X(OF_RUN_TAKEN, "messages taken out of a run")                                                                     \
    X(WENT_ON, "messages handled right after another")                                                                 \
    X(OF_RUN_SETTLED, "messages settled out of a run")                                                                 \
    X(WINDOW_FULL, "submits at the window's limit")                                                                    \
    X(ROOM, "waiting senders woken")                                                                                   \
    X(MAILBOX_FULL, "mailboxes seen full")                                                                             \
    X(FRAMES, "frames")                                                                                                \
    X(FRAMES_LOST, "frames lost")                                                                                      \
    X(FRAMES_DOUBLED, "frames doubled")                                                                                \
    X(FRAMES_LATE, "frames overtaken")                                                                                 \
    X(FRAMES_STALE, "frames for an earlier incarnation")                                                               \
    X(FRAMES_POSTHUMOUS, "frames from a lost peer")                                                                    \
    X(RESETS, "links reset")                                                                                           \
    X(RESETS_UNTOLD, "links reset without a word")                                                                     \
    X(RESETS_FOUND, "dead links found by a check")                                                                     \
    X(SILENCES, "links that lose all for a while")                                                                     \
    X(CHECKS, "checks of a link")                                                                                      \
    X(CRASHES, "processes crashed")                                                                                    \
    X(RESTARTS, "processes restarted")                                                                                 \
    X(LIVES, "actors started anew after a crash")                                                                      \
    X(LIVES_AFTER_FAILURE, "actors started anew after their constructor")                                              \
    X(CUT, "actors that crashed alone")                                                                                \
    X(CUT_IN_HAND, "and with a message in hand")                                                                       \
    X(RENEWED, "actors that began a new life in their process")                                                        \
    X(LIVES_GIVEN_UP, "actors not started anew")                                                                       \
    X(RESOLVED_FLOORS, "another process, with floors on record")                                                       \
    X(UNCLAIMED, "not handled, with their sender gone")                                                                \
    X(GIVEN_UP_ON_THE_WAY, "given up by their sender on their way")                                                    \
    X(PICKED, "messages picked past others")                                                                           \
    X(ACK_AHEAD, "ranges in acks of what was handled out of turn")                                                     \
    X(ENDS_TOLD, "ends of targets, told to who watched")                                                               \
    X(RESOLVED_EARLIER, "another process, of an earlier life")                                                         \
    X(SHOWN_AGAIN, "messages shown to a later life")                                                                   \
    X(GONE_FLOORS, "gone, with floors on record")                                                                      \
    X(GONE_PLAIN, "gone, nothing on record")                                                                           \
    X(PARKED, "addresses asked for before they were up")                                                               \
    X(UNANSWERED, "questions that nobody answered")                                                                    \
    X(STALLS, "handlers that do not return")                                                                           \
    X(CREATES, "children created")                                                                                     \
    X(CREATES_FAILED, "creates failed")                                                                                \
    X(CONSTRUCTORS_FAILED, "constructors failed")                                                                      \
    X(OWN_EXITS, "own exits")                                                                                          \
    X(EXIT_REQUESTS, "exit requests shown")                                                                            \
    X(CHILDREN_ASKED, "children asked to exit")                                                                        \
    X(CHILDREN_KILLED, "children killed")                                                                              \
    X(CHILD_EXITS, "child exits shown")                                                                                \
    X(CHILD_EXITS_AGAIN, "child exits told again")                                                                     \
    X(DRAINED, "actors drained")                                                                                       \
    X(GIVEN_UP, "actors given up")

enum tally_event {
#define X(name, text) TALLY_##name,
    TALLY_EVENTS(X)
#undef X
        TALLY_EVENTS_COUNT
};

#endif
