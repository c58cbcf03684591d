/* mesh health: whether a node does its part, for supervisors and scripts.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/cli.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ASK_MS = 2000, PAUSE_MS = 100, WAIT_MAX_S = 86400, MEMBERS_MAX = 1000000, TEXT_BYTES = 512 };

struct arguments {
    struct mesh_node_options node;
    unsigned long members, wait_s;
};

static const struct argp_option options[] = {
    CLI_RUN_DIRECTORY,
    {"members", 'm', "N", 0, "Healthy only when it knows at least N nodes, itself included", 0},
    {"wait", 'w', "SECONDS", 0, "Wait so long for that (default: 0)", 0},
    {0},
};

static unsigned long number_of(struct argp_state *state, const char *option, const char *text, unsigned long most) {
    char *end;
    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || number > most) {
        argp_error(state, "--%s=%s: give a number from 0 to %lu", option, text, most);
    }
    return number;
}

static error_t parse_option(int key, char *text, struct argp_state *state) {
    struct arguments *arguments = state->input;
    switch (key) {
    case 'r':
        arguments->node.run_directory = text;
        return 0;
    case 'm':
        arguments->members = number_of(state, "members", text, MEMBERS_MAX);
        return 0;
    case 'w':
        arguments->wait_s = number_of(state, "wait", text, WAIT_MAX_S);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* How the node sees itself: "leader", "member" or what keeps it from being one. */
static const char *state_of(const struct mesh_node_report *node) {
    for (size_t i = 0; i < node->members_count; i++) {
        if (strcmp(node->members[i].name, node->name) == 0) {
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
    char name[TEXT_BYTES];
    printf("%s: %s: %s, %lu nodes", cli_escape(node->name, name, sizeof name),
           is_healthy(node, wanted) ? "healthy" : "not healthy", state_of(node), count_members(node));
    if (count_members(node) < wanted) {
        printf(" of %lu", wanted);
    }
    printf("\n");
}

/* Only the last answer is told. */
static int ask(const struct arguments *arguments, bool last) {
    struct mesh_error error;
    struct mesh_node *node = NULL;
    struct mesh_report *report = NULL;
    enum mesh_status status = mesh_node_attach(&node, &arguments->node, &error);
    if (status == MESH_OK) {
        status = mesh_node_report(node, false, ASK_MS, &report, &error);
    }
    int code = CLI_FAILED;
    if (status == MESH_OK) {
        bool healthy = is_healthy(&report->nodes[0], arguments->members);
        code = healthy ? CLI_DONE : CLI_FAILED;
        if (healthy || last) {
            print_verdict(&report->nodes[0], arguments->members);
        }
    } else if (last) {
        code = cli_fail(&error);
    }
    mesh_report_release(&report);
    mesh_node_detach(&node);
    return code;
}

static time_t now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

int cmd_health(int argc, char **argv) {
    struct arguments arguments = {0};
    const struct argp argp = {.options = options,
                              .parser = parse_option,
                              .doc =
                                  "Tells whether the node answers and belongs to a convention: exit code 0 if so, 1 if "
                                  "not, 3 if no node is running there."};
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    time_t until = now_s() + (time_t)arguments.wait_s;
    for (;;) {
        bool last = now_s() >= until;
        int code = ask(&arguments, last);
        if (code == CLI_DONE || last) {
            return code;
        }
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
    }
}
