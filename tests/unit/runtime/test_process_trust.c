/* Unit tests of whom a process believes (S7C to S7E): hellos, and all frames after them, by the keys that they came by.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "fake_transport.h"
#include "mesh/core/trust_text.h"
#include <stdio.h>

enum { OTHER_ADMIN = 30 };

static struct node_key keys[4]; /* of this node, of beta, of gamma, of a stranger */
static struct trust trust;
static uint64_t heard; /* frames of the convention */

#define BETA (keys[1].text)
#define GAMMA (keys[2].text)
#define STRANGER (keys[3].text)

static void on_frame(void *user, uint64_t peer, const struct frame *frame) {
    (void)user;
    (void)peer;
    (void)frame;
    heard++;
}

static void tell(void *user, unsigned line, const char *mistake) {
    (void)user;
    cr_assert_fail("line %u: %s", line, mistake);
}

/* The latest word on a key; without a pattern it is revoked. */
static void say_of(const struct node_key *key, const char *pattern) {
    static unsigned stamp;
    char line[256];
    (void)snprintf(line, sizeof line, "%s %s %s %u\n", *pattern ? "allow" : "revoke", key->text, pattern, ++stamp);
    cr_assert_eq(trust_text_read(&trust, bytes_of_text(line), tell, NULL), MESH_OK);
}

static void begin_trusting(enum frame_role role) {
    struct mesh_error error;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        cr_assert_eq(node_key_draw(&keys[i], &error), MESH_OK);
    }
    trust_init(&trust, 16);
    say_of(&keys[0], "alpha");
    say_of(&keys[1], "beta*");
    say_of(&keys[2], "gamma");
    own_key = &keys[0];
    own_trust = &trust;
    begin_as(role, "tcp://10.0.0.1:1900");
    process->callbacks.frame = on_frame;
    by_tcp = true;
}

static void begin_admin(void) {
    begin_trusting(FRAME_ROLE_ADMIN);
}

static void end_all(void) {
    end();
    trust_fini(&trust);
}

TestSuite(process_trust, .init = begin_admin, .fini = end_all);
TestSuite(host_trust, .fini = end_all);

/* Lasts for three more calls. */
static const char *at(const char *host, const char *key) {
    static char texts[4][TRANSPORT_ENDPOINT_BYTES];
    static size_t next;
    char *text = texts[next++ % 4];
    (void)snprintf(text, TRANSPORT_ENDPOINT_BYTES, "tcp://%s:1900/%s", host, key);
    return text;
}

struct saying {
    uint64_t from, node;
    enum frame_role role;
    const char *name, *endpoint, *key;
};

static void say_hello(const struct saying *said, struct transport_link *link) {
    by_key = said->key;
    arrive(&(struct frame){.from = said->from,
                           .to = process->incarnation,
                           .body = FRAME_HELLO,
                           .hello = {.role = said->role,
                                     .node = said->node,
                                     .node_name = bytes_of_text(said->name),
                                     .endpoint = bytes_of_text(said->endpoint)}},
           link, link || process->role != FRAME_ROLE_ADMIN ? 0 : said->from);
    turn();
}

static bool is_refused(const struct saying *said) {
    uint64_t before = process_distrust(process).frames;
    say_hello(said, NULL);
    const struct sent *answer = only(FRAME_HELLO);
    cr_assert(answer && answer->to == said->from);
    cr_assert_eq(process_distrust(process).frames, before + answer->refuses, "what is refused is counted");
    return answer->refuses;
}

static struct saying beta(void) {
    return (struct saying){THEIR_ADMIN, THEIR_ADMIN, FRAME_ROLE_ADMIN, "beta1", at("10.0.0.2", BETA), BETA};
}

static void beat(uint64_t from, const char *key) {
    by_key = key;
    arrive(&(struct frame){.from = from, .to = ADMIN, .body = FRAME_HEARTBEAT}, NULL, from);
    turn();
}

/* ---- hellos ---- */

Test(process_trust, S7C_who_has_the_key_for_its_name_and_address_is_believed) {
    struct saying said = beta();
    cr_assert_not(is_refused(&said));
    const struct peer *peer = peers_find(&process->peers, THEIR_ADMIN);
    cr_assert(peer && node_key_equal(peer->key, BETA));
    beat(THEIR_ADMIN, BETA);
    cr_assert_eq(heard, 1);
}

Test(process_trust, S7C_a_key_stands_for_its_names_only) {
    struct saying said = beta();
    said.name = "gamma";
    cr_assert(is_refused(&said));
    said.name = "beta2";
    cr_assert_not(is_refused(&said));
    said.key = STRANGER;
    said.endpoint = at("10.0.0.2", STRANGER);
    said.from = said.node = OTHER_ADMIN;
    cr_assert(is_refused(&said));
    cr_assert_null(peers_find(&process->peers, OTHER_ADMIN));
}

Test(process_trust, S7C_nobody_claims_the_address_of_another) {
    static const char *const ways[] = {"", "admin://0000000000000014/"};
    for (size_t i = 0; i < 2; i++) {
        char endpoint[TRANSPORT_ENDPOINT_BYTES];
        struct saying said = beta();
        said.endpoint = endpoint;
        (void)snprintf(endpoint, sizeof endpoint, "%s%s", ways[i], at("10.0.0.3", GAMMA));
        cr_assert(is_refused(&said), "%s", endpoint);
        (void)snprintf(endpoint, sizeof endpoint, "%s%s", ways[i], "tcp://10.0.0.3:1900");
        cr_assert(is_refused(&said), "an address without a key is nobody's");
        (void)snprintf(endpoint, sizeof endpoint, "%s%s", ways[i], at("10.0.0.2", BETA));
        cr_assert_not(is_refused(&said), "%s", endpoint);
    }
    struct saying said = beta();
    said.endpoint = "ipc:///run/mesh/admin.sock";
    cr_assert(is_refused(&said));
    said.endpoint = "admin://000000000000001e";
    cr_assert(is_refused(&said), "it is reached through its own admin, not through another");
    said.endpoint = "admin://0000000000000014";
    cr_assert_not(is_refused(&said));
    said.endpoint = "";
    cr_assert_not(is_refused(&said));
}

Test(process_trust, S7C_nobody_is_of_this_node_by_tcp) {
    struct saying said = {THEIRS, ADMIN, FRAME_ROLE_HOST, "beta1", at("10.0.0.2", BETA), BETA};
    cr_assert(is_refused(&said));
    said.node = 0;
    said.role = FRAME_ROLE_PROGRAM;
    cr_assert(is_refused(&said));
    said = (struct saying){ADMIN, ADMIN, FRAME_ROLE_ADMIN, "alpha", at("10.0.0.2", BETA), BETA};
    cr_assert(is_refused(&said));
}

Test(process_trust, S7C_processes_of_a_node_have_its_key) {
    struct saying node = beta();
    struct saying host = {THEIRS, THEIR_ADMIN, FRAME_ROLE_HOST, "gamma", at("10.0.0.3", GAMMA), GAMMA};
    cr_assert_not(is_refused(&node));
    cr_assert(is_refused(&host));
    host.role = FRAME_ROLE_ADMIN;
    cr_assert(is_refused(&host), "an admin is its node");
}

Test(process_trust, S7C_a_process_keeps_the_key_that_it_had_first) {
    struct saying node = beta();
    struct saying thief = {THEIR_ADMIN, THEIR_ADMIN, FRAME_ROLE_ADMIN, "gamma", at("10.0.0.3", GAMMA), GAMMA};
    cr_assert_not(is_refused(&node));
    cr_assert_not_null(peers_find(&process->peers, THEIR_ADMIN)->link);
    const struct transport_link *link = peers_find(&process->peers, THEIR_ADMIN)->link;
    cr_assert(is_refused(&thief));
    cr_assert_eq(peers_find(&process->peers, THEIR_ADMIN)->link, link, "the other goes on");
    beat(THEIR_ADMIN, BETA);
    cr_assert_eq(heard, 1);
}

Test(process_trust, S7C_a_process_that_others_have_told_of_has_the_key_of_its_address) {
    struct saying thief = beta();
    thief.from = thief.node = OTHER_ADMIN;
    cr_assert_eq(process_peer(process, OTHER_ADMIN, at("10.0.0.3", GAMMA)), MESH_OK);
    cr_assert(is_refused(&thief));
    struct saying other = {OTHER_ADMIN, OTHER_ADMIN, FRAME_ROLE_ADMIN, "gamma", at("10.0.0.4", GAMMA), GAMMA};
    cr_assert_not(is_refused(&other), "it may have moved");
}

Test(process_trust, S7C_who_answers_a_call_is_judged_as_who_calls) {
    char endpoint[TRANSPORT_ENDPOINT_BYTES];
    (void)snprintf(endpoint, sizeof endpoint, "%s", at("10.0.0.2", BETA));
    cr_assert_eq(process_call(process, 0, endpoint), MESH_OK);
    turn();
    struct saying answer = beta();
    answer.name = "gamma";
    say_hello(&answer, link_to(endpoint));
    cr_assert_eq(process_distrust(process).frames, 1);
    cr_assert_null(link_to(endpoint), "it has hung up");
    now_ns += NS_PER_S;
    turn();
    answer.name = "beta1";
    say_hello(&answer, link_to(endpoint));
    cr_assert_not_null(link_to(endpoint));
    cr_assert(node_key_equal(peers_find(&process->peers, THEIR_ADMIN)->key, BETA));
}

/* Who has the list only may not pass for this node: its answer would make us take that address for our own (B5). */
Test(process_trust, S7C_B5_nobody_else_answers_as_this_very_process) {
    char endpoint[TRANSPORT_ENDPOINT_BYTES];
    (void)snprintf(endpoint, sizeof endpoint, "%s", at("10.0.0.2", BETA));
    cr_assert_eq(process_call(process, 0, endpoint), MESH_OK);
    turn();
    struct saying answer = {ADMIN, ADMIN, FRAME_ROLE_ADMIN, "alpha", "", BETA};
    say_hello(&answer, link_to(endpoint));
    cr_assert_eq(process_distrust(process).frames, 1);
}

/* The second call needs no link of its own, and hangs up: the key by which it was answered goes with its link. */
Test(process_trust, S7C_who_answers_two_calls_keeps_its_key) {
    char first[TRANSPORT_ENDPOINT_BYTES], second[TRANSPORT_ENDPOINT_BYTES];
    (void)snprintf(first, sizeof first, "%s", at("10.0.0.2", BETA));
    (void)snprintf(second, sizeof second, "%s", at("10.0.0.3", BETA));
    cr_assert_eq(process_call(process, 0, first), MESH_OK);
    cr_assert_eq(process_call(process, 0, second), MESH_OK);
    turn();
    struct saying answer = beta();
    say_hello(&answer, link_to(first));
    say_hello(&answer, link_to(second));
    cr_assert_null(link_to(second), "it has hung up");
    cr_assert(node_key_equal(peers_find(&process->peers, THEIR_ADMIN)->key, BETA));
}

/* ---- other frames ---- */

Test(process_trust, S7D_each_frame_bears_the_key_of_its_hello) {
    struct saying said = beta();
    beat(THEIR_ADMIN, BETA);
    cr_assert_eq(heard, 0, "it has not said hello");
    cr_assert_not(is_refused(&said));
    beat(THEIR_ADMIN, BETA);
    cr_assert_eq(heard, 1);
    cr_assert_eq(shut_count, 1, "its connection had ended, so that it called anew");
    beat(THEIR_ADMIN, GAMMA);
    beat(THEIR_ADMIN, NULL);
    cr_assert_eq(heard, 1);
    cr_assert_eq(process_distrust(process).frames, 3);
    cr_assert_eq(shut_count, 3);
}

Test(process_trust, S7D_within_the_node_everybody_is_believed) {
    by_tcp = false;
    beat(THEIRS, NULL);
    cr_assert_eq(heard, 1);
    cr_assert_eq(process_distrust(process).frames, 0);
}

static void register_as(const char *name, const char *endpoint) {
    by_key = BETA;
    arrive(&(struct frame){.from = THEIR_ADMIN,
                           .to = ADMIN,
                           .body = FRAME_REGISTER,
                           .registration = {.member = {.incarnation = THEIR_ADMIN,
                                                       .name = bytes_of_text(name),
                                                       .endpoint = bytes_of_text(endpoint)}}},
           NULL, THEIR_ADMIN);
    turn();
}

Test(process_trust, S7D_a_member_registers_by_the_name_and_address_that_its_key_stands_for) {
    struct saying said = beta();
    cr_assert_not(is_refused(&said));
    register_as("beta2", at("10.0.0.2", BETA));
    register_as("beta1", at("10.0.0.3", GAMMA));
    cr_assert_eq(heard, 0);
    register_as("beta1", at("10.0.0.2", BETA));
    cr_assert_eq(heard, 1);
}

static uint64_t visit(uint64_t origin_node, const char *origin_endpoint, const char *key) {
    uint64_t before = process_distrust(process).frames;
    by_key = key;
    arrive(&(struct frame){.from = THEIRS,
                           .to = ADMIN,
                           .body = FRAME_FORWARD,
                           .forward = {.origin = THEIRS,
                                       .origin_node = origin_node,
                                       .origin_endpoint = bytes_of_text(origin_endpoint),
                                       .target = ADMIN,
                                       .target_node = ADMIN}},
           NULL, THEIRS);
    turn();
    return process_distrust(process).frames - before;
}

Test(process_trust, S7D_visitors_have_the_key_of_their_node) {
    struct saying node = beta();
    cr_assert_eq(visit(THEIR_ADMIN, at("10.0.0.2", BETA), BETA), 0, "its node is new here");
    cr_assert_eq(visit(THEIR_ADMIN, at("10.0.0.2", STRANGER), STRANGER), 1);
    cr_assert_not(is_refused(&node));
    cr_assert_eq(visit(THEIR_ADMIN, at("10.0.0.2", BETA), BETA), 0);
    cr_assert_eq(visit(THEIR_ADMIN, at("10.0.0.3", GAMMA), GAMMA), 1);
    cr_assert_eq(visit(THEIR_ADMIN, at("10.0.0.3", GAMMA), BETA), 1);
}

/* ---- the list changes ---- */

Test(process_trust, S7D_who_is_not_allowed_any_more_is_not_heard_from_then_on) {
    struct saying said = beta();
    cr_assert_not(is_refused(&said));
    process_trust_changed(process);
    beat(THEIR_ADMIN, BETA);
    cr_assert_eq(heard, 1);
    say_of(&keys[1], "");
    process_trust_changed(process);
    cr_assert_null(peers_find(&process->peers, THEIR_ADMIN)->link);
    beat(THEIR_ADMIN, BETA);
    cr_assert_eq(heard, 1);
    cr_assert(is_refused(&said));
    say_of(&keys[1], "beta1");
    cr_assert_not(is_refused(&said));
    beat(THEIR_ADMIN, BETA);
    cr_assert_eq(heard, 2);
}

Test(process_trust, S7D_a_key_that_stands_for_other_names_now_is_not_allowed_any_more) {
    struct saying said = beta();
    cr_assert_not(is_refused(&said));
    say_of(&keys[1], "beta2");
    process_trust_changed(process);
    beat(THEIR_ADMIN, BETA);
    cr_assert_eq(heard, 0);
}

Test(process_trust, S7D_nobody_is_called_any_more_whose_key_is_revoked) {
    char endpoint[TRANSPORT_ENDPOINT_BYTES];
    (void)snprintf(endpoint, sizeof endpoint, "%s", at("10.0.0.2", BETA));
    cr_assert_eq(process_call(process, 0, endpoint), MESH_OK);
    turn();
    cr_assert_not_null(link_to(endpoint));
    say_of(&keys[1], "");
    process_trust_changed(process);
    cr_assert_null(link_to(endpoint));
    uint64_t before = process_distrust(process).calls;
    now_ns += NS_PER_S;
    turn();
    cr_assert_null(link_to(endpoint));
    cr_assert_gt(process_distrust(process).calls, before);
}

/* ---- calling ---- */

Test(process_trust, S7E_nobody_is_called_without_a_key_that_is_allowed) {
    char endpoint[TRANSPORT_ENDPOINT_BYTES];
    (void)snprintf(endpoint, sizeof endpoint, "%s", at("10.0.0.2", STRANGER));
    cr_assert_eq(process_call(process, 0, endpoint), MESH_OK);
    cr_assert_eq(process_call(process, 0, "tcp://10.0.0.3:1900"), MESH_OK);
    turn();
    cr_assert_null(link_to(endpoint));
    cr_assert_null(link_to("tcp://10.0.0.3:1900"));
    cr_assert_eq(process_distrust(process).calls, 2);
    (void)snprintf(endpoint, sizeof endpoint, "%s", at("10.0.0.1", keys[0].text));
    cr_assert_eq(process_call(process, 0, endpoint), MESH_OK);
    cr_assert_not_null(link_to(endpoint), "a node may call itself (B5)");
}

/* ---- hosts ---- */

Test(host_trust, S7C_a_host_believes_as_its_admin_does) {
    begin_trusting(FRAME_ROLE_HOST);
    struct saying visit = {THEIRS, THEIR_ADMIN, FRAME_ROLE_HOST, "gamma", at("10.0.0.2", BETA), BETA};
    say_hello(&visit, NULL);
    cr_assert_null(peers_find(&process->peers, THEIRS));
    cr_assert_eq(process_distrust(process).frames, 1);
    visit.name = "beta1";
    say_hello(&visit, NULL);
    cr_assert_not_null(peers_find(&process->peers, THEIRS));
    cr_assert_not_null(link_to(visit.endpoint), "acks go back by a link of its own");
}
