/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/fit.h"
#include "mesh/runtime/capabilities.h"
#include "mesh/runtime/report.h"
#include "mesh/runtime/value.h"
#include <stdlib.h>
#include <string.h>

enum { FIT_BYTES = 4 * 1024 * 1024 }; /* texts of numbers are larger than what travels */

struct fit {
    struct mesh_fit shown;
    struct arena arena;
};

const char *mesh_fit_value(const struct mesh_fit *fit, const char *name) {
    for (size_t i = 0; i < fit->capabilities_count; i++) {
        if (strcmp(fit->capabilities[i].name, name) == 0) {
            return fit->capabilities[i].value;
        }
    }
    return NULL;
}

static const struct mesh_requirement *print_requirements(struct arena *arena, const struct frame_requirement *items,
                                                         size_t count) {
    struct mesh_requirement *printed = arena_take(arena, (count ? count : 1) * sizeof *printed);
    for (size_t i = 0; printed && i < count; i++) {
        bool compares = items[i].values_count > 0;
        printed[i] = (struct mesh_requirement){
            .name = report_text(arena, items[i].name),
            .comparison = (enum mesh_comparison)items[i].comparison,
            .value = compares ? value_print(arena, items[i].values, items[i].values_count) : NULL,
        };
        if (!printed[i].name || (compares && !printed[i].value)) {
            return NULL;
        }
    }
    return printed;
}

enum mesh_status fit_new(struct fit **out, const struct control_check *offered) {
    struct fit *fit = malloc(sizeof *fit);
    if (!fit) {
        return MESH_NO_MEMORY;
    }
    arena_init(&fit->arena, FIT_BYTES);
    fit->shown = (struct mesh_fit){
        .capabilities_count = offered->capabilities_count,
        .requirements_count = offered->requirements_count,
        .capabilities = capabilities_print(&fit->arena, offered->capabilities, offered->capabilities_count),
        .requirements = print_requirements(&fit->arena, offered->requirements, offered->requirements_count),
    };
    if (!fit->shown.capabilities || !fit->shown.requirements) {
        fit_destroy(&fit);
        return MESH_NO_MEMORY;
    }
    *out = fit;
    return MESH_OK;
}

void fit_destroy(struct fit **fit) {
    if (*fit) {
        arena_fini(&(*fit)->arena);
        free(*fit);
        *fit = NULL;
    }
}

bool fit_suits(const struct mesh_type *type, const struct fit *fit) {
    return !type->check || type->check(&fit->shown, type->user);
}

bool fit_check(const struct mesh_type *type, const struct control_check *offered) {
    struct fit *fit = NULL;
    bool agrees = !type->check || (fit_new(&fit, offered) == MESH_OK && fit_suits(type, fit));
    fit_destroy(&fit);
    return agrees;
}
