/* Troupes and their workers (P2).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <criterion/criterion.h>
#include <mesh/patterns.h>
#include <mesh/test.h>
#include <signal.h>
#include <string.h>

enum { BORN_MAX = 64 };

/* ---- actors ---- */

static struct mesh_address born[BORN_MAX];  /* the workers, as they come */
static struct mesh_message *held[BORN_MAX]; /* what each holds, also when it is killed */
static unsigned born_count;

struct worker {
    struct mesh_worker work;
    unsigned number;
};

static enum mesh_verdict verdict_of(enum mesh_status status) {
    return status == MESH_OK ? MESH_DONE : MESH_FAILED;
}

static enum mesh_verdict release(struct mesh_actor *self, struct worker *worker) {
    struct mesh_message **job = &held[worker->number];
    enum mesh_status status = *job ? mesh_reply_text(self, *job, "released by %u", worker->number) : MESH_OK;
    mesh_message_release(job);
    return verdict_of(status ? status : mesh_worker_finish(self, &worker->work));
}

/* "who" is answered with the worker's number; "hold" is when it is told to "release"; "begun" at once, and it goes on. */
static enum mesh_verdict work(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct worker *worker = state;
    const char *text = mesh_message_text(message);
    if (!text) {
        return MESH_DONE;
    }
    if (strcmp(text, "release") == 0) {
        return release(self, worker);
    }
    if (strcmp(text, "hold") == 0 || strcmp(text, "begun") == 0) {
        mesh_worker_go_on(&worker->work);
    }
    if (strcmp(text, "hold") == 0) {
        held[worker->number] = mesh_message_copy(message);
        return held[worker->number] ? MESH_DONE : MESH_FAILED;
    }
    if (strcmp(text, "fail") == 0) {
        return mesh_fail(self, "as told");
    }
    if (strcmp(text, "silent") != 0 && mesh_reply_text(self, message, "%s %u", text, worker->number) != MESH_OK) {
        return MESH_FAILED;
    }
    return strcmp(text, "leave") == 0 ? MESH_EXIT : MESH_DONE;
}

static enum mesh_verdict worker_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct worker *worker = state;
    return mesh_worker_receive(self, message, state, &worker->work, work);
}

static enum mesh_verdict worker_start(struct mesh_actor *self, void *state) {
    struct worker *worker = state;
    worker->number = born_count++ % BORN_MAX;
    born[worker->number] = mesh_self(self);
    return MESH_DONE;
}

static enum mesh_verdict deaf_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)self;
    (void)message;
    (void)state;
    return MESH_DONE;
}

static const struct mesh_type worker = {
    .name = "worker", .state_bytes = sizeof(struct worker), .receive = worker_receive, .start = worker_start};
static const struct mesh_type deaf = {.name = "deaf", .receive = deaf_receive};
static const struct mesh_type plain = MESH_TROUPE("plain", .worker = "worker");
static const struct mesh_type pair = MESH_TROUPE("pair", .worker = "worker", .max = 2, .jobs_max = 2);
static const struct mesh_type outer = MESH_TROUPE("outer", .worker = "plain");
static const struct mesh_type stranded = MESH_TROUPE("stranded", .worker = "nothing");
static const struct mesh_type unheard = MESH_TROUPE("unheard", .worker = "deaf", .max = 1);
static const struct mesh_type greedy = MESH_TROUPE("greedy", .worker = "worker", .max = MESH_TROUPE_WORKERS_MAX + 1);
static const struct mesh_create_options restarts = {.on_failure = MESH_RESTART};
static const struct mesh_type stubborn = MESH_TROUPE("stubborn", .worker = "worker", .options = &restarts);
static const struct mesh_type *const types[] = {&worker,   &deaf,    &plain,  &pair,     &outer,
                                                &stranded, &unheard, &greedy, &stubborn, NULL};

/* ---- helpers ---- */

static struct mesh_test *test;
static struct mesh_address troupe;

static void create(const char *type) {
    cr_assert_eq(mesh_test_create(test, type, NULL, &troupe, NULL), MESH_OK);
}

static void setup(void) {
    born_count = 0;
    cr_assert_eq(mesh_test_new(&test, &(struct mesh_test_options){.types = types}, NULL), MESH_OK);
    create("plain");
}

static void teardown(void) {
    mesh_test_destroy(&test);
    for (int i = 0; i < BORN_MAX; i++) {
        mesh_message_release(&held[i]);
    }
}

TestSuite(troupe, .init = setup, .fini = teardown);

static void tell(struct mesh_address actor, const char *text) {
    cr_assert_eq(mesh_test_tell_text(test, actor, text), MESH_OK);
    mesh_test_run(test);
}

static void tell_times(const char *text, int times) {
    for (int i = 0; i < times; i++) {
        tell(troupe, text);
    }
}

static void expect_content(struct mesh_message *message, const char *type, const char *text) {
    size_t bytes;
    cr_assert_str_eq(mesh_message_type(message), type);
    cr_assert_str_eq((const char *)mesh_message_data(message, &bytes), text);
    mesh_message_release(&message);
}

static void expect_answer(const char *question, const char *type, const char *text) {
    struct mesh_message *reply;
    cr_assert_eq(mesh_test_ask_text(test, troupe, question, 0, &reply), MESH_OK, "no answer to %s", question);
    expect_content(reply, type, text);
}

static void expect_mail(const char *type, const char *text) {
    struct mesh_message *mail;
    cr_assert_eq(mesh_test_listen(test, 0, &mail), MESH_OK, "expected %s", text);
    expect_content(mail, type, text);
}

static void expect_silence(void) {
    struct mesh_message *mail;
    cr_assert_eq(mesh_test_listen(test, 0, &mail), MESH_TIMED_OUT);
}

static struct mesh_troupe_status status(void) {
    struct mesh_message *reply;
    struct mesh_troupe_status status;
    cr_assert_eq(mesh_test_ask(test, troupe, MESH_TROUPE_STATUS, NULL, 0, 0, &reply), MESH_OK);
    cr_assert_eq(mesh_troupe_read_status(reply, &status), MESH_OK);
    mesh_message_release(&reply);
    return status;
}

static void expect_status(unsigned workers, unsigned busy, unsigned waiting) {
    struct mesh_troupe_status now = status();
    cr_assert_eq(now.workers, workers, "%u workers", now.workers);
    cr_assert_eq(now.busy, busy, "%u busy", now.busy);
    cr_assert_eq(now.waiting, waiting, "%u waiting", (unsigned)now.waiting);
}

static void set_limits(const char *text) {
    struct mesh_message *reply;
    cr_assert_eq(mesh_test_ask(test, troupe, MESH_TROUPE_LIMITS, text, strlen(text) + 1, 0, &reply), MESH_OK);
    mesh_message_release(&reply);
}

static void release_all(void) {
    struct mesh_message *mail;
    for (unsigned i = 0; i < born_count; i++) {
        if (mesh_test_lives(test, born[i])) {
            tell(born[i], "release");
        }
    }
    while (mesh_test_listen(test, 0, &mail) == MESH_OK) {
        mesh_message_release(&mail);
    }
}

static void kill_worker(unsigned number) {
    cr_assert_eq(mesh_test_crash(test, born[number], SIGKILL), MESH_OK);
    mesh_test_run(test);
}

/* ---- spreading ---- */

Test(troupe, P2_jobs_are_spread_over_workers_that_are_created_for_them) {
    expect_status(0, 0, 0);
    tell_times("hold", 3);
    expect_status(3, 3, 0);
    tell(born[1], "release");
    expect_mail(MESH_TEXT, "released by 1");
    expect_status(3, 2, 0);
}

Test(troupe, P2_who_is_idle_gets_the_next_job) {
    expect_answer("who", MESH_TEXT, "who 0");
    expect_answer("who", MESH_TEXT, "who 0");
    tell_times("silent", 1);
    expect_answer("who", MESH_TEXT, "who 0");
    cr_assert_eq(status().done, 4);
}

Test(troupe, P2_ten_workers_are_the_most_and_other_jobs_wait) {
    tell_times("hold", 12);
    expect_status(10, 10, 2);
    tell(born[9], "release");
    expect_mail(MESH_TEXT, "released by 9");
    expect_status(10, 10, 1);
}

Test(troupe, P2_what_finds_no_room_goes_back_to_its_sender) {
    struct mesh_message *mail;
    create("pair");
    tell_times("hold", 4);
    expect_status(2, 2, 2);
    tell(troupe, "who");
    cr_assert_eq(mesh_test_listen(test, 0, &mail), MESH_OK);
    cr_assert_eq(mesh_message_kind(mail), MESH_POISON);
    cr_assert_str_eq(mesh_message_failure(mail), "the troupe is full: 2 jobs of 10 bytes wait");
    mesh_message_release(&mail);
}

Test(troupe, P2_a_worker_that_goes_on_gets_no_other_job) {
    tell(troupe, "begun");
    expect_mail(MESH_TEXT, "begun 0");
    expect_answer("who", MESH_TEXT, "who 1");
    tell(born[0], "release");
    expect_answer("who", MESH_TEXT, "who 0");
}

Test(troupe, P2_surplus_workers_go_after_two_seconds) {
    tell_times("hold", 4);
    release_all();
    mesh_test_advance(test, 1999);
    expect_status(4, 0, 0);
    mesh_test_advance(test, 1);
    expect_status(2, 0, 0);
    mesh_test_advance(test, 60000);
    expect_status(2, 0, 0);
}

Test(troupe, P2_a_surplus_worker_that_has_a_job_in_time_stays) {
    tell_times("hold", 3);
    release_all();
    mesh_test_advance(test, 1999);
    tell_times("hold", 3);
    mesh_test_advance(test, 60000);
    expect_status(3, 3, 0);
}

Test(troupe, P2_a_worker_that_leaves_after_its_job_costs_nothing) {
    expect_answer("leave", MESH_TEXT, "leave 0");
    expect_answer("who", MESH_TEXT, "who 1");
    cr_assert_eq(status().given_back, 0);
}

Test(troupe, P2_a_worker_without_a_troupe_is_an_actor_like_any_other) {
    create("worker");
    expect_answer("begun", MESH_TEXT, "begun 0");
    expect_answer("who", MESH_TEXT, "who 0");
}

/* ---- losses ---- */

Test(troupe, P2_a_job_that_kills_its_worker_is_done_by_another_and_answered_once) {
    expect_answer("who", MESH_TEXT, "who 0");
    cr_assert_eq(mesh_test_crash_in_handler(test, born[0], SIGSEGV), MESH_OK);
    expect_answer("who", MESH_TEXT, "who 1");
    expect_silence();
    cr_assert_eq(status().given_back, 1);
    expect_status(1, 0, 0);
}

Test(troupe, P2_a_job_whose_worker_dies_later_goes_first) {
    create("pair");
    tell_times("hold", 2);
    tell(troupe, "who");
    kill_worker(1);
    expect_silence();
    expect_status(2, 2, 1);
    tell(born[2], "release");
    expect_mail(MESH_TEXT, "released by 2");
    expect_mail(MESH_TEXT, "who 2");
}

Test(troupe, P2_a_job_that_has_its_answer_is_not_done_again) {
    expect_answer("begun", MESH_TEXT, "begun 0");
    kill_worker(0);
    expect_silence();
    expect_status(0, 0, 0);
    cr_assert_eq(status().given_back, 0);
    cr_assert_eq(status().done, 1);
}

Test(troupe, P2_a_job_that_costs_three_lives_has_failed) {
    tell(troupe, "hold");
    kill_worker(0);
    kill_worker(1);
    expect_silence();
    kill_worker(2);
    expect_mail(MESH_FAILURE, "3 workers died of it, the last one: killed by SIGKILL");
    cr_assert_eq(status().failed, 1);
    cr_assert_eq(born_count, 3);
}

Test(troupe, P2_a_handler_that_fails_twice_fails_the_job_and_no_worker_dies) {
    expect_answer("fail", MESH_FAILURE, "as told");
    expect_answer("who", MESH_TEXT, "who 0");
    struct mesh_troupe_status now = status();
    cr_assert(now.failed == 1 && now.done == 1 && now.given_back == 0);
}

/* Nobody reads the answers until the troupe's window is full of them (D7): then no job is given any more, and those that were given before fail. */
Test(troupe, P2_jobs_wait_while_answers_do_not_pass) {
    enum { WINDOW = 16384 };
    struct mesh_message *mail;
    tell(troupe, "hold");
    tell_times("who", WINDOW + 1);
    tell(born[0], "release");
    for (int i = 0; i < WINDOW; i++) {
        expect_mail(MESH_TEXT, "who 1");
    }
    cr_assert_eq(mesh_test_listen(test, 999, &mail), MESH_TIMED_OUT);
    cr_assert_eq(mesh_test_listen(test, 1, &mail), MESH_OK);
    expect_content(mail, MESH_TEXT, "who 0");
    cr_assert_eq(status().done, WINDOW + 1);
    cr_assert_eq(status().failed, 1);
}

Test(troupe, P2_without_workers_jobs_fail) {
    static const char text[] = "the test has no type nothing; it has: worker, deaf, plain, pair, outer, stranded, "
                               "unheard, greedy, stubborn";
    create("stranded");
    expect_answer("who", MESH_FAILURE, text);
    tell(troupe, "who");
    mesh_test_advance(test, 999);
    expect_silence();
    mesh_test_advance(test, 1);
    expect_mail(MESH_FAILURE, text);
}

Test(troupe, P2_a_worker_that_is_never_ready_is_given_up) {
    create("unheard");
    tell(troupe, "who");
    mesh_test_advance(test, 59999);
    expect_silence();
    mesh_test_advance(test, 1);
    expect_mail(MESH_FAILURE, "it is not ready in time");
}

Test(troupe, P2_an_exit_tells_all_who_wait) {
    create("pair");
    tell_times("hold", 3);
    cr_assert_eq(mesh_test_request_exit(test, troupe, false), MESH_OK);
    mesh_test_run(test);
    for (int i = 0; i < 3; i++) {
        expect_mail(MESH_FAILURE, "the troupe has exited");
    }
    expect_silence();
    cr_assert_not(mesh_test_lives(test, born[0]));
}

/* ---- at run time ---- */

Test(troupe, P2_limits_change_at_run_time) {
    set_limits("max=1 idle=0");
    tell_times("hold", 2);
    expect_status(1, 1, 1);
    set_limits("max=3");
    expect_status(2, 2, 0);
    cr_assert(status().max == 3 && status().idle == 0);
    release_all();
    mesh_test_advance(test, 2000);
    expect_status(0, 0, 0);
}

Test(troupe, P2_a_lower_limit_takes_workers_away) {
    tell_times("hold", 4);
    set_limits("max=2");
    expect_status(4, 4, 0);
    release_all();
    expect_status(2, 0, 0);
    set_limits("idle=1");
    mesh_test_advance(test, 2000);
    expect_status(1, 0, 0);
}

Test(troupe, P2_what_is_no_limit_changes_nothing) {
    static const char *const bad[] = {"", "max=", "max=0", "max=1001", "max=-1", "max=2x", "idle=2,max=2", "min=1"};
    struct mesh_message *reply;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_assert_eq(mesh_test_ask(test, troupe, MESH_TROUPE_LIMITS, bad[i], strlen(bad[i]), 0, &reply), MESH_REFUSED,
                     "%s", bad[i]);
        mesh_message_release(&reply);
    }
    cr_assert(status().max == 10 && status().idle == 2);
}

/* A worker that is started anew would keep its job, and nobody be told (C7). */
Test(troupe, P2_a_troupe_that_cannot_keep_its_word_does_not_begin) {
    create("greedy");
    mesh_test_run(test);
    cr_assert_not(mesh_test_lives(test, troupe));
    create("stubborn");
    mesh_test_run(test);
    cr_assert_not(mesh_test_lives(test, troupe));
}

Test(troupe, P2_a_status_is_not_read_from_anything_else) {
    struct mesh_troupe_status read;
    struct mesh_message *reply;
    cr_assert_eq(mesh_test_ask_text(test, troupe, "who", 0, &reply), MESH_OK);
    cr_assert_eq(mesh_troupe_read_status(reply, &read), MESH_INVALID_ARGUMENT);
    mesh_message_release(&reply);
}

/* ---- troupes of troupes ---- */

Test(troupe, P2_troupes_nest) {
    create("outer");
    expect_answer("who", MESH_TEXT, "who 0");
    tell_times("hold", 3);
    expect_status(3, 3, 0);
    release_all();
    expect_status(3, 0, 0);
    expect_answer("fail", MESH_FAILURE, "as told");
    expect_answer("who", MESH_TEXT, "who 2");
    cr_assert_eq(status().done, 6);
}
