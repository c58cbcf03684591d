/* CHECK: silent when true, an abort with its place when false.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHECK_LINE = __LINE__ + 4, UNREACHABLE_LINE = __LINE__ + 8 };

static void fail_a_check(void) {
    int pears = 2;
    CHECK(pears == 3);
}

static void reach_the_unreachable(void) {
    CHECK_UNREACHABLE();
}

/* Runs `fail` in a process of its own and gives what it said on stderr. */
static void expect_abort(void (*fail)(void), char *said, size_t room) {
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        fail();
        _exit(0);
    }
    close(ends[1]);
    size_t length = 0;
    ssize_t got;
    while (length < room - 1 && (got = read(ends[0], said + length, room - 1 - length)) > 0) {
        length += (size_t)got;
    }
    said[length] = '\0';
    close(ends[0]);
    int how;
    cr_assert_eq(waitpid(child, &how, 0), child);
    cr_assert(WIFSIGNALED(how) && WTERMSIG(how) == SIGABRT, "it did not abort");
}

Test(check, true_is_silent_and_evaluated_once) {
    int times = 0;
    CHECK(++times == 1);
    cr_assert_eq(times, 1);
}

Test(check, false_says_where_and_what_and_aborts) {
    char said[256], expected[64];
    expect_abort(fail_a_check, said, sizeof said);
    snprintf(expected, sizeof expected, "test_check.c:%d: CHECK failed: pears == 3\n", CHECK_LINE);
    cr_assert_not_null(strstr(said, expected), "it said: %s", said);
}

Test(check, unreachable_aborts) {
    char said[256], expected[64];
    expect_abort(reach_the_unreachable, said, sizeof said);
    snprintf(expected, sizeof expected, "test_check.c:%d: CHECK failed: ", UNREACHABLE_LINE);
    cr_assert_not_null(strstr(said, expected), "it said: %s", said);
}
