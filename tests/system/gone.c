/* A node that was killed and started again at the same place: what belongs to its earlier life and checks in is told that it is
 * gone (C13). Hosts die with their node, and programs notice its end, so the test plays both by hand.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/time.h"
#include "mesh/core/address.h"
#include "mesh/runtime/process.h"
#include "mesh/runtime/run_path.h"
#include "tests/system/nodes.h"
#include <signal.h>
#include <string.h>

#define HOST_GONE "gone: this process belongs to an earlier life of the node"
#define PROGRAM_GONE "gone: this program was attached to an earlier life of the node"

static const struct mesh_type *const no_types[] = {NULL};
static struct node node;

struct caller {
    struct process *process;
    char refusal[128];
    struct mesh_error error;
};

static void on_hello(void *user, uint64_t peer, const struct frame_hello *hello, struct frame_hello *answer) {
    struct caller *caller = user;
    (void)peer;
    (void)answer;
    (void)snprintf(caller->refusal, sizeof caller->refusal, "%.*s", (int)hello->refusal.size,
                   (const char *)hello->refusal.data);
}

/* Checks in with the node, as a process of `slot` of the node's life `life`, 0 for any. */
static enum mesh_status check_in(struct caller *caller, enum frame_role role, uint64_t life, uint32_t slot) {
    static uint64_t incarnation = 1;
    char admin[RUN_PATH_ENDPOINT_BYTES];
    struct process_options options = {
        .role = role,
        .incarnation = ++incarnation,
        .node = life,
        .slot = slot,
        .node_name = "gone",
        .listen = (const char *const[]){NULL},
        .admin = run_path_endpoint(admin, node.directory, "admin"),
        .limits = &delivery_limits_default,
        .callbacks = {.user = caller, .hello = on_hello},
    };
    *caller = (struct caller){0};
    return process_new(&caller->process, &options, WAIT_MS, &caller->error);
}

static void expect_gone(enum frame_role role, uint64_t life, uint32_t slot, const char *word) {
    struct caller caller;
    EXPECT(check_in(&caller, role, life, slot) == MESH_REFUSED);
    EXPECT(strstr(caller.error.text, word));
}

static uint64_t life_of_node(void) {
    return address_home(mesh_node_address(node.handle)).node;
}

static void C13_who_checks_in_with_an_earlier_life_is_told_that_it_is_gone(uint64_t earlier) {
    uint32_t free_slot = address_slot(mesh_node_address(node.handle)) + 1000;
    expect_gone(FRAME_ROLE_PROGRAM, earlier, 0, PROGRAM_GONE);
    expect_gone(FRAME_ROLE_HOST, earlier, 1, HOST_GONE);
    expect_gone(FRAME_ROLE_HOST, life_of_node(), free_slot, HOST_GONE);
    expect_gone(FRAME_ROLE_HOST, life_of_node(), address_slot(mesh_node_address(node.handle)), HOST_GONE);
}

static void C13_a_program_whose_link_comes_up_again_is_told_that_it_is_gone(struct caller *survivor) {
    long end_ms = node_now_ms() + WAIT_MS;
    process_lock(survivor->process);
    while (strcmp(survivor->refusal, PROGRAM_GONE) != 0) {
        EXPECT(node_now_ms() < end_ms);
        (void)process_turn(survivor->process, process_now(survivor->process) + 50 * NS_PER_MS);
    }
    process_unlock(survivor->process);
}

static void C13_who_belongs_to_this_life_is_not(void) {
    struct caller caller;
    EXPECT(check_in(&caller, FRAME_ROLE_PROGRAM, 0, 0) == MESH_OK);
    process_destroy(&caller.process);
    EXPECT(check_in(&caller, FRAME_ROLE_PROGRAM, life_of_node(), 0) == MESH_OK);
    process_destroy(&caller.process);
}

int main(void) {
    struct caller survivor;
    nodes_init(no_types);
    node_start(&node, "here", NULL);
    uint64_t earlier = life_of_node();
    EXPECT(check_in(&survivor, FRAME_ROLE_PROGRAM, 0, 0) == MESH_OK);
    (void)node_signal(&node, SIGKILL);
    node_start(&node, "here", NULL);
    EXPECT(life_of_node() != earlier);
    (void)printf("C13_who_checks_in_with_an_earlier_life_is_told_that_it_is_gone\n");
    C13_who_checks_in_with_an_earlier_life_is_told_that_it_is_gone(earlier);
    (void)printf("C13_a_program_whose_link_comes_up_again_is_told_that_it_is_gone\n");
    C13_a_program_whose_link_comes_up_again_is_told_that_it_is_gone(&survivor);
    (void)printf("C13_who_belongs_to_this_life_is_not\n");
    C13_who_belongs_to_this_life_is_not();
    process_destroy(&survivor.process);
    node_stop(&node);
    return 0;
}
