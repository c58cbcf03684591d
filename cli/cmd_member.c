/* mesh member allow, mesh member revoke, mesh member list: which keys may take part in the convention.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/json.h"
#include "cli/line.h"
#include "cli/text.h"

enum { WAIT_MS = 5000 };

static const struct argp_option revoke_options[] = {
    {"force", 'f', NULL, 0, "Also when this node, or the leader, has no key then that is allowed for it", 0},
    {0},
};

static error_t parse_revoke(int key, char *text, struct argp_state *state) {
    bool *force = state->input;
    (void)text;
    if (key != 'f') {
        return ARGP_ERR_UNKNOWN;
    }
    *force = true;
    return 0;
}

static const struct cli_syntax allow_syntax = {
    .doc =
        "Lets a node that has the key take part, if it has that name, or one that begins so when a * stands behind it. "
        "What was said of the key before counts no more.",
    .words = "PATTERN KEY",
    .words_min = 2,
    .words_max = 2,
    .missing = "which nodes, and which key? Give PATTERN and KEY",
};

static const struct cli_syntax revoke_syntax = {
    .doc = "Has all nodes of the convention talk no more to whoever has the key, at once.",
    .words = "KEY",
    .words_min = 1,
    .words_max = 1,
    .missing = "which key? `mesh member list` shows them",
    .options = revoke_options,
    .parse = parse_revoke,
};

static const struct cli_syntax list_syntax = {
    .doc = "Shows the keys of the convention's list, as this node knows it.",
};

/* ---- changes ---- */

static int finish(struct mesh_node **node, enum mesh_status status, const struct mesh_error *error) {
    mesh_node_detach(node);
    return status == MESH_OK ? CLI_DONE : cli_fail(error);
}

static int print_change(const struct cli_line *line, const char *change, const char *key) {
    return line->json ? cli_print_json(json_pack("{s:o}", change, cli_json_text(key))) : CLI_DONE;
}

int cmd_member_allow(int argc, char **argv) {
    struct cli_line line = {0};
    struct mesh_error error;
    struct mesh_node *node;
    cli_parse(&allow_syntax, argc, argv, &line, NULL);
    int code = cli_attach(&line, &node);
    if (code != CLI_DONE) {
        return code;
    }
    enum mesh_status status = mesh_node_allow_key(node, line.words[1], line.words[0], WAIT_MS, &error);
    code = finish(&node, status, &error);
    return code == CLI_DONE ? print_change(&line, "allowed", line.words[1]) : code;
}

int cmd_member_revoke(int argc, char **argv) {
    struct cli_line line = {0};
    bool force = false;
    struct mesh_error error;
    struct mesh_node *node;
    cli_parse(&revoke_syntax, argc, argv, &line, &force);
    int code = cli_attach(&line, &node);
    if (code != CLI_DONE) {
        return code;
    }
    enum mesh_status status = mesh_node_revoke_key(node, line.words[0], force, WAIT_MS, &error);
    code = finish(&node, status, &error);
    return code == CLI_DONE ? print_change(&line, "revoked", line.words[0]) : code;
}

/* ---- the list ---- */

static void add_row(void *user, const struct mesh_key *key) {
    cli_cell(user, "%s", key->key);
    cli_cell(user, "%s", key->revoked ? "revoked" : "allowed");
    cli_cell(user, "%s", key->pattern);
}

static void add_object(void *user, const struct mesh_key *key) {
    json_array_append_new(user, json_pack("{s:s, s:b, s:o, s:I}", "key", key->key, "revoked", key->revoked, "pattern",
                                          cli_json_text(key->pattern), "stamp", (json_int_t)key->stamp));
}

int cmd_member_list(int argc, char **argv) {
    static const struct cli_column columns[] = {{"KEY", false}, {"STATE", false}, {"FOR", false}};
    struct cli_table table = CLI_TABLE(columns);
    struct cli_line line = {0};
    struct mesh_error error;
    struct mesh_node *node;
    cli_parse(&list_syntax, argc, argv, &line, NULL);
    int code = cli_attach(&line, &node);
    if (code != CLI_DONE) {
        return code;
    }
    json_t *list = json_array();
    enum mesh_status status = line.json ? mesh_node_each_key(node, add_object, list, &error)
                                        : mesh_node_each_key(node, add_row, &table, &error);
    code = finish(&node, status, &error);
    if (line.json && code == CLI_DONE) {
        return cli_print_json(json_pack("{s:o}", "keys", list));
    }
    json_decref(list);
    if (code != CLI_DONE) {
        cli_drop_table(&table);
        return code;
    }
    return cli_printed(cli_print_table(&table, 0));
}
