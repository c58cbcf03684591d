/* Placement: which of several nodes is chosen.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/placement.h"
#include "mesh/base/check.h"
#include <criterion/criterion.h>
#include <stdio.h>

static struct member *join(struct members *members, uint64_t incarnation, uint32_t actors) {
    char name[16];
    snprintf(name, sizeof name, "n%u", (unsigned)incarnation);
    struct frame_member from = {.incarnation = incarnation, .name = bytes_of_text(name), .actors = actors};
    struct member *member = NULL;
    from.endpoint = from.name;
    CHECK(members_add(members, 0, &from, &member) == MESH_OK);
    return member;
}

Test(placement, H3_the_fewest_actors_then_the_order_of_nodes_without_who_refused) {
    struct members members;
    char text[200];
    cr_assert_eq(members_init(&members, 4), MESH_OK);
    struct member *first = join(&members, 1, 2);
    struct member *second = join(&members, 2, 1);
    struct member *third = join(&members, 3, 1);
    struct placement_request request = {.type = bytes_of_text("t")};
    cr_assert_eq(placement_choose(&request, &members, text, sizeof text), second);
    second->placed = 1;
    cr_assert_eq(placement_choose(&request, &members, text, sizeof text), third);
    second->placed = 0;
    uint64_t refused_by[3] = {2, 1, 3};
    request.refused_by = refused_by;
    request.refused_count = 1;
    cr_assert_eq(placement_choose(&request, &members, text, sizeof text), third);
    third->liveness.suspect = true;
    cr_assert_eq(placement_choose(&request, &members, text, sizeof text), first);
    request.refused_count = 2;
    cr_assert_eq(placement_choose(&request, &members, text, sizeof text), third, "it may come back, no other fits");
    request.refused_count = 3;
    request.refusal = bytes_of_text("no such type");
    cr_assert_null(placement_choose(&request, &members, text, sizeof text));
    cr_assert_str_eq(text, "no node of 3 can host type t: no such type");
    members_fini(&members);
}

/* Of the reason of a node that refused nothing is lost, and nothing is escaped that has been escaped there. */
Test(placement, C2_what_the_last_said_is_told_whole) {
    struct members members;
    char text[PLACEMENT_TEXT_BYTES], said[400], expected[sizeof said + 64];
    const uint64_t refused_by[] = {1};
    memset(said, '.', sizeof said);
    memcpy(said, "node n1: \"\u00f6\\x0a\"", 16);
    said[sizeof said - 1] = '\0';
    cr_assert_eq(members_init(&members, 4), MESH_OK);
    join(&members, 1, 0);
    struct placement_request request = {
        .type = bytes_of_text("t"), .refused_by = refused_by, .refused_count = 1, .refusal = bytes_of_text(said)};
    cr_assert_null(placement_choose(&request, &members, text, sizeof text));
    snprintf(expected, sizeof expected, "no node of 1 can host type t: %s", said);
    cr_assert_str_eq(text, expected);
    members_fini(&members);
}
