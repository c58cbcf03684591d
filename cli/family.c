/* SPDX-License-Identifier: MPL-2.0 */
#include "cli/family.h"
#include "cli/cli.h"
#include <stdio.h>
#include <stdlib.h>

/* Questions for one tree; who has more children that nobody has on record shows how many are missing. */
enum { ASKED_MAX = 4096, ANSWER_MS = 3000 };

/* ---- items ---- */

/* Room for one more in an array. */
static void *grown(void *items, size_t count, size_t *max, size_t item_bytes) {
    if (count < *max) {
        return items;
    }
    size_t more = *max ? 2 * *max : 64;
    void *larger = realloc(items, more * item_bytes);
    *max = larger ? more : *max;
    return larger;
}

static enum mesh_status add(struct family *family, const struct mesh_actor_report *actor, const char *node) {
    struct kin *items = grown(family->items, family->count, &family->max, sizeof *items);
    if (!items) {
        return MESH_NO_MEMORY;
    }
    family->items = items;
    items[family->count++] = (struct kin){*actor, node, KIN_NONE, KIN_NONE, KIN_NONE, 0};
    return MESH_OK;
}

/* Finds the parent of one that is in the list. */
static void adopt(struct family *family, size_t place) {
    struct kin *kin = &family->items[place];
    kin->parent = family_find(family, kin->actor.parent);
    if (kin->parent != KIN_NONE) {
        family->items[kin->parent].children_linked++;
    }
}

static enum mesh_status keep(struct family *family, struct mesh_report *report) {
    struct mesh_report **kept = grown(family->kept, family->kept_count, &family->kept_max, sizeof *kept);
    if (!kept) {
        mesh_report_release(&report);
        return MESH_NO_MEMORY;
    }
    family->kept = kept;
    kept[family->kept_count++] = report;
    return MESH_OK;
}

static int by_address(const void *a, const void *b, void *user) {
    const struct family *family = user;
    return mesh_address_compare(family->items[*(const size_t *)a].actor.address,
                                family->items[*(const size_t *)b].actor.address);
}

static enum mesh_status list(struct family *family) {
    for (size_t i = 0; i < family->report->nodes_count; i++) {
        const struct mesh_node_report *node = &family->report->nodes[i];
        for (size_t k = 0; k < node->actors_count; k++) {
            if (add(family, &node->actors[k], node->name) != MESH_OK) {
                return MESH_NO_MEMORY;
            }
        }
    }
    family->by_address = malloc((family->count + 1) * sizeof *family->by_address);
    if (!family->by_address) {
        return MESH_NO_MEMORY;
    }
    for (size_t i = 0; i < family->count; i++) {
        family->by_address[i] = i;
    }
    family->listed = family->count;
    qsort_r(family->by_address, family->count, sizeof *family->by_address, by_address, family);
    for (size_t i = 0; i < family->count; i++) {
        adopt(family, i);
    }
    return MESH_OK;
}

size_t family_find(const struct family *family, struct mesh_address address) {
    for (size_t low = 0, high = family->listed; low < high;) {
        size_t middle = low + (high - low) / 2;
        size_t place = family->by_address[middle];
        int order = mesh_address_compare(family->items[place].actor.address, address);
        if (order == 0) {
            return place;
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    for (size_t i = family->listed; i < family->count; i++) {
        if (mesh_address_equal(family->items[i].actor.address, address)) {
            return i;
        }
    }
    return KIN_NONE;
}

/* ---- who is not on record ---- */

/* `*out` lasts as long as the family; NULL: it has not answered. */
static enum mesh_status ask(struct family *family, struct mesh_node *node, struct mesh_address address,
                            const struct mesh_actor_details **out, struct mesh_error *error) {
    struct mesh_report *report = NULL;
    *out = NULL;
    enum mesh_status status = mesh_actor_report(node, address, ANSWER_MS, &report, error);
    if (status == MESH_OK) {
        *out = report->actor;
        status = keep(family, report);
    }
    return status;
}

static enum mesh_status ask_and_add(struct family *family, struct mesh_node *node, struct mesh_address address,
                                    struct mesh_error *error) {
    const struct mesh_actor_details *details;
    if (family_find(family, address) != KIN_NONE) {
        return MESH_OK;
    }
    enum mesh_status status = ask(family, node, address, &details, error);
    if (status == MESH_OK) {
        status = add(family, &details->actor, details->node);
    }
    if (status == MESH_OK) {
        adopt(family, family->count - 1);
    }
    return status;
}

/* Who does not answer, or is gone meanwhile, is missing in the tree, which says so. */
static enum mesh_status ask_for_children(struct family *family, struct mesh_node *node, size_t parent,
                                         struct mesh_error *error) {
    const struct mesh_actor_details *details;
    if (family_missing(&family->items[parent]) == 0 || family->kept_count >= ASKED_MAX) {
        return MESH_OK;
    }
    enum mesh_status status = ask(family, node, family->items[parent].actor.address, &details, error);
    for (size_t i = 0; status == MESH_OK && i < details->children_listed && family->kept_count < ASKED_MAX; i++) {
        if (ask_and_add(family, node, details->children[i], error) == MESH_NO_MEMORY) {
            return MESH_NO_MEMORY;
        }
    }
    return status == MESH_NO_MEMORY ? status : MESH_OK;
}

/* What other nodes say of parents might go round: nobody has more ancestors than there are actors. */
static bool is_below(const struct family *family, size_t place, size_t root) {
    for (size_t steps = 0; place != root && place != KIN_NONE && steps < family->count; steps++) {
        place = family->items[place].parent;
    }
    return place == root;
}

/* The list grows while it is gone through: children of those that are found are asked for, too. */
static enum mesh_status ask_for_all(struct family *family, struct mesh_node *node, size_t root,
                                    struct mesh_error *error) {
    enum mesh_status status = MESH_OK;
    for (size_t i = 0; i < family->count && status == MESH_OK; i++) {
        if (root == KIN_NONE || is_below(family, i, root)) {
            status = ask_for_children(family, node, i, error);
        }
    }
    return status;
}

/* ---- links ---- */

/* From the last to the first, so that brothers and sisters keep their order. */
static void link_all(struct family *family) {
    for (size_t i = family->count; i-- > 0;) {
        struct kin *kin = &family->items[i];
        if (kin->parent != KIN_NONE) {
            kin->sibling = family->items[kin->parent].child;
            family->items[kin->parent].child = i;
        }
    }
}

enum mesh_status family_init(struct family *family, struct mesh_node *node, const struct mesh_report *report,
                             struct mesh_address root, struct mesh_error *error) {
    *family = (struct family){.report = report};
    bool all = mesh_address_is_none(root);
    enum mesh_status status = list(family);
    if (status == MESH_OK && !all) {
        status = ask_and_add(family, node, root, error);
    }
    if (status == MESH_OK) {
        status = ask_for_all(family, node, all ? KIN_NONE : family_find(family, root), error);
    }
    if (status == MESH_NO_MEMORY) {
        error->status = status;
        snprintf(error->text, sizeof error->text, "no memory for the tree");
    }
    link_all(family);
    return status;
}

void family_fini(struct family *family) {
    for (size_t i = 0; i < family->kept_count; i++) {
        mesh_report_release(&family->kept[i]);
    }
    free(family->kept);
    free(family->items);
    free(family->by_address);
}

uint64_t family_missing(const struct kin *kin) {
    uint64_t count = kin->actor.children_count;
    return count > kin->children_linked ? count - kin->children_linked : 0;
}
