/* The zygote: starts hosts for the admin, and buries the node after it. See zygote.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/zygote.h"
#include "mesh/base/check.h"
#include "mesh/runtime/error.h"
#include "mesh/runtime/spawn_word.h"
#include "mesh/runtime/title.h"
#include "mesh/runtime/transport.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EVENTS = 64, BURIAL_MS = 2000, NAME_BYTES = 4096, DESCRIPTORS = 2, LINE_FD = ZYGOTE_PAGE_FD + 1 };

/* The request as it crosses the channel: this, the program and the options, both terminated. */
struct order {
    enum zygote_start start;
    size_t program_bytes;
};

struct order_packet {
    struct order order;
    char texts[NAME_BYTES + ZYGOTE_OPTIONS_BYTES];
};

struct answer {
    pid_t pid; /* 0 when it failed */
    int error;
    char step[24];
    pid_t wasted; /* one that has died without becoming a host, for the admin to wait for; or 0 */
};

/* An order with the descriptors that travel beside it: the page, the output or -1. */
struct parcel {
    struct order_packet packet;
    size_t bytes;
    int descriptors[DESCRIPTORS];
};

/* False with errno, which is 0 when the other end is closed. */
static bool receive_parcel(int channel, struct parcel *parcel) {
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof parcel->descriptors)];
    struct iovec data = {&parcel->packet, sizeof parcel->packet};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    errno = 0;
    ssize_t got = recvmsg(channel, &message, MSG_CMSG_CLOEXEC);
    if (got <= 0) {
        return false;
    }
    parcel->bytes = (size_t)got;
    parcel->descriptors[0] = parcel->descriptors[1] = -1;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_type == SCM_RIGHTS) {
        memcpy(parcel->descriptors, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
    }
    return true;
}

static bool send_parcel(int channel, const struct parcel *parcel) {
    size_t carried = (parcel->descriptors[1] >= 0 ? 2 : 1) * sizeof(int);
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof parcel->descriptors)] = {0};
    struct iovec data = {(void *)(uintptr_t)&parcel->packet, parcel->bytes};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(carried)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(carried);
    memcpy(CMSG_DATA(header), parcel->descriptors, carried);
    return sendmsg(channel, &message, MSG_NOSIGNAL) == (ssize_t)parcel->bytes;
}

/* ---- in the child, which becomes a host ---- */

_Noreturn static void give_up(int line) {
    int number = errno;
    ssize_t written = write(line, &number, sizeof number);
    _exit(written == (ssize_t)sizeof number ? 127 : 126);
}

/* Moves a descriptor to its place without the flag that would close it at exec. */
static void place(int line, int from, int to) {
    if (dup2(from, to) < 0) {
        give_up(line);
    }
}

/* C9: nothing of the zygote's stays open but the line, which closes at exec. Gives its new number. */
static int leave_zygote(int line) {
    int kept = fcntl(line, F_DUPFD_CLOEXEC, 16);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (kept < 0 || null < 0) {
        give_up(line);
    }
    for (int standard = STDIN_FILENO; standard <= STDERR_FILENO; standard++) {
        place(kept, null, standard);
    }
    place(kept, kept, LINE_FD);
    fcntl(LINE_FD, F_SETFD, FD_CLOEXEC);
    syscall(SYS_close_range, LINE_FD + 1, ~0U, 0);
    close(ZYGOTE_PAGE_FD);
    return LINE_FD;
}

/* Nothing else is open now but the page and what the host was given to write to. */
static void arrange_descriptors(int line, const struct parcel *parcel) {
    int page = fcntl(parcel->descriptors[0], F_DUPFD_CLOEXEC, 16);
    if (page < 0) {
        give_up(line);
    }
    if (parcel->descriptors[1] >= 0) {
        place(line, parcel->descriptors[1], STDOUT_FILENO);
        place(line, parcel->descriptors[1], STDERR_FILENO);
    }
    place(line, page, ZYGOTE_PAGE_FD);
    syscall(SYS_close_range, LINE_FD + 1, ~0U, 0);
}

static void reset_signals(void) {
    for (int number = 1; number < NSIG; number++) {
        signal(number, SIG_DFL);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* ---- in the zygote ---- */

/* The next host: forked ahead, it waits at the other end of its line for what it is to become. When that end closes without a word, by exec
 * or because the host has begun, all went well; else errno comes back. */
struct spare {
    pid_t pid; /* 0: none */
    int line, pidfd;
};

struct nursery {
    int channel, waiter; /* waiter: an epoll of the channel and every host's pidfd */
    pid_t admin, admins_group, group, wasted;
    zygote_host *host;
    struct spare spare;
    int *hosts; /* pidfds of the living */
    size_t hosts_count, hosts_room;
};

_Noreturn static void be_born(const struct nursery *nursery, struct parcel *parcel, int line) {
    reset_signals();
    prctl(PR_SET_NAME, "mesh-spare");
    /* The admin may have died before the death signal was asked for. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != nursery->admin) {
        _exit(125);
    }
    (void)setpgid(0, nursery->admins_group); /* without it a Ctrl-C reaches it by the admin only */
    line = leave_zygote(line);
    while (!receive_parcel(line, parcel)) {
        if (errno != EINTR) {
            _exit(0);
        }
    }
    arrange_descriptors(line, parcel);
    const char *program = parcel->packet.texts, *options = program + parcel->packet.order.program_bytes;
    if (parcel->packet.order.start == ZYGOTE_FORK) {
        close(line);
        exit(nursery->host(options));
    }
    if (parcel->packet.order.start == ZYGOTE_SHELL && setpgid(0, nursery->group) == 0 &&
        setenv(SPAWN_ENVIRONMENT, options, 1) == 0) {
        execl("/bin/sh", "sh", "-c", program, (char *)NULL);
        give_up(line);
    }
    if (setenv("MESH_HOST", options, 1) == 0) {
        execl(program, program, (char *)NULL);
    }
    give_up(line);
}

static bool make_room(struct nursery *nursery) {
    if (nursery->hosts_count < nursery->hosts_room) {
        return true;
    }
    size_t room = nursery->hosts_room ? nursery->hosts_room * 2 : 64;
    int *hosts = realloc(nursery->hosts, room * sizeof *hosts);
    if (!hosts) {
        return false;
    }
    nursery->hosts = hosts;
    nursery->hosts_room = room;
    return true;
}

static void drop_spare(struct nursery *nursery) {
    close(nursery->spare.line);
    nursery->spare = (struct spare){0};
}

/* A spare one of which nobody knows yet has to be waited for, too. */
static void forget_host(struct nursery *nursery, int pidfd) {
    for (size_t i = 0; i < nursery->hosts_count; i++) {
        if (nursery->hosts[i] == pidfd) {
            nursery->hosts[i] = nursery->hosts[--nursery->hosts_count];
            break;
        }
    }
    if (nursery->spare.pid && nursery->spare.pidfd == pidfd) {
        nursery->wasted = nursery->spare.pid;
        drop_spare(nursery);
    }
    close(pidfd); /* which also takes it out of the epoll */
}

static void remember_host(struct nursery *nursery, int pidfd) {
    fcntl(pidfd, F_SETFD, FD_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = pidfd};
    epoll_ctl(nursery->waiter, EPOLL_CTL_ADD, pidfd, &event);
    nursery->hosts[nursery->hosts_count++] = pidfd;
}

static struct answer refusal(int number, const char *step) {
    struct answer answer = {.error = number};
    snprintf(answer.step, sizeof answer.step, "%s", step);
    return answer;
}

/* Forks the next host, if there is none; why that failed, with a pid of 0. */
static struct answer make_spare(struct nursery *nursery, struct parcel *parcel) {
    int line[2], pidfd = -1;
    if (nursery->spare.pid) {
        return (struct answer){.pid = nursery->spare.pid};
    }
    if (!make_room(nursery)) {
        return refusal(ENOMEM, "remember the host");
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, line)) {
        return refusal(errno, "make a socket");
    }
    /* CLONE_PARENT makes the host a child of the admin, who alone can wait for it. */
    long pid = syscall(SYS_clone, CLONE_PARENT | CLONE_PIDFD | SIGCHLD, NULL, &pidfd, NULL, 0);
    if (pid == 0) {
        be_born(nursery, parcel, line[1]);
    }
    int number = errno;
    close(line[1]);
    if (pid < 0) {
        close(line[0]);
        return refusal(number, "fork");
    }
    remember_host(nursery, pidfd);
    nursery->spare = (struct spare){.pid = (pid_t)pid, .line = line[0], .pidfd = pidfd};
    return (struct answer){.pid = (pid_t)pid};
}

/* Gives the spare one its order, and another a second time when it had died meanwhile. */
static struct answer start_host(struct nursery *nursery, struct parcel *parcel) {
    struct answer answer = make_spare(nursery, parcel);
    if (answer.pid && !send_parcel(nursery->spare.line, parcel)) {
        forget_host(nursery, nursery->spare.pidfd);
        answer = make_spare(nursery, parcel);
        if (answer.pid && !send_parcel(nursery->spare.line, parcel)) {
            return refusal(errno, "reach the new process");
        }
    }
    if (answer.pid == 0) {
        return answer;
    }
    int number = 0;
    ssize_t got = read(nursery->spare.line, &number, sizeof number);
    drop_spare(nursery);
    if (got == (ssize_t)sizeof number) {
        nursery->wasted = answer.pid;
        return refusal(number, "start the program");
    }
    return answer;
}

/* One that the admin knows of and the zygote does not yet. */
static struct answer adopt(struct nursery *nursery, int pidfd) {
    int kept = make_room(nursery) ? fcntl(pidfd, F_DUPFD_CLOEXEC, 0) : -1;
    if (kept < 0) {
        return refusal(errno, "remember the host");
    }
    remember_host(nursery, kept);
    return (struct answer){.pid = nursery->admin};
}

/* Takes one order off the channel; false when the admin's end is closed. */
static bool receive_order(struct nursery *nursery, struct parcel *parcel) {
    if (!receive_parcel(nursery->channel, parcel)) {
        return errno == EINTR;
    }
    bool adopts = parcel->packet.order.start == ZYGOTE_ADOPT;
    struct answer answer = adopts ? adopt(nursery, parcel->descriptors[0]) : start_host(nursery, parcel);
    for (int i = 0; i < DESCRIPTORS; i++) {
        if (parcel->descriptors[i] >= 0) {
            close(parcel->descriptors[i]);
        }
    }
    answer.wasted = nursery->wasted;
    nursery->wasted = 0;
    bool sent = send(nursery->channel, &answer, sizeof answer, MSG_NOSIGNAL) == (ssize_t)sizeof answer;
    if (!adopts) {
        (void)make_spare(nursery, parcel); /* without one the next order says what is wrong */
    }
    return sent;
}

/* Kills the hosts that are left and waits until the last is gone. */
static void bury_hosts(struct nursery *nursery) {
    for (size_t i = 0; i < nursery->hosts_count; i++) {
        syscall(SYS_pidfd_send_signal, nursery->hosts[i], SIGKILL, NULL, 0);
    }
    struct epoll_event events[EVENTS];
    while (nursery->hosts_count > 0) {
        int count = epoll_wait(nursery->waiter, events, EVENTS, BURIAL_MS);
        if (count == 0 || (count < 0 && errno != EINTR)) {
            return;
        }
        for (int i = 0; i < count; i++) {
            forget_host(nursery, events[i].data.fd);
        }
    }
}

static void serve(struct nursery *nursery, struct parcel *parcel) {
    struct epoll_event events[EVENTS];
    for (;;) {
        int count = epoll_wait(nursery->waiter, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd != nursery->channel) {
                forget_host(nursery, events[i].data.fd);
            } else if (!receive_order(nursery, parcel)) {
                return;
            }
        }
        if (count < 0 && errno != EINTR) {
            return;
        }
    }
}

/* What each host would do anew, and may inherit: the library that modules are linked to is mapped, though a host has all of it inside,
 * and libzmq has begun. 0.7 ms. Neither makes a thread or a descriptor. */
static void prepare(void) {
    (void)dlopen(MESH_LIBRARY, RTLD_LAZY | RTLD_LOCAL); /* without it a module loads it for itself */
    transport_zmq_prepare();
    title_prepare();
}

_Noreturn static void zygote_main(struct nursery *nursery, const struct run_directory *directory) {
    prctl(PR_SET_NAME, "mesh-zygote");
    (void)setpgid(0, 0); /* which cannot fail in a process that is just forked */
    nursery->group = getpgrp();
    prepare();
    /* Signals for the admin (a Ctrl-C goes to the whole group) must not end its undertaker before it. */
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    nursery->waiter = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = nursery->channel};
    struct parcel *parcel = calloc(1, sizeof *parcel);
    if (parcel && nursery->waiter >= 0 && epoll_ctl(nursery->waiter, EPOLL_CTL_ADD, nursery->channel, &event) == 0) {
        serve(nursery, parcel);
        epoll_ctl(nursery->waiter, EPOLL_CTL_DEL, nursery->channel, NULL);
        bury_hosts(nursery);
    }
    run_directory_empty(directory);
    _exit(0);
}

/* ---- in the admin ---- */

enum mesh_status zygote_open(struct zygote *zygote, const struct run_directory *directory, zygote_host *host,
                             struct mesh_error *error) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) {
        return error_set(error, MESH_IO, "cannot make the channel to the zygote: %s", strerror(errno));
    }
    pid_t admin = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        struct nursery nursery = {.channel = ends[1], .admin = admin, .admins_group = getpgrp(), .host = host};
        zygote_main(&nursery, directory);
    }
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return error_set(error, MESH_IO, "cannot fork the zygote: %s", strerror(errno));
    }
    *zygote = (struct zygote){.pid = pid, .channel = ends[0]};
    return MESH_OK;
}

static bool receive_answer(const struct zygote *zygote, struct answer *answer) {
    ssize_t got;
    do {
        got = recv(zygote->channel, answer, sizeof *answer, 0);
    } while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof *answer;
}

enum mesh_status zygote_start(struct zygote *zygote, const struct zygote_request *request, pid_t *pid,
                              struct mesh_error *error) {
    const char *program = request->program ? request->program : "";
    size_t program_bytes = strlen(program) + 1, options_bytes = strlen(request->options) + 1;
    CHECK(program_bytes <= NAME_BYTES && options_bytes <= ZYGOTE_OPTIONS_BYTES);
    struct parcel parcel = {.packet.order = {request->start, program_bytes},
                            .bytes = offsetof(struct order_packet, texts) + program_bytes + options_bytes,
                            .descriptors = {request->page, request->output}};
    memcpy(parcel.packet.texts, program, program_bytes);
    memcpy(parcel.packet.texts + program_bytes, request->options, options_bytes);
    struct answer answer;
    if (zygote->channel < 0 || !send_parcel(zygote->channel, &parcel) || !receive_answer(zygote, &answer)) {
        return error_set(error, MESH_IO, "the zygote is gone: no host can be started; restart the node");
    }
    if (answer.wasted) {
        waitpid(answer.wasted, NULL, 0);
    }
    if (answer.pid == 0) {
        return error_set(error, MESH_IO, "cannot start a host: %s: %s%s%s", answer.step, strerror(answer.error),
                         *program ? ": " : "", program);
    }
    *pid = answer.pid;
    return MESH_OK;
}

enum mesh_status zygote_adopt(struct zygote *zygote, int pidfd, struct mesh_error *error) {
    struct zygote_request request = {.start = ZYGOTE_ADOPT, .options = "", .page = pidfd, .output = -1};
    pid_t unused;
    return zygote_start(zygote, &request, &unused, error);
}

void zygote_close(struct zygote *zygote) {
    if (zygote->channel >= 0) {
        close(zygote->channel);
        zygote->channel = -1;
        waitpid(zygote->pid, NULL, 0);
        while (waitpid(-1, NULL, WNOHANG) > 0) {
            /* the host that was ready for an order, which the zygote has ended */
        }
    }
}
