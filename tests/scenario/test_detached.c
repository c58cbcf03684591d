/* Detached actors, C6: they are found though their home is gone, or was cut off for a while, on virtual time.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/scenario/story.h"

/* Three that may lead; the member `d` has created a detached actor, which lives at `e`. */
static struct cluster *with_detached(uint64_t *home) {
    struct cluster *cluster = three_leaders();
    cluster_start_as(cluster, 'e', &(struct cluster_node){.leaders = "abc", .capability = "gpu"});
    cluster_run(cluster, 4 * NS_PER_S);
    *home = cluster_incarnation(cluster, 'd');
    cluster_create_detached(cluster, 'd', "gpu");
    cluster_run(cluster, NS_PER_S);
    cr_assert_eq(cluster_count(cluster, " e start d1.1"), 1);
    cluster_forget_trace(cluster);
    return cluster;
}

static void ask(struct cluster *cluster, const char *letters, uint64_t home) {
    cluster_forget_trace(cluster);
    for (const char *letter = letters; *letter; letter++) {
        cluster_seek(cluster, *letter, home, 1);
    }
}

static void expect_found(struct cluster *cluster, size_t found, size_t not_found) {
    cr_assert_eq(cluster_count(cluster, " finds d1.1"), found, "%s", cluster_trace(cluster));
    cr_assert_eq(cluster_count(cluster, " does not find d1.1"), not_found, "%s", cluster_trace(cluster));
}

/* All of these ask where it lives, and so many find it. */
static void seek(struct cluster *cluster, const char *letters, uint64_t home, size_t found) {
    ask(cluster, letters, home);
    cluster_run(cluster, NS_PER_S);
    expect_found(cluster, found, strlen(letters) - found);
}

Test(detached, C6_it_is_found_when_its_home_is_gone_and_when_that_is_back_as_another) {
    uint64_t home;
    struct cluster *cluster = with_detached(&home);
    seek(cluster, "abcde", home, 5);
    cluster_kill(cluster, 'd');
    cluster_run(cluster, 4 * NS_PER_S);
    seek(cluster, "abce", home, 4);
    cluster_start_as(cluster, 'd', &(struct cluster_node){.leaders = "abc"});
    cluster_run(cluster, 4 * NS_PER_S);
    seek(cluster, "abcde", home, 5);
    cluster_destroy(cluster);
}

/* The same, and `d` is gone. */
static struct cluster *without_home(uint64_t *home) {
    struct cluster *cluster = with_detached(home);
    cluster_kill(cluster, 'd');
    cluster_run(cluster, 4 * NS_PER_S);
    return cluster;
}

Test(detached, C6_a_new_leader_knows_where_it_lives) {
    uint64_t home;
    struct cluster *cluster = without_home(&home);
    cluster_kill(cluster, 'a');
    cluster_run(cluster, 8 * NS_PER_S);
    seek(cluster, "bce", home, 3);
    cluster_destroy(cluster);
}

/* Some ask the home that is dead, some when it is lost to one and not yet to another. */
Test(detached, C6_who_asks_when_its_home_has_just_gone_finds_it) {
    uint64_t home;
    struct cluster *cluster = with_detached(&home);
    cluster_kill(cluster, 'd');
    for (unsigned i = 1; i <= 40; i++) {
        ask(cluster, "abce", home);
        cluster_run(cluster, 100 * NS_PER_MS);
        cr_assert_eq(cluster_count(cluster, " does not find"), 0, "%u: %s", i, cluster_trace(cluster));
    }
    seek(cluster, "abce", home, 4);
    cluster_destroy(cluster);
}

/* Some ask the leader that is dead, some when it is lost, and some when the new one has not heard of all yet. */
Test(detached, C6_who_asks_while_no_leader_is_there_is_told_by_the_next) {
    uint64_t home;
    struct cluster *cluster = without_home(&home);
    cluster_kill(cluster, 'a');
    for (unsigned i = 1; i <= 40; i++) {
        ask(cluster, "bce", home);
        cluster_run(cluster, 100 * NS_PER_MS);
        cr_assert_eq(cluster_count(cluster, " does not find"), 0, "%u: %s", i, cluster_trace(cluster));
    }
    seek(cluster, "bce", home, 3);
    cluster_destroy(cluster);
}

/* Nobody is there who may lead. */
Test(detached, C6_a_leader_is_waited_for_so_long) {
    uint64_t home;
    struct cluster *cluster = without_home(&home);
    cluster_kill(cluster, 'a');
    cluster_kill(cluster, 'b');
    cluster_kill(cluster, 'c');
    cluster_start_as(cluster, 'f', &(struct cluster_node){.leaders = "abc"});
    cluster_run(cluster, 8 * NS_PER_S);
    ask(cluster, "f", home);
    cluster_run(cluster, 9 * NS_PER_S);
    expect_found(cluster, 0, 0);
    cluster_run(cluster, 2 * NS_PER_S);
    expect_found(cluster, 0, 1);
    cluster_destroy(cluster);
}

Test(detached, C6_it_is_gone_with_the_node_where_it_lives) {
    uint64_t home;
    struct cluster *cluster = without_home(&home);
    cluster_kill(cluster, 'e');
    cluster_run(cluster, 4 * NS_PER_S);
    seek(cluster, "abc", home, 0);
    cluster_destroy(cluster);
}

static void part(struct cluster *cluster, const char *these, const char *those, bool cut) {
    for (; *these; these++) {
        for (const char *other = those; *other; other++) {
            (cut ? cluster_cut : cluster_heal)(cluster, *these, *other);
        }
    }
}

/* Its side finds it, though its leader gives no names; the other side does not, until both are together again. */
Test(detached, C6_each_side_of_a_partition_knows_its_own_and_both_do_after_it) {
    uint64_t home;
    struct cluster *cluster = with_detached(&home);
    part(cluster, "abd", "ce", true);
    cluster_run(cluster, 40 * NS_PER_S);
    seek(cluster, "ce", home, 2);
    seek(cluster, "abd", home, 0);
    part(cluster, "abd", "ce", false);
    cluster_run(cluster, 40 * NS_PER_S);
    seek(cluster, "abcde", home, 5);
    cluster_destroy(cluster);
}
