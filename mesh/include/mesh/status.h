/* How a call ended: one enumeration for the whole library, each value with a name and a text.
 *
 * The numbers are part of the interface and never change. A status is about the environment or a peer; a mistake of
 * the programmer aborts instead.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_STATUS_H
#define MESH_STATUS_H

#include <mesh/export.h>

/* X(name, number, text) */
#define MESH_STATUS_MAP(X)                                                                                             \
    X(MESH_OK, 0, "success")                                                                                           \
    X(MESH_WOULD_BLOCK, 1, "a limit is reached: nothing was accepted, try again later")                                \
    X(MESH_TIMED_OUT, 2, "the time is up")                                                                             \
    X(MESH_INTERRUPTED, 3, "a signal interrupted the wait, which can be resumed")                                      \
    X(MESH_NO_MEMORY, 4, "out of memory")                                                                              \
    X(MESH_INVALID_ARGUMENT, 5, "an argument is not valid")                                                            \
    X(MESH_INVALID_ADDRESS, 6, "that is not an address")                                                               \
    X(MESH_TOO_LARGE, 7, "too large")                                                                                  \
    X(MESH_FULL, 8, "a table has reached its limit")                                                                   \
    X(MESH_NOT_FOUND, 9, "there is no such thing")                                                                     \
    X(MESH_EXISTS, 10, "it is there already")                                                                          \
    X(MESH_CLOSED, 11, "it is closed")                                                                                 \
    X(MESH_SHUTTING_DOWN, 12, "the node is shutting down")                                                             \
    X(MESH_DEAD, 13, "the target is dead")                                                                             \
    X(MESH_REFUSED, 14, "refused")                                                                                     \
    X(MESH_NO_COMPATIBLE_NODE, 15, "no node has the required capabilities")                                            \
    X(MESH_UNKNOWN_TYPE, 16, "no module provides this actor type")                                                     \
    X(MESH_UNKNOWN_SOURCE, 17, "no such source is loaded")                                                             \
    X(MESH_LOAD_FAILED, 18, "the actor's code could not be loaded")                                                    \
    X(MESH_NAME_UNAVAILABLE, 19, "the name cannot be given out now")                                                   \
    X(MESH_NOT_RUNNING, 20, "no node is running there")                                                                \
    X(MESH_ALREADY_RUNNING, 21, "a node is running there already")                                                     \
    X(MESH_ADDRESS_IN_USE, 22, "the network address is in use")                                                        \
    X(MESH_PERMISSION_DENIED, 23, "permission denied")                                                                 \
    X(MESH_UNREACHABLE, 24, "cannot be reached")                                                                       \
    X(MESH_PROTOCOL, 25, "malformed data from a peer")                                                                 \
    X(MESH_VERSION_MISMATCH, 26, "the peer speaks another version")                                                    \
    X(MESH_IO, 27, "input or output failed")                                                                           \
    X(MESH_INTERNAL, 28, "internal error")                                                                             \
    X(MESH_PARTIAL, 29, "done, but some members were not reached")

/* How a call ended; MESH_OK is 0. The texts of MESH_STATUS_MAP say what each means. */
enum mesh_status {
#define MESH_STATUS_VALUE(name, number, text) name = number,
    MESH_STATUS_MAP(MESH_STATUS_VALUE)
#undef MESH_STATUS_VALUE
};

/* "MESH_TIMED_OUT"; "MESH_STATUS_UNKNOWN" for a number that is none. Never NULL. */
MESH_API const char *mesh_status_name(enum mesh_status status);

/* A few words in lower case; never NULL. */
MESH_API const char *mesh_status_text(enum mesh_status status);

#endif
