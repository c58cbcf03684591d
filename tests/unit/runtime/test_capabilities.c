/* Changes of capabilities as a program states them.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/capabilities.h"
#include <criterion/criterion.h>

static enum mesh_status read_one(const char *name, const char *value) {
    struct capability_changes changes;
    enum mesh_status status = capability_changes_init(&changes, &(struct mesh_capability){name, value}, 1);
    if (status == MESH_OK) {
        capability_changes_fini(&changes);
    }
    return status;
}

Test(capabilities, H4_a_change_is_read_as_a_whole_or_not_at_all) {
    struct capability_changes changes;
    const struct mesh_capability wanted[] = {{"gpu", NULL}, {"zones", "north, south"}, {"cores", "8"}};
    cr_assert_eq(capability_changes_init(&changes, wanted, 3), MESH_OK);
    cr_assert_eq(changes.count, 3);
    cr_assert_eq(changes.items[0].values_count, 0);
    cr_assert(changes.items[1].list);
    cr_assert_eq(changes.items[1].values_count, 2);
    cr_assert_eq(changes.items[2].values[0].integer, 8);
    capability_changes_fini(&changes);
    cr_assert_eq(capability_changes_init(&changes, NULL, 0), MESH_INVALID_ARGUMENT);
    cr_assert_eq(capability_changes_init(&changes, wanted, FRAME_CAPABILITIES + 1), MESH_TOO_LARGE);
    cr_assert_eq(read_one("", "1"), MESH_INVALID_ARGUMENT);
    cr_assert_eq(read_one("a\tb", "1"), MESH_INVALID_ARGUMENT);
    cr_assert_eq(read_one("a", "1,"), MESH_INVALID_ARGUMENT);
    cr_assert_eq(read_one("node name", "other"), MESH_REFUSED);
    cr_assert_eq(read_one("node name", NULL), MESH_REFUSED);
    cr_assert_eq(read_one("a b", "1"), MESH_OK);
}
