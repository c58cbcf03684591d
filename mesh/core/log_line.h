/* A line of the log: its fields, how it is written, and how it is read again (K2).
 *
 *   2026-01-31T23:59:59.123Z warning alpha 4711 counter 1f2e...:3 the text
 *   {"time":"2026-01-31T23:59:59.123Z","level":"warning","node":"alpha","pid":4711,"type":"counter","address":"1f2e...:3","text":"the text"}
 *
 * The time is in UTC, the process is the one that wrote the line, type and address are those of the actor if it is one's; what
 * there is not is "-" in text and missing in JSON. Whatever was logged, a line is one line of valid UTF-8: what is none becomes '?',
 * and control characters become spaces, or \u escapes in JSON. What does not fit is cut, between two characters.
 *
 * Pure, and fit for a signal handler: it allocates nothing and uses no stdio.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_CORE_LOG_LINE_H
#define MESH_CORE_LOG_LINE_H

#include "mesh/base/bytes.h"
#include <mesh/actor.h>

enum {
    LOG_LINE_BYTES = 2048, /* of a line with its newline; less than PIPE_BUF, so that one write to a pipe is whole */
    LOG_TIME_BYTES = 25,   /* "2026-01-31T23:59:59.123Z" and its terminating zero */
};

enum log_format {
    LOG_TEXT,
    LOG_JSON,
};

struct log_line {
    uint64_t time_ms; /* since 1970 */
    enum mesh_level level;
    uint32_t pid;
    struct bytes node, type; /* type: empty for none */
    struct mesh_address address;
    struct bytes text;
};

/* Writes the line, with its newline at the end and no zero; its length. */
size_t log_line_print(char out[LOG_LINE_BYTES], enum log_format format, const struct log_line *line);

/* The same as one datagram for the journal (systemd's native protocol: the fields PRIORITY, SYSLOG_IDENTIFIER, MESH_NODE, MESH_PID,
 * MESH_TYPE, MESH_ADDRESS and MESSAGE) and for syslog (facility daemon, tag mesh, without a time, which the daemon adds). */
size_t log_line_print_journal(char out[LOG_LINE_BYTES], const struct log_line *line);
size_t log_line_print_syslog(char out[LOG_LINE_BYTES], const struct log_line *line);

/* Reads what log_line_print wrote in either format, without its newline. False when it is none of these, as a line that was cut
 * off by a full disk; `*out` is then untouched. What it reads points into `text`, or into `room`. */
bool log_line_parse(struct bytes text, char room[LOG_LINE_BYTES], struct log_line *out);

/* A text as valid UTF-8 without control characters, as in lines; cut. It is terminated; its length. */
size_t log_text_clean(char out[LOG_LINE_BYTES], struct bytes text);

/* Writes the time; returns `out`. */
const char *log_time_print(uint64_t time_ms, char out[LOG_TIME_BYTES]);

/* "error", "warning", "info", "debug"; and back, where any other word is false. */
const char *log_level_name(enum mesh_level level);
bool log_level_parse(struct bytes word, enum mesh_level *out);

#endif
