/* Nodes that are reached elsewhere than before, line by line of docs/semantics.md, S9A.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/scenario/story.h"

static void move(struct cluster *cluster, char letter, const char *endpoint) {
    cluster_tell(cluster, letter,
                 &(struct convention_event){.kind = CONVENTION_MOVED, .endpoint = bytes_of_text(endpoint)});
}

Test(moved, S9A_a_member_that_moves_tells_the_leader_who_tells_all) {
    struct cluster *cluster = three();
    move(cluster, 'b', "tcp://b2");
    run_and_expect(cluster, 1,
                   "2.000 b Register a1\n"
                   "2.001 a moved b1 tcp://b2\n"
                   "2.001 a Registered b1 2:0\n"
                   "2.001 a Roster b1 3:+1-0\n"
                   "2.001 a Roster c1 3:+1-0\n"
                   "2.002 c moved b1 tcp://b2\n");
}

Test(moved, S9A_a_leader_that_moves_tells_all) {
    struct cluster *cluster = three();
    move(cluster, 'a', "tcp://a2");
    run_and_expect(cluster, 1,
                   "2.000 a Roster b1 3:+1-0\n"
                   "2.000 a Roster c1 3:+1-0\n"
                   "2.001 b moved a1 tcp://a2\n"
                   "2.001 c moved a1 tcp://a2\n");
}

Test(moved, S9A_who_stays_where_it_is_tells_nobody) {
    struct cluster *cluster = three();
    move(cluster, 'b', "tcp://b");
    move(cluster, 'a', "tcp://a");
    run_and_expect(cluster, 1, "");
}
