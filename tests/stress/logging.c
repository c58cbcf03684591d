/* A hundred threads log while the page changes under them, the file is moved away, and a part of a line is left: no line is lost, none is torn,
 * and none races another (run under tsan). A7, K2.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/log.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 100, LINES = 200, FILES = 64 };

static char directory[] = "/tmp/mesh-stress-log-XXXXXX";
static char path[64];
static struct log *log_file;
static atomic_int running = THREADS;

static void expect(bool condition, const char *what) {
    if (!condition) {
        fprintf(stderr, "FAILED: %s\n", what);
        exit(1);
    }
}

static void *write_lines(void *user) {
    struct mesh_address address = {1, (uint64_t)(size_t)user + 1};
    for (int i = 0; i < LINES; i++) {
        log_write(log_file, MESH_LOG_INFO, "writer", address, "%d", i);
        log_write(log_file, MESH_LOG_DEBUG, "silent", address, "not this one");
    }
    atomic_fetch_sub(&running, 1);
    return NULL;
}

static const char *name_of(int number, char name[80]) {
    (void)snprintf(name, 80, number ? "%s.%d" : "%s", path, number);
    return name;
}

/* The admin's part: other settings again and again, and another file. */
static int change(struct log_page *page, struct log_settings *settings) {
    int moved = 0;
    char name[80];
    for (uint32_t i = 0; atomic_load(&running) > 0; i++) {
        settings->format = i % 2;
        settings->policy.rules[0].level = i % 3;
        if (moved + 1 < FILES && access(path, F_OK) == 0) {
            expect(rename(path, name_of(++moved, name)) == 0, "the log is moved");
        }
        log_page_tell(page, settings);
    }
    return moved;
}

static size_t count_lines(const char *name) {
    char line[LOG_LINE_BYTES + 1], room[LOG_LINE_BYTES];
    size_t count = 0;
    FILE *file = fopen(name, "r");
    while (file && fgets(line, sizeof line, file)) {
        struct log_line read;
        expect(log_line_parse(bytes_make(line, strlen(line) - 1), room, &read), "each line is whole");
        count++;
    }
    if (file) {
        (void)fclose(file);
    }
    return count;
}

int main(void) {
    struct mesh_error error;
    struct log_page *page, *seen;
    struct log_settings settings = {.policy.level = MESH_LOG_INFO, .node = "stress"};
    pthread_t threads[THREADS];
    size_t count = 0;
    char name[80];
    expect(mkdtemp(directory) != NULL, "a directory");
    (void)snprintf(path, sizeof path, "%s/log", directory);
    (void)snprintf(settings.path, sizeof settings.path, "%s", path);
    expect(log_policy_add(&settings.policy, bytes_of_text("silent"), MESH_LOG_ERROR) == MESH_OK, "a rule");
    expect(log_page_create(&page, directory, &error) == MESH_OK, "a page");
    log_page_tell(page, &settings);
    expect(log_page_open(&seen, directory, &error) == MESH_OK && log_open(&log_file, seen, &error) == MESH_OK, "a log");
    for (size_t i = 0; i < THREADS; i++) {
        expect(pthread_create(&threads[i], NULL, write_lines, (void *)i) == 0, "a thread");
    }
    int moved = change(page, &settings);
    for (size_t i = 0; i < THREADS; i++) {
        expect(pthread_join(threads[i], NULL) == 0, "a thread has ended");
    }
    for (int number = 0; number <= moved; number++) {
        count += count_lines(name_of(number, name));
        (void)unlink(name);
    }
    expect(count == THREADS * LINES && log_lost(log_file) == 0, "all lines are there");
    log_close(&log_file);
    log_page_close(&page);
    (void)snprintf(name, sizeof name, "%s/" LOG_PAGE_FILE, directory);
    (void)unlink(name);
    (void)snprintf(name, sizeof name, "%s/" LOG_WARNINGS_FILE, directory);
    (void)unlink(name);
    (void)rmdir(directory);
    return 0;
}
