/* mesh convention: which nodes there are, who leads, whom each of them follows, and which actors are told of changes.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/json.h"
#include "cli/line.h"
#include "cli/text.h"
#include <inttypes.h>
#include <stdio.h>

static const struct cli_syntax syntax = {
    .doc = "Shows the members of the convention as this node knows them, and what each of them says of itself: whom it "
           "follows, for how long it runs, how many actors it hosts. Then the actors that are told of members that "
           "come and go. What a node has not answered is shown as -.",
};

/* What the node of that admin says of itself; NULL: it has not answered, or is no member yet. */
static const struct mesh_node_report *said_by(const struct mesh_report *report, struct mesh_address admin) {
    for (size_t i = 0; i < report->nodes_count; i++) {
        if (mesh_address_equal(report->nodes[i].admin, admin)) {
            return &report->nodes[i];
        }
    }
    return NULL;
}

/* By the asked node's roster; empty when that does not have it. */
static const char *name_of(const struct mesh_report *report, struct mesh_address admin) {
    const struct mesh_node_report *own = &report->nodes[0];
    for (size_t i = 0; i < own->members_count; i++) {
        if (!mesh_address_is_none(admin) && mesh_address_equal(own->members[i].admin, admin)) {
            return own->members[i].name;
        }
    }
    return "";
}

/* ---- JSON ---- */

static void add_what_it_says(json_t *member, const struct mesh_report *report, const struct mesh_node_report *node) {
    json_object_set_new(member, "answered", json_boolean(node));
    if (node) {
        json_object_set_new(member, "leads", json_boolean(node->leads));
        json_object_set_new(member, "follows", cli_json_text(name_of(report, node->leader)));
        json_object_set_new(member, "actors_hosted", json_integer((json_int_t)node->actors_hosted));
        json_object_set_new(member, "uptime_ms", json_integer((json_int_t)node->uptime_ms));
        json_object_set_new(member, "note", cli_json_text(node->note));
        json_object_set_new(member, "watchers", cli_json_addresses(node->watchers, node->watchers_count));
    }
}

static int print_json(const struct mesh_report *report) {
    const struct mesh_node_report *own = &report->nodes[0];
    json_t *members = cli_json_members(own);
    for (size_t i = 0; i < own->members_count; i++) {
        add_what_it_says(json_array_get(members, i), report, said_by(report, own->members[i].admin));
    }
    return cli_print_json(json_pack("{s:o, s:o, s:o}", "node", cli_json_text(own->name), "leader",
                                    cli_json_text(name_of(report, own->leader)), "members", members));
}

/* ---- text ---- */

static void add_row(struct cli_table *table, const struct mesh_report *report,
                    const struct mesh_member_report *member) {
    const struct mesh_node_report *node = said_by(report, member->admin);
    const char *leader = node ? name_of(report, node->leader) : "";
    cli_cell(table, "%s", *member->name ? member->name : "-");
    cli_cell(table, "%s", member->state);
    cli_cell(table, "%s", *leader ? leader : "-");
    cli_cell(table, node ? "%" PRIu64 : "-", node ? node->actors_hosted : 0);
    cli_cell(table, node ? "%.0f s" : "-", node ? (double)node->uptime_ms / 1000 : 0);
    cli_cell(table, "%.1f s", (double)member->silent_ms / 1000);
    cli_cell(table, "%s", member->endpoint);
}

static void print_notes(const struct mesh_report *report) {
    char name[CLI_TEXT_BYTES], note[CLI_TEXT_BYTES];
    for (size_t i = 0; i < report->nodes_count; i++) {
        if (*report->nodes[i].note) {
            printf("%s: %s\n", cli_escape(report->nodes[i].name, name, sizeof name),
                   cli_escape(report->nodes[i].note, note, sizeof note));
        }
    }
}

static bool print_watchers(const struct mesh_report *report) {
    static const struct cli_column columns[] = {{"WATCHER", false}, {"NODE", false}};
    struct cli_table table = CLI_TABLE(columns);
    char address[MESH_ADDRESS_TEXT_BYTES];
    size_t count = 0;
    for (size_t i = 0; i < report->nodes_count; i++) {
        const struct mesh_node_report *node = &report->nodes[i];
        count += node->watchers_count;
        for (size_t k = 0; k < node->watchers_count; k++) {
            cli_cell(&table, "%s", mesh_address_print(node->watchers[k], address));
            cli_cell(&table, "%s", node->name);
        }
    }
    if (count > 0) {
        printf("\n");
    }
    return count == 0 || cli_print_table(&table, 0);
}

static int print_text(const struct mesh_report *report) {
    static const struct cli_column columns[] = {{"NODE", false}, {"STATE", false}, {"FOLLOWS", false}, {"ACTORS", true},
                                                {"UP", true},    {"SILENT", true}, {"ENDPOINT", false}};
    struct cli_table table = CLI_TABLE(columns);
    const struct mesh_node_report *own = &report->nodes[0];
    for (size_t i = 0; i < own->members_count; i++) {
        add_row(&table, report, &own->members[i]);
    }
    bool well = cli_print_table(&table, 0);
    print_notes(report);
    return cli_printed(print_watchers(report) && well);
}

int cmd_convention(int argc, char **argv) {
    struct cli_line line = {0};
    cli_parse(&syntax, argc, argv, &line, NULL);
    return cli_show_convention(&line, print_json, print_text);
}
