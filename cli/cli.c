/* What the subcommands share.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/cli.h"
#include "cli/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* What scripts can tell apart; any other failure is one. */
static int exit_code(enum mesh_status status) {
    static const struct {
        enum mesh_status status;
        int code;
    } codes[] = {
        {MESH_INVALID_ARGUMENT, CLI_USAGE},
        {MESH_INVALID_ADDRESS, CLI_USAGE},
        {MESH_NOT_RUNNING, CLI_NOT_RUNNING},
        {MESH_NOT_FOUND, CLI_NOT_FOUND},
        {MESH_DEAD, CLI_NOT_FOUND},
        {MESH_UNKNOWN_TYPE, CLI_NOT_FOUND},
        {MESH_UNKNOWN_SOURCE, CLI_NOT_FOUND},
        {MESH_TIMED_OUT, CLI_TIMED_OUT},
        {MESH_REFUSED, CLI_REFUSED},
        {MESH_PERMISSION_DENIED, CLI_REFUSED},
        {MESH_NO_COMPATIBLE_NODE, CLI_REFUSED},
        {MESH_NAME_UNAVAILABLE, CLI_REFUSED},
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (codes[i].status == status) {
            return codes[i].code;
        }
    }
    return CLI_FAILED;
}

int cli_fail(const struct mesh_error *error) {
    char text[4 * sizeof error->text];
    fprintf(stderr, "mesh: %s\n", cli_escape(error->text, text, sizeof text));
    return exit_code(error->status);
}

int cli_fail_with(enum mesh_status status, const char *format, ...) {
    struct mesh_error error = {.status = status};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error.text, sizeof error.text, format, arguments);
    va_end(arguments);
    return cli_fail(&error);
}

void cli_pause(void) {
    nanosleep(&(struct timespec){.tv_nsec = CLI_PAUSE_MS * 1000000L}, NULL);
}

uint64_t cli_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
