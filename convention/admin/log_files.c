/* SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/log_files.h"

#include "mesh/runtime/error.h"
#include "mesh/runtime/log_page.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_BYTES = LOG_PATH_BYTES + 24 };

bool log_files_size(const char *path, uint64_t *bytes) {
    struct stat found;
    if (stat(path, &found) != 0 || !S_ISREG(found.st_mode)) {
        return false;
    }
    *bytes = (uint64_t)found.st_size;
    return true;
}

/* Number 0 is the file that is written. */
static const char *name_of(const char *path, size_t number, char name[NAME_BYTES]) {
    (void)snprintf(name, NAME_BYTES, number ? "%s.%zu" : "%s", path, number);
    return name;
}

/* Those that are missing are no gap for long. */
static int move_up(const char *path, size_t number) {
    char from[NAME_BYTES], to[NAME_BYTES];
    return rename(name_of(path, number, from), name_of(path, number + 1, to)) == 0 || errno == ENOENT ? 0 : -1;
}

/* From the last one: each takes the place of the one before it, and the one that was last is no more. Of fewer than before the others go. */
enum mesh_status log_files_rotate(const char *path, size_t keep, struct mesh_error *error) {
    char name[NAME_BYTES];
    for (size_t number = keep + 1; unlink(name_of(path, number, name)) == 0; number++) {
    }
    for (size_t number = keep; number-- > 0;) {
        if (move_up(path, number) != 0) {
            return error_set(error, MESH_IO, "the log %s cannot be rotated: %s", path, strerror(errno));
        }
    }
    return MESH_OK;
}
