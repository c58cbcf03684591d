/* Light actors (A4): a hundred thousand in one host, their messages, their ends, and the crash of one among many.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/light_types.h"
#include "tests/system/nodes.h"
#include <string.h>

enum { CROWD = 100000, CROWD_MS = 10000, CROWD_KB = 200 * 1024, ROUNDS = 100000 };

static struct node nodes[2];

/* The answer to a question that may take its time. */
static long number_of(struct mesh_address actor, const char *question) {
    struct mesh_message *reply = NULL;
    enum mesh_status status = mesh_ask_text(nodes[0].handle, actor, question, 60000, &reply);
    if (status != MESH_OK) {
        (void)fprintf(stderr, "\"%s\": %s %s\n", question, mesh_status_name(status),
                      reply ? mesh_message_failure(reply) : "");
        exit(1);
    }
    long number = strtol(mesh_message_text(reply), NULL, 10);
    mesh_message_release(&reply);
    return number;
}

static struct mesh_address leaf_of(struct mesh_address root, int index) {
    struct mesh_address leaf;
    char question[32];
    (void)snprintf(question, sizeof question, "leaf %d", index);
    EXPECT(mesh_address_parse(node_ask(&nodes[0], root, question), &leaf) == MESH_OK);
    return leaf;
}

/* The private memory of a process, in kilobytes. */
static long private_kb(uint32_t pid) {
    char path[64], line[128];
    long total = 0, kb;
    (void)snprintf(path, sizeof path, "/proc/%u/smaps_rollup", pid);
    FILE *file = fopen(path, "r");
    EXPECT(file);
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "Private_Clean: %ld", &kb) == 1 || sscanf(line, "Private_Dirty: %ld", &kb) == 1) {
            total += kb;
        }
    }
    (void)fclose(file);
    return total;
}

static void A4_a_hundred_thousand_live_in_one_host(void) {
    char question[32];
    struct mesh_actor_report report;
    struct mesh_address root = node_create(&nodes[0], "light.root", "here");
    EXPECT(node_actor(&nodes[0], root, &report));
    long before_kb = private_kb(report.pid);
    (void)snprintf(question, sizeof question, "spawn %d", CROWD);
    long began_ms = node_now_ms();
    long spawn_ns = number_of(root, question);
    EXPECT(number_of(root, "count") == CROWD); /* each has answered */
    long took_ms = node_now_ms() - began_ms;
    long grown_kb = private_kb(report.pid) - before_kb;
    (void)snprintf(question, sizeof question, "rounds %d", ROUNDS);
    printf("    %d up and answered in %ld ms; create %ld ns; %ld bytes each; round trip %ld ns\n", CROWD, took_ms,
           spawn_ns, grown_kb * 1024 / CROWD, number_of(root, question));
    EXPECT(took_ms < CROWD_MS);
    EXPECT(grown_kb < CROWD_KB);
    began_ms = node_now_ms();
    EXPECT(number_of(root, "end") == CROWD); /* each exit was told once (C4) */
    printf("    all ended in %ld ms\n", node_now_ms() - began_ms);
    EXPECT(strcmp(node_ask(&nodes[0], root, "told"), "100000") == 0);
    EXPECT(mesh_node_request_exit(nodes[0].handle, root, false) == MESH_OK);
}

/* Whoever has the address can use it, from a program and from another node (B2). */
static void A4_its_address_is_as_good_as_any(void) {
    struct mesh_address root = node_create(&nodes[0], "light.root", "here");
    EXPECT(number_of(root, "spawn 3") >= 0);
    struct mesh_address leaf = leaf_of(root, 1);
    EXPECT(strcmp(node_ask(&nodes[0], leaf, "ping"), "pong") == 0);
    struct mesh_address far = node_create(&nodes[1], "light.root", "there");
    char question[80], text[MESH_ADDRESS_TEXT_BYTES];
    (void)snprintf(question, sizeof question, "ask %s", mesh_address_print(leaf, text));
    EXPECT(strcmp(node_ask(&nodes[1], far, question), "pong") == 0);
    /* One that is gone is dead at once, though its host lives. */
    EXPECT(mesh_node_request_exit(nodes[0].handle, leaf, false) == MESH_OK);
    struct mesh_message *reply = NULL;
    enum mesh_status status;
    while ((status = mesh_ask_text(nodes[0].handle, leaf, "ping", WAIT_MS, &reply)) == MESH_OK) {
        mesh_message_release(&reply);
    }
    EXPECT(status == MESH_DEAD && strcmp(mesh_message_failure(reply), "the target has exited") == 0);
    mesh_message_release(&reply);
    status = mesh_ask_text(nodes[1].handle, leaf, "ping", WAIT_MS, &reply);
    EXPECT(status == MESH_DEAD && strcmp(mesh_message_failure(reply), "the target has exited") == 0);
    mesh_message_release(&reply);
    EXPECT(strcmp(node_ask(&nodes[0], root, "told"), "1") == 0);
    EXPECT(mesh_node_request_exit(nodes[0].handle, root, false) == MESH_OK);
    EXPECT(mesh_node_request_exit(nodes[1].handle, far, false) == MESH_OK);
}

static void E3_a_crash_takes_the_host_and_names_its_cause(void) {
    struct mesh_address root = node_create(&nodes[0], "light.root", "here");
    EXPECT(number_of(root, "spawn 200") >= 0);
    struct mesh_address leaf = leaf_of(root, 150), other = leaf_of(root, 151);
    struct mesh_message *reply = NULL;
    EXPECT(mesh_ask_text(nodes[0].handle, leaf, "crash", WAIT_MS, &reply) == MESH_REFUSED);
    EXPECT(strstr(mesh_message_failure(reply), "SIGABRT"));
    mesh_message_release(&reply);
    EXPECT(mesh_ask_text(nodes[0].handle, other, "ping", WAIT_MS, &reply) == MESH_DEAD);
    mesh_message_release(&reply);
    EXPECT(mesh_ask_text(nodes[0].handle, root, "count", WAIT_MS, &reply) == MESH_DEAD);
    mesh_message_release(&reply);
}

#define RUN(test) (printf("%s\n", #test), test())

int main(void) {
    mesh_host_enter(light_types);
    nodes_init(light_types);
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    node_start(&nodes[0], "here", NULL);
    node_start(&nodes[1], "there", &nodes[0]);
    (void)node_await_members(&nodes[0], 2, WAIT_MS);
    RUN(A4_a_hundred_thousand_live_in_one_host);
    RUN(A4_its_address_is_as_good_as_any);
    RUN(E3_a_crash_takes_the_host_and_names_its_cause);
    node_stop(&nodes[1]);
    node_stop(&nodes[0]);
    return 0;
}
