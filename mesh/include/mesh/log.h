/* Logs: reading those of all nodes of a convention (K2).
 *
 * A reader asks the admins of nodes for lines of their logs: first the latest that there are, of all nodes in the order of their times; then,
 * if it follows, each as it comes. It asks for a few at a time, so that one that is slow, or stops, holds up nobody: what it has
 * not read when it is rotated away is gone, which it is told. Only logs that go to files can be read.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_LOG_H
#define MESH_LOG_H

#include <mesh/actor.h>
#include <mesh/error.h>

struct mesh_node;

/* A line. Texts are valid UTF-8 without control characters. */
struct mesh_log_line {
    uint64_t time_ms; /* since 1970 */
    enum mesh_level level;
    uint32_t pid;
    const char *node, *type; /* type: "" when it is no actor's */
    struct mesh_address address;
    const char *text;
    bool note; /* no line, but what the reader has to say of that node: it does not answer, lines are no more, ... */
};

/* Which lines are read. */
struct mesh_log_options {
    const char *node;      /* NULL: of all that are members then, and, while it follows, of those that come */
    enum mesh_level level; /* the least of which lines are read */
    size_t last;           /* how many of the latest lines of each node come first */
    bool follow;
};

struct mesh_log_reader;

/* Of the convention of that node, which must outlive the reader. One thread at a time. MESH_NO_MEMORY. `error` may be NULL. */
MESH_MUST_USE MESH_API enum mesh_status mesh_log_open(struct mesh_log_reader **out, struct mesh_node *node,
                                                      const struct mesh_log_options *options, struct mesh_error *error);
MESH_API void mesh_log_close(struct mesh_log_reader **reader); /* NULL-safe; nulls it */

/* The next line, which lasts until the next call; NULL at the end, unless it follows. Blocks. MESH_TIMED_OUT; MESH_INTERRUPTED by a signal, it
 * may go on (D13); MESH_NOT_FOUND: no node of that name; MESH_CLOSED: the node of the handle has ended; MESH_NO_MEMORY. `error` may be NULL. */
MESH_MUST_USE MESH_API enum mesh_status mesh_log_next(struct mesh_log_reader *reader, int timeout_ms,
                                                      const struct mesh_log_line **line, struct mesh_error *error);

#endif
