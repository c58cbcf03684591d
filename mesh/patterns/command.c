/* What is said to an actor that runs commands, and read from it: <mesh/command.h>.
 *
 * A command is a line of numbers, the arguments, each with its terminating zero, and the input. A result is a line of numbers, which
 * command_runner.c writes, and both outputs.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <inttypes.h>
#include <mesh/command.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_BYTES = 128, FIELDS = 7 };

enum mesh_status mesh_command_pack(const struct mesh_command *command, void **data, size_t *bytes) {
    char head[HEAD_BYTES];
    size_t count = 0, arguments_bytes = 0;
    while (command->argv && command->argv[count] && count <= MESH_COMMAND_ARGUMENTS_MAX) {
        arguments_bytes += strlen(command->argv[count++]) + 1;
    }
    if (count == 0 || count > MESH_COMMAND_ARGUMENTS_MAX || (command->input_bytes > 0 && !command->input)) {
        return MESH_INVALID_ARGUMENT;
    }
    int length = snprintf(head, sizeof head, "%" PRIu32 " %" PRIu32 " %" PRIu32 " %zu", command->timeout_ms,
                          command->grace_ms, command->output_max, count);
    size_t whole = (size_t)length + 1 + arguments_bytes + command->input_bytes;
    char *packed = malloc(whole), *end = packed;
    if (!packed) {
        return MESH_NO_MEMORY;
    }
    memcpy(end, head, (size_t)length + 1);
    end += length + 1;
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(command->argv[i]) + 1;
        memcpy(end, command->argv[i], size);
        end += size;
    }
    if (command->input_bytes > 0) {
        memcpy(end, command->input, command->input_bytes);
    }
    *data = packed;
    *bytes = whole;
    return MESH_OK;
}

enum mesh_status mesh_command_read_result(const struct mesh_message *message, struct mesh_command_result *out) {
    struct mesh_command_result read = {0};
    unsigned stopped = 0, killed = 0;
    size_t bytes;
    const char *text = mesh_message_data(message, &bytes);
    const char *end = memchr(text, 0, bytes < HEAD_BYTES ? bytes : HEAD_BYTES);
    if (!mesh_message_is(message, MESH_COMMAND_RESULT) || !end ||
        sscanf(text, "%u %u %d %zu %" SCNu64 " %zu %" SCNu64, &stopped, &killed, &read.number, &read.output_bytes,
               &read.output_whole, &read.errors_bytes, &read.errors_whole) != FIELDS) {
        return MESH_INVALID_ARGUMENT;
    }
    size_t rest = bytes - (size_t)(end + 1 - text);
    if (stopped > MESH_COMMAND_ABORTED || read.output_bytes > rest || read.errors_bytes != rest - read.output_bytes) {
        return MESH_INVALID_ARGUMENT;
    }
    read.stopped = (enum mesh_command_stop)stopped;
    read.killed = killed != 0;
    read.output = end + 1;
    read.errors = end + 1 + read.output_bytes;
    *out = read;
    return MESH_OK;
}
