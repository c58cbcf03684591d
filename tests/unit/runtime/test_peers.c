/* Unit tests of mesh/runtime/peers.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/peers.h"
#include <criterion/criterion.h>

static struct peers peers;

static void begin(void) {
    peers_init(&peers, 1);
}

static void end(void) {
    peers_fini(&peers);
}

TestSuite(peers, .init = begin, .fini = end);

Test(peers, adding_twice_finds_the_same_and_takes_the_new_endpoint) {
    struct peer *first, *again;
    cr_assert_eq(peers_add(&peers, 7, bytes_of_text("ipc://a"), &first), MESH_OK);
    cr_assert_eq(peers_add(&peers, 7, bytes_of_text("ipc://b"), &again), MESH_OK);
    cr_assert_eq(first, again);
    cr_assert_str_eq(first->endpoint, "ipc://b");
    cr_assert_eq(peers_add(&peers, 7, bytes_make("", 0), &again), MESH_OK);
    cr_assert_str_eq(first->endpoint, "ipc://b", "no endpoint replaces none");
    cr_assert_eq(peers_find(&peers, 7), first);
    cr_assert_null(peers_find(&peers, 8));
}

Test(peers, an_endpoint_at_the_limit_fits_and_one_more_byte_does_not) {
    char text[TRANSPORT_ENDPOINT_BYTES];
    struct peer *peer;
    memset(text, 'x', sizeof text);
    cr_assert_eq(peers_add(&peers, 1, bytes_make(text, sizeof text - 1), &peer), MESH_OK);
    cr_assert_eq(strlen(peer->endpoint), sizeof text - 1);
    cr_assert_eq(peers_add(&peers, 2, bytes_make(text, sizeof text), &peer), MESH_TOO_LARGE);
    cr_assert_eq(peers_add(&peers, 1, bytes_make(text, sizeof text), &peer), MESH_TOO_LARGE);
    cr_assert_null(peers_find(&peers, 2));
}

Test(peers, the_table_is_bounded) {
    struct peer *peer;
    for (uint64_t i = 1; i <= PEERS_MAX; i++) {
        cr_assert_eq(peers_add(&peers, i, bytes_make("", 0), &peer), MESH_OK);
    }
    cr_assert_eq(peers_add(&peers, PEERS_MAX + 1, bytes_make("", 0), &peer), MESH_FULL);
    peers_remove(&peers, peers_find(&peers, 5));
    cr_assert_eq(peers_add(&peers, PEERS_MAX + 1, bytes_make("", 0), &peer), MESH_OK);
}

Test(peers, a_called_one_gets_its_name_once) {
    struct peer *called, *known;
    cr_assert_eq(peers_call(&peers, bytes_of_text("tcp://127.0.0.1:1"), &called), MESH_OK);
    cr_assert_not(list_is_empty(&peers.called));
    cr_assert_eq(peers_add(&peers, 9, bytes_make("", 0), &known), MESH_OK);
    cr_assert_eq(peers_name(&peers, called, 9), MESH_EXISTS);
    cr_assert_eq(called->incarnation, 0);
    cr_assert_eq(peers_name(&peers, called, 10), MESH_OK);
    cr_assert_eq(peers_find(&peers, 10), called);
    cr_assert(list_is_empty(&peers.called));
}
