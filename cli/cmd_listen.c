/* mesh listen: an address, and what is sent to it.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/json.h"
#include "cli/line.h"
#include "cli/payload.h"
#include "cli/stop.h"
#include "cli/text.h"
#include <stdio.h>

struct arguments {
    unsigned long count; /* 0: without end */
    int timeout_ms;
};

static const struct argp_option options[] = {
    {"count", 'c', "N", 0, "End after N messages (default: never)", 0},
    {"timeout", 'w', "SECONDS", 0, "End when nothing has come for so long: exit code 5 (default: never)", 0},
    {0},
};

static error_t parse_option(int key, char *text, struct argp_state *state) {
    struct arguments *arguments = state->input;
    switch (key) {
    case 'c':
        arguments->count = cli_number(state, "count", text, 1, 1000000000);
        return 0;
    case 'w':
        arguments->timeout_ms = cli_milliseconds(state, "timeout", text);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct cli_syntax syntax = {
    .doc = "Prints an address of its own, on the standard error, and then each message that is sent to it: its sender, "
           "its "
           "type and its payload, in which what is not printable is escaped. With --json each is a line; the first has "
           "the address. A "
           "signal ends it.",
    .options = options,
    .parse = parse_option,
};

static const char *const kinds[] = {
    [MESH_USER] = "message",
    [MESH_EXIT_REQUEST] = "exit request",
    [MESH_CHILD_EXITED] = "child exited",
    [MESH_POISON] = "poison",
    [MESH_DEAD_LETTER] = "dead letter",
    [MESH_WAKEUP] = "wake-up",
    [MESH_WATCH] = "watch",
    [MESH_REPORT] = "report",
    [MESH_UPDATE] = "update",
};

static int print_json(const struct mesh_message *message) {
    size_t bytes;
    const void *data = mesh_message_data(message, &bytes);
    const char *failure = mesh_message_failure(message);
    json_t *object =
        json_pack("{s:s, s:o, s:o}", "kind", kinds[mesh_message_kind(message)], "sender",
                  cli_json_address(mesh_message_sender(message)), "type", cli_json_text(mesh_message_type(message)));
    cli_json_payload(object, data, bytes);
    if (failure) {
        json_object_set_new(object, "failure", cli_json_text(failure));
    }
    return cli_print_json_line(object);
}

static int print_text(const struct mesh_message *message) {
    char address[MESH_ADDRESS_TEXT_BYTES], text[CLI_TEXT_BYTES];
    const char *failure = mesh_message_failure(message);
    printf("%s ", mesh_address_print(mesh_message_sender(message), address));
    if (mesh_message_kind(message) == MESH_USER) {
        printf("%s: ", cli_escape(mesh_message_type(message), text, sizeof text));
        return cli_print_message(message);
    }
    printf("(%s) %s\n", kinds[mesh_message_kind(message)], cli_escape(failure ? failure : "", text, sizeof text));
    return cli_printed(true);
}

static int listen(struct mesh_node *node, const struct arguments *arguments, bool json) {
    for (unsigned long got = 0; !cli_stopped() && (arguments->count == 0 || got < arguments->count);) {
        struct mesh_message *message;
        enum mesh_status status = mesh_listen(node, arguments->timeout_ms, &message);
        if (status == MESH_INTERRUPTED) {
            continue;
        }
        if (status != MESH_OK) {
            return cli_fail_with(status, "nothing more comes: %s", mesh_status_text(status));
        }
        got++;
        int code = json ? print_json(message) : print_text(message);
        mesh_message_release(&message);
        if (code != CLI_DONE) {
            return code;
        }
    }
    return CLI_DONE;
}

static int begin(struct mesh_node *node, bool json) {
    char text[MESH_ADDRESS_TEXT_BYTES];
    mesh_address_print(mesh_node_address(node), text);
    if (json) {
        return cli_print_json_line(json_pack("{s:s}", "address", text));
    }
    fprintf(stderr, "listening at %s\n", text);
    return CLI_DONE;
}

int cmd_listen(int argc, char **argv) {
    struct cli_line line = {0};
    struct arguments arguments = {.timeout_ms = MESH_FOREVER};
    struct mesh_node *node;
    cli_parse(&syntax, argc, argv, &line, &arguments);
    int code = cli_attach(&line, &node);
    if (code != CLI_DONE) {
        return code;
    }
    cli_stop_begin();
    code = begin(node, line.json);
    if (code == CLI_DONE) {
        code = listen(node, &arguments, line.json);
    }
    mesh_node_detach(&node);
    return code;
}
