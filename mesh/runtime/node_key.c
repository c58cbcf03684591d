/* The file of a node's key.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/node_key.h"
#include "mesh/runtime/error.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mesh/key.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

_Static_assert((int)MESH_KEY_TEXT == (int)TRUST_KEY_TEXT, "a key has one text");

enum { FILE_BYTES = 4096, Z85_TEXT = 41, KEY_DIGITS = TRUST_KEY_TEXT - 1 };

/* ---- the pair ---- */

/* The public key follows from the secret one. */
static bool complete(struct node_key *key) {
    char secret[Z85_TEXT], public[Z85_TEXT];
    bool well = zmq_z85_encode(secret, key->secret_key, FRAME_KEY_BYTES) && zmq_curve_public(public, secret) == 0 &&
                zmq_z85_decode(key->public_key, public);
    explicit_bzero(secret, sizeof secret);
    (void)trust_key_print(key->public_key, key->text);
    return well;
}

enum mesh_status node_key_draw(struct node_key *out, struct mesh_error *error) {
    char secret[Z85_TEXT], public[Z85_TEXT];
    bool well = zmq_curve_keypair(public, secret) == 0 && zmq_z85_decode(out->secret_key, secret) && complete(out);
    explicit_bzero(secret, sizeof secret);
    return well ? MESH_OK
                : error_set(error, MESH_IO, "no keys can be drawn: this libzmq was built without CURVE (libsodium)");
}

/* ---- reading ---- */

static enum mesh_status failed(const char *what, const char *path, int number, struct mesh_error *error) {
    enum mesh_status status = number == ENOENT || number == ENOTDIR                    ? MESH_NOT_FOUND
                              : number == EACCES || number == EPERM || number == EROFS ? MESH_PERMISSION_DENIED
                                                                                       : MESH_IO;
    return error_set(error, status, "the key file %s cannot be %s: %s", path, what, strerror(number));
}

static bool is_private(const struct stat *file, uid_t owner) {
    return S_ISREG(file->st_mode) && file->st_uid == owner && (file->st_mode & 0177) == 0;
}

/* The one line that is no comment. */
static bool parse(char *text, struct node_key *out) {
    char *rest = NULL, *found = NULL;
    size_t count = 0;
    for (char *line = strtok_r(text, "\r\n", &rest); line; line = strtok_r(NULL, "\r\n", &rest)) {
        if (line[0] != '#') {
            found = line;
            count++;
        }
    }
    return count == 1 && trust_key_read(bytes_of_text(found), out->secret_key) && complete(out);
}

static enum mesh_status read_open(struct node_key *out, int fd, const char *path, uid_t owner,
                                  struct mesh_error *error) {
    struct stat file;
    char text[FILE_BYTES];
    if (fstat(fd, &file) != 0) {
        return failed("read", path, errno, error);
    }
    if (!is_private(&file, owner)) {
        return error_set(error, MESH_PERMISSION_DENIED,
                         "the key file %s must be a file of its node's user alone: chown it, and chmod 600 it", path);
    }
    ssize_t got = read(fd, text, sizeof text - 1);
    if (got < 0) {
        return failed("read", path, errno, error);
    }
    text[got] = '\0';
    bool well = parse(text, out);
    explicit_bzero(text, sizeof text);
    return well ? MESH_OK
                : error_set(error, MESH_INVALID_ARGUMENT,
                            "%s holds no secret key: make one with `mesh keygen --out FILE`", path);
}

enum mesh_status node_key_read(struct node_key *out, const char *path, struct mesh_error *error) {
    return node_key_read_of(out, path, geteuid(), error);
}

enum mesh_status node_key_read_of(struct node_key *out, const char *path, uid_t owner, struct mesh_error *error) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return failed("read", path, errno, error);
    }
    enum mesh_status status = read_open(out, fd, path, owner, error);
    (void)close(fd);
    return status;
}

/* ---- writing ---- */

static bool write_text(const struct node_key *key, const char *path) {
    char text[FILE_BYTES], secret[TRUST_KEY_TEXT];
    int bytes = snprintf(text, sizeof text,
                         "# The secret key of a node of a mesh: whoever reads it can speak as that node.\n"
                         "# Its public key is %s\n%s\n",
                         key->text, trust_key_print(key->secret_key, secret));
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool well = fd >= 0 && write(fd, text, (size_t)bytes) == bytes && fsync(fd) == 0;
    explicit_bzero(text, sizeof text);
    explicit_bzero(secret, sizeof secret);
    int number = errno;
    if (fd >= 0) {
        (void)close(fd);
    }
    errno = number;
    return well;
}

enum mesh_status node_key_write(const struct node_key *key, const char *path, bool replace, struct mesh_error *error) {
    char fresh[PATH_MAX];
    int length = snprintf(fresh, sizeof fresh, "%s.%ld", path, (long)getpid());
    if (length >= (int)sizeof fresh) {
        return error_set(error, MESH_TOO_LARGE, "the path of the key file is too long");
    }
    bool well = write_text(key, fresh) && (replace ? rename(fresh, path) : link(fresh, path)) == 0;
    int number = errno;
    (void)unlink(fresh); /* of a renamed one nothing is left there */
    if (!well && number == EEXIST) {
        return error_set(error, MESH_EXISTS,
                         "there is a key in %s already: who loses it loses its node's place in the convention; "
                         "replace it with --force, or name another file",
                         path);
    }
    return well ? MESH_OK : failed("written", path, number, error);
}

/* ---- for programs ---- */

enum mesh_status mesh_key_make(const char *file, bool replace, char text[MESH_KEY_TEXT], struct mesh_error *error) {
    struct node_key key;
    if (!file || !text) {
        return error_set(error, MESH_INVALID_ARGUMENT, "neither the file nor the room for the key may be NULL");
    }
    enum mesh_status status = node_key_draw(&key, error);
    if (status == MESH_OK) {
        status = node_key_write(&key, file, replace, error);
    }
    memcpy(text, key.text, sizeof key.text);
    explicit_bzero(&key, sizeof key);
    return status;
}

enum mesh_status mesh_key_public(const char *file, char text[MESH_KEY_TEXT], struct mesh_error *error) {
    struct node_key key;
    if (!file || !text) {
        return error_set(error, MESH_INVALID_ARGUMENT, "neither the file nor the room for the key may be NULL");
    }
    enum mesh_status status = node_key_read(&key, file, error);
    if (status == MESH_OK) {
        memcpy(text, key.text, sizeof key.text);
    }
    explicit_bzero(&key, sizeof key);
    return status;
}

/* ---- in an endpoint ---- */

/* Lower-case digits only, so that there are no two texts of one endpoint. */
const char *node_key_in(struct bytes endpoint) {
    static const char scheme[] = "tcp://", digits[] = "0123456789abcdef";
    const char *text = (const char *)endpoint.data;
    if (endpoint.size < sizeof scheme + KEY_DIGITS || memcmp(text, scheme, sizeof scheme - 1) != 0) {
        return NULL;
    }
    const char *key = text + endpoint.size - KEY_DIGITS;
    for (size_t i = 0; i < KEY_DIGITS; i++) {
        if (!key[i] || !strchr(digits, key[i])) {
            return NULL;
        }
    }
    return key[-1] == '/' ? key : NULL;
}
