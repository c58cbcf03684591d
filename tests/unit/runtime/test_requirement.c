/* Requirements: a value means what it would mean in a configuration file.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/requirement.h"
#include <criterion/criterion.h>
#include <string.h>

Test(requirement, H2_what_is_malformed_is_refused_as_a_whole) {
    struct requirements out = {0};
    const struct mesh_requirement bad[] = {
        {"gpu", MESH_PRESENT, NULL},
        {"zone", MESH_EQUAL, NULL},
    };
    cr_assert_eq(requirements_init(&out, bad, 1), MESH_OK);
    cr_assert_eq(out.count, 1);
    requirements_fini(&out);
    cr_assert_eq(requirements_init(&out, bad, 2), MESH_INVALID_ARGUMENT);
    const struct mesh_requirement none[] = {
        {"", MESH_PRESENT, NULL},
        {"a\nb", MESH_PRESENT, NULL},
        {"zone", MESH_IN, "north,,south"},
        {"zone", (enum mesh_comparison)(MESH_TOLD + 1), "north"},
        {"zone", (enum mesh_comparison) - 1, "north"},
    };
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        cr_assert_eq(requirements_init(&out, &none[i], 1), MESH_INVALID_ARGUMENT, "%zu", i);
    }
    cr_assert_eq(requirements_init(&out, NULL, 1), MESH_INVALID_ARGUMENT);
    cr_assert_eq(requirements_init(&out, bad, FRAME_REQUIREMENTS + 1), MESH_INVALID_ARGUMENT);
    cr_assert_eq(requirements_init(&out, NULL, 0), MESH_OK);
    requirements_fini(&out);
}

Test(requirement, H2_each_comparison_has_its_value_or_its_values) {
    struct requirements out = {0};
    const struct mesh_requirement items[] = {{"node name", MESH_IN, "north, 2, \"2\""},
                                             {"cores", MESH_GREATER_OR_EQUAL, "8"},
                                             {"zone", MESH_NOT_EQUAL, "a, b"}};
    cr_assert_eq(requirements_init(&out, items, 3), MESH_OK);
    cr_assert_eq(out.items[0].comparison, FRAME_COMPARE_IN);
    cr_assert_eq(out.items[0].values_count, 3);
    cr_assert_eq(out.items[0].values[1].kind, FRAME_VALUE_INTEGER);
    cr_assert_eq(out.items[0].values[2].kind, FRAME_VALUE_TEXT);
    cr_assert_eq(out.items[1].comparison, FRAME_COMPARE_GREATER_OR_EQUAL);
    cr_assert_eq(out.items[1].values[0].integer, 8);
    cr_assert_eq(out.items[2].values_count, 1, "a list is for `in` alone");
    requirements_fini(&out);
}

Test(requirement, H2_a_set_has_so_many_values) {
    static char many[2 * (FRAME_VALUES + 1) + 1];
    struct requirements out = {0};
    struct mesh_requirement wanted = {"zone", MESH_IN, many};
    for (size_t i = 0; i < FRAME_VALUES; i++) {
        many[2 * i] = 'a';
        many[2 * i + 1] = ',';
    }
    many[2 * FRAME_VALUES - 1] = 0;
    cr_assert_eq(requirements_init(&out, &wanted, 1), MESH_OK);
    requirements_fini(&out);
    many[2 * FRAME_VALUES - 1] = ',';
    many[2 * FRAME_VALUES] = 'a';
    cr_assert_eq(requirements_init(&out, &wanted, 1), MESH_INVALID_ARGUMENT);
}

Test(requirement, H2_all_of_one_type_or_creator_have_a_limit) {
    static char text[1024 + 1];
    struct mesh_requirement items[FRAME_REQUIREMENTS];
    struct requirements out = {0};
    size_t each = 1 + 16 + 1024 + 16; /* a name of one byte and the largest value, with what they take beside */
    size_t count = FRAME_REQUIREMENTS_BYTES / each;
    memset(text, 'x', sizeof text - 1);
    for (size_t i = 0; i <= count; i++) {
        items[i] = (struct mesh_requirement){"a", MESH_EQUAL, text};
    }
    cr_assert_eq(requirements_init(&out, items, count), MESH_OK);
    requirements_fini(&out);
    cr_assert_eq(requirements_init(&out, items, count + 1), MESH_INVALID_ARGUMENT);
}
