/* The members file: see members_file.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/members_file.h"
#include "mesh/runtime/error.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum mesh_status failed(struct mesh_error *error, const char *doing, const char *path, int number) {
    enum mesh_status status = number == ENOENT                                         ? MESH_NOT_FOUND
                              : number == EACCES || number == EPERM || number == EROFS ? MESH_PERMISSION_DENIED
                                                                                       : MESH_IO;
    return error_set(error, status, "cannot %s the members file %s: %s", doing, path, strerror(number));
}

/* ---- reading ---- */

/* All of a file, at most `room` bytes of it; -1 with errno. */
static ssize_t read_whole(int fd, char *text, size_t room) {
    size_t size = 0;
    while (size < room) {
        ssize_t got = read(fd, text + size, room - size);
        if (got == 0) {
            break;
        }
        if (got > 0) {
            size += (size_t)got;
        } else if (errno != EINTR) {
            return -1;
        }
    }
    return (ssize_t)size;
}

enum mesh_status members_file_read(struct trust *trust, const char *path, trust_tell *tell, void *context,
                                   struct mesh_error *error) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        return failed(error, "open", path, errno);
    }
    char *text = malloc(TRUST_TEXT_BYTES + 1);
    ssize_t size = text ? read_whole(fd, text, TRUST_TEXT_BYTES + 1) : 0;
    int number = errno;
    enum mesh_status status;
    (void)close(fd);
    if (!text) {
        status = error_set(error, MESH_NO_MEMORY, "there is no memory to read the members file %s", path);
    } else if (size < 0) {
        status = failed(error, "read", path, number);
    } else if (size > TRUST_TEXT_BYTES) {
        status =
            error_set(error, MESH_TOO_LARGE, "the members file %s has more than 1 MiB: remove what is no key", path);
    } else {
        status = trust_text_read(trust, bytes_make(text, (size_t)size), tell, context);
        if (status) {
            error_set(error, status, "the members file %s was not read: %s", path, mesh_status_text(status));
        }
    }
    free(text);
    return status;
}

/* ---- writing ---- */

/* 0, or what went wrong. */
static int write_whole(int fd, const char *text, size_t size) {
    while (size > 0) {
        ssize_t put = write(fd, text, size);
        if (put < 0 && errno != EINTR) {
            return errno;
        }
        text += put > 0 ? put : 0;
        size -= put > 0 ? (size_t)put : 0;
    }
    return fsync(fd) ? errno : 0;
}

/* A name is as lasting as its directory. */
static int sync_directory(const char *path) {
    char directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int bytes = slash ? (int)(slash - path + 1) : 1;
    (void)snprintf(directory, sizeof directory, "%.*s", bytes, slash ? path : ".");
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    int number = fsync(fd) ? errno : 0;
    (void)close(fd);
    return number;
}

/* Writes beside the file first, so that its name stands for a whole list at any time. */
static int replace(const char *path, const char *text) {
    char beside[PATH_MAX];
    if (snprintf(beside, sizeof beside, "%s.new", path) >= (int)sizeof beside) {
        return ENAMETOOLONG;
    }
    (void)unlink(beside); /* of a process that crashed here, or a trap: what is opened is our own */
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return errno;
    }
    int number = write_whole(fd, text, strlen(text));
    if (close(fd) && !number) {
        number = errno;
    }
    if (!number && rename(beside, path)) {
        number = errno;
    }
    if (number) {
        (void)unlink(beside);
        return number;
    }
    return sync_directory(path);
}

enum mesh_status members_file_write(const struct trust *trust, const char *path, struct mesh_error *error) {
    char *text;
    if (trust_text_write(trust, &text)) {
        return error_set(error, MESH_NO_MEMORY, "there is no memory to write the members file %s", path);
    }
    int number = replace(path, text);
    free(text);
    return number ? failed(error, "write", path, number) : MESH_OK;
}
