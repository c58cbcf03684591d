/* mesh exit: asks an actor to exit, and waits until it is gone.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/json.h"
#include "cli/line.h"
#include <stdio.h>

enum { WAIT_MS = 15000 }; /* longer than an actor may wait for its children */

static const struct argp_option options[] = {
    {"timeout", 'w', "SECONDS", 0, "How long to wait until it is gone (default: 15); 0: not at all", 0},
    {0},
};

static error_t parse_option(int key, char *text, struct argp_state *state) {
    int *timeout_ms = state->input;
    if (key != 'w') {
        return ARGP_ERR_UNKNOWN;
    }
    *timeout_ms = cli_milliseconds(state, "timeout", text);
    return 0;
}

static const struct cli_syntax syntax = {
    .doc =
        "Asks an actor to exit, with its children, and waits until it is gone. TARGET is an address or a global name.",
    .words = "TARGET",
    .words_min = 1,
    .words_max = 1,
    .missing = "which actor? Give its address or its global name",
    .options = options,
    .parse = parse_option,
};

/* Whether it is there; MESH_NOT_FOUND: not any more, or never. */
static enum mesh_status look(struct mesh_node *node, struct mesh_address actor, struct mesh_error *error) {
    struct mesh_report *report;
    enum mesh_status status = mesh_actor_report(node, actor, CLI_REPORT_MS, &report, error);
    if (status == MESH_OK) {
        mesh_report_release(&report);
    }
    return status;
}

/* A host that is silent is asked again. */
static enum mesh_status await_end(struct mesh_node *node, struct mesh_address actor, int timeout_ms,
                                  struct mesh_error *error) {
    uint64_t until_ms = cli_now_ms() + (uint64_t)timeout_ms;
    for (;;) {
        enum mesh_status status = look(node, actor, error);
        if (status == MESH_NOT_FOUND) {
            return MESH_OK;
        }
        if (status != MESH_OK && status != MESH_TIMED_OUT) {
            return status;
        }
        if (cli_now_ms() >= until_ms) {
            error->status = MESH_TIMED_OUT;
            snprintf(error->text, sizeof error->text, "it was asked to exit, and is still there after %g s",
                     timeout_ms / 1000.0);
            return MESH_TIMED_OUT;
        }
        cli_pause();
    }
}

static enum mesh_status end(struct mesh_node *node, struct mesh_address actor, int timeout_ms,
                            struct mesh_error *error) {
    enum mesh_status status = look(node, actor, error);
    if (status != MESH_OK && status != MESH_TIMED_OUT) {
        return status;
    }
    status = mesh_node_request_exit(node, actor, false);
    if (status != MESH_OK) {
        error->status = status;
        snprintf(error->text, sizeof error->text, "it cannot be asked to exit: %s",
                 status == MESH_REFUSED ? "that is a node; `mesh shutdown` ends one" : mesh_status_text(status));
        return status;
    }
    return timeout_ms > 0 ? await_end(node, actor, timeout_ms, error) : MESH_OK;
}

int cmd_exit(int argc, char **argv) {
    struct cli_line line = {0};
    int timeout_ms = WAIT_MS;
    struct mesh_address actor;
    struct mesh_error error;
    struct mesh_node *node;
    cli_parse(&syntax, argc, argv, &line, &timeout_ms);
    int code = cli_attach(&line, &node);
    if (code != CLI_DONE) {
        return code;
    }
    enum mesh_status status = cli_find(node, line.words[0], true, &actor, &error);
    if (status == MESH_OK) {
        status = end(node, actor, timeout_ms, &error);
    }
    mesh_node_detach(&node);
    if (status != MESH_OK) {
        return cli_fail(&error);
    }
    return line.json ? cli_print_json(json_pack("{s:o, s:b}", "asked", cli_json_address(actor), "gone", timeout_ms > 0))
                     : CLI_DONE;
}
