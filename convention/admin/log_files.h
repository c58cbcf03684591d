/* The files of a log: the one that is written, "log", and those that were rotated, "log.1" (the latest) to "log.N" (K2).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_ADMIN_LOG_FILES_H
#define CONVENTION_ADMIN_LOG_FILES_H

#include <mesh/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of the file that is written; false when there is none, or when it is no regular file: a pipe is not rotated. */
bool log_files_size(const char *path, uint64_t *bytes);

/* Each file takes the next number, the one behind the last of `keep` goes. Then there is no file `path` until somebody writes. MESH_IO with
 * the cause; the file that is written has kept its name then. */
MESH_MUST_USE enum mesh_status log_files_rotate(const char *path, size_t keep, struct mesh_error *error);

enum { LOG_PART_BYTES = 64 * 1024, LOG_TAIL_BYTES = 256 * 1024 };

/* A place in a log: in that file, which keeps its number when it is renamed. File 0: LOG_TAIL_BYTES before the end. */
struct log_place {
    uint64_t file, offset;
};

/* Some lines of a log, each with its newline. */
struct log_part {
    struct log_place begin, next; /* next: behind them */
    bool end;                     /* there is nothing behind them yet */
    bool skipped;                 /* what stood at the place is no more: these are the oldest lines that there are */
    size_t bytes;
    char data[LOG_PART_BYTES];
};

/* Reads on from a place, over the ends of files that were rotated. What is no line, since it has no end, is left out. */
void log_files_read(const char *path, const struct log_place *place, struct log_part *out);

/* The last `bytes` of it are to be read again. */
void log_part_give_back(struct log_part *part, size_t bytes);

/* Whether the log is a regular file, or is still to be one. */
bool log_files_can_be_read(const char *path);

#endif
