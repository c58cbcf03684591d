/* Unit tests of the own address: which ones count, and what the kernel says of loopback.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/own_address.h"
#include <criterion/criterion.h>

static uint32_t address(unsigned a, unsigned b, unsigned c, unsigned d) {
    return a << 24 | b << 16 | c << 8 | d;
}

Test(own_address, S9A_loopback_and_link_local_addresses_are_not_public) {
    cr_assert(own_address_is_public(address(10, 0, 0, 1)));
    cr_assert(own_address_is_public(address(192, 0, 2, 1)));
    cr_assert(own_address_is_public(address(169, 253, 0, 1)));
    cr_assert_not(own_address_is_public(address(127, 0, 0, 1)));
    cr_assert_not(own_address_is_public(address(127, 255, 255, 254)));
    cr_assert_not(own_address_is_public(address(169, 254, 0, 1)));
    cr_assert_not(own_address_is_public(0));
}

Test(own_address, S9A_loopback_is_reached_by_loopback) {
    char out[OWN_ADDRESS_BYTES];
    cr_assert(own_address_towards("tcp://127.0.0.1:1900", out));
    cr_assert_str_eq(out, "127.0.0.1");
    cr_assert_not(own_address_towards("tcp://localhost:1900", out), "no name is looked up");
    cr_assert_not(own_address_towards("tcp://127.0.0.1", out));
    cr_assert_not(own_address_towards("", out));
}

Test(own_address, S9A_an_endpoint_may_stand_for_all_addresses) {
    cr_assert(own_address_is_any("tcp://0.0.0.0:1900"));
    cr_assert_not(own_address_is_any("tcp://10.0.0.0:1900"));
    cr_assert_not(own_address_is_any("ipc://0.0.0.0:1900"));
    cr_assert_not(own_address_is_any(""));
}

Test(own_address, changes_can_be_watched) {
    int fd = -1;
    cr_assert_eq(own_address_watch(&fd), MESH_OK);
    own_address_drain(fd);
}
