/* mesh logs: what the logs of the convention's nodes say.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/json.h"
#include "cli/line.h"
#include "cli/stop.h"
#include "cli/text.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { TEXT_BYTES = 4 * 2048 + 1, LAST = 50, LAST_MAX = 10000, WAIT_MS = 20000 };

static const struct argp_option options[] = {
    {"follow", 'f', NULL, 0, "Go on with each line that comes, until Ctrl-C", 0},
    {"node", 'N', "NAME", 0, "Of that node alone", 0},
    {"level", 'l', "LEVEL", 0, "Lines of that level and worse: error, warning, info or debug (default)", 0},
    {"lines", 'n', "COUNT", 0, "So many of the latest lines of each node come first (default: 50)", 0},
    {0},
};

static const char *const levels[] = {"error", "warning", "info", "debug"};

static enum mesh_level level_of(struct argp_state *state, const char *text) {
    for (int level = MESH_LOG_ERROR; level <= MESH_LOG_DEBUG; level++) {
        if (strcmp(levels[level], text) == 0) {
            return (enum mesh_level)level;
        }
    }
    argp_error(state, "--level=%s: give error, warning, info or debug", text);
    return MESH_LOG_DEBUG;
}

static error_t parse_option(int key, char *text, struct argp_state *state) {
    struct mesh_log_options *log = state->input;
    switch (key) {
    case 'f':
        log->follow = true;
        return 0;
    case 'N':
        log->node = text;
        return 0;
    case 'l':
        log->level = level_of(state, text);
        return 0;
    case 'n':
        log->last = cli_number(state, "lines", text, 0, LAST_MAX);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct cli_syntax syntax = {
    .doc = "Shows the latest lines of the logs of all nodes of the convention, in the order of their times, and with "
           "--follow each that comes from then on. Only what a node logs can be seen: log/level and log/types of its "
           "configuration say what that is. Logs that go to the journal or to syslog are read there.",
    .options = options,
    .parse = parse_option,
};

/* ---- lines ---- */

/* As in the logs: "2026-01-31T23:59:59.123Z". */
static const char *time_text(uint64_t time_ms, char *text, size_t bytes) {
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm parts;
    char second[32];
    if (!gmtime_r(&seconds, &parts) || strftime(second, sizeof second, "%Y-%m-%dT%H:%M:%S", &parts) == 0) {
        second[0] = '\0';
    }
    snprintf(text, bytes, "%s.%03uZ", second, (unsigned)(time_ms % 1000));
    return text;
}

/* What a reader has to say of a node is no line: it goes to the standard error. */
static void print_note(const struct mesh_log_line *line) {
    char text[TEXT_BYTES];
    fprintf(stderr, "mesh: node %s: ", cli_escape(line->node, text, sizeof text));
    fprintf(stderr, "%s\n", cli_escape(line->text, text, sizeof text));
}

static void print_line(const struct mesh_log_line *line) {
    char text[TEXT_BYTES], address[MESH_ADDRESS_TEXT_BYTES], when[64];
    printf("%s %s ", time_text(line->time_ms, when, sizeof when), levels[line->level]);
    printf("%s %u ", cli_escape(line->node, text, sizeof text), line->pid);
    printf("%s ", line->type[0] ? cli_escape(line->type, text, sizeof text) : "-");
    printf("%s ", mesh_address_is_none(line->address) ? "-" : mesh_address_print(line->address, address));
    printf("%s\n", cli_escape(line->text, text, sizeof text));
}

static int print_json(const struct mesh_log_line *line) {
    char when[64];
    json_t *object = json_pack("{s:s, s:s, s:o, s:I}", "time", time_text(line->time_ms, when, sizeof when), "level",
                               levels[line->level], "node", cli_json_text(line->node), "pid", (json_int_t)line->pid);
    if (line->type[0]) {
        json_object_set_new(object, "type", cli_json_text(line->type));
    }
    if (!mesh_address_is_none(line->address)) {
        json_object_set_new(object, "address", cli_json_address(line->address));
    }
    json_object_set_new(object, "text", cli_json_text(line->text));
    return cli_print_json_line(object);
}

static bool print(const struct mesh_log_line *line, bool json) {
    if (line->note) {
        print_note(line);
    } else if (json) {
        return print_json(line) == CLI_DONE;
    } else {
        print_line(line);
    }
    return !ferror(stdout);
}

/* ---- reading ---- */

/* Lines gather in the buffer of the output while there are more, and leave before a wait. */
static int read_all(struct mesh_log_reader *reader, bool follow, bool json) {
    const struct mesh_log_line *line = NULL;
    struct mesh_error error;
    while (!cli_stopped()) {
        enum mesh_status status = mesh_log_next(reader, 0, &line, &error);
        if (status == MESH_TIMED_OUT && fflush(stdout) == 0) {
            status = mesh_log_next(reader, follow ? MESH_FOREVER : WAIT_MS, &line, &error);
        }
        if (status == MESH_INTERRUPTED) {
            continue;
        }
        if (status != MESH_OK) {
            (void)fflush(stdout);
            return cli_fail(&error);
        }
        if (!line || !print(line, json)) {
            break;
        }
    }
    return cli_stopped() ? CLI_DONE : cli_printed(true);
}

int cmd_logs(int argc, char **argv) {
    struct cli_line line = {0};
    struct mesh_log_options log = {.level = MESH_LOG_DEBUG, .last = LAST};
    struct mesh_error error;
    struct mesh_node *node;
    struct mesh_log_reader *reader = NULL;
    cli_parse(&syntax, argc, argv, &line, &log);
    int code = cli_attach(&line, &node);
    if (code != CLI_DONE) {
        return code;
    }
    cli_stop_begin();
    code = mesh_log_open(&reader, node, &log, &error) == MESH_OK ? read_all(reader, log.follow, line.json)
                                                                 : cli_fail(&error);
    mesh_log_close(&reader);
    mesh_node_detach(&node);
    return code;
}
