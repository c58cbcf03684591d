/* mesh tell, mesh ask: a message to an actor.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/json.h"
#include "cli/line.h"
#include "cli/payload.h"
#include "cli/text.h"
#include <mesh/failure.h>
#include <stdio.h>

enum { ASK_MS = 10000 };

struct arguments {
    struct cli_payload payload;
    int timeout_ms;
    bool raw;
};

static const struct argp_option tell_options[] = {
    CLI_PAYLOAD_OPTIONS,
    {0},
};

static const struct argp_option ask_options[] = {
    CLI_PAYLOAD_OPTIONS,
    {"timeout", 'w', "SECONDS", 0, "How long the answer may take (default: 10)", 0},
    {"raw", 'b', NULL, 0, "The payload of the answer as it is, and nothing else", 0},
    {0},
};

static error_t parse_option(int key, char *text, struct argp_state *state) {
    struct arguments *arguments = state->input;
    switch (key) {
    case 'w':
        arguments->timeout_ms = cli_milliseconds(state, "timeout", text);
        return 0;
    case 'b':
        arguments->raw = true;
        return 0;
    default:
        return cli_payload_option(&arguments->payload, key, text);
    }
}

static const char missing[] = "to whom? Give the address or the global name of an actor, and a TEXT";

static const struct cli_syntax tell_syntax = {
    .doc = "Sends a message to an actor, or to a program that listens, and waits until it is there. TARGET is an "
           "address or a global "
           "name. What becomes of it in its handler is not told: `mesh ask` finds out.",
    .words = "TARGET [TEXT]",
    .words_min = 1,
    .words_max = 2,
    .missing = missing,
    .options = tell_options,
    .parse = parse_option,
};

static const struct cli_syntax ask_syntax = {
    .doc = "Sends a message to an actor, and prints the answer. TARGET is an address or a global name. What is not "
           "printable is escaped. Exit code 4 if the actor is gone, 5 if it has not answered in time, 6 if its handler "
           "has failed.",
    .words = "TARGET [TEXT]",
    .words_min = 1,
    .words_max = 2,
    .missing = missing,
    .options = ask_options,
    .parse = parse_option,
};

/* ---- tell ---- */

/* An actor that is not there is told of here; a program has no status, and may be there. */
static enum mesh_status expect_target(struct mesh_node *node, struct mesh_address target, struct mesh_error *error) {
    struct mesh_report *report;
    enum mesh_status status = mesh_actor_report(node, target, CLI_REPORT_MS, &report, error);
    if (status == MESH_OK) {
        mesh_report_release(&report);
    }
    return status == MESH_NOT_FOUND || status == MESH_UNREACHABLE ? status : MESH_OK;
}

static int tell(struct mesh_node *node, const struct cli_payload *payload, struct mesh_address target, bool json) {
    struct mesh_error error;
    if (expect_target(node, target, &error) != MESH_OK) {
        return cli_fail(&error);
    }
    enum mesh_status status = mesh_tell(node, target, payload->type, payload->data, payload->bytes);
    if (status != MESH_OK) {
        return cli_fail_with(status, "it was not sent: %s", mesh_status_text(status));
    }
    return json ? cli_print_json(json_pack("{s:o, s:o, s:I}", "told", cli_json_address(target), "type",
                                           cli_json_text(payload->type), "bytes", (json_int_t)payload->bytes))
                : CLI_DONE;
}

/* ---- ask ---- */

static int print_answer(const struct mesh_message *answer, const struct cli_line *line, bool raw) {
    if (raw) {
        return cli_print_raw(answer);
    }
    if (!line->json) {
        return cli_print_message(answer);
    }
    size_t bytes;
    const void *data = mesh_message_data(answer, &bytes);
    json_t *object = json_pack("{s:o, s:o}", "sender", cli_json_address(mesh_message_sender(answer)), "type",
                               cli_json_text(mesh_message_type(answer)));
    cli_json_payload(object, data, bytes);
    return cli_print_json(json_pack("{s:o}", "answer", object));
}

static int fail_ask(enum mesh_status status, const struct mesh_message *answer, int timeout_ms) {
    const char *why = answer ? mesh_message_failure(answer) : NULL;
    if (status == MESH_TIMED_OUT) {
        return cli_fail_with(status, "no answer in %g s", timeout_ms / 1000.0);
    }
    return cli_fail_with(status, "%s%s%s",
                         status == MESH_REFUSED ? "its handler has failed"
                         : status == MESH_DEAD  ? "the actor is gone"
                                                : mesh_status_text(status),
                         why && *why ? ": " : "", why ? why : "");
}

/* What was taken on, and cannot be done after all, is answered by a message of a type of its own. */
static int fail_later(const struct mesh_message *answer) {
    size_t bytes;
    const char *why = mesh_message_data(answer, &bytes);
    return cli_fail_with(MESH_REFUSED, "it has failed: %.*s", (int)(bytes < CLI_TEXT_BYTES ? bytes : CLI_TEXT_BYTES),
                         why);
}

static int ask(struct mesh_node *node, const struct arguments *arguments, struct mesh_address target,
               const struct cli_line *line) {
    const struct cli_payload *payload = &arguments->payload;
    struct mesh_message *answer = NULL;
    enum mesh_status status =
        mesh_ask(node, target, payload->type, payload->data, payload->bytes, arguments->timeout_ms, &answer);
    int code = status != MESH_OK                       ? fail_ask(status, answer, arguments->timeout_ms)
               : mesh_message_is(answer, MESH_FAILURE) ? fail_later(answer)
                                                       : print_answer(answer, line, arguments->raw);
    mesh_message_release(&answer);
    return code;
}

/* ---- both ---- */

static int run(const struct cli_line *line, struct arguments *arguments, bool asks) {
    struct mesh_address target;
    struct mesh_error error;
    struct mesh_node *node;
    if (cli_payload_read(&arguments->payload, line->words[1], &error) != MESH_OK) {
        return cli_fail(&error);
    }
    int code = cli_attach(line, &node);
    if (code != CLI_DONE) {
        return code;
    }
    if (cli_find(node, line->words[0], false, &target, &error) != MESH_OK) {
        code = cli_fail(&error);
    } else {
        code = asks ? ask(node, arguments, target, line) : tell(node, &arguments->payload, target, line->json);
    }
    mesh_node_detach(&node);
    return code;
}

int cmd_tell(int argc, char **argv) {
    struct cli_line line = {0};
    struct arguments arguments = {0};
    cli_parse(&tell_syntax, argc, argv, &line, &arguments);
    int code = run(&line, &arguments, false);
    cli_payload_free(&arguments.payload);
    return code;
}

int cmd_ask(int argc, char **argv) {
    struct cli_line line = {0};
    struct arguments arguments = {.timeout_ms = ASK_MS};
    cli_parse(&ask_syntax, argc, argv, &line, &arguments);
    int code = run(&line, &arguments, true);
    cli_payload_free(&arguments.payload);
    return code;
}
