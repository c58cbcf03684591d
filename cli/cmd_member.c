/* mesh member allow, mesh member revoke, mesh member list: which keys may take part in the convention.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/status.h"
#include <stdio.h>

enum { WAIT_MS = 5000, WORDS = 2 };

struct arguments {
    struct mesh_node_options node;
    const char *words[WORDS];
    size_t count, needed;
    const char *missing; /* what is, when there are fewer */
    bool json, force;
};

static const struct argp_option plain_options[] = {
    CLI_RUN_DIRECTORY,
    {0},
};

static const struct argp_option revoke_options[] = {
    CLI_RUN_DIRECTORY,
    {"force", 'f', NULL, 0, "Also when this node, or the leader, has no key then that is allowed for it", 0},
    {0},
};

static const struct argp_option list_options[] = {
    CLI_RUN_DIRECTORY,
    {"json", 'j', NULL, 0, "One JSON object instead of a table", 0},
    {0},
};

static error_t parse_option(int key, char *text, struct argp_state *state) {
    struct arguments *arguments = state->input;
    switch (key) {
    case 'r':
        arguments->node.run_directory = text;
        return 0;
    case 'f':
        arguments->force = true;
        return 0;
    case 'j':
        arguments->json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->count == arguments->needed) {
            argp_error(state, "'%s' is one word too many", text);
        }
        arguments->words[arguments->count++] = text;
        return 0;
    case ARGP_KEY_END:
        if (arguments->count < arguments->needed) {
            argp_error(state, "%s", arguments->missing);
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- changes ---- */

static int finish(struct mesh_node **node, enum mesh_status status, const struct mesh_error *error) {
    mesh_node_detach(node);
    return status == MESH_OK ? CLI_DONE : cli_fail(error);
}

int cmd_member_allow(int argc, char **argv) {
    struct arguments arguments = {.needed = 2, .missing = "which nodes, and which key? Give PATTERN and KEY"};
    const struct argp argp = {.options = plain_options,
                              .parser = parse_option,
                              .args_doc = "PATTERN KEY",
                              .doc = "Lets a node that has the key take part, if it has that name, or one that begins "
                                     "so when a * stands behind it. What was said of the key before counts no more."};
    struct mesh_error error;
    struct mesh_node *node;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    if (mesh_node_attach(&node, &arguments.node, &error) != MESH_OK) {
        return cli_fail(&error);
    }
    enum mesh_status status = mesh_node_allow_key(node, arguments.words[1], arguments.words[0], WAIT_MS, &error);
    return finish(&node, status, &error);
}

int cmd_member_revoke(int argc, char **argv) {
    struct arguments arguments = {.needed = 1, .missing = "which key? `mesh member list` shows them"};
    const struct argp argp = {.options = revoke_options,
                              .parser = parse_option,
                              .args_doc = "KEY",
                              .doc = "Has all nodes of the convention talk no more to whoever has the key, at once."};
    struct mesh_error error;
    struct mesh_node *node;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    if (mesh_node_attach(&node, &arguments.node, &error) != MESH_OK) {
        return cli_fail(&error);
    }
    enum mesh_status status = mesh_node_revoke_key(node, arguments.words[0], arguments.force, WAIT_MS, &error);
    return finish(&node, status, &error);
}

/* ---- the list ---- */

static void print_row(void *user, const struct mesh_key *key) {
    (void)user;
    printf("%s %-8s %s\n", key->key, key->revoked ? "revoked" : "allowed", key->pattern);
}

static void add_row(void *user, const struct mesh_key *key) {
    json_array_append_new(user, json_pack("{s:s, s:b, s:s, s:I}", "key", key->key, "revoked", key->revoked, "pattern",
                                          key->pattern, "stamp", (json_int_t)key->stamp));
}

int cmd_member_list(int argc, char **argv) {
    struct arguments arguments = {0};
    const struct argp argp = {.options = list_options,
                              .parser = parse_option,
                              .doc = "Shows the keys of the convention's list, as this node knows it."};
    struct mesh_error error;
    struct mesh_node *node;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    if (mesh_node_attach(&node, &arguments.node, &error) != MESH_OK) {
        return cli_fail(&error);
    }
    json_t *list = arguments.json ? json_array() : NULL;
    enum mesh_status status = mesh_node_each_key(node, list ? add_row : print_row, list, &error);
    int code = finish(&node, status, &error);
    if (list && code == CLI_DONE) {
        return cli_print_json(json_pack("{s:o}", "keys", list));
    }
    json_decref(list);
    return code == CLI_DONE && fflush(stdout) != 0 ? CLI_FAILED : code;
}
