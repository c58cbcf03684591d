/* A node that is paused: what a short pause must not lose, and when a long one is a loss ("Losing a node").
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/loss_types.h"
#include "tests/system/nodes.h"

#include <signal.h>
#include <string.h>

enum { SHORT_MS = 10000, LOST_MS = 17000, TOLD = 100 };

static struct node leader, member;

static size_t members(void) {
    struct mesh_error error;
    struct mesh_report *report;
    EXPECT(mesh_node_report(leader.handle, false, WAIT_MS, &report, &error) == MESH_OK);
    size_t count = report->nodes[0].members_count;
    mesh_report_release(&report);
    return count;
}

/* What was told while it slept is answered in order afterwards, and nobody has heard of a loss. */
static void a_short_pause_loses_nothing(struct mesh_address keeper, struct mesh_address child) {
    EXPECT(node_signal(&member, SIGSTOP) >= 3);
    long end_ms = node_now_ms() + SHORT_MS;
    for (int i = 0; i < TOLD; i++) {
        EXPECT(mesh_tell_text(leader.handle, child, "%d", i) == MESH_OK);
    }
    while (node_now_ms() < end_ms) {
        EXPECT(members() == 2);
        node_pause();
    }
    EXPECT(node_signal(&member, SIGCONT) >= 3);
    for (int i = 0; i < TOLD; i++) {
        struct mesh_message *message;
        char expected[16];
        (void)snprintf(expected, sizeof expected, "%d", i);
        EXPECT(mesh_listen(leader.handle, WAIT_MS, &message) == MESH_OK);
        EXPECT(mesh_message_kind(message) == MESH_USER && strcmp(mesh_message_text(message), expected) == 0);
        mesh_message_release(&message);
    }
    EXPECT(members() == 2);
    EXPECT(strcmp(node_ask(&leader, keeper, "account"), "0 ends , 0 poisons ") == 0);
    EXPECT(strcmp(node_ask(&leader, keeper, "gone"), "0") == 0);
    EXPECT(strcmp(node_ask(&leader, child, "well"), "well") == 0);
}

static void a_long_pause_is_a_loss(struct mesh_address keeper, struct mesh_address child) {
    EXPECT(node_signal(&member, SIGSTOP) >= 3);
    struct mesh_message *reply;
    EXPECT(mesh_tell_text(leader.handle, child, "unheard") == MESH_OK);
    (void)printf("  lost after %ld ms\n", node_await_members(&leader, 1, LOST_MS));
    node_await_answer(&leader, keeper, "account", "1 ends 6 0, 0 poisons ");
    node_await_answer(&leader, keeper, "gone", "1");
    EXPECT(mesh_ask_text(leader.handle, child, "still there?", WAIT_MS, &reply) == MESH_DEAD);
    mesh_message_release(&reply);
}

struct test {
    const char *name;
    void (*run)(struct mesh_address keeper, struct mesh_address child);
};

#define TEST(name)                                                                                                     \
    { #name, name }

static const struct test tests[] = {
    TEST(a_short_pause_loses_nothing),
    TEST(a_long_pause_is_a_loss),
};

int main(void) {
    mesh_host_enter(loss_types);
    nodes_init(loss_types);
    node_start(&leader, "one", NULL);
    node_start(&member, "two", &leader);
    (void)node_await_members(&leader, 2, WAIT_MS);
    struct mesh_address keeper = node_create(&leader, "test.keeper", "one");
    struct mesh_address child;
    EXPECT(mesh_address_parse(node_ask(&leader, keeper, "create two"), &child) == MESH_OK);
    EXPECT(strcmp(node_ask(&leader, child, "well"), "well") == 0);
    EXPECT(strcmp(node_ask(&leader, keeper, "watch"), "watching") == 0);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        (void)printf("%s\n", tests[i].name);
        (void)fflush(stdout);
        tests[i].run(keeper, child);
    }
    (void)node_signal(&member, SIGKILL);
    node_stop(&leader);
    return 0;
}
