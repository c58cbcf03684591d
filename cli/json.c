/* SPDX-License-Identifier: MPL-2.0 */
#include "cli/json.h"
#include "cli/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *cli_json_text(const char *text) {
    char escaped[CLI_TEXT_BYTES];
    json_t *string = json_string(text);
    return string ? string : json_string(cli_escape(text, escaped, sizeof escaped));
}

json_t *cli_json_address(struct mesh_address address) {
    char text[MESH_ADDRESS_TEXT_BYTES];
    return mesh_address_is_none(address) ? json_null() : json_string(mesh_address_print(address, text));
}

json_t *cli_json_addresses(const struct mesh_address *addresses, size_t count) {
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, cli_json_address(addresses[i]));
    }
    return list;
}

static json_t *hex(const unsigned char *data, size_t bytes) {
    static const char digits[] = "0123456789abcdef";
    char *text = malloc(2 * bytes + 1);
    for (size_t i = 0; text && i < bytes; i++) {
        text[2 * i] = digits[data[i] >> 4];
        text[2 * i + 1] = digits[data[i] & 15];
    }
    json_t *string = text ? json_stringn(text, 2 * bytes) : NULL;
    free(text);
    return string;
}

void cli_json_payload(json_t *object, const void *data, size_t bytes) {
    const char *text = data;
    size_t length = bytes > 0 && text[bytes - 1] == '\0' ? bytes - 1 : bytes;
    json_t *string = memchr(text, '\0', length) ? NULL : json_stringn(text, length);
    json_object_set_new(object, "bytes", json_integer((json_int_t)bytes));
    json_object_set_new(object, string ? "text" : "hex", string ? string : hex(data, bytes));
}

json_t *cli_json_counters(const struct mesh_counter_report *counters, size_t count) {
    json_t *object = json_object();
    for (size_t i = 0; i < count; i++) {
        json_object_set_new(object, counters[i].name, json_integer((json_int_t)counters[i].value));
    }
    return object;
}

json_t *cli_json_capabilities(const struct mesh_node_report *node) {
    json_t *object = json_object();
    for (size_t i = 0; i < node->capabilities_count; i++) {
        json_object_set_new(object, node->capabilities[i].name, cli_json_text(node->capabilities[i].value));
    }
    return object;
}

json_t *cli_json_actor(const struct mesh_actor_report *actor, const char *node) {
    json_t *object =
        json_pack("{s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I}", "address", cli_json_address(actor->address),
                  "parent", cli_json_address(actor->parent), "type", cli_json_text(actor->type), "state",
                  cli_json_text(actor->state), "pid", (json_int_t)actor->pid, "mailbox", (json_int_t)actor->mailbox,
                  "handled", (json_int_t)actor->handled, "unsettled", (json_int_t)actor->unsettled, "busy_ms",
                  (json_int_t)actor->busy_ms, "children_count", (json_int_t)actor->children_count);
    if (node) {
        json_object_set_new(object, "node", cli_json_text(node));
    }
    return object;
}

json_t *cli_json_sources(const struct mesh_node_report *node) {
    json_t *list = json_array();
    for (size_t i = 0; i < node->sources_count; i++) {
        const struct mesh_source_report *source = &node->sources[i];
        json_array_append_new(list, json_pack("{s:s, s:o, s:s, s:I, s:I}", "hash", source->hash, "info",
                                              cli_json_text(source->info), "state", source->state, "bytes",
                                              (json_int_t)source->bytes, "processes", (json_int_t)source->processes));
    }
    return list;
}

json_t *cli_json_members(const struct mesh_node_report *node) {
    json_t *list = json_array();
    for (size_t i = 0; i < node->members_count; i++) {
        const struct mesh_member_report *member = &node->members[i];
        json_array_append_new(list,
                              json_pack("{s:o, s:o, s:o, s:o, s:I}", "name", cli_json_text(member->name), "endpoint",
                                        cli_json_text(member->endpoint), "state", cli_json_text(member->state), "admin",
                                        cli_json_address(member->admin), "silent_ms", (json_int_t)member->silent_ms));
    }
    return list;
}

static int print(json_t *whole, size_t layout) {
    /* All that is not ASCII is written as \u, so that a terminal sees no control character. */
    bool well = whole && json_dumpf(whole, stdout, layout | JSON_ENSURE_ASCII) == 0 && putchar('\n') != EOF;
    json_decref(whole);
    return cli_printed(well);
}

int cli_print_json(json_t *whole) {
    return print(whole, JSON_INDENT(2));
}

int cli_print_json_line(json_t *whole) {
    return print(whole, JSON_COMPACT);
}
