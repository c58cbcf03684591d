/* The log of a node: one file that all of its processes append to, a line with one write each (K2).
 *
 *   2026-01-31T23:59:59.123Z warning 4711 counter 1f2e...:3 the text
 *
 * Time in UTC, level, process, type and address of the actor if it is one's, text. A line never blocks its writer
 * beyond the write itself, and what cannot be written is counted. A file that was moved away or failed is opened
 * again within a second. Any thread; no baton (A7).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_LOG_H
#define MESH_RUNTIME_LOG_H

#include <mesh/actor.h>
#include <mesh/error.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>

enum { LOG_LINE_BYTES = 2048 };

struct log;

/* Opens the file for appending, or makes it with mode 0600; NULL: standard error. Lines above `level` are not written.
 * MESH_IO, MESH_PERMISSION_DENIED name the path and the cause; MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status log_open(struct log **out, const char *path, enum mesh_level level,
                                        struct mesh_error *error);
void log_close(struct log **log); /* NULL-safe */

/* Lines above `level` are not written from now on; a level that is told so is no longer followed. */
void log_set_level(struct log *log, enum mesh_level level);

/* The level is from now on what stands there, an enum mesh_level that may change at any time; it outlasts the log. */
void log_follow(struct log *log, const _Atomic uint32_t *level);

/* Writes one line, cut to LOG_LINE_BYTES; control characters become spaces. `type` may be NULL, the address none. A
 * NULL log writes nothing. */
void log_write(struct log *log, enum mesh_level level, const char *type, struct mesh_address address,
               const char *format, ...) __attribute__((format(printf, 5, 6)));
void log_write_list(struct log *log, enum mesh_level level, const char *type, struct mesh_address address,
                    const char *format, va_list arguments) __attribute__((format(printf, 5, 0)));

/* The same for a text, with nothing that a signal handler must not do. */
void log_write_in_signal(struct log *log, enum mesh_level level, const char *type, struct mesh_address address,
                         const char *text);

/* Lines that could not be written. */
uint64_t log_lost(const struct log *log);

const char *log_level_name(enum mesh_level level);

#endif
