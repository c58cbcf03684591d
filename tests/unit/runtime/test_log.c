/* The log: whole lines with times in UTC, nothing hostile in them, and a file that is moved away is made anew.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/log.h"
#include <criterion/criterion.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char directory[] = "/tmp/mesh-test-log-XXXXXX";
static char path[64];
static struct log *log_file;

static void begin(void) {
    struct mesh_error error;
    cr_assert_not_null(mkdtemp(directory));
    (void)snprintf(path, sizeof path, "%s/mesh.log", directory);
    cr_assert_eq(log_open(&log_file, path, MESH_LOG_INFO, &error), MESH_OK);
}

static void end(void) {
    log_close(&log_file);
    (void)unlink(path);
    (void)rmdir(directory);
}

TestSuite(log, .init = begin, .fini = end);

static void expect(const char *pattern) {
    char line[LOG_LINE_BYTES + 1] = "";
    regex_t regex;
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file);
    cr_assert_not_null(fgets(line, sizeof line, file));
    (void)fclose(file);
    cr_assert_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    cr_assert_eq(regexec(&regex, line, 0, NULL, 0), 0, "%s", line);
    regfree(&regex);
}

static void expect_lines(int wanted) {
    FILE *file = fopen(path, "r");
    int lines = 0;
    cr_assert_not_null(file);
    for (int byte; (byte = fgetc(file)) != EOF;) {
        lines += byte == '\n';
    }
    (void)fclose(file);
    cr_assert_eq(lines, wanted);
}

Test(log, K2_a_line_has_time_level_process_type_and_address) {
    log_write(log_file, MESH_LOG_WARNING, "counter", (struct mesh_address){1, 2}, "lost %d", 3);
    expect("^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\\.[0-9]{3}Z warning [0-9]+ counter "
           "[^ ]+ lost 3\n$");
}

Test(log, a_text_cannot_make_a_second_line) {
    log_write(log_file, MESH_LOG_ERROR, NULL, (struct mesh_address){0}, "one\ntwo\x1b[0m");
    expect("Z error [0-9]+ one two \\[0m\n$");
}

Test(log, what_is_below_the_level_is_not_written) {
    log_write(log_file, MESH_LOG_DEBUG, NULL, (struct mesh_address){0}, "no");
    log_write_in_signal(log_file, MESH_LOG_INFO, "counter", (struct mesh_address){0}, "yes");
    expect("counter yes\n$");
}

Test(log, S9E_the_level_changes_while_it_is_open) {
    _Atomic uint32_t level = MESH_LOG_ERROR;
    log_follow(log_file, &level);
    log_write(log_file, MESH_LOG_INFO, NULL, (struct mesh_address){0}, "no");
    atomic_store(&level, MESH_LOG_DEBUG);
    log_write(log_file, MESH_LOG_DEBUG, NULL, (struct mesh_address){0}, "one");
    log_set_level(log_file, MESH_LOG_WARNING);
    log_write_in_signal(log_file, MESH_LOG_INFO, NULL, (struct mesh_address){0}, "no");
    expect("debug [0-9]+ one\n$");
    expect_lines(1);
}

Test(log, a_long_text_is_cut_to_one_line) {
    char text[LOG_LINE_BYTES * 2];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    log_write(log_file, MESH_LOG_INFO, NULL, (struct mesh_address){0}, "%s", text);
    expect("x\n$");
    cr_assert_eq(log_lost(log_file), 0);
}

Test(log, a_path_that_cannot_be_opened_is_named) {
    struct log *other = NULL;
    struct mesh_error error;
    cr_assert_eq(log_open(&other, "/nowhere/at/all.log", MESH_LOG_INFO, &error), MESH_IO);
    cr_assert_not_null(strstr(error.text, "/nowhere/at/all.log"));
}
