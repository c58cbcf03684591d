/* Capabilities and placement: what is there, what is required, and in which words something is missing.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/placement.h"
#include "mesh/base/check.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define TEXT_VALUE(text) ((struct frame_value){.kind = FRAME_VALUE_TEXT, .bytes = bytes_of_text(text)})
#define INTEGER_VALUE(number) ((struct frame_value){.kind = FRAME_VALUE_INTEGER, .integer = (number)})
#define FLAG_VALUE(value) ((struct frame_value){.kind = FRAME_VALUE_FLAG, .flag = (value)})

static void put(struct capability_set *set, const char *name, struct frame_value value) {
    struct frame_capability item = {bytes_of_text(name), 1, &value, false};
    cr_assert_eq(capability_set_put(set, &item), MESH_OK);
}

static struct frame_requirement need(const char *name) {
    return (struct frame_requirement){.name = bytes_of_text(name), .comparison = FRAME_COMPARE_PRESENT};
}

static struct frame_requirement need_equal(const char *name, struct frame_value value) {
    return (struct frame_requirement){.name = bytes_of_text(name), .comparison = FRAME_COMPARE_EQUAL, .value = value};
}

static bool fits(const struct capability_set *set, struct frame_requirement requirement) {
    return capability_fits(set, &requirement, 1, NULL, 0);
}

Test(capability, H1_nothing_deletes) {
    struct capability_set set = {0};
    put(&set, "gpu", FLAG_VALUE(true));
    cr_assert_not_null(capability_set_get(&set, bytes_of_text("gpu")));
    struct frame_capability nothing = {.name = bytes_of_text("gpu")};
    cr_assert_eq(capability_set_put(&set, &nothing), MESH_OK);
    cr_assert_null(capability_set_get(&set, bytes_of_text("gpu")));
    capability_set_fini(&set);
}

Test(capability, H1_standard_ones_are_there_and_read_only) {
    struct capability_set set = {0};
    struct capability_standard standard = {"1", "1.0", "alpha", "tcp", "x86_64", false};
    cr_assert_eq(capability_set_standard(&set, &standard), MESH_OK);
    cr_assert(fits(&set, need_equal("node name", TEXT_VALUE("alpha"))));
    cr_assert_not(fits(&set, need("watch supported")));
    struct frame_value value = TEXT_VALUE("beta");
    struct frame_capability item = {bytes_of_text("node name"), 1, &value, false};
    cr_assert_eq(capability_set_put(&set, &item), MESH_REFUSED);
    capability_set_fini(&set);
}

Test(capability, a_name_stands_once_and_limits_hold) {
    struct capability_set set = {0};
    struct frame_value value = FLAG_VALUE(true);
    struct frame_capability twice[2] = {{bytes_of_text("a"), 1, &value, false}, {bytes_of_text("a"), 1, &value, false}};
    cr_assert_eq(capability_set_copy(&set, twice, 2), MESH_INVALID_ARGUMENT);
    char name[FRAME_NAME_BYTES + 1];
    memset(name, 'x', sizeof name);
    struct frame_capability longest = {bytes_make(name, FRAME_NAME_BYTES), 1, &value, false};
    cr_assert_eq(capability_set_copy(&set, &longest, 1), MESH_OK);
    capability_set_fini(&set);
    longest.name.size++;
    cr_assert_eq(capability_set_copy(&set, &longest, 1), MESH_TOO_LARGE);
    longest.name.size = 0;
    cr_assert_eq(capability_set_copy(&set, &longest, 1), MESH_INVALID_ARGUMENT);
}

Test(capability, H2_present_means_there_and_true) {
    struct capability_set set = {0};
    put(&set, "yes", FLAG_VALUE(true));
    put(&set, "no", FLAG_VALUE(false));
    put(&set, "zero", INTEGER_VALUE(0));
    put(&set, "empty", TEXT_VALUE(""));
    cr_assert(fits(&set, need("yes")));
    cr_assert_not(fits(&set, need("no")));
    cr_assert_not(fits(&set, need("zero")));
    cr_assert_not(fits(&set, need("empty")));
    cr_assert_not(fits(&set, need("absent")));
    capability_set_fini(&set);
}

Test(capability, H2_equal_compares_numbers_by_value_and_lists_by_item) {
    struct capability_set set = {0};
    put(&set, "cores", INTEGER_VALUE(4));
    struct frame_value items[2] = {TEXT_VALUE("red"), TEXT_VALUE("blue")};
    struct frame_capability list = {bytes_of_text("colours"), 2, items, true};
    cr_assert_eq(capability_set_put(&set, &list), MESH_OK);
    cr_assert(fits(&set, need_equal("cores", INTEGER_VALUE(4))));
    cr_assert(fits(&set, need_equal("cores", (struct frame_value){.kind = FRAME_VALUE_REAL, .real = 4.0})));
    cr_assert_not(fits(&set, need_equal("cores", TEXT_VALUE("4"))));
    cr_assert(fits(&set, need_equal("colours", TEXT_VALUE("blue"))));
    cr_assert_not(fits(&set, need_equal("colours", TEXT_VALUE("green"))));
    capability_set_fini(&set);
}

Test(capability, C2_the_text_says_what_is_missing) {
    struct capability_set set = {0};
    char text[200];
    put(&set, "cores", INTEGER_VALUE(4));
    struct frame_requirement needs[3] = {need("gpu"), need_equal("cores", INTEGER_VALUE(8)),
                                         need_equal("cores", INTEGER_VALUE(4))};
    cr_assert_not(capability_fits(&set, needs, 3, text, sizeof text));
    cr_assert_str_eq(text, "gpu is required and is not there; cores = 8 is required and is 4");
    capability_set_fini(&set);
}

/* ---- placement ---- */

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
    join(&members, 1, 2);
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
    request.refused_count = 2;
    cr_assert_null(placement_choose(&request, &members, text, sizeof text));
    request.refused_count = 3;
    request.refusal = bytes_of_text("no such type");
    cr_assert_null(placement_choose(&request, &members, text, sizeof text));
    cr_assert_str_eq(text, "no node of 3 can host type t: no such type");
    members_fini(&members);
}
