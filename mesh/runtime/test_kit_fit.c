/* The test kit: what the test's node has to offer, and whom that fits (H1, H2a, H4). See test_kit.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/capability.h"
#include "mesh/runtime/capabilities.h"
#include "mesh/runtime/error.h"
#include "mesh/runtime/fit.h"
#include "mesh/runtime/requirement.h"
#include "mesh/runtime/test_kit.h"
#include "proto/codec.h"
#include <mesh/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

enum { MISSING_BYTES = 400 };

/* What an actor requires: its creator and its type. */
struct demand {
    struct demand *next;
    struct mesh_address actor;
    const struct mesh_type *type;
    struct requirement_set requirements;
    size_t creators_count; /* the first of them are its creator's */
};

enum mesh_status test_init_capabilities(struct mesh_test *test) {
    struct utsname host;
    char wire[16];
    (void)snprintf(wire, sizeof wire, "%d.%d", CODEC_MAJOR, CODEC_MINOR);
    struct capability_standard standard = {
        .library_version = mesh_version(),
        .wire_version = wire,
        .node_name = test->options.node_name,
        .watch_supported = true,
        .system_base = "test",
        .host_architecture = uname(&host) == 0 ? host.machine : "unknown",
    };
    return capability_set_standard(&test->capabilities, &standard);
}

void test_free_capabilities(struct mesh_test *test) {
    for (struct demand *demand; (demand = test->demands);) {
        test->demands = demand->next;
        requirement_set_fini(&demand->requirements);
        free(demand);
    }
    capability_set_fini(&test->capabilities);
}

/* ---- creates ---- */

static enum mesh_status keep_demand(struct mesh_test *test, struct mesh_address actor, const struct mesh_type *type,
                                    const struct frame_requirement *items, size_t count, size_t creators_count) {
    struct demand *demand = malloc(sizeof *demand);
    if (!demand) {
        return MESH_NO_MEMORY;
    }
    *demand = (struct demand){.next = test->demands, .actor = actor, .type = type, .creators_count = creators_count};
    enum mesh_status status = requirement_set_copy(&demand->requirements, items, count);
    if (status != MESH_OK) {
        free(demand);
        return status;
    }
    test->demands = demand;
    return MESH_OK;
}

static bool check(const struct mesh_test *test, const struct mesh_type *type, const struct frame_requirement *creators,
                  size_t count) {
    return fit_check(type, &(struct control_check){.capabilities_count = test->capabilities.count,
                                                   .requirements_count = count,
                                                   .capabilities = test->capabilities.items,
                                                   .requirements = creators});
}

/* The creator's, and behind them the type's own. */
static size_t merge(struct frame_requirement out[FRAME_REQUIREMENTS_OF_BOTH], const struct control_create *create,
                    const struct requirements *own) {
    size_t count = 0;
    for (size_t i = 0; i < create->requirements_count; i++) {
        out[count++] = create->requirements[i];
    }
    for (size_t i = 0; i < own->count; i++) {
        out[count++] = own->items[i];
    }
    return count;
}

static enum mesh_status admit(struct mesh_test *test, const struct mesh_type *type, const struct control_create *create,
                              const struct requirements *own, struct mesh_error *error) {
    struct frame_requirement items[FRAME_REQUIREMENTS_OF_BOTH];
    char missing[MISSING_BYTES];
    size_t count = merge(items, create, own), creators = create->requirements_count;
    bool met = capability_fits(&test->capabilities, items, count, missing, sizeof missing);
    if (!met || !check(test, type, create->requirements, creators)) {
        const char *node = test->options.node_name;
        return error_set(error, MESH_NO_COMPATIBLE_NODE,
                         "no node of 1 can host type %s: node %s does not fit type %s: %s", type->name, node,
                         type->name, met ? "its check function says no" : missing);
    }
    enum mesh_status status = keep_demand(test, create->address, type, items, count, creators);
    return status == MESH_OK ? status : error_set(error, status, "%s", mesh_status_text(status));
}

enum mesh_status test_admit(struct mesh_test *test, const struct mesh_type *type, const struct control_create *create,
                            struct mesh_error *error) {
    struct requirements own;
    if (type->requirements_count == 0 && create->requirements_count == 0 && !type->check) {
        return MESH_OK;
    }
    enum mesh_status status = requirements_init(&own, type->requirements, type->requirements_count);
    if (status != MESH_OK) {
        return error_set(error, status, "the requirements of type %s: %s", type->name, mesh_status_text(status));
    }
    status = admit(test, type, create, &own, error);
    requirements_fini(&own);
    return status;
}

void test_dismiss(struct mesh_test *test, struct mesh_address actor) {
    struct demand **place = &test->demands;
    while (*place && !mesh_address_equal((*place)->actor, actor)) {
        place = &(*place)->next;
    }
    struct demand *removed = *place;
    if (removed) {
        *place = removed->next;
        requirement_set_fini(&removed->requirements);
        free(removed);
    }
}

/* ---- changes ---- */

static void judge_all(struct mesh_test *test) {
    for (const struct demand *demand = test->demands; demand; demand = demand->next) {
        const struct requirement_set *required = &demand->requirements;
        if (!capability_fits(&test->capabilities, required->items, required->count, NULL, 0) ||
            !check(test, demand->type, required->items, demand->creators_count)) {
            hosted_tell(&test->host, &(struct lifecycle_event){.kind = LIFECYCLE_EXIT_REQUEST, .actor = demand->actor});
        }
    }
}

enum mesh_status test_change_capabilities(struct mesh_test *test, const struct frame_capability *items, size_t count) {
    struct capability_set changed = {0};
    enum mesh_status status = capability_set_copy(&changed, test->capabilities.items, test->capabilities.count);
    for (size_t i = 0; status == MESH_OK && i < count; i++) {
        status = capability_set_put(&changed, &items[i]);
    }
    if (status != MESH_OK || capability_set_equal(&changed, &test->capabilities)) {
        capability_set_fini(&changed);
        return status;
    }
    capability_set_fini(&test->capabilities);
    test->capabilities = changed;
    judge_all(test);
    return MESH_OK;
}

enum mesh_status mesh_test_set_capability(struct mesh_test *test, const char *name, const char *value) {
    struct capability_changes changes;
    enum mesh_status status = capability_changes_init(&changes, &(struct mesh_capability){name, value}, 1);
    if (status == MESH_OK) {
        process_lock(test->host.process);
        status = test_change_capabilities(test, changes.items, changes.count);
        process_unlock(test->host.process);
        capability_changes_fini(&changes);
    }
    return status;
}
