/* Addresses: minting, and the text that only the library reads.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/address.h"
#include <criterion/criterion.h>
#include <string.h>

Test(address, B3_prints_and_parses) {
    char text[MESH_ADDRESS_TEXT_BYTES];
    struct mesh_address made = address_make(0xabcdef, 3, 17), parsed;
    cr_assert_str_eq(mesh_address_print(made, text), "0000000000abcdef.3.17");
    cr_assert_eq(mesh_address_parse(text, &parsed), MESH_OK);
    cr_assert(mesh_address_equal(made, parsed));
}

Test(address, B3_the_largest_fits_its_text) {
    char text[MESH_ADDRESS_TEXT_BYTES];
    struct mesh_address made = address_make(UINT64_MAX, ADDRESS_SLOT_MAX, ADDRESS_NUMBER_MAX), parsed;
    cr_assert_str_eq(mesh_address_print(made, text), "ffffffffffffffff.16777215.l549755813887");
    cr_assert_eq(mesh_address_parse(text, &parsed), MESH_OK);
    cr_assert(mesh_address_equal(made, parsed));
}

Test(address, E5_anything_else_is_no_address) {
    static const char *const wrong[] = {
        "",
        "abc",
        "0000000000abcdef",
        "0000000000abcdef.3",
        "0000000000abcdef.3.",
        "0000000000abcdef..17",
        "0000000000abcdef.3.17 ",
        " 0000000000abcdef.3.17",
        "0000000000abcdef.3.17.1",
        "0000000000ABCDEF.3.17",
        "0000000000abcdef.03.17",
        "0000000000abcdef.3.017",
        "0000000000abcdef.+3.17",
        "0000000000abcdef.16777216.1",
        "0000000000abcdef.1.549755813888",
        "0000000000abcdef.1.l549755813888",
        "0000000000abcdef.1.l",
        "0000000000abcdef.1.l01",
        "0000000000abcdef.l1.1",
        "0000000000abcdef.1.99999999999999999999999",
        "00000000000abcdef.3.17",
    };
    struct mesh_address untouched = {1, 2};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_assert_eq(mesh_address_parse(wrong[i], &untouched), MESH_INVALID_ADDRESS, "%s", wrong[i]);
    }
    cr_assert_eq(mesh_address_parse(NULL, &untouched), MESH_INVALID_ADDRESS);
    cr_assert(mesh_address_equal(untouched, (struct mesh_address){1, 2}));
}

Test(address, B4_a_mint_gives_each_number_once_up_to_its_last) {
    struct address_mint mint = address_mint_init(9, 4);
    struct mesh_address first, second;
    cr_assert_eq(address_mint(&mint, &first), MESH_OK);
    cr_assert_eq(address_mint(&mint, &second), MESH_OK);
    cr_assert_eq(address_number(first), 1);
    cr_assert_eq(address_number(second), 2);
    mint.next = ADDRESS_LOCAL - 1;
    cr_assert_eq(address_mint(&mint, &first), MESH_OK);
    cr_assert_eq(address_number(first), ADDRESS_LOCAL - 1);
    cr_assert_not(address_is_local(first));
    cr_assert_eq(address_slot(first), 4);
    cr_assert_eq(address_mint(&mint, &first), MESH_FULL);
}

Test(address, B4_what_stays_in_its_process_has_numbers_of_its_own) {
    struct address_mint mint = address_mint_init_local(9, 4);
    struct mesh_address first, again;
    char text[MESH_ADDRESS_TEXT_BYTES];
    cr_assert_eq(address_mint(&mint, &first), MESH_OK);
    cr_assert(address_is_local(first));
    cr_assert_str_eq(mesh_address_print(first, text), "0000000000000009.4.l0");
    cr_assert_eq(mesh_address_parse(text, &again), MESH_OK);
    cr_assert(mesh_address_equal(first, again));
    mint.next = ADDRESS_NUMBER_MAX;
    cr_assert_eq(address_mint(&mint, &first), MESH_OK);
    cr_assert_eq(address_mint(&mint, &first), MESH_FULL);
}

Test(address, B1_the_order_is_total) {
    struct mesh_address low = {1, 9}, middle = {2, 0}, high = {2, 1};
    cr_assert_lt(mesh_address_compare(low, middle), 0);
    cr_assert_lt(mesh_address_compare(middle, high), 0);
    cr_assert_gt(mesh_address_compare(high, low), 0);
    cr_assert_eq(mesh_address_compare(high, high), 0);
    cr_assert_neq(mesh_address_hash(low), mesh_address_hash(high));
}

Test(address, B2_a_process_and_a_home_are_found_in_it) {
    struct mesh_address actor = address_make(5, 6, 7);
    cr_assert(mesh_address_equal(address_process(actor), address_make(5, 6, 0)));
    cr_assert(mesh_address_equal(address_home(actor), address_make(5, 0, 0)));
}
