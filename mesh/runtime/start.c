/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/start.h"

#include "mesh/base/bytes.h"
#include "mesh/runtime/error.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mesh/node.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { READY_FD = 3, READY_WAIT_MS = 8000, SAID_BYTES = 2048 };

/* ---- where the daemon is ---- */

static bool is_program(const char *path) {
    return access(path, X_OK) == 0;
}

/* PREFIX/lib[/MULTIARCH]/libactormesh.so has PREFIX/bin/meshd beside it. */
static bool find_installed(char *out, size_t bytes) {
    Dl_info library;
    char directory[PATH_MAX];
    if (dladdr((void *)(uintptr_t)&start_admin, &library) == 0 || !library.dli_fname ||
        !realpath(library.dli_fname, directory)) {
        return false;
    }
    for (int levels = 0; levels < 4; levels++) {
        char *slash = strrchr(directory, '/');
        if (!slash) {
            return false;
        }
        *slash = 0;
        if (snprintf(out, bytes, "%s/bin/meshd", directory) < (int)bytes && is_program(out)) {
            return true;
        }
    }
    return false;
}

static bool find_on_path(char *out, size_t bytes) {
    const char *path = getenv("PATH");
    while (path && *path) {
        size_t length = strcspn(path, ":");
        if (length > 0 && snprintf(out, bytes, "%.*s/meshd", (int)length, path) < (int)bytes && is_program(out)) {
            return true;
        }
        path += length + (path[length] == ':');
    }
    return false;
}

enum mesh_status mesh_node_find_daemon(char *path, size_t bytes, struct mesh_error *error) {
    const char *given = getenv("MESH_MESHD");
    if (given && *given) {
        if (snprintf(path, bytes, "%s", given) < (int)bytes && is_program(path)) {
            return MESH_OK;
        }
        return error_set(error, MESH_NOT_FOUND, "MESH_MESHD names %.200s, which is no program that can be run", given);
    }
    if (find_installed(path, bytes) || find_on_path(path, bytes)) {
        return MESH_OK;
    }
    return error_set(
        error, MESH_NOT_FOUND,
        "meshd is neither installed with this library nor on the PATH: install it, or name it in MESH_MESHD");
}

/* ---- starting it ---- */

struct launch {
    char **arguments;
    int null, said; /* /dev/null; where the daemon says how it went */
};

static void reset_signals(void) {
    struct sigaction by_default = {.sa_handler = SIG_DFL};
    sigset_t none;
    (void)sigemptyset(&none);
    for (int number = 1; number < SIGSYS; number++) {
        (void)sigaction(number, &by_default, NULL);
    }
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Between fork and exec of a program with threads: nothing but system calls. */
static _Noreturn void become_daemon(const struct launch *launch) {
    (void)setsid();
    /* The middle process ends, so that the daemon is no child of a program that knows nothing of it (C10). */
    pid_t daemon = fork();
    if (daemon != 0) {
        _exit(daemon > 0 ? 0 : 1);
    }
    reset_signals();
    /* Out of the way first: one of them may be descriptor 3 itself, and dup2 to itself keeps close-on-exec. */
    int null = fcntl(launch->null, F_DUPFD, READY_FD + 1);
    int said = fcntl(launch->said, F_DUPFD, READY_FD + 1);
    if (chdir("/") == 0 && dup2(null, 0) == 0 && dup2(null, 1) == 1 && dup2(said, 2) == 2 &&
        dup2(said, READY_FD) == READY_FD) {
        (void)close_range(READY_FD + 1, ~0U, 0);
        (void)execv(launch->arguments[0], launch->arguments);
    }
    static const char text[] = "meshd could not be executed\n";
    (void)!write(2, text, sizeof text - 1);
    _exit(127);
}

static int64_t now_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Reads what the daemon says until it is ready (true), has ended, or the time is up. */
static bool await_ready(int fd, char *said, bool *timed_out) {
    size_t bytes = 0;
    int64_t end_ms = now_ms() + READY_WAIT_MS;
    *timed_out = false;
    for (;;) {
        struct pollfd waited = {.fd = fd, .events = POLLIN};
        int64_t left_ms = end_ms - now_ms();
        int ready = left_ms > 0 ? poll(&waited, 1, (int)left_ms) : 0;
        if (ready == 0) {
            *timed_out = true;
            return false;
        }
        ssize_t more = ready > 0 ? read(fd, said + bytes, SAID_BYTES - 1 - bytes) : -1;
        if (more == 0 || (more < 0 && errno != EINTR) || bytes == SAID_BYTES - 1) {
            return false;
        }
        bytes += more > 0 ? (size_t)more : 0;
        said[bytes] = 0;
        if (strncmp(said, "ready\n", 6) == 0 || strstr(said, "\nready\n")) {
            return true;
        }
    }
}

static enum mesh_status status_named(const char *said) {
    for (int number = 1; strcmp(mesh_status_name((enum mesh_status)number), "MESH_STATUS_UNKNOWN") != 0; number++) {
        if (strstr(said, mesh_status_name((enum mesh_status)number))) {
            return (enum mesh_status)number;
        }
    }
    return MESH_IO;
}

static enum mesh_status launch_and_wait(struct launch *launch, int heard, struct mesh_error *error) {
    char said[SAID_BYTES] = "";
    pid_t middle = fork();
    if (middle == 0) {
        become_daemon(launch);
    }
    (void)close(launch->said);
    launch->said = -1;
    int ended = 0;
    while (middle > 0 && waitpid(middle, &ended, 0) < 0 && errno == EINTR) {
    }
    if (middle < 0 || ended != 0) {
        return error_set(error, MESH_IO, "no process could be made for meshd");
    }
    bool timed_out = false;
    if (await_ready(heard, said, &timed_out)) {
        return MESH_OK;
    }
    if (timed_out) {
        return error_set(error, MESH_TIMED_OUT, "meshd has not come up within %d s: see its log", READY_WAIT_MS / 1000);
    }
    /* An error is one line: the last that it said. */
    size_t end = strlen(said);
    while (end > 0 && said[end - 1] == '\n') {
        said[--end] = 0;
    }
    const char *line = strrchr(said, '\n');
    return error_set(error, status_named(said), "%s", line ? line + 1 : said[0] ? said : "meshd ended without a word");
}

/* The arguments, NULL after the last; NULL without memory. They are not changed: that execv wants them so is of old. */
static char **arguments_of(const char *program, const char *run_directory, const char *config,
                           const char *const *settings) {
    size_t count = 0;
    while (settings && settings[count]) {
        count++;
    }
    const char **arguments = calloc(2 * count + 8, sizeof *arguments), **next = arguments;
    if (!arguments) {
        return NULL;
    }
    *next++ = program;
    *next++ = "--run-directory";
    *next++ = run_directory;
    *next++ = "--ready-fd";
    *next++ = "3";
    if (config) {
        *next++ = "--config";
        *next++ = config;
    }
    for (size_t i = 0; i < count; i++) {
        *next++ = "--set";
        *next++ = settings[i];
    }
    return (char **)(uintptr_t)arguments;
}

enum mesh_status start_admin(const char *run_directory, const char *config, const char *const *settings,
                             struct mesh_error *error) {
    char program[PATH_MAX];
    char absolute[PATH_MAX];
    enum mesh_status status = mesh_node_find_daemon(program, sizeof program, error);
    if (status != MESH_OK) {
        return status;
    }
    /* The daemon's working directory is /. */
    if (config && !realpath(config, absolute)) {
        return error_set(error, MESH_NOT_FOUND, "the configuration %.200s cannot be read: %s", config, strerror(errno));
    }
    int pipe_ends[2];
    if (pipe2(pipe_ends, O_CLOEXEC) != 0) {
        return error_set(error, MESH_IO, "no pipe could be opened: %s", strerror(errno));
    }
    struct launch launch = {.null = open("/dev/null", O_RDWR | O_CLOEXEC),
                            .said = pipe_ends[1],
                            .arguments = arguments_of(program, run_directory, config ? absolute : NULL, settings)};
    if (launch.arguments) {
        status = launch_and_wait(&launch, pipe_ends[0], error);
    } else {
        (void)close(launch.said);
        status = error_set(error, MESH_NO_MEMORY, "no memory for the arguments of meshd");
    }
    free(launch.arguments);
    (void)close(pipe_ends[0]);
    (void)close(launch.null);
    return status;
}
