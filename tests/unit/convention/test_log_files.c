/* The files of a log: their names when it is rotated, and that no line is lost or torn while many processes write.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/log_files.h"
#include "mesh/runtime/log.h"
#include <criterion/criterion.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WRITERS = 20, LINES = 1000, KEEP = 400, NAME_BYTES = 128 };

static char directory[] = "/tmp/mesh-test-log-XXXXXX";
static char path[64];

static const char *name_of(size_t number, char name[NAME_BYTES]) {
    (void)snprintf(name, NAME_BYTES, number ? "%s.%zu" : "%s", path, number);
    return name;
}

static void begin(void) {
    cr_assert_not_null(mkdtemp(directory));
    (void)snprintf(path, sizeof path, "%s/log", directory);
}

static void end(void) {
    char name[NAME_BYTES];
    for (size_t number = 0; number <= KEEP; number++) {
        (void)unlink(name_of(number, name));
    }
    (void)snprintf(name, sizeof name, "%s/" LOG_PAGE_FILE, directory);
    (void)unlink(name);
    (void)snprintf(name, sizeof name, "%s/" LOG_WARNINGS_FILE, directory);
    (void)unlink(name);
    (void)rmdir(directory);
}

TestSuite(log_files, .init = begin, .fini = end);

static void write_file(size_t number, const char *text) {
    char name[NAME_BYTES];
    FILE *file = fopen(name_of(number, name), "w");
    cr_assert_not_null(file);
    cr_assert_geq(fputs(text, file), 0);
    cr_assert_eq(fclose(file), 0);
}

/* NULL: there is no such file. */
static void expect_file(size_t number, const char *text) {
    char name[NAME_BYTES], is[64] = "";
    FILE *file = fopen(name_of(number, name), "r");
    cr_assert_eq(file != NULL, text != NULL, "%s", name);
    if (file) {
        cr_assert_not_null(fgets(is, sizeof is, file));
        cr_assert_str_eq(is, text);
        (void)fclose(file);
    }
}

Test(log_files, K2_each_file_takes_the_next_number_and_the_last_goes) {
    struct mesh_error error;
    write_file(0, "c");
    write_file(1, "b");
    write_file(2, "a");
    cr_assert_eq(log_files_rotate(path, 2, &error), MESH_OK);
    expect_file(0, NULL);
    expect_file(1, "c");
    expect_file(2, "b");
    expect_file(3, NULL);
}

Test(log_files, fewer_are_kept_when_that_has_changed) {
    struct mesh_error error;
    for (size_t number = 0; number < 5; number++) {
        write_file(number, "x");
    }
    cr_assert_eq(log_files_rotate(path, 1, &error), MESH_OK);
    expect_file(1, "x");
    expect_file(2, NULL);
    expect_file(3, NULL);
    expect_file(4, NULL);
}

Test(log_files, K2_a_rotation_that_cannot_be_is_told_and_leaves_the_log) {
    char name[NAME_BYTES];
    struct mesh_error error;
    write_file(0, "a");
    cr_assert_eq(mkdir(name_of(1, name), 0700), 0); /* no file takes its place */
    cr_assert_eq(log_files_rotate(path, 1, &error), MESH_IO);
    cr_assert_not_null(strstr(error.text, "cannot be rotated"));
    expect_file(0, "a");
    cr_assert_eq(rmdir(name), 0);
}

Test(log_files, what_is_no_regular_file_has_no_size) {
    uint64_t bytes;
    cr_assert_not(log_files_size("/dev/null", &bytes));
    cr_assert_not(log_files_size(path, &bytes));
    write_file(0, "abc");
    cr_assert(log_files_size(path, &bytes));
    cr_assert_eq(bytes, 3);
}

/* ---- all together ---- */

static struct log *open_log(void) {
    struct mesh_error error;
    struct log_page *page;
    struct log *log;
    cr_assert_eq(log_page_open(&page, directory, &error), MESH_OK, "%s", error.text);
    cr_assert_eq(log_open(&log, page, &error), MESH_OK);
    return log;
}

static void write_lines(uint64_t writer) {
    struct log *log = open_log();
    for (int i = 0; i < LINES; i++) {
        log_write(log, MESH_LOG_INFO, "writer", (struct mesh_address){1, writer}, "%d of %d", i, LINES);
        sched_yield(); /* all of them, and who rotates, are at it at the same time */
    }
    _exit(log_lost(log) == 0 ? 0 : 1);
}

/* Every line is whole, and those of each writer are all there. */
static void count_lines(const char *name, int counts[WRITERS + 1]) {
    char line[LOG_LINE_BYTES + 1], room[LOG_LINE_BYTES];
    FILE *file = fopen(name, "r");
    while (file && fgets(line, sizeof line, file)) {
        struct log_line read;
        cr_assert(log_line_parse(bytes_make(line, strlen(line) - 1), room, &read), "%s", line);
        cr_assert_leq(read.address.local, WRITERS);
        counts[read.address.local]++;
    }
    if (file) {
        (void)fclose(file);
    }
}

static size_t still_at_work(size_t running) {
    int how;
    while (running > 0 && waitpid(-1, &how, WNOHANG) > 0) {
        cr_assert(WIFEXITED(how) && WEXITSTATUS(how) == 0, "a writer lost a line");
        running--;
    }
    return running;
}

Test(log_files, K2_no_line_is_lost_or_torn_while_twenty_processes_write_and_the_log_is_rotated) {
    struct mesh_error error;
    struct log_page *page;
    struct log_settings settings = {.policy.level = MESH_LOG_INFO, .node = "alpha"};
    (void)snprintf(settings.path, sizeof settings.path, "%s", path);
    cr_assert_eq(log_page_create(&page, directory, &error), MESH_OK);
    log_page_tell(page, &settings);
    for (uint64_t writer = 1; writer <= WRITERS; writer++) {
        if (fork() == 0) {
            write_lines(writer);
        }
    }
    size_t rotations = 0;
    for (size_t running = WRITERS; running > 0; running = still_at_work(running)) {
        uint64_t bytes;
        if (rotations < KEEP && log_files_size(path, &bytes) && bytes > 8192) {
            cr_assert_eq(log_files_rotate(path, KEEP, &error), MESH_OK);
            log_page_tell(page, &settings);
            rotations++;
        }
    }
    cr_assert_gt(rotations, 2, "%zu", rotations);
    int counts[WRITERS + 1] = {0};
    for (size_t number = 0; number <= rotations; number++) {
        char name[NAME_BYTES];
        count_lines(name_of(number, name), counts);
    }
    for (int writer = 1; writer <= WRITERS; writer++) {
        cr_assert_eq(counts[writer], LINES, "writer %d: %d lines", writer, counts[writer]);
    }
    log_page_close(&page);
}

/* ---- reading ---- */

static struct log_part part;
static struct log_place place;

static void read_part(void) {
    log_files_read(path, &place, &part);
    place = part.next;
}

static void expect_part(const char *text, bool ends) {
    read_part();
    cr_assert_eq(part.bytes, strlen(text), "%.*s", (int)part.bytes, part.data);
    cr_assert_eq(memcmp(part.data, text, part.bytes), 0);
    cr_assert_eq(part.end, ends);
}

static void append(const char *text) {
    FILE *file = fopen(path, "a");
    cr_assert_not_null(file);
    cr_assert_geq(fputs(text, file), 0);
    cr_assert_eq(fclose(file), 0);
}

static void rotate(size_t keep) {
    struct mesh_error error;
    cr_assert_eq(log_files_rotate(path, keep, &error), MESH_OK);
}

Test(log_files, K2_who_follows_reads_each_line_once_over_rotations) {
    append("one\n");
    expect_part("one\n", true);
    expect_part("", true);
    append("two\nthr");
    expect_part("two\n", true);
    append("ee\n");
    rotate(3);
    expect_part("three\n", true); /* nobody has written since */
    append("four\n");
    expect_part("", false);
    expect_part("four\n", true);
    rotate(3);
    append("five\n");
    rotate(3);
    append("six\n");
    expect_part("", false);
    expect_part("five\n", false);
    expect_part("six\n", true);
    cr_assert_not(part.skipped);
}

Test(log_files, K2_who_was_away_for_too_long_is_told_so) {
    append("one\n");
    expect_part("one\n", true);
    for (int i = 0; i < 3; i++) {
        append("gone\n");
        rotate(1);
    }
    append("last\n");
    expect_part("gone\n", false);
    cr_assert(part.skipped);
    expect_part("last\n", true);
    cr_assert_not(part.skipped);
}

Test(log_files, what_was_read_may_be_given_back) {
    append("one\ntwo\n");
    read_part();
    log_part_give_back(&part, 4);
    place = part.next;
    cr_assert_not(part.end);
    expect_part("two\n", true);
}

Test(log_files, a_log_is_read_from_its_last_lines_on_at_first) {
    char line[101];
    size_t seen = 0;
    memset(line, 'x', 99);
    line[99] = '\n';
    line[100] = '\0';
    FILE *file = fopen(path, "a");
    for (int i = 0; i < 2 * LOG_TAIL_BYTES / 100; i++) {
        (void)fputs(line, file);
    }
    (void)fclose(file);
    rotate(1);
    append("the end\n");
    do {
        read_part();
        cr_assert(part.bytes == 0 || part.data[0] == 'x' || strncmp(part.data, "the end", 7) == 0);
        cr_assert(part.bytes == 0 || part.data[part.bytes - 1] == '\n');
        cr_assert_eq(part.bytes % 100 == 0 || part.bytes == 8, true);
        seen += part.bytes;
    } while (!part.end);
    cr_assert_leq(seen, LOG_TAIL_BYTES);
    cr_assert_gt(seen, LOG_TAIL_BYTES - 200);
}

Test(log_files, what_has_no_end_is_no_line_and_holds_up_nobody) {
    FILE *file = fopen(path, "a");
    for (int i = 0; i < 3 * LOG_PART_BYTES; i++) {
        (void)fputc('x', file);
    }
    (void)fputs("\none\n", file);
    (void)fclose(file);
    for (int i = 0; i < 3; i++) {
        expect_part("", false);
    }
    expect_part("\none\n", true);
}

Test(log_files, there_may_be_no_log_yet) {
    expect_part("", true);
    cr_assert(log_files_can_be_read(path));
    cr_assert_not(log_files_can_be_read("/dev/null"));
    append("one\n");
    expect_part("one\n", true);
}
