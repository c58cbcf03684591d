/* SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/unpack.h"
#include "convention/admin/run_directory.h"
#include "mesh/runtime/error.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINK_BYTES = sizeof((struct unpacked *)NULL)->path + BUNDLE_NAME_BYTES + 8, TARGET_BYTES = 64 };

/* The architecture of this program. */
static bool find_machine(struct bundle_machine *out) {
    uint8_t header[BUNDLE_ELF_BYTES];
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    bool found = fd >= 0 && read(fd, header, sizeof header) == (ssize_t)sizeof header;
    if (fd >= 0) {
        close(fd);
    }
    if (found) {
        *out = bundle_machine_of(header);
    }
    return found;
}

static bool write_all(int fd, struct bytes bytes) {
    while (bytes.size > 0) {
        ssize_t written = write(fd, bytes.data, bytes.size);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        size_t done = written > 0 ? (size_t)written : 0;
        bytes = bytes_make(bytes.data + done, bytes.size - done);
    }
    return true;
}

/* The descriptor, or -1 with errno. */
static int seal(const struct bundle_object *object) {
    int fd = memfd_create(object->name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd >= 0 && (!write_all(fd, object->bytes) || fchmod(fd, 0500) != 0 ||
                    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0)) {
        int number = errno;
        close(fd);
        errno = number;
        return -1;
    }
    return fd;
}

static void print_link(char link[LINK_BYTES], const struct unpacked *unpacked, size_t number, const char *name) {
    (void)snprintf(link, LINK_BYTES, "%s/%02zu-%s", unpacked->path, number, name);
}

static enum mesh_status add(struct unpacked *unpacked, const struct bundle_object *object, struct mesh_error *error) {
    char link[LINK_BYTES], target[TARGET_BYTES];
    int fd = seal(object);
    if (fd < 0) {
        return error_set(error, MESH_IO, "no memory file for %s: %s", object->name, strerror(errno));
    }
    (void)snprintf(target, sizeof target, "/proc/%ld/fd/%d", (long)getpid(), fd);
    print_link(link, unpacked, unpacked->count, object->name);
    unpacked->fds[unpacked->count++] = fd;
    return symlink(target, link) == 0 ? MESH_OK
                                      : error_set(error, MESH_IO, "cannot make %s: %s", link, strerror(errno));
}

static void print_machines(const struct bundle *bundle, struct bundle_machine here, struct mesh_error *error) {
    char text[160];
    struct text_builder builder = text_builder(text, sizeof text);
    for (size_t i = 0; i < bundle->count; i++) {
        const struct bundle_machine *machine = &bundle->objects[i].machine;
        text_append(&builder, "%s%u (%d bits)", i ? ", " : "", machine->machine, machine->bits * 32);
    }
    error_set(error, MESH_LOAD_FAILED,
              "it has nothing for the architecture of this node, which is ELF machine %u (%d bits), but for: %s",
              here.machine, here.bits * 32, text);
}

enum mesh_status unpack(struct unpacked *out, const char *path, struct bytes from, struct mesh_error *error) {
    struct bundle bundle;
    struct bundle_machine here;
    *out = (struct unpacked){0};
    const char *fault = bundle_parse(&bundle, from);
    if (fault) {
        return error_set(error, MESH_LOAD_FAILED, "%s", fault);
    }
    if (!find_machine(&here)) {
        return error_set(error, MESH_IO, "cannot tell the architecture of this node: %s", strerror(errno));
    }
    if (bundle_count_for(&bundle, here) == 0) {
        print_machines(&bundle, here, error);
        return MESH_LOAD_FAILED;
    }
    if (strlen(path) >= sizeof out->path) {
        return error_set(error, MESH_TOO_LARGE, "%s: the path is too long", path);
    }
    if (mkdir(path, 0700) != 0) {
        return error_set(error, MESH_IO, "cannot make %s: %s", path, strerror(errno));
    }
    memcpy(out->path, path, strlen(path) + 1);
    enum mesh_status status = MESH_OK;
    for (size_t i = 0; status == MESH_OK && i < bundle.count; i++) {
        if (bundle_is_for(&bundle.objects[i], here)) {
            status = add(out, &bundle.objects[i], error);
        }
    }
    if (status != MESH_OK) {
        unpacked_remove(out);
    }
    return status;
}

void unpacked_remove(struct unpacked *unpacked) {
    if (unpacked->path[0] != '\0') {
        run_directory_remove_source(AT_FDCWD, unpacked->path);
    }
    for (size_t i = 0; i < unpacked->count; i++) {
        close(unpacked->fds[i]);
    }
    *unpacked = (struct unpacked){0};
}
