/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/log.h"

#include "mesh/runtime/error.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct log {
    atomic_int fd; /* -1 after a failure; never below 0 in standard error's case */
    char *path;    /* NULL: standard error */
    _Atomic uint32_t own_level;
    _Atomic(const _Atomic uint32_t *) level; /* its own, or one that it follows */
    _Atomic uint64_t lost;
    _Atomic int64_t checked_s; /* when the file was last compared with what its path names */
};

const char *log_level_name(enum mesh_level level) {
    switch (level) {
    case MESH_LOG_ERROR:
        return "error";
    case MESH_LOG_WARNING:
        return "warning";
    case MESH_LOG_INFO:
        return "info";
    case MESH_LOG_DEBUG:
        return "debug";
    }
    return "unknown";
}

static int open_file(const char *path) {
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
}

enum mesh_status log_open(struct log **out, const char *path, enum mesh_level level, struct mesh_error *error) {
    struct log *log = calloc(1, sizeof *log);
    if (!log || (path && !(log->path = strdup(path)))) {
        free(log);
        return error_set(error, MESH_NO_MEMORY, "no memory for the log");
    }
    log_set_level(log, level);
    atomic_init(&log->fd, path ? open_file(path) : STDERR_FILENO);
    if (atomic_load(&log->fd) < 0) {
        int cause = errno;
        free(log->path);
        free(log);
        return error_set(error, cause == EACCES ? MESH_PERMISSION_DENIED : MESH_IO, "the log %s cannot be opened: %s",
                         path, strerror(cause));
    }
    *out = log;
    return MESH_OK;
}

void log_close(struct log **log) {
    if (!*log) {
        return;
    }
    int fd = atomic_load(&(*log)->fd);
    if ((*log)->path && fd >= 0) {
        (void)close(fd);
    }
    free((*log)->path);
    free(*log);
    *log = NULL;
}

void log_set_level(struct log *log, enum mesh_level level) {
    atomic_store(&log->own_level, level);
    atomic_store(&log->level, &log->own_level);
}

void log_follow(struct log *log, const _Atomic uint32_t *level) {
    atomic_store(&log->level, level);
}

static bool is_above(const struct log *log, enum mesh_level level) {
    return level > atomic_load_explicit(atomic_load(&log->level), memory_order_relaxed);
}

uint64_t log_lost(const struct log *log) {
    return atomic_load(&log->lost);
}

/* ---- one line, without stdio and the time zone, so that a signal handler may write it too ---- */

struct line {
    char text[LOG_LINE_BYTES];
    size_t bytes;
};

static void add(struct line *line, const char *text) {
    /* Room stays for the newline. */
    for (; *text && line->bytes < sizeof line->text - 1; text++) {
        unsigned char c = (unsigned char)*text;
        line->text[line->bytes++] = c < ' ' || c == 0x7f ? ' ' : *text;
    }
}

static void add_number(struct line *line, uint64_t number, int width) {
    char digits[24];
    size_t at = sizeof digits - 1;
    digits[at] = 0;
    for (; number > 0 || width > 0; width--) {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    }
    add(line, digits + at);
}

/* Days since 1970 to a date, by the era of 400 years (Howard Hinnant's civil_from_days). */
static void add_date(struct line *line, uint64_t days) {
    uint64_t from_march = days + 719468;
    uint64_t era = from_march / 146097;
    uint64_t day_of_era = from_march % 146097;
    uint64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint64_t month = (5 * day_of_year + 2) / 153;
    uint64_t calendar_month = month < 10 ? month + 3 : month - 9;
    add_number(line, year_of_era + era * 400 + (calendar_month <= 2), 4);
    add(line, "-");
    add_number(line, calendar_month, 2);
    add(line, "-");
    add_number(line, day_of_year - (153 * month + 2) / 5 + 1, 2);
}

static void add_time(struct line *line) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    uint64_t seconds = (uint64_t)now.tv_sec;
    add_date(line, seconds / 86400);
    add(line, "T");
    add_number(line, seconds / 3600 % 24, 2);
    add(line, ":");
    add_number(line, seconds / 60 % 60, 2);
    add(line, ":");
    add_number(line, seconds % 60, 2);
    add(line, ".");
    add_number(line, (uint64_t)now.tv_nsec / 1000000, 3);
    add(line, "Z ");
}

static void begin_line(struct line *line, enum mesh_level level, const char *type, struct mesh_address address) {
    line->bytes = 0;
    add_time(line);
    add(line, log_level_name(level));
    add(line, " ");
    add_number(line, (uint64_t)getpid(), 1);
    add(line, " ");
    if (type) {
        add(line, type);
        add(line, " ");
    }
    if (!mesh_address_is_none(address)) {
        char text[MESH_ADDRESS_TEXT_BYTES];
        add(line, mesh_address_print(address, text));
        add(line, " ");
    }
}

static void end_line(struct log *log, struct line *line) {
    line->text[line->bytes++] = '\n';
    int fd = atomic_load(&log->fd);
    if (fd < 0 || write(fd, line->text, line->bytes) != (ssize_t)line->bytes) {
        atomic_fetch_add(&log->lost, 1);
    }
}

/* Once a second: is the file still the one that the path names? The descriptor's number stays, so that a writer on
 * another thread writes to the one or the other. */
static void follow_path(struct log *log) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    int64_t checked_s = atomic_load(&log->checked_s);
    if (!log->path || checked_s == now.tv_sec ||
        !atomic_compare_exchange_strong(&log->checked_s, &checked_s, now.tv_sec)) {
        return;
    }
    struct stat named;
    struct stat open_one;
    int fd = atomic_load(&log->fd);
    bool same = fd >= 0 && stat(log->path, &named) == 0 && fstat(fd, &open_one) == 0 &&
                named.st_ino == open_one.st_ino && named.st_dev == open_one.st_dev;
    int fresh = same ? -1 : open_file(log->path);
    if (fresh < 0) {
        return;
    }
    if (fd < 0) {
        atomic_store(&log->fd, fresh);
    } else {
        (void)dup3(fresh, fd, O_CLOEXEC);
        (void)close(fresh);
    }
}

void log_write_list(struct log *log, enum mesh_level level, const char *type, struct mesh_address address,
                    const char *format, va_list arguments) {
    if (!log || is_above(log, level)) {
        return;
    }
    char text[LOG_LINE_BYTES];
    struct line line;
    follow_path(log);
    begin_line(&line, level, type, address);
    (void)vsnprintf(text, sizeof text, format, arguments);
    add(&line, text);
    end_line(log, &line);
}

void log_write(struct log *log, enum mesh_level level, const char *type, struct mesh_address address,
               const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    log_write_list(log, level, type, address, format, arguments);
    va_end(arguments);
}

void log_write_in_signal(struct log *log, enum mesh_level level, const char *type, struct mesh_address address,
                         const char *text) {
    if (log && !is_above(log, level)) {
        struct line line;
        begin_line(&line, level, type, address);
        add(&line, text);
        end_line(log, &line);
    }
}
