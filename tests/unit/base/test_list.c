/* Lists: both ends, removal in a walk, and nodes that are out.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/list.h"
#include <criterion/criterion.h>

struct thing {
    int number;
    struct list_node node;
};

static struct list list;
static struct thing things[4];

static void setup(void) {
    list_init(&list);
    for (int i = 0; i < 4; i++) {
        things[i].number = i;
        list_node_init(&things[i].node);
    }
}

TestSuite(list, .init = setup);

/* The numbers as digits after a leading 9, in order; the way back must be the same. */
static int digits(void) {
    int forth = 9, back = 9, scale = 1, count = 0;
    LIST_EACH (&list, node, after) {
        forth = forth * 10 + LIST_OWNER(node, struct thing, node)->number;
        scale *= 10;
        count++;
    }
    back = 0;
    int place = 1;
    for (struct list_node *node = list.ends.previous; node != &list.ends; node = node->previous, place *= 10) {
        back += LIST_OWNER(node, struct thing, node)->number * place;
        count--;
    }
    cr_assert_eq(count, 0);
    cr_assert_eq(back + 9 * scale, forth);
    return forth;
}

Test(list, empty_has_nothing) {
    cr_assert(list_is_empty(&list));
    cr_assert_null(list_front(&list));
    cr_assert_null(list_pop_front(&list));
    cr_assert_eq(digits(), 9);
}

Test(list, takes_at_both_ends) {
    list_push_back(&list, &things[1].node);
    cr_assert_not(list_is_empty(&list));
    list_push_back(&list, &things[2].node);
    list_push_front(&list, &things[0].node);
    list_insert_before(&things[2].node, &things[3].node);
    cr_assert_eq(digits(), 90132);
    cr_assert_eq(list_front(&list), &things[0].node);
    cr_assert_eq(list_pop_front(&list), &things[0].node);
    cr_assert_eq(digits(), 9132);
}

Test(list, a_removed_node_is_out_and_may_be_removed_again) {
    for (int i = 0; i < 4; i++) {
        list_push_back(&list, &things[i].node);
    }
    cr_assert(list_is_linked(&things[1].node));
    list_remove(&things[1].node);
    cr_assert_not(list_is_linked(&things[1].node));
    list_remove(&things[1].node);
    cr_assert_eq(digits(), 9023);
    list_remove(&things[0].node);
    list_remove(&things[3].node);
    cr_assert_eq(digits(), 92);
    list_push_front(&list, &things[1].node);
    cr_assert_eq(digits(), 912);
}

Test(list, a_popped_node_is_out) {
    list_push_back(&list, &things[0].node);
    cr_assert(list_is_linked(&things[0].node));
    list_pop_front(&list);
    cr_assert_not(list_is_linked(&things[0].node));
    cr_assert(list_is_empty(&list));
}

Test(list, a_walk_may_remove_what_it_has_come_to) {
    for (int i = 0; i < 4; i++) {
        list_push_back(&list, &things[i].node);
    }
    LIST_EACH (&list, node, after) {
        if (LIST_OWNER(node, struct thing, node)->number % 2 == 0) {
            list_remove(node);
        }
    }
    cr_assert_eq(digits(), 913);
    LIST_EACH (&list, node, after) {
        list_remove(node);
    }
    cr_assert(list_is_empty(&list));
}
