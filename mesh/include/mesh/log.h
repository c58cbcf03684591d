/* Logs: writing to that of a node, taking one's own over, and reading those of all nodes of a convention (K2).
 *
 * What actors log (mesh_log), what programs log, and what the library has to say in both goes to the log of their node, as its
 * configuration says, unless the program takes it over: then each line is given to its function, or to nobody.
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

/* ---- writing ---- */

/* Where the lines of a handle go instead of the node's log, or, by mesh_host_enter_log, those of hosts. */
struct mesh_log_taker {
    /* Gets each line, which lasts until it returns; NULL: nothing is logged. It is called by whatever thread logs, several at a time, and may not
     * call functions of the handle, or of the actor: the library may be at work in them. */
    void (*line)(void *user, const struct mesh_log_line *line);
    void *user;
    enum mesh_level level; /* the least of which lines it gets; that of the node's configuration does not matter then */
};

/* Logs a line as the program's, by printf or as it stands. Never blocks, from any thread (A7). */
MESH_API void mesh_node_log(struct mesh_node *node, enum mesh_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
MESH_API void mesh_node_log_text(struct mesh_node *node, enum mesh_level level, const char *text);

/* ---- reading ---- */

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
