/* The zygote: starts hosts for the admin, and buries the node after it. See zygote.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/zygote.h"
#include "mesh/base/check.h"
#include "mesh/runtime/error.h"
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

enum { EVENTS = 64, BURIAL_MS = 2000, NAME_BYTES = 4096, DESCRIPTORS = 2 };

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
};

/* ---- in the child, which becomes a host ---- */

struct birth {
    struct order_packet packet;
    const char *program, *options;
    int descriptors[DESCRIPTORS]; /* the page, the output or -1 */
    int complaint;                /* a pipe that carries errno back when the child cannot become a host */
    pid_t admin;
    zygote_host *host;
};

_Noreturn static void give_up(const struct birth *birth) {
    int number = errno;
    ssize_t written = write(birth->complaint, &number, sizeof number);
    _exit(written == (ssize_t)sizeof number ? 127 : 126);
}

/* Moves a descriptor to its place without the flag that would close it at exec. */
static void place(const struct birth *birth, int from, int to) {
    if (dup2(from, to) < 0) {
        give_up(birth);
    }
}

/* C9: nothing of the zygote's stays open but the page and what the host was given to write to. */
static int arrange_descriptors(const struct birth *birth) {
    int complaint = fcntl(birth->complaint, F_DUPFD_CLOEXEC, 16);
    int page = fcntl(birth->descriptors[0], F_DUPFD_CLOEXEC, 16);
    int output = birth->descriptors[1] < 0 ? -1 : fcntl(birth->descriptors[1], F_DUPFD_CLOEXEC, 16);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (complaint < 0 || page < 0 || null < 0) {
        give_up(birth);
    }
    place(birth, null, STDIN_FILENO);
    place(birth, output < 0 ? null : output, STDOUT_FILENO);
    place(birth, output < 0 ? null : output, STDERR_FILENO);
    place(birth, page, ZYGOTE_PAGE_FD);
    place(birth, complaint, ZYGOTE_PAGE_FD + 1);
    fcntl(ZYGOTE_PAGE_FD + 1, F_SETFD, FD_CLOEXEC);
    syscall(SYS_close_range, ZYGOTE_PAGE_FD + 2, ~0U, 0);
    return ZYGOTE_PAGE_FD + 1;
}

static void reset_signals(void) {
    for (int number = 1; number < NSIG; number++) {
        signal(number, SIG_DFL);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

_Noreturn static void be_born(struct birth *birth) {
    reset_signals();
    /* The admin may have died before the death signal was asked for. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != birth->admin) {
        _exit(125);
    }
    birth->complaint = arrange_descriptors(birth);
    if (birth->packet.order.start == ZYGOTE_FORK) {
        close(birth->complaint);
        exit(birth->host(birth->options));
    }
    if (setenv("MESH_HOST", birth->options, 1) == 0) {
        execl(birth->program, birth->program, (char *)NULL);
    }
    give_up(birth);
}

/* ---- in the zygote ---- */

struct nursery {
    int channel, waiter; /* waiter: an epoll of the channel and every host's pidfd */
    pid_t admin;
    zygote_host *host;
    int *hosts; /* pidfds of the living */
    size_t hosts_count, hosts_room;
};

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

static void forget_host(struct nursery *nursery, int pidfd) {
    for (size_t i = 0; i < nursery->hosts_count; i++) {
        if (nursery->hosts[i] == pidfd) {
            nursery->hosts[i] = nursery->hosts[--nursery->hosts_count];
            break;
        }
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

/* Waits until the child has become a host, or reads why not; the pipe's end at the child closes either way. */
static int complaint_of(int reader) {
    int number = 0;
    ssize_t got = read(reader, &number, sizeof number);
    return got == (ssize_t)sizeof number ? number : 0;
}

static struct answer start_host(struct nursery *nursery, struct birth *birth) {
    int complaint[2], pidfd = -1;
    if (!make_room(nursery)) {
        return refusal(ENOMEM, "remember the host");
    }
    if (pipe2(complaint, O_CLOEXEC)) {
        return refusal(errno, "make a pipe");
    }
    birth->complaint = complaint[1];
    /* CLONE_PARENT makes the host a child of the admin, who alone can wait for it. */
    long pid = syscall(SYS_clone, CLONE_PARENT | CLONE_PIDFD | SIGCHLD, NULL, &pidfd, NULL, 0);
    if (pid == 0) {
        be_born(birth);
    }
    int number = errno;
    close(complaint[1]);
    if (pid > 0) {
        remember_host(nursery, pidfd);
        number = complaint_of(complaint[0]);
    }
    close(complaint[0]);
    if (pid < 0) {
        return refusal(number, "fork");
    }
    return number ? refusal(number, "start the program") : (struct answer){.pid = (pid_t)pid};
}

/* Takes one order off the channel; false when the admin's end is closed. */
static bool receive_order(struct nursery *nursery, struct birth *birth) {
    char control[CMSG_SPACE(sizeof birth->descriptors)];
    struct iovec data = {&birth->packet, sizeof birth->packet};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t got = recvmsg(nursery->channel, &message, MSG_CMSG_CLOEXEC);
    if (got <= 0) {
        return got < 0 && errno == EINTR;
    }
    birth->descriptors[0] = birth->descriptors[1] = -1;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_type == SCM_RIGHTS) {
        memcpy(birth->descriptors, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
    }
    birth->program = birth->packet.texts;
    birth->options = birth->packet.texts + birth->packet.order.program_bytes;
    struct answer answer = start_host(nursery, birth);
    for (int i = 0; i < DESCRIPTORS; i++) {
        if (birth->descriptors[i] >= 0) {
            close(birth->descriptors[i]);
        }
    }
    return send(nursery->channel, &answer, sizeof answer, MSG_NOSIGNAL) == (ssize_t)sizeof answer;
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

static void serve(struct nursery *nursery, struct birth *birth) {
    struct epoll_event events[EVENTS];
    for (;;) {
        int count = epoll_wait(nursery->waiter, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd != nursery->channel) {
                forget_host(nursery, events[i].data.fd);
            } else if (!receive_order(nursery, birth)) {
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
}

_Noreturn static void zygote_main(struct nursery *nursery, const struct run_directory *directory) {
    prctl(PR_SET_NAME, "mesh-zygote");
    prepare();
    /* Signals for the admin (a Ctrl-C goes to the whole group) must not end its undertaker before it. */
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    nursery->waiter = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = nursery->channel};
    struct birth *birth = calloc(1, sizeof *birth);
    if (birth && nursery->waiter >= 0 && epoll_ctl(nursery->waiter, EPOLL_CTL_ADD, nursery->channel, &event) == 0) {
        birth->admin = nursery->admin;
        birth->host = nursery->host;
        serve(nursery, birth);
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
        struct nursery nursery = {.channel = ends[1], .admin = admin, .host = host};
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

static bool send_order(const struct zygote *zygote, const struct zygote_request *request, struct order_packet *packet,
                       size_t bytes) {
    int descriptors[DESCRIPTORS] = {request->page, request->output};
    size_t carried = (request->output >= 0 ? 2 : 1) * sizeof(int);
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof descriptors)] = {0};
    struct iovec data = {packet, bytes};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(carried)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(carried);
    memcpy(CMSG_DATA(header), descriptors, carried);
    return sendmsg(zygote->channel, &message, MSG_NOSIGNAL) == (ssize_t)bytes;
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
    struct order_packet packet = {.order = {request->start, program_bytes}};
    memcpy(packet.texts, program, program_bytes);
    memcpy(packet.texts + program_bytes, request->options, options_bytes);
    struct answer answer;
    if (zygote->channel < 0 ||
        !send_order(zygote, request, &packet, offsetof(struct order_packet, texts) + program_bytes + options_bytes) ||
        !receive_answer(zygote, &answer)) {
        return error_set(error, MESH_IO, "the zygote is gone: no host can be started; restart the node");
    }
    if (answer.pid == 0) {
        return error_set(error, MESH_IO, "cannot start a host: %s: %s%s%s", answer.step, strerror(answer.error),
                         *program ? ": " : "", program);
    }
    *pid = answer.pid;
    return MESH_OK;
}

void zygote_close(struct zygote *zygote) {
    if (zygote->channel >= 0) {
        close(zygote->channel);
        zygote->channel = -1;
        waitpid(zygote->pid, NULL, 0);
    }
}
