/* The list of keys: how its nodes tell each other of it, and what becomes of whom it does not allow any more, by docs/semantics.md,
 * S7H and S7I.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/scenario/story.h"

static void expect_keys(struct cluster *cluster, const char *letters, const char *keys) {
    for (; *letters; letters++) {
        cr_assert_str_eq(cluster_keys(cluster, *letters), keys, "%c", *letters);
    }
}

/* Leader a; b may lead after it; c. Ten seconds old. */
static struct cluster *successors(void) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    for (const char *letter = "abc"; *letter; letter++) {
        cluster_start(cluster, *letter, "ab");
    }
    cluster_run(cluster, 10 * NS_PER_S);
    expect_leader(cluster, "abc", 'a');
    cluster_forget_trace(cluster);
    return cluster;
}

/* ---- S7H ---- */

Test(keys, S7H_the_leader_tells_its_members_at_once) {
    struct cluster *cluster = successors();
    cr_assert_eq(cluster_key(cluster, 'a', 'g', true), MESH_OK);
    cluster_run(cluster, CLUSTER_LATENCY_NS);
    cluster_expect(cluster, "10.000 a keys +g\n"
                            "10.000 a Trust b1 +g\n"
                            "10.000 a Trust c1 +g\n"
                            "10.001 b keys +g\n"
                            "10.001 c keys +g\n");
    cluster_run(cluster, 20 * NS_PER_S);
    cr_assert_eq(cluster_count(cluster, "Trust"), 0, "equal lists are not told again");
    cluster_destroy(cluster);
}

Test(keys, S7H_the_leader_alone_takes_a_word_and_each_is_later_than_all_before) {
    struct cluster *cluster = successors();
    cr_assert_eq(cluster_key(cluster, 'b', 'g', true), MESH_REFUSED);
    cr_assert_eq(cluster_key(cluster, 'a', 'g', true), MESH_OK);
    cr_assert_eq(cluster_key(cluster, 'a', 'g', false), MESH_OK);
    cr_assert_eq(cluster_key(cluster, 'a', 'h', true), MESH_OK);
    cr_assert_eq(cluster_key(cluster, 'a', 'g', true), MESH_OK);
    cluster_run(cluster, NS_PER_S);
    expect_keys(cluster, "abc", "+g+h");
    for (const char *letter = "cdefbad"; *letter; letter++) {
        enum mesh_status status = cluster_key(cluster, 'a', *letter, true);
        cr_assert_eq(status, MESH_OK);
    }
    cr_assert_eq(cluster_key(cluster, 'a', 'z', true), MESH_FULL);
    cluster_destroy(cluster);
}

/* b has led itself, and was told of h there. */
Test(keys, S7H_who_joins_and_its_leader_come_to_have_the_same_list) {
    struct cluster *cluster = cluster_new(NULL, 0, 1);
    cluster_start(cluster, 'a', "a");
    cluster_start(cluster, 'b', "b");
    cluster_start(cluster, 'c', "a");
    cluster_run(cluster, NS_PER_S);
    cr_assert_eq(cluster_key(cluster, 'a', 'g', true), MESH_OK);
    cr_assert_eq(cluster_key(cluster, 'b', 'h', true), MESH_OK);
    cluster_kill(cluster, 'b');
    cluster_run(cluster, NS_PER_S);
    cluster_forget_trace(cluster);
    cluster_start(cluster, 'b', "a");
    cluster_run(cluster, NS_PER_S);
    expect_keys(cluster, "abc", "+g+h");
    cr_assert_eq(cluster_count(cluster, "a Trust b2 +g\n"), 1);
    cr_assert_eq(cluster_count(cluster, "b Trust a1 "), 1);
    cr_assert_eq(cluster_count(cluster, "a Trust c1 +h\n"), 1, "the others hear what is new, and no more");
    cluster_destroy(cluster);
}

Test(keys, S7H_what_got_lost_comes_with_the_next_registration) {
    struct cluster *cluster = successors();
    cluster_lose(cluster, 1000);
    cr_assert_eq(cluster_key(cluster, 'a', 'g', false), MESH_OK);
    cluster_run(cluster, 10 * CLUSTER_LATENCY_NS);
    expect_keys(cluster, "bc", "");
    cluster_lose(cluster, 0);
    cluster_run(cluster, convention_times_default.period_ns);
    expect_keys(cluster, "abc", "-g");
    cluster_destroy(cluster);
}

/* Only c hears of it before the leader dies. */
Test(keys, S7H_a_change_of_leader_loses_no_word) {
    struct cluster *cluster = successors();
    cluster_cut(cluster, 'a', 'b');
    cr_assert_eq(cluster_key(cluster, 'a', 'g', false), MESH_OK);
    cluster_run(cluster, CLUSTER_LATENCY_NS);
    cluster_kill(cluster, 'a');
    cluster_heal(cluster, 'a', 'b');
    expect_keys(cluster, "b", "");
    cluster_run(cluster, 5 * NS_PER_S);
    expect_leader(cluster, "bc", 'b');
    expect_keys(cluster, "bc", "-g");
    cluster_destroy(cluster);
}

/* Both sides have stamped as often: what one of them revoked is revoked. */
Test(keys, S7H_two_sides_of_a_partition_come_to_have_the_stricter_list) {
    struct cluster *cluster = successors();
    cluster_cut(cluster, 'a', 'b');
    cluster_cut(cluster, 'a', 'c');
    cluster_run(cluster, 40 * NS_PER_S);
    expect_leader(cluster, "bc", 'b');
    cr_assert_eq(cluster_key(cluster, 'a', 'g', true), MESH_OK);
    cr_assert_eq(cluster_key(cluster, 'b', 'g', false), MESH_OK);
    cr_assert_eq(cluster_key(cluster, 'a', 'h', false), MESH_OK);
    cr_assert_eq(cluster_key(cluster, 'b', 'h', true), MESH_OK);
    cluster_heal(cluster, 'a', 'b');
    cluster_heal(cluster, 'a', 'c');
    cluster_run(cluster, 40 * NS_PER_S);
    expect_leader(cluster, "abc", 'a');
    expect_keys(cluster, "abc", "-g-h");
    cluster_destroy(cluster);
}

static void tell_trust(struct cluster *cluster, char letter, uint64_t peer, uint8_t key) {
    struct frame_trusted word = {.key = {key}, .stamp = 1, .pattern = "*"};
    struct frame_trust frame = {1, &word};
    cluster_tell(cluster, letter, &(struct convention_event){.kind = CONVENTION_TRUST, .peer = peer, .trust = &frame});
}

Test(keys, S7H_a_member_heeds_its_leader_and_a_leader_its_members) {
    struct cluster *cluster = successors();
    tell_trust(cluster, 'c', cluster_incarnation(cluster, 'b'), 'h');
    expect_keys(cluster, "c", "");
    tell_trust(cluster, 'a', 77, 'h');
    expect_keys(cluster, "a", "");
    tell_trust(cluster, 'a', cluster_incarnation(cluster, 'c'), 'h');
    cluster_run(cluster, CLUSTER_LATENCY_NS);
    expect_keys(cluster, "ab", "+h");
    expect_keys(cluster, "c", "");
    cr_assert_eq(cluster_count(cluster, "a Trust c1"), 0, "who told it knows it");
    cluster_destroy(cluster);
}

/* ---- S7I ---- */

Test(keys, S7I_a_member_whose_key_is_revoked_is_removed_at_once) {
    struct cluster *cluster = successors();
    cr_assert_eq(cluster_key(cluster, 'a', 'c', false), MESH_OK);
    cluster_run(cluster, CLUSTER_LATENCY_NS);
    cr_assert_eq(cluster_count(cluster, "10.000 a - c1 its key is not allowed any more"), 1);
    cr_assert_eq(cluster_count(cluster, "10.001 b - c1"), 1);
    cluster_forget_trace(cluster);
    cluster_run(cluster, 60 * NS_PER_S);
    cr_assert_eq(cluster_count(cluster, "+ c1"), 0, "and does not come back");
    cr_assert_eq(cluster_key(cluster, 'a', 'c', true), MESH_OK);
    cluster_run(cluster, 10 * NS_PER_S);
    cr_assert_eq(cluster_count(cluster, "a + c1"), 1, "before it is allowed again");
    cluster_destroy(cluster);
}

Test(keys, S7I_a_leader_whose_key_is_revoked_is_replaced_at_once) {
    struct cluster *cluster = successors();
    cr_assert_eq(cluster_key(cluster, 'a', 'a', false), MESH_OK);
    cluster_run(cluster, CLUSTER_LATENCY_NS);
    cr_assert_eq(cluster_count(cluster, "b - a1 its key is not allowed any more"), 1);
    expect_leader(cluster, "b", 'b');
    cluster_run(cluster, 10 * NS_PER_S);
    expect_leader(cluster, "bc", 'b');
    cluster_destroy(cluster);
}
