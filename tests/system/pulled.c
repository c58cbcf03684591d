/* Hosts that are pulled: actors whose process asks for its messages, and what becomes of those that do it badly.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/nodes.h"
#include "tests/system/pulled_host.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { MANY = 2000, SHUTDOWN_MS = 15000 };

static struct node node;
static struct mesh_address plain;

static struct mesh_address create(const char *type) {
    return node_create(&node, type, "here");
}

static pid_t pid_of(struct mesh_address actor) {
    struct mesh_actor_report report;
    EXPECT(node_actor(&node, actor, &report));
    return (pid_t)report.pid;
}

static void expect_failed(struct mesh_address actor, const char *text, enum mesh_status expected, const char *why) {
    struct mesh_message *reply = NULL;
    enum mesh_status status = mesh_ask_text(node.handle, actor, text, WAIT_MS, &reply);
    const char *failure = reply ? mesh_message_failure(reply) : NULL;
    if (status != expected || !failure || !strstr(failure, why)) {
        (void)fprintf(stderr, "\"%s\": %s \"%s\"\n", text, mesh_status_name(status), failure ? failure : "");
        exit(1);
    }
    mesh_message_release(&reply);
}

static void expect_uncreated(const char *type, enum mesh_status expected, const char *why) {
    struct mesh_address address;
    struct mesh_error error = {.text = ""};
    enum mesh_status status = mesh_node_create(node.handle, type, NULL, &address, &error);
    if (status != expected || !strstr(error.text, why)) {
        (void)fprintf(stderr, "%s: %s \"%s\"\n", type, mesh_status_name(status), error.text);
        exit(1);
    }
}

static void expect_text(const char *text) {
    struct mesh_message *message;
    EXPECT(mesh_listen(node.handle, WAIT_MS, &message) == MESH_OK);
    const char *said = mesh_message_text(message);
    if (!said || strcmp(said, text) != 0) {
        (void)fprintf(stderr, "\"%s\" instead of \"%s\"\n", said ? said : "", text);
        exit(1);
    }
    mesh_message_release(&message);
}

/* What it is asked while it ends may still be refused. */
static void expect_gone(struct mesh_address actor) {
    enum mesh_status status = MESH_REFUSED;
    while (status == MESH_REFUSED) {
        struct mesh_message *reply = NULL;
        status = mesh_ask_text(node.handle, actor, "still there?", WAIT_MS, &reply);
        mesh_message_release(&reply);
    }
    EXPECT(status == MESH_DEAD);
}

/* ---- messages ---- */

static void D11_a_pulled_host_answers_what_it_is_asked(void) {
    char text[32];
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(text, sizeof text, "number %d", i);
        EXPECT(strcmp(node_ask(&node, plain, text), text) == 0);
    }
}

static void C2_it_knows_what_it_was_created_as(void) {
    EXPECT(strcmp(node_ask(&node, plain, "describe"), "pulled.plain here - 1 1") == 0);
    struct mesh_address named;
    struct mesh_error error;
    const struct mesh_create_options options = {.name = "the pulled one"};
    EXPECT(mesh_node_create(node.handle, "pulled.plain", &options, &named, &error) == MESH_OK);
    EXPECT(strcmp(node_ask(&node, named, "describe"), "pulled.plain here the pulled one 1 1") == 0);
}

static void E1_what_fails_is_shown_once_more_and_then_goes_back_with_its_text(void) {
    struct mesh_address fresh = create("pulled.plain");
    EXPECT(strcmp(node_ask(&node, fresh, "fail once"), "fail once") == 0);
    expect_failed(fresh, "fail", MESH_REFUSED, "it is to fail");
    EXPECT(strcmp(node_ask(&node, fresh, "well"), "well") == 0);
}

static void A5_a_number_that_is_no_verdict_is_a_failure(void) {
    expect_failed(plain, "nonsense", MESH_REFUSED, "42 is no verdict");
    EXPECT(strcmp(node_ask(&node, plain, "well"), "well") == 0);
}

static void A5_calls_out_of_turn_are_refused(void) {
    EXPECT(strcmp(node_ask(&node, plain, "misuse"),
                  "MESH_INVALID_ARGUMENT MESH_INVALID_ARGUMENT MESH_EXISTS MESH_INVALID_ARGUMENT") == 0);
}

static void A7_another_thread_of_it_sends(void) {
    EXPECT(mesh_tell_text(node.handle, plain, "thread") == MESH_OK);
    expect_text("from a thread");
}

static void F1_a_timer_wakes_it(void) {
    EXPECT(mesh_tell_text(node.handle, plain, "timer") == MESH_OK);
    expect_text("timer tick");
}

static void F2_what_is_stated_with_done_is_watched(void) {
    EXPECT(strcmp(node_ask(&node, plain, "watch"), "watch") == 0);
    expect_text("1 ready: 1");
}

/* ---- beginning ---- */

static void H2_a_pulled_check_is_a_yes_or_a_no(void) {
    expect_uncreated("pulled.no", MESH_NO_COMPATIBLE_NODE, "its check function says no: I do not like it here");
}

static void H2_opaque_bytes_reach_the_check_and_nobody_else_judges_them(void) {
    struct mesh_requirement required[] = {{.name = "here", .comparison = MESH_PRESENT},
                                          {.name = "secret", .comparison = MESH_TOLD, .value = "x'00ff'"}};
    const struct mesh_create_options options = {.requirements = required, .requirements_count = 2};
    struct mesh_address address;
    struct mesh_error error;
    EXPECT(mesh_node_create(node.handle, "pulled.plain", &options, &address, &error) == MESH_OK);
    required[1].value = "x'00fe'";
    EXPECT(mesh_node_create(node.handle, "pulled.plain", &options, &address, &error) == MESH_NO_COMPATIBLE_NODE);
    EXPECT(strstr(error.text, "that is not the secret"));
}

static void H2_nonsense_and_death_are_a_no(void) {
    expect_uncreated("pulled.silent", MESH_NO_COMPATIBLE_NODE, "42 is no verdict");
    expect_uncreated("pulled.dies", MESH_NO_COMPATIBLE_NODE, "code 7");
}

static void C2_what_the_process_does_not_know_it_refuses(void) {
    expect_uncreated("pulled.unknown", MESH_UNKNOWN_TYPE, "type pulled.unknown: there is no such class");
}

/* Meanwhile the other cases go on. */
static void *H2_a_check_that_does_not_return_is_a_no(void *user) {
    expect_uncreated("pulled.hangs", MESH_TIMED_OUT, "its host did not come up in time");
    return user;
}

static void C3_a_constructor_that_fails_is_an_exit(void) {
    expect_gone(create("pulled.fails"));
}

/* ---- ends ---- */

static void C5_it_is_shown_the_request_and_then_its_end(void) {
    struct mesh_address actor = create("pulled.plain");
    EXPECT(strcmp(node_ask(&node, actor, "tell me of the end"), "tell me of the end") == 0);
    EXPECT(mesh_node_request_exit(node.handle, actor, false) == MESH_OK);
    expect_text("exit");
    expect_text("end");
    expect_gone(actor);
}

static void C11_SIGTERM_is_an_exit_request(void) {
    struct mesh_address actor = create("pulled.plain");
    EXPECT(strcmp(node_ask(&node, actor, "tell me of the end"), "tell me of the end") == 0);
    EXPECT(kill(pid_of(actor), SIGTERM) == 0);
    expect_text("exit");
    expect_text("end");
    expect_gone(actor);
}

static void A5_exit_is_a_verdict_and_a_call(void) {
    struct mesh_address actor = create("pulled.plain");
    EXPECT(mesh_tell_text(node.handle, actor, "exit") == MESH_OK);
    expect_gone(actor);
    actor = create("pulled.plain");
    expect_failed(actor, "call exit", MESH_REFUSED, "called exit()");
    expect_gone(actor);
}

static void C5_a_host_that_is_closed_ends_its_actor(void) {
    struct mesh_address actor = create("pulled.closes");
    EXPECT(strcmp(node_ask(&node, actor, "well"), "well") == 0);
    expect_gone(actor);
}

static void E3_a_crash_is_told_with_its_cause(void) {
    struct mesh_address actor = create("pulled.plain");
    expect_failed(actor, "abort", MESH_REFUSED, "killed by SIGABRT");
    expect_gone(actor);
}

static void C10_what_it_forks_is_no_host(void) {
    EXPECT(strcmp(node_ask(&node, plain, "fork"), "0") == 0);
    EXPECT(strcmp(node_ask(&node, plain, "well"), "well") == 0);
}

/* What never says that it is done is busy for ever; nobody else is held up, and the node ends all the same. */
static void C12_a_host_that_is_never_done_is_killed_in_the_end(void) {
    struct mesh_address actor = create("pulled.plain");
    struct mesh_message *reply;
    EXPECT(mesh_ask_text(node.handle, actor, "hang", 100, &reply) == MESH_TIMED_OUT);
    struct mesh_report *report;
    struct mesh_error error;
    EXPECT(mesh_actor_report(node.handle, actor, WAIT_MS, &report, &error) == MESH_OK);
    EXPECT(strcmp(report->actor->actor.state, "busy") == 0 && strcmp(report->actor->in_hand, MESH_TEXT) == 0);
    mesh_report_release(&report);
    EXPECT(strcmp(node_ask(&node, plain, "well"), "well") == 0);
    pid_t pid = pid_of(actor);
    EXPECT(mesh_node_shutdown(node.handle, SHUTDOWN_MS) == MESH_OK);
    EXPECT(!node_is_alive(pid));
}

int main(void) {
    if (getenv("MESH_HOST")) {
        return pulled_main(NULL);
    }
    struct mesh_host *none;
    struct mesh_error error;
    EXPECT(mesh_host_open(&none, NULL, &error) == MESH_NOT_FOUND);
    EXPECT(mesh_host_open(&none, "nonsense", &error) == MESH_INVALID_ARGUMENT);
    nodes_init(pulled_types);
    node_start(&node, "here", NULL);
    plain = create("pulled.plain");
    pthread_t hanging;
    EXPECT(pthread_create(&hanging, NULL, H2_a_check_that_does_not_return_is_a_no, NULL) == 0);
    D11_a_pulled_host_answers_what_it_is_asked();
    C2_it_knows_what_it_was_created_as();
    E1_what_fails_is_shown_once_more_and_then_goes_back_with_its_text();
    A5_a_number_that_is_no_verdict_is_a_failure();
    A5_calls_out_of_turn_are_refused();
    A7_another_thread_of_it_sends();
    F1_a_timer_wakes_it();
    F2_what_is_stated_with_done_is_watched();
    H2_a_pulled_check_is_a_yes_or_a_no();
    H2_opaque_bytes_reach_the_check_and_nobody_else_judges_them();
    H2_nonsense_and_death_are_a_no();
    C2_what_the_process_does_not_know_it_refuses();
    C3_a_constructor_that_fails_is_an_exit();
    C5_it_is_shown_the_request_and_then_its_end();
    C11_SIGTERM_is_an_exit_request();
    A5_exit_is_a_verdict_and_a_call();
    C5_a_host_that_is_closed_ends_its_actor();
    E3_a_crash_is_told_with_its_cause();
    C10_what_it_forks_is_no_host();
    EXPECT(pthread_join(hanging, NULL) == 0);
    C12_a_host_that_is_never_done_is_killed_in_the_end();
    (void)puts("ok");
    return 0;
}
