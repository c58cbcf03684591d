/* The log of one process: what it writes, what becomes of it when the file fails, and that nobody waits for it.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/log.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static char directory[] = "/tmp/mesh-test-log-XXXXXX";
static char path[64], page_path[64];
static struct log_page *page; /* as the admin has it */
static struct log_settings settings = {.policy.level = MESH_LOG_INFO, .node = "alpha"};
static struct log *log_file;

static void tell(void) {
    log_page_tell(page, &settings);
}

static void begin(void) {
    struct mesh_error error;
    struct log_page *seen;
    cr_assert_not_null(mkdtemp(directory));
    (void)snprintf(path, sizeof path, "%s/mesh.log", directory);
    (void)snprintf(page_path, sizeof page_path, "%s/" LOG_PAGE_FILE, directory);
    (void)snprintf(settings.path, sizeof settings.path, "%s", path);
    cr_assert_eq(log_page_create(&page, directory, &error), MESH_OK);
    tell();
    cr_assert_eq(log_page_open(&seen, directory, &error), MESH_OK);
    cr_assert_eq(log_open(&log_file, seen, &error), MESH_OK);
}

static void end(void) {
    log_close(&log_file);
    log_page_close(&page);
    (void)unlink(path);
    (void)unlink(page_path);
    (void)snprintf(page_path, sizeof page_path, "%s/" LOG_WARNINGS_FILE, directory);
    (void)unlink(page_path);
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
    expect("^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\\.[0-9]{3}Z warning alpha [0-9]+ "
           "counter [^ ]+ lost 3\n$");
}

Test(log, a_text_cannot_make_a_second_line) {
    log_write(log_file, MESH_LOG_ERROR, NULL, (struct mesh_address){0}, "one\ntwo\x1b[0m");
    expect("Z error alpha [0-9]+ - - one two \\[0m\n$");
}

Test(log, what_is_below_the_level_is_not_written) {
    log_write(log_file, MESH_LOG_DEBUG, NULL, (struct mesh_address){0}, "no");
    log_write_in_signal(log_file, MESH_LOG_INFO, "counter", (struct mesh_address){0}, "yes");
    expect(" counter - yes\n$");
}

Test(log, S9E_the_level_changes_while_it_is_open) {
    settings.policy.level = MESH_LOG_ERROR;
    tell();
    log_write(log_file, MESH_LOG_INFO, NULL, (struct mesh_address){0}, "no");
    settings.policy.level = MESH_LOG_DEBUG;
    tell();
    log_write(log_file, MESH_LOG_DEBUG, NULL, (struct mesh_address){0}, "one");
    settings.policy.level = MESH_LOG_WARNING;
    tell();
    log_write_in_signal(log_file, MESH_LOG_INFO, NULL, (struct mesh_address){0}, "no");
    expect("debug alpha [0-9]+ - - one\n$");
    expect_lines(1);
}

Test(log, K2_a_type_may_have_a_level_of_its_own) {
    cr_assert_eq(log_policy_add(&settings.policy, bytes_of_text("counter"), MESH_LOG_DEBUG), MESH_OK);
    cr_assert_eq(log_policy_add(&settings.policy, bytes_of_text("noisy*"), MESH_LOG_ERROR), MESH_OK);
    tell();
    log_write(log_file, MESH_LOG_DEBUG, "other", (struct mesh_address){0}, "no");
    log_write(log_file, MESH_LOG_WARNING, "noisy.one", (struct mesh_address){0}, "no");
    log_write(log_file, MESH_LOG_DEBUG, "counter", (struct mesh_address){0}, "yes");
    log_write(log_file, MESH_LOG_ERROR, "noisy.one", (struct mesh_address){0}, "yes");
    expect("debug alpha [0-9]+ counter - yes\n$");
    expect_lines(2);
}

Test(log, K2_lines_are_json_when_that_is_told) {
    settings.format = LOG_JSON;
    tell();
    log_write(log_file, MESH_LOG_INFO, "counter", (struct mesh_address){0}, "he said \"no\"");
    expect("^\\{\"time\":\"20[^\"]+Z\",\"level\":\"info\",\"node\":\"alpha\",\"pid\":[0-9]+,\"type\":\"counter\","
           "\"text\":\"he "
           "said \\\\\"no\\\\\"\"\\}\n$");
}

Test(log, K2_nothing_is_written_when_the_log_is_for_nobody) {
    settings.to = LOG_TO_NOBODY;
    tell();
    log_write(log_file, MESH_LOG_ERROR, NULL, (struct mesh_address){0}, "no");
    expect_lines(0);
    cr_assert_eq(log_lost(log_file), 0);
}

/* ---- files that fail ---- */

static void write_one(const char *text) {
    log_write(log_file, MESH_LOG_INFO, NULL, (struct mesh_address){0}, "%s", text);
}

Test(log, K2_a_file_that_was_renamed_is_opened_anew_at_once_when_the_page_says_so) {
    char old[sizeof path + 2];
    write_one("one");
    (void)snprintf(old, sizeof old, "%s.1", path);
    cr_assert_eq(rename(path, old), 0);
    tell();
    write_one("two");
    expect("two\n$");
    expect_lines(1);
    cr_assert_eq(unlink(old), 0);
}

Test(log, K2_a_file_that_was_moved_is_opened_anew_within_a_second) {
    write_one("one");
    cr_assert_eq(unlink(path), 0);
    for (time_t until = time(NULL) + 10; access(path, F_OK) != 0;) {
        cr_assert_lt(time(NULL), until);
        write_one("two");
    }
    expect("two\n$");
}

Test(log, K2_lines_for_a_directory_that_is_gone_are_lost_and_counted) {
    char away[sizeof path + 8], other[sizeof path + 8];
    (void)snprintf(away, sizeof away, "%s/away", directory);
    (void)snprintf(other, sizeof other, "%s/away/log", directory);
    cr_assert_eq(mkdir(away, 0700), 0);
    (void)snprintf(settings.path, sizeof settings.path, "%s", other);
    tell();
    write_one("one");
    cr_assert_eq(unlink(other), 0);
    cr_assert_eq(rmdir(away), 0);
    tell(); /* else it is seen within a second */
    write_one("two");
    write_one("three");
    cr_assert_eq(log_lost(log_file), 2);
    cr_assert_eq(mkdir(away, 0700), 0);
    tell();
    write_one("four");
    cr_assert_eq(access(other, F_OK), 0);
    cr_assert_eq(log_lost(log_file), 2);
    cr_assert_eq(unlink(other), 0);
    cr_assert_eq(rmdir(away), 0);
}

Test(log, K2_a_full_device_loses_lines_and_counts_them) {
    (void)snprintf(settings.path, sizeof settings.path, "/dev/full");
    tell();
    write_one("one");
    write_one("two");
    cr_assert_eq(log_lost(log_file), 2);
}

/* A part of a line found room: the next line begins behind it, and is whole. */
Test(log, K2_a_line_of_which_a_part_was_written_does_not_spoil_the_next) {
    struct rlimit before, limit;
    write_one("one");
    struct stat found;
    cr_assert_eq(stat(path, &found), 0);
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = (rlim_t)found.st_size + 20;
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    tell(); /* opened again, it knows of the limit */
    write_one("two");
    write_one("three");
    cr_assert_eq(log_lost(log_file), 2); /* and no signal has ended this process */
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    write_one("four");
    expect_lines(3);
    FILE *file = fopen(path, "r");
    char line[LOG_LINE_BYTES + 1], room[LOG_LINE_BYTES];
    struct log_line last;
    while (fgets(line, sizeof line, file)) {
    }
    (void)fclose(file);
    cr_assert(log_line_parse(bytes_make(line, strlen(line) - 1), room, &last));
    cr_assert(bytes_equal(last.text, bytes_of_text("four")));
}

Test(log, K2_a_process_that_was_killed_amid_a_line_does_not_spoil_the_next) {
    write_one("one");
    FILE *file = fopen(path, "a");
    cr_assert_geq(fputs("2026-01-31T23:59:59.123Z info al", file), 0);
    cr_assert_eq(fclose(file), 0);
    log_mend(log_file);
    write_one("two");
    log_mend(log_file);
    write_one("three");
    expect_lines(4);
}

/* ---- daemons ---- */

static int listen_at(const char *name) {
    struct sockaddr_un here = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    (void)snprintf(here.sun_path, sizeof here.sun_path, "%s", name);
    cr_assert_eq(bind(fd, (const struct sockaddr *)&here, sizeof here), 0);
    return fd;
}

Test(log, K2_a_line_for_a_daemon_is_one_datagram_also_to_one_that_was_started_anew) {
    char name[sizeof path + 8], line[LOG_LINE_BYTES + 1] = "";
    (void)snprintf(name, sizeof name, "%s/daemon", directory);
    (void)snprintf(settings.path, sizeof settings.path, "%s", name);
    settings.to = LOG_TO_SYSLOG;
    tell();
    write_one("nobody is there");
    cr_assert_eq(log_lost(log_file), 1);
    for (int life = 0; life < 2; life++) {
        int daemon = listen_at(name);
        write_one("for it");
        cr_assert_gt(read(daemon, line, sizeof line - 1), 0);
        cr_assert_not_null(strstr(line, "]: info alpha - - for it"));
        (void)close(daemon);
        cr_assert_eq(unlink(name), 0);
    }
    cr_assert_eq(log_lost(log_file), 1);
}

Test(log, K2_a_daemon_that_does_not_read_blocks_no_writer) {
    char name[sizeof path + 8];
    (void)snprintf(name, sizeof name, "%s/daemon", directory);
    (void)snprintf(settings.path, sizeof settings.path, "%s", name);
    settings.to = LOG_TO_JOURNAL;
    tell();
    int daemon = listen_at(name);
    for (int i = 0; i < 5000; i++) {
        write_one("a line for a journal that has stopped");
    }
    cr_assert_gt(log_lost(log_file), 1000);
    (void)close(daemon);
    cr_assert_eq(unlink(name), 0);
}

Test(log, a_daemon_that_is_not_there_is_named) {
    struct mesh_error error;
    settings.to = LOG_TO_JOURNAL;
    (void)snprintf(settings.path, sizeof settings.path, "/nowhere/socket");
    cr_assert_eq(log_try(&settings, &error), MESH_IO);
    cr_assert_not_null(strstr(error.text, "the daemon at /nowhere/socket: No such file"));
}

/* A pipe whose reader has stopped: nobody waits for it. */
Test(log, K2_a_blocked_pipe_blocks_no_writer) {
    char fifo[sizeof path + 8];
    (void)snprintf(fifo, sizeof fifo, "%s/fifo", directory);
    cr_assert_eq(mkfifo(fifo, 0600), 0);
    (void)snprintf(settings.path, sizeof settings.path, "%s", fifo);
    int reader = open(fifo, O_RDONLY | O_NONBLOCK);
    tell();
    for (int i = 0; i < 5000; i++) {
        write_one("a line that fills the pipe until there is no more room in it");
    }
    uint64_t lost = log_lost(log_file);
    cr_assert_gt(lost, 1000);
    (void)close(reader);
    write_one("nobody reads"); /* and no signal has ended this process */
    cr_assert_eq(log_lost(log_file), lost + 1);
    cr_assert_eq(unlink(fifo), 0);
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
    struct mesh_error error;
    (void)snprintf(settings.path, sizeof settings.path, "/nowhere/at/all.log");
    cr_assert_eq(log_try(&settings, &error), MESH_IO);
    cr_assert_not_null(strstr(error.text, "/nowhere/at/all.log"));
}

/* ---- who takes it over ---- */

static int taken_count;

static void take(void *user, const struct mesh_log_line *line) {
    cr_assert_eq(user, &taken_count);
    cr_assert_str_eq(line->node, "alpha");
    cr_assert_str_eq(line->type, "counter");
    cr_assert_str_eq(line->text, "one two?");
    taken_count++;
}

Test(log, K2_who_takes_it_over_gets_its_lines_and_those_of_signals_stay) {
    const struct mesh_log_taker taker = {.line = take, .user = &taken_count, .level = MESH_LOG_WARNING};
    log_take_over(log_file, &taker);
    log_write(log_file, MESH_LOG_WARNING, "counter", (struct mesh_address){1, 2}, "one\ntwo\xff");
    log_write(log_file, MESH_LOG_INFO, "counter", (struct mesh_address){1, 2}, "below its level");
    cr_assert_eq(taken_count, 1);
    expect_lines(0);
    log_write_in_signal(log_file, MESH_LOG_INFO, "counter", (struct mesh_address){1, 2}, "busy");
    expect_lines(1);
    cr_assert_eq(taken_count, 1);
}

Test(log, K2_it_may_be_for_nobody) {
    log_take_over(log_file, &(struct mesh_log_taker){0});
    write_one("one");
    expect_lines(0);
    cr_assert_eq(log_lost(log_file), 0);
}

/* ---- the page ---- */

Test(log, S9E_who_cannot_write_the_page_reads_all_of_it) {
    struct log_settings is;
    struct log_page *seen;
    struct mesh_error error;
    cr_assert_eq(log_policy_add(&settings.policy, bytes_of_text("counter"), MESH_LOG_DEBUG), MESH_OK);
    tell();
    cr_assert_eq(log_page_open(&seen, directory, &error), MESH_OK);
    cr_assert_eq(log_page_read(seen, &is), log_page_version(page));
    cr_assert_eq(memcmp(&is, &settings, sizeof is), 0);
    cr_assert_eq(log_page_most(seen), MESH_LOG_DEBUG);
    log_page_close(&seen);
}

Test(log, there_is_no_page_where_no_node_is) {
    struct log_page *none;
    struct mesh_error error;
    cr_assert_eq(log_page_open(&none, "/nowhere", &error), MESH_NOT_FOUND);
    cr_assert_not_null(strstr(error.text, "/nowhere/" LOG_PAGE_FILE));
}
