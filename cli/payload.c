/* SPDX-License-Identifier: MPL-2.0 */
#include "cli/payload.h"
#include "cli/cli.h"
#include "cli/text.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BYTES ((size_t)1 << 30) /* of a message, by the default of every node */

static enum mesh_status fail(struct mesh_error *error, enum mesh_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum mesh_status fail(struct mesh_error *error, enum mesh_status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return error->status = status;
}

error_t cli_payload_option(struct cli_payload *payload, int key, char *text) {
    switch (key) {
    case 't':
        payload->type = text;
        return 0;
    case 'f':
        payload->file = text;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Room for one byte more than there are, so that a text can be terminated. */
static enum mesh_status read_all(struct cli_payload *payload, FILE *file, struct mesh_error *error) {
    size_t room = 0;
    for (size_t got = 1; got > 0; payload->bytes += got) {
        if (payload->bytes + 1 >= room) {
            room = room ? 2 * room : 65536;
            char *data = realloc(payload->data, room);
            if (!data) {
                return fail(error, MESH_NO_MEMORY, "no memory for the payload");
            }
            payload->data = data;
        }
        if (payload->bytes > MOST_BYTES) {
            return fail(error, MESH_TOO_LARGE, "the payload has more than 1 GiB");
        }
        got = fread(payload->data + payload->bytes, 1, room - payload->bytes - 1, file);
    }
    return ferror(file) ? fail(error, MESH_IO, "the payload cannot be read: %s", strerror(errno)) : MESH_OK;
}

static enum mesh_status read_file(struct cli_payload *payload, struct mesh_error *error) {
    if (strcmp(payload->file, "-") == 0) {
        return read_all(payload, stdin, error);
    }
    FILE *file = fopen(payload->file, "rbe");
    if (!file) {
        return fail(error, errno == ENOENT ? MESH_NOT_FOUND : MESH_IO, "%s cannot be read: %s", payload->file,
                    strerror(errno));
    }
    enum mesh_status status = read_all(payload, file, error);
    (void)fclose(file);
    return status;
}

static enum mesh_status copy_text(struct cli_payload *payload, const char *text, struct mesh_error *error) {
    payload->data = strdup(text);
    payload->bytes = strlen(text);
    return payload->data ? MESH_OK : fail(error, MESH_NO_MEMORY, "no memory for the payload");
}

enum mesh_status cli_payload_read(struct cli_payload *payload, const char *text, struct mesh_error *error) {
    if (text && payload->file) {
        return fail(error, MESH_INVALID_ARGUMENT, "the payload is either TEXT or --file, not both");
    }
    if (!text && !payload->file && !payload->type) {
        return fail(error, MESH_INVALID_ARGUMENT,
                    "what is to be sent? Give TEXT, --file FILE, --file - for the standard input, or --type alone for "
                    "a message without a payload");
    }
    enum mesh_status status = payload->file ? read_file(payload, error) : copy_text(payload, text ? text : "", error);
    if (!payload->type) {
        payload->type = MESH_TEXT;
    }
    if (status == MESH_OK && strcmp(payload->type, MESH_TEXT) == 0) {
        payload->data[payload->bytes++] = '\0';
    }
    return status;
}

void cli_payload_free(struct cli_payload *payload) {
    free(payload->data);
}

/* A terminated text is one whatever its type. */
int cli_print_message(const struct mesh_message *message) {
    size_t bytes;
    const char *data = mesh_message_data(message, &bytes);
    size_t length = bytes > 0 && memchr(data, '\0', bytes) == data + bytes - 1 ? bytes - 1 : bytes;
    bool well = cli_print_bytes(data, length) && (length > 0 && data[length - 1] == '\n' ? true : putchar('\n') != EOF);
    return cli_printed(well);
}

int cli_print_raw(const struct mesh_message *message) {
    size_t bytes;
    const char *data = mesh_message_data(message, &bytes);
    size_t length = mesh_message_text(message) ? bytes - 1 : bytes;
    return cli_printed(fwrite(data, 1, length, stdout) == length);
}
