/* The test kit's names: who has one, as long as that lives (G1).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/error.h"
#include "mesh/runtime/test_kit.h"
#include <stdlib.h>

static struct named *find(struct mesh_test *test, struct bytes name) {
    struct named *named = test->named;
    while (named && !bytes_equal(bytes_of_text(named->name), name)) {
        named = named->next;
    }
    return named;
}

/* One whose holder is gone is used again. */
static struct named *find_or_add(struct mesh_test *test, struct bytes name) {
    struct named *named = find(test, name);
    if (!named) {
        named = calloc(1, sizeof *named);
        if (named) {
            memcpy(named->name, name.data, name.size);
            named->next = test->named;
            test->named = named;
        }
    }
    return named;
}

enum mesh_status test_create_named(struct mesh_test *test, const struct control_create *create,
                                   struct mesh_address *out, struct mesh_error *error) {
    struct named *named = find_or_add(test, create->name);
    if (!named) {
        return error_set(error, MESH_NO_MEMORY, "no memory for a name");
    }
    if (!mesh_test_lives(test, named->actor)) {
        struct control_create fresh = *create;
        fresh.parent = process_address(test->host.process);
        enum mesh_status status = address_mint(&test->host.mint, &fresh.address);
        if (status == MESH_OK) {
            status = test_begin(test, &fresh, error);
        }
        if (status != MESH_OK) {
            return status;
        }
        named->actor = fresh.address;
    }
    *out = named->actor;
    return MESH_OK;
}

enum mesh_status test_create_named_here(struct host *host, const struct control_create *create,
                                        struct mesh_address *out) {
    struct mesh_error error;
    return test_create_named((struct mesh_test *)(void *)host, create, out, &error); /* the host is its first member */
}
