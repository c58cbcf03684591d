/* Parts: a copy lives until its last holder lets go.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/part.h"
#include <criterion/criterion.h>

static int freed;

static void count(struct part *part) {
    (void)part;
    freed++;
}

Test(part, is_freed_once_by_its_last_holder) {
    struct part part = {.free = count};
    atomic_init(&part.holders, 1);
    cr_assert_eq(part_hold(&part), &part);
    part_hold(&part);
    part_release(&part);
    part_release(&part);
    cr_assert_eq(freed, 0);
    part_release(&part);
    cr_assert_eq(freed, 1);
    part_release(NULL);
}

Test(part, copies_what_it_is_given) {
    char text[] = "payload";
    struct part *part = part_copy(bytes_of_text(text));
    cr_assert_not_null(part);
    text[0] = 'X';
    cr_assert(bytes_equal(part->bytes, bytes_of_text("payload")));
    part_release(part);
}

Test(part, nothing_can_be_copied) {
    struct part *part = part_copy((struct bytes){0});
    cr_assert_not_null(part);
    cr_assert_eq(part->bytes.size, 0);
    part_release(part);
}
