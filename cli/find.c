/* What a word on the command line means: an address, a global name, or the name of a node.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/cli.h"
#include "cli/text.h"
#include <stdio.h>
#include <string.h>

/* The first node of a report knows of all. */
static bool find_node(const struct mesh_report *report, const char *word, struct mesh_address *out) {
    const struct mesh_node_report *node = &report->nodes[0];
    for (size_t i = 0; i < node->members_count; i++) {
        if (*word != '\0' && strcmp(node->members[i].name, word) == 0) {
            *out = node->members[i].admin;
            return true;
        }
    }
    return false;
}

static enum mesh_status not_found(struct mesh_error *error, const char *word, const char *what) {
    char text[CLI_TEXT_BYTES];
    error->status = MESH_NOT_FOUND;
    snprintf(error->text, sizeof error->text, "'%s' is %s", cli_escape(word, text, sizeof text), what);
    return error->status;
}

enum mesh_status cli_find(struct mesh_node *node, const char *word, bool nodes, struct mesh_address *out,
                          struct mesh_error *error) {
    if (mesh_address_parse(word, out) == MESH_OK) {
        return MESH_OK;
    }
    enum mesh_status found = mesh_node_find(node, word, CLI_REPORT_MS, out, error);
    bool unknown = found == MESH_NOT_FOUND || found == MESH_INVALID_ARGUMENT;
    if (nodes && (unknown || found == MESH_PARTIAL)) {
        struct mesh_report *report = NULL;
        enum mesh_status status = mesh_node_report(node, false, CLI_REPORT_MS, &report, error);
        bool is_node = status == MESH_OK && find_node(report, word, out);
        mesh_report_release(&report);
        if (is_node || status != MESH_OK) {
            return status;
        }
    }
    return !unknown
               ? found
               : not_found(error, word,
                           nodes ? "neither an address nor a global name nor a node: `mesh actors`, `mesh names` and "
                                   "`mesh convention` show what there is"
                                 : "neither an address nor a global name that an actor has: `mesh actors` and `mesh "
                                   "names` show what there is");
}

enum mesh_status cli_report(struct mesh_node *node, const char *name, struct mesh_report **out,
                            struct mesh_error *error) {
    struct mesh_report *report;
    enum mesh_status status = mesh_node_report(node, false, CLI_REPORT_MS, &report, error);
    if (status != MESH_OK || !name || strcmp(report->nodes[0].name, name) == 0) {
        *out = status == MESH_OK ? report : NULL;
        return status;
    }
    struct mesh_address admin;
    bool found = find_node(report, name, &admin);
    mesh_report_release(&report);
    return found ? mesh_actor_report(node, admin, CLI_REPORT_MS, out, error)
                 : not_found(error, name, "no node of this convention: `mesh convention` shows them");
}
