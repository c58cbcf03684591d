/* SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/log_files.h"

#include "mesh/base/time.h"
#include "mesh/runtime/error.h"
#include "mesh/runtime/log_page.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_BYTES = LOG_PATH_BYTES + 24 };

bool log_files_size(const char *path, uint64_t *bytes) {
    struct stat found;
    if (stat(path, &found) != 0 || !S_ISREG(found.st_mode)) {
        return false;
    }
    *bytes = (uint64_t)found.st_size;
    return true;
}

/* Number 0 is the file that is written. */
static const char *name_of(const char *path, size_t number, char name[NAME_BYTES]) {
    (void)snprintf(name, NAME_BYTES, number ? "%s.%zu" : "%s", path, number);
    return name;
}

/* Those that are missing are no gap for long. */
static int move_up(const char *path, size_t number) {
    char from[NAME_BYTES], to[NAME_BYTES];
    return rename(name_of(path, number, from), name_of(path, number + 1, to)) == 0 || errno == ENOENT ? 0 : -1;
}

/* From the last one: each takes the place of the one before it, and the one that was last is no more. Of fewer than before the others go. */
enum mesh_status log_files_rotate(const char *path, size_t keep, struct mesh_error *error) {
    char name[NAME_BYTES];
    for (size_t number = keep + 1; unlink(name_of(path, number, name)) == 0; number++) {
    }
    for (size_t number = keep; number-- > 0;) {
        if (move_up(path, number) != 0) {
            return error_set(error, MESH_IO, "the log %s cannot be rotated: %s", path, strerror(errno));
        }
    }
    return MESH_OK;
}

/* ---- reading ---- */

/* The number of an inode may come again, with another time of birth. */
static uint64_t identity_of(int fd) {
    struct statx found;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &found) != 0) {
        return 0;
    }
    uint64_t born = (uint64_t)found.stx_btime.tv_sec * NS_PER_S + found.stx_btime.tv_nsec;
    return found.stx_ino ^ (found.stx_mask & STATX_BTIME ? born * UINT64_C(0x9e3779b97f4a7c15) : 0);
}

struct open_file {
    int fd; /* -1: there is none */
    uint64_t identity, size;
};

static struct open_file open_number(const char *path, size_t number) {
    char name[NAME_BYTES];
    struct stat found;
    struct open_file file = {.fd = -1};
    if (stat(name_of(path, number, name), &found) == 0 && S_ISREG(found.st_mode)) {
        file.fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    }
    if (file.fd >= 0 && fstat(file.fd, &found) == 0) {
        file.size = (uint64_t)found.st_size;
        file.identity = identity_of(file.fd);
    }
    return file;
}

static void close_file(struct open_file *file) {
    if (file->fd >= 0) {
        (void)close(file->fd);
    }
    file->fd = -1;
}

/* The file that is written may be missing, when it has just been rotated: file 1 is then the newest. */
static bool is_there(const char *path, size_t number) {
    char name[NAME_BYTES];
    return access(name_of(path, number, name), F_OK) == 0;
}

static size_t oldest(const char *path) {
    size_t number = is_there(path, 0) ? 0 : 1;
    while (is_there(path, number + 1)) {
        number++;
    }
    return number;
}

/* Where the last LOG_TAIL_BYTES begin; behind the begin of a line, perhaps. */
static size_t seek_tail(const char *path, struct open_file *file, uint64_t *offset) {
    uint64_t bytes = 0;
    size_t number = is_there(path, 0) ? 0 : 1;
    for (;; number++) {
        *file = open_number(path, number);
        bytes += file->size;
        if (bytes >= LOG_TAIL_BYTES || !is_there(path, number + 1)) {
            break;
        }
        close_file(file);
    }
    *offset = bytes > LOG_TAIL_BYTES ? bytes - LOG_TAIL_BYTES : 0;
    return number;
}

/* The file that the place is in, by its number; else the oldest. */
static size_t seek(const char *path, const struct log_place *place, struct open_file *file, bool *skipped) {
    size_t last = oldest(path);
    for (size_t number = 0; number <= last; number++) {
        *file = open_number(path, number);
        if (file->fd >= 0 && file->identity == place->file && place->offset <= file->size) {
            return number;
        }
        close_file(file);
    }
    *skipped = true;
    *file = open_number(path, last);
    return last;
}

/* Whole lines alone; those behind a place that is not the begin of one, without its rest. */
static void trim(struct log_part *part, bool amid) {
    const char *first = amid ? memchr(part->data, '\n', part->bytes) : NULL;
    size_t skip = first ? (size_t)(first + 1 - part->data) : amid ? part->bytes : 0;
    memmove(part->data, part->data + skip, part->bytes - skip);
    part->bytes -= skip;
    part->begin.offset += skip;
    const char *last = memrchr(part->data, '\n', part->bytes);
    size_t whole = last ? (size_t)(last + 1 - part->data) : 0;
    if (whole == 0 && part->bytes == LOG_PART_BYTES) {
        part->begin.offset += part->bytes; /* no line is as long as that */
    }
    part->bytes = whole;
}

void log_files_read(const char *path, const struct log_place *place, struct log_part *out) {
    struct open_file file;
    uint64_t offset = place->offset;
    out->skipped = false;
    out->bytes = 0;
    size_t number = place->file ? seek(path, place, &file, &out->skipped) : seek_tail(path, &file, &offset);
    offset = out->skipped ? 0 : offset;
    ssize_t got = file.fd >= 0 ? pread(file.fd, out->data, sizeof out->data, (off_t)offset) : 0;
    out->bytes = got > 0 ? (size_t)got : 0;
    out->begin = (struct log_place){file.identity, offset};
    bool all = offset + out->bytes >= file.size;
    trim(out, place->file == 0 && offset > 0);
    out->next = (struct log_place){file.identity, out->begin.offset + out->bytes};
    out->end = all;
    close_file(&file);
    if (all && number > 0) {
        struct open_file newer = open_number(path, number - 1);
        out->end = newer.fd < 0;
        out->next = newer.fd < 0 ? out->next : (struct log_place){newer.identity, 0};
        close_file(&newer);
    }
}

void log_part_give_back(struct log_part *part, size_t bytes) {
    part->bytes -= bytes;
    part->next = (struct log_place){part->begin.file, part->begin.offset + part->bytes};
    part->end = false;
}

bool log_files_can_be_read(const char *path) {
    struct stat found;
    return stat(path, &found) != 0 || S_ISREG(found.st_mode);
}
