/* A detached actor whose home is killed for good: who is only given its address finds it, also while no leader is there, and when
 * another has taken over. Rule C6.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/nodes.h"
#include "tests/system/restart_types.h"

#include <arpa/inet.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NODES = 6 };

static struct node first, second, home, host, one, two;

/* At a port that is free now. */
static void choose_endpoint(struct node *node) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT(fd >= 0 && bind(fd, (struct sockaddr *)&address, bytes) == 0);
    EXPECT(getsockname(fd, (struct sockaddr *)&address, &bytes) == 0 && close(fd) == 0);
    (void)snprintf(node->endpoint, sizeof node->endpoint, "tcp://127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
}

/* Until its status says that it lives on `host`, whoever is asked. */
static void await_status(struct node *asker, struct mesh_address actor) {
    struct mesh_report *report = NULL;
    struct mesh_error error = {0};
    long end_ms = node_now_ms() + WAIT_MS;
    while (mesh_actor_report(asker->handle, actor, WAIT_MS, &report, &error) != MESH_OK) {
        if (node_now_ms() > end_ms) {
            (void)fprintf(stderr, "%s does not find it: %s\n", asker->name, error.text);
            exit(1);
        }
        node_pause();
    }
    EXPECT(strcmp(report->actor->node, "host") == 0);
    mesh_report_release(&report);
}

static void expect_answer(struct node *asker, struct mesh_address actor) {
    EXPECT(strcmp(node_ask(asker, actor, "handled"), "0") == 0);
}

static struct mesh_address create_kept(void) {
    struct mesh_address parent = node_create(&first, "test.parent", "home"), kept;
    EXPECT(mesh_address_parse(node_ask(&first, parent, "create test.worker detached 0 host"), &kept) == MESH_OK);
    expect_answer(&first, kept);
    return kept;
}

int main(void) {
    static const struct {
        struct node *node;
        const char *name;
    } all[NODES] = {{&first, "first"}, {&second, "second"}, {&home, "home"},
                    {&host, "host"},   {&one, "one"},       {&two, "two"}};
    char settings[256];
    mesh_host_enter(restart_types);
    nodes_init(restart_types);
    choose_endpoint(&first);
    choose_endpoint(&second);
    (void)snprintf(settings, sizeof settings, "leaders = %s, %s\n", first.endpoint, second.endpoint);
    for (size_t i = 0; i < NODES; i++) {
        all[i].node->settings = settings;
        node_start(all[i].node, all[i].name, NULL);
    }
    for (size_t i = 0; i < NODES; i++) {
        (void)node_await_members(all[i].node, NODES, WAIT_MS);
    }
    struct mesh_address kept = create_kept();
    EXPECT(node_signal(&home, SIGKILL) > 0);
    (void)node_await_members(&one, NODES - 1, WAIT_MS);
    await_status(&one, kept);
    expect_answer(&one, kept);
    EXPECT(node_signal(&first, SIGKILL) > 0);
    expect_answer(&two, kept);
    (void)node_await_members(&second, NODES - 2, WAIT_MS);
    await_status(&second, kept);
    expect_answer(&second, kept);
    return 0;
}
