/* Any bytes as a configuration: it is read or refused with a mistake, never anything else.
 *
 * Lines of three dashes part the input: first the file, then what it may include as `0`, `1` and so on.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/config_print.h"
#include "mesh/base/check.h"
#include <czmq.h>
#include <errno.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MARK "\n---\n"

/* The part of the input with that number; without data when there is none. */
static struct bytes part_of(struct bytes input, size_t number) {
    for (;; number--) {
        const uint8_t *mark = memmem(input.data, input.size, MARK, strlen(MARK));
        size_t bytes = mark ? (size_t)(mark - input.data) : input.size;
        if (number == 0) {
            return bytes_make(input.data, bytes);
        }
        if (!mark) {
            return bytes_make(NULL, 0);
        }
        input = bytes_make(mark + strlen(MARK), input.size - bytes - strlen(MARK));
    }
}

static char *read_part(const void *user, const char *path, size_t *size) {
    bool included = path[0] >= '0' && path[0] <= '9' && !path[1];
    struct bytes part = bytes_make(NULL, 0);
    if (included || strcmp(path, "file") == 0) {
        part = part_of(*(const struct bytes *)user, included ? (size_t)(path[0] - '0') + 1 : 0);
    }
    char *text = part.data ? malloc(part.size + 1) : NULL;
    if (!text) {
        errno = part.data ? ENOMEM : ENOENT;
        return NULL;
    }
    memcpy(text, part.data, part.size);
    *size = part.size;
    return text;
}

static void print_all(const struct config *config) {
    static FILE *nowhere;
    nowhere = nowhere ? nowhere : fopen("/dev/null", "w");
    CHECK(nowhere);
    config_print(config, nowhere);
    config_print_json(config, nowhere);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bool quiet;
    struct bytes input = bytes_make(size ? data : (const uint8_t *)"", size);
    const struct config_files files = {.read = read_part, .user = &input};
    struct config *config = NULL;
    struct config_mistakes mistakes;
    char line[200];
    if (!quiet) {
        zsys_handler_set(NULL);
        quiet = true;
    }
    if (config_load(&config, &(struct config_sources){.file = "file", .files = &files}, &mistakes) == MESH_OK) {
        CHECK(config && mistakes.count == 0);
        print_all(config);
        config_destroy(&config);
        return 0;
    }
    CHECK(!config && mistakes.count > 0);
    for (size_t i = 0; i < mistakes.count; i++) {
        config_mistake_print(&mistakes, i, line, sizeof line);
    }
    config_mistakes_fini(&mistakes);
    return 0;
}
