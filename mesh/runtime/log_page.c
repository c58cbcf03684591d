/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/log_page.h"

#include "mesh/base/check.h"
#include "mesh/runtime/error.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    WORDS = sizeof(struct log_settings) / sizeof(uint64_t),
    PAGE_BYTES =
        4096, /* the two parts have different protection; larger pages of a machine are no harm, see map_both */
    READS_MAX = 1000,
    PIPE_BYTES = 1 << 20, /* as much as anybody may ask for; else it stays what it is */
};

_Static_assert(sizeof(struct log_settings) % sizeof(uint64_t) == 0, "the settings are whole words");

struct told {
    _Atomic uint32_t version, most;
    _Atomic uint64_t words[WORDS];
};

_Static_assert(sizeof(struct told) <= PAGE_BYTES, "the settings fit onto one page");

struct log_page {
    struct told *told;
    struct log_counts *counts;
    size_t bytes; /* of each part; 0: on the heap */
    int warnings; /* -1: none */
};

/* ---- making ---- */

static enum mesh_status fail(struct mesh_error *error, const char *path) {
    enum mesh_status status = errno == EACCES || errno == EPERM ? MESH_PERMISSION_DENIED
                              : errno == ENOENT                 ? MESH_NOT_FOUND
                                                                : MESH_IO;
    return error_set(error, status, "the page of the log, %s, cannot be used: %s", path, strerror(errno));
}

/* Each part has a page of the machine for itself. */
static size_t part_bytes(void) {
    long bytes = sysconf(_SC_PAGESIZE);
    return bytes > PAGE_BYTES ? (size_t)bytes : PAGE_BYTES;
}

static bool map_both(struct log_page *page, int fd, bool writable) {
    page->bytes = part_bytes();
    void *told = mmap(NULL, page->bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
    page->told = told == MAP_FAILED ? NULL : told;
    void *counts =
        page->told ? mmap(NULL, page->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)page->bytes) : MAP_FAILED;
    page->counts = counts == MAP_FAILED ? NULL : counts;
    return page->counts != NULL;
}

static struct log_page *new_page(void) {
    struct log_page *page = calloc(1, sizeof *page);
    if (page) {
        page->warnings = -1;
    }
    return page;
}

/* For reading and writing, so that a pipe without a reader is no more than a full one. Who has none loses no line of its log. */
static void open_warnings(struct log_page *page, const char *run_directory, bool make) {
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/" LOG_WARNINGS_FILE, run_directory);
    if (make) {
        (void)unlink(path);
        (void)mkfifo(path, 0600);
    }
    page->warnings = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (make && page->warnings >= 0) {
        (void)fcntl(page->warnings, F_SETPIPE_SZ, PIPE_BYTES);
    }
}

static enum mesh_status open_page(struct log_page **out, const char *run_directory, int flags,
                                  struct mesh_error *error) {
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/" LOG_PAGE_FILE, run_directory);
    struct log_page *page = new_page();
    if (!page) {
        return error_set(error, MESH_NO_MEMORY, "no memory for the log");
    }
    int fd = open(path, O_RDWR | O_CLOEXEC | flags, 0600);
    /* What has no room on a full disk would end whoever touches it. */
    int cause = fd >= 0 && flags ? posix_fallocate(fd, 0, 2 * (off_t)part_bytes()) : 0;
    errno = cause ? cause : errno;
    enum mesh_status status = fd >= 0 && !cause && map_both(page, fd, flags != 0) ? MESH_OK : fail(error, path);
    if (fd >= 0) {
        (void)close(fd);
    }
    if (status != MESH_OK) {
        log_page_close(&page);
        return status;
    }
    open_warnings(page, run_directory, flags != 0);
    *out = page;
    return MESH_OK;
}

enum mesh_status log_page_create(struct log_page **out, const char *run_directory, struct mesh_error *error) {
    return open_page(out, run_directory, O_CREAT | O_TRUNC, error);
}

enum mesh_status log_page_open(struct log_page **out, const char *run_directory, struct mesh_error *error) {
    return open_page(out, run_directory, 0, error);
}

enum mesh_status log_page_own(struct log_page **out, struct mesh_error *error) {
    struct log_page *page = new_page();
    if (page) {
        page->told = calloc(1, sizeof *page->told);
        page->counts = calloc(1, sizeof *page->counts);
    }
    if (!page || !page->told || !page->counts) {
        log_page_close(&page);
        return error_set(error, MESH_NO_MEMORY, "no memory for the log");
    }
    *out = page;
    return MESH_OK;
}

void log_page_close(struct log_page **handle) {
    struct log_page *page = *handle;
    if (page && page->bytes == 0) {
        free(page->told);
        free(page->counts);
    } else if (page) {
        if (page->told) {
            (void)munmap(page->told, page->bytes);
        }
        if (page->counts) {
            (void)munmap(page->counts, page->bytes);
        }
        if (page->warnings >= 0) {
            (void)close(page->warnings);
        }
    }
    free(page);
    *handle = NULL;
}

/* ---- writing and reading ---- */

void log_page_tell(struct log_page *page, const struct log_settings *settings) {
    uint64_t words[WORDS];
    uint32_t version = atomic_load_explicit(&page->told->version, memory_order_relaxed);
    memcpy(words, settings, sizeof words);
    (void)atomic_exchange_explicit(&page->told->version, version + 1,
                                   memory_order_acq_rel); /* before all that follows */
    for (size_t i = 0; i < WORDS; i++) {
        atomic_store_explicit(&page->told->words[i], words[i], memory_order_relaxed);
    }
    atomic_store_explicit(&page->told->most, log_policy_most(&settings->policy), memory_order_relaxed);
    atomic_store_explicit(&page->told->version, version + 2, memory_order_release);
}

uint32_t log_page_version(const struct log_page *page) {
    return atomic_load_explicit(&page->told->version, memory_order_acquire);
}

enum mesh_level log_page_most(const struct log_page *page) {
    return (enum mesh_level)atomic_load_explicit(&page->told->most, memory_order_relaxed);
}

/* An admin that was killed while it wrote leaves an odd version: then what is there has to do, until this process ends, too. */
uint32_t log_page_read(const struct log_page *page, struct log_settings *out) {
    uint64_t words[WORDS];
    uint32_t before, after;
    int reads = 0;
    do {
        before = atomic_load_explicit(&page->told->version, memory_order_acquire);
        for (size_t i = 0; i < WORDS; i++) {
            words[i] = atomic_load_explicit(&page->told->words[i], memory_order_acquire);
        }
        after = atomic_load_explicit(&page->told->version, memory_order_relaxed);
    } while ((before != after || before & 1) && ++reads < READS_MAX);
    memcpy(out, words, sizeof words);
    out->policy.count = out->policy.count < LOG_RULES ? out->policy.count : LOG_RULES;
    for (uint32_t i = 0; i < out->policy.count; i++) {
        out->policy.rules[i].pattern[LOG_PATTERN_BYTES - 1] = '\0';
    }
    out->node[LOG_NODE_BYTES - 1] = '\0';
    out->path[LOG_PATH_BYTES - 1] = '\0';
    return after;
}

struct log_counts *log_page_counts(struct log_page *page) {
    return page->counts;
}

int log_page_warnings(const struct log_page *page) {
    return page->warnings;
}
