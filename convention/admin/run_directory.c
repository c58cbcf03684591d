/* The run directory: made, locked, emptied. See run_directory.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/run_directory.h"
#include "mesh/runtime/error.h"
#include "mesh/runtime/members_file.h"
#include "mesh/runtime/node_security.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { UNDERTAKER_MS = 3000, LOCK_RETRY_MS = 20 };

static enum mesh_status status_of_errno(int number) {
    return number == EACCES || number == EPERM || number == EROFS ? MESH_PERMISSION_DENIED : MESH_IO;
}

static enum mesh_status make_directory(const char *path, struct mesh_error *error) {
    if (mkdir(path, 0700) && errno != EEXIST) {
        return error_set(error, status_of_errno(errno), "cannot make the run directory %s: %s", path, strerror(errno));
    }
    struct stat found;
    if (stat(path, &found)) {
        return error_set(error, status_of_errno(errno), "cannot read the run directory %s: %s", path, strerror(errno));
    }
    if (!S_ISDIR(found.st_mode)) {
        return error_set(error, MESH_IO, "the run directory %s is not a directory: remove it or name another", path);
    }
    if (found.st_uid != geteuid() || (found.st_mode & 077) != 0) {
        return error_set(error, MESH_PERMISSION_DENIED,
                         "the run directory %s must belong to this user alone: chmod 700 it, or name another", path);
    }
    return MESH_OK;
}

static enum mesh_status absolute_path(struct run_directory *directory, const char *path, struct mesh_error *error) {
    char *real = realpath(path, NULL);
    if (!real) {
        return error_set(error, status_of_errno(errno), "cannot read the run directory %s: %s", path, strerror(errno));
    }
    size_t bytes = strlen(real) + 1;
    bool fits = bytes <= sizeof directory->path;
    if (fits) {
        memcpy(directory->path, real, bytes);
    }
    free(real);
    return fits
               ? MESH_OK
               : error_set(error, MESH_TOO_LARGE,
                           "the path of the run directory %s is too long: at most %d bytes, for a socket path is short",
                           path, RUN_PATH_BYTES - 1);
}

static void file_path(const struct run_directory *directory, const char *name, char path[PATH_MAX]) {
    snprintf(path, PATH_MAX, "%s/%s", directory->path, name);
}

static long signed_by(int lock) {
    char text[32] = {0};
    ssize_t got = pread(lock, text, sizeof text - 1, 0);
    return got > 0 ? strtol(text, NULL, 10) : 0;
}

/* Whether the locked file is still the one that stands in the directory: an undertaker may have removed it meanwhile. */
static bool lock_is_current(int lock, const char *path) {
    struct stat held, found;
    return fstat(lock, &held) == 0 && stat(path, &found) == 0 && held.st_ino == found.st_ino &&
           held.st_dev == found.st_dev;
}

static enum mesh_status try_lock(struct run_directory *directory, const char *path, struct mesh_error *error) {
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0) {
        return errno == ENOENT ? MESH_WOULD_BLOCK
                               : error_set(error, status_of_errno(errno), "cannot open %s: %s", path, strerror(errno));
    }
    if (flock(lock, LOCK_EX | LOCK_NB) == 0 && lock_is_current(lock, path)) {
        directory->lock = lock;
        return MESH_OK;
    }
    long owner = signed_by(lock);
    close(lock);
    if (owner > 0 && kill((pid_t)owner, 0) == 0) {
        return error_set(
            error, MESH_ALREADY_RUNNING,
            "a node is running in %s already (meshd, process %ld): stop it with `mesh node stop`, or name another "
            "run directory",
            directory->path, owner);
    }
    return MESH_WOULD_BLOCK;
}

static enum mesh_status take_lock(struct run_directory *directory, const char *given, struct mesh_error *error) {
    char path[PATH_MAX];
    for (int waited_ms = 0; waited_ms < UNDERTAKER_MS; waited_ms += LOCK_RETRY_MS) {
        enum mesh_status status = make_directory(given, error);
        if (status == MESH_OK) {
            file_path(directory, "lock", path);
            status = try_lock(directory, path, error);
        }
        if (status != MESH_WOULD_BLOCK) {
            return status;
        }
        poll(NULL, 0, LOCK_RETRY_MS);
    }
    return error_set(error, MESH_ALREADY_RUNNING, "another process holds the lock of the run directory %s",
                     directory->path);
}

static bool is_source(const char *name) {
    return strncmp(name, RUN_DIRECTORY_SOURCE, strlen(RUN_DIRECTORY_SOURCE)) == 0;
}

/* It has links only. */
void run_directory_remove_source(int within, const char *name) {
    int fd = openat(within, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *listing = fd < 0 ? NULL : fdopendir(fd);
    if (!listing) {
        if (fd >= 0) {
            close(fd);
        }
        return;
    }
    for (struct dirent *entry = readdir(listing); entry; entry = readdir(listing)) {
        unlinkat(fd, entry->d_name, 0); /* not . and .., which are directories */
    }
    closedir(listing);
    unlinkat(within, name, AT_REMOVEDIR);
}

static bool is_ours(const char *name) {
    size_t length = strlen(name);
    return strcmp(name, "log") == 0 || strncmp(name, "log.", 4) == 0 ||
           strncmp(name, NODE_KEY_FILE, strlen(NODE_KEY_FILE)) == 0 ||
           strncmp(name, MEMBERS_FILE, strlen(MEMBERS_FILE)) == 0 ||
           (length > 5 && strcmp(name + length - 5, ".sock") == 0);
}

static void remove_sockets(const struct run_directory *directory) {
    DIR *listing = opendir(directory->path);
    if (!listing) {
        return; /* gone already, which is what is wanted */
    }
    for (struct dirent *entry = readdir(listing); entry; entry = readdir(listing)) {
        if (is_source(entry->d_name)) {
            run_directory_remove_source(dirfd(listing), entry->d_name);
        } else if (is_ours(entry->d_name)) {
            unlinkat(dirfd(listing), entry->d_name, 0);
        }
    }
    closedir(listing);
}

enum mesh_status run_directory_open(struct run_directory *directory, const char *path, struct mesh_error *error) {
    *directory = (struct run_directory){.lock = -1};
    enum mesh_status status = make_directory(path, error);
    if (status == MESH_OK) {
        status = absolute_path(directory, path, error);
    }
    if (status == MESH_OK) {
        status = take_lock(directory, path, error);
    }
    if (status == MESH_OK) {
        remove_sockets(directory);
        status = run_directory_sign(directory, error);
    }
    return status;
}

enum mesh_status run_directory_sign(const struct run_directory *directory, struct mesh_error *error) {
    char text[32];
    int bytes = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(directory->lock, 0) || pwrite(directory->lock, text, (size_t)bytes, 0) != bytes) {
        return error_set(error, MESH_IO, "cannot write %s/lock: %s", directory->path, strerror(errno));
    }
    return MESH_OK;
}

void run_directory_empty(const struct run_directory *directory) {
    remove_sockets(directory);
    char path[PATH_MAX];
    file_path(directory, "lock", path);
    unlink(path);
    rmdir(directory->path);
}

void run_directory_close(struct run_directory *directory) {
    if (directory->lock >= 0) {
        close(directory->lock);
        directory->lock = -1;
    }
}
