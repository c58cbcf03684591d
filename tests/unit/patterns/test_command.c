/* The actor that runs commands (P5): real processes, so on real time.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <criterion/criterion.h>
#include <mesh/patterns.h>
#include <mesh/test.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WAIT_MS = 30000, LARGE = 8 << 20, SHORT_MS = 50, STEP_MS = 10 };

static const struct mesh_type troupe = MESH_TROUPE("runners", .worker = "mesh.command", .max = 3);
static const struct mesh_type *const types[] = {&mesh_command_type, &troupe, NULL};

static struct mesh_test *test;
static struct mesh_address runner;
static char file[64];

static void create(const char *type) {
    cr_assert_eq(mesh_test_create(test, type, NULL, &runner, NULL), MESH_OK);
}

static void setup(void) {
    struct mesh_test_options options = {.types = types, .real_time = true};
    cr_assert_eq(mesh_test_new(&test, &options, NULL), MESH_OK);
    create("mesh.command");
    (void)snprintf(file, sizeof file, "/tmp/mesh-test-command.%d", (int)getpid());
}

static void teardown(void) {
    mesh_test_destroy(&test);
    (void)unlink(file);
}

TestSuite(command, .init = setup, .fini = teardown);

/* ---- helpers ---- */

static void tell(const struct mesh_command *command) {
    void *data;
    size_t bytes;
    cr_assert_eq(mesh_command_pack(command, &data, &bytes), MESH_OK);
    cr_assert_eq(mesh_test_tell(test, runner, MESH_COMMAND_RUN, data, bytes), MESH_OK);
    free(data);
    mesh_test_run(test);
}

static struct mesh_message *listen(void) {
    struct mesh_message *message;
    cr_assert_eq(mesh_test_listen(test, WAIT_MS, &message), MESH_OK);
    return message;
}

/* The message is released with the next one. */
static struct mesh_command_result result(void) {
    static struct mesh_message *last;
    struct mesh_command_result read;
    mesh_message_release(&last);
    last = listen();
    cr_assert_eq(mesh_command_read_result(last, &read), MESH_OK);
    return read;
}

static struct mesh_command_result run(const struct mesh_command *command) {
    tell(command);
    return result();
}

static struct mesh_command_result run_shell(const char *text) {
    const char *const argv[] = {"sh", "-c", text, NULL};
    return run(&(struct mesh_command){.argv = argv});
}

static void expect_output(const struct mesh_command_result *result, const char *text) {
    cr_assert_eq(result->output_bytes, strlen(text));
    cr_assert_arr_eq(result->output, text, strlen(text));
    cr_assert_eq(result->output_whole, strlen(text));
}

static void expect_returned(const char *text) {
    struct mesh_message *message = listen();
    cr_assert_eq(mesh_message_kind(message), MESH_POISON);
    cr_assert_str_eq(mesh_message_failure(message), text);
    mesh_message_release(&message);
}

static bool is_alive(long pid) {
    char path[64], state = 'Z';
    (void)snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *in = fopen(path, "r");
    if (in) {
        if (fscanf(in, "%*d (%*[^)]) %c", &state) != 1) {
            state = 'Z'; /* it has ended between opening and reading */
        }
        (void)fclose(in);
    }
    return state != 'Z';
}

static void await_death(long pid) {
    cr_assert_gt(pid, 0);
    for (int waited = 0; is_alive(pid); waited += STEP_MS) {
        cr_assert_lt(waited, WAIT_MS);
        mesh_test_advance(test, STEP_MS);
    }
}

/* A program that says in the file who it is, and would go on for long. Gives its pid when it has. */
static long begin_long(void) {
    char text[128];
    long pid = 0;
    (void)snprintf(text, sizeof text, "echo $$ > %s; exec sleep 600", file);
    const char *const argv[] = {"sh", "-c", text, NULL};
    tell(&(struct mesh_command){.argv = argv});
    for (int waited = 0; pid == 0; waited += STEP_MS) {
        FILE *in = fopen(file, "r");
        if (in && fscanf(in, "%ld", &pid) != 1) {
            pid = 0;
        }
        if (in) {
            (void)fclose(in);
        }
        cr_assert_lt(waited, WAIT_MS);
        mesh_test_advance(test, STEP_MS);
    }
    return pid;
}

static const char *const long_argv[] = {"sleep", "600", NULL};

/* ---- what comes of it ---- */

Test(command, P5_outputs_and_exit_code_are_told) {
    struct mesh_command_result told = run_shell("echo out; echo err >&2; exit 3");
    cr_assert(told.stopped == MESH_COMMAND_NOT_STOPPED && !told.killed && told.number == 3);
    expect_output(&told, "out\n");
    cr_assert_eq(told.errors_bytes, 4);
    cr_assert_arr_eq(told.errors, "err\n", 4);
}

Test(command, P5_a_signal_is_told) {
    struct mesh_command_result told = run_shell("kill -USR1 $$");
    cr_assert(told.stopped == MESH_COMMAND_NOT_STOPPED && told.killed && told.number == SIGUSR1);
}

Test(command, P5_arguments_pass_no_shell) {
    const char *const argv[] = {"printf", "%s|", "a b", "$HOME", "*", "", NULL};
    struct mesh_command_result told = run(&(struct mesh_command){.argv = argv});
    expect_output(&told, "a b|$HOME|*||");
}

Test(command, P5_a_command_sees_no_descriptors_of_its_host) {
    const char *const argv[] = {"ls", "/proc/self/fd", NULL};
    int inherited = dup(STDERR_FILENO);
    cr_assert_geq(inherited, 0);
    struct mesh_command_result told = run(&(struct mesh_command){.argv = argv});
    expect_output(&told, "0\n1\n2\n3\n"); /* 3 is the folder itself */
    (void)close(inherited);
}

Test(command, P5_large_input_and_output_pass) {
    char *large = malloc(LARGE);
    cr_assert_not_null(large);
    for (size_t i = 0; i < LARGE; i++) {
        large[i] = (char)(i * 7 >> 3);
    }
    const char *const argv[] = {"cat", NULL};
    struct mesh_command_result told =
        run(&(struct mesh_command){.argv = argv, .input = large, .input_bytes = LARGE, .output_max = LARGE});
    cr_assert_eq(told.output_whole, LARGE);
    cr_assert_eq(told.output_bytes, LARGE);
    cr_assert_eq(memcmp(told.output, large, LARGE), 0);
    free(large);
}

Test(command, P5_what_is_beyond_the_limit_is_counted) {
    const char *const argv[] = {"sh", "-c", "yes | head -c 3000000; yes no | head -c 2000000 >&2", NULL};
    struct mesh_command_result told = run(&(struct mesh_command){.argv = argv, .output_max = 5});
    cr_assert(told.output_bytes == 5 && told.output_whole == 3000000 && memcmp(told.output, "y\ny\ny", 5) == 0);
    cr_assert(told.errors_bytes == 5 && told.errors_whole == 2000000 && memcmp(told.errors, "no\nno", 5) == 0);
    cr_assert_eq(told.number, 0);
}

Test(command, P5_one_command_follows_the_other) {
    for (int i = 0; i < 3; i++) {
        struct mesh_command_result told = run_shell("read line || echo no input");
        expect_output(&told, "no input\n");
    }
}

Test(command, P5_what_it_leaves_behind_is_killed_and_not_waited_for) {
    struct mesh_command_result told = run_shell("sleep 600 & echo $!");
    char text[16] = {0};
    cr_assert(told.number == 0 && told.output_bytes < sizeof text);
    memcpy(text, told.output, told.output_bytes);
    await_death(strtol(text, NULL, 10));
}

/* ---- what does not go well ---- */

Test(command, P5_what_cannot_be_started_goes_back) {
    const char *const argv[] = {"/no/such/program", NULL};
    tell(&(struct mesh_command){.argv = argv});
    expect_returned("/no/such/program cannot be started: No such file or directory");
    struct mesh_command_result told = run_shell("echo on");
    expect_output(&told, "on\n");
}

Test(command, P5_what_is_no_command_goes_back) {
    static const char *const bad[] = {"", "0 0 0 1", "0 0 0 0", "0 0 0 2\0true", "0 0 0 1\0true", "0 0 0 9999999\0x"};
    static const size_t sizes[] = {0, 7, 8, 13, 12, 16};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_assert_eq(mesh_test_tell(test, runner, MESH_COMMAND_RUN, bad[i], sizes[i]), MESH_OK);
        expect_returned("that is no command");
    }
}

Test(command, P5_a_second_one_goes_back_while_the_first_runs) {
    tell(&(struct mesh_command){.argv = long_argv});
    tell(&(struct mesh_command){.argv = long_argv});
    expect_returned("a command is running here");
}

Test(command, P5_a_time_out_stops_it) {
    struct mesh_command_result told = run(&(struct mesh_command){.argv = long_argv, .timeout_ms = SHORT_MS});
    cr_assert(told.stopped == MESH_COMMAND_TIMED_OUT && told.killed && told.number == SIGTERM);
}

Test(command, P5_what_is_in_time_is_not_stopped) {
    const char *const argv[] = {"true", NULL};
    struct mesh_command_result told = run(&(struct mesh_command){.argv = argv, .timeout_ms = WAIT_MS});
    cr_assert(told.stopped == MESH_COMMAND_NOT_STOPPED && !told.killed && told.number == 0);
}

/* It ignores SIGTERM, since this process does. */
Test(command, P5_what_does_not_stop_is_killed_after_a_grace) {
    (void)signal(SIGTERM, SIG_IGN);
    struct mesh_command command = {.argv = long_argv, .timeout_ms = SHORT_MS, .grace_ms = SHORT_MS};
    struct mesh_command_result told = run(&command);
    cr_assert(told.stopped == MESH_COMMAND_TIMED_OUT && told.killed && told.number == SIGKILL);
    cr_assert_geq(mesh_test_now_ms(test), 2 * SHORT_MS);
}

Test(command, P5_an_abort_stops_it) {
    long pid = begin_long();
    cr_assert_eq(mesh_test_tell(test, runner, MESH_COMMAND_ABORT, NULL, 0), MESH_OK);
    struct mesh_command_result told = result();
    cr_assert(told.stopped == MESH_COMMAND_ABORTED && told.killed && told.number == SIGTERM);
    cr_assert_not(is_alive(pid));
}

Test(command, P5_an_abort_of_nothing_does_nothing) {
    cr_assert_eq(mesh_test_tell(test, runner, MESH_COMMAND_ABORT, NULL, 0), MESH_OK);
    struct mesh_command_result told = run_shell("echo on");
    cr_assert_eq(told.stopped, MESH_COMMAND_NOT_STOPPED);
    expect_output(&told, "on\n");
}

Test(command, P5_the_exit_of_the_actor_kills_it_and_tells) {
    long pid = begin_long();
    cr_assert_eq(mesh_test_request_exit(test, runner, false), MESH_OK);
    struct mesh_command_result told = result();
    cr_assert(told.stopped == MESH_COMMAND_ABORTED && told.killed && told.number == SIGKILL);
    cr_assert_not(is_alive(pid));
}

/* ---- what is said ---- */

Test(command, P5_what_cannot_be_said_is_refused) {
    const char *many[MESH_COMMAND_ARGUMENTS_MAX + 2] = {0};
    struct mesh_command command = {0};
    void *data;
    size_t bytes;
    cr_assert_eq(mesh_command_pack(&command, &data, &bytes), MESH_INVALID_ARGUMENT);
    command.argv = many;
    cr_assert_eq(mesh_command_pack(&command, &data, &bytes), MESH_INVALID_ARGUMENT);
    for (size_t i = 0; i <= MESH_COMMAND_ARGUMENTS_MAX; i++) {
        many[i] = "true";
    }
    cr_assert_eq(mesh_command_pack(&command, &data, &bytes), MESH_INVALID_ARGUMENT);
    many[MESH_COMMAND_ARGUMENTS_MAX] = NULL;
    struct mesh_command_result told = run(&command);
    cr_assert_eq(told.number, 0);
}

Test(command, P5_a_result_is_not_read_from_anything_else) {
    struct mesh_command_result read;
    tell(&(struct mesh_command){.argv = (const char *const[]){"/no/such/program", NULL}});
    struct mesh_message *message = listen();
    cr_assert_eq(mesh_command_read_result(message, &read), MESH_INVALID_ARGUMENT);
    mesh_message_release(&message);
}

Test(command, P5_a_troupe_runs_several) {
    create("runners");
    for (int i = 0; i < 6; i++) {
        const char *const argv[] = {"sh", "-c", "echo done", NULL};
        tell(&(struct mesh_command){.argv = argv});
    }
    for (int i = 0; i < 6; i++) {
        struct mesh_command_result told = result();
        expect_output(&told, "done\n");
    }
}
