/* The log page: what the processes of a node are to log, and where, in memory that they share (K2, S9E).
 *
 * The admin makes it in the run directory and writes it; everybody else can only read it, and follows each change with the next line,
 * also while a handler does not return. A second page counts lines that could not be written, of all processes, also of those that
 * are gone: anybody adds to it, and the admin's status shows it.
 *
 * Beside the page there is a pipe, by which the admin hears of warnings and worse.
 *
 * What is read is whole: a version, odd while the admin writes, says whether it was. Any thread and a signal handler may read.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_LOG_PAGE_H
#define MESH_RUNTIME_LOG_PAGE_H

#include "mesh/core/log_line.h"
#include "mesh/core/log_policy.h"
#include <mesh/error.h>
#include <stdatomic.h>

#define LOG_PAGE_FILE "log.page"
#define LOG_WARNINGS_FILE "log.warnings"

enum { LOG_PATH_BYTES = 256, LOG_NODE_BYTES = 72 };

/* Where lines go. */
enum log_to {
    LOG_TO_FILE,
    LOG_TO_JOURNAL,
    LOG_TO_SYSLOG,
    LOG_TO_NOBODY,
};

/* Plain data, of whole words. */
struct log_settings {
    struct log_policy policy;
    uint32_t format, to; /* enum log_format, enum log_to */
    uint64_t forward;    /* whether the admin is told of warnings and worse, which go to the convention's leader */
    char node[LOG_NODE_BYTES]; /* the node's name */
    char path[LOG_PATH_BYTES]; /* of the file, or of the daemon's socket; "": standard error */
};

/* What all processes add to. */
struct log_counts {
    _Atomic uint64_t lost;   /* lines that were to be written and could not be */
    _Atomic uint64_t untold; /* lines of which the admin was to be told and could not be, since it was told so last */
    _Atomic uint32_t torn;   /* the last line of the file is a part of one: the next begins with a newline */
};

struct log_page;

/* The admin makes the page of its node; nothing stands there yet. MESH_IO, MESH_PERMISSION_DENIED, MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status log_page_create(struct log_page **out, const char *run_directory,
                                               struct mesh_error *error);
/* Any other process opens it. The same, and MESH_NOT_FOUND. */
MESH_MUST_USE enum mesh_status log_page_open(struct log_page **out, const char *run_directory,
                                             struct mesh_error *error);
/* One that a process shares with nobody. MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status log_page_own(struct log_page **out, struct mesh_error *error);
void log_page_close(struct log_page **page); /* NULL-safe */

/* Who made the page, one thread: this stands there from now on, and has another version, also when it is the same. */
void log_page_tell(struct log_page *page, const struct log_settings *settings);

uint32_t log_page_version(const struct log_page *page);
/* A line above that level is logged for nobody. */
enum mesh_level log_page_most(const struct log_page *page);
/* All that stands there; its version, which is odd when the admin has not finished writing, or never will. */
uint32_t log_page_read(const struct log_page *page, struct log_settings *out);

struct log_counts *log_page_counts(struct log_page *page);

/* The pipe by which the admin is told of warnings and worse, and that it reads; nobody waits for it. -1 when there is none. */
int log_page_warnings(const struct log_page *page);

#endif
