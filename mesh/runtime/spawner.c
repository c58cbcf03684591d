/* The spawner's side of spawning: see <mesh/spawner.h>.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/catalogue.h"
#include "mesh/runtime/error.h"
#include "mesh/runtime/module.h"
#include "mesh/runtime/spawn_word.h"
#include "mesh/runtime/title.h"
#include "mesh/runtime/transport.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <mesh/spawner.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGE_FD = 3 };

struct mesh_spawner {
    int channel, page;
    pid_t admin;
    bool wanted;
    uint64_t incarnation; /* of the host that is wanted */
    const char *options;
    char type[MODULE_NAME_BYTES + 1];
    char packet[SPAWN_BYTES];
};

/* ---- what it says ---- */

__attribute__((format(printf, 2, 3))) static enum mesh_status say(const struct mesh_spawner *spawner,
                                                                  const char *format, ...) {
    char text[SPAWN_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int bytes = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (bytes < 0 || (size_t)bytes >= sizeof text) {
        return MESH_INVALID_ARGUMENT;
    }
    ssize_t sent;
    do {
        sent = send(spawner->channel, text, (size_t)bytes, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent == bytes ? MESH_OK : MESH_CLOSED;
}

static enum mesh_status say_types(const struct mesh_spawner *spawner, const struct mesh_type *types, size_t count) {
    char *lines = malloc(CATALOGUE_BYTES);
    enum mesh_status status = lines ? say(spawner, "spawner\t%d", SPAWN_VERSION) : MESH_NO_MEMORY;
    for (size_t i = 0; status == MESH_OK && i < count; i++) {
        catalogue_print_type(lines, CATALOGUE_BYTES, &types[i]);
        char *rest = lines;
        for (char *line; status == MESH_OK && (line = strsep(&rest, "\n")) && *line;) {
            status = say(spawner, "%s", line);
        }
    }
    free(lines);
    return status == MESH_OK ? say(spawner, "end") : status;
}

/* ---- beginning ---- */

static enum mesh_verdict receive_nothing(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)self;
    (void)message;
    (void)state;
    return MESH_FAILED;
}

/* Judged by what is demanded of the types of a module. */
static enum mesh_status read_types(struct mesh_type *out, const struct mesh_spawner_type *types, size_t count,
                                   struct mesh_error *error) {
    const struct mesh_type *judged[SPAWN_TYPES + 1] = {NULL};
    if (count > SPAWN_TYPES || (count > 0 && !types)) {
        return error_set(error, MESH_INVALID_ARGUMENT, "a spawner has 1 to %d types", SPAWN_TYPES);
    }
    for (size_t i = 0; i < count; i++) {
        out[i] = (struct mesh_type){.name = types[i].name,
                                    .receive = receive_nothing,
                                    .requirements = types[i].requirements,
                                    .requirements_count = types[i].requirements_count};
        judged[i] = &out[i];
    }
    struct mesh_error why;
    enum mesh_status status = module_check(judged, "the spawner", &why);
    return status == MESH_OK ? status : error_set(error, MESH_INVALID_ARGUMENT, "%s", why.text);
}

/* The node's end of it, which the environment names. It is nobody else's business. */
static int take_channel(void) {
    const char *named = getenv(SPAWN_ENVIRONMENT);
    int kind = 0;
    socklen_t bytes = sizeof kind;
    if (!named || getsockopt(SPAWN_FD, SOL_SOCKET, SO_TYPE, &kind, &bytes) != 0 || kind != SOCK_SEQPACKET) {
        return -1;
    }
    (void)unsetenv(SPAWN_ENVIRONMENT);
    (void)fcntl(SPAWN_FD, F_SETFD, FD_CLOEXEC);
    return SPAWN_FD;
}

enum mesh_status mesh_spawner_open(struct mesh_spawner **out, const struct mesh_spawner_type *types, size_t count,
                                   struct mesh_error *error) {
    struct mesh_type read[SPAWN_TYPES];
    if (!getenv(SPAWN_ENVIRONMENT)) {
        return error_set(error, MESH_NOT_FOUND,
                         "no node has started this process as its spawner: name it in the setting spawner");
    }
    enum mesh_status status = read_types(read, types, count, error);
    struct mesh_spawner *spawner = status == MESH_OK ? calloc(1, sizeof *spawner) : NULL;
    if (status != MESH_OK || !spawner) {
        return status != MESH_OK ? status : error_set(error, MESH_NO_MEMORY, "no memory for a spawner");
    }
    spawner->page = -1;
    spawner->admin = getppid();
    spawner->channel = take_channel();
    if (spawner->channel < 0) {
        free(spawner);
        return error_set(error, MESH_NOT_FOUND, "descriptor %d does not lead to a node", SPAWN_FD);
    }
    title_prepare();
    transport_zmq_prepare();
    status = say_types(spawner, read, count);
    if (status != MESH_OK) {
        mesh_spawner_close(&spawner);
        return error_set(error, status, "the node does not hear what this spawner can host: %s",
                         mesh_status_text(status));
    }
    *out = spawner;
    return MESH_OK;
}

void mesh_spawner_close(struct mesh_spawner **spawner) {
    if (spawner && *spawner) {
        (void)close((*spawner)->channel);
        if ((*spawner)->page >= 0) {
            (void)close((*spawner)->page);
        }
        free(*spawner);
        *spawner = NULL;
    }
}

/* ---- what is wanted ---- */

/* The value of an option, as host_options_print writes them. */
static void find_type(struct mesh_spawner *spawner) {
    static const char before[] = "\ntype ";
    const char *at = strstr(spawner->packet, before);
    const char *value = at ? at + sizeof before - 1 : "";
    (void)snprintf(spawner->type, sizeof spawner->type, "%.*s", (int)strcspn(value, "\n"), value);
}

/* False when it is no order. */
static bool read_order(struct mesh_spawner *spawner, size_t bytes) {
    char *end;
    spawner->packet[bytes] = 0;
    if (strncmp(spawner->packet, "host\t", 5) != 0 || spawner->page < 0) {
        return false;
    }
    spawner->incarnation = strtoull(spawner->packet + 5, &end, 10);
    spawner->options = *end == '\n' ? end + 1 : NULL;
    find_type(spawner);
    return spawner->options != NULL;
}

static ssize_t receive(struct mesh_spawner *spawner) {
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    struct iovec data = {spawner->packet, sizeof spawner->packet - 1};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t got = recvmsg(spawner->channel, &message, MSG_CMSG_CLOEXEC);
    struct cmsghdr *header = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (header && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof(int))) {
        memcpy(&spawner->page, CMSG_DATA(header), sizeof(int));
    }
    return got;
}

enum mesh_status mesh_spawner_next(struct mesh_spawner *spawner, int timeout_ms) {
    if (!spawner || spawner->wanted) {
        return MESH_INVALID_ARGUMENT;
    }
    struct pollfd waited = {.fd = spawner->channel, .events = POLLIN};
    int ready = poll(&waited, 1, timeout_ms);
    if (ready <= 0) {
        return ready == 0 ? MESH_TIMED_OUT : MESH_INTERRUPTED;
    }
    ssize_t got = receive(spawner);
    if (got < 0 && errno == EINTR) {
        return MESH_INTERRUPTED;
    }
    spawner->wanted = got > 0 && read_order(spawner, (size_t)got);
    return spawner->wanted ? MESH_OK : MESH_CLOSED; /* of nonsense this node has no more to say */
}

const char *mesh_spawner_type(const struct mesh_spawner *spawner) {
    return spawner && spawner->wanted ? spawner->type : NULL;
}

static void forget(struct mesh_spawner *spawner) {
    (void)close(spawner->page);
    spawner->page = -1;
    spawner->wanted = false;
}

enum mesh_status mesh_spawner_refuse(struct mesh_spawner *spawner, enum mesh_status status, const char *text) {
    if (!spawner || !spawner->wanted || status == MESH_OK) {
        return MESH_INVALID_ARGUMENT;
    }
    forget(spawner);
    return say(spawner, "refused\t%" PRIu64 "\t%d\t%.1000s", spawner->incarnation, (int)status, text ? text : "");
}

/* ---- forking ---- */

/* C9: nothing stays open but the page; C8: it ends with the admin, its parent. */
static void be_born(struct mesh_spawner *spawner) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != spawner->admin) {
        _exit(125);
    }
    if (say(spawner, "born\t%" PRIu64 "\t%d", spawner->incarnation, (int)getpid()) != MESH_OK) {
        _exit(125);
    }
    int page = fcntl(spawner->page, F_DUPFD_CLOEXEC, 16);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (page < 0 || null < 0 || dup2(page, PAGE_FD) < 0) {
        _exit(125);
    }
    for (int standard = STDIN_FILENO; standard <= STDERR_FILENO; standard++) {
        (void)dup2(null, standard);
    }
    (void)syscall(SYS_close_range, PAGE_FD + 1, ~0U, 0);
}

static size_t threads(void) {
    struct stat tasks;
    return stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink > 2 ? tasks.st_nlink - 2 : 1;
}

static enum mesh_status refuse(struct mesh_spawner *spawner, struct mesh_error *error, enum mesh_status status,
                               const char *text) {
    enum mesh_status said = mesh_spawner_refuse(spawner, MESH_LOAD_FAILED, text);
    return error_set(error, said == MESH_CLOSED ? said : status, "%s", text);
}

enum mesh_status mesh_spawner_fork(struct mesh_spawner *spawner, const char **request, struct mesh_error *error) {
    char text[160];
    if (!spawner || !spawner->wanted || !request) {
        return error_set(error, MESH_INVALID_ARGUMENT, "no host is wanted now");
    }
    if (threads() > 1) {
        (void)snprintf(text, sizeof text, "the spawner has %zu threads: it must have one when it forks", threads());
        return refuse(spawner, error, MESH_REFUSED, text);
    }
    /* CLONE_PARENT, which fork() has not, makes the host a child of the admin, who alone can wait for it. */
    long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, 0);
    if (pid < 0) {
        (void)snprintf(text, sizeof text, "the spawner cannot fork: %s", strerror(errno));
        return refuse(spawner, error, MESH_IO, text);
    }
    if (pid == 0) {
        be_born(spawner);
        *request = spawner->options;
        return MESH_OK;
    }
    forget(spawner);
    *request = NULL;
    return MESH_OK;
}
