/* What the worlds of conventions count. Whoever adds a fault adds an event: see seeds.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef SIM_CONVENTION_EVENTS_H
#define SIM_CONVENTION_EVENTS_H

#define WORLD_EVENTS(X)                                                                                                \
    X(STARTS, "nodes started")                                                                                         \
    X(RESTARTS, "nodes started anew")                                                                                  \
    X(CRASHES, "nodes crashed, their host answering")                                                                  \
    X(VANISHED, "nodes unplugged, nobody answering")                                                                   \
    X(LEAVES, "nodes that left")                                                                                       \
    X(LEADERS_STRUCK, "faults that struck the leader")                                                                 \
    X(HALTS, "nodes halted for a while")                                                                               \
    X(CLOCK_JUMPS, "clocks that jumped")                                                                               \
    X(MOVES, "nodes that moved to another address")                                                                    \
    X(PARTITIONS, "partitions")                                                                                        \
    X(PARTITIONS_ONE_WAY, "partitions in one direction")                                                               \
    X(RESETS, "links reset")                                                                                           \
    X(RESETS_UNTOLD, "links reset, one end of which was not told")                                                     \
    X(RESETS_FOUND, "dead links found by sending")                                                                     \
    X(LINKS, "links made")                                                                                             \
    X(CALLS_REFUSED, "calls refused")                                                                                  \
    X(CALLS_SPURNED, "calls refused though somebody listens")                                                          \
    X(CALLS_UNANSWERED, "calls unanswered")                                                                            \
    X(CALLS_MISLED, "calls answered by another incarnation")                                                           \
    X(FRAMES, "frames")                                                                                                \
    X(FRAMES_LOST, "frames lost")                                                                                      \
    X(FRAMES_CUT, "frames lost to a partition")                                                                        \
    X(FRAMES_DOUBLED, "frames doubled")                                                                                \
    X(FRAMES_LATE, "frames overtaken")                                                                                 \
    X(FRAMES_WILD, "registrations of a member gone wild")                                                              \
    X(HEARTBEATS, "heartbeats")                                                                                        \
    X(REGISTERS, "registrations")                                                                                      \
    X(ANSWERS, "answers to registrations")                                                                             \
    X(PARTS, "further parts of a roster")                                                                              \
    X(ROSTERS, "changes of the roster told")                                                                           \
    X(GOODBYES, "goodbyes")                                                                                            \
    X(INVITES, "invitations")                                                                                          \
    X(PREREGISTERED, "guests told about")                                                                              \
    X(DISMISSED, "guests dismissed")                                                                                   \
    X(ADDED, "members added")                                                                                          \
    X(REMOVED, "members removed")                                                                                      \
    X(REMOVED_ALIVE, "members removed that were alive")                                                                \
    X(CHANGES, "nodes that changed their capabilities")                                                                \
    X(CHANGED, "members known to have changed")                                                                        \
    X(MOVED, "members known to have moved")                                                                            \
    X(SUSPECTED, "members suspected")                                                                                  \
    X(NOTICES, "watchers told")                                                                                        \
    X(LEADERS, "changes of leader")                                                                                    \
    X(REIGNS, "reigns begun")                                                                                          \
    X(MANDATES, "mandates to give names")                                                                              \
    X(CREATES, "actors asked for")                                                                                     \
    X(CREATES_NAMED, "actors asked for by a name")                                                                     \
    X(CREATES_DETACHED, "detached actors asked for")                                                                   \
    X(CREATED, "creates answered by an actor")                                                                         \
    X(CREATES_FAILED, "creates that failed")                                                                           \
    X(BIRTHS, "actors that came up")                                                                                   \
    X(BIRTHS_FAILED, "actors that did not come up")                                                                    \
    X(EXITS, "actors that exited")                                                                                     \
    X(ACTORS_CRASHED, "actors that crashed")                                                                           \
    X(HOSTS_KILLED, "hosts killed")                                                                                    \
    X(EXIT_REQUESTS, "actors asked to exit")                                                                           \
    X(NAMES_TAKEN, "actors whose name another has")                                                                    \
    X(CHILD_EXITS, "creators told of an end")                                                                          \
    X(CONTROLS, "control messages")                                                                                    \
    X(CONTROLS_WAITED, "control messages held up")                                                                     \
    X(CONTROLS_LOST, "control messages lost with a node")                                                              \
    X(REFERENCE, "worlds with the times of the reference")

enum world_event {
#define X(name, text) WORLD_##name,
    WORLD_EVENTS(X)
#undef X
        WORLD_EVENTS_COUNT
};

#endif
