/* mesh tree: actors below those that created them, wherever they live.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/family.h"
#include "cli/json.h"
#include "cli/line.h"
#include "cli/text.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_syntax syntax = {
    .doc = "Shows actors below those that created them, across all nodes of the convention; of one WHAT alone, if that "
           "is given: an actor by its address or global name, or a node by its name.",
    .words = "[WHAT]",
    .words_max = 1,
};

/* What is to be shown: one actor with all below it; or those of one node; or all. */
struct view {
    const struct family *family;
    size_t root;      /* KIN_NONE: no actor in particular */
    const char *node; /* NULL: all */
};

/* Whether it stands at the top of that node in the view. Of one node alone are shown those, too, whose parent lives elsewhere. */
static bool is_top(const struct view *view, size_t place, const char *node) {
    const struct kin *kin = &view->family->items[place];
    if (view->root != KIN_NONE) {
        return place == view->root;
    }
    bool has_parent =
        kin->parent != KIN_NONE && !(view->node && strcmp(view->family->items[kin->parent].node, node) != 0);
    return !has_parent && strcmp(kin->node, node) == 0;
}

static bool is_shown(const struct view *view, const struct mesh_node_report *node) {
    if (view->root != KIN_NONE) {
        return strcmp(view->family->items[view->root].node, node->name) == 0;
    }
    return !view->node || strcmp(view->node, node->name) == 0;
}

/* ---- text ---- */

struct pen {
    const char *fork, *last, *pass, *blank;
};

static const struct pen fine = {"├── ", "└── ", "│   ", "    "};
static const struct pen plain = {"|-- ", "`-- ", "|   ", "    "};

/* Places from the top to the one that is printed. */
struct path {
    size_t *places, depth;
};

/* Whether something comes below it that has the same parent. */
static bool goes_on(const struct family *family, size_t place) {
    const struct kin *kin = &family->items[place];
    return kin->sibling != KIN_NONE || (kin->parent != KIN_NONE && family_missing(&family->items[kin->parent]) > 0);
}

static void print_branches(const struct family *family, const struct path *path, const struct pen *pen) {
    for (size_t i = 1; i + 1 < path->depth; i++) {
        printf("%s", goes_on(family, path->places[i]) ? pen->pass : pen->blank);
    }
    if (path->depth > 1) {
        printf("%s", goes_on(family, path->places[path->depth - 1]) ? pen->fork : pen->last);
    }
}

static bool is_admin(const struct mesh_report *report, struct mesh_address address) {
    for (size_t i = 0; i < report->nodes_count; i++) {
        if (mesh_address_equal(report->nodes[i].admin, address)) {
            return true;
        }
    }
    return false;
}

/* At the top it tells of a parent that stands elsewhere. */
static void print_kin(const struct family *family, const struct kin *kin, bool top) {
    char address[MESH_ADDRESS_TEXT_BYTES], text[CLI_TEXT_BYTES];
    const struct kin *parent = kin->parent == KIN_NONE ? NULL : &family->items[kin->parent];
    printf("%s  ", cli_escape(kin->actor.type, text, sizeof text));
    printf("%s", mesh_address_print(kin->actor.address, address));
    if (parent && !top && strcmp(parent->node, kin->node) != 0) {
        printf("  on %s", cli_escape(kin->node, text, sizeof text));
    }
    if (strcmp(kin->actor.state, "idle") != 0) {
        printf("  %s", cli_escape(kin->actor.state, text, sizeof text));
    }
    if (top && !is_admin(family->report, kin->actor.parent)) {
        printf("  (a child of %s", mesh_address_print(kin->actor.parent, address));
        printf(" on %s)", parent ? cli_escape(parent->node, text, sizeof text) : "a node that has not answered");
    }
    printf("\n");
}

static void print_missing(const struct family *family, const struct path *path, const struct pen *pen) {
    uint64_t missing = family_missing(&family->items[path->places[path->depth - 1]]);
    if (missing == 0) {
        return;
    }
    for (size_t i = 1; i < path->depth; i++) {
        printf("%s", goes_on(family, path->places[i]) ? pen->pass : pen->blank);
    }
    printf("%s(%" PRIu64 " that %s not listed)\n", pen->last, missing, missing == 1 ? "is" : "are");
}

/* To the one that comes next: a child, a sibling, or a sibling of an ancestor. Whose children are all printed says how many are missing. */
static void step(const struct family *family, struct path *path, const struct pen *pen) {
    size_t next = family->items[path->places[path->depth - 1]].child;
    while (next == KIN_NONE && path->depth > 0) {
        print_missing(family, path, pen);
        size_t left = path->places[--path->depth];
        next = path->depth > 0 ? family->items[left].sibling : KIN_NONE;
    }
    if (next != KIN_NONE) {
        path->places[path->depth++] = next;
    }
}

static void print_top(const struct family *family, size_t top, struct path *path, const struct pen *pen) {
    path->places[0] = top;
    for (path->depth = 1; path->depth > 0; step(family, path, pen)) {
        print_branches(family, path, pen);
        print_kin(family, &family->items[path->places[path->depth - 1]], path->depth == 1);
    }
}

static int print_text(const struct view *view) {
    const struct family *family = view->family;
    const struct pen *pen = cli_is_utf8() ? &fine : &plain;
    struct path path = {.places = calloc(family->count + 1, sizeof *path.places)};
    char text[CLI_TEXT_BYTES];
    if (!path.places) {
        return cli_fail_with(MESH_NO_MEMORY, "no memory for the tree");
    }
    for (size_t i = 0; i < family->report->nodes_count; i++) {
        const struct mesh_node_report *node = &family->report->nodes[i];
        if (!is_shown(view, node)) {
            continue;
        }
        printf("NODE %s%s\n", cli_escape(node->name, text, sizeof text), node->leads ? " (leads)" : "");
        for (size_t k = 0; k < family->count; k++) {
            if (is_top(view, k, node->name)) {
                print_top(family, k, &path, pen);
            }
        }
    }
    free(path.places);
    return cli_printed(true);
}

/* ---- JSON ---- */

/* One object for each actor, in the list of its parent; the lists are filled whatever comes first. */
static json_t *json_objects(const struct family *family) {
    json_t *objects = json_array();
    for (size_t i = 0; i < family->count; i++) {
        json_t *object = cli_json_actor(&family->items[i].actor, family->items[i].node);
        json_object_set_new(object, "children", json_array());
        json_object_set_new(object, "children_missing", json_integer((json_int_t)family_missing(&family->items[i])));
        json_array_append_new(objects, object);
    }
    for (size_t i = 0; i < family->count; i++) {
        if (family->items[i].parent != KIN_NONE) {
            json_t *parent = json_array_get(objects, family->items[i].parent);
            json_array_append(json_object_get(parent, "children"), json_array_get(objects, i));
        }
    }
    return objects;
}

static int print_json(const struct view *view) {
    const struct mesh_report *report = view->family->report;
    json_t *objects = json_objects(view->family), *nodes = json_array();
    for (size_t i = 0; i < report->nodes_count; i++) {
        if (is_shown(view, &report->nodes[i])) {
            json_t *actors = json_array();
            for (size_t k = 0; k < view->family->count; k++) {
                if (is_top(view, k, report->nodes[i].name)) {
                    json_array_append(actors, json_array_get(objects, k));
                }
            }
            json_array_append_new(nodes, json_pack("{s:o, s:b, s:o}", "name", cli_json_text(report->nodes[i].name),
                                                   "leads", report->nodes[i].leads, "actors", actors));
        }
    }
    json_decref(objects);
    return cli_print_json(json_pack("{s:o}", "nodes", nodes));
}

/* ---- asking ---- */

/* The name of the node of that admin; NULL: it is none. */
static const char *node_of(const struct mesh_report *report, struct mesh_address admin) {
    for (size_t i = 0; i < report->nodes_count; i++) {
        if (mesh_address_equal(report->nodes[i].admin, admin)) {
            return report->nodes[i].name;
        }
    }
    return NULL;
}

static int show(struct mesh_node *node, const struct mesh_report *report, struct mesh_address what, bool json) {
    struct mesh_error error;
    struct family family;
    struct view view = {.family = &family, .root = KIN_NONE, .node = node_of(report, what)};
    struct mesh_address root = view.node ? (struct mesh_address){0} : what;
    enum mesh_status status = family_init(&family, node, report, root, &error);
    if (status == MESH_OK && !mesh_address_is_none(root)) {
        view.root = family_find(&family, root);
    }
    int code = status != MESH_OK ? cli_fail(&error) : json ? print_json(&view) : print_text(&view);
    family_fini(&family);
    return code;
}

int cmd_tree(int argc, char **argv) {
    struct cli_line line = {0};
    struct mesh_node *node;
    struct mesh_address what = {0};
    struct mesh_error error;
    struct mesh_report *report = NULL;
    cli_parse(&syntax, argc, argv, &line, NULL);
    int code = cli_attach(&line, &node);
    if (code != CLI_DONE) {
        return code;
    }
    enum mesh_status status = line.words[0] ? cli_find(node, line.words[0], true, &what, &error) : MESH_OK;
    if (status == MESH_OK) {
        status = mesh_node_report(node, true, CLI_REPORT_MS, &report, &error);
    }
    code = status == MESH_OK ? show(node, report, what, line.json) : cli_fail(&error);
    mesh_report_release(&report);
    mesh_node_detach(&node);
    return code;
}
