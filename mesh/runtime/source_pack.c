/* Bundles for <mesh/source.h>: made of files, and named by their bytes.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/bundle.h"
#include "mesh/runtime/error.h"
#include "mesh/runtime/source_digest.h"
#include <errno.h>
#include <fcntl.h>
#include <mesh/source.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(SOURCE_HASH_BYTES == crypto_hash_sha256_BYTES, "it is SHA-256");
_Static_assert(sizeof(crypto_hash_sha256_state) <= sizeof(struct source_hashing), "it has room");
_Static_assert((int)MESH_SOURCE_HASH_TEXT == (int)SOURCE_HASH_TEXT, "its text, too");
_Static_assert((int)MESH_SOURCE_BYTES == (int)BUNDLE_BYTES, "and its limit");

void source_digest(uint8_t hash[SOURCE_HASH_BYTES], struct bytes bytes) {
    (void)crypto_hash_sha256(hash, bytes.data, bytes.size); /* it cannot fail */
}

static crypto_hash_sha256_state *state_of(struct source_hashing *hashing) {
    return (void *)hashing->words;
}

void source_digest_begin(struct source_hashing *hashing) {
    (void)crypto_hash_sha256_init(state_of(hashing));
}

void source_digest_add(struct source_hashing *hashing, struct bytes part) {
    (void)crypto_hash_sha256_update(state_of(hashing), part.data, part.size);
}

void source_digest_end(struct source_hashing *hashing, uint8_t hash[SOURCE_HASH_BYTES]) {
    (void)crypto_hash_sha256_final(state_of(hashing), hash);
}

const char *mesh_source_hash(const void *data, size_t bytes, char text[MESH_SOURCE_HASH_TEXT]) {
    uint8_t hash[SOURCE_HASH_BYTES];
    source_digest(hash, bytes_make(data, bytes));
    return source_hash_print(hash, text);
}

void mesh_source_free(void **data) {
    if (data) {
        free(*data);
        *data = NULL;
    }
}

/* ---- packing ---- */

static enum mesh_status status_of_errno(int number) {
    return number == ENOENT || number == ENOTDIR ? MESH_NOT_FOUND : number == EACCES ? MESH_PERMISSION_DENIED : MESH_IO;
}

static enum mesh_status read_all(int fd, uint8_t *into, size_t bytes) {
    while (bytes > 0) {
        ssize_t got = read(fd, into, bytes);
        if (got == 0 || (got < 0 && errno != EINTR)) {
            return MESH_IO;
        }
        into += got > 0 ? got : 0;
        bytes -= got > 0 ? (size_t)got : 0;
    }
    return MESH_OK;
}

/* The bytes are the caller's. */
static enum mesh_status read_file(const char *path, struct bytes *out, struct mesh_error *error) {
    struct stat seen;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &seen) != 0) {
        enum mesh_status status = error_set(error, status_of_errno(errno), "%s: %s", path, strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return status;
    }
    size_t size = (size_t)seen.st_size;
    enum mesh_status status = !S_ISREG(seen.st_mode) ? MESH_INVALID_ARGUMENT
                              : size > BUNDLE_BYTES  ? MESH_TOO_LARGE
                                                     : MESH_OK;
    uint8_t *data = status == MESH_OK ? malloc(size ? size : 1) : NULL;
    if (status == MESH_OK) {
        status = data ? read_all(fd, data, size) : MESH_NO_MEMORY;
    }
    close(fd);
    if (status != MESH_OK) {
        free(data);
        return error_set(error, status, "%s: %s", path,
                         status == MESH_INVALID_ARGUMENT ? "it is no file" : mesh_status_text(status));
    }
    *out = bytes_make(data, size);
    return MESH_OK;
}

static enum mesh_status add_object(struct bundle *bundle, const char *path, struct mesh_error *error) {
    struct bundle_object *object = &bundle->objects[bundle->count];
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *fault = bundle_judge_name(name);
    if (fault) {
        return error_set(error, MESH_INVALID_ARGUMENT, "%s: %s", path, fault);
    }
    enum mesh_status status = read_file(path, &object->bytes, error);
    if (status != MESH_OK) {
        return status;
    }
    bundle->count++;
    memcpy(object->name, name, strlen(name) + 1);
    fault = bundle_look(&object->machine, object->bytes);
    for (size_t i = 0; !fault && i + 1 < bundle->count; i++) {
        if (bundle_is_for(&bundle->objects[i], object->machine) && strcmp(bundle->objects[i].name, name) == 0) {
            fault = "there is one of that name and architecture already";
        }
    }
    return fault ? error_set(error, MESH_INVALID_ARGUMENT, "%s: %s", path, fault) : MESH_OK;
}

static enum mesh_status write_bundle(const struct bundle *bundle, void **data, size_t *bytes,
                                     struct mesh_error *error) {
    size_t size = bundle_bytes(bundle);
    if (size > BUNDLE_BYTES) {
        return error_set(error, MESH_TOO_LARGE, "the bundle would have more than %d MiB", BUNDLE_BYTES / 1024 / 1024);
    }
    uint8_t *written = malloc(size);
    if (!written) {
        return error_set(error, MESH_NO_MEMORY, "no memory for the bundle");
    }
    bundle_write(bundle, written);
    *data = written;
    *bytes = size;
    return MESH_OK;
}

enum mesh_status mesh_source_pack(const char *const *paths, size_t count, void **data, size_t *bytes,
                                  struct mesh_error *error) {
    if (!paths || !data || !bytes || count == 0 || count > BUNDLE_OBJECTS) {
        return error_set(error, MESH_INVALID_ARGUMENT, "a bundle has 1 to %d shared objects", BUNDLE_OBJECTS);
    }
    struct bundle *bundle = calloc(1, sizeof *bundle);
    if (!bundle) {
        return error_set(error, MESH_NO_MEMORY, "no memory for the bundle");
    }
    enum mesh_status status = MESH_OK;
    for (size_t i = 0; status == MESH_OK && i < count; i++) {
        status = add_object(bundle, paths[i], error);
    }
    if (status == MESH_OK) {
        status = write_bundle(bundle, data, bytes, error);
    }
    for (size_t i = 0; i < bundle->count; i++) {
        free((uint8_t *)(uintptr_t)bundle->objects[i].bytes.data);
    }
    free(bundle);
    return status;
}
