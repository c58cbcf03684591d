/* The pool of hosts for light actors that a process creates (A4): two thousand share two hosts, and the crash of one is
 * the end of those beside it, and of no other.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/nodes.h"
#include "tests/system/pool_types.h"

#include <string.h>

enum { BATCHES = 2, PATIENCE_MS = 3 * WAIT_MS };

static struct node node;

static void await_answer(struct mesh_address actor, const char *question, const char *expected) {
    long end_ms = node_now_ms() + PATIENCE_MS;
    const char *answer;
    while (strcmp(answer = node_ask(&node, actor, question), expected) != 0) {
        if (node_now_ms() > end_ms) {
            (void)fprintf(stderr, "\"%s\": \"%s\", not \"%s\"\n", question, answer, expected);
            exit(1);
        }
        node_pause();
    }
}

static void A4_two_thousand_share_the_hosts_of_a_pool(struct mesh_address parent) {
    char expected[32];
    long began_ms = node_now_ms();
    for (int batch = 1; batch <= BATCHES; batch++) {
        EXPECT(strcmp(node_ask(&node, parent, "spawn 1000"), "spawned") == 0);
        (void)snprintf(expected, sizeof expected, "%d in 2", batch * 1000);
        await_answer(parent, "where", expected);
    }
    (void)printf("  up and answered in %ld ms\n", node_now_ms() - began_ms);
}

static void C4_a_crash_ends_those_beside_it_each_told_once(struct mesh_address parent) {
    EXPECT(mesh_tell_text(node.handle, parent, "crash") == MESH_OK);
    await_answer(parent, "ends", "all, 0 wrong");
}

static void A4_who_comes_after_a_crash_has_a_new_host(struct mesh_address parent) {
    EXPECT(strcmp(node_ask(&node, parent, "spawn 10"), "spawned") == 0);
    await_answer(parent, "where", "2010 in 3");
    EXPECT(strcmp(node_ask(&node, parent, "ends"), "all, 0 wrong") == 0);
}

/* Each comes when the last has just gone, so creates and ends of hosts cross. */
static void A4_a_create_that_crosses_its_hosts_end_is_not_lost(void) {
    for (int i = 0; i < 20; i++) {
        struct mesh_address leaf = node_create(&node, "pool.leaf", "here");
        EXPECT(strtol(node_ask(&node, leaf, "where"), NULL, 10) > 0);
        EXPECT(mesh_node_request_exit(node.handle, leaf, false) == MESH_OK);
    }
}

/* The host dies in the turn in which they end: none is started anew, and each is told of as what it wanted. */
static void C4_a_wanted_end_is_told_as_that_when_the_host_crashes(void) {
    struct mesh_address parent = node_create(&node, "pool.parent", "here");
    EXPECT(strcmp(node_ask(&node, parent, "supervise 200"), "spawned") == 0);
    await_answer(parent, "where", "200 in 2");
    EXPECT(mesh_tell_text(node.handle, parent, "part") == MESH_OK);
    await_answer(parent, "parted", "199 as wanted, 0 wrong");
    EXPECT(mesh_node_request_exit(node.handle, parent, false) == MESH_OK);
}

int main(void) {
    mesh_host_enter(pool_types);
    nodes_init(pool_types);
    node_start(&node, "here", NULL);
    (void)printf("A4_a_create_that_crosses_its_hosts_end_is_not_lost\n");
    A4_a_create_that_crosses_its_hosts_end_is_not_lost();
    (void)printf("C4_a_wanted_end_is_told_as_that_when_the_host_crashes\n");
    C4_a_wanted_end_is_told_as_that_when_the_host_crashes();
    struct mesh_address parent = node_create(&node, "pool.parent", "here");
    (void)printf("A4_two_thousand_share_the_hosts_of_a_pool\n");
    A4_two_thousand_share_the_hosts_of_a_pool(parent);
    (void)printf("C4_a_crash_ends_those_beside_it_each_told_once\n");
    C4_a_crash_ends_those_beside_it_each_told_once(parent);
    (void)printf("A4_who_comes_after_a_crash_has_a_new_host\n");
    A4_who_comes_after_a_crash_has_a_new_host(parent);
    node_stop(&node);
    return 0;
}
