/* What is lost on another node, and what those who cared for it hear: an actor that crashes, a host that is killed, a whole
 * node that is killed and started again. Rules C4, D1, E3, S1E and "Losing a node".
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/loss_types.h"
#include "tests/system/nodes.h"

#include <signal.h>
#include <string.h>

enum { CRASHES = 10, CHILDREN = 3, LOST_MS = 5000 };

static struct node leader, member;

static void expect_failure(struct mesh_address actor, const char *text, enum mesh_status expected, const char *why) {
    struct mesh_message *reply = NULL;
    enum mesh_status status = mesh_ask_text(leader.handle, actor, text, WAIT_MS, &reply);
    const char *failure = reply ? mesh_message_failure(reply) : NULL;
    if (status != expected || !failure || !strstr(failure, why)) {
        (void)fprintf(stderr, "\"%s\": %s \"%s\", not %s \"%s\"\n", text, mesh_status_name(status),
                      failure ? failure : "", mesh_status_name(expected), why);
        exit(1);
    }
    mesh_message_release(&reply);
}

static void await_account(struct mesh_address keeper, const char *expected) {
    node_await_answer(&leader, keeper, "account", expected);
}

static struct mesh_address create_child(struct mesh_address keeper) {
    struct mesh_address child;
    EXPECT(mesh_address_parse(node_ask(&leader, keeper, "create two"), &child) == MESH_OK);
    return child;
}

static pid_t pid_of(struct mesh_address actor) {
    struct mesh_actor_report report;
    EXPECT(node_actor(&member, actor, &report));
    return (pid_t)report.pid;
}

/* ---- cases ---- */

static void E3_a_crash_elsewhere_returns_the_message_in_hand(void) {
    for (int i = 0; i < CRASHES; i++) {
        struct mesh_address frail = node_create(&leader, "test.frail", "two");
        for (int before = 0; before < i % 3; before++) {
            EXPECT(strcmp(node_ask(&leader, frail, "well"), "well") == 0);
        }
        expect_failure(frail, "segv", MESH_REFUSED, "killed by SIGSEGV");
        expect_failure(frail, "still there?", MESH_DEAD, "");
    }
}

static void E3_what_is_behind_a_crash_elsewhere_is_dead(void) {
    struct mesh_address frail = node_create(&leader, "test.frail", "two");
    struct mesh_message *message;
    EXPECT(mesh_tell_text(leader.handle, frail, "segv") == MESH_OK);
    expect_failure(frail, "behind", MESH_DEAD, "");
    EXPECT(mesh_listen(leader.handle, WAIT_MS, &message) == MESH_OK);
    EXPECT(mesh_message_kind(message) == MESH_POISON);
    EXPECT(strcmp(mesh_message_text(mesh_message_inner(message)), "segv") == 0);
    mesh_message_release(&message);
}

static void C4_a_parent_elsewhere_hears_of_a_crash_once(void) {
    struct mesh_address keeper = node_create(&leader, "test.keeper", "one");
    struct mesh_address child = create_child(keeper);
    EXPECT(strcmp(node_ask(&leader, child, "well"), "well") == 0);
    EXPECT(strcmp(node_ask(&leader, keeper, "tell segv"), "told") == 0);
    await_account(keeper, "1 ends 4 11, 1 poisons killed by SIGSEGV");
}

static void C4_a_parent_elsewhere_hears_of_a_kill_once(void) {
    struct mesh_address keeper = node_create(&leader, "test.keeper", "one");
    struct mesh_address child = create_child(keeper);
    EXPECT(strcmp(node_ask(&leader, child, "well"), "well") == 0);
    EXPECT(kill(pid_of(child), SIGKILL) == 0);
    await_account(keeper, "1 ends 4 9, 0 poisons ");
    expect_failure(child, "still there?", MESH_DEAD, "");
    await_account(keeper, "1 ends 4 9, 0 poisons ");
}

static void C4_every_parent_and_watcher_hears_within_5_s_of_a_killed_node(void) {
    struct mesh_address keepers[CHILDREN], children[CHILDREN];
    for (int i = 0; i < CHILDREN; i++) {
        keepers[i] = node_create(&leader, "test.keeper", "one");
        children[i] = create_child(keepers[i]);
        EXPECT(strcmp(node_ask(&leader, children[i], "well"), "well") == 0);
    }
    EXPECT(strcmp(node_ask(&leader, keepers[0], "watch"), "watching") == 0);
    long killed_ms = node_now_ms();
    EXPECT(node_signal(&member, SIGKILL) >= 2 + CHILDREN);
    long took_ms = node_await_members(&leader, 1, LOST_MS);
    for (int i = 0; i < CHILDREN; i++) {
        await_account(keepers[i], "1 ends 6 0, 0 poisons ");
    }
    node_await_answer(&leader, keepers[0], "gone", "1");
    (void)printf("  lost after %ld ms, all told after %ld\n", took_ms, node_now_ms() - killed_ms);
    EXPECT(node_now_ms() - killed_ms <= LOST_MS);
    for (int i = 0; i < CHILDREN; i++) {
        expect_failure(children[i], "still there?", MESH_DEAD, "");
        await_account(keepers[i], "1 ends 6 0, 0 poisons ");
    }
}

static void a_node_comes_back_by_its_name_and_port(void) {
    node_start(&member, "two", &leader);
    (void)printf("  back after %ld ms\n", node_await_members(&leader, 2, WAIT_MS));
    struct mesh_address frail = node_create(&leader, "test.frail", "two");
    EXPECT(strcmp(node_ask(&leader, frail, "well"), "well") == 0);
}

static void a_node_that_restarts_at_once_loses_what_it_had(void) {
    struct mesh_address keeper = node_create(&leader, "test.keeper", "one");
    struct mesh_address child = create_child(keeper);
    EXPECT(strcmp(node_ask(&leader, child, "well"), "well") == 0);
    EXPECT(node_signal(&member, SIGKILL) >= 3);
    node_start(&member, "two", &leader);
    await_account(keeper, "1 ends 6 0, 0 poisons ");
    (void)node_await_members(&leader, 2, WAIT_MS);
    expect_failure(child, "still there?", MESH_DEAD, "");
    EXPECT(strcmp(node_ask(&leader, create_child(keeper), "well"), "well") == 0);
    await_account(keeper, "1 ends 6 0, 0 poisons ");
}

struct test {
    const char *name;
    void (*run)(void);
};

#define TEST(name)                                                                                                     \
    { #name, name }

static const struct test tests[] = {
    TEST(E3_a_crash_elsewhere_returns_the_message_in_hand),
    TEST(E3_what_is_behind_a_crash_elsewhere_is_dead),
    TEST(C4_a_parent_elsewhere_hears_of_a_crash_once),
    TEST(C4_a_parent_elsewhere_hears_of_a_kill_once),
    TEST(C4_every_parent_and_watcher_hears_within_5_s_of_a_killed_node),
    TEST(a_node_comes_back_by_its_name_and_port),
    TEST(a_node_that_restarts_at_once_loses_what_it_had),
};

int main(void) {
    mesh_host_enter(loss_types);
    nodes_init(loss_types);
    node_start(&leader, "one", NULL);
    node_start(&member, "two", &leader);
    (void)node_await_members(&leader, 2, WAIT_MS);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        (void)printf("%s\n", tests[i].name);
        (void)fflush(stdout);
        tests[i].run();
    }
    node_stop(&member);
    node_stop(&leader);
    return 0;
}
