/* Statuses: stable numbers, a name and a text for each.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <criterion/criterion.h>
#include <ctype.h>
#include <mesh/status.h>
#include <string.h>

static const enum mesh_status all[] = {
#define STATUS(name, number, text) name,
    MESH_STATUS_MAP(STATUS)
#undef STATUS
};

enum { ALL = sizeof all / sizeof all[0] };

/* Programs are linked against these numbers: a change here breaks them. */
Test(status, numbers_are_stable) {
    const enum mesh_status stable[] = {
        MESH_OK,
        MESH_WOULD_BLOCK,
        MESH_TIMED_OUT,
        MESH_INTERRUPTED,
        MESH_NO_MEMORY,
        MESH_INVALID_ARGUMENT,
        MESH_INVALID_ADDRESS,
        MESH_TOO_LARGE,
        MESH_FULL,
        MESH_NOT_FOUND,
        MESH_EXISTS,
        MESH_CLOSED,
        MESH_SHUTTING_DOWN,
        MESH_DEAD,
        MESH_REFUSED,
        MESH_NO_COMPATIBLE_NODE,
        MESH_UNKNOWN_TYPE,
        MESH_UNKNOWN_SOURCE,
        MESH_LOAD_FAILED,
        MESH_NAME_UNAVAILABLE,
        MESH_NOT_RUNNING,
        MESH_ALREADY_RUNNING,
        MESH_ADDRESS_IN_USE,
        MESH_PERMISSION_DENIED,
        MESH_UNREACHABLE,
        MESH_PROTOCOL,
        MESH_VERSION_MISMATCH,
        MESH_IO,
        MESH_INTERNAL,
        MESH_PARTIAL,
    };
    for (int i = 0; i < (int)(sizeof stable / sizeof stable[0]); i++) {
        cr_assert_eq((int)stable[i], i, "%s is %d", mesh_status_name(stable[i]), (int)stable[i]);
    }
}

Test(status, each_has_a_name_and_a_text_of_its_own) {
    for (int i = 0; i < ALL; i++) {
        const char *name = mesh_status_name(all[i]), *text = mesh_status_text(all[i]);
        cr_assert_eq(strncmp(name, "MESH_", 5), 0);
        cr_assert_gt(strlen(text), 0);
        cr_assert_not(isupper((unsigned char)text[0]), "%s", text);
        for (int j = 0; j < i; j++) {
            cr_assert_str_neq(name, mesh_status_name(all[j]));
            cr_assert_str_neq(text, mesh_status_text(all[j]));
            cr_assert_neq(all[i], all[j]);
        }
    }
    cr_assert_str_eq(mesh_status_name(MESH_TIMED_OUT), "MESH_TIMED_OUT");
    cr_assert_str_eq(mesh_status_text(MESH_OK), "success");
}

Test(status, a_number_that_is_none_has_a_name_and_a_text_too) {
    int none[] = {ALL, 1000};
    for (int i = 0; i < 2; i++) {
        cr_assert_str_eq(mesh_status_name((enum mesh_status)none[i]), "MESH_STATUS_UNKNOWN");
        cr_assert_str_eq(mesh_status_text((enum mesh_status)none[i]), "unknown status");
    }
}
