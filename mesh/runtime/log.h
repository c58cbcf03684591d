/* The log of a node, as one of its processes writes it: a file that all of them append to, a line with one write each (K2).
 *
 *   settings on the page -> level of the type -> line -> write
 *
 * What is logged, and where, stands on the page that the processes share (log_page.h); it is looked at for each line. The lines
 * are those of log_line.h. Only the admin rotates the file: it renames it, and gives the page another version, whereupon whoever writes the next
 * line opens the new one. A file that was moved away or failed is opened again within a second.
 *
 * For the journal or syslog a line is one datagram, to the daemon's socket, without a library that would wait for it.
 *
 * A line never blocks its writer beyond a write to a file: pipes, devices and daemons are not waited for, and what cannot be written is
 * counted. A line of which a part alone found room is lost; the next one, whosoever it is, begins anew behind it. Any thread; no baton
 * (A7).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_LOG_H
#define MESH_RUNTIME_LOG_H

#include "mesh/runtime/log_page.h"
#include <mesh/log.h>
#include <stdarg.h>

struct log;

/* Writes what the page tells, which it owns from now on, also after a failure. That the file cannot be opened is no failure: it is tried
 * again. MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status log_open(struct log **out, struct log_page *page, struct mesh_error *error);
/* For a process without a node: lines go to standard error, but none above `level`. MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status log_open_stderr(struct log **out, enum mesh_level level, struct mesh_error *error);
void log_close(struct log **log); /* NULL-safe */

/* Whether lines could be written by these settings. MESH_IO, MESH_PERMISSION_DENIED name the path and the cause. */
MESH_MUST_USE enum mesh_status log_try(const struct log_settings *settings, struct mesh_error *error);

/* From now on lines go to the taker, a copy of which is kept, but for those of signal handlers. Before another thread logs. */
void log_take_over(struct log *log, const struct mesh_log_taker *taker);

/* Writes one line; `type` may be NULL, the address none. A NULL log writes nothing. */
void log_write(struct log *log, enum mesh_level level, const char *type, struct mesh_address address,
               const char *format, ...) __attribute__((format(printf, 5, 6)));
void log_write_list(struct log *log, enum mesh_level level, const char *type, struct mesh_address address,
                    const char *format, va_list arguments) __attribute__((format(printf, 5, 0)));

/* The same for a text, with nothing that a signal handler must not do. */
void log_write_in_signal(struct log *log, enum mesh_level level, const char *type, struct mesh_address address,
                         const char *text);

/* Writes a line that came from another node, as it came; nobody is told of it again. */
void log_write_forwarded(struct log *log, const struct log_line *line);

/* After a process was killed: if it was amid a line, the next one begins anew behind that. */
void log_mend(struct log *log);

/* What the page tells now. */
void log_read(struct log *log, struct log_settings *out);

/* Lines that could not be written, of all processes that share the page. */
uint64_t log_lost(struct log *log);

#endif
