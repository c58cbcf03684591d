/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/run_path.h"

#include "mesh/runtime/error.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static const char *set_variable(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

enum mesh_status run_path_find(char out[RUN_PATH_BYTES], const char *given, struct mesh_error *error) {
    char name[4096];
    const char *own = given ? given : set_variable("MESH_RUN_DIRECTORY");
    const char *runtime = set_variable("XDG_RUNTIME_DIR");
    const char *temporary = set_variable("TMPDIR");
    int bytes;
    if (own) {
        bytes = snprintf(name, sizeof name, "%s", own);
    } else if (runtime) {
        bytes = snprintf(name, sizeof name, "%s/mesh", runtime);
    } else {
        bytes = snprintf(name, sizeof name, "%s/mesh-%u", temporary ? temporary : "/tmp", (unsigned)geteuid());
    }
    if (name[0] != '/') {
        return error_set(error, MESH_INVALID_ARGUMENT, "the run directory %.200s is not absolute: begin it with /",
                         name);
    }
    if (bytes >= RUN_PATH_BYTES) {
        return error_set(
            error, MESH_INVALID_ARGUMENT,
            "the run directory %.200s is longer than %d bytes, which sockets in it could not bear: choose a "
            "shorter one",
            name, RUN_PATH_BYTES - 1);
    }
    memcpy(out, name, (size_t)bytes + 1);
    return MESH_OK;
}

const char *run_path_endpoint(char out[RUN_PATH_ENDPOINT_BYTES], const char *directory, const char *name) {
    (void)snprintf(out, RUN_PATH_ENDPOINT_BYTES, "ipc://%s/%s.sock", directory, name);
    return out;
}

static enum mesh_status knock_failed(int error_number, const char *directory, struct mesh_error *error) {
    if (error_number == ENOENT || error_number == ECONNREFUSED || error_number == ENOTDIR) {
        return error_set(error, MESH_NOT_RUNNING, "no node runs in %s: start one there, or name another run directory",
                         directory);
    }
    if (error_number == EACCES || error_number == EPERM) {
        return error_set(error, MESH_PERMISSION_DENIED, "the node in %s belongs to another user", directory);
    }
    return error_set(error, MESH_IO, "the admin's socket in %s cannot be reached: %s", directory,
                     strerror(error_number));
}

enum mesh_status run_path_knock(const char *directory, pid_t *admin, struct mesh_error *error) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    (void)snprintf(name.sun_path, sizeof name.sun_path, "%s/admin.sock", directory);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return error_set(error, MESH_IO, "no socket could be opened: %s", strerror(errno));
    }
    struct ucred peer = {0};
    socklen_t peer_bytes = sizeof peer;
    /* EAGAIN: the queue of connections is full, so somebody listens. */
    bool there = connect(fd, (const struct sockaddr *)&name, sizeof name) == 0 || errno == EAGAIN;
    int error_number = errno;
    if (there && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_bytes) != 0) {
        peer.pid = 0;
    }
    (void)close(fd);
    if (!there) {
        return knock_failed(error_number, directory, error);
    }
    if (peer.pid != 0 && peer.uid != geteuid() && geteuid() != 0) {
        return knock_failed(EACCES, directory, error);
    }
    *admin = peer.pid;
    return MESH_OK;
}

/* Who answers the second knock is whom the descriptor stands for: a process that came in the admin's place has another number. */
enum mesh_status run_path_signal(const char *directory, int number, struct mesh_error *error) {
    pid_t admin = 0, again = 0;
    enum mesh_status status = run_path_knock(directory, &admin, error);
    if (status != MESH_OK) {
        return status;
    }
    int pidfd = admin > 0 ? (int)syscall(SYS_pidfd_open, admin, 0) : -1;
    if (pidfd < 0) {
        return error_set(error, MESH_IO, "the admin of the node in %s cannot be told apart from here: %s", directory,
                         admin > 0 ? strerror(errno) : "it lives in another process namespace");
    }
    status = run_path_knock(directory, &again, error);
    if (status == MESH_OK && again != admin) {
        status = error_set(error, MESH_IO, "the node in %s has just been started anew: try again", directory);
    }
    if (status == MESH_OK && syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0) != 0) {
        status = error_set(error, MESH_IO, "the admin of the node in %s cannot be sent a signal: %s", directory,
                           strerror(errno));
    }
    (void)close(pidfd);
    return status;
}
