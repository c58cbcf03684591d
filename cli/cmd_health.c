/* mesh health: whether a node does its part, for supervisors and scripts.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/json.h"
#include "cli/line.h"
#include "cli/text.h"
#include <stdio.h>
#include <string.h>

enum { ASK_MS = 2000, MEMBERS_MAX = 1000000 };

struct arguments {
    unsigned long members;
    int wait_ms;
};

static const struct argp_option options[] = {
    {"members", 'm', "N", 0, "Healthy only when it knows at least N nodes, itself included", 0},
    {"wait", 'w', "SECONDS", 0, "Wait so long for that (default: 0)", 0},
    {0},
};

static error_t parse_option(int key, char *text, struct argp_state *state) {
    struct arguments *arguments = state->input;
    switch (key) {
    case 'm':
        arguments->members = cli_number(state, "members", text, 0, MEMBERS_MAX);
        return 0;
    case 'w':
        arguments->wait_ms = cli_milliseconds(state, "wait", text);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct cli_syntax syntax = {
    .doc = "Tells whether the node answers and belongs to a convention: exit code 0 if so, 1 if not, 3 if no node is "
           "running there, 5 if it does not answer.",
    .options = options,
    .parse = parse_option,
};

/* How the node sees itself: "leader", "member" or what keeps it from being one. */
static const char *state_of(const struct mesh_node_report *node) {
    for (size_t i = 0; i < node->members_count; i++) {
        if (mesh_address_equal(node->members[i].admin, node->admin)) {
            return node->members[i].state;
        }
    }
    return "unknown";
}

/* Whom it takes for members: guests that have not come have no name. */
static unsigned long count_members(const struct mesh_node_report *node) {
    unsigned long count = 0;
    for (size_t i = 0; i < node->members_count; i++) {
        count += *node->members[i].name != '\0' && strcmp(node->members[i].state, "suspect") != 0;
    }
    return count;
}

static bool is_healthy(const struct mesh_node_report *node, unsigned long wanted) {
    const char *state = state_of(node);
    bool joined = strcmp(state, "leader") == 0 || strcmp(state, "member") == 0 || strcmp(state, "degraded") == 0;
    return joined && count_members(node) >= wanted;
}

static void print_verdict(const struct mesh_node_report *node, unsigned long wanted) {
    char name[CLI_TEXT_BYTES];
    printf("%s: %s: %s, %lu nodes", cli_escape(node->name, name, sizeof name),
           is_healthy(node, wanted) ? "healthy" : "not healthy", state_of(node), count_members(node));
    if (count_members(node) < wanted) {
        printf(" of %lu", wanted);
    }
    printf("\n");
}

static int tell_verdict(const struct mesh_node_report *node, unsigned long wanted, bool json) {
    bool healthy = is_healthy(node, wanted);
    if (json) {
        int code = cli_print_json(json_pack("{s:o, s:b, s:o, s:I}", "name", cli_json_text(node->name), "healthy",
                                            healthy, "state", cli_json_text(state_of(node)), "members",
                                            (json_int_t)count_members(node)));
        return healthy ? code : CLI_FAILED;
    }
    print_verdict(node, wanted);
    return cli_printed(healthy);
}

/* Only the last answer is told. */
static int ask(const struct cli_line *line, unsigned long members, bool last) {
    struct mesh_error error;
    struct mesh_node *node = NULL;
    struct mesh_report *report = NULL;
    enum mesh_status status = mesh_node_attach(&node, &line->node, &error);
    if (status == MESH_OK) {
        status = mesh_node_report(node, false, ASK_MS, &report, &error);
    }
    int code = CLI_FAILED;
    if (status == MESH_OK && (last || is_healthy(&report->nodes[0], members))) {
        code = tell_verdict(&report->nodes[0], members, line->json);
    } else if (last) {
        code = cli_fail(&error);
    }
    mesh_report_release(&report);
    mesh_node_detach(&node);
    return code;
}

int cmd_health(int argc, char **argv) {
    struct cli_line line = {0};
    struct arguments arguments = {0};
    cli_parse(&syntax, argc, argv, &line, &arguments);
    uint64_t until_ms = cli_now_ms() + (uint64_t)arguments.wait_ms;
    for (;;) {
        bool last = cli_now_ms() >= until_ms;
        int code = ask(&line, arguments.members, last);
        if (code == CLI_DONE || last) {
            return code;
        }
        cli_pause();
    }
}
