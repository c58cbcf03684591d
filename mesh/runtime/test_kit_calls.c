/* The calls of <mesh/test.h>.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/time.h"
#include "mesh/runtime/create_terms.h"
#include "mesh/runtime/error.h"
#include "mesh/runtime/test_kit.h"
#include <stdlib.h>

static enum mesh_status create_unnamed(struct mesh_test *test, struct control_create *create,
                                       struct mesh_error *error) {
    enum mesh_status status = address_mint(&test->host.mint, &create->address);
    return status == MESH_OK ? test_begin(test, create, error) : status;
}

enum mesh_status mesh_test_create(struct mesh_test *test, const char *type, const struct mesh_create_options *options,
                                  struct mesh_address *out, struct mesh_error *error) {
    struct create_terms terms;
    enum mesh_status status = create_terms_init(&terms, options);
    if (status != MESH_OK) {
        return error_set(error, status, "the options for an actor of type %s: %s", type, mesh_status_text(status));
    }
    struct control_create create = {.type = bytes_of_text(type)};
    create_terms_put(&terms, &create);
    process_lock(test->host.process);
    create.parent = process_address(test->host.process);
    if (create.name.size > 0) {
        status = test_create_named(test, &create, &create.address, error);
    } else {
        status = create_unnamed(test, &create, error);
    }
    process_unlock(test->host.process);
    create_terms_fini(&terms);
    if (status == MESH_OK) {
        *out = create.address;
    }
    return status;
}

void mesh_test_run(struct mesh_test *test) {
    process_lock(test->host.process);
    test_run(test);
    process_unlock(test->host.process);
}

void mesh_test_advance(struct mesh_test *test, uint64_t span_ms) {
    process_lock(test->host.process);
    uint64_t until_ns = time_add(process_now(test->host.process), span_ms * NS_PER_MS);
    test_run(test);
    while (test_go_on(test, until_ns)) {
    }
    process_unlock(test->host.process);
}

uint64_t mesh_test_now_ms(const struct mesh_test *test) {
    return (process_now(test->host.process) - test->began_ns) / NS_PER_MS;
}

enum mesh_status mesh_test_crash(struct mesh_test *test, struct mesh_address address, int signal) {
    process_lock(test->host.process);
    struct mesh_actor *actor = hosted_find(&test->host, address);
    if (actor) {
        test_crash(test, actor, signal);
    }
    process_unlock(test->host.process);
    return actor ? MESH_OK : MESH_NOT_FOUND;
}

enum mesh_status mesh_test_crash_in_handler(struct mesh_test *test, struct mesh_address address, int signal) {
    process_lock(test->host.process);
    struct mesh_actor *actor = hosted_find(&test->host, address);
    enum mesh_status status = actor ? test_doom(test, actor, signal) : MESH_NOT_FOUND;
    process_unlock(test->host.process);
    return status;
}

bool mesh_test_lives(const struct mesh_test *test, struct mesh_address actor) {
    return map_get(&test->host.actors, &actor) != NULL;
}

bool mesh_test_settled(struct mesh_test *test, struct mesh_settlement *out) {
    free(test->shown);
    test->shown = test->settled;
    if (!test->shown) {
        return false;
    }
    test->settled = test->shown->next;
    test->settled_tail = test->settled ? test->settled_tail : &test->settled;
    test->settled_count--;
    *out = test->shown->content;
    return true;
}

struct mesh_test_counts mesh_test_counts(const struct mesh_test *test) {
    const struct delivery_counters *counters = delivery_counters(process_delivery(test->host.process));
    return (struct mesh_test_counts){counters->accepted, counters->handled,   counters->returned,
                                     counters->dead,     counters->abandoned, counters->in_flight};
}
