/* Requirements: a value means what it would mean in a configuration file.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/requirement.h"
#include <criterion/criterion.h>
#include <string.h>

Test(requirement, values_have_the_kind_that_they_look_like) {
    cr_assert_eq(requirement_value("true").kind, FRAME_VALUE_FLAG);
    cr_assert(requirement_value("true").flag);
    cr_assert_not(requirement_value("false").flag);
    cr_assert_eq(requirement_value("-42").integer, -42);
    cr_assert_eq(requirement_value("42").kind, FRAME_VALUE_INTEGER);
    cr_assert_eq(requirement_value("2.5").kind, FRAME_VALUE_REAL);
    cr_assert_eq(requirement_value("1e3").real, 1000.0);
    cr_assert_eq(requirement_value("99999999999999999999").kind, FRAME_VALUE_REAL);
    static const char *const texts[] = {"", "True", "nan", "inf", "0x10", "1-2", "north", "-", "1 "};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        cr_assert_eq(requirement_value(texts[i]).kind, FRAME_VALUE_TEXT, "\"%s\"", texts[i]);
    }
}

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
    cr_assert_eq(requirements_init(&out, NULL, 1), MESH_INVALID_ARGUMENT);
    cr_assert_eq(requirements_init(&out, bad, FRAME_REQUIREMENTS + 1), MESH_INVALID_ARGUMENT);
    cr_assert_eq(requirements_init(&out, NULL, 0), MESH_OK);
    requirements_fini(&out);
}
