/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/log.h"

#include "mesh/runtime/error.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

struct log {
    struct log_page *page;
    atomic_int fd;       /* of the file: once there is one, its number stays; -1: there was none yet */
    atomic_bool astray;  /* what is written there is seen by nobody: the file is gone, and another cannot be opened */
    atomic_bool guarded; /* a write may bring a signal: it is a pipe, or may not grow at will (RLIMIT_FSIZE) */
    atomic_int socket;   /* for datagrams to a daemon; -1: there was no need of one yet */
    atomic_flag opening; /* one thread opens a file, others write to the one before meanwhile */
    _Atomic uint32_t version; /* of the page, when the file was opened */
    bool taken;               /* lines go to: */
    struct mesh_log_taker taker;
    _Atomic int64_t checked_s; /* when it was last compared with what its path names */
};

/* ---- the file ---- */

static int open_file(const char *path) {
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
}

/* From now on the file is another one, of the same number: who writes to it at this moment writes to the one or to the other. */
static void take_file(struct log *log, int fresh) {
    int fd = atomic_load(&log->fd);
    if (fd < 0) {
        atomic_store(&log->fd, fresh);
    } else {
        (void)dup3(fresh, fd, O_CLOEXEC);
        (void)close(fresh);
    }
}

static bool may_bring_a_signal(int fd) {
    struct stat held;
    struct rlimit limit;
    return fstat(fd, &held) != 0 || !S_ISREG(held.st_mode) || getrlimit(RLIMIT_FSIZE, &limit) != 0 ||
           limit.rlim_cur != RLIM_INFINITY;
}

/* Sees to it that the file is the one that the path names. */
static void follow_path(struct log *log, const char *path) {
    struct stat named, held;
    int fd = atomic_load(&log->fd);
    bool is_held = fd >= 0 && fstat(fd, &held) == 0;
    if (is_held && stat(path, &named) == 0 && named.st_ino == held.st_ino && named.st_dev == held.st_dev) {
        atomic_store(&log->astray, false);
        return;
    }
    int fresh = open_file(path);
    if (fresh >= 0) {
        take_file(log, fresh);
    }
    atomic_store(&log->astray, fresh < 0 && is_held && held.st_nlink == 0);
}

/* When the page has another version, and once a second. */
static void follow(struct log *log, const struct log_settings *settings, uint32_t version) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    bool due = version != atomic_load(&log->version) || now.tv_sec != atomic_load(&log->checked_s);
    if (!due || version & 1 || settings->to != LOG_TO_FILE || !settings->path[0] ||
        atomic_flag_test_and_set(&log->opening)) {
        return;
    }
    atomic_store(&log->version, version);
    atomic_store(&log->checked_s, now.tv_sec);
    follow_path(log, settings->path);
    atomic_store(&log->guarded, may_bring_a_signal(atomic_load(&log->fd)));
    atomic_flag_clear(&log->opening);
}

/* ---- daemons ---- */

static int make_socket(void) {
    return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* By its path each time, so that a daemon that was started anew is found. */
static bool send_to_daemon(int fd, const char *path, const char *data, size_t bytes) {
    struct sockaddr_un daemon = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    if (length >= sizeof daemon.sun_path) {
        return false;
    }
    memcpy(daemon.sun_path, path, length);
    return sendto(fd, data, bytes, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&daemon, sizeof daemon) ==
           (ssize_t)bytes;
}

/* Two threads may come at the same time: the socket of one of them is taken. */
static int take_socket(struct log *log) {
    int fd = atomic_load(&log->socket);
    int none = -1;
    if (fd < 0 && (fd = make_socket()) >= 0 && !atomic_compare_exchange_strong(&log->socket, &none, fd)) {
        (void)close(fd);
        fd = none;
    }
    return fd;
}

static enum mesh_status try_daemon(const char *path, struct mesh_error *error) {
    struct sockaddr_un daemon = {.sun_family = AF_UNIX};
    int fd = make_socket();
    size_t length = size_min(strlen(path), sizeof daemon.sun_path - 1);
    memcpy(daemon.sun_path, path, length);
    bool there = fd >= 0 && path[length] == '\0' && connect(fd, (const struct sockaddr *)&daemon, sizeof daemon) == 0;
    int cause = path[length] == '\0' ? errno : ENAMETOOLONG;
    if (fd >= 0) {
        (void)close(fd);
    }
    return there ? MESH_OK
                 : error_set(error, cause == EACCES ? MESH_PERMISSION_DENIED : MESH_IO,
                             "the log cannot go to the daemon at %s: %s", path, strerror(cause));
}

static bool is_daemon(uint32_t to) {
    return to == LOG_TO_JOURNAL || to == LOG_TO_SYSLOG;
}

enum mesh_status log_try(const struct log_settings *settings, struct mesh_error *error) {
    if (is_daemon(settings->to)) {
        return try_daemon(settings->path, error);
    }
    int fd = settings->to == LOG_TO_FILE && settings->path[0] ? open_file(settings->path) : STDERR_FILENO;
    if (fd < 0) {
        int cause = errno;
        return error_set(error, cause == EACCES || cause == EPERM || cause == EROFS ? MESH_PERMISSION_DENIED : MESH_IO,
                         "the log %s cannot be opened: %s", settings->path, strerror(cause));
    }
    if (fd != STDERR_FILENO) {
        (void)close(fd);
    }
    return MESH_OK;
}

/* ---- beginning and end ---- */

enum mesh_status log_open(struct log **out, struct log_page *page, struct mesh_error *error) {
    struct log *log = calloc(1, sizeof *log);
    if (!log) {
        log_page_close(&page);
        return error_set(error, MESH_NO_MEMORY, "no memory for the log");
    }
    log->page = page;
    atomic_init(&log->fd, -1);
    atomic_init(&log->socket, -1);
    atomic_flag_clear(&log->opening);
    struct log_settings settings;
    uint32_t version = log_page_read(page, &settings);
    atomic_init(&log->version, version - 1);
    follow(log, &settings, version);
    *out = log;
    return MESH_OK;
}

enum mesh_status log_open_stderr(struct log **out, enum mesh_level level, struct mesh_error *error) {
    struct log_page *page;
    enum mesh_status status = log_page_own(&page, error);
    if (status != MESH_OK) {
        return status;
    }
    log_page_tell(page, &(struct log_settings){.policy = {.level = level}});
    return log_open(out, page, error);
}

void log_take_over(struct log *log, const struct mesh_log_taker *taker) {
    log->taker = *taker;
    log->taken = true;
}

void log_close(struct log **log) {
    if (!*log) {
        return;
    }
    const int fds[] = {atomic_load(&(*log)->fd), atomic_load(&(*log)->socket)};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        if (fds[i] >= 0) {
            (void)close(fds[i]);
        }
    }
    log_page_close(&(*log)->page);
    free(*log);
    *log = NULL;
}

void log_read(struct log *log, struct log_settings *out) {
    (void)log_page_read(log->page, out);
}

uint64_t log_lost(struct log *log) {
    return atomic_load(&log_page_counts(log->page)->lost);
}

/* ---- one line ---- */

/* A pipe without a reader, and a file that must not grow, end who writes to them, by a signal that this thread gets: it is held up, and
 * taken back. */
static ssize_t write_guarded(int fd, const char *data, size_t bytes) {
    sigset_t signals, before;
    const struct timespec at_once = {0};
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGXFSZ);
    (void)sigaddset(&signals, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &signals, &before);
    ssize_t written = write(fd, data, bytes);
    int cause = errno;
    bool signalled = written < 0 && (cause == EFBIG || cause == EPIPE);
    while (signalled && sigtimedwait(&signals, NULL, &at_once) < 0 && errno == EINTR) {
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = cause;
    return written;
}

/* `data` has a newline before the line, which is written when what stands there before is a part of one. */
static bool append(struct log *log, int fd, const char *data, size_t bytes) {
    struct log_counts *counts = log_page_counts(log->page);
    bool torn = atomic_load_explicit(&counts->torn, memory_order_relaxed) && atomic_exchange(&counts->torn, 0);
    data += torn ? 0 : 1;
    bytes -= torn ? 0 : 1;
    ssize_t written = atomic_load(&log->guarded) ? write_guarded(fd, data, bytes) : write(fd, data, bytes);
    if (written == (ssize_t)bytes) {
        return true;
    }
    if (torn || written > 0) {
        atomic_store(&counts->torn, 1);
    }
    return false;
}

static bool emit_to_file(struct log *log, const struct log_settings *settings, const struct log_line *line) {
    char room[1 + LOG_LINE_BYTES] = "\n";
    int fd = settings->path[0] ? atomic_load(&log->fd) : STDERR_FILENO;
    size_t bytes = 1 + log_line_print(room + 1, (enum log_format)settings->format, line);
    return fd >= 0 && !atomic_load(&log->astray) && append(log, fd, room, bytes);
}

static bool emit_to_daemon(struct log *log, const struct log_settings *settings, const struct log_line *line) {
    char room[LOG_LINE_BYTES];
    int fd = take_socket(log);
    size_t bytes =
        settings->to == LOG_TO_JOURNAL ? log_line_print_journal(room, line) : log_line_print_syslog(room, line);
    return fd >= 0 && send_to_daemon(fd, settings->path, room, bytes);
}

static void emit(struct log *log, const struct log_settings *settings, const struct log_line *line) {
    bool written = settings->to == LOG_TO_NOBODY ||
                   (is_daemon(settings->to) ? emit_to_daemon(log, settings, line) : emit_to_file(log, settings, line));
    if (!written) {
        atomic_fetch_add(&log_page_counts(log->page)->lost, 1);
    }
}

/* One write that is whole or not at all, since a line is shorter than PIPE_BUF. */
static void tell_admin(struct log *log, const struct log_line *line) {
    char room[LOG_LINE_BYTES];
    int fd = log_page_warnings(log->page);
    size_t bytes = log_line_print(room, LOG_TEXT, line);
    if (fd >= 0 && write(fd, room, bytes) != (ssize_t)bytes) {
        atomic_fetch_add(&log_page_counts(log->page)->untold, 1);
    }
}

static uint64_t now_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool is_above(const struct log *log, enum mesh_level level, bool in_signal) {
    if (log->taken && !in_signal) {
        return !log->taker.line || level > log->taker.level;
    }
    return level > log_page_most(log->page);
}

static void give(struct log *log, const struct log_settings *settings, const struct log_line *line) {
    char type[LOG_LINE_BYTES], text[LOG_LINE_BYTES];
    (void)log_text_clean(type, line->type);
    (void)log_text_clean(text, line->text);
    const struct mesh_log_line given = {.time_ms = now_ms(),
                                        .level = line->level,
                                        .pid = (uint32_t)getpid(),
                                        .node = settings->node,
                                        .type = type,
                                        .address = line->address,
                                        .text = text};
    log->taker.line(log->taker.user, &given);
}

static void write_line(struct log *log, const struct log_line *said, bool in_signal) {
    struct log_settings settings;
    uint32_t version = log_page_read(log->page, &settings);
    if (log->taken && !in_signal) {
        give(log, &settings, said);
        return;
    }
    if (said->level > log_policy_level(&settings.policy, said->type)) {
        return;
    }
    if (!in_signal) {
        follow(log, &settings, version);
    }
    struct log_line line = *said;
    line.time_ms = now_ms();
    line.pid = (uint32_t)getpid();
    line.node = bytes_of_text(settings.node);
    emit(log, &settings, &line);
    if (line.level <= MESH_LOG_WARNING && settings.forward && settings.to != LOG_TO_NOBODY) {
        tell_admin(log, &line);
    }
}

void log_write_forwarded(struct log *log, const struct log_line *line) {
    struct log_settings settings;
    uint32_t version = log_page_read(log->page, &settings);
    if (line->level <= log_policy_level(&settings.policy, line->type)) {
        follow(log, &settings, version);
        emit(log, &settings, line);
    }
}

void log_write_list(struct log *log, enum mesh_level level, const char *type, struct mesh_address address,
                    const char *format, va_list arguments) {
    if (!log || is_above(log, level, false)) {
        return;
    }
    char text[LOG_LINE_BYTES];
    (void)vsnprintf(text, sizeof text, format, arguments);
    struct log_line line = {
        .level = level, .type = bytes_of_text(type ? type : ""), .address = address, .text = bytes_of_text(text)};
    write_line(log, &line, false);
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
    if (log && !is_above(log, level, true)) {
        struct log_line line = {
            .level = level, .type = bytes_of_text(type ? type : ""), .address = address, .text = bytes_of_text(text)};
        write_line(log, &line, true);
    }
}

void log_mend(struct log *log) {
    struct log_settings settings;
    struct stat found;
    char last = '\n';
    (void)log_page_read(log->page, &settings);
    if (settings.to != LOG_TO_FILE || stat(settings.path, &found) != 0 || !S_ISREG(found.st_mode)) {
        return;
    }
    int fd = open(settings.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0 && fstat(fd, &found) == 0 && found.st_size > 0 && pread(fd, &last, 1, found.st_size - 1) == 1 &&
        last != '\n') {
        atomic_store(&log_page_counts(log->page)->torn, 1);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
}
