/* The status of one actor (K1), by its address: idle, busy, stuck, exiting, light, elsewhere, gone; asked for by programs and by
 * actors.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/nodes.h"
#include "tests/system/status_types.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CROWD = 10000, LISTED = 4096, PAGED = 64, QUEUED = 3000 };

static struct node nodes[2];
static char fifo[128];

/* ---- asking ---- */

static struct mesh_report *report_of(struct node *node, struct mesh_address address) {
    struct mesh_report *report = NULL;
    struct mesh_error error;
    if (mesh_actor_report(node->handle, address, WAIT_MS, &report, &error) != MESH_OK) {
        (void)fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
    return report;
}

/* The texts are not to be used. */
static struct mesh_actor_details details_of(struct mesh_address address) {
    struct mesh_report *report = report_of(&nodes[0], address);
    EXPECT(report->actor && report->nodes_count == 0);
    struct mesh_actor_details details = *report->actor;
    mesh_report_release(&report);
    return details;
}

static void expect_none(struct node *node, struct mesh_address address, enum mesh_status expected, const char *why) {
    struct mesh_report *report = NULL;
    struct mesh_error error;
    enum mesh_status status = mesh_actor_report(node->handle, address, WAIT_MS, &report, &error);
    if (status != expected || !strstr(error.text, why)) {
        (void)fprintf(stderr, "%s: %s\n", mesh_status_name(status), status ? error.text : "");
        exit(1);
    }
    printf("    %s\n", error.text);
}

static void await_end(struct mesh_address actor) {
    struct mesh_report *report = NULL;
    long began_ms = node_now_ms();
    while (mesh_actor_report(nodes[0].handle, actor, WAIT_MS, &report, NULL) == MESH_OK) {
        mesh_report_release(&report);
        EXPECT(node_now_ms() - began_ms < WAIT_MS);
        node_pause();
    }
}

static uint64_t counter_of(const struct mesh_actor_details *actor, const char *name) {
    for (size_t i = 0; i < actor->counters_count; i++) {
        if (strcmp(actor->counters[i].name, name) == 0) {
            return actor->counters[i].value;
        }
    }
    (void)fprintf(stderr, "there is no counter %s\n", name);
    exit(1);
}

static struct mesh_address address_of(const char *text) {
    struct mesh_address address;
    EXPECT(mesh_address_parse(text, &address) == MESH_OK);
    return address;
}

static void request_exit(struct mesh_address actor) {
    EXPECT(mesh_node_request_exit(nodes[0].handle, actor, false) == MESH_OK);
}

/* ---- a handler that blocks ---- */

static void block(struct mesh_address actor) {
    struct mesh_actor_report listed;
    EXPECT(mkfifo(fifo, 0600) == 0);
    EXPECT(mesh_tell_text(nodes[0].handle, actor, "block %s", fifo) == MESH_OK);
    for (long began_ms = node_now_ms(); !node_actor(&nodes[0], actor, &listed) || listed.busy_ms == 0; node_pause()) {
        EXPECT(node_now_ms() - began_ms < WAIT_MS);
    }
}

static void release(void) {
    int end = open(fifo, O_WRONLY | O_CLOEXEC); /* waits for the handler */
    EXPECT(end >= 0 && close(end) == 0 && unlink(fifo) == 0);
    struct mesh_message *answer = NULL;
    EXPECT(mesh_listen(nodes[0].handle, WAIT_MS, &answer) == MESH_OK && strcmp(mesh_message_text(answer), "done") == 0);
    mesh_message_release(&answer);
}

/* ---- tests ---- */

static void K1_an_idle_actor_tells_all(void) {
    struct mesh_address actor = node_create(&nodes[0], "test.shown", "here");
    struct mesh_actor_report listed;
    EXPECT(node_actor(&nodes[0], actor, &listed));
    struct mesh_address child = address_of(node_ask(&nodes[0], actor, "children 1"));
    EXPECT(strcmp(node_ask(&nodes[0], child, "well?"), "done") == 0);
    (void)node_ask(&nodes[0], actor, "timers 2");
    struct mesh_message *poison = NULL;
    EXPECT(mesh_ask_text(nodes[0].handle, actor, "fail", WAIT_MS, &poison) == MESH_REFUSED);
    mesh_message_release(&poison);
    (void)node_ask(&nodes[0], actor, "watch");
    struct mesh_report *report = report_of(&nodes[0], actor);
    const struct mesh_actor_details *seen = report->actor;
    EXPECT(mesh_address_equal(seen->actor.address, actor) && mesh_address_equal(seen->actor.parent, listed.parent));
    EXPECT(strcmp(seen->actor.type, "test.shown") == 0 && strcmp(seen->node, "here") == 0);
    EXPECT(strcmp(seen->actor.state, "idle") == 0 && strcmp(seen->in_hand, "") == 0 && seen->actor.busy_ms == 0);
    EXPECT(seen->actor.pid == listed.pid && !seen->light && !seen->exiting && !seen->secondhand);
    EXPECT(seen->timers == 2 && seen->watched == 1 && seen->actor.mailbox == 0 && seen->mailbox_bytes == 0);
    EXPECT(seen->actor.children_count == 1 && seen->children_listed == 1 &&
           mesh_address_equal(seen->children[0], child));
    EXPECT(seen->actor.handled == 4 && counter_of(seen, "handled") == 4 && counter_of(seen, "returned") == 1);
    EXPECT(counter_of(seen, "retried") == 1 && counter_of(seen, "sent_dead") == 0 && seen->restarts == 0);
    EXPECT(seen->streams_in == 1 && seen->streams_out == 1 && counter_of(seen, "sent") == 3);
    mesh_report_release(&report);
    /* The address of its parent is that of the node's admin. */
    report = report_of(&nodes[0], listed.parent);
    EXPECT(!report->actor && report->nodes_count == 1 && strcmp(report->nodes[0].name, "here") == 0);
    mesh_report_release(&report);
    request_exit(actor);
}

static void K1_of_ten_thousand_light_children_the_first_are_listed(void) {
    struct mesh_address root = node_create(&nodes[0], "test.light", "here");
    char question[32];
    (void)snprintf(question, sizeof question, "light %d", CROWD);
    struct mesh_address last = address_of(node_ask(&nodes[0], root, question));
    struct mesh_actor_details parent = details_of(root), child = details_of(last);
    EXPECT(parent.actor.children_count == CROWD && parent.children_listed == LISTED && parent.light);
    EXPECT(child.light && child.actor.children_count == 0 && mesh_address_equal(child.actor.parent, root));
    EXPECT(child.actor.pid == parent.actor.pid && mesh_address_equal(child.actor.address, last));
    request_exit(last);
    await_end(last);
    expect_none(&nodes[0], last, MESH_NOT_FOUND, "that actor is gone");
    EXPECT(details_of(root).actor.children_count == CROWD - 1);
    request_exit(root);
}

/* Between two messages, not behind them all. */
static void K1_the_answer_goes_ahead_of_the_mailbox(void) {
    struct mesh_address actor = node_create(&nodes[0], "test.shown", "here");
    for (int i = 0; i < QUEUED; i++) {
        EXPECT(mesh_tell(nodes[0].handle, actor, "work", "12345", 5) == MESH_OK);
    }
    struct mesh_actor_details seen = details_of(actor);
    for (long began_ms = node_now_ms(); seen.actor.mailbox == 0; seen = details_of(actor)) {
        EXPECT(node_now_ms() - began_ms < WAIT_MS);
    }
    printf("    %lu handled, %lu wait\n", (unsigned long)seen.actor.handled, (unsigned long)seen.actor.mailbox);
    EXPECT(!seen.secondhand && seen.actor.handled + seen.actor.mailbox <= QUEUED);
    EXPECT(seen.actor.handled < QUEUED / 2);
    struct mesh_message *reply = NULL; /* behind all that, which takes a loaded machine its time */
    EXPECT(mesh_ask_text(nodes[0].handle, actor, "well?", 6 * WAIT_MS, &reply) == MESH_OK);
    EXPECT(strcmp(mesh_message_text(reply), "done") == 0);
    mesh_message_release(&reply);
    EXPECT(details_of(actor).actor.handled == QUEUED + 1);
    request_exit(actor);
}

/* Its host has a thread that answers. */
static void K1_a_busy_actor_tells_what_waits_and_what_is_in_hand(void) {
    struct mesh_address actor = node_create(&nodes[0], "test.shown", "here");
    EXPECT(strcmp(node_ask(&nodes[0], actor, "thread"), "done") == 0);
    block(actor);
    for (int i = 0; i < 10; i++) {
        EXPECT(mesh_tell(nodes[0].handle, actor, "x", "12345", 5) == MESH_OK);
    }
    long began_ms = node_now_ms();
    struct mesh_report *report = report_of(&nodes[0], actor);
    while (report->actor->actor.mailbox < 10 || report->actor->actor.busy_ms == 0) {
        mesh_report_release(&report);
        EXPECT(node_now_ms() - began_ms < WAIT_MS);
        node_pause();
        report = report_of(&nodes[0], actor);
    }
    const struct mesh_actor_details *seen = report->actor;
    EXPECT(!seen->secondhand && strcmp(seen->actor.state, "busy") == 0 && strcmp(seen->in_hand, MESH_TEXT) == 0);
    EXPECT(seen->actor.mailbox == 10 && seen->mailbox_bytes >= 50);
    mesh_report_release(&report);
    release();
    request_exit(actor);
}

static void K1_of_a_stuck_actor_its_admin_tells_what_it_knows(void) {
    struct mesh_address actor = node_create(&nodes[0], "test.shown", "here");
    (void)node_ask(&nodes[0], actor, "children 1");
    (void)node_ask(&nodes[0], actor, "timers 2");
    block(actor);
    struct mesh_report *report = report_of(&nodes[0], actor);
    const struct mesh_actor_details *seen = report->actor;
    EXPECT(seen->secondhand && strcmp(seen->actor.state, "busy") == 0 && strcmp(seen->in_hand, MESH_TEXT) == 0);
    EXPECT(strcmp(seen->actor.type, "test.shown") == 0 && strcmp(seen->node, "here") == 0 && seen->actor.pid > 0);
    EXPECT(seen->actor.busy_ms >= 900 && seen->actor.children_count == 1 && seen->children_listed == 0 &&
           seen->timers == 2);
    EXPECT(seen->actor.handled == 2 && counter_of(seen, "handled") == 2 && counter_of(seen, "sent") >= 2);
    mesh_report_release(&report);
    release();
    EXPECT(!details_of(actor).secondhand);
    request_exit(actor);
}

/* The crash page has no room for it: all that is known is who keeps its host busy. */
static void K1_who_keeps_a_host_from_answering_is_named(void) {
    char question[32], address[MESH_ADDRESS_TEXT_BYTES];
    struct mesh_address root = node_create(&nodes[0], "test.light", "here");
    (void)snprintf(question, sizeof question, "light %d", PAGED);
    struct mesh_address last = address_of(node_ask(&nodes[0], root, question));
    EXPECT(strcmp(node_ask(&nodes[0], last, "well?"), "done") == 0);
    block(root);
    expect_none(&nodes[0], last, MESH_TIMED_OUT, mesh_address_print(root, address));
    EXPECT(details_of(root).secondhand);
    release();
    EXPECT(!details_of(last).secondhand);
    request_exit(root);
}

static void K1_an_exiting_actor_says_so_and_then_is_gone(void) {
    struct mesh_address parent = node_create(&nodes[0], "test.shown", "here");
    struct mesh_address child = address_of(node_ask(&nodes[0], parent, "children 1"));
    block(child);
    request_exit(parent);
    struct mesh_actor_details seen = details_of(parent);
    for (long began_ms = node_now_ms(); !seen.exiting; seen = details_of(parent)) {
        EXPECT(node_now_ms() - began_ms < WAIT_MS);
        node_pause();
    }
    EXPECT(!seen.secondhand && seen.actor.children_count == 1);
    release(); /* the child may go, and its parent after it */
    await_end(parent);
    expect_none(&nodes[0], parent, MESH_NOT_FOUND, "that actor is gone: ");
    expect_none(&nodes[0], child, MESH_NOT_FOUND, "that actor is gone: ");
}

static void K1_restarts_are_counted(void) {
    struct mesh_address actor;
    struct mesh_create_options options = {.on_failure = MESH_RESTART};
    EXPECT(mesh_node_create(nodes[0].handle, "test.shown", &options, &actor, NULL) == MESH_OK);
    struct mesh_message *reply = NULL;
    EXPECT(mesh_ask_text(nodes[0].handle, actor, "abort", WAIT_MS, &reply) == MESH_REFUSED);
    mesh_message_release(&reply);
    EXPECT(strcmp(node_ask(&nodes[0], actor, "well?"), "done") == 0);
    struct mesh_actor_details seen = details_of(actor);
    EXPECT(!seen.secondhand && seen.restarts == 1 && seen.actor.handled == 1);
    request_exit(actor);
}

static void E5_what_is_no_actors_address_is_told_apart(void) {
    struct mesh_address own = mesh_node_address(nodes[0].handle);
    expect_none(&nodes[0], (struct mesh_address){0}, MESH_INVALID_ADDRESS, "not an address");
    expect_none(&nodes[0], own, MESH_REFUSED, "of a program");
    expect_none(&nodes[1], own, MESH_REFUSED, "of a program");
    own.node++;
    expect_none(&nodes[0], own, MESH_UNREACHABLE, "its node is not in this convention");
}

static void K1_an_actor_asks_for_the_status_of_another(void) {
    char question[80], address[MESH_ADDRESS_TEXT_BYTES];
    struct mesh_address asker = node_create(&nodes[0], "test.shown", "here");
    struct mesh_address far = node_create(&nodes[1], "test.light", "there");
    (void)snprintf(question, sizeof question, "request %s", mesh_address_print(far, address));
    EXPECT(strcmp(node_ask(&nodes[0], asker, question), "test.light") == 0);
    struct mesh_address admin = details_of(far).actor.parent;
    EXPECT(mesh_node_request_exit(nodes[1].handle, far, false) == MESH_OK);
    await_end(far);
    EXPECT(strstr(node_ask(&nodes[0], asker, question), "that actor is gone"));
    (void)snprintf(question, sizeof question, "request %s", mesh_address_print(admin, address));
    EXPECT(strcmp(node_ask(&nodes[0], asker, question), "there") == 0);
    request_exit(asker);
}

static void K1_an_actor_elsewhere_answers_while_its_node_does(void) {
    struct mesh_address far = node_create(&nodes[0], "test.shown", "there");
    struct mesh_address child = address_of(node_ask(&nodes[0], far, "children 1"));
    struct mesh_report *report = report_of(&nodes[0], far);
    EXPECT(strcmp(report->actor->node, "there") == 0 && report->actor->actor.children_count == 1);
    mesh_report_release(&report);
    report = report_of(&nodes[1], child);
    EXPECT(strcmp(report->actor->node, "there") == 0 && mesh_address_equal(report->actor->actor.parent, far));
    mesh_report_release(&report);
    EXPECT(kill(nodes[1].admin, SIGSTOP) == 0);
    expect_none(&nodes[0], child, MESH_TIMED_OUT, "node there has not answered");
    EXPECT(kill(nodes[1].admin, SIGCONT) == 0);
    report = report_of(&nodes[0], child);
    EXPECT(mesh_address_equal(report->actor->actor.address, child));
    mesh_report_release(&report);
    node_stop(&nodes[1]);
    (void)node_await_members(&nodes[0], 1, WAIT_MS);
    expect_none(&nodes[0], child, MESH_UNREACHABLE, "its node is not in this convention");
}

static void remove_fifo(void) {
    (void)unlink(fifo); /* a test that fails leaves it */
}

#define RUN(test) (printf("%s\n", #test), test())

int main(void) {
    mesh_host_enter(status_types);
    nodes_init(status_types);
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    const char *directory = getenv("TMPDIR");
    (void)snprintf(fifo, sizeof fifo, "%s/fifo.%d", directory ? directory : "/tmp", (int)getpid());
    EXPECT(atexit(remove_fifo) == 0);
    node_start(&nodes[0], "here", NULL);
    node_start(&nodes[1], "there", &nodes[0]);
    (void)node_await_members(&nodes[0], 2, WAIT_MS);
    RUN(K1_an_idle_actor_tells_all);
    RUN(K1_of_ten_thousand_light_children_the_first_are_listed);
    RUN(K1_the_answer_goes_ahead_of_the_mailbox);
    RUN(K1_a_busy_actor_tells_what_waits_and_what_is_in_hand);
    RUN(K1_of_a_stuck_actor_its_admin_tells_what_it_knows);
    RUN(K1_who_keeps_a_host_from_answering_is_named);
    RUN(K1_an_exiting_actor_says_so_and_then_is_gone);
    RUN(K1_restarts_are_counted);
    RUN(E5_what_is_no_actors_address_is_told_apart);
    RUN(K1_an_actor_asks_for_the_status_of_another);
    RUN(K1_an_actor_elsewhere_answers_while_its_node_does);
    node_stop(&nodes[0]);
    return 0;
}
