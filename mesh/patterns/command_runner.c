/* The actor that runs commands: <mesh/command.h>.
 *
 * It waits for three descriptors: both outputs, and the process itself. Input is a file in memory, since nothing tells when a pipe can be written.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <mesh/command.h>
#include <mesh/dispatch.h>
#include <mesh/failure.h>
#include <mesh/troupe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    GRACE_MS = 2000,
    OUTPUT_MAX = 1 << 20,
    READ_BYTES = 64 << 10,
    READS_AT_END = 32, /* what may be left in a pipe; more comes from somebody else */
    HEAD_BYTES = 128,
};

/* Standard output, or standard error. */
struct stream {
    int fd; /* -1 when it is at its end */
    char *data;
    size_t bytes, room;
    uint64_t whole;
    bool full; /* nothing more is kept */
};

struct runner {
    struct mesh_worker work;
    struct mesh_message *asked; /* what runs; NULL when nothing does */
    struct stream streams[2];
    pid_t pid;
    int process; /* the descriptor of its process */
    uint32_t grace_ms, output_max;
    uint64_t timer;
    enum mesh_command_stop stopped;
};

/* ---- what is asked for; it points into the message ---- */

struct order {
    uint32_t timeout_ms, grace_ms, output_max;
    char *argv[MESH_COMMAND_ARGUMENTS_MAX + 1];
    const char *input;
    size_t input_bytes;
};

static bool read_order(struct order *order, const struct mesh_message *message) {
    size_t bytes, count = 0;
    const char *text = mesh_message_data(message, &bytes), *end = text + bytes;
    const char *head_end = memchr(text, 0, bytes < HEAD_BYTES ? bytes : HEAD_BYTES);
    if (!head_end ||
        sscanf(text, "%" SCNu32 " %" SCNu32 " %" SCNu32 " %zu", &order->timeout_ms, &order->grace_ms,
               &order->output_max, &count) != 4 ||
        count == 0 || count > MESH_COMMAND_ARGUMENTS_MAX) {
        return false;
    }
    const char *argument = head_end + 1;
    for (size_t i = 0; i < count; i++) {
        const char *zero = memchr(argument, 0, (size_t)(end - argument));
        if (!zero) {
            return false;
        }
        order->argv[i] = (char *)(uintptr_t)argument; /* execvp only reads it */
        argument = zero + 1;
    }
    order->argv[count] = NULL;
    order->input = argument;
    order->input_bytes = (size_t)(end - argument);
    return true;
}

/* ---- the process ---- */

enum { INPUT, OUTPUT, ERRORS, OUTPUT_END, ERRORS_END, FAULT, FAULT_END, ENDS }; /* descriptors of a start */

static void close_all(int ends[ENDS]) {
    for (size_t i = 0; i < ENDS; i++) {
        if (ends[i] >= 0) {
            (void)close(ends[i]);
        }
    }
}

static bool open_pipe(int *out, int *in) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return false;
    }
    *out = ends[0];
    *in = ends[1];
    return true;
}

static bool open_input(int *out, const struct order *order) {
    size_t written = 0;
    *out = memfd_create("mesh.command", MFD_CLOEXEC);
    while (*out >= 0 && written < order->input_bytes) {
        ssize_t bytes = write(*out, order->input + written, order->input_bytes - written);
        if (bytes < 0 && errno != EINTR) {
            return false;
        }
        written += bytes > 0 ? (size_t)bytes : 0;
    }
    return *out >= 0 && lseek(*out, 0, SEEK_SET) == 0;
}

/* In the child, before the program is there: a process group of its own, which dies with the host, and nothing of the host's but what it is given. */
static void become(const struct order *order, const int ends[ENDS], pid_t host) {
    sigset_t none;
    (void)sigemptyset(&none);
    if (setpgid(0, 0) == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == host &&
        dup2(ends[INPUT], STDIN_FILENO) >= 0 && dup2(ends[OUTPUT_END], STDOUT_FILENO) >= 0 &&
        dup2(ends[ERRORS_END], STDERR_FILENO) >= 0 && close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0 &&
        signal(SIGPIPE, SIG_DFL) != SIG_ERR && sigprocmask(SIG_SETMASK, &none, NULL) == 0) {
        (void)execvp(order->argv[0], order->argv);
    }
    int fault = errno;
    (void)!write(ends[FAULT_END], &fault, sizeof fault);
    _exit(127);
}

/* What kept the program from starting, an errno; 0 when it runs. The pipe closes when it does. */
static int await_start(int fd) {
    int fault = 0;
    ssize_t bytes;
    while ((bytes = read(fd, &fault, sizeof fault)) < 0 && errno == EINTR) {
    }
    return bytes == sizeof fault ? fault : 0;
}

/* The process may have left its group. */
static void send_signal(pid_t pid, int number) {
    if (kill(-pid, number) != 0 || number == SIGKILL) {
        (void)kill(pid, number);
    }
}

/* False, with errno, when somebody else has waited for it, or nobody can since the program ignores SIGCHLD. */
static bool kill_and_reap(pid_t pid, int *status) {
    pid_t reaped;
    send_signal(pid, SIGKILL);
    while ((reaped = waitpid(pid, status, 0)) < 0 && errno == EINTR) {
    }
    return reaped == pid;
}

/* Gives an errno; 0 when the program runs. */
static int start(struct runner *runner, const struct order *order) {
    int ends[ENDS] = {-1, -1, -1, -1, -1, -1, -1}, fault = 0, status;
    pid_t host = getpid(), pid = -1;
    bool ready = open_input(&ends[INPUT], order) && open_pipe(&ends[OUTPUT], &ends[OUTPUT_END]) &&
                 open_pipe(&ends[ERRORS], &ends[ERRORS_END]) && open_pipe(&ends[FAULT], &ends[FAULT_END]) &&
                 fcntl(ends[OUTPUT], F_SETFL, O_NONBLOCK) == 0 && fcntl(ends[ERRORS], F_SETFL, O_NONBLOCK) == 0 &&
                 (pid = fork()) >= 0;
    if (pid == 0) {
        become(order, ends, host);
    }
    if (!ready) {
        fault = errno;
        close_all(ends);
        return fault;
    }
    (void)close(ends[FAULT_END]);
    ends[FAULT_END] = -1;
    fault = await_start(ends[FAULT]);
    runner->process = fault == 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
    if (fault == 0 && runner->process < 0) {
        fault = errno;
    }
    if (fault != 0) {
        (void)kill_and_reap(pid, &status);
        close_all(ends);
        return fault;
    }
    runner->pid = pid;
    runner->streams[0] = (struct stream){.fd = ends[OUTPUT]};
    runner->streams[1] = (struct stream){.fd = ends[ERRORS]};
    ends[OUTPUT] = ends[ERRORS] = -1;
    close_all(ends);
    return 0;
}

/* ---- what it says ---- */

/* Without memory for it the rest is not kept, as beyond the limit. */
static void keep(struct stream *stream, const char *data, size_t bytes, size_t max) {
    stream->whole += bytes;
    if (stream->full) {
        return;
    }
    size_t kept = bytes < max - stream->bytes ? bytes : max - stream->bytes;
    if (stream->bytes + kept > stream->room) {
        size_t room = 2 * stream->room > stream->bytes + kept ? 2 * stream->room : stream->bytes + kept;
        char *grown = realloc(stream->data, room);
        if (!grown) {
            stream->full = true;
            return;
        }
        stream->data = grown;
        stream->room = room;
    }
    if (kept > 0) {
        memcpy(stream->data + stream->bytes, data, kept);
        stream->bytes += kept;
    }
    stream->full = stream->bytes == max;
}

/* Whether there was something. */
static bool read_some(struct stream *stream, size_t max) {
    char data[READ_BYTES];
    ssize_t bytes = stream->fd >= 0 ? read(stream->fd, data, sizeof data) : 0;
    if (bytes > 0) {
        keep(stream, data, (size_t)bytes, max);
        return true;
    }
    if (stream->fd >= 0 && (bytes == 0 || (errno != EAGAIN && errno != EINTR))) {
        (void)close(stream->fd);
        stream->fd = -1;
    }
    return false;
}

/* ---- its end ---- */

static void forget(struct mesh_actor *self, struct runner *runner) {
    for (int i = 0; i < 2; i++) {
        struct stream *stream = &runner->streams[i];
        free(stream->data);
        if (stream->fd >= 0) {
            (void)close(stream->fd);
        }
        *stream = (struct stream){.fd = -1};
    }
    (void)close(runner->process);
    if (runner->timer != 0) {
        mesh_cancel_wakeup(self, runner->timer); /* one that is on its way is known by its number when it comes */
        runner->timer = 0;
    }
    mesh_message_release(&runner->asked);
}

static enum mesh_status send_result(struct mesh_actor *self, const struct runner *runner, int status) {
    const struct stream *output = &runner->streams[0], *errors = &runner->streams[1];
    bool killed = WIFSIGNALED(status);
    char head[HEAD_BYTES];
    int length = snprintf(head, sizeof head, "%u %u %d %zu %" PRIu64 " %zu %" PRIu64, (unsigned)runner->stopped, killed,
                          killed ? WTERMSIG(status) : WEXITSTATUS(status), output->bytes, output->whole, errors->bytes,
                          errors->whole);
    size_t size = (size_t)length + 1;
    char *result = malloc(size + output->bytes + errors->bytes);
    if (!result) {
        return mesh_reply_failure(self, runner->asked, "no memory for the result");
    }
    memcpy(result, head, size);
    for (int i = 0; i < 2; i++) {
        if (runner->streams[i].bytes > 0) {
            memcpy(result + size, runner->streams[i].data, runner->streams[i].bytes);
            size += runner->streams[i].bytes;
        }
    }
    enum mesh_status sent = mesh_reply(self, runner->asked, MESH_COMMAND_RESULT, result, size);
    free(result);
    return sent;
}

/* Its process has ended, or does so now. What is left of its group goes first, while the group's number is not free for others. */
static enum mesh_status finish(struct mesh_actor *self, struct runner *runner) {
    int status = 0;
    bool known = kill_and_reap(runner->pid, &status);
    for (int i = 0; i < 2; i++) {
        for (int reads = 0; reads < READS_AT_END && read_some(&runner->streams[i], runner->output_max); reads++) {
        }
    }
    enum mesh_status sent = known ? send_result(self, runner, status)
                                  : mesh_reply_failure(self, runner->asked, "how it ended is not known");
    if (sent != MESH_OK) {
        mesh_log(self, MESH_LOG_ERROR, "the result of a command is lost: %s", mesh_status_text(sent));
    }
    forget(self, runner);
    return mesh_worker_finish(self, &runner->work);
}

static bool has_ended(const struct runner *runner) {
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)runner->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == runner->pid;
}

/* Without a timer it gets no grace. */
static void stop_it(struct mesh_actor *self, struct runner *runner, enum mesh_command_stop why) {
    bool again = runner->stopped != MESH_COMMAND_NOT_STOPPED;
    if (!again) {
        runner->stopped = why;
        if (runner->timer != 0) {
            mesh_cancel_wakeup(self, runner->timer);
        }
    }
    bool graceful = !again && mesh_wakeup(self, runner->grace_ms, NULL, 0, &runner->timer) == MESH_OK;
    send_signal(runner->pid, graceful ? SIGTERM : SIGKILL);
}

/* ---- what comes ---- */

static enum mesh_verdict on_run(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct runner *runner = state;
    struct order order;
    if (runner->asked) {
        return mesh_fail(self, "a command is running here");
    }
    if (!read_order(&order, message)) {
        return mesh_fail(self, "that is no command");
    }
    runner->stopped = MESH_COMMAND_NOT_STOPPED;
    runner->grace_ms = order.grace_ms > 0 ? order.grace_ms : GRACE_MS;
    runner->output_max = order.output_max > MESH_COMMAND_OUTPUT_MAX ? MESH_COMMAND_OUTPUT_MAX
                         : order.output_max > 0                     ? order.output_max
                                                                    : OUTPUT_MAX;
    runner->asked = mesh_message_copy(message);
    if (!runner->asked) {
        return mesh_fail(self, "no memory for a command");
    }
    int fault = start(runner, &order);
    if (fault != 0) {
        mesh_message_release(&runner->asked);
        return mesh_fail(self, "%s cannot be started: %s", order.argv[0], strerror(fault));
    }
    mesh_worker_go_on(&runner->work);
    if (order.timeout_ms > 0 && mesh_wakeup(self, order.timeout_ms, NULL, 0, &runner->timer) != MESH_OK) {
        stop_it(self, runner, MESH_COMMAND_ABORTED);
    }
    return MESH_DONE;
}

static enum mesh_verdict on_abort(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct runner *runner = state;
    (void)message;
    if (runner->asked && runner->stopped == MESH_COMMAND_NOT_STOPPED) {
        stop_it(self, runner, MESH_COMMAND_ABORTED);
    }
    return MESH_DONE;
}

static enum mesh_verdict on_wakeup(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct runner *runner = state;
    struct mesh_timer timer;
    if (runner->asked && mesh_message_wakeup(message, &timer) == MESH_OK && timer.id == runner->timer) {
        runner->timer = 0;
        stop_it(self, runner, MESH_COMMAND_TIMED_OUT);
    }
    return MESH_DONE;
}

static enum mesh_verdict on_ready(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct runner *runner = state;
    (void)message;
    if (!runner->asked) {
        return MESH_DONE;
    }
    bool ended = has_ended(runner); /* asked first: what it has said is in the pipes by then */
    for (int i = 0; i < 2; i++) {
        (void)read_some(&runner->streams[i], runner->output_max);
    }
    return !ended || finish(self, runner) == MESH_OK ? MESH_DONE : MESH_EXIT;
}

static enum mesh_verdict on_exit_request(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct runner *runner = state;
    (void)message;
    if (runner->asked) {
        runner->stopped = MESH_COMMAND_ABORTED;
        return finish(self, runner) == MESH_OK ? MESH_DONE : MESH_FAILED;
    }
    return MESH_DONE;
}

static enum mesh_verdict work(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    static const struct mesh_case cases[] = {
        {.type = MESH_COMMAND_RUN, .receive = on_run},
        {.type = MESH_COMMAND_ABORT, .receive = on_abort},
        {.kind = MESH_WAKEUP, .receive = on_wakeup},
        {.kind = MESH_WATCH, .receive = on_ready},
        {.kind = MESH_EXIT_REQUEST, .receive = on_exit_request},
        {0},
    };
    return mesh_dispatch(self, message, state, cases);
}

/* A set of descriptors holds for one message, whatever that is (F2). */
static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct runner *runner = state;
    int fds[3];
    size_t count = 0;
    enum mesh_verdict verdict = mesh_worker_receive(self, message, state, &runner->work, work);
    if (!runner->asked) {
        return verdict;
    }
    fds[count++] = runner->process;
    for (int i = 0; i < 2; i++) {
        if (runner->streams[i].fd >= 0) {
            fds[count++] = runner->streams[i].fd;
        }
    }
    return mesh_watch(self, fds, count) == MESH_OK ? verdict : MESH_EXIT;
}

/* Its process may end otherwise than on request. */
static void stop(struct mesh_actor *self, void *state) {
    struct runner *runner = state;
    int status;
    if (runner->asked) {
        (void)kill_and_reap(runner->pid, &status);
        forget(self, runner);
    }
}

const struct mesh_type mesh_command_type = {
    .name = "mesh.command", .state_bytes = sizeof(struct runner), .receive = receive, .stop = stop};
