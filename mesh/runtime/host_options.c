/* The options of a host as text: one "name value" a line, so that they fit into an environment variable.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/error.h"
#include "mesh/runtime/host.h"
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum field_kind { FIELD_TEXT, FIELD_U64, FIELD_U32, FIELD_INT };

struct field {
    const char *name;
    size_t offset;
    enum field_kind kind;
    bool needed;
};

#define FIELD(name, kind, needed)                                                                                      \
    { #name, offsetof(struct host_options, name), kind, needed }

static const struct field fields[] = {
    FIELD(run_directory, FIELD_TEXT, true),
    FIELD(admin, FIELD_TEXT, true),
    FIELD(admin_pid, FIELD_U32, false),
    FIELD(node, FIELD_U64, true),
    FIELD(incarnation, FIELD_U64, true),
    FIELD(slot, FIELD_U32, true),
    FIELD(node_name, FIELD_TEXT, false),
    FIELD(listen, FIELD_TEXT, true),
    FIELD(listen_remote, FIELD_TEXT, false),
    {"actor_node", offsetof(struct host_options, actor.node), FIELD_U64, true},
    {"actor_local", offsetof(struct host_options, actor.local), FIELD_U64, true},
    {"parent_node", offsetof(struct host_options, parent.node), FIELD_U64, false},
    {"parent_local", offsetof(struct host_options, parent.local), FIELD_U64, false},
    FIELD(creator, FIELD_U64, false),
    FIELD(creator_endpoint, FIELD_TEXT, false),
    FIELD(on_failure, FIELD_INT, false),
    FIELD(name, FIELD_TEXT, false),
    FIELD(type, FIELD_TEXT, true),
    FIELD(module, FIELD_TEXT, false),
    FIELD(source, FIELD_TEXT, false),
    FIELD(program, FIELD_TEXT, false),
    FIELD(crash_page, FIELD_INT, false),
};

enum { FIELDS = sizeof fields / sizeof fields[0] };

static int print_field(char *text, size_t bytes, const struct field *field, const struct host_options *options) {
    const void *at = (const char *)options + field->offset;
    switch (field->kind) {
    case FIELD_TEXT: {
        const char *value = *(const char *const *)at;
        if (!value) {
            return 0;
        }
        return strchr(value, '\n') ? -1 : snprintf(text, bytes, "%s %s\n", field->name, value);
    }
    case FIELD_U64:
        return snprintf(text, bytes, "%s %" PRIu64 "\n", field->name, *(const uint64_t *)at);
    case FIELD_U32:
        return snprintf(text, bytes, "%s %" PRIu32 "\n", field->name, *(const uint32_t *)at);
    case FIELD_INT:
        return snprintf(text, bytes, "%s %d\n", field->name, *(const int *)at);
    }
    return -1;
}

enum mesh_status host_options_print(char *text, size_t bytes, const struct host_options *options) {
    size_t used = 0;
    for (size_t i = 0; i < FIELDS; i++) {
        int more = print_field(text + used, bytes - used, &fields[i], options);
        if (more < 0) {
            return MESH_INVALID_ARGUMENT;
        }
        used += (size_t)more;
        if (used >= bytes) {
            return MESH_TOO_LARGE;
        }
    }
    return MESH_OK;
}

static bool parse_value(void *at, enum field_kind kind, const char *value) {
    char *end = NULL;
    switch (kind) {
    case FIELD_TEXT:
        *(const char **)at = value;
        return true;
    case FIELD_U64:
        *(uint64_t *)at = strtoull(value, &end, 10);
        break;
    case FIELD_U32:
        *(uint32_t *)at = (uint32_t)strtoul(value, &end, 10);
        break;
    case FIELD_INT:
        *(int *)at = (int)strtol(value, &end, 10);
        break;
    }
    return end != value && *end == 0;
}

static enum mesh_status parse_line(struct host_options *options, uint32_t *seen, char *line, struct mesh_error *error) {
    char *space = strchr(line, ' ');
    if (!space) {
        return error_set(error, MESH_INVALID_ARGUMENT, "%s: the option %.40s has no value", HOST_ENVIRONMENT, line);
    }
    *space = 0;
    for (size_t i = 0; i < FIELDS; i++) {
        if (strcmp(fields[i].name, line) == 0) {
            if (!parse_value((char *)options + fields[i].offset, fields[i].kind, space + 1)) {
                return error_set(error, MESH_INVALID_ARGUMENT, "%s: the value %.40s of the option %s is no number",
                                 HOST_ENVIRONMENT, space + 1, line);
            }
            *seen |= UINT32_C(1) << i;
            return MESH_OK;
        }
    }
    /* A newer admin may know more options than this host. */
    return MESH_OK;
}

enum mesh_status host_options_parse(struct host_options *options, char *text, struct mesh_error *error) {
    struct host_options parsed = {.crash_page = -1, .node_name = ""};
    uint32_t seen = 0;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        enum mesh_status status = parse_line(&parsed, &seen, line, error);
        if (status != MESH_OK) {
            return status;
        }
    }
    for (size_t i = 0; i < FIELDS; i++) {
        if (fields[i].needed && !(seen & UINT32_C(1) << i)) {
            return error_set(error, MESH_INVALID_ARGUMENT,
                             "%s: the option %s is missing: only a node's admin starts a host", HOST_ENVIRONMENT,
                             fields[i].name);
        }
    }
    *options = parsed;
    return MESH_OK;
}
